from pathlib import Path

import pytest

from notify.settled import channel_of, sender_of
from stack.settings import Settings, SettingsError


def test_messages_leave_by_smtp_where_a_relay_is_named(tmp_path: Path) -> None:
    assert channel_of(Settings(mailbox=tmp_path)).name == "mailbox"
    assert channel_of(Settings(smtp_host="mail.example")).name == "smtp"


def test_sender_without_an_address_is_refused() -> None:
    with pytest.raises(SettingsError, match="TALENT_POOL_SMTP_FROM"):
        sender_of(Settings(smtp_from="Talent Pool"))


def test_questions_go_to_the_contact_of_the_settings() -> None:
    assert sender_of(Settings(contact="help@example.nhs.test")).contact == "help@example.nhs.test"
    assert sender_of(Settings()).contact == "talent-pool@example.nhs.test"

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from notify.settled import channel_of, poster_of, sender_of
from stack.settings import Environment, Settings, SettingsError


def test_messages_leave_by_smtp_where_a_relay_is_named(tmp_path: Path) -> None:
    assert channel_of(Settings(mailbox=tmp_path)).name == "mailbox"
    assert channel_of(Settings(smtp_host="mail.example")).name == "smtp"


def test_sender_without_an_address_is_refused() -> None:
    with pytest.raises(SettingsError, match="TALENT_POOL_SMTP_FROM"):
        sender_of(Settings(smtp_from="Talent Pool"))


def test_questions_go_to_the_contact_of_the_settings() -> None:
    assert sender_of(Settings(contact="help@example.nhs.test")).contact == "help@example.nhs.test"
    assert sender_of(Settings()).contact == "talent-pool@example.nhs.test"


def test_messages_leave_by_notify_where_its_key_is_named() -> None:
    settings = Settings(notify_key=SecretStr("a-key"), notify_template="a-template", smtp_host="mail.example")

    assert channel_of(settings).name == "notify"


def test_notify_without_a_template_is_refused() -> None:
    with pytest.raises(ValidationError, match="TALENT_POOL_NOTIFY_TEMPLATE"):
        Settings(notify_key=SecretStr("a-key"))


def test_events_go_over_https_in_production_and_to_private_networks_only_by_a_setting() -> None:
    production = {
        "environment": Environment.PRODUCTION,
        "database_url": "postgresql://pool:Yq31-own@db/pool",
        "temporal_address": "temporal:7233",
    }
    here, there = poster_of(Settings()), poster_of(Settings(**production))  # type: ignore[arg-type]

    assert (here.plain_allowed, here.private_allowed) == (True, False)
    assert (there.plain_allowed, there.private_allowed) == (False, False)
    assert poster_of(Settings(webhook_private=True)).private_allowed

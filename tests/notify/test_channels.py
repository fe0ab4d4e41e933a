"""Messages leave as correct emails, through a folder and through a real SMTP server."""

import asyncio
import os
import socket
import stat
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from notify.channels import (
    CannotDeliver,
    MailboxChannel,
    PerhapsDelivered,
    SmtpChannel,
    SmtpServer,
    TryLater,
    file_name,
    id_of,
)
from notify.compose import Sender, compose, sender_from
from notify.facts import FactsError
from notify.render import Letter

AT = datetime(2018, 9, 14, 8, 30, tzinfo=UTC)
SENDER = Sender(name="Talent Pool", address="talent-pool@example.nhs.test", contact="help@example.nhs.test")
ID = "nomination/pilot-0042:3:nominee:invitation"
HEADER_ID = "<nomination%2Fpilot-0042%3A3%3Anominee%3Ainvitation@example.nhs.test>"


def mail(
    name: str = "Siân O'Neill-Łuk", subject: str = "Hello", body: str = "Dear Siân,\n\n.\nBye\n"
) -> EmailMessage:
    return compose(
        Letter(subject, body), sender=SENDER, name=name, address="sian@example.nhs.test", at=AT, message_id=ID
    )


def read(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    return message


# --- composing -------------------------------------------------------------------------------------------


def test_a_message_keeps_names_words_and_date_through_mime():
    message = read(mail(subject="Łódź – your next step by " + "long " * 30).as_bytes())

    assert message["To"].addresses[0].display_name == "Siân O'Neill-Łuk"
    assert message["To"].addresses[0].addr_spec == "sian@example.nhs.test"
    assert message["From"].addresses[0].display_name == "Talent Pool"
    assert str(message["Reply-To"]) == "help@example.nhs.test"
    assert message["Subject"] == ("Łódź – your next step by " + "long " * 30).strip()
    assert message["Date"].datetime == AT
    assert message["Message-ID"].strip() == HEADER_ID
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "text/plain"
    assert message.get_content().replace("\r\n", "\n") == "Dear Siân,\n\n.\nBye\n"
    assert message.defects == []


def test_the_same_message_is_the_same_bytes():
    assert mail().as_bytes() == mail().as_bytes()


@pytest.mark.parametrize(
    "name", ["Ann\r\nBcc: all@example.nhs.test", "Ann\nX-Evil: 1", 'Ann" <all@example.nhs.test>, "']
)
def test_a_name_cannot_add_a_header_or_a_recipient(name):
    message = read(mail(name=name, subject=f"About {name}").as_bytes())

    assert set(message.keys()) == {
        "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language",
        "Content-Type", "Content-Transfer-Encoding", "MIME-Version",
    }  # fmt: skip
    assert [address.addr_spec for address in message["To"].addresses] == ["sian@example.nhs.test"]


@given(st.text(max_size=200))
def test_any_name_leaves_one_recipient_and_no_further_header(name):
    message = read(mail(name=name, subject=name).as_bytes())

    assert [address.addr_spec for address in message["To"].addresses] == ["sian@example.nhs.test"]
    assert len(message.keys()) == 11


@pytest.mark.parametrize(
    "address",
    ["", "sian", "sian@", "a@b\r\nBcc: c@d", "a@b, c@d", "<a@b>", "siân@example.test", "a b@example.test", "a@b@c",
     "x" * 250 + "@e.uk"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused_without_being_quoted(address):
    with pytest.raises(FactsError) as refused:
        compose(Letter("a", "b"), sender=SENDER, name="Ann", address=address, at=AT, message_id=ID)

    assert refused.value.code == "address_unusable"
    assert not address or address not in str(refused.value)


def test_a_sender_is_read_as_settings_state_it():
    assert sender_from("Talent Pool <talent-pool@example.nhs.test>") == Sender(
        "Talent Pool", "talent-pool@example.nhs.test", "talent-pool@example.nhs.test"
    )
    with pytest.raises(ValueError, match="write a name and an address"):
        sender_from("Talent Pool")


# --- the mailbox -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message_id", "name"),
    [
        (ID, "nomination+pilot-0042=3=nominee=invitation.eml"),
        ("assessment/pilot-0042.A-017:1", "assessment+pilot-0042.~a-017=1.eml"),
        ("con", "%63on.eml"),
        ("../x", "%2E.+x.eml"),
        ("a+b=c~d%e f*é", "a%2Bb%3Dc%7Ed%25e%20f%2A%C3%A9.eml"),
    ],
)
def test_a_file_name_is_readable_and_safe(message_id, name):
    assert file_name(message_id) == name
    assert id_of(name) == message_id


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=1, max_size=20))
def test_a_file_name_can_be_read_back(message_id):
    name = file_name(message_id)

    assert id_of(name) == message_id
    assert name == name.lower() or "%" in name
    assert not set(name) & set('/\\:*?"<>|\x00 ')


def test_file_names_stay_distinct_where_case_is_not_told_apart():
    names = {file_name(message_id).lower() for message_id in ("a", "A", "~a", "%7ea", "é", "É")}

    assert len(names) == 6


@pytest.mark.parametrize("message_id", ["", "é" * 50])
def test_an_id_that_makes_no_file_name_cannot_be_delivered(message_id, tmp_path):
    with pytest.raises(CannotDeliver, match="id_unusable"):
        asyncio.run(MailboxChannel(tmp_path).send(mail(), message_id))


async def test_a_message_sent_many_times_is_one_whole_file(tmp_path):
    channel = MailboxChannel(tmp_path / "mailbox")

    await asyncio.gather(*(channel.send(mail(), ID) for _ in range(20)))
    await channel.send(mail(subject="Changed since"), ID)

    (file,) = (tmp_path / "mailbox").iterdir()
    assert id_of(file.name) == ID
    assert read(file.read_bytes())["Subject"] == "Hello"


async def test_a_letter_is_its_owners_alone(tmp_path):
    before = os.umask(0)

    try:
        await MailboxChannel(tmp_path / "mailbox").send(mail(), ID)
    finally:
        os.umask(before)

    (file,) = (tmp_path / "mailbox").iterdir()
    assert [stat.S_IMODE(path.stat().st_mode) for path in (file.parent, file)] == [0o700, 0o600]


async def test_a_mailbox_that_cannot_be_written_is_tried_later(tmp_path):
    (tmp_path / "mailbox").write_text("a file where the folder should be")

    with pytest.raises(TryLater, match="mailbox_unwritable"):
        await MailboxChannel(tmp_path / "mailbox").send(mail(), ID)


# --- SMTP ------------------------------------------------------------------------------------------------


class Post:
    """A mail server's conduct: what it answers, and what it has taken."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, list[str], bytes]] = []
        self.to_sender = self.to_recipient = self.to_content = ""
        self.hangs_up = self.falls_silent = False
        self.let_go = threading.Event()

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802
        envelope.mail_from = address
        return self.to_sender or "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if not self.to_recipient:
            envelope.rcpt_tos.append(address)
        return self.to_recipient or "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if not self.to_content:
            self.taken.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        if self.hangs_up:
            server.transport.abort()
        if self.falls_silent:
            await asyncio.to_thread(self.let_go.wait, 10)
        return self.to_content or "250 taken"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def port(post: Post) -> Iterator[int]:
    controller = Controller(post, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield controller.port
    post.let_go.set()
    controller.stop()


def channel_to(port: int, **settings) -> SmtpChannel:
    return SmtpChannel(SmtpServer("127.0.0.1", port, **{"starttls": False, "timeout_seconds": 5.0, **settings}))


async def test_a_server_takes_the_message_as_it_was_composed(post, port):
    await channel_to(port).send(mail(), ID)

    ((sender, recipients, content),) = post.taken
    assert sender == "talent-pool@example.nhs.test"
    assert recipients == ["sian@example.nhs.test"]
    assert content == mail().as_bytes()
    assert read(content)["Message-ID"].strip() == HEADER_ID


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        ({"to_recipient": "550 no such user sian@example.nhs.test"}, CannotDeliver, "smtp_550"),
        ({"to_recipient": "450 greylisted sian@example.nhs.test"}, TryLater, "smtp_450"),
        ({"to_content": "554 refused for sian@example.nhs.test"}, CannotDeliver, "smtp_554"),
        ({"to_content": "452 no room"}, TryLater, "smtp_452"),
        ({"to_sender": "530 sign in first"}, TryLater, "smtp_530"),
        ({"to_sender": "451 not now"}, TryLater, "smtp_451"),
    ],
)
async def test_refusals_for_now_and_for_good_are_told_apart_without_quoting_the_server(
    post, port, answer, error, code
):
    for name, words in answer.items():
        setattr(post, name, words)

    with pytest.raises(error) as refused:
        await channel_to(port).send(mail(), ID)

    assert (refused.value.code, str(refused.value)) == (code, code)
    assert refused.value.__suppress_context__
    assert post.taken == []


async def test_no_server_is_tried_later():
    with pytest.raises(TryLater, match="smtp_unreachable"):
        await channel_to(free_port()).send(mail(), ID)


async def test_a_server_that_does_not_encrypt_gets_no_message(post, port):
    with pytest.raises(TryLater):
        await channel_to(port, starttls=True).send(mail(), ID)

    assert post.taken == []


@pytest.mark.parametrize("breaks", ["hangs_up", "falls_silent"])
async def test_a_connection_that_breaks_before_the_answer_leaves_doubt(post, port, breaks):
    setattr(post, breaks, True)

    with pytest.raises(PerhapsDelivered, match="smtp_no_answer"):
        await channel_to(port, timeout_seconds=0.5).send(mail(), ID)

    assert len(post.taken) == 1


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize(("password", "arrives"), [("right", True), ("wrong", False)])
async def test_a_login_is_used_and_a_wrong_one_waits_to_be_mended(post, password, arrives):
    def signs_in(server, session, envelope, mechanism, given):
        assert isinstance(given, LoginPassword)
        return AuthResult(success=given.password == b"right", handled=False)

    controller = Controller(
        post,
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=signs_in,
        auth_required=True,
        auth_require_tls=False,
    )
    controller.start()
    try:
        sending = channel_to(controller.port, user="pool", password=SecretStr(password)).send(mail(), ID)
        if arrives:
            await sending
        else:
            with pytest.raises(TryLater, match="smtp_login_refused"):
                await sending
    finally:
        controller.stop()

    assert len(post.taken) == arrives

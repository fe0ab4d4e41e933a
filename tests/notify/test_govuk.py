"""GOV.UK Notify, spoken to by its own library over a small server of the test."""

import asyncio
import json
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from models.enums import MessageStatus, Template
from models.tables import Cohort, OutboxMessage, Person
from notify.channels import CannotDeliver, ChannelError, PerhapsDelivered, TryLater
from notify.compose import Sender, compose
from notify.govuk import Fate, NotifyChannel, Receipt, note_receipt
from notify.render import Letter
from tests.notify.answering import Answering, answering
from tests.notify.test_outbox import Sessions, sessions

__all__ = ["sessions"]

KEY = SecretStr("test-11111111-1111-4111-8111-111111111111-22222222-2222-4222-8222-222222222222")
TEMPLATE = "33333333-3333-4333-8333-333333333333"
ID = "nomination/pilot-0042:3:0"
NOW = datetime(2018, 9, 14, 8, 30, tzinfo=UTC)


def a_mail() -> EmailMessage:
    return compose(
        Letter("An invitation", "Dear Ann,\n\nPlease answer by 28 September 2018.\n"),
        sender=Sender(name="Talent Pool", address="pool@example.nhs.test", contact="pool@example.nhs.test"),
        name="Ann Example",
        address="ann@example.nhs.test",
        at=NOW,
        message_id=ID,
    )


def channel(server: Answering, seconds: float = 5) -> NotifyChannel:
    return NotifyChannel(KEY, TEMPLATE, f"http://127.0.0.1:{server.port}", timeout_seconds=seconds)


def said(status: int, kind: str, message: str) -> tuple[int, bytes]:
    """A refusal as Notify's documentation shows it."""
    return status, json.dumps({"status_code": status, "errors": [{"error": kind, "message": message}]}).encode()


async def failure(server: Answering, seconds: float = 5) -> ChannelError:
    with pytest.raises(ChannelError) as failed:
        await channel(server, seconds).send(a_mail(), ID)
    return failed.value


async def test_message_is_handed_over_with_the_outbox_id_as_its_reference() -> None:
    async with answering() as server:
        server.answers = [(201, b'{"id": "740e5834-3a29-46b4-9a6f-16142fde533a"}')]

        await channel(server).send(a_mail(), ID)

    (taken,) = server.taken
    assert (taken.method, taken.path) == ("POST", "/v2/notifications/email")
    assert taken.headers["authorization"].startswith("Bearer ")
    assert KEY.get_secret_value()[-36:] not in str(taken)
    assert json.loads(taken.body) == {
        "email_address": "ann@example.nhs.test",
        "template_id": TEMPLATE,
        "personalisation": {
            "subject": "An invitation",
            "body": "Dear Ann,\n\nPlease answer by 28 September 2018.\n",
        },
        "reference": ID,
    }


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (said(400, "ValidationError", "email_address Not a valid email address"), CannotDeliver, "notify_400"),
        (said(400, "BadRequestError", "Missing personalisation: body"), TryLater, "notify_400"),
        (said(403, "AuthError", "Invalid token: API key not found"), TryLater, "notify_403"),
        (said(429, "RateLimitError", "Exceeded rate limit"), TryLater, "notify_429"),
        (said(500, "Exception", "Internal server error"), TryLater, "notify_500"),
        (said(503, "Exception", "Unavailable"), TryLater, "notify_503"),
    ],
)
async def test_refusal_says_whether_trying_again_helps(
    answer: tuple[int, bytes], kind: type[ChannelError], code: str
) -> None:
    async with answering() as server:
        server.answers = [answer]

        failed = await failure(server)

    assert (type(failed), failed.code) == (kind, code)
    assert failed.__cause__ is None


async def test_server_that_is_not_there_is_tried_later() -> None:
    async with answering() as server:
        pass

    failed = await failure(server)

    assert (type(failed), failed.code) == (TryLater, "notify_unreachable")


async def test_lost_answer_is_asked_after_by_reference() -> None:
    known = json.dumps({"notifications": [{"id": "x", "reference": ID}], "links": {}}).encode()
    async with answering() as server:
        server.answers = [None, (200, known)]

        await channel(server).send(a_mail(), ID)

    assert [one.method for one in server.taken] == ["POST", "GET"]
    assert "reference=nomination%2Fpilot-0042%3A3%3A0" in server.taken[1].path


@pytest.mark.parametrize("then", [(200, b'{"notifications": [], "links": {}}'), None, (500, b"{}")])
async def test_lost_answer_that_cannot_be_found_again_leaves_doubt(then: tuple[int, bytes] | None) -> None:
    async with answering() as server:
        server.answers = [None, then]

        failed = await failure(server)

    assert (type(failed), failed.code) == (PerhapsDelivered, "notify_no_answer")


async def test_slow_server_stalls_nobody_else() -> None:
    async with answering() as server:
        server.silent = True
        sending = asyncio.ensure_future(failure(server, seconds=0.4))
        turns = 0
        while not sending.done():
            await asyncio.sleep(0.01)
            turns += 1

    assert isinstance(sending.result(), PerhapsDelivered)
    assert turns > 10


def a_receipt(status: Fate, reference: str | None = ID) -> Receipt:
    sent = {"id": "740e5834", "reference": reference, "to": "ann@example.nhs.test", "status": status.value}
    return Receipt.model_validate({**sent, "notification_type": "email", "completed_at": NOW.isoformat()})


@pytest.fixture
async def message(sessions: Sessions) -> OutboxMessage:
    row = OutboxMessage(
        id=ID,
        template=Template.INVITATION,
        person_id="p-00000000aaaa",
        cohort_id="notified",
        queued_at=NOW,
        status=MessageStatus.SENT,
        sent_at=NOW,
    )
    async with sessions.begin() as session:
        session.add(Person(id="p-00000000aaaa", full_name="Ann Example", email="ann@example.nhs.test"))
        session.add(
            Cohort(
                id="notified",
                name="Notified",
                region="Midlands and East",
                created_at=NOW,
                opens_at=NOW,
                closes_at=NOW.replace(month=10),
            )
        )
        await session.flush()
        session.add(row)
    return row


async def stored(sessions: Sessions) -> OutboxMessage:
    async with sessions() as session:
        return await session.get_one(OutboxMessage, ID)


@pytest.mark.parametrize(
    ("before", "fate", "after", "code"),
    [
        (MessageStatus.SENT, Fate.DELIVERED, MessageStatus.SENT, None),
        (MessageStatus.UNCERTAIN, Fate.DELIVERED, MessageStatus.SENT, None),
        (MessageStatus.SENT, Fate.PERMANENT_FAILURE, MessageStatus.FAILED, "notify_permanent_failure"),
        (MessageStatus.SENT, Fate.TEMPORARY_FAILURE, MessageStatus.FAILED, "notify_temporary_failure"),
        (MessageStatus.UNCERTAIN, Fate.TECHNICAL_FAILURE, MessageStatus.FAILED, "notify_technical_failure"),
        (MessageStatus.WAITING, Fate.PERMANENT_FAILURE, MessageStatus.WAITING, None),
    ],
)
async def test_receipt_says_what_became_of_a_message(
    *,
    sessions: Sessions,
    message: OutboxMessage,
    before: MessageStatus,
    fate: Fate,
    after: MessageStatus,
    code: str | None,
) -> None:
    async with sessions.begin() as session:
        row = await session.get_one(OutboxMessage, ID)
        row.status = before
        session.add(row)

    for _ in range(2):
        assert await note_receipt(sessions, a_receipt(fate), NOW)

    row = await stored(sessions)
    assert (row.status, row.failure) == (after, code)


async def test_receipt_of_no_letter_is_only_written_down_without_an_address(
    sessions: Sessions, message: OutboxMessage
) -> None:
    with capture_logs() as lines:
        known = await note_receipt(sessions, a_receipt(Fate.DELIVERED, "sign-in:abc"), NOW)

    assert not known
    assert [(line["event"], line["status"], line["message"]) for line in lines] == [
        ("message receipt", "delivered", None)
    ]
    assert "ann@" not in str(lines)

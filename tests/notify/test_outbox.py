"""Messages owed are delivered once each, whatever dies in between, from a real database."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession
from structlog.testing import capture_logs

from models.enums import MessageStatus, NominationRoute, Outcome, Readiness, Template
from models.ids import NominationId
from models.tables import Cohort, Nomination, Organisation, OutboxMessage, Person, ScreeningFinding
from notify import outbox
from notify.channels import CannotDeliver, MailboxChannel, PerhapsDelivered, TryLater, file_name, id_of
from notify.compose import Sender
from notify.outbox import (
    STALE_AFTER,
    CannotResendError,
    Delivered,
    NoSuchMessageError,
    deliver_waiting,
    messages_in_trouble,
    messages_of,
    resend,
)
from storage.engine import make_engine
from storage.engine import sessions as sessions_of

NOW = datetime(2018, 9, 14, 8, 30, tzinfo=UTC)
SENDER = Sender(name="Talent Pool", address="talent-pool@example.nhs.test", contact="help@example.nhs.test")
PERSONAL = ("Noor", "Nominee", "Asif", "Assessor", "Olive", "Nominator", "@", "Example Hospitals")
Sessions = async_sessionmaker[AsyncSession]


class Recorder:
    """A channel that keeps what it is given, and fails in the ways a test asks for, one attempt after another."""

    name = "recorder"

    def __init__(self, *failures: BaseException | None, idempotent: bool = False) -> None:
        self.idempotent = idempotent
        self.failures = list(failures)
        self.given: list[str] = []

    async def send(self, message: EmailMessage, message_id: str) -> None:
        self.given.append(message_id)
        await asyncio.sleep(0)
        if self.failures and (failure := self.failures.pop(0)) is not None:
            raise failure


@pytest.fixture
async def sessions(engine: AsyncEngine) -> AsyncIterator[Sessions]:
    make = sessions_of(engine)
    async with make.begin() as session:
        session.add_all(
            [
                Organisation(
                    code="RXX", name="Example Hospitals NHS Trust", type="trust", region="Midlands and East",
                    local_office_code="Q76", system_code="QXX", system_name="Example",
                ),
                Person(id="p-nominee", full_name="Noor Nominee", email="noor@example.nhs.test"),
                Person(id="p-assessor", full_name="Asif Assessor", email="asif@example.nhs.test"),
                Person(id="p-nominator", full_name="Olive Nominator", email="olive@example.nhs.test"),
                Cohort(
                    id="pilot", name="Pilot 2018", region="Midlands and East", created_at=NOW, opens_at=NOW,
                    closes_at=NOW + timedelta(days=16),
                ),
            ]
        )  # fmt: skip
        await session.flush()
        session.add(
            Nomination(
                id="pilot-0042", cohort_id="pilot", person_id="p-nominee", organisation_code="RXX",
                nominated_by="p-nominator", route=NominationRoute.ORGANISATION, readiness=Readiness.READY_NOW,
                created_at=NOW, stage_since=NOW,
            )
        )  # fmt: skip
    return make


def owed(number: int = 1, template: Template = Template.INVITATION, **columns: object) -> OutboxMessage:
    return OutboxMessage(
        **{
            "id": f"nomination/pilot-0042:{number}:{template}",
            "template": template,
            "person_id": "p-nominee",
            "cohort_id": "pilot",
            "nomination_id": "pilot-0042",
            "facts": {"due_at": "2018-09-28T22:59:00+00:00", "remaining": "3 days"},
            "queued_at": NOW + timedelta(seconds=number),
            **columns,
        }
    )


async def queue(sessions: Sessions, *messages: OutboxMessage) -> None:
    async with sessions.begin() as session:
        session.add_all(messages)


async def deliver(sessions: Sessions, channel, *, now: datetime = NOW, **options) -> Delivered:
    return await deliver_waiting(sessions, channel, now=now, sender=SENDER, **options)


async def stored(sessions: Sessions, message_id: str = "nomination/pilot-0042:1:invitation") -> OutboxMessage:
    async with sessions() as session:
        return (await session.exec(select(OutboxMessage).where(OutboxMessage.id == message_id))).one()


def letters(folder: Path) -> dict[str, EmailMessage]:
    return {id_of(p.name): message_from_bytes(p.read_bytes(), policy=default) for p in folder.glob("*.eml")}


# --- what is sent ----------------------------------------------------------------------------------------


async def test_a_waiting_message_is_written_from_the_database_and_sent(sessions, tmp_path):
    await queue(sessions, owed())

    delivered = await deliver(sessions, MailboxChannel(tmp_path))

    assert delivered == Delivered(sent=1, failed=0, uncertain=0, left=0)
    (letter,) = letters(tmp_path).values()
    assert str(letter["To"]) == "Noor Nominee <noor@example.nhs.test>"
    assert letter["Date"].datetime == NOW + timedelta(seconds=1)
    assert "Example Hospitals NHS Trust has nominated you" in letter.get_content()
    assert "Friday 28 September 2018, 23:59 UK time" in letter.get_content()
    message = await stored(sessions)
    assert (message.status, message.attempts, message.sent_at, message.failure) == ("sent", 1, NOW, None)


async def test_each_reader_gets_the_words_for_them(sessions, tmp_path):
    async with sessions.begin() as session:
        session.add(
            ScreeningFinding(
                nomination_id="pilot-0042", rule="grade", met=False, reason="The post is too junior.", found_at=NOW
            )
        )
    await queue(
        sessions,
        owed(1, Template.INELIGIBLE),
        owed(2, Template.INELIGIBLE, person_id="p-nominator"),
        owed(3, Template.PAUSED, person_id="p-assessor", assessment_id="pilot-0042.A-017"),
    )

    await deliver(sessions, MailboxChannel(tmp_path))

    nominee, nominator, assessor = (letters(tmp_path)[key].get_content() for key in sorted(letters(tmp_path)))
    assert "- The post is too junior." in nominee
    assert "the nomination of Noor Nominee" in nominator
    assert "too junior" not in nominator
    assert "your assessment of it" in assessor
    assert "Noor" not in assessor


async def test_feedback_states_the_outcome(sessions, tmp_path):
    async with sessions.begin() as session:
        nomination = await session.get_one(Nomination, "pilot-0042")
        nomination.stage = "reserved"
        nomination.outcome = Outcome.RESERVED
    await queue(sessions, owed(1, Template.FEEDBACK))

    await deliver(sessions, MailboxChannel(tmp_path))

    assert "put you on the reserve list" in next(iter(letters(tmp_path).values())).get_content()


async def test_the_oldest_go_first_and_no_more_than_asked(sessions):
    await queue(sessions, *(owed(number) for number in (3, 1, 2)))
    channel = Recorder()

    delivered = await deliver(sessions, channel, most=2)

    assert channel.given == [f"nomination/pilot-0042:{number}:invitation" for number in (1, 2)]
    assert delivered == Delivered(sent=2, failed=0, uncertain=0, left=1)


# --- once ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("idempotent", [True, False])
async def test_two_deliverers_send_200_messages_once_each(sessions, idempotent):
    await queue(sessions, *(owed(number) for number in range(200)))
    one, other = Recorder(idempotent=idempotent), Recorder(idempotent=idempotent)

    first, second = await asyncio.gather(deliver(sessions, one, most=500), deliver(sessions, other, most=500))

    assert sorted(one.given + other.given) == sorted(f"nomination/pilot-0042:{n}:invitation" for n in range(200))
    assert one.given
    assert other.given
    assert (first.sent, second.sent) == (len(one.given), len(other.given))
    assert {message.attempts for message in await all_of(sessions)} == {1}


async def all_of(sessions: Sessions) -> list[OutboxMessage]:
    async with sessions() as session:
        return list(await messages_of(session, NominationId("pilot-0042")))


def _deliver_and_die(url: str, folder: Path, *, after_sending: bool, idempotent: bool) -> None:
    class Dying(MailboxChannel):
        async def send(self, message: EmailMessage, message_id: str) -> None:
            if after_sending:
                await super().send(message, message_id)
            os.kill(os.getpid(), signal.SIGKILL)

    async def run() -> None:
        channel = Dying(folder)
        channel.idempotent = idempotent
        await deliver(sessions_of(make_engine(url)), channel)

    asyncio.run(run())


async def killed_while_sending(url: str, folder: Path, **how: bool) -> None:
    """A deliverer in a process of its own, killed before or after its first message left."""
    child = multiprocessing.get_context("spawn").Process(target=_deliver_and_die, args=(url, folder), kwargs=how)
    child.start()
    await asyncio.to_thread(child.join, 60)
    assert child.exitcode == -signal.SIGKILL


@pytest.mark.parametrize("after_sending", [True, False])
async def test_a_deliverer_killed_at_the_mailbox_is_made_good_once(sessions, database_url, tmp_path, after_sending):
    await queue(sessions, owed(1), owed(2))
    await killed_while_sending(database_url, tmp_path, after_sending=after_sending, idempotent=True)
    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.eml")}

    at_once = await deliver(sessions, MailboxChannel(tmp_path), now=NOW + STALE_AFTER)
    later = await deliver(sessions, MailboxChannel(tmp_path), now=NOW + STALE_AFTER + timedelta(seconds=1))

    assert len(before) == after_sending
    assert at_once == Delivered(sent=0, failed=0, uncertain=0, left=2)
    assert later == Delivered(sent=2, failed=0, uncertain=0, left=0)
    assert letters(tmp_path).keys() == {f"nomination/pilot-0042:{n}:invitation" for n in (1, 2)}
    assert all((tmp_path / name).read_bytes() == content for name, content in before.items())
    assert (await stored(sessions)).attempts == 2


@pytest.mark.parametrize("after_sending", [True, False])
async def test_a_deliverer_killed_on_another_channel_leaves_doubt_and_nothing_is_sent_twice(
    sessions, database_url, tmp_path, after_sending
):
    await queue(sessions, owed(1), owed(2))
    await killed_while_sending(database_url, tmp_path, after_sending=after_sending, idempotent=False)
    channel = Recorder()

    first = await deliver(sessions, channel, now=NOW + timedelta(seconds=1))
    later = await deliver(sessions, channel, now=NOW + timedelta(hours=1))
    much_later = await deliver(sessions, channel, now=NOW + timedelta(days=30))

    assert first == Delivered(sent=1, failed=0, uncertain=0, left=1)
    assert later == Delivered(sent=0, failed=0, uncertain=1, left=0)
    assert much_later == Delivered(sent=0, failed=0, uncertain=0, left=0)
    assert channel.given == ["nomination/pilot-0042:2:invitation"]
    message = await stored(sessions)
    assert (message.status, message.failure, message.sent_at) == ("uncertain", "interrupted", None)


async def test_a_slow_deliverer_taken_for_dead_still_says_it_was_sent(sessions):
    await queue(sessions, owed())

    class Slow(Recorder):
        async def send(self, message: EmailMessage, message_id: str) -> None:
            await super().send(message, message_id)
            doubting = await deliver(sessions, Recorder(), now=NOW + timedelta(hours=1))
            assert doubting.uncertain == 1

    delivered = await deliver(sessions, Slow())

    assert delivered == Delivered(sent=1, failed=0, uncertain=0, left=0)
    assert (await stored(sessions)).status is MessageStatus.SENT


@pytest.mark.parametrize(
    ("idempotent", "left_as"), [(True, ["waiting"] * 3), (False, ["sending", "waiting", "waiting"])]
)
async def test_a_deliverer_that_is_stopped_gives_back_what_it_surely_may(sessions, idempotent, left_as):
    await queue(sessions, owed(1), owed(2), owed(3))
    at_work = asyncio.Event()

    class Stuck(Recorder):
        async def send(self, message: EmailMessage, message_id: str) -> None:
            at_work.set()
            await asyncio.Event().wait()

    delivering = asyncio.create_task(deliver(sessions, Stuck(idempotent=idempotent)))
    await at_work.wait()
    delivering.cancel()
    await asyncio.wait([delivering])

    assert delivering.cancelled()
    assert [message.status for message in await all_of(sessions)] == left_as
    again = await deliver(sessions, Recorder(idempotent=idempotent), now=NOW + timedelta(seconds=30))
    assert again.sent == left_as.count("waiting")


# --- failures --------------------------------------------------------------------------------------------


async def test_a_message_to_try_later_waits_twice_as_long_each_time(sessions):
    await queue(sessions, owed())
    channel = Recorder(TryLater("smtp_450"), TryLater("smtp_451"), TryLater("smtp_452"))
    now, waited = NOW, []

    for wait in (30, 60, 120):
        await deliver(sessions, channel, now=now)
        early = await deliver(sessions, channel, now=now + timedelta(seconds=wait - 1))
        waited.append((early.sent, early.left, (await stored(sessions)).status))
        now += timedelta(seconds=wait)
    last = await deliver(sessions, channel, now=now)

    assert waited == [(0, 1, MessageStatus.WAITING)] * 3
    assert last == Delivered(sent=1, failed=0, uncertain=0, left=0)
    assert len(channel.given) == 4
    assert (await stored(sessions)).failure is None


@pytest.mark.parametrize(
    ("attempts", "minutes", "is_tried"), [(100, 59, False), (100, 60, True), (2**31 - 2, 60, True)]
)
async def test_no_wait_is_longer_than_an_hour(sessions, attempts, minutes, is_tried):
    await queue(sessions, owed(attempts=attempts, sending_since=NOW))
    channel = Recorder()

    await deliver(sessions, channel, now=NOW + timedelta(minutes=minutes))

    assert bool(channel.given) is is_tried


async def test_a_message_is_given_up_after_five_days_of_attempts(sessions):
    await queue(sessions, owed(attempts=outbox.MOST_ATTEMPTS - 1))

    delivered = await deliver(sessions, Recorder(TryLater("smtp_450")))

    assert delivered == Delivered(sent=0, failed=1, uncertain=0, left=0)
    assert (await stored(sessions)).failure == "smtp_450"


@pytest.mark.parametrize(
    ("failure", "idempotent", "status", "code"),
    [
        (CannotDeliver("smtp_550"), False, "failed", "smtp_550"),
        (PerhapsDelivered("smtp_no_answer"), False, "uncertain", "smtp_no_answer"),
        (RuntimeError("noor@example.nhs.test"), False, "uncertain", "channel_broke"),
        (RuntimeError("noor@example.nhs.test"), True, "waiting", "channel_broke"),
    ],
)
async def test_one_message_that_fails_does_not_hold_up_the_next(sessions, failure, idempotent, status, code):
    await queue(sessions, owed(1), owed(2))
    channel = Recorder(failure, idempotent=idempotent)

    with capture_logs() as logs:
        delivered = await deliver(sessions, channel)

    assert delivered.sent == 1
    assert len(channel.given) == 2
    message = await stored(sessions)
    assert (message.status, message.failure) == (status, code)
    assert not [word for word in PERSONAL if word in str(logs)]


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"facts": {}}, "facts_missing"),
        ({"facts": {"due_at": "Friday"}}, "facts_unreadable"),
        ({"nomination_id": None}, "nomination_missing"),
        ({"person_id": "p-nominator"}, "reader_not_allowed"),
    ],
)
async def test_a_message_that_cannot_be_written_fails_with_a_code(sessions, columns, code):
    await queue(sessions, owed(**columns))
    channel = Recorder()

    delivered = await deliver(sessions, channel)

    assert delivered == Delivered(sent=0, failed=1, uncertain=0, left=0)
    assert channel.given == []
    assert (await stored(sessions)).failure == code


async def test_an_unusable_address_fails_until_it_is_mended(sessions, tmp_path):
    await queue(sessions, owed())
    async with sessions.begin() as session:
        (await session.get_one(Person, "p-nominee")).email = "noor at home"
    refused = await deliver(sessions, MailboxChannel(tmp_path))
    code = (await stored(sessions)).failure
    async with sessions.begin() as session:
        (await session.get_one(Person, "p-nominee")).email = "noor@example.nhs.test"
        await resend(session, "nomination/pilot-0042:1:invitation")

    delivered = await deliver(sessions, MailboxChannel(tmp_path))

    assert (refused.failed, code) == (1, "address_unusable")
    assert delivered.sent == 1


async def test_a_broken_template_makes_its_messages_wait(sessions, monkeypatch, tmp_path):
    await queue(sessions, owed())
    monkeypatch.setattr("notify.post.render.__kwdefaults__", {"folder": tmp_path})
    channel = Recorder()

    with capture_logs() as logs:
        delivered = await deliver(sessions, channel)
    monkeypatch.undo()
    mended = await deliver(sessions, channel, now=NOW + timedelta(seconds=30))

    assert delivered == Delivered(sent=0, failed=0, uncertain=0, left=1)
    assert [line["template"] for line in logs if line["event"] == "template_unusable"] == ["invitation"]
    assert mended.sent == 1


# --- privacy ---------------------------------------------------------------------------------------------


async def test_a_name_with_a_line_break_adds_no_header(sessions, tmp_path):
    await queue(sessions, owed())
    async with sessions.begin() as session:
        (await session.get_one(Person, "p-nominee")).full_name = "Noor\r\nBcc: all@example.nhs.test\r\n\r\nHello"

    await deliver(sessions, MailboxChannel(tmp_path))

    (letter,) = letters(tmp_path).values()
    assert letter["Bcc"] is None
    assert [address.addr_spec for address in letter["To"].addresses] == ["noor@example.nhs.test"]
    assert letter.get_content().startswith("Dear Noor Bcc: all@example.nhs.test Hello,\r\n")


async def test_log_lines_name_messages_and_nobody(sessions, tmp_path):
    await queue(sessions, owed(1), owed(2, facts={}), owed(3, status="sending", sending_since=NOW, attempts=1))

    with capture_logs() as logs:
        await deliver(sessions, Recorder(TryLater("smtp_450")), now=NOW + timedelta(hours=1))
        await deliver(sessions, MailboxChannel(tmp_path), now=NOW + timedelta(hours=2))

    assert {line["event"] for line in logs} == {
        "message_sent", "message_failed", "message_waiting", "message_uncertain",
    }  # fmt: skip
    assert {line["message"] for line in logs} == {f"nomination/pilot-0042:{n}:invitation" for n in (1, 2, 3)}
    assert not [word for word in PERSONAL if word in str(logs)]
    assert file_name("nomination/pilot-0042:1:invitation") in {path.name for path in tmp_path.iterdir()}


# --- operations ------------------------------------------------------------------------------------------


async def test_a_message_in_doubt_is_sent_again_when_a_person_says_so(sessions):
    await queue(sessions, owed(status="uncertain", failure="interrupted", attempts=1, sending_since=NOW))
    async with sessions.begin() as session:
        await resend(session, "nomination/pilot-0042:1:invitation")

    delivered = await deliver(sessions, Recorder())

    assert delivered.sent == 1
    assert (await stored(sessions)).attempts == 2


@pytest.mark.parametrize("status", ["sent", "sending"])
async def test_a_message_on_its_way_is_not_sent_again(sessions, status):
    await queue(sessions, owed(status=status, sending_since=NOW, attempts=1))

    async with sessions() as session:
        with pytest.raises(CannotResendError, match="Message nomination/pilot-0042:1:invitation"):
            await resend(session, "nomination/pilot-0042:1:invitation")


async def test_a_message_that_is_not_there_is_not_sent_again(session):
    with pytest.raises(NoSuchMessageError, match="There is no message nowhere:1"):
        await resend(session, "nowhere:1")


async def test_messages_of_a_nomination_and_those_in_trouble_are_listed_oldest_first(sessions):
    await queue(
        sessions,
        owed(4, status="uncertain"),
        owed(3, status="failed", failure="smtp_550"),
        owed(2, failure="smtp_450"),
        owed(1),
        owed(5, nomination_id=None),
    )

    async with sessions() as session:
        of_nomination = [m.queued_at.second for m in await messages_of(session, NominationId("pilot-0042"))]
        in_trouble = [m.queued_at.second for m in await messages_in_trouble(session)]

    assert of_nomination == [1, 2, 3, 4]
    assert in_trouble == [2, 3, 4]

"""Delivers the messages the database owes to people: each once, whatever dies in between.

A message is claimed in one transaction (``sending``), leaves, and is marked in another (``sent``). A deliverer that
dies in between leaves a claim behind. On a channel that knows the message's id it is sent again, which changes
nothing; on any other it becomes ``uncertain``, and a person decides. So on the former many are claimed and marked
together, on the latter one by one.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage

import structlog
from sqlalchemy import ColumnElement, func, or_, tuple_, update
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel import and_, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import MessageStatus
from models.ids import NominationId
from models.tables import OutboxMessage, Person
from notify.channels import CannotDeliver, Channel, PerhapsDelivered, TryLater
from notify.compose import Sender
from notify.facts import FactsError
from notify.post import written
from notify.render import TemplateError

FIRST_WAIT = timedelta(seconds=30)
"""How long a message waits after its first failed attempt; each further one doubles it."""
LONGEST_WAIT = timedelta(hours=1)
"""The longest wait between two attempts."""
MOST_ATTEMPTS = 125
"""After so many attempts, about five days, a message has failed (RFC 5321, 4.5.4.1 asks for four to five days)."""
STALE_AFTER = timedelta(minutes=5)
"""When a claim is taken for left behind: longer than any living deliverer holds one."""
_HELD_AT_ONCE = 25

_log = structlog.get_logger()


@dataclass(frozen=True)
class Delivered:
    """What became of the messages tried, and how many are still owed (``left``: waiting or being sent)."""

    sent: int
    failed: int
    uncertain: int
    left: int


@dataclass(frozen=True)
class _Fate:
    """What became of an attempt, and why in a code."""

    status: MessageStatus
    code: str | None = None


@dataclass(frozen=True)
class _Claim:
    """A message taken for sending: written, or with its fate where it cannot be."""

    owed: OutboxMessage
    mail: EmailMessage | None = None
    fate: _Fate | None = None


class OutboxError(Exception):
    """A message cannot be sent again; the sentence says why and what to do."""


class NoSuchMessageError(OutboxError):
    """There is no message of this id."""


class CannotResendError(OutboxError):
    """The message is on its way or has been sent."""


async def deliver_waiting(
    sessions: async_sessionmaker[AsyncSession],
    channel: Channel,
    *,
    now: datetime,
    sender: Sender,
    most: int = 50,
    stale_after: timedelta = STALE_AFTER,
) -> Delivered:
    """Deliver messages that are waiting, oldest first; any number of deliverers may run side by side.

    It may be cut off at any moment and run again: no message leaves twice, and none is forgotten. A message the
    channel asks to try later waits 30 seconds after its first attempt, then twice as long each time, at most an
    hour. A template that cannot be used makes its messages wait in the same way, until it is mended.

    Args:
        sessions: Makes sessions; each transaction is one of its own.
        channel: How messages leave.
        now: The moment to act at, aware.
        sender: Whom they come from.
        most: How many messages to try at most.
        stale_after: How old a claim is before it is taken for left behind; longer than the channel's timeouts.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: The database cannot be reached; run it again.
    """
    counts = dict.fromkeys(MessageStatus, 0)
    if not channel.idempotent:
        counts[MessageStatus.UNCERTAIN] += await _doubt_stale_claims(sessions, now - stale_after)
    tried = 0
    while tried < most:
        # One by one where a crash leaves doubt, so that it does so about one message.
        held = min(_HELD_AT_ONCE if channel.idempotent else 1, most - tried)
        claims = await _claim(sessions, channel, held, sender, now=now, stale_after=stale_after)
        if not claims:
            break
        tried += len(claims)
        fates: list[tuple[OutboxMessage, _Fate]] = []
        try:
            for claim in claims:
                fate = claim.fate or await _send(channel, claim)
                fates.append((claim.owed, fate))
        except asyncio.CancelledError:
            await _mark(sessions, fates, now)
            if channel.idempotent:
                unsent = claims[len(fates) :]
                await _mark(sessions, [(claim.owed, _Fate(MessageStatus.WAITING)) for claim in unsent], now)
            raise
        marked = await _mark(sessions, fates, now)
        for owed, fate in fates:
            counts[fate.status] += owed.id in marked
            _tell(channel, owed, fate)
    return Delivered(
        sent=counts[MessageStatus.SENT],
        failed=counts[MessageStatus.FAILED],
        uncertain=counts[MessageStatus.UNCERTAIN],
        left=await _left(sessions),
    )


async def resend(session: AsyncSession, message_id: str) -> OutboxMessage:
    """Let a message that failed or is uncertain be sent again, or one that waits for its next attempt at once.

    The caller commits, in the transaction that records who asked and why. On a channel that does not know
    message ids an uncertain message may reach the person twice: look at it first.

    Raises:
        NoSuchMessageError: There is no such message.
        CannotResendError: It is being sent, or has been sent.
    """
    message = await session.get(OutboxMessage, message_id, with_for_update=True, populate_existing=True)
    if message is None:
        raise NoSuchMessageError(f"There is no message {message_id}: list the nomination's messages for their ids.")
    if message.status is MessageStatus.SENDING:
        raise CannotResendError(f"Message {message_id} is being sent: wait a few minutes and look again.")
    if message.status is MessageStatus.SENT:
        raise CannotResendError(f"Message {message_id} has been sent: there is nothing to send again.")
    message.status = MessageStatus.WAITING
    message.sending_since = None
    message.failure = None
    session.add(message)
    await session.flush()
    return message


async def messages_of(session: AsyncSession, nomination: NominationId) -> Sequence[OutboxMessage]:
    """Every message about a nomination, to whomever, oldest first; for operations."""
    return (
        await session.exec(
            select(OutboxMessage)
            .where(OutboxMessage.nomination_id == nomination)
            .order_by(col(OutboxMessage.queued_at), col(OutboxMessage.id))
        )
    ).all()


async def messages_in_trouble(session: AsyncSession, *, most: int = 100) -> Sequence[OutboxMessage]:
    """Messages that failed, are uncertain, or wait after a failed attempt, oldest first; for operations."""
    return (
        await session.exec(
            select(OutboxMessage)
            .where(
                or_(
                    col(OutboxMessage.status).in_([MessageStatus.FAILED, MessageStatus.UNCERTAIN]),
                    and_(OutboxMessage.status == MessageStatus.WAITING, col(OutboxMessage.failure).is_not(None)),
                )
            )
            .order_by(col(OutboxMessage.queued_at), col(OutboxMessage.id))
            .limit(most)
        )
    ).all()


# ---------------------------------------------------------------------------------------------------------
# The steps of a delivery


async def _doubt_stale_claims(sessions: async_sessionmaker[AsyncSession], before: datetime) -> int:
    async with sessions.begin() as session:
        doubted = await session.exec(
            update(OutboxMessage)
            .where(col(OutboxMessage.status) == MessageStatus.SENDING, col(OutboxMessage.sending_since) < before)
            .values(status=MessageStatus.UNCERTAIN, failure="interrupted")
            .returning(col(OutboxMessage.id))
        )
        ids = doubted.scalars().all()
    for message_id in ids:
        _log.warning("message_uncertain", message=message_id, code="interrupted")
    return len(ids)


async def _claim(
    sessions: async_sessionmaker[AsyncSession],
    channel: Channel,
    most: int,
    sender: Sender,
    *,
    now: datetime,
    stale_after: timedelta,
) -> Sequence[_Claim]:
    """Take messages for this deliverer alone, and write them; committed before any of them leaves.

    They are written in the same transaction, so that a database that fails there takes back the claim with it,
    and nothing but sending lies between a claim and its mark.
    """
    free = _due(now)
    if channel.idempotent:
        left_behind = and_(
            OutboxMessage.status == MessageStatus.SENDING, col(OutboxMessage.sending_since) < now - stale_after
        )
        free = or_(free, left_behind)
    chosen = (
        select(OutboxMessage.id)
        .where(free)
        .order_by(col(OutboxMessage.queued_at), col(OutboxMessage.id))
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    claim = (
        update(OutboxMessage)
        .where(col(OutboxMessage.id).in_(chosen))
        .values(status=MessageStatus.SENDING, sending_since=now, attempts=col(OutboxMessage.attempts) + 1)
        .returning(OutboxMessage)
        .execution_options(synchronize_session=False)
    )
    async with sessions.begin() as session:
        claimed = (await session.exec(claim)).scalars().all()
        # Read together, and held: writing finds each reader in the session, which forgets what nobody holds.
        readers = select(Person).where(col(Person.id).in_({message.person_id for message in claimed}))
        people = (await session.exec(readers)).all() if claimed else []
        # What each was written with is noted in it, and goes to the database with all others at the end.
        with session.no_autoflush:
            claims = [
                await _write(session, message, sender)
                for message in sorted(claimed, key=lambda message: (message.queued_at, message.id))
            ]
        del people
    return claims


def _due(now: datetime) -> ColumnElement[bool]:
    """Whether a message waits, and its wait after the last attempt (``sending_since``) is over."""
    doublings = func.least(func.greatest(col(OutboxMessage.attempts) - 1, 0), 30)
    seconds = func.least(FIRST_WAIT.total_seconds() * func.power(2, doublings), LONGEST_WAIT.total_seconds())
    # make_interval takes its seconds as a named or seventh argument; years to minutes are zero.
    next_at = col(OutboxMessage.sending_since) + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    return and_(
        OutboxMessage.status == MessageStatus.WAITING,
        or_(col(OutboxMessage.sending_since).is_(None), next_at <= now),
    )


async def _write(session: AsyncSession, owed: OutboxMessage, sender: Sender) -> _Claim:
    try:
        return _Claim(owed, mail=await written(session, owed, sender))
    except FactsError as error:
        return _Claim(owed, fate=_Fate(MessageStatus.FAILED, error.code))
    except TemplateError as error:
        _log.error("template_unusable", template=owed.template.value, line=error.problem.line)
        return _Claim(owed, fate=_again(owed, "template_unusable"))


async def _send(channel: Channel, claim: _Claim) -> _Fate:
    if claim.mail is None:
        raise ValueError("a claim holds an email or its fate")
    try:
        await channel.send(claim.mail, claim.owed.id)
    except TryLater as error:
        return _again(claim.owed, error.code)
    except CannotDeliver as error:
        return _Fate(MessageStatus.FAILED, error.code)
    except PerhapsDelivered as error:
        return _Fate(MessageStatus.UNCERTAIN, error.code)
    except Exception as error:
        # A fault in a channel must not stop everybody's post. Its words may hold an address, its type does not.
        _log.error("channel_broke", channel=channel.name, message=claim.owed.id, error=type(error).__name__)
        return (
            _again(claim.owed, "channel_broke")
            if channel.idempotent
            else _Fate(MessageStatus.UNCERTAIN, "channel_broke")
        )
    return _Fate(MessageStatus.SENT)


def _again(owed: OutboxMessage, code: str) -> _Fate:
    return _Fate(MessageStatus.FAILED if owed.attempts >= MOST_ATTEMPTS else MessageStatus.WAITING, code)


def _tell(channel: Channel, owed: OutboxMessage, fate: _Fate) -> None:
    """One log line for each attempt, with identifiers and words alone."""
    told = _log.info if fate.status is MessageStatus.SENT else _log.warning
    told(
        "message_" + fate.status.value,
        message=owed.id,
        template=owed.template.value,
        channel=channel.name,
        attempt=owed.attempts,
        code=fate.code,
    )


async def _mark(
    sessions: async_sessionmaker[AsyncSession], fates: Sequence[tuple[OutboxMessage, _Fate]], now: datetime
) -> frozenset[str]:
    """Record what became of claims, but not of those another deliverer has taken over since; which are recorded."""
    alike: dict[_Fate, list[tuple[str, int]]] = defaultdict(list)
    for owed, fate in fates:
        alike[fate].append((owed.id, owed.attempts))
    marked: set[str] = set()
    async with sessions.begin() as session:
        # In one order, so that two deliverers that mark the same never wait for each other.
        for fate, claims in sorted(alike.items(), key=lambda one: min(one[1])):
            mark = (
                update(OutboxMessage)
                .where(
                    tuple_(col(OutboxMessage.id), col(OutboxMessage.attempts)).in_(claims),
                    # A slow deliverer that was taken for dead still knows better than the doubt about it.
                    col(OutboxMessage.status).in_([MessageStatus.SENDING, MessageStatus.UNCERTAIN]),
                )
                .values(
                    status=fate.status, failure=fate.code, sent_at=now if fate.status is MessageStatus.SENT else None
                )
                .returning(col(OutboxMessage.id))
            )
            marked.update((await (await session.connection()).execute(mark)).scalars())
    return frozenset(marked)


async def _left(sessions: async_sessionmaker[AsyncSession]) -> int:
    owed = [MessageStatus.WAITING, MessageStatus.SENDING]
    async with sessions() as session:
        return (
            await session.exec(
                select(func.count()).select_from(OutboxMessage).where(col(OutboxMessage.status).in_(owed))
            )
        ).one()

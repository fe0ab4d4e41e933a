"""The audit chain: adding an event to it, and checking that nobody has touched it since.

The database takes each event's position and hash itself, under a lock (migration 0002). An event's hash is the
SHA-256 of the hash before it, 64 hexadecimal digits (zeros before the first event), followed by the event's
canonical text: each field as its length in characters, a colon and its text, or a hyphen where there is none.
`verify` reckons the same without the database's functions, so a changed function is found as well.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

import sqlmodel
from sqlalchemy import Text, cast, insert, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import Role
from models.ids import PersonId
from models.tables import AuditEvent

DRAFTED = "decision drafted"
"""What an event is called by which somebody drafts a decision, whether it changes the outcome or not."""
BEFORE_THE_FIRST = "0" * 64
"""What stands for the hash before the first event."""

_AT_ONCE = 2000

_EVENT = AuditEvent.metadata.tables["auditevent"]
_ADD = insert(_EVENT).returning(_EVENT.c.position)

_Row = tuple[
    int,
    datetime,
    str,
    str,
    str,
    str,
    str | None,
    int | None,
    str | None,
    str | None,
    str | None,
    str | None,
    str,
    str,
]


@dataclass(frozen=True)
class Anchor:
    """How far the chain had come at some moment: kept elsewhere, it shows later whether the end was cut off.

    Attributes:
        events: How many events there were.
        hash: The hash of the last of them.
    """

    events: int
    hash: str


@dataclass(frozen=True)
class ChainVerdict:
    """Whether the audit chain is whole.

    Attributes:
        events: How many events were read before the end or the break.
        broken_at: The position of the first event that is missing, altered or not bound to the one before; None
            when the chain is whole.
        reason: What is wrong there, as a sentence; None when the chain is whole.
        last_hash: The hash of the last event that was found in order.
    """

    events: int
    broken_at: int | None
    reason: str | None
    last_hash: str

    @property
    def whole(self) -> bool:
        """Whether nothing was found wrong."""
        return self.broken_at is None


async def append(
    session: AsyncSession,
    *,
    at: datetime,
    actor: PersonId,
    role: Role,
    what: str,
    subject: str,
    workflow_id: str | None = None,
    step: int | None = None,
    key: str | None = None,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    reason: str | None = None,
) -> int:
    """Add an event to the end of the chain, as part of the session's transaction.

    From here until the transaction ends, every other transaction that adds an event waits: call it last.

    Args:
        session: Where the change itself was written.
        at: When it happened; must know its time zone.
        actor: Who did it.
        role: In which role.
        what: What was done, in a word.
        subject: The id of what it was done to.
        workflow_id: The workflow whose step this is.
        step: The step's number within its workflow.
        key: What makes it one step, however often it runs; its number, where nothing else is given.
        before: What changed, as it was: identifiers, words, numbers and dates, never personal data.
        after: The same as it is now.
        reason: The coded reason.

    Returns:
        The event's position in the chain; the first is 1.

    Raises:
        sqlalchemy.exc.IntegrityError: When this step of this workflow has its event already.
    """
    # Whatever the session still holds is written first, so that the wait for the chain holds nobody up for it.
    if session.new or session.dirty or session.deleted:
        await session.flush()
    event = {
        # The trigger sets the first three, whatever is given.
        "position": 0,
        "previous": "",
        "hash": "",
        "at": at,
        "actor": actor,
        "role": role.value,
        "what": what,
        "subject": subject,
        "workflow_id": workflow_id,
        "step": step,
        "key": key or (None if step is None else str(step)),
        "before": None if before is None else dict(before),
        "after": None if after is None else dict(after),
        "reason": reason,
    }
    connection = await session.connection()
    return int((await connection.execute(_ADD, event)).scalar_one())


async def anchor(session: AsyncSession) -> Anchor:
    """How far the chain has come now, to be kept outside the database and given to `verify` later."""
    last = sqlmodel.select(AuditEvent.position, AuditEvent.hash).order_by(col(AuditEvent.position).desc()).limit(1)
    row = (await session.exec(last)).first()
    return Anchor(0, BEFORE_THE_FIRST) if row is None else Anchor(*row)


async def verify(session: AsyncSession, anchored: Anchor | None = None) -> ChainVerdict:
    """Reckon the whole chain again, and say where it breaks first.

    It reads one snapshot in portions, so it can run beside writers and holds few events in memory. It finds an
    event that was altered, removed or put in. That the last events were removed, or that everything from some
    event on was written anew with new hashes, shows only against an anchor.

    Args:
        session: Any session on the database; nothing is written.
        anchored: How far the chain had come at an earlier moment.
    """
    events, last = 0, BEFORE_THE_FIRST
    async with aclosing(_events(session)) as rows:
        async for row in rows:
            position, stored = row[0], row[-1]
            wrong = _wrong(row, expected=events + 1, last=last)
            if wrong is None and anchored is not None and position == anchored.events and stored != anchored.hash:
                wrong = f"Event {position} is not the one the anchor was taken from: the chain was written anew."
            if wrong is not None:
                return ChainVerdict(events, min(position, events + 1), wrong, last)
            events, last = position, stored
    if anchored is not None and events < anchored.events:
        cut = f"Events {events + 1} to {anchored.events} are missing: the end of the chain was cut off."
        return ChainVerdict(events, events + 1, cut, last)
    return ChainVerdict(events, None, None, last)


def _wrong(row: _Row, *, expected: int, last: str) -> str | None:
    """What is wrong with an event, as a sentence, or None."""
    position, previous, stored = row[0], row[-2], row[-1]
    if position > expected:
        return f"Events {expected} to {position - 1} are missing."
    if position < expected:
        return f"Event {position} was put in before the first."
    if previous != last:
        return f"Event {position} is not bound to the one before it: one of the two was altered or replaced."
    if stored != sha256((previous + canonical(row)).encode()).hexdigest():
        return f"Event {position} was altered: its hash is not that of its content."
    return None


def canonical(row: _Row) -> str:
    """The text an event's hash is taken of, without the hash before it.

    ``before`` and ``after`` are texts as PostgreSQL writes jsonb, which has one text for each value.
    """
    position, at, *others = row[:-2]
    moment = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return "".join("-" if field is None else f"{len(str(field))}:{field}" for field in (position, moment, *others))


async def _events(session: AsyncSession) -> AsyncGenerator[_Row, None]:
    """Every event in order, from one snapshot, a portion at a time."""
    every = select(
        col(AuditEvent.position),
        col(AuditEvent.at),
        col(AuditEvent.actor),
        col(AuditEvent.role),
        col(AuditEvent.what),
        col(AuditEvent.subject),
        col(AuditEvent.workflow_id),
        col(AuditEvent.step),
        col(AuditEvent.key),
        cast(col(AuditEvent.before), Text),
        cast(col(AuditEvent.after), Text),
        col(AuditEvent.reason),
        col(AuditEvent.previous),
        col(AuditEvent.hash),
    ).order_by(col(AuditEvent.position))
    rows = await session.stream(every, execution_options={"yield_per": _AT_ONCE})
    try:
        async for portion in rows.partitions():
            for row in portion:
                yield row
    finally:
        await rows.close()

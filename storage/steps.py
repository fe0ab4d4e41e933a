"""How a workflow's step is written: once, in one transaction, with its audit event and the letters it owes.

Every step of every nomination goes through here, so what it reads and writes is said to the database directly, by
statements made once (`table_of`), and not through mapped objects: those cost several times as much processor time.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Table, bindparam, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import MessageStatus
from models.messages import Notice, Step
from models.tables import AuditEvent, OutboxMessage
from storage import audit

Snapshot = Mapping[str, object]


def table_of(entity: type[SQLModel]) -> Table:
    """The table behind a mapped class, for statements that are made once and run many times."""
    return entity.metadata.tables[str(entity.__tablename__)]


_EVENT, _LETTER = table_of(AuditEvent), table_of(OutboxMessage)
_TAKEN = select(_EVENT.c.position).where(
    _EVENT.c.workflow_id == bindparam("workflow"), _EVENT.c.key == bindparam("step")
)
_OWE = insert(_LETTER)


@dataclass(frozen=True)
class Change:
    """What a step changed: identifiers, words, numbers and dates as they were and as they are."""

    before: Snapshot | None
    after: Snapshot


@dataclass(frozen=True)
class Addressee:
    """Whom the letters of a step may go to, and what they are about."""

    cohort: str
    nomination: str
    assessment: str | None
    people: Mapping[str, str]


async def take_step(
    sessions: async_sessionmaker[AsyncSession],
    step: Step,
    subject: str,
    write: Callable[[AsyncSession], Awaitable[Change]],
    catch_up: Callable[[AsyncSession], Awaitable[None]] | None = None,
) -> bool:
    """Writes a step with ``write``, unless it has been written already; whether it was new.

    A second run of the same step, also at the same time, writes no event and no letter. If it has another number
    than before, because its workflow task ran again in another order, ``catch_up`` makes the row say what the
    workflow knows.
    """
    try:
        async with sessions.begin() as session:
            change = await write(session)
            await audit.append(
                session,
                at=step.at,
                actor=step.by.person,
                role=step.by.role,
                what=step.what,
                subject=subject,
                workflow_id=step.workflow,
                step=step.number,
                key=_key(step),
                before=change.before,
                after=change.after,
                reason=step.reason,
            )
    except Exception:
        # Written before, the step's own rows stand in the way, and nothing of this run is kept. Looking only now
        # spares every first run a query.
        async with sessions.begin() as session:
            if not await _is_taken(session, step):
                raise
            if catch_up is not None:
                await catch_up(session)
        return False
    return True


async def _is_taken(session: AsyncSession, step: Step) -> bool:
    connection = await session.connection()
    taken = await connection.execute(_TAKEN, {"workflow": step.workflow, "step": _key(step)})
    return taken.first() is not None


def _key(step: Step) -> str:
    return step.key or str(step.number)


def constraint_of(error: IntegrityError) -> str:
    """The name of the constraint that refused a row; it says what is wrong without saying whose."""
    return str(getattr(getattr(error.orig, "diag", None), "constraint_name", None) or type(error.orig).__name__)


async def queue_letters(
    session: AsyncSession,
    step: Step,
    notices: Iterable[Notice],
    addressee: Addressee,
    facts: Mapping[str, str] | None = None,
) -> None:
    """Owes the letters of a step to their readers; an id made of the step owes each of them once."""
    letters = [
        {
            "id": f"{step.workflow}:{_key(step)}:{number}",
            "template": notice.template,
            "person_id": addressee.people[notice.to],
            "cohort_id": addressee.cohort,
            "nomination_id": addressee.nomination,
            "assessment_id": addressee.assessment,
            "facts": {**(facts or {}), **_stated(notice)},
            "queued_at": step.at,
            "status": MessageStatus.WAITING,
            "attempts": 0,
        }
        for number, notice in enumerate(notices)
        if notice.to in addressee.people
    ]
    if letters:
        await (await session.connection()).execute(_OWE, letters)


def _stated(notice: Notice) -> dict[str, str]:
    stated = {}
    if notice.due_at is not None:
        stated["due_at"] = notice.due_at.isoformat()
    if notice.remaining is not None:
        stated["remaining"] = str(notice.remaining)
    return stated

"""A moderator has a nomination to themselves for a while, so that two do not settle the same flags at once.

Taking one, taking one over and leaving one are events of the audit trail; keeping one longer is not, since every act
on it does that.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from acts.desk import Desk, nomination_row, require, subject_of
from acts.errors import RefusedError
from models.enums import Stage
from models.ids import NominationId
from models.messages import By
from models.tables import ModerationLock, Nomination
from rules.calendar import in_words
from rules.permissions import Act
from rules.stages import WORDS
from storage import audit
from storage.lists import Asker
from storage.moderator_pages import moderated_by
from storage.steps import table_of

LASTS = timedelta(minutes=30)
"""How long a nomination stays with a moderator who does nothing: as long as an idle session."""

STARTED, TAKEN_OVER, LEFT = "moderation started", "moderation taken over", "moderation left"
"""What the audit trail calls it."""

_LOCK = table_of(ModerationLock)


class HeldError(RefusedError):
    """Another moderator has the nomination.

    Attributes:
        person: Who.
        until: When it ends by itself, unless they act again.
    """

    def __init__(self, person: str, until: datetime) -> None:
        super().__init__(f"Another moderator has this nomination until {in_words(until)}.")
        self.person = person
        self.until = until


class NotHeldError(RefusedError):
    """The moderator does not have the nomination, or no longer."""

    def __init__(self) -> None:
        super().__init__("You do not have this nomination any more. Start again to see it as it is now.")


class LockActs:
    """Taking a nomination for oneself, and leaving it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def start(self, nomination: NominationId, by: By) -> datetime:
        """Takes the nomination for a while, or keeps it longer; until when.

        One that another moderator has can be taken over once their time has ended.

        Raises:
            NotKnownError: There is no such nomination.
            HeldError: Another moderator has it.
            RefusedError: It is not in quality assurance, or this person may not settle flags, or not these: they are
                the nominee or on the panel.
        """
        now = self._desk.clock()
        async with self._desk.transaction() as session:
            row = await nomination_row(session, nomination)
            await require(session, by, Act.RESOLVE_FLAGS, subject_of(row))
            if row.stage is not Stage.QUALITY_ASSURANCE:
                raise RefusedError(f"There are no flags to settle: the nomination is {WORDS[row.stage]}.")
            await _refuse_own(session, row, by)
            before = await session.get(ModerationLock, nomination, with_for_update=True)
            holder = before.person_id if before else None
            fresh = {"person_id": by.person, "taken_at": now, "ends_at": now + LASTS}
            mine = (_LOCK.c.person_id == by.person) | (_LOCK.c.ends_at <= now)
            taken = await (await session.connection()).execute(
                insert(_LOCK)
                .values(nomination_id=nomination, **fresh)
                .on_conflict_do_update(index_elements=[_LOCK.c.nomination_id], set_=fresh, where=mine)
                .returning(_LOCK.c.ends_at)
            )
            until: datetime | None = taken.scalar_one_or_none()
            if until is None:
                await refuse_if_held(session, nomination, by, now)
                raise NotHeldError
            if holder != by.person:
                await _write_down(session, TAKEN_OVER if holder else STARTED, nomination, by, now)
        return until

    async def leave(self, nomination: NominationId, by: By) -> None:
        """Gives the nomination back; one that this person does not have stays as it is.

        Raises:
            NotKnownError: There is no such nomination.
        """
        async with self._desk.transaction() as session:
            row = await nomination_row(session, nomination)
            await require(session, by, Act.RESOLVE_FLAGS, subject_of(row))
            left = await session.exec(
                delete(ModerationLock)
                .where(col(ModerationLock.nomination_id) == nomination, col(ModerationLock.person_id) == by.person)
                .returning(col(ModerationLock.nomination_id))
            )
            if left.first() is not None:
                await _write_down(session, LEFT, nomination, by, self._desk.clock())


async def _write_down(session: AsyncSession, what: str, nomination: NominationId, by: By, now: datetime) -> None:
    await audit.append(session, at=now, actor=by.person, role=by.role, what=what, subject=nomination)


async def refuse_if_held(session: AsyncSession, nomination: NominationId, by: By, now: datetime) -> None:
    """Refuses an act on a nomination that another moderator has; for acts that need no lock of their own.

    Raises:
        HeldError: Another moderator has it at ``now``.
    """
    lock = await session.get(ModerationLock, nomination)
    if lock is not None and lock.person_id != by.person and lock.ends_at > now:
        raise HeldError(lock.person_id, lock.ends_at)


async def _refuse_own(session: AsyncSession, row: Nomination, by: By) -> None:
    allowed = await session.exec(
        select(Nomination.id).where(col(Nomination.id) == row.id, moderated_by(Asker(by.person, by.role)))
    )
    if allowed.first() is None:
        raise RefusedError(
            "You are the nominee or on the panel of this nomination: another moderator settles its flags."
        )


async def own_lock(session: AsyncSession, nomination: NominationId, by: By, now: datetime) -> ModerationLock:
    """This person's lock, which nobody can take over until the transaction ends; also one whose time has ended.

    Raises:
        HeldError: Another moderator has the nomination.
        NotHeldError: Nobody has it, or somebody else had it last.
    """
    lock = await session.get(ModerationLock, nomination, with_for_update=True)
    if lock is None:
        raise NotHeldError
    if lock.person_id != by.person:
        raise HeldError(lock.person_id, lock.ends_at) if lock.ends_at > now else NotHeldError
    return lock

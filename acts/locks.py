"""A moderator has a nomination to themselves for a while, so that two do not settle the same flags at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from acts.board import BoardActs, ChangedScore
from acts.desk import Desk, nomination_row, require, subject_of
from acts.errors import RefusedError
from models.enums import Resolution, Stage
from models.ids import AssessmentId, NominationId
from models.messages import By, NominationState
from models.tables import Flag, ModerationLock, Nomination, Score
from rules.calendar import in_words
from rules.permissions import Act
from rules.stages import WORDS
from storage.lists import Asker
from storage.moderator_pages import moderated_by
from storage.steps import table_of

LASTS = timedelta(minutes=30)
"""How long a nomination stays with a moderator who does nothing: as long as an idle session."""

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


class OtherScoreError(RefusedError):
    """A score is not what the moderator saw when they changed it."""


@dataclass(frozen=True)
class Settling:
    """How a moderator settles flags.

    Attributes:
        flags: The numbers of the flags.
        resolution: How.
        assessment: Of whom more evidence is asked, with that resolution only.
        changes: The changed scores, with that resolution only.
        seen: What the moderator saw of each score they change, by assessment and criterion.
    """

    flags: Sequence[int]
    resolution: Resolution
    assessment: AssessmentId | None = None
    changes: Sequence[ChangedScore] = ()
    seen: Mapping[tuple[str, str], int] | None = None


class ModerationActs:
    """Taking a nomination, acting on it while one has it, and leaving it."""

    def __init__(self, desk: Desk, board: BoardActs) -> None:
        self._desk = desk
        self._board = board

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
        return until

    async def leave(self, nomination: NominationId, by: By) -> None:
        """Gives the nomination back; one that this person does not have stays as it is.

        Raises:
            NotKnownError: There is no such nomination.
        """
        async with self._desk.transaction() as session:
            row = await nomination_row(session, nomination)
            await require(session, by, Act.RESOLVE_FLAGS, subject_of(row))
            await session.exec(
                delete(ModerationLock).where(
                    col(ModerationLock.nomination_id) == nomination, col(ModerationLock.person_id) == by.person
                )
            )

    async def settle(self, nomination: NominationId, by: By, settling: Settling) -> NominationState:
        """Settles flags of a nomination that this moderator has.

        The lock's row is held until the workflow has answered, so nobody takes the nomination over in between.
        Acting renews the lock; it ends once no flag is left to settle. A lock whose time has ended, and that nobody
        took over, still holds: nobody else can have acted.

        Raises:
            HeldError: Another moderator has taken it over.
            NotHeldError: Nobody has it: this person left it, or never started.
            OtherScoreError: A score is no longer what they saw.
            RefusedError: The resolution is not allowed as things stand.
        """
        now = self._desk.clock()
        async with self._desk.transaction() as session:
            row = await nomination_row(session, nomination)
            await require(session, by, Act.RESOLVE_FLAGS, subject_of(row))
            if row.stage is not Stage.QUALITY_ASSURANCE:
                raise RefusedError(f"There are no flags to settle: the nomination is {WORDS[row.stage]}.")
            lock = await self._own_lock(session, nomination, by)
            await _refuse_other_scores(session, settling)
            state = await self._board.resolve_flags(
                nomination,
                by,
                settling.flags,
                settling.resolution,
                assessment=settling.assessment,
                changes=settling.changes,
            )
            if state.stage is Stage.QUALITY_ASSURANCE and await _open_flags(session, nomination):
                lock.ends_at = now + LASTS
                session.add(lock)
            else:
                await session.delete(lock)
        return state

    async def _own_lock(self, session: AsyncSession, nomination: NominationId, by: By) -> ModerationLock:
        lock = await session.get(ModerationLock, nomination, with_for_update=True)
        if lock is None:
            raise NotHeldError
        if lock.person_id != by.person:
            raise HeldError(lock.person_id, lock.ends_at) if lock.ends_at > self._desk.clock() else NotHeldError
        return lock


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


async def _refuse_other_scores(session: AsyncSession, settling: Settling) -> None:
    for change in settling.changes:
        score = await session.get(Score, (change.assessment, change.criterion))
        seen = (settling.seen or {}).get((change.assessment, change.criterion))
        if score is not None and seen is not None and score.value != seen:
            raise OtherScoreError(
                f"A score you changed from {seen} is {score.value} now. Look at the scores again before you change "
                "them."
            )


async def _open_flags(session: AsyncSession, nomination: NominationId) -> int:
    """How many flags are open now that the workflow has answered."""
    count = await session.exec(
        select(func.count())
        .select_from(Flag)
        .where(col(Flag.nomination_id) == nomination, col(Flag.resolution).is_(None))
    )
    return count.one()

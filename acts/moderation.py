"""Settling flags while one has the nomination to oneself."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from acts.board import BoardActs, ChangedScore
from acts.desk import Desk, nomination_row, require, subject_of
from acts.errors import RefusedError
from acts.locks import LASTS, HeldError, NotHeldError, own_lock
from models.enums import Resolution, Stage
from models.ids import AssessmentId, NominationId
from models.messages import By, NominationState, ResolveFlags
from models.tables import Flag, Score
from rules.permissions import Act
from rules.stages import WORDS


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
    """Acts on a nomination that a moderator has."""

    def __init__(self, desk: Desk, board: BoardActs) -> None:
        self._desk = desk
        self._board = board

    async def settle(self, nomination: NominationId, by: By, settling: Settling) -> NominationState:
        """Settles flags of a nomination that this moderator has.

        Acting renews the lock, in the transaction that writes the resolution down, so nobody takes the nomination
        over before the workflow has answered; it ends once no flag is left to settle. A lock whose time has ended,
        and that nobody took over, still holds: nobody else can have acted.

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
            lock = await own_lock(session, nomination, by, now)
            await _refuse_other_scores(session, settling)
            message = ResolveFlags(
                by=by, flags=tuple(settling.flags), resolution=settling.resolution, assessment=settling.assessment
            )
            telling = await self._board.owe_resolution(session, nomination, message, settling.changes)
            lock.ends_at = now + LASTS
            session.add(lock)
        state = await self._desk.teller.tell(telling, NominationState)
        async with self._desk.transaction() as session:
            if state.stage is not Stage.QUALITY_ASSURANCE or not await _open_flags(session, nomination):
                # Left in another tab, it is gone already.
                with suppress(NotHeldError, HeldError):
                    await session.delete(await own_lock(session, nomination, by, now))
        return state


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

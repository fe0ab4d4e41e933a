"""Acts of operations on pairs: an assessor is pinned to a nomination, kept from it, or neither any more.

A pair counts from the next run on, and in the release of a proposal that was made before: one that does not keep to
it is refused.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel.ext.asyncio.session import AsyncSession

from acts.desk import Desk, nomination_row, require, subject_of
from acts.errors import NotKnownError, RefusedError
from allocation.asked import standing_against
from allocation.pair_price import PairPrice, pair_price, with_pairs
from models.enums import HOLDING, AssessmentStage, PairKind, RunKind, Stage, SteerReason
from models.ids import AssessmentId, AssessorId, NominationId, assessment_id
from models.messages import By
from models.tables import Assessment, Assessor, Nomination, PairRule
from rules.permissions import Act
from rules.stages import WORDS
from storage import audit
from storage.allocations import problem_of, problem_of_one
from storage.lists import Asker, kept_from
from storage.pairs import WITH_A_PANEL_AHEAD, pins_not_seated
from storage.policies import policy_of

Sessions = async_sessionmaker[AsyncSession]
PRICED_WITHIN = 10.0
"""Seconds in which a price is told, or it is said that it could not be."""


@dataclass(frozen=True)
class PairChange:
    """A change of pairs of one nomination; a swap by hand pins one assessor and forbids another."""

    nomination: NominationId
    pinned: AssessorId | None = None
    forbidden: AssessorId | None = None
    lifted: AssessorId | None = None


@dataclass(frozen=True)
class Priced:
    """What a change of pairs costs; without a price, ``reason`` says why there is none."""

    price: PairPrice | None
    reason: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """The price or why there is none, in sentences."""
        return self.price.words if self.price else (self.reason,)


class PairActs:
    """Setting and lifting pairs; none of these seats or unseats anybody by itself."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def pin(self, nomination: NominationId, assessor: AssessorId, by: By, reason: SteerReason) -> None:
        """Has an assessor sit on the nomination's panel, if its panel gets new members at all.

        Raises:
            RefusedError: A hard rule bars them, they were asked already, the pair is forbidden, or as many are
                pinned as there are seats.
            NotKnownError: There is no such nomination, or no such assessor in its cohort.
        """
        await self.change(PairChange(nomination, pinned=assessor), by, reason)

    async def forbid(self, nomination: NominationId, assessor: AssessorId, by: By, reason: SteerReason) -> None:
        """Keeps an assessor from the nomination's panel.

        Raises:
            RefusedError: They sit on it or were asked already, or are pinned to it.
            NotKnownError: There is no such nomination, or no such assessor in its cohort.
        """
        await self.change(PairChange(nomination, forbidden=assessor), by, reason)

    async def lift(self, nomination: NominationId, assessor: AssessorId, by: By, reason: SteerReason) -> None:
        """Takes a pair away, so that the allocation chooses freely again.

        Raises:
            RefusedError: The pair is neither pinned nor forbidden.
            NotKnownError: There is no such nomination, or no such assessor in its cohort.
        """
        await self.change(PairChange(nomination, lifted=assessor), by, reason)

    async def swap(
        self, nomination: NominationId, goes: AssessorId, comes: AssessorId, by: By, reason: SteerReason
    ) -> None:
        """Has one assessor sit in another's place in the next proposal: one is pinned, the other forbidden.

        Raises:
            RefusedError: As `pin` and `forbid`.
            NotKnownError: There is no such nomination, or no such assessor in its cohort.
        """
        await self.change(PairChange(nomination, pinned=comes, forbidden=goes), by, reason)

    async def change(self, change: PairChange, by: By, reason: SteerReason) -> None:
        """Makes a change of pairs, all of it or nothing; pairs that stand so already stay as they are."""
        now = self._desk.clock()
        async with self._desk.transaction() as session:
            # A release reads the nomination under a lock as well: it comes wholly before this, or wholly after.
            row = await _checked(session, change, by, lock=True)
            made = [
                (assessor, kind, await _write(session, row, assessor, kind, by=by, reason=reason, now=now))
                for assessor, kind in (
                    (change.pinned, PairKind.PINNED),
                    (change.forbidden, PairKind.FORBIDDEN),
                    (change.lifted, None),
                )
                if assessor is not None
            ]
            for assessor, kind, before in made:
                if before is kind:
                    continue
                await audit.append(
                    session,
                    at=now,
                    actor=by.person,
                    role=by.role,
                    what=f"pair {kind.value}" if kind else "pair lifted",
                    subject=f"{change.nomination}.{assessor}",
                    before={"pair": before.value if before else None},
                    after={"pair": kind.value if kind else None},
                    reason=reason.value,
                )


async def priced(sessions: Sessions, *, change: PairChange, by: By, seconds: float = PRICED_WITHIN) -> Priced:
    """What a change would cost the panels that wait, before it is made.

    Args:
        sessions: The database.
        change: What would be changed.
        by: Who asks.
        seconds: Time allowed.

    Raises:
        RefusedError: The change would be refused.
        NotKnownError: There is no such nomination, or no such assessor in its cohort.
    """
    async with sessions() as session:
        row = await _checked(session, change, by)
        problem = await problem_of(session, row.cohort_id, RunKind.BATCH)
        aim = (await policy_of(session, row.cohort_id)).allocation.aim
    if row.id not in {one.id for one in problem.nominations}:
        state = "paused" if row.paused else WORDS[row.stage]
        return Priced(
            None, f"{row.id} does not wait for a panel now ({state}), so there is nothing to compare with yet."
        )
    after = with_pairs(
        problem,
        pinned=_pairs(row.id, change.pinned),
        forbidden=_pairs(row.id, change.forbidden),
        lifted=_pairs(row.id, change.lifted),
    )
    told = asyncio.to_thread(partial(pair_price, problem, after, aim=aim, seconds=seconds * 0.8))
    try:
        return Priced(await asyncio.wait_for(told, seconds))
    except TimeoutError:
        return Priced(
            None, f"The price could not be told within {seconds:g} seconds: there are too many panels to solve."
        )


async def _write(
    session: AsyncSession,
    row: Nomination,
    assessor: AssessorId,
    kind: PairKind | None,
    *,
    by: By,
    reason: SteerReason,
    now: datetime,
) -> PairKind | None:
    """Writes how the pair is to stand, None for neither; how it stood before."""
    there = await session.get(PairRule, (row.id, assessor))
    if there is not None:
        # What stands so already keeps who set it, and why.
        before = there.kind
        if kind is None:
            await session.delete(there)
        return before
    if kind is not None:
        session.add(
            PairRule(
                nomination_id=row.id,
                assessor_id=assessor,
                cohort_id=row.cohort_id,
                kind=kind,
                reason=reason,
                set_by=by.person,
                set_at=now,
            )
        )
    return None


def _pairs(nomination: str, assessor: str | None) -> frozenset[tuple[str, str]]:
    return frozenset() if assessor is None else frozenset({(nomination, assessor)})


async def _checked(session: AsyncSession, change: PairChange, by: By, *, lock: bool = False) -> Nomination:
    """The nomination, if this change may be made to it by this person."""
    row = await nomination_row(session, change.nomination, lock=lock)
    await require(session, by, Act.SOLVE, subject_of(row), row.cohort_id)
    if row.id in await kept_from(session, Asker(by.person, by.role)):
        raise RefusedError(f"{row.id} waits for your own scores: ask somebody else in operations.")
    named = [one for one in (change.pinned, change.forbidden, change.lifted) if one is not None]
    for assessor in named:
        if await session.get(Assessor, (assessor, row.cohort_id)) is None:
            raise NotKnownError(f"There is no assessor '{assessor}' in {row.cohort_id}.")
    if len(set(named)) < len(named):
        raise RefusedError("Choose two different assessors.")
    if change.lifted is not None and await session.get(PairRule, (row.id, change.lifted)) is None:
        raise RefusedError(
            f"{change.lifted} is neither pinned to {row.id} nor kept from it: there is nothing to lift."
        )
    if change.lifted is None and row.stage not in WITH_A_PANEL_AHEAD:
        raise RefusedError(f"{row.id} gets no assessor any more: the nomination is {WORDS[row.stage]}.")
    if change.forbidden is not None:
        await _refuse_forbidden(session, row, change.forbidden)
    if change.pinned is not None:
        await _refuse_pinned(session, row, change.pinned)
    return row


async def _refuse_forbidden(session: AsyncSession, row: Nomination, assessor: AssessorId) -> None:
    held = await _asked(session, row, assessor)
    if held is not None and held.stage in HOLDING:
        raise RefusedError(
            f"{assessor} sits on the panel of {row.id} already: reassign the assessment {held.id} instead."
        )
    if held is not None:
        raise RefusedError(f"{assessor} was asked about {row.id} before and is not asked again: nothing to forbid.")
    there = await session.get(PairRule, (row.id, assessor))
    if there is not None and there.kind is PairKind.PINNED:
        raise RefusedError(f"{assessor} is pinned to {row.id}: lift that first.")


async def _refuse_pinned(session: AsyncSession, row: Nomination, assessor: AssessorId) -> None:
    held = await _asked(session, row, assessor)
    if held is not None and held.stage in HOLDING:
        raise RefusedError(f"{assessor} sits on the panel of {row.id} already: there is nothing to pin.")
    there = await session.get(PairRule, (row.id, assessor))
    if there is not None and there.kind is PairKind.FORBIDDEN:
        raise RefusedError(f"{assessor} is kept from the panel of {row.id} by operations: lift that first.")
    alone = await problem_of_one(session, row)
    (demand,) = alone.nominations
    person = next(one for one in alone.assessors if one.id == assessor)
    against = standing_against(demand, person, alone.rules)
    if against:
        raise RefusedError(f"{assessor} may not sit on the panel of {row.id}: {assessor} {'; '.join(against)}.")
    if there is not None:
        return
    waiting = row.stage is Stage.AWAITING_PANEL
    seats = alone.rules.size - (len(demand.seated) if waiting else 0)
    if await pins_not_seated(session, row.id) >= seats:
        raise RefusedError(
            f"As many assessors are pinned to {row.id} as its panel has seats: lift one of them first."
        )


async def _asked(session: AsyncSession, row: Nomination, assessor: AssessorId) -> Assessment | None:
    """The assessor's task on the nomination; what an undone run asked counts as not asked."""
    named: AssessmentId = assessment_id(NominationId(row.id), assessor)
    found = await session.get(Assessment, named)
    return None if found is None or found.stage is AssessmentStage.TAKEN_BACK else found

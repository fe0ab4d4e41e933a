"""Acts of moderators and of the talent board: settling flags, deciding, releasing, moving up from the reserve."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from acts.desk import Desk, cohort_row, nomination_row, require, subject_of
from acts.errors import NotKnownError, RefusedError
from acts.locks import refuse_if_held
from models.enums import DecisionReason, Outcome, Resolution, ScoreChangeReason, Stage, TellingStatus
from models.ids import AssessmentId, CohortId, NominationId, PersonId, cohort_workflow, nomination_workflow
from models.messages import (
    By,
    CohortState,
    Decide,
    NominationState,
    Promote,
    Release,
    ReopenDecision,
    ResolveFlags,
)
from models.tables import Assessment, Decision, Nomination, Score, ScoreChange, Telling
from rules.permissions import Act, Subject, may_approve
from rules.stages import WORDS
from storage import audit
from storage.lists import is_nominated_in
from storage.policies import policy_of


@dataclass(frozen=True)
class ChangedScore:
    """A moderator's change of one submitted score, with its coded reason and, if there is more to say, a note."""

    assessment: AssessmentId
    criterion: str
    after: int
    reason: ScoreChangeReason
    note: str = ""


class BoardActs:
    """Each act is checked, saved if it has words to save, told to the workflow, and answered with its new state."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def resolve_flags(
        self,
        nomination: NominationId,
        by: By,
        flags: Sequence[int],
        resolution: Resolution,
        *,
        assessment: AssessmentId | None = None,
        changes: Sequence[ChangedScore] = (),
    ) -> NominationState:
        """Settles flags. Changed scores are written down first, and come into force with the resolution.

        Raises:
            RefusedError: A change is without effect, off the scale, or not of this nomination's submitted scores.
            HeldError: Another moderator has the nomination now.
        """
        message = ResolveFlags(by=by, flags=tuple(flags), resolution=resolution, assessment=assessment)
        async with self._desk.transaction() as session:
            telling = await self.owe_resolution(session, nomination, message, changes)
        return await self._desk.teller.tell(telling, NominationState)

    async def owe_resolution(
        self, session: AsyncSession, nomination: NominationId, message: ResolveFlags, changes: Sequence[ChangedScore]
    ) -> Telling:
        """Writes a resolution down within a transaction; once it is saved, the workflow is to be told.

        Raises:
            RefusedError: As `resolve_flags`.
            HeldError: As `resolve_flags`.
        """
        if bool(changes) != (message.resolution is Resolution.MODERATE):
            raise RefusedError("Moderating needs at least one changed score; any other resolution changes none.")
        row = await nomination_row(session, nomination, lock=True)
        await require(session, message.by, Act.RESOLVE_FLAGS, subject_of(row))
        await refuse_if_held(session, nomination, message.by, self._desk.clock())
        if row.stage is not Stage.QUALITY_ASSURANCE:
            raise RefusedError(f"There are no flags to settle: the nomination is {WORDS[row.stage]}.")
        await _require_nothing_owed(session, row, "resolve_flags")
        await _forget_refused_changes(session, row, message.by)
        for change in changes:
            await self._write_down(session, row, change, message.by)
        return self._desk.owe(session, nomination_workflow(nomination), "resolve_flags", message)

    async def draft_decision(
        self,
        nomination: NominationId,
        by: By,
        outcome: Outcome,
        reason: DecisionReason,
        *,
        place: int | None = None,
        note: str = "",
    ) -> None:
        """Drafts the board's decision; it is a draft until another member approves it.

        Raises:
            RefusedError: The nomination does not await a decision, or its decision has been approved and is about
                to be taken.
        """
        async with self._desk.transaction() as session:
            row = await nomination_row(session, nomination, lock=True)
            await require(session, by, Act.DRAFT_DECISION, subject_of(row))
            await _require_apart(session, by, row.cohort_id)
            if row.stage is not Stage.AWAITING_DECISION:
                raise RefusedError(f"A decision cannot be drafted: the nomination is {WORDS[row.stage]}.")
            # Approved, not on its way and yet not taken: the nomination's workflow has refused it.
            await _require_nothing_owed(session, row, "decide")
            decision = await session.get(Decision, nomination)
            now = self._desk.clock()
            drafted = Decision(
                nomination_id=nomination,
                outcome=outcome,
                place=place,
                reason=reason.value,
                note=note,
                drafted_by=by.person,
                drafted_at=now,
                approved_by=None,
                approved_at=None,
            )
            await session.merge(drafted)
            await audit.append(
                session,
                at=now,
                actor=by.person,
                role=by.role,
                what=audit.DRAFTED,
                subject=nomination,
                before={"outcome": decision.outcome.value} if decision else None,
                after={"outcome": outcome.value, "place": place},
                reason=reason,
            )

    async def approve_decision(self, nomination: NominationId, by: By) -> NominationState:
        """Approves a drafted decision; where the policy says so, the approver is not the one who drafted it."""
        async with self._desk.transaction() as session:
            row = await nomination_row(session, nomination, lock=True)
            await require(session, by, Act.APPROVE_DECISION, subject_of(row))
            await _require_apart(session, by, row.cohort_id)
            decision = await session.get(Decision, nomination, with_for_update=True)
            if decision is None:
                raise NotKnownError(f"No decision has been drafted for {nomination}: draft one first.")
            verdict = may_approve(PersonId(decision.drafted_by), by.person, await policy_of(session, row.cohort_id))
            if not verdict:
                raise RefusedError(verdict.reason)
            if row.stage is not Stage.AWAITING_DECISION:
                raise RefusedError(f"The decision cannot be approved: the nomination is {WORDS[row.stage]}.")
            await _require_nothing_owed(session, row, "decide")
            decision.approved_by, decision.approved_at = by.person, self._desk.clock()
            session.add(decision)
            drafter = By(person=PersonId(decision.drafted_by), role=by.role)
            message = Decide(by=drafter, approved_by=by, outcome=decision.outcome)
            telling = self._desk.owe(session, nomination_workflow(nomination), "decide", message)
        return await self._desk.teller.tell(telling, NominationState)

    async def reopen_decision(self, nomination: NominationId, by: By) -> NominationState:
        """Takes a decision back before it is released."""
        async with self._desk.sessions() as session:
            row = await nomination_row(session, nomination)
            await require(session, by, Act.REOPEN_DECISION, subject_of(row))
            await _require_apart(session, by, row.cohort_id)
        message = ReopenDecision(by=by)
        return await self._desk.update(nomination_workflow(nomination), "reopen_decision", message, NominationState)

    async def release(self, cohort: CohortId, by: By) -> CohortState:
        """Releases all decisions of a cohort together."""
        async with self._desk.sessions() as session:
            await cohort_row(session, cohort)
            await require(session, by, Act.RELEASE, Subject())
            await _require_apart(session, by, cohort)
        return await self._desk.update(cohort_workflow(cohort), "release", Release(by=by), CohortState)

    async def promote(self, nomination: NominationId, by: By) -> NominationState:
        """Admits a nominee from the reserve list to a place that has been given up.

        The cohort is locked until the workflow has answered, so that two members of the board cannot give the same
        place away.

        Raises:
            RefusedError: Every place is taken.
        """
        async with self._desk.transaction() as session:
            row = await nomination_row(session, nomination)
            await require(session, by, Act.PROMOTE, subject_of(row))
            await _require_apart(session, by, row.cohort_id)
            await cohort_row(session, row.cohort_id, lock=True)
            policy = await policy_of(session, row.cohort_id)
            taken = await session.exec(
                select(func.count())
                .select_from(Nomination)
                .where(col(Nomination.cohort_id) == row.cohort_id, col(Nomination.stage) == Stage.IN_POOL)
            )
            if row.stage is Stage.RESERVED and taken.one() >= policy.admission.places:
                raise RefusedError(f"All {policy.admission.places} places are taken: nobody can move up.")
            message = Promote(by=by)
            return await self._desk.update(nomination_workflow(nomination), "promote", message, NominationState)

    async def _write_down(self, session: AsyncSession, row: Nomination, change: ChangedScore, by: By) -> None:
        assessment = await session.get(Assessment, change.assessment)
        score = await session.get(Score, (change.assessment, change.criterion))
        scoring = (await policy_of(session, row.cohort_id)).scoring
        if assessment is None or assessment.nomination_id != row.id or score is None:
            raise RefusedError(f"{row.id} has no score on '{change.criterion}' by {change.assessment}.")
        if not scoring.lowest <= change.after <= scoring.highest:
            raise RefusedError(f"A score is a whole number from {scoring.lowest} to {scoring.highest}.")
        if score.value == change.after:
            raise RefusedError(f"The score on '{change.criterion}' by {change.assessment} is {change.after} already.")
        changes = await session.exec(
            select(func.coalesce(func.max(ScoreChange.change), 0)).where(
                col(ScoreChange.assessment_id) == change.assessment, col(ScoreChange.criterion) == change.criterion
            )
        )
        session.add(
            ScoreChange(
                assessment_id=change.assessment,
                criterion=change.criterion,
                change=changes.one() + 1,
                before=score.value,
                after=change.after,
                reason=change.reason,
                note=change.note,
                changed_by=by.person,
                changed_at=self._desk.clock(),
            )
        )


async def _require_apart(session: AsyncSession, by: By, cohort: str) -> None:
    """Refuses who is nominated in the cohort: in its decisions each place is given before or after their own."""
    if await is_nominated_in(session, by.person, cohort):
        raise RefusedError("You are nominated in this cohort, so you take no part in its decisions.")


async def _require_nothing_owed(session: AsyncSession, row: Nomination, name: str) -> None:
    """Refuses an act while an earlier one of its kind, saved already, is still to reach the workflow."""
    owed = await session.exec(
        select(Telling.id).where(
            col(Telling.workflow_id) == nomination_workflow(NominationId(row.id)),
            col(Telling.name) == name,
            col(Telling.status) == TellingStatus.WAITING,
        )
    )
    if owed.first() is not None:
        raise RefusedError("What was said before is saved and still on its way. Look again in a minute.")


async def _forget_refused_changes(session: AsyncSession, row: Nomination, by: By) -> None:
    """Takes back score changes that an earlier resolution wrote down and the workflow then refused.

    Otherwise they would come into force, unseen, with the next resolution.
    """
    refused = await session.exec(
        select(ScoreChange)
        .join(Assessment, col(Assessment.id) == col(ScoreChange.assessment_id))
        .where(
            col(Assessment.nomination_id) == row.id,
            col(ScoreChange.applied_at).is_(None),
            col(ScoreChange.changed_by) == by.person,
        )
    )
    for change in refused.all():
        await session.delete(change)
    await session.flush()

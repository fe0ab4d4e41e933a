"""Acts of an assessor: accepting, declining, scoring; and of operations on an assessor's deadline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from acts.desk import Desk, assessment_row, assessment_subject, require
from acts.errors import RefusedError
from models.enums import AssessmentStage, AssessorDeclineReason, ConflictKind, ScoreChangeReason, SteerReason
from models.ids import AssessmentId, assessment_workflow
from models.messages import Accept, AssessmentState, By, DeclineAssessment, Extend, SubmitScores
from models.policy import Policy
from models.tables import Assessment, DeclaredConflict, Score, ScoreChange
from rules.assessments import SCORING, WORDS
from rules.permissions import Act
from storage.policies import policy_of
from storage.steps import table_of

_NEW_SCORE = insert(table_of(Score))


@dataclass(frozen=True)
class Scoring:
    """One criterion's score, in points of the policy's scale, with the evidence for it."""

    criterion: str
    value: int
    evidence: str


class AssessmentActs:
    """Each act is checked, saved if it has words to save, told to the workflow, and answered with its new state."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def accept(self, assessment: AssessmentId, by: By) -> AssessmentState:
        """Takes the task."""
        async with self._desk.sessions() as session:
            await self._allow(session, assessment, by, Act.ACCEPT)
        return await self._desk.update(assessment_workflow(assessment), "accept", Accept(by=by), AssessmentState)

    async def decline(
        self, assessment: AssessmentId, by: By, reason: AssessorDeclineReason, conflict: ConflictKind | None = None
    ) -> AssessmentState:
        """Does not take the task, or gives it back; a conflict is kept, and bars this assessor for good."""
        message = DeclineAssessment(by=by, reason=reason)
        async with self._desk.transaction() as session:
            row = await self._require(session, assessment, by, Act.DECLINE_ASSESSMENT)
            if reason is AssessorDeclineReason.CONFLICT:
                declared = DeclaredConflict(
                    nomination_id=row.nomination_id,
                    assessor_id=row.assessor_id,
                    kind=conflict.value if conflict else "other",
                    declared_by=by.person,
                    declared_at=self._desk.clock(),
                )
                await session.merge(declared)
            telling = self._desk.owe(session, assessment_workflow(assessment), "decline", message)
        return await self._desk.teller.tell(telling, AssessmentState)

    async def save_scores(self, assessment: AssessmentId, by: By, scores: Sequence[Scoring]) -> datetime:
        """Saves scores and evidence as typed, complete or not; when they were saved.

        A score that is changed after it was returned for more evidence keeps its old value and says why.

        Raises:
            RefusedError: The assessment is not being scored, or a score is not on the policy's scale.
        """
        now = self._desk.clock()
        async with self._desk.transaction() as session:
            row = await self._require(session, assessment, by, Act.SAVE_SCORE, lock=True)
            if row.stage not in SCORING:
                raise RefusedError(f"Scores cannot be saved: the assessment is {WORDS[row.stage]}.")
            policy = await policy_of(session, row.cohort_id)
            for said in scores:
                _refuse_off_the_scale(said, policy)
            await _save(session, row, {said.criterion: said for said in scores}, by, now)
            row.drafted_at = now
            session.add(row)
        return now

    async def submit_scores(self, assessment: AssessmentId, by: By) -> AssessmentState:
        """Submits the scores as they stand; refused, with every point, while they are not complete."""
        async with self._desk.sessions() as session:
            await self._allow(session, assessment, by, Act.SUBMIT_SCORES)
        message = SubmitScores(by=by)
        return await self._desk.update(assessment_workflow(assessment), "submit", message, AssessmentState)

    async def extend(self, assessment: AssessmentId, by: By, until: datetime, reason: SteerReason) -> AssessmentState:
        """Gives the assessor longer, to answer or to score."""
        async with self._desk.sessions() as session:
            await self._allow(session, assessment, by, Act.EXTEND)
        message = Extend(by=by, until=until, reason=reason)
        return await self._desk.update(assessment_workflow(assessment), "extend", message, AssessmentState)

    async def _require(
        self, session: AsyncSession, assessment: AssessmentId, by: By, act: Act, *, lock: bool = False
    ) -> Assessment:
        row = await assessment_row(session, assessment, lock=lock)
        await self._allow(session, assessment, by, act)
        return row

    async def _allow(self, session: AsyncSession, assessment: AssessmentId, by: By, act: Act) -> None:
        subject, cohort = await assessment_subject(session, assessment)
        await require(session, by, act, subject, cohort)


def _refuse_off_the_scale(said: Scoring, policy: Policy) -> None:
    scoring = policy.scoring
    known = [criterion.code for criterion in scoring.criteria]
    if said.criterion not in known:
        raise RefusedError(f"There is no criterion '{said.criterion}'. There is: {', '.join(known)}.")
    if not scoring.lowest <= said.value <= scoring.highest:
        raise RefusedError(f"A score is a whole number from {scoring.lowest} to {scoring.highest}, not {said.value}.")


async def _save(session: AsyncSession, row: Assessment, scores: Mapping[str, Scoring], by: By, now: datetime) -> None:
    """Writes each criterion's score: the new ones together, the changed ones with what they were."""
    found = await session.exec(select(Score).where(Score.assessment_id == row.id).order_by(col(Score.criterion)))
    there = found.all()
    for score in there:
        if score.criterion in scores:
            await _change(session, row, score, scores[score.criterion], by=by, now=now)
    known = {score.criterion for score in there}
    new = [
        {
            "assessment_id": row.id,
            "criterion": said.criterion,
            "value": said.value,
            "evidence": said.evidence,
            "saved_at": now,
        }
        for said in scores.values()
        if said.criterion not in known
    ]
    if new:
        await (await session.connection()).execute(_NEW_SCORE, new)


async def _change(
    session: AsyncSession, row: Assessment, score: Score, said: Scoring, *, by: By, now: datetime
) -> None:
    if row.stage is AssessmentStage.RETURNED and score.value != said.value:
        earlier = await session.exec(
            select(func.count())
            .select_from(ScoreChange)
            .where(col(ScoreChange.assessment_id) == row.id, col(ScoreChange.criterion) == said.criterion)
        )
        session.add(
            ScoreChange(
                assessment_id=row.id,
                criterion=said.criterion,
                change=earlier.one() + 1,
                before=score.value,
                after=said.value,
                reason=ScoreChangeReason.FURTHER_EVIDENCE,
                changed_by=by.person,
                changed_at=now,
                applied_at=now,
            )
        )
    score.value, score.evidence, score.saved_at = said.value, said.evidence, now
    session.add(score)

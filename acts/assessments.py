"""Acts of an assessor: accepting, declining, scoring; and of operations on an assessor's deadline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import bindparam, func, insert
from sqlalchemy import select as columns
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from acts.desk import Desk, assessment_row, assessment_subject, require
from acts.errors import RefusedError
from models.enums import AssessmentStage, AssessorDeclineReason, ConflictKind, Role, ScoreChangeReason, SteerReason
from models.ids import AssessmentId, assessment_workflow
from models.messages import Accept, AssessmentState, By, DeclineAssessment, Extend, SubmitScores
from models.policy import Policy
from models.tables import Assessment, DeclaredConflict, Score, ScoreChange, ScoreDraft
from rules.assessments import SCORING, WORDS
from rules.permissions import Act
from storage.policies import policy_of
from storage.score_fields import KeptField, score_fields
from storage.steps import table_of

_NEW_SCORE = insert(table_of(Score))
_SEAT, _CONFLICT = table_of(Assessment), table_of(DeclaredConflict)
_CONFLICTED = (
    columns(_CONFLICT.c.kind)
    .join(
        _SEAT,
        (_SEAT.c.nomination_id == _CONFLICT.c.nomination_id) & (_SEAT.c.assessor_id == _CONFLICT.c.assessor_id),
    )
    .where(_SEAT.c.id == bindparam("assessment"))
)
MOST_LETTERS = 20_000
"""Most letters of evidence for one criterion: some ten pages, which nobody types by intent."""


@dataclass(frozen=True)
class Scoring:
    """One criterion's score, in points of the policy's scale, with the evidence for it."""

    criterion: str
    value: int
    evidence: str


@dataclass(frozen=True)
class Typed:
    """What somebody typed into a field; ``revision`` is the one they saw, None where they did not see any."""

    content: str
    revision: int | None


@dataclass(frozen=True)
class SavedField:
    """What is stored of a field; ``taken`` is False where somebody else's words, or another tab's, stand there."""

    content: str
    revision: int
    saved_at: datetime
    taken: bool


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
            row = await self._require_scoring(session, assessment, by)
            policy = await policy_of(session, row.cohort_id)
            for said in scores:
                _refuse_off_the_scale(said, policy)
            await _save(session, row, {said.criterion: said for said in scores}, by, now)
            row.drafted_at = now
            session.add(row)
        return now

    async def save_fields(
        self, assessment: AssessmentId, by: By, typed: Mapping[str, Typed]
    ) -> Mapping[str, SavedField]:
        """Saves fields of the scores as typed, ``<criterion>.value`` and ``<criterion>.evidence``; each as it stands.

        A field that was changed since its ``revision`` was seen keeps what it holds, unless what was typed says the
        same or goes on from there.

        Raises:
            RefusedError: The assessment is not being scored, there is no such field, or a text is too long.
        """
        now = self._desk.clock()
        async with self._desk.transaction() as session:
            row = await self._require_scoring(session, assessment, by)
            policy = await policy_of(session, row.cohort_id)
            for field, said in typed.items():
                _refuse_field(field, said.content, policy)
            there = await score_fields(session, assessment)
            saved = {field: _settled(there.get(field), said, now) for field, said in typed.items()}
            for field, one in saved.items():
                if one.taken and one.saved_at == now:
                    draft = ScoreDraft(
                        assessment_id=assessment,
                        field=field,
                        content=one.content,
                        revision=one.revision,
                        saved_at=now,
                    )
                    await session.merge(draft)
            row.drafted_at = now
            session.add(row)
        return saved

    async def submit_fields(self, assessment: AssessmentId, by: By) -> AssessmentState:
        """Makes scores of the fields as they stand, and submits them; done again, it changes nothing.

        Raises:
            RefusedError: A criterion has no score or no evidence yet, or the assessment cannot be submitted.
            NotReachedError: The scores are saved, and the workflow could not be told: submit again.
        """
        async with self._desk.transaction() as session:
            row = await self._require(session, assessment, by, Act.SUBMIT_SCORES, lock=True)
            if row.stage is AssessmentStage.SUBMITTED:
                return _state_of(row)
            if row.stage in SCORING:
                policy = await policy_of(session, row.cohort_id)
                scores = _scores_from(await score_fields(session, assessment), policy)
                await _save(session, row, {said.criterion: said for said in scores}, by, self._desk.clock())
        try:
            return await self._desk.update(
                assessment_workflow(assessment), "submit", SubmitScores(by=by), AssessmentState
            )
        except RefusedError:
            # An answer that was lost on its way is given to whoever asks again.
            async with self._desk.sessions() as session:
                row = await assessment_row(session, assessment)
            if row.stage is AssessmentStage.SUBMITTED:
                return _state_of(row)
            raise

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

    async def _require_scoring(self, session: AsyncSession, assessment: AssessmentId, by: By) -> Assessment:
        row = await self._require(session, assessment, by, Act.SAVE_SCORE, lock=True)
        if row.stage not in SCORING:
            raise RefusedError(f"Scores cannot be saved: the assessment is {WORDS[row.stage]}.")
        return row

    async def _require(
        self, session: AsyncSession, assessment: AssessmentId, by: By, act: Act, *, lock: bool = False
    ) -> Assessment:
        row = await assessment_row(session, assessment, lock=lock)
        await self._allow(session, assessment, by, act)
        return row

    async def _allow(self, session: AsyncSession, assessment: AssessmentId, by: By, act: Act) -> None:
        subject, cohort = await assessment_subject(session, assessment)
        if by.role is Role.ASSESSOR:
            declared = await (await session.connection()).execute(_CONFLICTED, {"assessment": assessment})
            subject = replace(subject, conflicted=declared.first() is not None)
        await require(session, by, act, subject, cohort)


def _refuse_field(field: str, content: str, policy: Policy) -> None:
    criterion, _, part = field.rpartition(".")
    if part not in {"value", "evidence"} or criterion not in {one.code for one in policy.scoring.criteria}:
        raise RefusedError("The scores have no such field. Open the page again.")
    if part == "evidence" and len(content) > MOST_LETTERS:
        raise RefusedError(
            f"The evidence is {len(content):,} letters long and may have {MOST_LETTERS:,}. Shorten it."
        )
    if part == "value" and content and _value_of(content, policy) is None:
        raise RefusedError(f"Choose a score from {policy.scoring.lowest} to {policy.scoring.highest}.")


def _value_of(content: str, policy: Policy) -> int | None:
    points = range(policy.scoring.lowest, policy.scoring.highest + 1)
    return next((value for value in points if str(value) == content), None)


def _settled(there: KeptField | None, said: Typed, now: datetime) -> SavedField:
    if there is None:
        return SavedField(said.content, 1, now, taken=True)
    if there.content == said.content:
        return SavedField(there.content, there.revision, there.saved_at, taken=True)
    # A text that goes on from what stands there loses nothing of it, such as one whose beginning is just being saved.
    goes_on = said.content.startswith(there.content)
    if said.revision is not None and said.revision != there.revision and not goes_on:
        return SavedField(there.content, there.revision, there.saved_at, taken=False)
    return SavedField(said.content, there.revision + 1, now, taken=True)


def _scores_from(fields: Mapping[str, KeptField], policy: Policy) -> list[Scoring]:
    """The scores that the fields say.

    Raises:
        RefusedError: Some criteria have no score or no evidence; the sentence names them.
    """
    scores, absent = [], []
    for criterion in policy.scoring.criteria:
        value, evidence = fields.get(f"{criterion.code}.value"), fields.get(f"{criterion.code}.evidence")
        points = _value_of(value.content, policy) if value else None
        if points is None or evidence is None or not evidence.content.strip():
            absent.append(criterion.name)
        else:
            scores.append(Scoring(criterion.code, points, evidence.content))
    if absent:
        raise RefusedError(f"Give a score with evidence for: {'; '.join(absent)}. Then submit.")
    return scores


def _state_of(row: Assessment) -> AssessmentState:
    return AssessmentState(assessment=AssessmentId(row.id), stage=row.stage, due_at=row.due_at, steps=row.steps)


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

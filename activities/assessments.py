"""What an assessment's workflow writes."""

from datetime import datetime

from sqlalchemy import RowMapping, bindparam, select, update
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.errors import missing, refused
from models.enums import AssessmentStage
from models.messages import AssessmentStep
from models.tables import Assessment, Assessor, Score
from storage.policies import policy_of
from storage.steps import Addressee, Change, queue_letters, table_of, take_step

TAKEN_BACK = "We have taken this request back, and nothing is asked of you any more."
_MOMENTS = {
    AssessmentStage.OFFERED: "offered_at",
    AssessmentStage.ACCEPTED: "accepted_at",
    AssessmentStage.SUBMITTED: "submitted_at",
}
_ROW, _ASSESSOR, _SCORE = table_of(Assessment), table_of(Assessor), table_of(Score)
_LOCKED = (
    select(
        _ROW.c.cohort_id,
        _ROW.c.nomination_id,
        _ROW.c.stage,
        _ROW.c.stage_since,
        _ROW.c.due_at,
        _ROW.c.offered_at,
        _ROW.c.decline_reason,
        _ROW.c.steps,
        _ASSESSOR.c.person_id,
    )
    .join(_ASSESSOR, (_ASSESSOR.c.id == _ROW.c.assessor_id) & (_ASSESSOR.c.cohort_id == _ROW.c.cohort_id))
    .where(_ROW.c.id == bindparam("assessment"))
    .with_for_update(key_share=True, of=_ROW)
)
_STAND = update(_ROW).where(_ROW.c.id == bindparam("assessment"))
_GIVEN = select(_SCORE.c.criterion, _SCORE.c.evidence).where(_SCORE.c.assessment_id == bindparam("assessment"))


class AssessmentActivities:
    """Writes one step in one transaction, and changes nothing when it runs again."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions

    @activity.defn(name="record_assessment")
    async def record_assessment(self, asked: AssessmentStep) -> None:
        """Writes an assessment's stage and deadline, and owes the letters that go with it.

        It may run more than once: the step's key makes the second run do nothing.

        Raises:
            ApplicationError: ``Refused`` when scores are submitted that are not complete, and when the seat has been
                taken back with its run; ``AssessmentMissing`` when the row is not there. Neither is retried.
        """

        async def write(session: AsyncSession) -> Change:
            row = await _locked(session, asked.assessment)
            if row is None:
                raise missing("Assessment", asked.assessment)
            if _is_gone(row, asked):
                raise refused(TAKEN_BACK)
            if asked.stage is AssessmentStage.SUBMITTED and row["stage"] is not AssessmentStage.SUBMITTED:
                await _require_complete_scores(session, asked.assessment, row["cohort_id"])
            await _stand(session, row, asked)
            people = {"assessor": row["person_id"]}
            addressee = Addressee(row["cohort_id"], row["nomination_id"], asked.assessment, people)
            await queue_letters(session, asked.step, asked.notices, addressee)
            return Change(_snapshot(_before(row), row["due_at"]), _snapshot(asked.stage, asked.due_at))

        async def catch_up(session: AsyncSession) -> None:
            row = await _locked(session, asked.assessment)
            if row is not None and asked.step.number >= row["steps"] and not _is_gone(row, asked):
                await _stand(session, row, asked)

        await take_step(self._sessions, asked.step, asked.assessment, write, catch_up)


def _is_gone(row: RowMapping, asked: AssessmentStep) -> bool:
    """Whether the seat was taken back with its run, and the assessment's workflow has not heard of it yet.

    Nothing more is written of it then, but that it was taken back, or that nobody needs it.
    """
    ends = (AssessmentStage.TAKEN_BACK, AssessmentStage.STOOD_DOWN)
    return row["stage"] is AssessmentStage.TAKEN_BACK and asked.stage not in ends


def _before(row: RowMapping) -> AssessmentStage:
    """Where the assessment stood before the step; a seat is taken back before its assessment's own step says so."""
    if row["stage"] is not AssessmentStage.TAKEN_BACK:
        return AssessmentStage(row["stage"])
    return AssessmentStage.OFFERED if row["offered_at"] else AssessmentStage.SEATED


async def _locked(session: AsyncSession, assessment: str) -> RowMapping | None:
    """What a step needs to know of the row, and whom it concerns; the row is locked."""
    rows = await (await session.connection()).execute(_LOCKED, {"assessment": assessment})
    return rows.mappings().one_or_none()


async def _stand(session: AsyncSession, row: RowMapping, asked: AssessmentStep) -> None:
    """Makes the row say where the assessment stands after the step."""
    stands: dict[str, object] = {
        "stage": asked.stage,
        "stage_since": row["stage_since"],
        "due_at": asked.due_at,
        "decline_reason": asked.decline_reason or row["decline_reason"],
        "steps": asked.step.number,
    }
    if row["stage"] is not asked.stage:
        stands["stage_since"] = asked.step.at
        if asked.stage in _MOMENTS:
            stands[_MOMENTS[asked.stage]] = asked.step.at
    await (await session.connection()).execute(_STAND, {"assessment": asked.assessment, **stands})


def _snapshot(stage: AssessmentStage, due_at: datetime | None) -> dict[str, object]:
    return {"stage": stage.value, "due_at": due_at.isoformat() if due_at else None}


async def _require_complete_scores(session: AsyncSession, assessment: str, cohort: str) -> None:
    policy = await policy_of(session, cohort)
    scores = await (await session.connection()).execute(_GIVEN, {"assessment": assessment})
    given = {criterion for criterion, evidence in scores if evidence.strip()}
    absent = [criterion.name for criterion in policy.scoring.criteria if criterion.code not in given]
    if absent:
        raise refused(f"Give a score with evidence for: {'; '.join(absent)}. Then submit.")

"""What an assessment's workflow writes."""

from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.errors import missing, refused
from models.enums import AssessmentStage
from models.messages import AssessmentStep
from models.tables import Assessment, Assessor, Score
from storage.policies import policy_of
from storage.steps import Addressee, Change, queue_letters, take_step

_MOMENTS = {
    AssessmentStage.OFFERED: "offered_at",
    AssessmentStage.ACCEPTED: "accepted_at",
    AssessmentStage.SUBMITTED: "submitted_at",
}


class AssessmentActivities:
    """Writes one step in one transaction, and changes nothing when it runs again."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions

    @activity.defn(name="record_assessment")
    async def record_assessment(self, asked: AssessmentStep) -> None:
        """Writes an assessment's stage and deadline, and owes the letters that go with it.

        It may run more than once: the step's key makes the second run do nothing.

        Raises:
            ApplicationError: ``Refused`` when scores are submitted that are not complete; ``AssessmentMissing``
                when the row is not there. Neither is retried.
        """

        async def write(session: AsyncSession) -> Change:
            row = await session.get(Assessment, asked.assessment, with_for_update=True)
            if row is None:
                raise missing("Assessment", asked.assessment)
            before = _snapshot(row)
            if asked.stage is AssessmentStage.SUBMITTED and row.stage is not AssessmentStage.SUBMITTED:
                await _require_complete_scores(session, row)
            _stand(row, asked)
            session.add(row)
            if asked.notices:
                assessor = await session.get(Assessor, (row.assessor_id, row.cohort_id))
                people = {"assessor": assessor.person_id} if assessor else {}
                addressee = Addressee(row.cohort_id, row.nomination_id, row.id, people)
                queue_letters(session, asked.step, asked.notices, addressee)
            return Change(before, _snapshot(row))

        async def catch_up(session: AsyncSession) -> None:
            row = await session.get(Assessment, asked.assessment, with_for_update=True)
            if row is not None and asked.step.number >= row.steps:
                _stand(row, asked)
                session.add(row)

        await take_step(self._sessions, asked.step, asked.assessment, write, catch_up)


def _stand(row: Assessment, asked: AssessmentStep) -> None:
    """Makes the row say where the assessment stands after the step."""
    if row.stage is not asked.stage:
        row.stage_since = asked.step.at
        if asked.stage in _MOMENTS:
            setattr(row, _MOMENTS[asked.stage], asked.step.at)
    row.stage = asked.stage
    row.due_at = asked.due_at
    row.decline_reason = asked.decline_reason or row.decline_reason
    row.steps = asked.step.number


def _snapshot(row: Assessment) -> dict[str, object]:
    return {"stage": row.stage.value, "due_at": row.due_at.isoformat() if row.due_at else None}


async def _require_complete_scores(session: AsyncSession, row: Assessment) -> None:
    policy = await policy_of(session, row.cohort_id)
    scores = await session.exec(select(Score).where(col(Score.assessment_id) == row.id))
    given = {score.criterion for score in scores if score.evidence.strip()}
    absent = [criterion.name for criterion in policy.scoring.criteria if criterion.code not in given]
    if absent:
        raise refused(f"Give a score with evidence for: {'; '.join(absent)}. Then submit.")

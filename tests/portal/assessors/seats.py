"""Tasks for tests of assessors' pages."""

from datetime import UTC, datetime, timedelta

from models.enums import AssessmentStage, NominationRoute, Readiness, Stage
from models.ids import AssessmentId
from models.tables import Assessment, Assessor, Nomination, Person
from tests.workflows.rig import Case, CohortRig


async def offered(cohort: CohortRig, *, full_name: str | None = None) -> tuple[Case, AssessmentId]:
    """A new nomination whose panel has been asked, and one of its offers."""
    case = await cohort.nominate(full_name=full_name)
    await case.reach(Stage.SCORING)
    return case, (await case.offered())[0]


async def accepted(cohort: CohortRig, *, full_name: str | None = None) -> tuple[Case, AssessmentId]:
    """The same, accepted."""
    case, one = await offered(cohort, full_name=full_name)
    await case.accept(one)
    return case, one


async def seat(cohort: CohortRig, assessor: Assessor, count: int, stage: AssessmentStage) -> None:
    """So many assessments, as rows alone."""
    now = datetime.now(UTC)
    key = cohort.rig.number()
    async with cohort.rig.sessions.begin() as session:
        held = await session.get_one(Assessor, (assessor.id, cohort.id))
        held.capacity = 999
        session.add(held)
        for number in range(count):
            session.add(
                Person(
                    id=f"p-c{key:05x}{number:06x}",
                    full_name="N",
                    email=f"{key}.{number}.{cohort.id}@example.nhs.test",
                )
            )
        await session.flush()
        for number in range(count):
            session.add(
                Nomination(
                    id=f"{cohort.id}-{key}{number:03}",
                    cohort_id=cohort.id,
                    person_id=f"p-c{key:05x}{number:06x}",
                    organisation_code="R1D",
                    nominated_by=f"p-c{key:05x}{number:06x}",
                    route=NominationRoute.SELF,
                    readiness=Readiness.READY_NOW,
                    created_at=now,
                    stage_since=now,
                )
            )
        await session.flush()
        for number in range(count):
            session.add(
                Assessment(
                    id=f"{cohort.id}-{key}{number:03}.{assessor.id}",
                    cohort_id=cohort.id,
                    nomination_id=f"{cohort.id}-{key}{number:03}",
                    assessor_id=assessor.id,
                    run=1,
                    seated_at=now,
                    stage=stage,
                    stage_since=now + timedelta(seconds=number),
                    due_at=now + timedelta(days=5, seconds=count - number),
                )
            )

"""Tasks for tests of assessors' pages."""

from models.enums import Stage
from models.ids import AssessmentId
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

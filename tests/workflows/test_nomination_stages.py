"""Every stage and every exit of the stage table, each reached through the workflow."""

import pytest

from models.enums import Stage
from tests.workflows.rig import CohortRig


@pytest.mark.parametrize("stage", list(Stage))
async def test_stage_is_reached_by_what_people_do(cohort: CohortRig, stage: Stage) -> None:
    case = await cohort.nominate()

    await case.reach(stage)

    assert (await case.state()).stage is stage
    assert (await case.row()).stage is stage

"""The worker without a memory: nothing is lost by it, and each workflow task really begins at the first event."""

from pathlib import Path

from temporalio.api.enums.v1 import EventType
from temporalio.testing import WorkflowEnvironment

from models.enums import Stage
from models.ids import assessment_workflow
from stack.postgres import EmbeddedPostgres
from tests.workflows.conftest import a_rig
from tests.workflows.rig import Rig


async def tasks(rig: Rig, workflow: str) -> dict[EventType.ValueType, int]:
    """How many workflow tasks of a workflow ended in each way."""
    history = await rig.client.get_workflow_handle(workflow).fetch_history()
    ends = (
        EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
        EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED,
        EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT,
    )
    return {end: sum(event.event_type == end for event in history.events) for end in ends}


async def test_each_workflow_task_begins_at_the_first_event_and_none_is_lost(
    temporal_env: WorkflowEnvironment, postgres_server: EmbeddedPostgres, template_database: str, tmp_path: Path
) -> None:
    async with a_rig(temporal_env, postgres_server, template_database, tmp_path, forgetful=True) as rig:
        case = await (await (await rig.cohort()).nominate()).reach(Stage.IN_POOL)
        workflows = [case.workflow, *(assessment_workflow(one.id) for one in await case.panel())]  # type: ignore[arg-type]

        ended = {workflow: list((await tasks(rig, workflow)).values()) for workflow in workflows}

    assert len(workflows) == 4
    for workflow, (completed, failed, timed_out) in ended.items():
        assert completed > 1
        assert rig.begun[workflow] >= completed
        assert (failed, timed_out) == (0, 0)

from datetime import datetime, timedelta
from uuid import uuid4

from temporalio import workflow
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker


@workflow.defn
class NineDays:
    @workflow.run
    async def run(self) -> list[datetime]:
        began = workflow.now()
        await workflow.sleep(timedelta(days=9))
        return [began, workflow.now()]


async def test_nine_days_pass_in_a_moment_when_the_clock_is_moved_on(temporal_env: WorkflowEnvironment) -> None:
    queue = f"test-{uuid4()}"
    async with Worker(temporal_env.client, task_queue=queue, workflows=[NineDays]):
        handle = await temporal_env.client.start_workflow(NineDays.run, id=queue, task_queue=queue)
        started = datetime.now().astimezone()

        await temporal_env.fast_forward(handle, timedelta(days=9, seconds=1))
        began, ended = await handle.result()

        assert timedelta(days=9) <= ended - began < timedelta(days=9, minutes=1)
        assert datetime.now().astimezone() - started < timedelta(seconds=5)


async def test_clock_stands_when_nobody_moves_it_on(temporal_env: WorkflowEnvironment) -> None:
    queue = f"test-{uuid4()}"
    async with Worker(temporal_env.client, task_queue=queue, workflows=[NineDays]):
        handle = await temporal_env.client.start_workflow(NineDays.run, id=queue, task_queue=queue)

        await temporal_env.fast_forward(handle, timedelta(days=8))

        description = await handle.describe()
        assert description.close_time is None
        await handle.terminate()

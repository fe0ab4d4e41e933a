"""A worker for the bare workflows, tuned as the product's own is; ``/health`` answers once it works.

Run as a script by the bench, with ``TEMPORAL_ADDRESS`` and ``DATABASE_URL`` in its environment.
"""

import asyncio
import json
import signal
import sys
from pathlib import Path

if __name__ == "__main__":
    # A script's own folder comes first on the path; the rooms lie one above it.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from temporalio.worker import PollerBehaviorAutoscaling, Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from bench.bare import TASK_QUEUE, BareAssessment, BareNomination, nothing
from bench.plain import PlainActivities, make_tables
from stack.client import connect
from stack.errors import StackError
from stack.health import Page, serve
from stack.settings import load_settings
from storage.engine import make_engine


async def work() -> None:
    """Work until SIGTERM."""
    settings = load_settings()
    if settings.database_url is None:
        raise StackError("No database is named: the bench sets DATABASE_URL.")
    engine = make_engine(settings.database_url, pool_size=settings.database_connections, overflow=0, try_first=False)
    await make_tables(engine)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    client = await connect(settings)
    worker = Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[BareNomination, BareAssessment],
        activities=[nothing, PlainActivities(engine).one_transaction],
        workflow_runner=SandboxedWorkflowRunner(
            restrictions=SandboxRestrictions.default.with_passthrough_modules("pydantic", "temporalio", "stack")
        ),
        max_cached_workflows=settings.max_cached_workflows,
        max_concurrent_workflow_tasks=settings.max_concurrent_workflow_tasks,
        max_concurrent_activities=settings.max_concurrent_activities,
        max_concurrent_local_activities=settings.max_concurrent_local_activities,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
    )

    async def health() -> Page:
        return Page(200 if worker.is_running else 503, json.dumps({"working": worker.is_running}).encode())

    async with worker:
        server = await serve({"/health": health}, address="127.0.0.1", port=settings.health_port or 0)
        await ended.wait()
        server.close()
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(work())

"""Runs a worker: carries out workflows and activities until it is asked to end.

Start as many as are needed, on as many machines as are needed; they share one Temporal task queue. A worker
outlives its servers: while Temporal or PostgreSQL is away it waits, /health answers 503, and it goes on by itself.
"""

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from typing import NoReturn, TypeVar

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity, workflow
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)
from temporalio.service import RPCError
from temporalio.worker import PollerBehaviorAutoscaling, Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities import build
from activities.errors import ActivityErrors
from models.messages import OutboxAsked
from notify.settled import channel_of, poster_of, sender_of
from stack.children import free_port
from stack.client import TemporalUnreachableError, connect, register_search_attributes
from stack.errors import StackError
from stack.health import Health, Page, serve
from stack.logs import configure_logs
from stack.metrics import count_waiting, exposition, sdk_metrics
from stack.settings import Settings, SettingsError, described, load_settings
from storage.engine import make_engine, sessions
from workflows.all import WORKFLOWS
from workflows.outbox import OutboxWorkflow
from workflows.webhooks import WebhooksWorkflow

_log = structlog.get_logger("worker")

PASSED_THROUGH = (
    "activities", "models", "rules", "storage",
    "holidays", "pydantic", "pydantic_core", "sqlalchemy", "sqlmodel", "structlog", "temporalio",
)  # fmt: skip
"""Modules that workflows share with the process instead of importing them anew at every start, which would cost
half a second of computing each. Never `workflows`: the sandbox's checks do not reach into what is passed through."""

_PROBE_SECONDS = 1.5  # less than a health check's own patience
_AGAIN_SECONDS = 2.0
_AFTER_GRACE_SECONDS = 10.0

Result = TypeVar("Result")


def sandboxed() -> SandboxedWorkflowRunner:
    """The runner that refuses clocks, randomness and input or output inside workflow modules."""
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH))


async def start_webhooks(client: Client, task_queue: str) -> None:
    """Start the workflow that sends events to programs, unless it runs; one for each task queue."""
    await client.start_workflow(
        WebhooksWorkflow.run,
        OutboxAsked(),
        id=f"webhooks/{task_queue}",
        task_queue=task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary="Sends events of nominations to the programs of their organisations",
    )


async def start_outbox(client: Client, task_queue: str) -> None:
    """Start the workflow that delivers the outbox, unless it runs; one for each task queue."""
    await client.start_workflow(
        OutboxWorkflow.run,
        OutboxAsked(),
        id=f"outbox/{task_queue}",
        task_queue=task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary="Delivers what the database owes to people and to workflows",
    )


def make_worker(
    client: Client, settings: Settings, activities: Sequence[Callable[..., object]], threads: ThreadPoolExecutor
) -> Worker:
    """A worker with every workflow, tuned by the settings.

    Pollers scale by themselves: with a fixed number, one of them alone looks for new workflows, which then wait
    for seconds behind those that run.
    """
    return Worker(
        client,
        task_queue=settings.task_queue,
        workflows=list(WORKFLOWS),
        activities=list(activities),
        activity_executor=threads,
        workflow_runner=sandboxed(),
        interceptors=[ActivityErrors()],
        max_cached_workflows=settings.max_cached_workflows,
        max_concurrent_workflow_tasks=settings.max_concurrent_workflow_tasks,
        max_concurrent_activities=settings.max_concurrent_activities,
        max_concurrent_local_activities=settings.max_concurrent_local_activities,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
        max_heartbeat_throttle_interval=timedelta(seconds=5),
        graceful_shutdown_timeout=timedelta(seconds=settings.grace_seconds),
    )


class WorkerProcess:
    """One worker from start to end, and what can be seen of it from outside.

    Args:
        settings: They name both servers.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._identity = f"worker/{socket.gethostname()}/{os.getpid()}"
        self._stop = asyncio.Event()
        self._client: Client | None = None
        self._worker: Worker | None = None
        self._polled = False
        self._sdk_port: int | None = None
        self._watching: AsyncEngine | None = None

    def stop(self) -> None:
        """Ask for the end: activities in flight finish, and nothing new begins."""
        self._stop.set()

    async def run(self) -> None:
        """Work until `stop`; a server that is away is waited for.

        Raises:
            StackError: When the settings cannot work.
        """
        if self.settings.database_url is None or self.settings.temporal_address is None:
            raise StackError(
                "A worker starts no servers: set DATABASE_URL and TEMPORAL_ADDRESS, or start everything by 'make up'."
            )
        async with AsyncExitStack() as opened:
            engine = self._engine(opened, connections=self.settings.database_connections)
            self._watching = self._engine(opened, connections=2)
            await self._open_ports(opened)
            client = self._client = await self._unless_stopped(self._connected())
            if client is None:
                return
            activities = build(
                sessions=sessions(engine),
                client=client,
                channel=channel_of(self.settings),
                sender=sender_of(self.settings),
                task_queue=self.settings.task_queue,
                poster=poster_of(self.settings),
            )
            threads = ThreadPoolExecutor(self.settings.max_concurrent_activities, "activity")
            opened.callback(threads.shutdown, wait=False, cancel_futures=True)
            while not self._stop.is_set():
                await self._work(make_worker(client, self.settings, activities, threads))

    async def _connected(self) -> Client:
        """A client whose namespace has its search attributes, its outbox and its webhooks."""
        runtime = self._runtime()
        try:
            client = await connect(self.settings, runtime=runtime, identity=self._identity)
        except TemporalUnreachableError as error:
            _log.warning("still trying", reason=str(error))
            client = await connect(self.settings, attempts=None, runtime=runtime, identity=self._identity)
        while True:
            try:
                added = await register_search_attributes(client)
                await start_outbox(client, self.settings.task_queue)
                await start_webhooks(client, self.settings.task_queue)
            except RPCError:
                _log.warning("Temporal went away while the worker was starting; it is tried again", exc_info=True)
                await asyncio.sleep(_AGAIN_SECONDS)
            else:
                _log.info("connected", temporal=self.settings.temporal_address, search_attributes_added=added)
                return client

    async def _work(self, worker: Worker) -> None:
        """Work until `stop`, or until this worker fails and the next one takes its place."""
        working, stopping = asyncio.ensure_future(worker.run()), asyncio.ensure_future(self._stop.wait())
        self._worker = worker
        try:
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                await self._let_finish(worker)
            await working
        except (RPCError, RuntimeError):
            # Such as a server that answered, and did not know the namespace yet.
            _log.warning("the worker failed; another one starts", exc_info=True)
            await self._unless_stopped(asyncio.sleep(_AGAIN_SECONDS))
        finally:
            stopping.cancel()

    async def _let_finish(self, worker: Worker) -> None:
        grace = self.settings.grace_seconds
        _log.info("ending", seconds_for_activities=grace)
        async with asyncio.timeout(grace + _AFTER_GRACE_SECONDS):
            await worker.shutdown()

    async def _unless_stopped(self, doing: Coroutine[None, None, Result]) -> Result | None:
        """Its result, or None when `stop` came first."""
        task, stopping = asyncio.ensure_future(doing), asyncio.ensure_future(self._stop.wait())
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if task.done():
            return await task
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        return None

    # What it opens

    def _engine(self, opened: AsyncExitStack, *, connections: int) -> AsyncEngine:
        if self.settings.database_url is None:
            raise StackError("No database is named: set DATABASE_URL.")
        engine = make_engine(self.settings.database_url, pool_size=connections, overflow=0, try_first=False)
        opened.push_async_callback(engine.dispose)
        return engine

    async def _open_ports(self, opened: AsyncExitStack) -> None:
        """/health and /metrics; both ports first of all, so that a worker that waits can be seen to wait."""
        address = self.settings.listen_address
        both = {"/health": self._health_page, "/metrics": self._metrics_page}
        ports = {self.settings.metrics_port: {"/metrics": self._metrics_page}, self.settings.health_port: both}
        for port, pages in ports.items():
            if port is not None:
                opened.callback((await serve(pages, address=address, port=port)).close)

    def _runtime(self) -> Runtime:
        """The SDK's own log lines among ours, and its metrics where `_metrics_page` reads them."""
        lines = LoggingConfig(
            filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
            forwarding=LogForwardingConfig(
                logger=logging.getLogger("temporalio.core"),
                # Fields may hold a failure's whole text.
                append_log_fields_to_message=False,
            ),
        )
        if self.settings.health_port is None and self.settings.metrics_port is None:
            return Runtime(telemetry=TelemetryConfig(logging=lines))
        self._sdk_port = free_port()
        metrics = PrometheusConfig(bind_address=f"127.0.0.1:{self._sdk_port}")
        return Runtime(telemetry=TelemetryConfig(logging=lines, metrics=metrics))

    # What is seen of it

    async def _health_page(self) -> Page:
        polling, database = await asyncio.gather(self._polls(), self._database_answers())
        return Health(polling=polling, database=database, stopping=self._stop.is_set()).page()

    async def _metrics_page(self) -> Page:
        waiting = None
        if self._watching is not None:
            with suppress(SQLAlchemyError, OSError, TimeoutError):
                async with asyncio.timeout(_PROBE_SECONDS):
                    waiting = await count_waiting(sessions(self._watching))
        sdk = b""
        if self._sdk_port is not None:
            with suppress(OSError, TimeoutError):
                sdk = await sdk_metrics(self._sdk_port)
        return Page(200, sdk + exposition(waiting))

    async def _polls(self) -> bool:
        """Whether Temporal answers, this worker runs, and Temporal has seen it ask for work."""
        if self._client is None or self._worker is None or not self._worker.is_running:
            return False
        question = DescribeTaskQueueRequest(
            namespace=self._client.namespace,
            task_queue=TaskQueue(name=self.settings.task_queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
        try:
            answer = await self._client.workflow_service.describe_task_queue(
                question, retry=False, timeout=timedelta(seconds=_PROBE_SECONDS)
            )
        except RPCError:
            return False
        # Once seen is enough: a queue of several partitions names the pollers of one of them.
        self._polled = self._polled or any(poller.identity == self._identity for poller in answer.pollers)
        return self._polled

    async def _database_answers(self) -> bool:
        if self._watching is None:
            return False
        try:
            async with asyncio.timeout(_PROBE_SECONDS), self._watching.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except (SQLAlchemyError, OSError, TimeoutError):
            return False
        return True


async def _until_signalled(process: WorkerProcess) -> None:
    """Run the worker; SIGTERM and SIGINT ask for its end, a second one ends it at once."""

    def end() -> None:
        if asked:
            _exit(1)
        asked.append(True)
        process.stop()

    asked: list[bool] = []
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    await process.run()


def main(arguments: Sequence[str]) -> int:
    """Run a worker and give its exit status: 0 after an orderly end, 1 after a failure, 2 for wrong use."""
    argparse.ArgumentParser(
        prog="worker.py",
        description=__doc__,
        epilog=_settings_in_words(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ).parse_args(arguments)
    try:
        settings = load_settings()
        sender_of(settings)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    configure_logs(settings)
    # What these lines would say in words stands in fields of each line.
    workflow.logger.workflow_info_on_message = activity.logger.activity_info_on_message = False
    try:
        asyncio.run(_until_signalled(WorkerProcess(settings)))
    except StackError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except TimeoutError:
        _log.warning("activities did not finish in time; other workers take them over")
        return 1
    _log.info("ended")
    return 0


def _settings_in_words() -> str:
    lines = ["Settings come from the environment or a file .env:", ""]
    for variable, words, default in described():
        lines.append(f"  {variable}" + (f" ({default})" if default else ""))
        lines.append(f"      {words}")
    return "\n".join(lines)


def _exit(status: int) -> NoReturn:
    """End now: Temporal's own threads sometimes abort an interpreter that takes itself apart in order."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    try:
        _status = main(sys.argv[1:])
    except SystemExit as _help:
        _status = _help.code if isinstance(_help.code, int) else 2
    except BaseException:
        _log.exception("the worker failed")
        _status = 1
    _exit(_status)

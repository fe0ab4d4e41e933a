"""The worker as a process of its own, and the sandbox it puts around workflows."""

import asyncio
import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

import worker
from stack.client import connect
from stack.local import LocalStack
from stack.settings import Settings
from stack.worker_child import WorkerChild
from storage.migrations import upgrade

ROOT = Path(__file__).resolve().parent.parent
UNSURE = """
import datetime, random, time, uuid
from temporalio import workflow

ASKED = {
    "now": lambda: datetime.datetime.now(),
    "today": lambda: datetime.date.today(),
    "random": lambda: random.random(),
    "uuid4": lambda: uuid.uuid4(),
    "time": lambda: time.time(),
    "open": lambda: open("/dev/null"),
    "nothing": lambda: None,
}

@workflow.defn(failure_exception_types=[Exception])
class UnsureWorkflow:
    @workflow.run
    async def run(self, asked: str) -> str:
        ASKED[asked]()
        return "allowed"
"""


class OneMoreWorkflow:
    """Finds one more module in `workflows`, inside the sandbox too."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        return spec_from_file_location(name, self.path) if name == "workflows.unsure" else None


@pytest.fixture
def unsure(tmp_path: Path) -> Iterator[type]:
    """A workflow of a module in `workflows` that asks for what a replay could not give again."""
    path = tmp_path / "unsure.py"
    path.write_text(UNSURE)
    finder = OneMoreWorkflow(path)
    sys.meta_path.insert(0, finder)
    import workflows.unsure

    yield workflows.unsure.UnsureWorkflow
    sys.meta_path.remove(finder)
    del sys.modules["workflows.unsure"]


async def _run(client: Client, unsure: type, asked: str) -> str:
    queue = f"unsure-{asked}"
    async with Worker(client, task_queue=queue, workflows=[unsure], workflow_runner=worker.sandboxed()):
        return await client.execute_workflow("UnsureWorkflow", asked, id=queue, task_queue=queue, result_type=str)


@pytest.mark.parametrize("asked", ["now", "today", "random", "uuid4", "time", "open"])
async def test_sandbox_refuses_what_a_replay_cannot_repeat(
    temporal_env: WorkflowEnvironment, unsure: type, asked: str
) -> None:
    with pytest.raises(WorkflowFailureError) as failed:
        await _run(temporal_env.client, unsure, asked)

    assert "Cannot access" in str(failed.value.cause)


async def test_sandbox_allows_the_rest(temporal_env: WorkflowEnvironment, unsure: type) -> None:
    assert await _run(temporal_env.client, unsure, "nothing") == "allowed"


def test_workflows_are_never_passed_through() -> None:
    passed = worker.sandboxed().restrictions.passthrough_modules

    assert set(worker.PASSED_THROUGH) <= passed
    assert not [name for name in passed if name.partition(".")[0] == "workflows"]


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalStack]:
    """Both servers, with every table."""
    settings = Settings(folder=tmp_path_factory.mktemp("stack"))
    async with LocalStack("worker", settings=settings) as stack:
        await asyncio.to_thread(upgrade, stack.database_url)
        yield stack


@pytest.fixture
async def started(stack: LocalStack) -> AsyncIterator[list[WorkerChild]]:
    """Two workers side by side."""
    first = len(stack.workers)
    yield await stack.start_workers(2)
    await asyncio.gather(*(child.stop() for child in stack.workers[first:]))


async def _page(child: WorkerChild, path: str) -> str:
    def read() -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{child.health_port}{path}", timeout=10) as answer:
            return str(answer.read().decode())

    return await asyncio.to_thread(read)


async def _health_status(child: WorkerChild) -> int | None:
    """The status of /health, or None while nobody answers."""
    try:
        await _page(child, "/health")
    except urllib.error.HTTPError as answer:
        answer.close()
        return answer.code
    except OSError:
        return None
    return 200


async def _until_healthy(child: WorkerChild, *, well: bool) -> None:
    limit = time.monotonic() + 30
    while await child.is_healthy() is not well:
        assert time.monotonic() < limit, f"not {'well' if well else 'unwell'} after 30 s:\n{child._child.log_tail()}"
        await asyncio.sleep(0.05)


async def test_worker_shows_its_health_and_figures(started: list[WorkerChild]) -> None:
    health = json.loads(await _page(started[0], "/health"))
    figures = (await _page(started[0], "/metrics")).splitlines()

    assert health == {"status": "ok", "polling": True, "database": True, "stopping": False}
    assert "talent_pool_database_reachable 1.0" in figures
    assert "talent_pool_messages_waiting 0.0" in figures
    assert "talent_pool_tellings_waiting 0.0" in figures
    assert "talent_pool_needs_attention 0.0" in figures
    assert 'talent_pool_nominations{stage="in_pool"} 0.0' in figures
    assert any(line.startswith("temporal_worker_task_slots_available{") for line in figures)


async def test_workers_share_one_outbox(stack: LocalStack, started: list[WorkerChild]) -> None:
    client = await connect(Settings(temporal_address=stack.temporal_address))

    running = [found.id async for found in client.list_workflows("ExecutionStatus = 'Running'")]
    outbox = await client.get_workflow_handle("outbox/talent-pool").describe()

    assert outbox.status is WorkflowExecutionStatus.RUNNING
    assert [name for name in running if name.startswith("outbox/")] in ([], ["outbox/talent-pool"])


async def test_worker_outlives_its_servers(stack: LocalStack, started: list[WorkerChild]) -> None:
    assert stack.postgres is not None
    assert stack.temporal is not None
    for server in (stack.postgres, stack.temporal):
        await server.kill()

        await _until_healthy(started[0], well=False)
        assert started[0].running
        await server.start()

        await _until_healthy(started[0], well=True)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
async def test_worker_ends_in_order(started: list[WorkerChild], end: signal.Signals) -> None:
    first, second = started

    first._child.signal(end)

    assert await first._child.wait(30) == 0
    assert "ended" in first._child.log_tail()
    assert await second.is_healthy()


async def test_worker_that_waits_for_its_servers_can_be_seen_and_stopped(tmp_path: Path) -> None:
    nowhere = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none", "TEMPORAL_ADDRESS": "127.0.0.1:9"}
    child = WorkerChild(1, log=tmp_path / "log", environment=nowhere)
    child._child.start()
    try:
        async with asyncio.timeout(30):
            while (status := await _health_status(child)) is None:  # noqa: ASYNC110 -- another process answers
                await asyncio.sleep(0.05)
        assert status == 503

        child._child.signal(signal.SIGTERM)

        assert await child._child.wait(30) == 0
    finally:
        await child.kill()


async def test_production_writes_lines_a_program_can_read(stack: LocalStack) -> None:
    (child,) = await stack.start_workers(1, environment={"TALENT_POOL_ENVIRONMENT": "production"})
    await child.stop()

    lines = [json.loads(line) for line in child._child.log.read_text().splitlines()]

    assert [line["event"] for line in lines if line["logger"] == "worker"] == ["connected", "ending", "ended"]


def _run_worker(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(ROOT / "worker.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=variables, cwd="/", timeout=60)  # noqa: S603


def test_help_names_every_setting() -> None:
    answer = _run_worker("--help")

    assert answer.returncode == 0
    for variable in (
        "DATABASE_URL",
        "TEMPORAL_ADDRESS",
        "TALENT_POOL_MAX_CACHED_WORKFLOWS",
        "TALENT_POOL_GRACE_SECONDS",
    ):
        assert variable in answer.stdout


@pytest.mark.parametrize(
    ("variables", "status", "sentence"),
    [
        ({}, 1, "A worker starts no servers: set DATABASE_URL and TEMPORAL_ADDRESS"),
        ({"TALENT_POOL_SMTP_PORT": "mail"}, 2, "TALENT_POOL_SMTP_PORT: Input should be a valid integer"),
        ({"TALENT_POOL_SMTP_FROM": "Pool"}, 2, "TALENT_POOL_SMTP_FROM: 'Pool' is not a sender"),
    ],
)
def test_wrong_settings_end_it_with_a_sentence(variables: dict[str, str], status: int, sentence: str) -> None:
    answer = _run_worker(**variables)

    assert (answer.returncode, answer.stderr.startswith(sentence)) == (status, True), answer.stderr

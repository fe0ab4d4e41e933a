import asyncio
import os
import signal
from pathlib import Path

import pytest

from stack.errors import FolderInUseError, ServerFailedError, StackError
from stack.folder import StackFolder
from stack.local import LocalStack
from stack.settings import Settings
from tests.stack.conftest import execute, exists, mode, run_program, wait_until_gone

# Stands in for worker.py only in what the stack asks of it: /health, an end on SIGTERM, settings by environment.
WORKER = """
import http.server, os, pathlib, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
names = ("DATABASE_URL", "TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TALENT_POOL_MAILBOX", "TALENT_POOL_TASK_QUEUE")
print("\\n".join(f"{name}={os.environ[name]}" for name in names), flush=True)
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
http.server.HTTPServer(("127.0.0.1", int(os.environ["TALENT_POOL_HEALTH_PORT"])), Health).serve_forever()
"""

RUN = """
import asyncio, json, sys
from pathlib import Path
from stack.local import LocalStack
from stack.settings import Settings
async def main():
    worker = Path(sys.argv[1]) / "worker.py"
    async with LocalStack("demo", settings=Settings(folder=Path(sys.argv[1])), worker=worker) as stack:
        await stack.start_workers(2)
        print(stack.database_url, flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""


def _write(path: Path, text: str) -> None:
    path.write_text(text)


@pytest.fixture
def worker(tmp_path: Path) -> Path:
    """A script in the place of ``worker.py``."""
    script = tmp_path / "worker.py"
    _write(script, WORKER)
    return script


async def test_two_stacks_run_side_by_side_with_their_workers(tmp_path: Path, worker: Path) -> None:
    settings = Settings(folder=tmp_path, task_queue="a-queue")

    async with (
        LocalStack("one", settings=settings, worker=worker) as one,
        LocalStack("two", settings=settings, worker=worker) as two,
    ):
        (first,) = await one.start_workers()
        (second,) = await two.start_workers()

        assert one.temporal_address != two.temporal_address
        assert first.health_port != second.health_port
        for stack in (one, two):
            told = (stack.folder.logs / "worker-1.log").read_text().splitlines()
            assert told == [
                f"DATABASE_URL={stack.database_url}",
                f"TEMPORAL_ADDRESS={stack.temporal_address}",
                "TEMPORAL_NAMESPACE=default",
                f"TALENT_POOL_MAILBOX={stack.folder.path / 'mailbox'}",
                "TALENT_POOL_TASK_QUEUE=a-queue",
            ]
        addresses = StackFolder(tmp_path / "two").addresses()
        assert addresses is not None
        assert (addresses.database_url, addresses.temporal_address) == (two.database_url, two.temporal_address)

        await first.kill()
        assert not await first.is_healthy()
        await first.start()
        assert await first.is_healthy()

        await _held_folder_is_refused(tmp_path, settings)

    assert not first.running
    assert StackFolder(tmp_path / "two").addresses() is None


async def _held_folder_is_refused(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(FolderInUseError) as refused:
        async with LocalStack("one", settings=settings):
            pytest.fail("the folder was given twice")

    assert str(refused.value) == (
        f"Another run (process {os.getpid()}) uses the folder {tmp_path / 'one'}. "
        "Wait for it, stop it, or choose another name for this one."
    )


@pytest.mark.usefixtures("worker")
async def test_nothing_is_left_when_the_parent_is_killed_and_the_next_run_finds_its_data(tmp_path: Path) -> None:
    with run_program(RUN, str(tmp_path)) as program:
        assert program.said.startswith("postgresql+psycopg://")
        pids = program.pids
        program.signal(signal.SIGKILL)
        assert await wait_until_gone(pids) == []
    assert len(pids) >= 4

    async with LocalStack("demo", settings=Settings(folder=tmp_path)) as stack:
        assert stack.postgres is not None
        assert await execute(stack.postgres, "SELECT 1") == [(1,)]


@pytest.mark.parametrize(("end", "status"), [(signal.SIGINT, -signal.SIGINT), (signal.SIGTERM, 143)])
@pytest.mark.usefixtures("worker")
async def test_everything_stops_in_order_when_the_run_is_interrupted(
    tmp_path: Path, end: signal.Signals, status: int, capfd: pytest.CaptureFixture[str]
) -> None:
    with run_program(RUN, str(tmp_path)) as program:
        pids = program.pids

        ended = program.signal(end)

        # No waiting: by the time the parent has ended, its children have.
        assert await wait_until_gone(pids, seconds=0) == []
    assert ended == status
    assert len(pids) >= 4
    assert "database system is shut down" in (tmp_path / "demo" / "logs" / "postgres.log").read_text()
    assert not exists(tmp_path / "demo" / "addresses.json")
    assert "ResourceWarning" not in capfd.readouterr().err


async def test_servers_that_the_settings_name_are_used_and_not_started(tmp_path: Path) -> None:
    settings = Settings(
        folder=tmp_path, database_url="postgresql://db.example/pool", temporal_address="temporal.example:7233"
    )

    async with LocalStack("demo", settings=settings) as stack:
        assert (stack.postgres, stack.temporal, stack.ui_address) == (None, None, None)
        assert stack.database_url == "postgresql+psycopg://db.example/pool"
        assert stack.temporal_address == "temporal.example:7233"


async def test_second_interruption_while_stopping_kills_at_once(tmp_path: Path) -> None:
    stubborn = tmp_path / "stubborn.py"
    _write(stubborn, WORKER.replace("lambda *_: sys.exit(0)", "signal.SIG_IGN"))
    settings = Settings(folder=tmp_path, database_url="postgresql://h/d", temporal_address="h:1")
    stack = LocalStack("demo", settings=settings, worker=stubborn)
    inside = asyncio.Event()

    async def run() -> None:
        async with stack:
            await stack.start_workers()
            inside.set()
            await asyncio.sleep(60)

    task = asyncio.ensure_future(run())
    await inside.wait()
    (worker,) = stack.workers
    task.cancel()
    assert await asyncio.wait([task], timeout=0.2) == (set(), {task})
    assert worker.running
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert not worker.running
    assert not stack.folder.is_held()


async def test_what_has_started_is_stopped_when_the_other_server_cannot(tmp_path: Path) -> None:
    (tmp_path / "demo" / "temporal" / "temporal.db").mkdir(parents=True)
    stack = LocalStack("demo", settings=Settings(folder=tmp_path))

    with pytest.raises(ServerFailedError, match="Temporal ended"):
        await stack.__aenter__()

    assert stack.postgres is not None
    assert not stack.postgres.running
    assert not stack.folder.is_held()


async def test_worker_that_ends_while_starting_is_told_with_its_words(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    _write(broken, "raise SystemExit('no such queue')")
    settings = Settings(folder=tmp_path, database_url="postgresql://h/d", temporal_address="h:1")

    async with LocalStack("demo", settings=settings, worker=broken) as stack:
        with pytest.raises(ServerFailedError, match=r"Worker 1 ended with 1 while starting.*\nno such queue"):
            await stack.start_workers()


@pytest.mark.parametrize("name", ["", ".", "..", "a/b"])
def test_name_that_leaves_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(StackError, match="plain name"):
        LocalStack(name, settings=Settings(folder=tmp_path))


async def test_holder_is_stopped_from_outside(tmp_path: Path) -> None:
    hold = """
import sys, time
from pathlib import Path
from stack.folder import StackFolder
folder = StackFolder(Path(sys.argv[1]))
folder.hold()
print("held", flush=True)
time.sleep(60)
"""
    folder = StackFolder(tmp_path / "demo")
    with run_program(hold, str(folder.path)) as program:
        assert folder.is_held()

        stopped = await asyncio.to_thread(folder.stop_holder, seconds=5)

        assert program.process.wait(5) == -signal.SIGTERM
    assert stopped
    assert not folder.is_held()
    assert folder.stop_holder() is False


async def test_what_a_stack_writes_is_its_owners_alone(tmp_path: Path, worker: Path) -> None:
    (tmp_path / "demo").mkdir(mode=0o755)
    before = os.umask(0o022)

    try:
        async with LocalStack("demo", settings=Settings(folder=tmp_path), worker=worker) as stack:
            await stack.start_workers()
            assert stack.postgres is not None
            assert await execute(stack.postgres, "SELECT 1") == [(1,)]
            written = [path for path in (tmp_path / "demo").rglob("*") if not path.is_socket()]
            open_to_others = [path for path in [*written, tmp_path / "demo"] if mode(path) & 0o077]
    finally:
        os.umask(before)

    assert {"temporal.db", "worker-1.log", "postgres.log", "logs"} <= {path.name for path in written}
    assert open_to_others == []


async def test_letters_lead_to_the_portal_that_is_expected_or_that_the_settings_name(tmp_path: Path) -> None:
    settings = Settings(folder=tmp_path, database_url="postgresql://h/d", temporal_address="h:1")
    alone = LocalStack("alone", settings=settings)
    expecting = LocalStack("expecting", settings=settings)
    named = LocalStack("named", settings=settings.model_copy(update={"portal_address": "https://pool.example"}))

    port = expecting.expect_portal()
    named.expect_portal()

    assert "TALENT_POOL_PORTAL_ADDRESS" not in alone.environment()
    assert expecting.environment()["TALENT_POOL_PORTAL_ADDRESS"] == f"http://localhost:{port}"
    assert expecting.expect_portal() == port
    assert named.environment()["TALENT_POOL_PORTAL_ADDRESS"] == "https://pool.example"

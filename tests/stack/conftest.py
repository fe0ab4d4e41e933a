"""What the tests of the embedded servers share."""

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
import sysconfig
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from stack.children import descendants, is_alive
from stack.postgres import DATABASE, EmbeddedPostgres

ROOT = Path(__file__).resolve().parents[2]

Rows = list[tuple[object, ...]]
MakePostgres = Callable[..., EmbeddedPostgres]


async def execute(server: EmbeddedPostgres, statement: str, database: str = DATABASE) -> Rows:
    """Run one statement, as the address of the server says."""
    address = server.url_of(database).replace("postgresql+psycopg://", "postgresql://")
    async with await psycopg.AsyncConnection.connect(address, autocommit=True) as connection:
        cursor = await connection.execute(statement.encode())
        return await cursor.fetchall() if cursor.description else []


async def wait_until_gone(pids: Sequence[int], seconds: float = 10.0) -> list[int]:
    """Wait until no process is left, and give those that are."""
    limit = time.monotonic() + seconds
    while (left := [pid for pid in pids if is_alive(pid)]) and time.monotonic() < limit:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    return left


def exists(path: Path) -> bool:
    """Whether there is a file or folder."""
    return path.exists()


def mode(path: Path) -> int:
    """The permission bits of a file or folder."""
    return stat.S_IMODE(path.stat().st_mode)


class Program:
    """A Python program of its own that prints a line when it is ready."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        assert process.stdout is not None
        self.said = process.stdout.readline().strip()

    @property
    def pids(self) -> list[int]:
        """Everything below it."""
        return descendants(self.process.pid)

    def signal(self, number: signal.Signals) -> int:
        """Send a signal and give the exit status."""
        self.process.send_signal(number)
        return self.process.wait(20)


@contextmanager
def run_program(
    text: str, *arguments: str, prefix: Sequence[str] = (), python: str = sys.executable
) -> Iterator[Program]:
    """Run a Python program with the project on its path; whatever happens, nothing of it is left."""
    packages = os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")])
    process = subprocess.Popen(  # noqa: S603
        [*prefix, python, "-W", "error", "-c", text, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",  # no ``.env`` of a developer there
        env={**os.environ, "PYTHONPATH": packages, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    below: list[int] = []
    try:
        program = Program(process)
        below = program.pids
        yield program
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
        for pid in below:
            if is_alive(pid):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="session")
async def fresh_postgres(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a server that was started once and stopped, to be copied: a first start takes longest."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("fresh") / "postgres")
    await server.start()
    await server.stop()
    return server.folder


@pytest.fixture
async def make_postgres(fresh_postgres: Path) -> AsyncIterator[MakePostgres]:
    """Makes servers that have had their first start; they are stopped after the test."""
    made: list[EmbeddedPostgres] = []

    def make(folder: Path, **options: object) -> EmbeddedPostgres:
        if not folder.exists():
            shutil.copytree(fresh_postgres / "data", folder / "data")
            (folder / "data").chmod(0o700)
        server = EmbeddedPostgres(folder, **options)  # type: ignore[arg-type]
        made.append(server)
        return server

    yield make
    for server in made:
        await server.stop()


@pytest.fixture(scope="module")
async def running_postgres(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedPostgres]:
    """A server as it is by default, for tests that only ask."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("running") / "postgres")
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(autouse=True)
def _no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No ``.env`` of a developer steers these tests."""
    monkeypatch.chdir(tmp_path)

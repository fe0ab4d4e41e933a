import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from stack.children import descendants, is_alive
from stack.errors import ServerFailedError, StackError
from stack.postgres import EmbeddedPostgres
from stack.programs import run_as_nobody
from tests.stack.conftest import MakePostgres, execute, exists, mode, run_program, wait_until_gone

COLD_START = """
import asyncio, sys
from pathlib import Path
from stack.postgres import EmbeddedPostgres
async def main():
    server = EmbeddedPostgres(Path(sys.argv[1]))
    await server.start()
    print(server.url, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""

CYCLE = """
import asyncio, os, sys
from pathlib import Path
from stack.postgres import EmbeddedPostgres
async def main():
    server = EmbeddedPostgres(Path(sys.argv[1]))
    await server.start()
    await server.kill()
    await server.start()
    await server.stop()
    print("ran as", os.geteuid(), flush=True)
asyncio.run(main())
"""


async def test_data_is_kept_when_the_server_is_stopped_and_started(
    tmp_path: Path, make_postgres: MakePostgres
) -> None:
    first = make_postgres(tmp_path / "postgres")
    await first.start()
    await execute(first, "CREATE TABLE kept (value int)")
    await execute(first, "INSERT INTO kept VALUES (7)")
    await first.stop()

    second = make_postgres(tmp_path / "postgres")
    await second.start()

    assert await execute(second, "SELECT value FROM kept") == [(7,)]


async def test_committed_data_survives_when_the_server_is_killed(tmp_path: Path, make_postgres: MakePostgres) -> None:
    server = make_postgres(tmp_path / "postgres")
    await server.start()
    await execute(server, "CREATE TABLE kept (value int)")

    for value in range(3):
        await execute(server, f"INSERT INTO kept VALUES ({value})")  # noqa: S608
        await server.kill()
        await server.start()

    assert await execute(server, "SELECT value FROM kept ORDER BY value") == [(0,), (1,), (2,)]


async def test_server_recovers_when_only_its_main_process_is_killed(
    tmp_path: Path, make_postgres: MakePostgres
) -> None:
    server = make_postgres(tmp_path / "postgres")
    await server.start()
    assert server.pid is not None
    backends = descendants(server.pid)

    os.kill(server.pid, signal.SIGKILL)
    while server.running:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await server.start()

    assert await execute(server, "SELECT 1") == [(1,)]
    assert backends
    assert await wait_until_gone(backends) == []


async def test_commit_is_durable_by_default(running_postgres: EmbeddedPostgres) -> None:
    shown = [
        await execute(running_postgres, f"SHOW {name}")
        for name in ("fsync", "synchronous_commit", "full_page_writes")
    ]

    assert shown == [[("on",)]] * 3


async def test_text_is_utf8_and_sorts_the_same_everywhere(running_postgres: EmbeddedPostgres) -> None:
    encoding = await execute(running_postgres, "SHOW server_encoding")
    order = await execute(running_postgres, "SELECT upper(x) FROM (VALUES ('é'), ('b'), ('Z')) AS t(x) ORDER BY x")

    assert encoding == [("UTF8",)]
    assert order == [("Z",), ("B",), ("É",)]


async def test_nobody_else_can_reach_the_server(running_postgres: EmbeddedPostgres) -> None:
    listening = await execute(running_postgres, "SHOW listen_addresses")

    assert listening == [("",)]
    assert mode(running_postgres.folder / "socket") == 0o700
    assert mode(running_postgres.folder / "data") == 0o700


async def test_two_servers_run_side_by_side(tmp_path: Path, make_postgres: MakePostgres) -> None:
    servers = [make_postgres(tmp_path / name) for name in ("one", "two")]
    await asyncio.gather(*(server.start() for server in servers))

    await execute(servers[0], "CREATE TABLE only_here (value int)")

    question = "SELECT to_regclass('only_here')::text"
    assert [await execute(server, question) for server in servers] == [[("only_here",)], [(None,)]]


async def test_first_start_is_taken_up_again_when_it_was_killed_half_way(
    tmp_path: Path, make_postgres: MakePostgres
) -> None:
    folder = tmp_path / "postgres"
    with run_program(COLD_START.replace("await server.start()", STOP_IN_INITDB), str(folder)) as program:
        left = program.pids
        program.signal(signal.SIGKILL)
    assert await wait_until_gone(left) == []
    assert (folder / "data.new").exists()
    assert not (folder / "data").exists()

    server = make_postgres(folder)
    await server.start()

    assert await execute(server, "SELECT 1") == [(1,)]
    assert not (folder / "data.new").exists()


STOP_IN_INITDB = """
    starting = asyncio.ensure_future(server.start())
    while not (Path(sys.argv[1]) / "data.new" / "PG_VERSION").exists():
        await asyncio.sleep(0.001)
"""


async def test_server_ends_cleanly_and_can_be_followed_when_its_parent_is_killed(
    tmp_path: Path, make_postgres: MakePostgres
) -> None:
    folder = tmp_path / "postgres"
    with run_program(COLD_START, str(folder)) as program:
        pids = program.pids
        program.signal(signal.SIGKILL)

        # At once: the new server must wait for the old one's end.
        server = make_postgres(folder)
        await server.start()

    assert len(pids) > 1
    assert [pid for pid in pids if is_alive(pid)] == []
    assert await execute(server, "SELECT 1") == [(1,)]
    assert "not properly shut down" not in server.log.read_text()


async def test_server_starts_when_its_old_number_belongs_to_somebody_else(
    tmp_path: Path, make_postgres: MakePostgres
) -> None:
    server = make_postgres(tmp_path / "postgres")
    await server.start()
    await server.kill()
    pid_file = tmp_path / "postgres" / "data" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getppid()), *lines[1:]]) + "\n")

    await server.start()

    assert await execute(server, "SELECT 1") == [(1,)]


async def test_long_folder_is_reached_through_a_short_one_that_is_removed(
    tmp_path: Path, make_postgres: MakePostgres
) -> None:
    folder = tmp_path / ("long-" * 20)
    server = make_postgres(folder)
    short = Path(server.url.partition("?host=")[2])

    await server.start()
    answer = await execute(server, "SELECT 1")
    existed = exists(short)
    await server.stop()

    assert answer == [(1,)]
    assert existed
    assert short.parent == Path(tempfile.gettempdir())
    assert not exists(short)


async def test_short_folder_of_a_killed_run_is_removed_by_the_next(
    tmp_path: Path, make_postgres: MakePostgres
) -> None:
    folder = tmp_path / ("long-" * 20)
    with run_program(COLD_START, str(folder)) as program:
        short = Path(program.said.partition("?host=")[2])
        program.signal(signal.SIGKILL)
    assert exists(short)

    await make_postgres(folder).start()

    assert not exists(short)


async def test_folder_with_spaces_and_signs_is_reached(tmp_path: Path, make_postgres: MakePostgres) -> None:
    server = make_postgres(tmp_path / "a b & c%d")
    await server.start()

    assert await execute(server, "SELECT 1") == [(1,)]


async def test_broken_data_is_told_with_the_servers_words(tmp_path: Path, make_postgres: MakePostgres) -> None:
    (tmp_path / "postgres" / "data").mkdir(parents=True)

    with pytest.raises(ServerFailedError, match=r"postgresql\.conf"):
        await make_postgres(tmp_path / "postgres").start()


async def test_second_start_is_refused(running_postgres: EmbeddedPostgres) -> None:
    with pytest.raises(StackError, match="runs already"):
        await running_postgres.start()


async def test_database_name_that_is_no_identifier_is_refused(running_postgres: EmbeddedPostgres) -> None:
    with pytest.raises(ValueError, match="no database name"):
        await running_postgres.create_database('x"; DROP DATABASE y; --')


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
async def test_root_runs_the_server_as_nobody_where_namespaces_are_forbidden(
    tmp_path: Path, make_postgres: MakePostgres
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    mapped = make_postgres(closed / "postgres")
    await mapped.start()
    await execute(mapped, "CREATE TABLE kept (value int)")
    await mapped.stop()

    server = make_postgres(closed / "postgres", run_as=run_as_nobody())
    await server.start()
    await server.kill()
    await server.start()

    assert server.pid is not None
    assert psutil.Process(server.pid).uids().real == pwd.getpwnam("nobody").pw_uid
    assert await execute(server, "SELECT count(*) FROM kept") == [(0,)]
    assert mode(closed) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user runs every other test here")
@pytest.mark.parametrize("user", [pwd.getpwnam("nobody").pw_uid, 54321], ids=["named", "nameless"])
async def test_ordinary_user_runs_the_server(user: int) -> None:
    become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    python = _python_for_anybody(become)
    # pytest's own folders are closed to others.
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, user, user)

        with run_program(CYCLE, f"{folder}/postgres", prefix=become, python=python) as program:
            assert program.said == f"ran as {user}"


def _python_for_anybody(become: list[str]) -> str:
    """A Python of this version that another user may run: a root's own often stands in root's closed home."""
    wanted = f"{sys.version_info.major}.{sys.version_info.minor}"
    # It must start another of itself: some privileges of root last for the first program only.
    ask = (
        "import subprocess, sys; subprocess.run([sys.executable, '-c', '']); "
        "print(f'{sys.version_info.major}.{sys.version_info.minor}')"
    )
    for python in (sys.executable, "/usr/bin/python3"):
        if exists(Path(python)):
            answer = subprocess.run([*become, python, "-c", ask], capture_output=True, text=True, check=False)  # noqa: S603
            if answer.returncode == 0 and answer.stdout.strip() == wanted:
                return python
    pytest.skip(f"no Python {wanted} that another user may run")


def test_programs_on_path_serve_when_no_package_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    from stack import programs

    monkeypatch.setattr(programs, "_POSTGRES_PACKAGES", ())
    if shutil.which("initdb") is None:
        pytest.skip("this machine has no PostgreSQL of its own")

    folder = programs.postgres_programs()

    version = subprocess.run(  # noqa: S603
        [folder / "postgres", "--version"], capture_output=True, text=True, check=True
    )
    assert version.stdout.startswith("postgres (PostgreSQL)")

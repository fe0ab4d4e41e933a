import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from stack.children import Child, free_port, is_alive
from stack.errors import StackError
from tests.stack.conftest import run_program, wait_until_gone

STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
print(child.pid, flush=True)
time.sleep(60)
"""

PARENT = """
import sys, time
from pathlib import Path
from stack.children import Child
child = Child("Sleeper", ["sleep", "60"], log=Path(sys.argv[1]))
child.start()
print(child.pid, flush=True)
time.sleep(60)
"""


async def _log_line(child: Child) -> str:
    while not (text := child.log_tail()):
        assert await child.wait(0.01) is None
    return text


async def test_child_writes_to_its_log_and_tells_its_exit_status(tmp_path: Path) -> None:
    child = Child("Speaker", ["sh", "-c", "echo hello; exit 3"], log=tmp_path / "logs" / "speaker.log")

    child.start()
    status = await child.wait()

    assert status == 3
    assert (tmp_path / "logs" / "speaker.log").read_text() == "hello\n"


async def test_stop_ends_a_willing_child_by_its_signal(tmp_path: Path) -> None:
    child = Child("Sleeper", ["sleep", "60"], log=tmp_path / "log")
    child.start()

    await child.stop()

    assert child.exit_status == -signal.SIGTERM
    assert child.pid is None


async def test_stop_kills_a_child_that_ignores_it_and_all_below(tmp_path: Path) -> None:
    child = Child("Stubborn", [sys.executable, "-c", STUBBORN], log=tmp_path / "log", stop_seconds=0.1)
    child.start()
    below = int(await _log_line(child))

    await child.stop()

    assert child.exit_status == -signal.SIGKILL
    assert not is_alive(below)


async def test_child_heeds_an_interrupt_when_its_parent_ignores_them(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    child = Child("Sleeper", ["sh", "-c", "echo up; exec sleep 60"], log=tmp_path / "log", stop_signal=signal.SIGINT)
    try:
        child.start()
    finally:
        signal.signal(signal.SIGINT, before)
    await _log_line(child)

    await child.stop()

    assert child.exit_status == -signal.SIGINT


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_child_is_gone_when_its_parent_dies(tmp_path: Path, end: signal.Signals) -> None:
    with run_program(PARENT, str(tmp_path / "log")) as parent:
        pid = int(parent.said)
        assert is_alive(pid)

        parent.signal(end)

        assert await wait_until_gone([pid]) == []


async def test_child_does_not_start_when_its_parent_is_dead_already(tmp_path: Path) -> None:
    somebody_else = 1
    child = Child("Late", ["touch", str(tmp_path / "touched")], log=tmp_path / "log")
    real = os.getpid
    os.getpid = lambda: somebody_else
    try:
        child.start()
    finally:
        os.getpid = real

    assert await child.wait() == 1
    assert child.log_tail() == "The parent died before this program could start."
    assert not (tmp_path / "touched").exists()


async def test_start_is_refused_from_another_thread(tmp_path: Path) -> None:
    child = Child("Sleeper", ["sleep", "60"], log=tmp_path / "log")
    refusals: list[StackError] = []

    def start() -> None:
        try:
            child.start()
        except StackError as error:
            refusals.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()

    assert len(refusals) == 1
    assert not child.running


async def test_start_is_refused_while_it_runs(tmp_path: Path) -> None:
    child = Child("Sleeper", ["sleep", "60"], log=tmp_path / "log")
    child.start()

    with pytest.raises(StackError, match="runs already"):
        child.start()

    await child.kill()


def test_free_ports_are_usable_and_differ() -> None:
    ports = {free_port() for _ in range(5)}

    assert len(ports) > 1
    assert all(1024 <= port <= 65535 for port in ports)

"""Child processes that never outlive the program that started them."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from stack.errors import StackError

_LEASH = Path(__file__).with_name("leash.py")
_POLL_SECONDS = 0.01
_KILL_SECONDS = 10.0
_PARENT_FIELD = 1  # of /proc/<pid>/stat, after the program's name


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody uses now; another program may still take it before its use."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether nobody uses a TCP port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and only waits to be collected does not."""
    fields = _stat(pid)
    if fields is not None:
        return fields[0] not in {"Z", "X"}
    if sys.platform == "linux":
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def descendants(pid: int) -> list[int]:
    """Every process below one, nearest first; empty where there is no /proc."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        fields = _stat(int(entry.name))
        if fields is not None:
            parents.setdefault(int(fields[_PARENT_FIELD]), []).append(int(entry.name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = parents.get(waiting.pop(0), [])
        found += below
        waiting += below
    return found


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/<pid>/stat after the program's name, which may itself hold spaces and brackets."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()


class Child:
    """One child process: its log in a file, stopped politely and then firmly, gone when the parent is gone.

    On Linux the kernel sends ``orphan_signal`` when the parent dies, by whatever means. The kernel counts the
    *thread* that started the child as its parent, so `start` refuses any thread but the main one.

    Args:
        name: What a person calls it, in messages.
        command: Program and arguments.
        log: File that gets its output, appended.
        prefix: Program and arguments before the command that change the user, such as ``unshare``.
        stop_signal: What asks it to end.
        orphan_signal: What the kernel sends when the parent dies.
        stop_seconds: How long `stop` waits before it kills.
        environment: The child's whole environment; by default the parent's.
        folder: The child's working folder; by default the parent's.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        prefix: Sequence[str] = (),
        stop_signal: signal.Signals = signal.SIGTERM,
        orphan_signal: signal.Signals = signal.SIGKILL,
        stop_seconds: float = 10.0,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self._command = (*prefix, sys.executable, "-I", "-S", str(_LEASH))
        self._program = tuple(command)
        self._stop_signal = stop_signal
        self._orphan_signal = orphan_signal
        self._stop_seconds = stop_seconds
        self._environment = environment
        self._folder = folder
        self._child: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._child.pid if self._child is not None and self.running else None

    @property
    def running(self) -> bool:
        """Whether the process was started and has not ended."""
        return self._child is not None and self._child.poll() is None

    @property
    def exit_status(self) -> int | None:
        """How the last run ended (a negative number is a signal), or None when it has not."""
        return None if self._child is None else self._child.poll()

    def start(self) -> None:
        """Start the process.

        Raises:
            StackError: When it runs already, or from another thread than the main one.
        """
        if self.running:
            raise StackError(f"{self.name} runs already, as process {self.pid}.")
        if threading.current_thread() is not threading.main_thread():
            raise StackError(f"{self.name} must be started from the main thread: it ends when that thread ends.")
        self.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as output:
            self.log.chmod(0o600)  # one of an earlier version may be open to others
            self._log_start = output.seek(0, os.SEEK_END)
            self._child = subprocess.Popen(  # noqa: S603 -- the command is ours
                [*self._command, str(os.getpid()), str(int(self._orphan_signal)), *self._program],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environment,
                cwd=self._folder,
                # A terminal's Ctrl-C reaches the parent alone, which then stops its children in order.
                start_new_session=True,
                # What it writes is the owner's alone: letters, histories, data.
                umask=0o077,
            )

    async def wait(self, seconds: float | None = None) -> int | None:
        """Wait for the end and give the exit status; None when it still runs after that many seconds."""
        limit = None if seconds is None else time.monotonic() + seconds
        while self.running:
            if limit is not None and time.monotonic() > limit:
                return None
            await asyncio.sleep(_POLL_SECONDS)
        return self.exit_status

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens when the process has ended."""
        if self._child is not None:
            self._child.send_signal(number)

    async def stop(self) -> None:
        """Ask the process to end, wait, and kill it when it does not; harmless when it does not run."""
        if not self.running:
            return
        self.signal(self._stop_signal)
        if await self.wait(self._stop_seconds) is None:
            await self.kill()

    async def kill(self) -> None:
        """Kill the process and everything below it at once, and wait until all of it is gone."""
        if self._child is None or not self.running:
            return
        below = descendants(self._child.pid)
        self._child.kill()
        for pid in below:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        await self.wait(_KILL_SECONDS)
        limit = time.monotonic() + _KILL_SECONDS
        while any(is_alive(pid) for pid in below):
            if time.monotonic() > limit:
                raise StackError(f"{self.name} left processes behind that cannot be killed: {below}.")
            await asyncio.sleep(_POLL_SECONDS)

    def log_tail(self, lines: int = 12) -> str:
        """The last lines the current run wrote to its log."""
        try:
            with self.log.open("rb") as output:
                output.seek(self._log_start)
                text = output.read().decode("utf-8", errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(text.strip().splitlines()[-lines:])

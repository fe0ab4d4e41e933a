"""One worker process of an embedded stack."""

import asyncio
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from stack.children import Child, free_port
from stack.errors import ServerFailedError

WORKER = Path(__file__).resolve().parent.parent / "worker.py"
_READY_SECONDS = 60.0
_ANSWER_SECONDS = 2.0
_POLL_SECONDS = 0.05


class WorkerChild:
    """A worker as a child process: `start`, `stop` and `kill` in any order, with the same health port.

    Args:
        number: Which of the stack's workers this is, from 1.
        log: File for its output.
        environment: Its whole environment; the health port is added.
        program: The script to run.
    """

    def __init__(
        self, number: int, *, log: Path, environment: Mapping[str, str], program: Path | None = None
    ) -> None:
        self.number = number
        self.name = f"Worker {number}"
        self.log = log
        self.health_port = free_port()
        self._child = Child(
            self.name,
            [sys.executable, str(program or WORKER)],
            log=log,
            stop_signal=signal.SIGTERM,
            stop_seconds=40.0,  # longer than the worker's own limit for activities in flight
            environment={**environment, "TALENT_POOL_HEALTH_PORT": str(self.health_port)},
            folder=(program or WORKER).parent,
        )

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether the process runs."""
        return self._child.running

    async def start(self) -> None:
        """Start the worker and wait until /health answers 200.

        Raises:
            ServerFailedError: When it ends or does not become healthy in time.
        """
        self._child.start()
        try:
            await self._wait_until_healthy()
        except BaseException:
            await self._child.kill()
            raise

    async def is_healthy(self) -> bool:
        """Whether /health answers 200 now."""
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.health_port)
                try:
                    writer.write(b"GET /health HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
                    status = await reader.readline()
                finally:
                    writer.close()
                    await writer.wait_closed()
        except (OSError, TimeoutError):
            return False
        return status.split()[1:2] == [b"200"]

    async def stop(self) -> None:
        """Ask the worker to finish what it does, and wait; harmless when it does not run."""
        await self._child.stop()

    async def kill(self) -> None:
        """Kill the worker at once."""
        await self._child.kill()

    async def _wait_until_healthy(self) -> None:
        limit = time.monotonic() + _READY_SECONDS
        while not await self.is_healthy():
            if not self._child.running:
                raise ServerFailedError(
                    f"Worker {self.number} ended with {self._child.exit_status} while starting. "
                    f"Its last words:\n{self._child.log_tail()}"
                )
            if time.monotonic() > limit:
                raise ServerFailedError(
                    f"Worker {self.number} was not healthy after {_READY_SECONDS:.0f} s; see {self._child.log}. "
                    f"Its last words:\n{self._child.log_tail()}"
                )
            await asyncio.sleep(_POLL_SECONDS)

"""A child process that says over HTTP whether it is well: a worker, or the portal."""

import asyncio
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from stack.children import Child
from stack.errors import ServerFailedError

_READY_SECONDS = 60.0
_ANSWER_SECONDS = 2.0
_POLL_SECONDS = 0.05


class HealthyChild:
    """A program as a child process: `start`, `stop` and `kill` in any order, always with the same port for /health.

    Args:
        name: What a person calls it, in messages.
        command: Program and arguments.
        log: File for its output.
        health_port: Where it serves /health.
        environment: Its whole environment.
        folder: Its working folder.
        stop_seconds: How long `stop` waits before it kills.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        health_port: int,
        environment: Mapping[str, str],
        folder: Path,
        stop_seconds: float,
    ) -> None:
        self.name = name
        self.log = log
        self.health_port = health_port
        self._child = Child(
            name,
            command,
            log=log,
            stop_signal=signal.SIGTERM,
            stop_seconds=stop_seconds,
            environment=environment,
            folder=folder,
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
        """Start it and wait until /health answers 200.

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
        """Ask it to finish what it does, and wait; harmless when it does not run."""
        await self._child.stop()

    async def kill(self) -> None:
        """Kill it at once."""
        await self._child.kill()

    async def _wait_until_healthy(self) -> None:
        limit = time.monotonic() + _READY_SECONDS
        while not await self.is_healthy():
            if not self._child.running:
                raise ServerFailedError(
                    f"{self.name} ended with {self._child.exit_status} while starting. "
                    f"Its last words:\n{self._child.log_tail()}"
                )
            if time.monotonic() > limit:
                raise ServerFailedError(
                    f"{self.name} was not healthy after {_READY_SECONDS:.0f} s; see {self._child.log}. "
                    f"Its last words:\n{self._child.log_tail()}"
                )
            await asyncio.sleep(_POLL_SECONDS)

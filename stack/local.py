"""The whole stack on one machine: PostgreSQL, Temporal and workers, for as long as a block runs."""

import asyncio
import os
import signal
from collections.abc import Coroutine, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from stack.children import free_port, is_free
from stack.errors import StackError
from stack.folder import Addresses, StackFolder
from stack.healthy_child import HealthyChild
from stack.postgres import EmbeddedPostgres
from stack.settings import Environment, Settings, load_settings
from stack.temporal_server import EmbeddedTemporal
from stack.worker_child import PortalChild, WorkerChild

_USUAL_PORT = 8000
_END_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


class LocalStack:
    """The servers of one folder, started on entry and stopped on exit, Ctrl-C, SIGTERM and SIGHUP.

    A server that the settings name is used as it is, and not started. When this process is killed, the kernel
    ends the servers and workers with it; the next start on the same folder finds all that was committed.
    After SIGTERM or SIGHUP the block is cancelled, everything stops, and `SystemExit` (128 + signal) follows.

    Example:
        ``async with LocalStack("demo") as stack: await stack.start_workers(2)``

    Args:
        name: Name of the folder, below the settings' folder.
        settings: By default those of the environment.
        ui: Whether to serve Temporal's own pages too.
        worker: The worker script; by default the project's ``worker.py``.
    """

    def __init__(
        self, name: str, *, settings: Settings | None = None, ui: bool = False, worker: Path | None = None
    ) -> None:
        if not name or name in {".", ".."} or "/" in name:
            raise StackError(f"{name!r} cannot name a stack's folder: use a plain name, such as demo.")
        self.settings = settings or load_settings()
        self.folder = StackFolder(self.settings.folder / name)
        self.postgres = None if self.settings.database_url else self._new_postgres()
        self.temporal = None if self.settings.temporal_address else self._new_temporal(ui=ui)
        self.workers: list[WorkerChild] = []
        self.portal: PortalChild | None = None
        self._worker_program = worker
        self._portal_port: int | None = None
        self._heard: list[signal.Signals] = []
        self._end_signal: signal.Signals | None = None
        self._task: asyncio.Task[object] | None = None

    @property
    def database_url(self) -> str:
        """PostgreSQL's address, for SQLAlchemy."""
        if self.settings.database_url is not None:
            return self.settings.database_url
        return self._embedded_postgres().url

    @property
    def temporal_address(self) -> str:
        """Temporal's host and port."""
        if self.settings.temporal_address is not None:
            return self.settings.temporal_address
        return self._embedded_temporal().address

    @property
    def ui_address(self) -> str | None:
        """Temporal's own pages, or None without them."""
        return None if self.temporal is None else self.temporal.ui_address

    @property
    def mailbox(self) -> Path:
        """The folder messages are written to."""
        return self.settings.mailbox or self.folder.path / "mailbox"

    @property
    def portal_address(self) -> str | None:
        """Where people open the portal: as the settings say, else on this machine; None without either."""
        if self.settings.portal_address is not None:
            return self.settings.portal_address
        # By name: passkeys are bound to a name, and never to a number.
        return None if self._portal_port is None else f"http://localhost:{self._portal_port}"

    async def __aenter__(self) -> Self:
        """Hold the folder and start the servers.

        Raises:
            FolderInUseError: When another run has the folder.
            StackError: When a server cannot run.
        """
        self.folder.hold()
        try:
            self._listen_for_end()
            await self._start_servers()
            self.folder.tell_addresses(Addresses(self.database_url, self.temporal_address, self.ui_address))
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop workers, then servers, and give the folder back."""
        await self._close()

    def expect_portal(self) -> int:
        """Choose the port the portal will have, before workers start: the letters they write lead there."""
        if self._portal_port is None:
            self._portal_port = self.settings.portal_port or (_USUAL_PORT if is_free(_USUAL_PORT) else free_port())
        return self._portal_port

    async def start_workers(
        self, count: int = 1, *, environment: Mapping[str, str] | None = None
    ) -> list[WorkerChild]:
        """Start that many more workers, together, and wait until each is healthy.

        Args:
            count: How many to add.
            environment: Settings for these workers beyond the stack's own.

        Raises:
            ServerFailedError: When one ends or does not become healthy; the others go on running.
        """
        added = []
        for _ in range(count):
            number = len(self.workers) + 1
            log = self.folder.logs / f"worker-{number}.log"
            worker = WorkerChild(
                number,
                log=log,
                environment={**self.environment(), **(environment or {})},
                program=self._worker_program,
            )
            self.workers.append(worker)
            added.append(worker)
        await _together(*(worker.start() for worker in added))
        return added

    async def start_portal(self, *, environment: Mapping[str, str] | None = None) -> PortalChild:
        """Start the portal and wait until it is healthy.

        Args:
            environment: Settings for it beyond the stack's own.

        Raises:
            ServerFailedError: When it ends or does not become healthy.
        """
        self.portal = PortalChild(
            self.expect_portal(),
            log=self.folder.logs / "portal.log",
            environment={
                **self.environment(),
                "TALENT_POOL_TEMPORAL_PAGES": self.ui_address or "",
                **(environment or {}),
            },
        )
        await self.portal.start()
        return self.portal

    def environment(self) -> dict[str, str]:
        """The environment of a program that works with this stack: this process's own, and the addresses."""
        chosen = {
            **self.settings.variables(),
            "DATABASE_URL": self.database_url,
            "TEMPORAL_ADDRESS": self.temporal_address,
            "TALENT_POOL_MAILBOX": str(self.mailbox),
        }
        if self.portal_address is not None:
            chosen["TALENT_POOL_PORTAL_ADDRESS"] = self.portal_address
        return {**os.environ, **chosen}

    async def _start_servers(self) -> None:
        embedded = [server for server in (self.postgres, self.temporal) if server is not None]
        if embedded and self.settings.environment is Environment.PRODUCTION:
            raise StackError("Production runs no embedded server: set DATABASE_URL and TEMPORAL_ADDRESS.")
        await _together(*(server.start() for server in embedded))

    async def _close(self) -> None:
        """Stop everything, whatever happens meanwhile; a second interruption kills instead of asking."""
        stopping = asyncio.ensure_future(self._stop_all())
        interrupted = False
        try:
            while not stopping.done():
                try:
                    await asyncio.shield(stopping)
                except asyncio.CancelledError:
                    interrupted = True
                    await asyncio.gather(*(part.kill() for part in self.parts()), return_exceptions=True)
        finally:
            self._stop_listening()
            self.folder.release()
        if self._end_signal is not None:
            raise SystemExit(128 + self._end_signal)
        if interrupted:
            raise asyncio.CancelledError

    async def _stop_all(self) -> None:
        # Programs first: they end what they do with the servers still there.
        programs = [*self.workers, *([self.portal] if self.portal else [])]
        await asyncio.gather(*(program.stop() for program in programs), return_exceptions=True)
        servers = [server for server in (self.temporal, self.postgres) if server is not None]
        for outcome in await asyncio.gather(*(server.stop() for server in servers), return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    def parts(self) -> list[HealthyChild | EmbeddedPostgres | EmbeddedTemporal]:
        """All that this stack has started: the portal, workers, Temporal, PostgreSQL."""
        servers = [server for server in (self.temporal, self.postgres) if server is not None]
        portal = [self.portal] if self.portal else []
        return [*portal, *self.workers, *servers]

    def _listen_for_end(self) -> None:
        self._task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        for number in _END_SIGNALS:
            # A signal that somebody handles already, or ignores (nohup), stays theirs.
            if signal.getsignal(number) is signal.SIG_DFL:
                loop.add_signal_handler(number, self._end, number)
                self._heard.append(number)

    def _stop_listening(self) -> None:
        loop = asyncio.get_running_loop()
        while self._heard:
            loop.remove_signal_handler(self._heard.pop())
        self._task = None

    def _end(self, number: signal.Signals) -> None:
        self._end_signal = number
        if self._task is not None:
            self._task.cancel()

    def _new_postgres(self) -> EmbeddedPostgres:
        return EmbeddedPostgres(self.folder.path / "postgres", log=self.folder.logs / "postgres.log")

    def _new_temporal(self, *, ui: bool) -> EmbeddedTemporal:
        return EmbeddedTemporal(
            self.folder.path / "temporal",
            log=self.folder.logs / "temporal.log",
            ui=ui,
            namespace=self.settings.temporal_namespace,
        )

    def _embedded_postgres(self) -> EmbeddedPostgres:
        if self.postgres is None:
            raise StackError("This stack uses the PostgreSQL of DATABASE_URL.")
        return self.postgres

    def _embedded_temporal(self) -> EmbeddedTemporal:
        if self.temporal is None:
            raise StackError("This stack uses the Temporal of TEMPORAL_ADDRESS.")
        return self.temporal


async def _together(*starts: Coroutine[None, None, None]) -> None:
    """Run them at the same time, let each come to its end, then raise the first error."""
    tasks = [asyncio.ensure_future(start) for start in starts]
    try:
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome
    finally:
        for task in tasks:
            task.cancel()
        # Each must have cleaned up after itself before anybody stops the servers.
        await asyncio.gather(*tasks, return_exceptions=True)

"""An embedded Temporal: the official command line's own server, as a child process over one file."""

import asyncio
import importlib
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path

from stack.children import Child, free_port
from stack.errors import PortTakenError, ServerFailedError, StackError
from stack.programs import temporal_program

_READY_SECONDS = 60.0
_POLL_SECONDS = 0.05
_PORT_TRIES = 5

Value = bool | int | float | str

# The server's defaults throttle a single node: they add about 50 ms to every task and one second to a timer's
# or an id's reuse. Several times faster with these; measured on server 1.32.
DYNAMIC_CONFIGURATION: Mapping[str, Value] = {
    "history.transferProcessorMaxPollRPS": 1000,
    "history.timerProcessorMaxPollRPS": 1000,
    "history.visibilityProcessorMaxPollRPS": 1000,
    "matching.numTaskqueueReadPartitions": 1,
    "matching.numTaskqueueWritePartitions": 1,
    "matching.enableFairness": True,
}


def dynamic_arguments(configuration: Mapping[str, Value]) -> list[str]:
    """The server's command line arguments for a dynamic configuration."""
    return [
        part
        for name, value in configuration.items()
        for part in ("--dynamic-config-value", f"{name}={json.dumps(value)}")
    ]


class EmbeddedTemporal:
    """One Temporal server over one SQLite file, listening on 127.0.0.1 only.

    `start`, `stop` and `kill` may follow each other in any order; the address stays the same.

    Args:
        folder: Where the file stands; made when absent.
        log: File for the server's output; by default ``temporal.log`` in the folder.
        ui: Whether to serve Temporal's own pages too.
        namespace: Namespace to make besides ``default``.
        configuration: Dynamic configuration beyond `DYNAMIC_CONFIGURATION`.
    """

    name = "Temporal"

    def __init__(
        self,
        folder: Path,
        *,
        log: Path | None = None,
        ui: bool = False,
        namespace: str = "default",
        configuration: Mapping[str, Value] | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self.log = log or self.folder / "temporal.log"
        self.namespace = namespace
        self._ui = ui
        self._configuration = {**DYNAMIC_CONFIGURATION, **(configuration or {})}
        self._port: int | None = None
        self._ui_port: int | None = None
        self._server: Child | None = None

    @property
    def address(self) -> str:
        """Host and port of the server.

        Raises:
            StackError: Before the first start.
        """
        if self._port is None:
            raise StackError("Temporal has no address before its first start.")
        return f"127.0.0.1:{self._port}"

    @property
    def ui_address(self) -> str | None:
        """Where Temporal's own pages are, or None without them."""
        return None if self._ui_port is None else f"http://127.0.0.1:{self._ui_port}"

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return None if self._server is None else self._server.pid

    @property
    def running(self) -> bool:
        """Whether the server runs."""
        return self._server is not None and self._server.running

    async def start(self) -> None:
        """Start the server on its file and wait until it answers.

        Raises:
            StackError: When it runs already.
            ServerFailedError: When it ends or does not answer in time.
        """
        if self.running:
            raise StackError(f"Temporal runs already, as process {self.pid}.")
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        first = self._port is None
        for attempt in range(1, _PORT_TRIES + 1):
            if first:
                self._port = free_port()
                self._ui_port = free_port() if self._ui else None
            try:
                await self._launch()
            except PortTakenError:
                if attempt == _PORT_TRIES:
                    raise
                await asyncio.sleep(0.2)
            else:
                return

    async def stop(self) -> None:
        """Stop the server; harmless when it does not run."""
        if self._server is not None:
            await self._server.stop()

    async def kill(self) -> None:
        """Kill the server at once; `start` takes up from its file."""
        if self._server is not None:
            await self._server.kill()

    async def _launch(self) -> None:
        self._server = server = Child(
            "Temporal",
            self._command(),
            log=self.log,
            environment={name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")},
        )
        server.start()
        try:
            await self._answers(server)
        except BaseException:
            await server.kill()
            raise

    def _command(self) -> list[str]:
        pages = ["--headless"] if self._ui_port is None else ["--ui-port", str(self._ui_port)]
        return [
            str(temporal_program()),
            *("server", "start-dev", "--disable-config-file", "--disable-config-env", "--log-level", "warn"),
            *("--ip", "127.0.0.1", "--port", str(self._port), *pages, "--ui-disable-news-fetch"),
            *("--namespace", self.namespace),
            *("--db-filename", str(self.folder / "temporal.db")),
            # The file's defaults flush each transaction: a third of the speed. These survive a killed server;
            # a power cut may lose the last moments, which production's own service does not.
            *("--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=NORMAL"),
            *dynamic_arguments(self._configuration),
        ]

    async def _answers(self, server: Child) -> None:
        """Wait until a client can connect and the namespace is known."""
        # Off the loop, since it takes a second: PostgreSQL starts meanwhile.
        await asyncio.to_thread(importlib.import_module, "temporalio.client")
        from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest  # noqa: PLC0415 -- as above
        from temporalio.client import Client  # noqa: PLC0415 -- as above
        from temporalio.service import RPCError  # noqa: PLC0415 -- as above

        limit = time.monotonic() + _READY_SECONDS
        while True:
            if not server.running:
                tail = server.log_tail()
                kind = PortTakenError if "address already in use" in tail else ServerFailedError
                raise kind(f"Temporal ended with {server.exit_status} while starting. Its last words:\n{tail}")
            try:
                client = await Client.connect(self.address, namespace=self.namespace)
                await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=self.namespace))
            except (RPCError, RuntimeError) as error:
                if time.monotonic() > limit:
                    raise ServerFailedError(
                        f"Temporal did not answer on {self.address} after {_READY_SECONDS:.0f} s; see {self.log}."
                    ) from error
                await asyncio.sleep(_POLL_SECONDS)
            else:
                return

"""An embedded PostgreSQL: the real server as a child process, over programs a package brings."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from stack.children import Child, is_alive
from stack.errors import ServerFailedError, StackError
from stack.programs import RunAs, postgres_programs, run_as_for_postgres

DATABASE = "talent_pool"
_READY_SECONDS = 60.0
_OLD_SERVER_SECONDS = 10.0
_POLL_SECONDS = 0.02
_RETRY_SECONDS = 0.2
_SOCKET_PATH_BYTES = 100  # the kernel's limit is 107, and a new server may write a longer name for a moment
_STATUS_LINE = 7  # of postmaster.pid: "starting", "ready", "stopping"
_BUILTIN_LOCALE_VERSION = 17
_IO_METHOD_VERSION = 18
_STILL_THERE = ("pre-existing shared memory block", "lock file")

# Durability (fsync, synchronous_commit, full_page_writes, wal_sync_method) stays at the server's defaults.
_CONFIGURATION = {
    "max_connections": "100",
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    "wal_level": "minimal",  # nothing replicates from here
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "max_parallel_workers_per_gather": "0",  # parallel plans need /dev/shm, which containers keep small
    "jit": "off",
    "TimeZone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "log_error_verbosity": "terse",  # the detail of a refused row would be the row itself, names and all
    "unix_socket_permissions": "0700",
}


class EmbeddedPostgres:
    """One PostgreSQL server over one folder, reached by a Unix socket only.

    `start`, `stop` and `kill` may follow each other in any order on the same object, and a later object over
    the same folder finds the same data. The caller makes sure that one object at a time uses a folder.

    Args:
        folder: Where data and socket stand; made when absent.
        log: File for the server's output; by default ``postgres.log`` in the folder.
        configuration: Server parameters that differ from the defaults above, such as ``{"fsync": "off"}``.
        run_as: How a root user's server gives up being root; found out when absent.
    """

    name = "PostgreSQL"

    def __init__(
        self,
        folder: Path,
        *,
        log: Path | None = None,
        configuration: Mapping[str, str] | None = None,
        run_as: RunAs | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self.log = log or self.folder / "postgres.log"
        self._data = self.folder / "data"
        self._configuration = {**_CONFIGURATION, **(configuration or {})}
        self._run_as = run_as
        self._server: Child | None = None
        self._socket_folder = self._choose_socket_folder()

    @property
    def url(self) -> str:
        """The address of the talent pool's database, for SQLAlchemy with psycopg 3."""
        return self.url_of(DATABASE)

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return None if self._server is None else self._server.pid

    @property
    def running(self) -> bool:
        """Whether the server runs."""
        return self._server is not None and self._server.running

    def url_of(self, database: str) -> str:
        """The address of a database of this server."""
        return f"postgresql+psycopg://postgres@/{database}?host={quote(str(self._socket_folder))}"

    async def start(self) -> None:
        """Start the server on its data, made first if absent, and wait until it answers.

        Raises:
            StackError: When it runs already or cannot run here.
            ServerFailedError: When it ends or is not ready in time.
        """
        if self.running:
            raise StackError(f"PostgreSQL runs already, as process {self.pid}.")
        programs = postgres_programs()
        version = await _version(programs)
        self._run_as = run_as = self._run_as or run_as_for_postgres()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._prepare_socket_folder(run_as)
        await self._wait_for_old_server()
        await self._forget_unfinished()
        if not self._data.exists():
            await self._initialise(programs, version, run_as)
        run_as.give(self._data)
        configuration = dict(self._configuration)
        if version >= _IO_METHOD_VERSION:
            configuration.setdefault("io_method", "sync")  # three processes fewer
        await self._launch(programs, run_as, configuration)
        await self._ensure_database()

    async def stop(self) -> None:
        """Stop the server after it has written everything down; harmless when it does not run."""
        if self._server is not None:
            await self._server.stop()
        self._remove_short_folder()

    async def kill(self) -> None:
        """Kill the server and all its backends at once, as a power cut would; `start` recovers."""
        if self._server is not None:
            await self._server.kill()

    async def create_database(self, name: str, *, template: str | None = None) -> str:
        """Create a database, perhaps as a copy of another that nobody is connected to, and give its address."""
        copy = f' TEMPLATE "{_identifier(template)}"' if template is not None else ""
        await self._execute(f'CREATE DATABASE "{_identifier(name)}"{copy}')
        return self.url_of(name)

    async def drop_database(self, name: str) -> None:
        """Drop a database, whoever is still connected to it; harmless when there is none."""
        await self._execute(f'DROP DATABASE IF EXISTS "{_identifier(name)}" WITH (FORCE)')

    async def _execute(self, statement: str) -> None:
        import psycopg  # noqa: PLC0415 -- only a running server needs the driver

        # The text is ours: identifiers have passed _identifier, and these statements take no parameters.
        connection = await psycopg.AsyncConnection.connect(
            host=str(self._socket_folder), user="postgres", dbname="postgres", autocommit=True, connect_timeout=10
        )
        async with connection:
            await connection.execute(statement.encode())

    async def _ensure_database(self) -> None:
        import psycopg  # noqa: PLC0415 -- only a running server needs the driver

        try:
            await self.create_database(DATABASE)
        except psycopg.errors.DuplicateDatabase:
            return

    async def _initialise(self, programs: Path, version: int, run_as: RunAs) -> None:
        """Make a new data folder under another name, and rename it when it is whole."""
        unfinished = self.folder / "data.new"
        unfinished.mkdir(mode=0o700)
        run_as.give(unfinished)
        locale = ["--locale=C.UTF-8"]
        if version >= _BUILTIN_LOCALE_VERSION:
            locale.append("--locale-provider=builtin")  # the same sort order on every machine
        command = [str(programs / "initdb"), "-D", str(unfinished), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        initdb = Child(
            "initdb",
            [*command, *locale],
            log=self.log.with_name("initdb.log"),
            prefix=run_as.prefix,
            environment=_environment(),
        )
        initdb.start()
        try:
            status = await initdb.wait()
        finally:
            await initdb.kill()
        if status != 0:
            raise ServerFailedError(
                f"PostgreSQL's data could not be made in {unfinished} (initdb ended with {status}). "
                f"Its last words:\n{initdb.log_tail()}"
            )
        unfinished.rename(self._data)

    async def _launch(self, programs: Path, run_as: RunAs, configuration: Mapping[str, str]) -> None:
        options = [part for name, value in configuration.items() for part in ("-c", f"{name}={value}")]
        self._server = server = Child(
            "PostgreSQL",
            [str(programs / "postgres"), "-D", str(self._data), "-k", str(self._socket_folder), "-h", "", *options],
            log=self.log,
            prefix=run_as.prefix,
            # SIGINT is the fast shutdown: connections are cut, everything is written down.
            stop_signal=signal.SIGINT,
            orphan_signal=signal.SIGINT,
            stop_seconds=30.0,
            environment=_environment(),
        )
        server.start()
        try:
            await self._wait_until_ready(server)
        except BaseException:
            await server.kill()
            raise

    async def _wait_until_ready(self, server: Child) -> None:
        limit = time.monotonic() + _READY_SECONDS
        while not self._is_ready():
            late = time.monotonic() > limit
            if not server.running:
                tail = server.log_tail()
                if late or not any(words in tail for words in _STILL_THERE):
                    raise ServerFailedError(
                        f"PostgreSQL ended with {server.exit_status} while starting on {self._data}. "
                        f"Its last words:\n{tail}"
                    )
                # The backends of a server that was just killed need a moment to notice.
                await asyncio.sleep(_RETRY_SECONDS)
                server.start()
            elif late:
                raise ServerFailedError(
                    f"PostgreSQL was not ready after {_READY_SECONDS:.0f} s; see {self.log}. "
                    f"Its last words:\n{server.log_tail()}"
                )
            await asyncio.sleep(_POLL_SECONDS)

    def _is_ready(self) -> bool:
        """Whether the server that runs now has said so; the file may still be its predecessor's."""
        lines = self._pid_file()
        return (
            self._server is not None
            and len(lines) > _STATUS_LINE
            and lines[0].strip() == str(self._server.pid)
            and lines[_STATUS_LINE].strip() == "ready"
        )

    def _pid_file(self) -> list[str]:
        try:
            return (self._data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []

    async def _wait_for_old_server(self) -> None:
        """Let a server whose parent was killed finish, and clear what one that was killed has left.

        PostgreSQL takes any living process with the number in its files for the old server, so after a restart
        of the machine or container it may refuse to start for ever. A process that does not work in our data
        folder is not our server.
        """
        limit = time.monotonic() + _OLD_SERVER_SECONDS
        while (old := self._old_server()) is not None:
            if time.monotonic() > limit:
                os.kill(old, signal.SIGKILL)
                limit += _OLD_SERVER_SECONDS
            await asyncio.sleep(_POLL_SECONDS)
        if sys.platform == "linux":
            (self._data / "postmaster.pid").unlink(missing_ok=True)
            for lock in self._socket_folder.glob(".s.PGSQL.*.lock"):
                lock.unlink(missing_ok=True)

    def _old_server(self) -> int | None:
        lines = self._pid_file()
        if not lines or not lines[0].strip().isdecimal():
            return None
        pid = int(lines[0])
        try:
            works_here = Path(f"/proc/{pid}/cwd").readlink() == self._data
        except OSError:
            return None
        return pid if works_here and is_alive(pid) else None

    async def _forget_unfinished(self) -> None:
        """Remove what an interrupted first start has left; its last process may be tidying up there too."""
        unfinished = self.folder / "data.new"
        limit = time.monotonic() + _OLD_SERVER_SECONDS
        while unfinished.exists():
            try:
                shutil.rmtree(unfinished)
            except OSError:
                if time.monotonic() > limit:
                    raise
                await asyncio.sleep(_RETRY_SECONDS)

    def _choose_socket_folder(self) -> Path:
        usual = self.folder / "socket"
        short = f"talent-pool-{os.urandom(6).hex()}"
        for choice in (usual, Path(tempfile.gettempdir()) / short):
            if len(os.fsencode(choice / ".s.PGSQL.5432")) <= _SOCKET_PATH_BYTES:
                return choice
        return Path("/tmp") / short  # noqa: S108 -- the name is random, and the folder closed to others

    def _prepare_socket_folder(self, run_as: RunAs) -> None:
        """Make the socket's folder; a short one is written down, so that a killed run's is removed later."""
        note = self.folder / "short-socket-folder"
        if not self._is_short():
            self._socket_folder.mkdir(mode=0o700, exist_ok=True)
        elif not self._socket_folder.exists():
            if note.exists():
                _remove_socket_folder(Path(note.read_text(encoding="utf-8")))
            note.touch(mode=0o600)
            note.write_text(str(self._socket_folder), encoding="utf-8")
            # Without exist_ok: a folder somebody else made under this name is not ours to use.
            self._socket_folder.mkdir(mode=0o700)
        run_as.give(self._socket_folder)

    def _remove_short_folder(self) -> None:
        if self._is_short():
            _remove_socket_folder(self._socket_folder)
            (self.folder / "short-socket-folder").unlink(missing_ok=True)

    def _is_short(self) -> bool:
        return self._socket_folder.parent != self.folder


def _remove_socket_folder(folder: Path) -> None:
    if folder.name.startswith("talent-pool-") and folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder, ignore_errors=True)


def _identifier(name: str) -> str:
    if re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", name) is None:
        raise ValueError(f"{name!r} is no database name: use lower-case letters, digits and underscores.")
    return name


def _environment() -> dict[str, str]:
    """The environment without what would change how PostgreSQL's programs behave."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}


async def _version(programs: Path) -> int:
    """The server's major version."""
    answer = await asyncio.to_thread(
        subprocess.run, [str(programs / "postgres"), "--version"], capture_output=True, text=True, check=True
    )
    found = re.search(r"(\d+)", answer.stdout)
    if found is None:
        raise ServerFailedError(f"{programs / 'postgres'} does not tell its version: {answer.stdout!r}.")
    return int(found[1])

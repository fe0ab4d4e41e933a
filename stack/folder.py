"""The folder of one stack: held by one run at a time, and where others read how to reach it."""

import fcntl
import json
import os
import signal
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from stack.errors import FolderInUseError, StackError

_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Addresses:
    """How to reach a running stack.

    Attributes:
        database_url: PostgreSQL's address, for SQLAlchemy.
        temporal_address: Temporal's host and port.
        ui_address: Temporal's own pages, or None without them.
    """

    database_url: str
    temporal_address: str
    ui_address: str | None = None


class StackFolder:
    """One stack's folder, held from `hold` to `release`; the kernel releases it when the holder dies.

    Args:
        path: The folder; made when absent.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.logs = self.path / "logs"
        self._lock = self.path / "lock"
        self._addresses = self.path / "addresses.json"
        self._held: int | None = None

    def hold(self) -> None:
        """Take the folder for this process.

        Raises:
            FolderInUseError: When another run has it.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Letters and histories stand below; a folder of an earlier version may be open to others.
        self.path.chmod(0o700)
        held = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(held)
            holder = self._holder()
            raise FolderInUseError(
                f"Another run{f' (process {holder})' if holder else ''} uses the folder {self.path}. "
                "Wait for it, stop it, or choose another name for this one."
            ) from None
        os.ftruncate(held, 0)
        os.write(held, str(os.getpid()).encode())
        self._held = held
        self.forget_addresses()

    def release(self) -> None:
        """Give the folder back; harmless when it is not held."""
        if self._held is not None:
            self.forget_addresses()
            os.ftruncate(self._held, 0)
            os.close(self._held)
            self._held = None

    def tell_addresses(self, addresses: Addresses) -> None:
        """Write down how to reach the stack; the file is whole at every moment."""
        unfinished = self._addresses.with_suffix(".new")
        unfinished.write_text(json.dumps(asdict(addresses)), encoding="utf-8")
        # A given DATABASE_URL may hold a password.
        unfinished.chmod(0o600)
        unfinished.rename(self._addresses)

    def forget_addresses(self) -> None:
        """Remove what `tell_addresses` wrote."""
        self._addresses.unlink(missing_ok=True)

    def addresses(self) -> Addresses | None:
        """How to reach the stack that runs in this folder, or None when none is ready."""
        if not self.is_held():
            return None
        try:
            return Addresses(**json.loads(self._addresses.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None

    def is_held(self) -> bool:
        """Whether a run has the folder now."""
        if self._held is not None:
            return True
        try:
            probe = os.open(self._lock, os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(probe, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(probe)
        return False

    def stop_holder(self, *, seconds: float = 60.0) -> bool:
        """Ask the run that has the folder to end, and wait for it; False when there was none.

        Raises:
            StackError: When it has not ended in time.
        """
        if not self.is_held():
            return False
        holder = self._holder()
        limit = time.monotonic() + seconds
        if holder is not None:
            os.kill(holder, signal.SIGTERM)
        while self.is_held():
            if time.monotonic() > limit:
                raise StackError(f"Process {holder} still uses the folder {self.path} after {seconds:.0f} s.")
            time.sleep(_POLL_SECONDS)
        return True

    def _holder(self) -> int | None:
        text = self._lock.read_text(encoding="utf-8").strip()
        return int(text) if text.isdecimal() else None

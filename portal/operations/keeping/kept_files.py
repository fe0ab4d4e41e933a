"""Files between their preview and their import: kept in this process's memory, for a short time and for one person.

They hold names and addresses, so they are written nowhere. When the process ends, or another one answers, the file
is asked for again; nothing was imported by then, or the import says how far it came.
"""

import asyncio
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fastapi import Request

from acts.importing import Brought, FileRead
from intake.problems import RowProblem
from intake.rows import NominationRow, Row

GOOD_FOR = timedelta(minutes=30)
MOST_FILES = 12
"""At most so many of at most 5 MB each; the oldest gives way."""


@dataclass
class Progress:
    """How far an import came. ``ended`` once it is over; ``broken`` when it ended before its last row."""

    total: int
    tried: int = 0
    refused: list[RowProblem] = field(default_factory=list)
    ended: bool = False
    broken: bool = False
    task: asyncio.Task[None] | None = None

    @property
    def made(self) -> int:
        """How many rows were brought in."""
        return max(0, self.tried - len(self.refused))


@dataclass
class KeptFile:
    """A file that was previewed. ``read`` and ``weighed`` for what is imported whole; ``to_make`` for nominations."""

    key: str
    person: str
    kind: str
    cohort: str
    kept_at: datetime
    rows: tuple[Row, ...]
    read: FileRead | None = None
    weighed: Brought | None = None
    to_make: tuple[NominationRow, ...] = ()
    progress: Progress | None = None


class KeptFiles:
    """The files of one process."""

    def __init__(self) -> None:
        self._files: dict[str, KeptFile] = {}

    def keep(self, file: KeptFile) -> None:
        """Keeps a file."""
        self._forget_before(file.kept_at - GOOD_FOR)
        while len(self._files) >= MOST_FILES:
            self._files.pop(next(iter(self._files)))
        self._files[file.key] = file

    def find(self, key: str, person: str, now: datetime) -> KeptFile | None:
        """The person's file of this key, or None: never there, somebody else's, or too old."""
        self._forget_before(now - GOOD_FOR)
        file = self._files.get(key)
        return file if file is not None and file.person == person else None

    def _forget_before(self, moment: datetime) -> None:
        for key in [key for key, file in self._files.items() if file.kept_at < moment]:
            progress = self._files[key].progress
            if progress is None or progress.ended:
                del self._files[key]


def new_key() -> str:
    """A key nobody can guess."""
    return secrets.token_urlsafe(18)


def files_of(request: Request) -> KeptFiles:
    """The files of the process that answers."""
    state = request.app.state
    if not hasattr(state, "kept_files"):
        state.kept_files = KeptFiles()
    files: KeptFiles = state.kept_files
    return files

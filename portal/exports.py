"""Tables as files for spreadsheets: CSV and XLSX, in which no cell is ever taken for a formula.

A spreadsheet reads a cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a line break as a formula, and a
formula can send what stands beside it elsewhere (OWASP, CSV Injection). In CSV such a text gets an apostrophe before
it; in XLSX every text is typed as text. Numbers stay numbers.

Both are written into a file without a name, a portion at a time, so that a large table needs little memory, a failure
shows before anything is sent, and nothing is left behind.
"""

import asyncio
import csv
import io
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from tempfile import TemporaryFile
from typing import IO

from xlsxwriter import Workbook

from models.policy import LONDON

Cell = str | int | float | bool | date | datetime | None
"""What stands in a table; a datetime must know its time zone, and is written in London's."""
Portions = AsyncIterator[Sequence[Sequence[Cell]]]

MOST_ROWS = 1_048_575
"""What a sheet holds below its head."""
_LONGEST = 32_767
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_MARK = b"\xef\xbb\xbf"
"""Without it Excel takes UTF-8 for another encoding."""
_CHUNK = 64 * 1024


class Format(StrEnum):
    """The kinds of file."""

    CSV = "csv"
    XLSX = "xlsx"


MEDIA_TYPES = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class TooManyRowsError(ValueError):
    """A sheet cannot hold so many rows."""


async def table_file(form: Format, title: str, head: Sequence[str], portions: Portions) -> IO[bytes]:
    """The table as a file, open at its beginning; it is gone once it is closed.

    Args:
        form: Which kind.
        title: The sheet's name, at most 31 characters.
        head: The columns' names.
        portions: The rows, some at a time.

    Raises:
        TooManyRowsError: There are more rows than a sheet holds.
    """
    file = TemporaryFile()  # noqa: SIM115 -- whoever sends it closes it
    writing = _Csv(file) if form is Format.CSV else _Xlsx(file, title)
    try:
        await asyncio.to_thread(writing.write, [head])
        async for portion in portions:
            await asyncio.to_thread(writing.write, portion)
        await asyncio.to_thread(writing.end)
    except BaseException:
        # Also what the workbook keeps of its own beside the file.
        writing.end()
        file.close()
        raise
    file.seek(0)
    return file


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    """The file's bytes, piece by piece; closes it at the end."""
    with file:
        while piece := file.read(_CHUNK):
            yield piece


def safe(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{text}" if text.startswith(_DANGEROUS) else text


class _Writing(ABC):
    @abstractmethod
    def write(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Writes rows below those before."""

    @abstractmethod
    def end(self) -> None:
        """Everything is written."""


class _Csv(_Writing):
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        file.write(_MARK)

    def write(self, rows: Sequence[Sequence[Cell]]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text).writerows([_in_csv(cell) for cell in row] for row in rows)
        self._file.write(text.getvalue().encode())

    def end(self) -> None:
        self._file.flush()


class _Xlsx(_Writing):
    def __init__(self, file: IO[bytes], title: str) -> None:
        self._book = Workbook(
            file,
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_numbers": False,
                "strings_to_urls": False,
                "default_date_format": "yyyy-mm-dd hh:mm",
            },
        )
        # The moment of its making would make each file another.
        self._book.set_properties({"created": datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)})
        self._sheet = self._book.add_worksheet(title[:31])
        self._sheet.freeze_panes(1, 0)
        self._bold = self._book.add_format({"bold": True})
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._next = 0

    def write(self, rows: Sequence[Sequence[Cell]]) -> None:
        for row in rows:
            if self._next > MOST_ROWS:
                raise TooManyRowsError(f"A sheet holds at most {MOST_ROWS:,} rows: export as CSV.")
            for at, cell in enumerate(row):
                self._write_cell(at, cell)
            self._next += 1

    def _write_cell(self, at: int, cell: Cell) -> None:
        match cell:
            case None | "":
                return
            case bool():
                self._sheet.write_boolean(self._next, at, cell)
            case int() | float():
                self._sheet.write_number(self._next, at, cell)
            case datetime():
                self._sheet.write_datetime(self._next, at, cell.astimezone(LONDON).replace(tzinfo=None))
            case date():
                self._sheet.write_datetime(self._next, at, cell, self._day)
            case str():
                text = cell if len(cell) <= _LONGEST else f"{cell[: _LONGEST - 1]}…"
                self._sheet.write_string(self._next, at, text, None if self._next else self._bold)

    def end(self) -> None:
        self._book.close()


def _in_csv(cell: Cell) -> str | int | float:
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case int() | float():
            return cell
        case datetime():
            return cell.astimezone(LONDON).isoformat(sep=" ", timespec="seconds")
        case date():
            return cell.isoformat()
    return safe(cell)

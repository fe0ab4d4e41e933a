"""From a file's bytes to lines of named cells, tolerating what spreadsheets do and refusing what they spoil."""

import csv
import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from intake.problems import MOST_PROBLEMS, BadFile, RowProblem, show

LARGEST_FILE = 10 * 1024 * 1024
"""In bytes; the pilot's largest file has half a million."""

_SAVE_AS = "In the spreadsheet choose “Save as” and the type “CSV UTF-8 (comma delimited)”."
_FIRST_BYTES = (
    (b"PK\x03\x04", f"This is an Excel workbook, not a CSV file, whatever its name says. {_SAVE_AS}"),
    (b"\xd0\xcf\x11\xe0", f"This is an old Excel workbook, not a CSV file, whatever its name says. {_SAVE_AS}"),
    (b"%PDF", f"This is a PDF, not a CSV file. {_SAVE_AS}"),
    (b"\xff\xfe", f"This file is written in UTF-16 and not in UTF-8. {_SAVE_AS}"),
    (b"\xfe\xff", f"This file is written in UTF-16 and not in UTF-8. {_SAVE_AS}"),
)
_OTHER_DELIMITERS = ((";", "semicolons"), ("\t", "tabs"), ("|", "upright strokes"))

_ENOUGH = 0.4
"""The share of columns in common, of all in either, below which a file is not said to be of another kind."""


@dataclass(frozen=True)
class Line:
    """One filled line: where it begins in the file, and its cells by column, stripped of spaces around them."""

    number: int
    cells: dict[str, str]


def read_lines(
    source: Path | bytes,
    required: Collection[str],
    optional: Collection[str],
    kinds: Mapping[str, Collection[str]] | None = None,
) -> list[Line]:
    """Read the filled lines of a file whose header has these columns, in any order and any case.

    Args:
        source: The file, or its content.
        required: Columns that must be there.
        optional: Columns that may be there.
        kinds: What to say of a file of another kind, by the columns it has.

    Raises:
        BadFile: The file, its header, or the shape of one of its lines is not right.
    """
    records = _records(_text(_content(source)))
    known = (*required, *optional)
    if not records:
        raise BadFile([_of_file("The file is empty: it needs a first line with the names of the columns.")])
    (header_line, header), filled = records[0], records[1:]
    names = _header(header_line, header, known, required, kinds or {})
    if not filled:
        raise BadFile([_of_file("The file holds the names of the columns and nothing below them.")])
    too_long = (
        RowProblem(
            line=number,
            column="",
            value_shown="",
            sentence=f"This line has {len(cells)} cells, but there are {len(names)} columns. "
            'Put quotes (") around a value that holds a comma.',
        )
        for number, cells in filled
        if any(cells[len(names) :])
    )
    if first := list(islice(too_long, MOST_PROBLEMS + 1)):
        raise BadFile(first)
    return [
        Line(number, {name: cells[at] if at < len(cells) else "" for at, name in enumerate(names)})
        for number, cells in filled
    ]


def refuse_too_many(content: bytes, most: int) -> None:
    """Refuses a file of more filled lines below its header than are taken, before any of them is looked at.

    Raises:
        BadFile: It has more, or cannot be read at all.
    """
    rows = len(_records(_text(_content(content)))) - 1
    if rows > most:
        sentence = (
            f"The file has {rows:,} rows, and at most {most:,} can be brought in at once here. Divide it into "
            "smaller files, each with the names of the columns, and bring in one after the other."
        )
        raise BadFile([_of_file(sentence)])


def _of_file(sentence: str) -> RowProblem:
    return RowProblem(line=0, column="", value_shown="", sentence=sentence)


def _content(source: Path | bytes) -> bytes:
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if size > LARGEST_FILE:
        raise BadFile([_of_file(f"The file has {size:,} bytes; at most {LARGEST_FILE:,} are taken. Split it.")])
    return source if isinstance(source, bytes) else source.read_bytes()


def _text(content: bytes) -> str:
    """The content as text.

    Raises:
        BadFile: It is not UTF-8 text; another encoding would have to be guessed, and guessed names are wrong names.
    """
    for start, sentence in _FIRST_BYTES:
        if content.startswith(start):
            raise BadFile([_of_file(sentence)])
    if b"\x00" in content:
        line = _line_at(content, content.index(b"\x00"))
        raise BadFile([_at(line, f"This line holds a NUL byte, so the file is damaged or not text. {_SAVE_AS}")])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        sentence = f"This line holds a character that is not UTF-8, perhaps an accent or a £. {_SAVE_AS}"
        raise BadFile([_at(_line_at(content, error.start), sentence)]) from None


def _line_at(content: bytes, position: int) -> int:
    before = content[:position]
    return before.replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n") + 1


def _at(line: int, sentence: str) -> RowProblem:
    return RowProblem(line=line, column="", value_shown="", sentence=sentence)


def _records(text: str) -> list[tuple[int, list[str]]]:
    """The lines that hold anything, each with the number of the line on which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    found: list[tuple[int, list[str]]] = []
    while True:
        begins = reader.line_num + 1
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return found
        except csv.Error as error:
            raise BadFile([_at(begins, _quoting(str(error)))]) from None
        if any(cells):
            found.append((begins, cells))


def _quoting(error: str) -> str:
    if "unexpected end" in error:
        return 'A quote (") opens here and never closes. Close it, or remove it.'
    if "field limit" in error:
        return 'A cell here is longer than any may be, or a quote (") opens here and closes far below.'
    return 'A quote (") closes in the middle of a cell. Write a quote within a quoted cell twice ("").'


def _header(
    line: int,
    header: list[str],
    known: Collection[str],
    required: Collection[str],
    kinds: Mapping[str, Collection[str]],
) -> list[str]:
    """The columns' names; empty columns after the last name are dropped.

    Raises:
        BadFile: With one problem, whatever is wrong with the names: it says what they are to be.
    """
    width = max((at for at, name in enumerate(header, start=1) if name), default=0)
    names = ["_".join(name.casefold().replace("-", " ").replace("_", " ").split()) for name in header[:width]]
    like = _looks_like(names, known, kinds)
    if sum(name in known for name in names) * 2 < len(set(required)):
        raise BadFile([_not_a_header(line, header, known, like)])
    faults = [f"{name} is missing" for name in required if name not in names]
    for at, name in enumerate(names):
        if not name:
            faults.append(f"column {at + 1} has no name")
        elif name not in known:
            shown = show(header[at])
            faults.append(f"column {at + 1}{f' “{shown}”' if shown else ''} is not one of this file's")
        elif name in names[:at]:
            faults.append(f"{name} stands twice")
    if faults:
        sentence = f"The names of the columns are not right: {'; '.join(faults)}. They are: {', '.join(known)}.{like}"
        raise BadFile([_at(line, sentence)])
    return names


def _looks_like(names: Collection[str], known: Collection[str], kinds: Mapping[str, Collection[str]]) -> str:
    """A sentence on the kind of file that these columns fit better than the kind that was expected."""

    def fit(columns: Collection[str]) -> float:
        return len(set(names) & set(columns)) / max(1, len(set(names) | set(columns)))

    words, columns = max(kinds.items(), key=lambda kind: fit(kind[1]), default=("", ()))
    return f" This looks like {words}." if fit(columns) > max(fit(known), _ENOUGH) else ""


def _not_a_header(line: int, header: list[str], known: Collection[str], like: str) -> RowProblem:
    whole = ",".join(header).casefold()
    for delimiter, name in _OTHER_DELIMITERS:
        parts = {"_".join(part.strip(' "').split()) for part in whole.split(delimiter)}
        if len(parts & set(known)) > 1:
            return _at(line, f"The cells are separated by {name}; this needs commas. {_SAVE_AS}")
    return _at(line, f"The first line does not hold the names of the columns. They are: {', '.join(known)}.{like}")

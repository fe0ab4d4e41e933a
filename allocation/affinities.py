"""A matrix of fits: items down, assessors across, `C` where the two may not meet; read from CSV and written back."""

import csv
import math
import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import StringIO
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from allocation.sizes import too_far_apart

CONFLICT = "C"
NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
"""How a number is written: in the digits 0 to 9, with a point, at wish with a power of ten."""
_CELL = re.compile(r'"(?:[^"]|"")*+"(?=,|\r|\n|\Z)|(?!")[^,\r\n]*+')
_LINE_END = re.compile(r"\r\n|\r|\n")
LARGEST = 1_000_000_000
"""The most assessors of an item and items of an assessor that can be asked for."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with a file, and where; line and column count from 1."""

    line: int
    column: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.reason}"


class AffinityFileError(ValueError):
    """A file that cannot be read as asked; every fault found is listed."""

    def __init__(self, path: Path, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(f"{path}, {fault}" for fault in faults))


@dataclass(frozen=True, eq=False)
class Affinities:
    """Fits of assessors to items.

    Attributes:
        items: What is assessed, by name.
        assessors: Who assesses, by name.
        fits: One row for each item, one column for each assessor; not a number where they may not meet.
    """

    items: tuple[str, ...]
    assessors: tuple[str, ...]
    fits: NDArray[np.float64]

    def shuffled(self, seed: int) -> "Affinities":
        """The same fits in the order of the names' seeded digests, whatever the order before.

        Solving in this order makes the answer the same for every order of the input, and lets the published seed
        settle ties.
        """
        down, across = _order(self.items, seed), _order(self.assessors, seed)
        return Affinities(
            tuple(self.items[at] for at in down),
            tuple(self.assessors[at] for at in across),
            np.ascontiguousarray(self.fits[np.ix_(down, across)]),
        )


def _order(names: Sequence[str], seed: int) -> list[int]:
    digests = [sha256(f"{seed}\x1f{name}".encode()).digest() for name in names]
    return sorted(range(len(names)), key=digests.__getitem__)


def read_affinities(path: Path) -> Affinities:
    """Reads a matrix: the header names the assessors after one cell for the items' column.

    Raises:
        AffinityFileError: With every fault of the file, each with line and column.
    """
    rows = _rows(path)
    if not rows:
        raise AffinityFileError(path, [Fault(1, 1, "the file is empty; begin with a header naming the assessors")])
    header_line, header = rows[0]
    assessors = [name.strip() for name in header[1:]]
    faults = _name_faults(((header_line, column, name) for column, name in enumerate(assessors, 2)), "assessor")
    if not assessors:
        faults.append(Fault(header_line, 2, "the header names no assessor"))
    names = [(line, cells[0].strip()) for line, cells in rows[1:]]
    faults += _name_faults(((line, 1, name) for line, name in names), "item")
    if not names:
        faults.append(Fault(header_line + 1, 1, "no item follows the header"))
    fits = np.full((len(names), len(assessors)), math.nan)
    for at, (line, cells) in enumerate(rows[1:]):
        if len(cells) != len(header):
            place = min(len(cells), len(header)) + 1
            faults.append(Fault(line, place, f"{_cells(cells)}, but the header has {len(header)}"))
            continue
        for column, cell in enumerate(cells[1:]):
            try:
                fits[at, column] = _fit(cell)
            except ValueError as error:
                faults.append(Fault(line, column + 2, str(error)))
    if not faults and (apart := too_far_apart(fits)) is not None:
        faults.append(Fault(rows[1 + apart[0]][0], apart[1] + 2, apart[2]))
    if faults:
        raise AffinityFileError(path, sorted(faults, key=lambda fault: (fault.line, fault.column)))
    return Affinities(tuple(name for _, name in names), tuple(assessors), fits)


def read_assignment(path: Path, affinities: Affinities) -> list[tuple[int, int]]:
    """Reads pairs of item and assessor under a header, as positions in the affinities.

    Raises:
        AffinityFileError: When a name is not in the affinities, with line and column; with every fault found.
    """
    places = (
        {name: at for at, name in enumerate(affinities.items)},
        {name: at for at, name in enumerate(affinities.assessors)},
    )
    rows = _rows(path)
    faults: list[Fault] = _header_faults(rows, *places)
    pairs = []
    for line, cells in rows[1:]:
        if len(cells) != 2:
            faults.append(Fault(line, min(len(cells), 2) + 1, f"{_cells(cells)}; write item,assessor"))
            continue
        found = [known.get(cell.strip()) for known, cell in zip(places, cells, strict=True)]
        for column, (at, kind, cell) in enumerate(zip(found, ("item", "assessor"), cells, strict=True), 1):
            if at is None:
                faults.append(Fault(line, column, f"no {kind} is called {cell.strip()!r} in the affinities"))
        if found[0] is not None and found[1] is not None:
            pairs.append((found[0], found[1]))
    if faults:
        raise AffinityFileError(path, faults)
    return pairs


def _header_faults(
    rows: Sequence[tuple[int, list[str]]], items: Mapping[str, int], assessors: Mapping[str, int]
) -> list[Fault]:
    """A first row that names a pair is no header: left out, it would make the assignment look unsound."""
    if not rows:
        return [Fault(1, 1, "the file is empty; begin with the header item,assessor")]
    line, cells = rows[0]
    names = [cell.strip() for cell in cells]
    if names != ["item", "assessor"] and len(names) == 2 and names[0] in items and names[1] in assessors:
        return [Fault(line, 1, "names a pair where the header item,assessor belongs; add the header above it")]
    return []


def _cells(cells: Sequence[str]) -> str:
    return "1 cell" if len(cells) == 1 else f"{len(cells)} cells"


def write_assignment(path: Path, pairs: Iterable[tuple[str, str]]) -> None:
    """Writes pairs of item and assessor under a header, in the order of their names."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("item", "assessor"))
        writer.writerows(sorted(pairs))


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """Rows that are not blank, each with the line on which it begins."""
    text = _text(path)
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    rows, begins = [], 1
    try:
        for cells in reader:
            if cells:
                rows.append((begins, cells))
            begins = reader.line_num + 1
    except csv.Error as error:
        before = "".join(islice(StringIO(text, newline=""), begins - 1))
        line, column = _place(text[len(before) :])
        raise AffinityFileError(path, [Fault(begins + line - 1, column, f"is not CSV: {error}")]) from error
    return rows


def _text(path: Path) -> str:
    try:
        content = path.read_bytes().removeprefix(BOM_UTF8)
    except OSError as error:
        raise AffinityFileError(path, [Fault(1, 1, f"cannot be opened: {error.strerror}")]) from error
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line, column = _place(content[: error.start].decode(), cut=True)
        raise AffinityFileError(path, [Fault(line, column, "is not UTF-8 text")]) from error


def _place(text: str, *, cut: bool = False) -> tuple[int, int]:
    """The line and column of the first cell whose quote is not closed at its end; else of the end of the text.

    Where the text is `cut` off, the line is that of its end also within a quote.
    """
    line = column = 1
    at = 0
    while cell := _CELL.match(text, at):
        line += len(_LINE_END.findall(cell[0]))
        at = cell.end()
        if not (end := _LINE_END.match(text, at)) and text[at : at + 1] != ",":
            break
        line, column = (line + 1, 1) if end else (line, column + 1)
        at = end.end() if end else at + 1
    return (line + len(_LINE_END.findall(text, at)), column) if cut else (line, column)


def _fit(cell: str) -> float:
    text = cell.strip()
    if text == CONFLICT:
        return math.nan
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{text!r} is neither a number nor {CONFLICT} for a conflict") from None
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is not a finite number; write {CONFLICT} for a conflict")
    if not re.fullmatch(NUMBER, text):
        raise ValueError(f"{text!r} is not written as a number in the digits 0 to 9")
    return value


def _name_faults(named: Iterable[tuple[int, int, str]], kind: str) -> list[Fault]:
    faults, seen = [], dict[str, int]()
    for line, column, name in named:
        if not name:
            faults.append(Fault(line, column, f"an {kind} without a name"))
        elif name in seen:
            faults.append(Fault(line, column, f"the {kind} {name!r} was named before, in line {seen[name]}"))
        seen.setdefault(name, line)
    return faults

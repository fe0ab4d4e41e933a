"""What commands print: sentences, tables, and JSON with stable keys."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import Enum
from typing import TypeVar

import typer

# ruff: noqa: PLC0415 -- imported where needed, so that --help answers at once

_WIDE = 180

Row = TypeVar("Row")


def say(sentence: str) -> None:
    """Print a line on standard output."""
    typer.echo(sentence)


def note(sentence: str) -> None:
    """Print a line on standard error: what a program that reads the output does not want."""
    typer.echo(sentence, err=True)


def show_json(document: object) -> None:
    """Print a document as JSON; moments in ISO 8601, UTC."""
    typer.echo(json.dumps(_plain(document), ensure_ascii=False, indent=2))


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> None:
    """Print a table; where the output is no terminal it is wide, so that no cell is cut."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else _WIDE, highlight=False)
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    written = [list(row) for row in rows]
    # A column of moments shows seconds in all of its cells or in none.
    exact = [
        any(isinstance(cell, datetime) and cell.second for cell in column) for column in zip(*written, strict=True)
    ]
    for row in written:
        # As Text, since a name may hold what Rich takes for markup.
        table.add_row(*(Text(in_cell(cell, seconds=whole)) for cell, whole in zip(row, exact, strict=True)))
    console.print(table)


def progress(rows: Sequence[Row], doing: str) -> Iterable[Row]:
    """The rows one by one, with a bar on standard error where that is a terminal."""
    if not sys.stderr.isatty():
        return rows
    from rich.console import Console
    from rich.progress import track

    return track(rows, description=doing, console=Console(stderr=True), transient=True)


def in_cell(value: object, *, seconds: bool = False) -> str:
    """A value as a cell shows it: moments in UK time, to the second if asked or where there are any."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        from rules.calendar import LONDON

        return value.astimezone(LONDON).strftime("%Y-%m-%d %H:%M:%S" if seconds or value.second else "%Y-%m-%d %H:%M")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return str(value.value).replace("_", " ")
    if isinstance(value, float):
        return f"{value:.2f}"
    return str(value)


def _plain(value: object) -> object:
    if isinstance(value, (date, Enum)):
        return _in_word(value)
    if isinstance(value, Mapping):
        return {str(_plain(name)): _plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, (set, frozenset)):
        return sorted(str(_plain(part)) for part in value)
    return value


def _in_word(value: date | Enum) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.value if isinstance(value, Enum) else value.isoformat()

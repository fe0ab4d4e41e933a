"""The five kinds of file, each read into frozen rows or refused with every problem in it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from intake.columns import ASSESSORS, KINDS, NOMINATIONS, OFFICERS, ORGANISATIONS, Column, applications
from intake.problems import MOST_PROBLEMS, BadFile, RowProblem
from intake.rows import ApplicationRow, AssessorRow, NominationRow, OfficerRow, OrganisationRow, RowType
from intake.sheet import Line, read_lines
from intake.within import nomination_problems, officer_problems, problem, read_cells


def read_organisations(source: Path | bytes) -> tuple[OrganisationRow, ...]:
    """Read organisations.csv.

    Raises:
        BadFile: With every problem found; nothing of the file can be used.
    """
    return _read(source, ORGANISATIONS, OrganisationRow, lambda rows: _once(rows, "code", lambda row: row.code))


def read_assessors(source: Path | bytes) -> tuple[AssessorRow, ...]:
    """Read assessors.csv.

    Raises:
        BadFile: With every problem found; nothing of the file can be used.
    """

    def across(rows: Sequence[AssessorRow]) -> list[RowProblem]:
        return [
            *_once(rows, "reference", lambda row: row.reference),
            *_once(rows, "email", lambda row: row.email.lower()),
        ]

    return _read(source, ASSESSORS, AssessorRow, across)


def read_nominations(source: Path | bytes) -> tuple[NominationRow, ...]:
    """Read nominations.csv.

    Raises:
        BadFile: With every problem found; nothing of the file can be used.
    """

    def across(rows: Sequence[NominationRow]) -> list[RowProblem]:
        return [
            *(found for row in rows for found in nomination_problems(row)),
            *_once(rows, "reference", lambda row: row.reference),
            *_once(rows, "nominee_email", lambda row: row.nominee_email.lower()),
            *_one_name(rows, "endorser_name", lambda row: (row.endorser_email, row.endorser_name)),
        ]

    return _read(source, NOMINATIONS, NominationRow, across)


def read_applications(source: Path | bytes, criteria: Sequence[str]) -> tuple[ApplicationRow, ...]:
    """Read applications.csv, which has a column for each of the policy's ``criteria`` (their codes).

    Raises:
        BadFile: With every problem found; nothing of the file can be used.
    """
    columns = applications(criteria)
    problems: list[RowProblem] = []
    rows: list[ApplicationRow] = []
    for line in _lines(source, columns):
        meanings, found = read_cells(line.number, line.cells, columns)
        problems += found
        if len(problems) > MOST_PROBLEMS:
            raise BadFile(problems)
        if not found:
            filled = tuple((name, str(meaning)) for name, meaning in meanings.items() if name != "reference")
            rows.append(ApplicationRow(line=line.number, reference=str(meanings["reference"]), fields=filled))
    problems += _once(rows, "reference", lambda row: row.reference)
    if problems:
        raise BadFile(problems)
    return tuple(rows)


def read_officers(source: Path | bytes) -> tuple[OfficerRow, ...]:
    """Read officers.csv.

    Raises:
        BadFile: With every problem found; nothing of the file can be used.
    """

    def across(rows: Sequence[OfficerRow]) -> list[RowProblem]:
        return [
            *(found for row in rows for found in officer_problems(row)),
            *_once(rows, "role", lambda row: f"{row.email.lower()} {row.role} {row.organisation}"),
            *_one_name(rows, "full_name", lambda row: (row.email, row.full_name)),
        ]

    return _read(source, OFFICERS, OfficerRow, across)


def _lines(source: Path | bytes, columns: Mapping[str, Column]) -> list[Line]:
    required = [name for name, column in columns.items() if not column.optional]
    optional = [name for name, column in columns.items() if column.optional]
    return read_lines(source, required, optional, KINDS)


def _read(
    source: Path | bytes,
    columns: Mapping[str, Column],
    row_type: type[RowType],
    across: Callable[[Sequence[RowType]], list[RowProblem]],
) -> tuple[RowType, ...]:
    """Read every line, then what holds across lines; raise all problems together, or the first of very many."""
    problems: list[RowProblem] = []
    rows: list[RowType] = []
    for line in _lines(source, columns):
        meanings, found = read_cells(line.number, line.cells, columns)
        problems += found
        if len(problems) > MOST_PROBLEMS:
            raise BadFile(problems)
        if not found:
            rows.append(row_type.model_validate({"line": line.number, **meanings}))
    problems += across(rows)
    if problems:
        raise BadFile(problems)
    return tuple(rows)


def _once(rows: Iterable[RowType], column: str, key: Callable[[RowType], str]) -> list[RowProblem]:
    """A problem for each row whose key an earlier row has."""
    first: dict[str, int] = {}
    return [
        problem(row.line, column, f"This stands on line {earlier} too. Keep one of the two.")
        for row in rows
        if (earlier := first.setdefault(key(row), row.line)) != row.line
    ]


def _one_name(
    rows: Iterable[RowType], column: str, address_and_name: Callable[[RowType], tuple[str, str]]
) -> list[RowProblem]:
    """A problem for each row that gives an address another name than an earlier row does."""
    first: dict[str, tuple[int, str]] = {}
    problems: list[RowProblem] = []
    for row in rows:
        address, name = address_and_name(row)
        line, earlier = first.setdefault(address.lower(), (row.line, name))
        if address and name != earlier:
            problems.append(problem(row.line, column, f"Line {line} has another name for the same email address."))
    return problems

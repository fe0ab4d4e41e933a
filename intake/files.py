"""The five kinds of file, each read into frozen rows or refused with every problem in it."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from intake import cells
from intake.problems import BadFile, RowProblem, show
from intake.rows import ApplicationRow, AssessorRow, NominationRow, OfficerRow, OrganisationRow, OrganisationType, Row
from intake.sheet import Line, read_lines
from models.enums import AssessorRole, EndorserPost, NominationRoute, Readiness, Role

ELIGIBILITY_ANSWERS = ("employed_in_region", "reports_to_board", "next_step_executive")
"""What an applicant states about themselves, yes or no; the names are those of the policy's eligibility rules."""

LONGEST_STATEMENT = 6000
"""In characters: well above the 250 words a statement should have, well below what a cell can hold by accident."""

_MOST_ASSESSMENTS = 50
_ENDORSER = ("endorser_name", "endorser_email", "endorser_post", "endorser_organisation", "endorsement")
_OFFICES = (Role.MODERATOR, Role.BOARD, Role.OPERATIONS, Role.INCLUSION_ADVISER, Role.NOMINATOR)


@dataclass(frozen=True)
class Column:
    """How one column is read.

    Attributes:
        read: Turns the cell's text into its meaning or raises `cells.CellError`.
        filled: Whether a cell may not be empty.
        optional: Whether the column may be left out of the file.
        personal: Whether what stands there must never be shown.
    """

    read: Callable[[str], object]
    filled: bool = True
    optional: bool = False
    personal: bool = False


RowType = TypeVar("RowType", bound=Row)


def _columns(**columns: Column) -> dict[str, Column]:
    return columns


def _maybe(read: Callable[[str], object], *, personal: bool = False) -> Column:
    return Column(read, filled=False, optional=True, personal=personal)


_ORGANISATIONS = _columns(
    code=Column(cells.organisation_code),
    name=Column(cells.one_line(200)),
    type=Column(cells.word(OrganisationType)),
    region=Column(cells.one_line(80)),
    local_office_code=Column(cells.organisation_code),
    system_code=Column(cells.organisation_code),
    system_name=Column(cells.one_line(120)),
    legal_form=_maybe(cells.one_line(60)),
    size_class_2017=_maybe(cells.one_line(80)),
)
_ASSESSORS = _columns(
    reference=Column(cells.assessor_reference),
    full_name=Column(cells.person_name, personal=True),
    email=Column(cells.address, personal=True),
    role=Column(cells.word(AssessorRole)),
    organisation=Column(cells.organisation_code),
    post=_maybe(cells.one_line(120), personal=True),
    previous_organisations=_maybe(cells.earlier_organisations),
    interests=_maybe(cells.interests),
    capacity=Column(cells.whole_number(0, _MOST_ASSESSMENTS)),
    availability=Column(cells.availability),
    training_expires=_maybe(cells.day),
    declared_conflicts=_maybe(cells.conflicts),
)
_NOMINATIONS = _columns(
    reference=Column(cells.nomination_reference),
    organisation=Column(cells.organisation_code),
    route=Column(cells.word(NominationRoute)),
    nominator_email=Column(cells.address, filled=False, personal=True),
    nominee_name=Column(cells.person_name, personal=True),
    nominee_email=Column(cells.address, personal=True),
    current_post=_maybe(cells.one_line(120), personal=True),
    readiness=Column(cells.word(Readiness)),
    interests=_maybe(cells.interests),
    previous_organisations=_maybe(cells.earlier_organisations),
    endorser_name=Column(cells.person_name, filled=False, personal=True),
    endorser_email=Column(cells.address, filled=False, personal=True),
    endorser_post=Column(cells.word(EndorserPost), filled=False),
    endorser_organisation=Column(cells.organisation_code, filled=False),
    endorsement=Column(cells.text(LONGEST_STATEMENT), filled=False, personal=True),
)
_OFFICERS = _columns(
    full_name=Column(cells.person_name, personal=True),
    email=Column(cells.address, personal=True),
    post=_maybe(cells.one_line(120), personal=True),
    role=Column(cells.word(Role, *_OFFICES)),
    organisation=Column(cells.organisation_code, filled=False),
)


def read_organisations(source: Path | bytes) -> tuple[OrganisationRow, ...]:
    """Read organisations.csv.

    Raises:
        BadFile: With every problem found; nothing of the file can be used.
    """
    return _read(source, _ORGANISATIONS, OrganisationRow, lambda rows: _once(rows, "code", lambda row: row.code))


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

    return _read(source, _ASSESSORS, AssessorRow, across)


def read_nominations(source: Path | bytes) -> tuple[NominationRow, ...]:
    """Read nominations.csv.

    Raises:
        BadFile: With every problem found; nothing of the file can be used.
    """

    def across(rows: Sequence[NominationRow]) -> list[RowProblem]:
        return [
            *(problem for row in rows for problem in _nomination(row)),
            *_once(rows, "reference", lambda row: row.reference),
            *_once(rows, "nominee_email", lambda row: row.nominee_email.lower()),
            *_one_name(rows, "endorser_name", lambda row: (row.endorser_email, row.endorser_name)),
        ]

    return _read(source, _NOMINATIONS, NominationRow, across)


def read_applications(source: Path | bytes, criteria: Sequence[str]) -> tuple[ApplicationRow, ...]:
    """Read applications.csv, which has a column for each of the policy's ``criteria`` (their codes).

    Raises:
        BadFile: With every problem found; nothing of the file can be used.
    """
    statement = Column(cells.text(LONGEST_STATEMENT), filled=False, personal=True)
    columns = {
        "reference": Column(cells.nomination_reference),
        **{answer: Column(cells.yes_or_no, filled=False) for answer in ELIGIBILITY_ANSWERS},
        **dict.fromkeys(criteria, statement),
        "readiness": Column(cells.word(Readiness), filled=False),
        "development_needs": statement,
        "adjustments": statement,
    }
    problems: list[RowProblem] = []
    rows: list[ApplicationRow] = []
    for line in _lines(source, columns):
        meanings, found = _meanings(line, columns)
        problems += found
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
            *(problem for row in rows for problem in _officer(row)),
            *_once(rows, "role", lambda row: f"{row.email.lower()} {row.role} {row.organisation}"),
            *_one_name(rows, "full_name", lambda row: (row.email, row.full_name)),
        ]

    return _read(source, _OFFICERS, OfficerRow, across)


def _lines(source: Path | bytes, columns: Mapping[str, Column]) -> list[Line]:
    required = [name for name, column in columns.items() if not column.optional]
    return read_lines(source, required, [name for name, column in columns.items() if column.optional])


def _read(
    source: Path | bytes,
    columns: Mapping[str, Column],
    row_type: type[RowType],
    across: Callable[[Sequence[RowType]], list[RowProblem]],
) -> tuple[RowType, ...]:
    """Read every line, then what holds across lines; raise all problems together."""
    problems: list[RowProblem] = []
    rows: list[RowType] = []
    for line in _lines(source, columns):
        meanings, found = _meanings(line, columns)
        problems += found
        if not found:
            rows.append(row_type.model_validate({"line": line.number, **meanings}))
    problems += across(rows)
    if problems:
        raise BadFile(problems)
    return tuple(rows)


def _meanings(line: Line, columns: Mapping[str, Column]) -> tuple[dict[str, object], list[RowProblem]]:
    """The cells' meanings by column, empty cells left out, and what is wrong with the others."""
    meanings: dict[str, object] = {}
    problems: list[RowProblem] = []
    for name, cell in line.cells.items():
        column = columns[name]
        if not cell:
            if column.filled:
                problems.append(_problem(line.number, name, "This is empty: fill it in."))
            continue
        try:
            meanings[name] = column.read(cell)
        except cells.CellError as error:
            shown = "" if column.personal else show(cell, _personal_words(line, columns))
            problems.append(_problem(line.number, name, str(error), shown))
    return meanings, problems


def _personal_words(line: Line, columns: Mapping[str, Column]) -> frozenset[str]:
    personal = " ".join(cell for name, cell in line.cells.items() if columns[name].personal)
    return frozenset(re.findall(r"\w{2,}", personal.casefold()))


def _problem(line: int, column: str, sentence: str, shown: str = "") -> RowProblem:
    return RowProblem(line=line, column=column, value_shown=shown, sentence=sentence)


def _once(rows: Iterable[RowType], column: str, key: Callable[[RowType], str]) -> list[RowProblem]:
    """A problem for each row whose key an earlier row has."""
    first: dict[str, int] = {}
    return [
        _problem(row.line, column, f"This stands on line {earlier} too. Keep one of the two.")
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
            problems.append(_problem(row.line, column, f"Line {line} has another name for the same e-mail address."))
    return problems


def _nomination(row: NominationRow) -> list[RowProblem]:
    """What must hold within one nomination."""
    by_organisation = row.route is NominationRoute.ORGANISATION
    problems: list[RowProblem] = []
    if row.reference.rsplit("-", 1)[0] != row.organisation:
        sentence = "This must begin with the code in the column organisation, such as R1D-1 for R1D."
        problems.append(_problem(row.line, "reference", sentence, row.reference))
    if by_organisation and not row.nominator_email:
        problems.append(_problem(row.line, "nominator_email", "Who nominates? Give the nominator's e-mail address."))
    if not by_organisation and row.nominator_email.lower() not in {"", row.nominee_email.lower()}:
        sentence = "On the route self nobody else nominates: leave this empty, or write organisation as the route."
        problems.append(_problem(row.line, "nominator_email", sentence))
    if by_organisation and row.nominator_email.lower() == row.nominee_email.lower():
        sentence = "Nobody nominates themselves for an organisation: write self as the route."
        problems.append(_problem(row.line, "nominator_email", sentence))
    empty = [name for name in _ENDORSER if not getattr(row, name)]
    if empty and (by_organisation or len(empty) < len(_ENDORSER)):
        why = "An organisation's nomination needs its endorser" if by_organisation else "The endorser is half given"
        problems += [_problem(row.line, name, f"{why}: fill this in.") for name in empty]
    if row.endorser_email and row.endorser_email.lower() == row.nominee_email.lower():
        problems.append(_problem(row.line, "endorser_email", "Nobody endorses themselves: name another endorser."))
    return problems


def _officer(row: OfficerRow) -> list[RowProblem]:
    """What must hold for one officer."""
    if row.role is Role.NOMINATOR and not row.organisation:
        return [_problem(row.line, "organisation", "A nominator acts for one organisation: give its code.")]
    if row.role is not Role.NOMINATOR and row.organisation:
        sentence = "This role is for the whole region: leave the organisation empty."
        return [_problem(row.line, "organisation", sentence, row.organisation)]
    return []

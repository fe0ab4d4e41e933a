"""What one line of a file, or one form, says: the meanings of its cells, and what must hold among them."""

import re
from collections.abc import Mapping

from intake.characters import CellError
from intake.columns import ENDORSER, Column
from intake.problems import RowProblem, show
from intake.rows import NominationRow, OfficerRow
from models.enums import NominationRoute, Role


def problem(line: int, column: str, sentence: str, shown: str = "") -> RowProblem:
    """A problem with one cell."""
    return RowProblem(line=line, column=column, value_shown=shown, sentence=sentence)


def read_cells(
    line: int, cells: Mapping[str, str], columns: Mapping[str, Column]
) -> tuple[dict[str, object], list[RowProblem]]:
    """The cells' meanings by column, empty cells left out, and what is wrong with the others."""
    meanings: dict[str, object] = {}
    problems: list[RowProblem] = []
    for name, cell in cells.items():
        column = columns[name]
        if not cell:
            if column.filled:
                problems.append(problem(line, name, "This is empty: fill it in."))
            continue
        try:
            meanings[name] = column.meaning(cell)
        except CellError as error:
            shown = "" if column.personal else show(cell, _personal_words(cells, columns))
            problems.append(problem(line, name, str(error), shown))
    return meanings, problems


def _personal_words(cells: Mapping[str, str], columns: Mapping[str, Column]) -> frozenset[str]:
    personal = " ".join(cell for name, cell in cells.items() if columns[name].personal)
    return frozenset(re.findall(r"\w{2,}", personal.casefold()))


def nomination_problems(row: NominationRow) -> list[RowProblem]:
    """What must hold within one line of nominations.csv."""
    by_organisation = row.route is NominationRoute.ORGANISATION
    problems = reference_problems(row)
    if by_organisation and not row.nominator_email:
        problems.append(problem(row.line, "nominator_email", "Who nominates? Give the nominator's email address."))
    if not by_organisation and row.nominator_email.lower() not in {"", row.nominee_email.lower()}:
        sentence = "On the route self nobody else nominates: leave this empty, or write organisation as the route."
        problems.append(problem(row.line, "nominator_email", sentence))
    if by_organisation and row.nominator_email.lower() == row.nominee_email.lower():
        sentence = "Nobody nominates themselves for an organisation: write self as the route."
        problems.append(problem(row.line, "nominator_email", sentence))
    return problems + endorser_problems(row)


def reference_problems(row: NominationRow) -> list[RowProblem]:
    """A reference begins with the organisation's code."""
    if row.reference.rsplit("-", 1)[0] == row.organisation:
        return []
    sentence = "This must begin with the code in the column organisation, such as R1D-1 for R1D."
    return [problem(row.line, "reference", sentence, row.reference)]


def endorser_problems(row: NominationRow) -> list[RowProblem]:
    """An organisation's nomination is endorsed, wholly and by somebody else; one's own may be endorsed later."""
    by_organisation = row.route is NominationRoute.ORGANISATION
    problems: list[RowProblem] = []
    empty = [name for name in ENDORSER if not getattr(row, name)]
    if empty and (by_organisation or len(empty) < len(ENDORSER)):
        why = "An organisation's nomination needs its endorser" if by_organisation else "The endorser is half given"
        problems += [problem(row.line, name, f"{why}: fill this in.") for name in empty]
    if row.endorser_email and row.endorser_email.lower() == row.nominee_email.lower():
        problems.append(problem(row.line, "endorser_email", "Nobody endorses themselves: name another endorser."))
    return problems


def officer_problems(row: OfficerRow) -> list[RowProblem]:
    """A nominator acts for one organisation, every other officer for the whole region."""
    if row.role is Role.NOMINATOR and not row.organisation:
        return [problem(row.line, "organisation", "A nominator acts for one organisation: give its code.")]
    if row.role is not Role.NOMINATOR and row.organisation:
        sentence = "This role is for the whole region: leave the organisation empty."
        return [problem(row.line, "organisation", sentence, row.organisation)]
    return []

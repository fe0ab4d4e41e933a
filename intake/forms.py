"""One nomination, one endorsement, one officer, as a person fills in a form: read by the rules of the files.

A form has the names of the file's columns, so what is right in one is right in the other.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from intake.columns import ENDORSER, NOMINATIONS, OFFICERS, Column
from intake.problems import BadForm, RowProblem
from intake.rows import EndorsementRow, NominationRow, OfficerRow, RowType
from intake.within import endorser_problems, officer_problems, read_cells, reference_problems

_ROUTE = "organisation"

NOMINATION: Mapping[str, Column] = MappingProxyType(
    {
        name: replace(column, filled=False) if name == "reference" else column
        for name, column in NOMINATIONS.items()
        # Who nominates is who says so.
        if name != "nominator_email"
    }
)
ENDORSEMENT: Mapping[str, Column] = MappingProxyType(
    {name: replace(NOMINATIONS[name], filled=True) for name in ENDORSER}
)
OFFICER: Mapping[str, Column] = MappingProxyType(dict(OFFICERS))


def read_nomination(written: Mapping[str, str]) -> NominationRow:
    """A nomination, without its number and who nominates; the endorser is of the nominee's organisation, unless said.

    Raises:
        BadForm: With everything that is wrong.
    """
    filled = {"route": _ROUTE, **{name: text for name, text in written.items() if text.strip()}}
    if any(name in filled for name in ENDORSER):
        filled = {"endorser_organisation": filled.get("organisation", ""), **filled}

    def within(row: NominationRow) -> list[RowProblem]:
        return (reference_problems(row) if row.reference else []) + endorser_problems(row)

    return _read(filled, NOMINATION, NominationRow, within, {"reference": ""})


def read_endorsement(written: Mapping[str, str]) -> EndorsementRow:
    """An endorsement of a nomination that is there.

    Raises:
        BadForm: With everything that is wrong.
    """
    return _read(written, ENDORSEMENT, EndorsementRow, lambda _: [], {})


def read_officer(written: Mapping[str, str]) -> OfficerRow:
    """Somebody's role.

    Raises:
        BadForm: With everything that is wrong.
    """
    return _read(written, OFFICER, OfficerRow, officer_problems, {})


def _read(
    written: Mapping[str, str],
    columns: Mapping[str, Column],
    row_type: type[RowType],
    within: Callable[[RowType], list[RowProblem]],
    unsaid: Mapping[str, object],
) -> RowType:
    cells = {name: written.get(name, "").strip() for name in columns}
    meanings, problems = read_cells(0, cells, columns)
    if not problems:
        row = row_type.model_validate({"line": 0, **unsaid, **meanings})
        problems = within(row)
    if problems:
        raise BadForm(problems)
    return row

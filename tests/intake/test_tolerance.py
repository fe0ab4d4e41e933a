"""What spreadsheets do to a file without spoiling it."""

from collections.abc import Callable
from datetime import date

import pytest

from intake.files import read_assessors, read_nominations, read_officers
from models.enums import AssessorRole
from tests.intake.filled import ASSESSOR, NOMINATION, OFFICER, written

PLAIN = written(ASSESSOR)


def _reversed(content: bytes) -> bytes:
    del content
    return written(dict(reversed(ASSESSOR.items())))


TOLERATED: dict[str, Callable[[bytes], bytes]] = {
    "byte order mark": lambda content: b"\xef\xbb\xbf" + content,
    "Windows line ends": lambda content: content.replace(b"\n", b"\r\n"),
    "old Macintosh line ends": lambda content: content.replace(b"\n", b"\r"),
    "no last line end": lambda content: content.rstrip(b"\n"),
    "empty lines at the end": lambda content: content + b",,,,,,,,,,,\n\n  \n",
    "empty columns at the end": lambda content: content.replace(b"\n", b",,\n"),
    "columns in another order": _reversed,
    "capitals in the header": lambda content: content.replace(b"full_name", b"Full Name").replace(
        b"email", b" EMAIL "
    ),
    "spaces around values": lambda content: content.replace(b"chief_executive", b"  chief_executive "),
    "words as people write them": lambda content: content.replace(b"chief_executive", b"Chief Executive"),
    "small letters in a code": lambda content: content.replace(b"R1D", b"r1d"),
    "hard spaces": lambda content: content.replace("Siân Featherby".encode(), "Siân\xa0Featherby".encode()),
    "decomposed accents": lambda content: content.replace("â".encode(), "a\u0302".encode()),
    "British dates": lambda content: content.replace(b"2016-03-31", b"31/03/2016").replace(
        b"2018-10-01", b"1/10/2018"
    ),
}


@pytest.mark.parametrize("change", TOLERATED.values(), ids=[name.replace(" ", "-") for name in TOLERATED])
def test_read_assessors_spreadsheet_habit_reads_the_same(change: Callable[[bytes], bytes]):
    changed = change(PLAIN)

    rows = read_assessors(changed)

    assert changed != PLAIN
    assert rows == read_assessors(PLAIN)


def test_read_assessors_cells_have_their_meaning():
    row = read_assessors(PLAIN)[0]

    assert row.line == 2
    assert row.role is AssessorRole.CHIEF_EXECUTIVE
    assert [(left.organisation, left.left_on) for left in row.previous_organisations] == [("05A", date(2016, 3, 31))]
    assert row.interests == ("mental_health", "finance")
    assert [(days.first, days.last) for days in row.availability] == [(date(2018, 10, 1), date(2018, 11, 30))]
    assert row.training_expires is None


def test_read_assessors_optional_columns_may_be_left_out():
    left_out = {"post", "previous_organisations", "interests", "training_expires", "declared_conflicts"}

    rows = read_assessors(written({name: cell for name, cell in ASSESSOR.items() if name not in left_out}))

    assert rows[0].interests == ()


def test_read_nominations_line_breaks_within_quotes_keep_the_count_of_lines():
    first = {**NOMINATION, "endorsement": "One.\nTwo.\nThree."}
    second = {**NOMINATION, "reference": "R1D-91", "nominee_email": "other@example.nhs.test"}

    rows = read_nominations(written(first, second))

    assert [row.line for row in rows] == [2, 5]
    assert rows[0].endorsement == "One.\nTwo.\nThree."


def test_read_nominations_reference_that_looks_like_a_power_of_ten_is_taken():
    rows = read_nominations(written({**NOMINATION, "organisation": "15E", "reference": "15E-1"}))

    assert rows[0].reference == "15E-1"


def test_read_officers_somebody_with_two_roles_has_two_rows():
    rows = read_officers(written(OFFICER, {**OFFICER, "role": "board", "organisation": ""}))

    assert [row.role.value for row in rows] == ["nominator", "board"]

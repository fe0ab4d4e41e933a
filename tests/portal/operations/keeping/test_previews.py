"""What the page says of an import that goes on by itself."""

from datetime import UTC, datetime

from intake.problems import RowProblem
from portal.operations.keeping.kept_files import KeptFile, Progress
from portal.operations.keeping.previews import done_shown

FILE = KeptFile("key", "p-1", "nominations", "pilot", datetime(2026, 11, 23, tzinfo=UTC), ())
REFUSED = RowProblem(
    line=4, column="", value_shown="", sentence="This person has a nomination in this cohort already."
)


def test_import_that_runs_says_how_far_it_is() -> None:
    shown = done_shown(FILE, Progress(total=1200, tried=1040))

    assert shown.running
    assert shown.sentences[0] == "1,040 of 1,200 rows so far."


def test_import_that_was_broken_off_says_how_to_go_on() -> None:
    shown = done_shown(FILE, Progress(total=9, tried=5, refused=[REFUSED], ended=True, broken=True))

    assert not shown.running
    assert shown.heading == "The import was broken off"
    assert shown.sentences == (
        "4 of 9 rows were brought in.",
        "Import the same file again: it goes on where it stopped.",
    )
    assert [one.place for one in shown.refused] == ["Line 4"]


def test_import_with_refused_rows_names_them() -> None:
    shown = done_shown(FILE, Progress(total=2, tried=2, refused=[REFUSED], ended=True))

    assert shown.sentences[0] == "1 row was brought in."
    assert "Mend them and import the file again" in shown.sentences[1]
    assert [one.sentence for one in shown.refused] == [REFUSED.sentence]

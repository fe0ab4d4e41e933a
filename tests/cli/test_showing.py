"""What commands print: tables whose columns read alike."""

from datetime import UTC, datetime

import pytest

from cli.showing import progress, show_table


def test_column_of_moments_shows_seconds_in_all_cells_or_in_none(capsys: pytest.CaptureFixture[str]) -> None:
    on_the_minute, within_it = datetime(2018, 9, 3, 8, tzinfo=UTC), datetime(2018, 9, 3, 8, 0, 7, tzinfo=UTC)

    show_table(["from", "until"], [(on_the_minute, on_the_minute), (within_it, None)])

    lines = [line.split() for line in capsys.readouterr().out.splitlines() if "2018" in line]
    assert lines == [["2018-09-03", "09:00:00", "2018-09-03", "09:00"], ["2018-09-03", "09:00:07"]]


def test_table_without_rows_has_its_heads(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(["nomination", "stage"], [])

    assert capsys.readouterr().out.split()[:2] == ["nomination", "stage"]


def test_progress_is_silent_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(progress([1, 2, 3], "Nominating")) == [1, 2, 3]

    assert capsys.readouterr() == ("", "")

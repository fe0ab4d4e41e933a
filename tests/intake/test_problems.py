"""What a problem shows of a value."""

from collections.abc import Mapping

import pytest

from intake.columns import Column
from intake.files import read_assessors
from intake.problems import MOST_PROBLEMS, BadFile, RowProblem, show
from intake.within import read_cells
from tests.intake.filled import ASSESSOR, written


def test_show_a_long_value_is_cut_to_forty_characters():
    shown = show("x" * 90)

    assert shown == "x" * 39 + "…"
    assert len(shown) == 40


def test_show_a_value_of_forty_characters_is_whole():
    assert show("x" * 40) == "x" * 40


@pytest.mark.parametrize("value", ["jo@example.nhs.test", "Jo Featherby", "Siân O'Brien-Khan", "x jo@a.test"])
def test_show_what_looks_like_a_person_shows_nothing(value: str):
    assert show(value) == ""


def test_show_a_line_break_cannot_forge_a_log_line():
    assert "\n" not in show("ceo\n2018-09-01 root logged in 1")


def test_problem_of_shifted_cells_does_not_show_the_name():
    shifted = {**ASSESSOR, "role": "Featherby", "organisation": "sian.featherby@example.nhs.test"}

    with pytest.raises(BadFile) as refused:
        read_assessors(written(shifted))

    assert {problem.column: problem.value_shown for problem in refused.value.problems} == {
        "role": "",
        "organisation": "",
    }


def test_problem_shows_a_bad_code():
    with pytest.raises(BadFile) as refused:
        read_assessors(written({**ASSESSOR, "role": "ceo"}))

    assert refused.value.problems[0].value_shown == "ceo"
    assert "line 2, column role" in str(refused.value)


def test_told_problems_are_cut_short_and_counted():
    bad = BadFile(RowProblem(line=line, column="role", value_shown="", sentence="No.") for line in range(2, 52))

    assert bad.told(20).splitlines()[0] == "50 problems, nothing was imported:"
    assert bad.told(20).splitlines()[20:] == ["line 21, column role: No.", "and 30 more; --all shows every one"]
    assert len(bad.told().splitlines()) == len(bad.told(50).splitlines()) == 51


def test_told_problems_of_very_many_are_the_first_and_there_are_more():
    def problems(count: int) -> list[RowProblem]:
        return [RowProblem(line=line, column="role", value_shown="", sentence="No.") for line in range(count, 0, -1)]

    whole, cut = BadFile(problems(MOST_PROBLEMS)), BadFile(problems(MOST_PROBLEMS + 1))

    assert (len(whole.problems), whole.more, whole.told().splitlines()[0]) == (
        1000,
        False,
        "1000 problems, nothing was imported:",
    )
    assert (len(cut.problems), cut.more, cut.told().splitlines()[0]) == (
        1000,
        True,
        "More than 1,000 problems, of which these are the first, nothing was imported:",
    )
    assert [cut.problems[0].line, cut.problems[-1].line] == [1, 1000]


def test_file_with_very_many_problems_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch):
    head, line = written({**ASSESSOR, "role": "ceo", "capacity": "many"}).split(b"\n", 1)
    lines: list[int] = []

    def noting(number: int, cells: Mapping[str, str], columns: Mapping[str, Column]) -> object:
        lines.append(number)
        return read_cells(number, cells, columns)

    monkeypatch.setattr("intake.files.read_cells", noting)

    with pytest.raises(BadFile) as refused:
        read_assessors(head + b"\n" + line * 3000)

    assert (len(refused.value.problems), refused.value.more) == (MOST_PROBLEMS, True)
    assert len(lines) == MOST_PROBLEMS // 2 + 1


def test_file_whose_lines_are_all_too_long_tells_the_first():
    head, line = written(ASSESSOR).split(b"\n", 1)

    with pytest.raises(BadFile) as refused:
        read_assessors(head + b"\n" + (line.rstrip(b"\r\n") + b",,x\n") * 1500)

    assert (len(refused.value.problems), refused.value.more) == (MOST_PROBLEMS, True)

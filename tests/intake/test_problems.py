"""What a problem shows of a value."""

import pytest

from intake.files import read_assessors
from intake.problems import BadFile, RowProblem, show
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

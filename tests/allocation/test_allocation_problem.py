from datetime import date

import pytest
from allocation_cases import assessor, four_of_each_role, nomination, panel_rules, problem

from allocation import CompositionRule, MalformedProblemError, Weights


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: assessor("a", "board member"), "Assessor a has the role 'board member'"),
        (lambda: assessor("a", capacity=-1), "capacity -1"),
        (lambda: assessor("a", available=((date(2018, 10, 2), date(2018, 10, 1)),)), "swap the dates"),
        (lambda: nomination("n", seats=0), "asks for 0 seats"),
        (lambda: nomination("n", seated=("a", "a")), "same assessor seated twice"),
        (lambda: CompositionRule("x", frozenset(), 1), "names the roles"),
        (lambda: CompositionRule("x", frozenset({"chair"}), 2, 1), "at least 2 and at most 1"),
        (lambda: Weights(-1, 1, 1), "may not be negative"),
        (lambda: panel_rules(min_days_available=32), "but the window has 31"),
        (lambda: panel_rules(size=0), "at least one seat"),
        (lambda: panel_rules(composition=(CompositionRule("x", frozenset({"chair"}), 1),) * 2), "share a name"),
        (lambda: problem([], four_of_each_role() * 2), "same identifier"),
        (lambda: problem([nomination("n")] * 2, []), "same identifier"),
        (lambda: problem([nomination("n", seated=("z",))], []), "not among the assessors"),
    ],
)
def test_question_that_contradicts_itself_is_refused(make, sentence):
    with pytest.raises(MalformedProblemError, match=sentence):
        make()

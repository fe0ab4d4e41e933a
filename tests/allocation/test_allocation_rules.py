from dataclasses import replace
from datetime import date

import pytest
from allocation_cases import assessor, nomination, panel_rules, problem, problems
from hypothesis import given, settings

from allocation import Bar, Seat, bars, violations

RULES = panel_rules()


def test_stranger_is_not_barred():
    assert bars(nomination("n"), assessor("a"), RULES) == ()


@pytest.mark.parametrize(
    ("demand", "person", "expected"),
    [
        ({"organisation": "X"}, {"organisation": "X"}, Bar.SAME_ORGANISATION),
        ({"endorser_organisation": "X"}, {"organisation": "X"}, Bar.ENDORSERS_ORGANISATION),
        ({"conflicts": (("a", "family"),)}, {}, Bar.DECLARED_CONFLICT),
        ({"barred": frozenset({"a"})}, {}, Bar.ALREADY_ASKED),
        ({"seated": ("a",)}, {}, Bar.ALREADY_ASKED),
        ({}, {"available": ()}, Bar.UNAVAILABLE),
        ({}, {"training_expires": date(2018, 10, 30)}, Bar.TRAINING_EXPIRED),
        ({}, {"load": 6}, Bar.AT_CAPACITY),
        ({}, {"capacity": 0}, Bar.AT_CAPACITY),
    ],
)
def test_pair_is_barred_by_one_rule(demand, person, expected):
    assert bars(nomination("n", **demand), assessor("a", **person), RULES) == (expected,)


def test_every_bar_is_named():
    demand = nomination(
        "n",
        "X",
        endorser_organisation="X",
        earlier_organisations=(("Y", date(2018, 1, 1)),),
        conflicts=(("a", "family"),),
        barred=frozenset({"a"}),
    )
    person = assessor(
        "a",
        organisation="X",
        earlier_organisations=(("Y", date(2018, 1, 1)),),
        available=(),
        training_expires=date(2018, 1, 1),
        load=6,
    )

    assert bars(demand, person, RULES) == tuple(Bar)


@pytest.mark.parametrize(("left", "expected"), [(date(2015, 10, 1), True), (date(2015, 9, 30), False)])
def test_earlier_organisation_bars_within_three_years_on_either_side(left, expected):
    earlier = (("X", left),)
    theirs = bars(nomination("n", earlier_organisations=earlier), assessor("a", organisation="X"), RULES)
    ours = bars(nomination("n", "X"), assessor("a", earlier_organisations=earlier), RULES)
    both = bars(nomination("n", earlier_organisations=earlier), assessor("a", earlier_organisations=earlier), RULES)

    assert [bool(found) for found in (theirs, ours, both)] == [expected] * 3


@pytest.mark.parametrize(("left", "expected"), [(date(2017, 3, 1), True), (date(2017, 2, 28), False)])
def test_conflict_period_counts_back_from_29_february(left, expected):
    rules = panel_rules(window=(date(2020, 2, 29), date(2020, 3, 31)))
    person = assessor("a", earlier_organisations=(("X", left),), available=(rules.window,))

    assert bool(bars(nomination("n", "X"), person, rules)) is expected


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        (((date(2018, 9, 1), date(2018, 10, 5)),), False),
        (((date(2018, 9, 1), date(2018, 10, 4)),), True),
        (((date(2018, 10, 27), date(2018, 12, 1)),), False),
        (((date(2018, 10, 1), date(2018, 10, 3)), (date(2018, 10, 2), date(2018, 10, 4))), True),
        (((date(2018, 10, 10), date(2018, 10, 12)), (date(2018, 10, 1), date(2018, 10, 2))), False),
    ],
)
def test_availability_counts_distinct_days_within_the_window(ranges, expected):
    found = bars(nomination("n"), assessor("a", available=ranges), RULES)

    assert (Bar.UNAVAILABLE in found) is expected


def test_training_that_ends_on_the_last_day_holds():
    assert bars(nomination("n"), assessor("a", training_expires=date(2018, 10, 31)), RULES) == ()


def test_bar_has_a_stable_code_and_words():
    assert (str(Bar.AT_CAPACITY), Bar.AT_CAPACITY.words) == ("at_capacity", "at capacity")


@settings(max_examples=200, deadline=None, derandomize=True)
@given(problems())
def test_bars_agree_with_the_independent_checker(question):
    rules = replace(question.rules, size=1, composition=())
    for demand in question.nominations:
        alone = replace(demand, seats=None, seated=())
        for person in question.assessors:
            asked = problem([alone], [person], size=1, composition=(), seed=rules.seed)
            broken = violations(asked, (Seat(alone.id, person.id, 0, ()),))

            assert bool(bars(alone, person, asked.rules)) is bool(broken)

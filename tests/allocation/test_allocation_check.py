from dataclasses import replace
from datetime import date

import pytest
from allocation_cases import assessor, four_of_each_role, nomination, problem

from allocation import Seat, Violation, violations


def seats(*pairs):
    return tuple(Seat(demand, person, 0, ()) for demand, person in pairs)


GOOD = (("n", "chief_executive-0"), ("n", "chair-0"), ("n", "chair-1"))


def test_sound_proposal_has_no_violation():
    assert violations(problem([nomination("n")], four_of_each_role()), seats(*GOOD)) == ()


@pytest.mark.parametrize(
    ("demand", "person", "rule"),
    [
        ({"organisation": "X"}, {"organisation": "X"}, "organisation"),
        ({"organisation": "X"}, {"earlier_organisations": (("X", date(2015, 10, 1)),)}, "organisation"),
        ({"endorser_organisation": "X"}, {"organisation": "X"}, "endorser"),
        ({"conflicts": (("a", "family"),)}, {}, "declared"),
        ({"barred": frozenset({"a"})}, {}, "barred"),
        ({}, {"available": ((date(2018, 10, 28), date(2018, 11, 30)),)}, "availability"),
        ({}, {"training_expires": date(2018, 10, 30)}, "training"),
    ],
)
def test_pair_that_breaks_a_rule_is_found(demand, person, rule):
    question = problem([nomination("n", **demand)], [assessor("a", **person)], size=1, composition=())

    assert violations(question, seats(("n", "a"))) == (Violation(rule, "n", "a"),)


def test_pair_that_operations_forbid_is_found():
    question = problem(
        [nomination("n")], four_of_each_role(), forbidden=frozenset({("n", "chair-0"), ("m", "chair-1")})
    )

    assert violations(question, seats(*GOOD)) == (Violation("forbidden", "n", "chair-0"),)


def test_two_who_meet_too_often_are_found_where_one_of_them_is_new():
    held = nomination("held", seats=2, seated=("chief_executive-0", "chair-0"))
    whole = nomination("whole", seats=2, seated=("chair-2", "chair-3"))
    again = nomination("again", seats=2, seated=("chair-2", "chair-3"))
    question = problem([held, whole, again, nomination("n")], four_of_each_role(), pair_most=1)
    apart = replace(question, rules=replace(question.rules, pair_most=2))
    off = replace(question, rules=replace(question.rules, off=frozenset({"pairs"})))

    found = violations(question, seats(*GOOD), ("held", "whole", "again"))

    assert found == (Violation("pairs", "n", "chief_executive-0"), Violation("pairs", "n", "chair-0"))
    assert violations(apart, seats(*GOOD), ("held", "whole", "again")) == ()
    assert violations(off, seats(*GOOD), ("held", "whole", "again")) == ()


def test_pinned_assessor_who_is_missing_from_a_staffed_panel_is_found():
    pins = frozenset({("n", "chair-0"), ("n", "chair-2"), ("m", "chair-3")})
    question = problem([nomination("n"), nomination("m")], four_of_each_role(), pinned=pins)

    assert violations(question, seats(*GOOD), {"m"}) == (Violation("pinned", "n", "chair-2"),)


@pytest.mark.parametrize("off", ["organisation", "forbidden", "pinned", "composition"])
def test_rule_that_is_switched_off_is_not_looked_at(off):
    people = [assessor("a", organisation="X"), assessor("b")]
    broken = {"organisation", "forbidden", "pinned", "composition"}
    question = problem(
        [nomination("n", organisation="X")],
        people,
        size=1,
        forbidden=frozenset({("n", "a")}),
        pinned=frozenset({("n", "b")}),
    )
    switched = replace(question, rules=replace(question.rules, off=frozenset({off})))

    found = {one.rule.split(":")[0] for one in violations(question, seats(("n", "a")))}
    left = {one.rule.split(":")[0] for one in violations(switched, seats(("n", "a")))}

    assert found == broken
    assert left == broken - {off}


def test_capacity_is_counted_over_all_panels_with_the_load_held():
    question = problem([nomination("m"), nomination("n")], [assessor("a", load=5)], size=1, composition=())

    assert violations(question, seats(("m", "a"), ("n", "a"))) == (Violation("capacity", None, "a"),)


def test_composition_is_counted_with_the_seated():
    people = four_of_each_role()
    kept = problem([nomination("n", seated=("chief_executive-0", "chair-0"))], people)
    lacking = problem([nomination("n", seated=("chair-2", "chair-3"))], people)

    assert violations(kept, seats(("n", "chair-1"))) == ()
    assert violations(lacking, seats(("n", "chair-1"))) == (Violation("composition:executive", "n", None),)


def test_same_assessor_twice_is_found():
    question = problem([nomination("n", seated=("chair-0",))], four_of_each_role())

    found = violations(question, seats(("n", "chair-0"), ("n", "chief_executive-0")))

    assert found == (Violation("duplicate", "n", "chair-0"),)


@pytest.mark.parametrize("pairs", [(), GOOD[:2], (*GOOD, ("n", "chair-2"))])
def test_panel_of_another_size_is_found(pairs):
    question = problem([nomination("n")], four_of_each_role())

    assert Violation("seat_count", "n", None) in violations(question, seats(*pairs))


def test_nomination_reported_as_left_out_may_have_no_seat():
    question = problem([nomination("n")], four_of_each_role())

    assert violations(question, (), {"n"}) == ()
    assert violations(question, seats(GOOD[0]), {"n"}) == (
        Violation("unstaffed_with_seats", "n", "chief_executive-0"),
    )


def test_seat_of_a_stranger_is_found():
    question = problem([nomination("n")], four_of_each_role())

    assert violations(question, seats(("n", "nobody"))) == (Violation("unknown", "n", "nobody"),)


def test_panel_that_was_whole_before_and_gets_nobody_is_not_judged():
    # The rule on roles came after this panel was seated.
    whole = nomination("old", seated=("d1", "d2", "d3"))
    people = [assessor(f"d{n}", "chair", load=1) for n in (1, 2, 3)] + [assessor("e"), assessor("f")]
    one = problem([whole, nomination("new", seats=2)], people)
    seats = [Seat("new", name, 0, ()) for name in ("d1", "e")]

    assert violations(one, seats) == ()
    assert {found.rule for found in violations(one, seats[:1])} == {"seat_count", "composition:executive"}

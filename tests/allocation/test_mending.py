"""Panels mended with the fewest changes: what goes, what comes, and what stays as it is."""

from dataclasses import replace

from allocation_cases import assessor, cohort, nomination, problem
from hypothesis import given, settings
from hypothesis import strategies as st

from allocation import propose, violations
from allocation.mending import mended
from allocation.problem import AllocationProblem, Seat


def held(one: AllocationProblem) -> AllocationProblem:
    """The problem with the panels that the engine proposes for it."""
    seats = [(seat.nomination, seat.assessor) for seat in propose(one).seats]
    return replace(
        one,
        nominations=tuple(
            replace(ask, seated=tuple(name for panel, name in seats if panel == ask.id)) for ask in one.nominations
        ),
        assessors=tuple(replace(who, load=sum(name == who.id for _, name in seats)) for who in one.assessors),
    )


def with_person(one: AllocationProblem, name: str, **changes: object) -> AllocationProblem:
    people = tuple(replace(who, **changes) if who.id == name else who for who in one.assessors)
    return replace(one, assessors=people)


def test_panels_that_are_whole_need_no_mending():
    one = held(cohort(8, 12, [3] * 12, seed=4))

    mending = mended(one)

    assert (mending.panels, mending.words) == ((), "Nothing needs mending.")
    assert mending.before == mending.after
    assert mending.before.seats == 24


def test_assessor_who_can_no_longer_come_is_replaced_and_nobody_else_moves():
    one = held(cohort(8, 12, [4] * 12, seed=4))
    absent = max(one.assessors, key=lambda who: who.load)

    mending = mended(with_person(one, absent.id, available=()))

    seats = {(change.nomination, name) for change in mending.panels for name in change.went}
    assert seats == {(ask.id, absent.id) for ask in one.nominations if absent.id in ask.seated}
    assert [(seat.assessor, seat.reasons[0][:12]) for seat in mending.untenable] == [
        (absent.id, "is free on 0")
    ] * absent.load
    assert all(len(change.came) == 1 for change in mending.panels)
    assert (mending.given_up, mending.fewest) == ((), 0)
    assert mending.words.endswith("Nobody else would move.")
    assert (mending.before.seats, mending.after.seats, mending.after.lacking) == (24, 24, 0)


def test_before_any_panel_stands_nothing_is_proposed_and_a_run_is_advised():
    one = cohort(8, 12, [1] * 12, seed=4)

    mending = mended(one)

    assert (mending.stands, mending.panels, mending.unstaffed, mending.fewest) == (False, (), (), 0)
    assert mending.words.startswith("No panel stands yet")


def test_nobody_moves_in_a_panel_that_has_begun():
    one = held(cohort(8, 12, [4] * 12, seed=4))
    one = replace(one, nominations=tuple(replace(ask, begun=True) for ask in one.nominations))
    absent = max(one.assessors, key=lambda who: who.load)

    mending = mended(with_person(one, absent.id, available=()))

    assert (mending.panels, mending.untenable) == ((), ())
    assert {seat.assessor for seat in mending.by_hand} == {absent.id}


def test_seat_is_given_up_only_where_there_is_no_other_way():
    executive, chair = "chief_executive", "chair"
    people = [
        assessor("e1", executive, capacity=1, load=1),
        assessor("e2", executive, capacity=2, load=1, organisation="RX1"),
        assessor("c1", chair, capacity=1, load=1),
        assessor("c2", chair, capacity=1, load=1),
    ]
    # Only e1 may chair the panel of m, since e2 works there.
    asks = [
        nomination("n", organisation="RX9", seated=("e1", "c1")),
        nomination("m", organisation="RX1", seated=("c2",), barred=frozenset({"e9"})),
    ]
    one = problem(asks, people, size=2)

    mending = mended(one)

    assert mending.given_up == (("n", "e1"),)
    assert mending.fewest == 1
    assert {(change.nomination, change.came, change.went) for change in mending.panels} == {
        ("m", ("e1",), ()),
        ("n", ("e2",), ("e1",)),
    }
    assert (
        mending.words == "2 seats would be filled in 2 panels. 1 seat would be given up for it: no way needs fewer."
    )
    assert (mending.before.lacking, mending.after.lacking) == (1, 0)


def test_what_nothing_mends_is_told():
    people = [assessor("a"), assessor("b")]
    one = problem([nomination("n", seated=("a", "b"))], people, composition=())

    mending = mended(one)

    assert mending.unstaffed == ("n",)
    assert mending.words == "Nothing can be mended as things stand."


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 11))
def test_mended_panels_keep_every_rule(seed, who):
    one = held(cohort(6, 12, [4] * 12, seed=seed))
    one = with_person(one, one.assessors[who].id, available=())

    mending = mended(one)

    after = {(ask.id, name) for ask in one.nominations for name in ask.seated}
    for change in mending.panels:
        after -= {(change.nomination, name) for name in change.went}
        after |= {(change.nomination, name) for name in change.came}
    fresh = replace(
        one,
        nominations=tuple(replace(ask, seated=()) for ask in one.nominations),
        assessors=tuple(replace(person, load=0) for person in one.assessors),
    )
    lacking = [ask.id for ask in one.nominations if sum(panel == ask.id for panel, _ in after) < 3]
    assert lacking == list(mending.unstaffed)
    kept = [Seat(*pair, 0, ()) for pair in sorted(after) if pair[0] not in lacking]
    assert violations(fresh, kept, lacking) == ()

"""Ties: of allocations that are equally good, the one that keeps the most of the seats of another."""

import random
from dataclasses import replace

import pytest
from allocation_cases import assessor, cohort, nomination, problem
from hypothesis import given, settings
from hypothesis import strategies as st

from allocation import ties
from allocation.certified import certified
from allocation.propose import propose


def pairs(proposal):
    return frozenset((seat.nomination, seat.assessor) for seat in proposal.seats)


def alike(people=16, panels=6):
    """A cohort in which nearly every allocation is as good as another."""
    roles = ("chief_executive", "chair")
    return problem(
        [nomination(f"n{n}") for n in range(panels)], [assessor(f"a{n}", roles[n % 2]) for n in range(people)]
    )


@pytest.mark.parametrize("aim", ["floor", "total"])
def test_seats_of_an_allocation_as_good_as_any_are_all_kept(aim):
    one = alike()
    other = propose(replace(one, rules=replace(one.rules, seed=7)), aim=aim)

    plain, kept = propose(one, aim=aim), propose(replace(one, preferred=pairs(other)), aim=aim)

    assert pairs(plain) != pairs(other)
    assert pairs(kept) == pairs(other)
    assert (kept.certificate.floor, kept.certificate.total) == (plain.certificate.floor, plain.certificate.total)


def test_pin_moves_nobody_whom_it_need_not_move():
    one = alike()
    before = propose(one)
    free = next(person.id for person in one.assessors if ("n0", person.id) not in pairs(before))
    pinned = replace(one, rules=replace(one.rules, pinned=frozenset({("n0", free)})))

    plain, kept = propose(pinned), propose(replace(pinned, preferred=pairs(before)))

    assert kept.certificate.total == plain.certificate.total == before.certificate.total
    assert 1 <= len(pairs(before) - pairs(kept)) <= 2
    assert len(pairs(before) - pairs(kept)) < len(pairs(before) - pairs(plain))


def test_many_panels_keep_what_the_seats_of_both_runs_allow(monkeypatch):
    one = cohort(20, 24, [4] * 24, 3)
    before = propose(one)
    seat = before.seats[0]
    pinned = replace(one, rules=replace(one.rules, forbidden=frozenset({(seat.nomination, seat.assessor)})))
    plain = propose(pinned)
    monkeypatch.setattr(ties, "ALL_SEARCHED", 0)

    kept = propose(replace(pinned, preferred=pairs(before)))

    assert (kept.certificate.floor, kept.certificate.total) == (plain.certificate.floor, plain.certificate.total)
    assert len(pairs(before) - pairs(kept)) < len(pairs(before) - pairs(plain))
    assert pairs(kept) <= pairs(before) | pairs(plain)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_what_is_preferred_costs_nothing_breaks_nothing_and_depends_on_no_order(seed):
    draw = random.Random(seed)
    one = cohort(8, 12, [3] * 12, seed % 50)
    one = replace(one, rules=replace(one.rules, pair_most=2))
    wanted = frozenset((each.id, draw.choice(one.assessors).id) for each in one.nominations for _ in range(3))
    preferring = replace(one, preferred=wanted)
    turned = replace(preferring, nominations=one.nominations[::-1], assessors=one.assessors[::-1])

    plain, kept = propose(one), propose(preferring)

    assert (kept.certificate.floor, kept.certificate.total) == (plain.certificate.floor, plain.certificate.total)
    assert len(kept.unstaffed) == len(plain.unstaffed)
    assert len(pairs(kept) & wanted) >= len(pairs(plain) & wanted)
    assert certified(preferring, kept) == ()
    assert propose(turned) == kept


def test_no_other_seed_finds_an_allocation_as_good_that_keeps_more():
    one = cohort(8, 12, [3] * 12, 4)
    wanted = pairs(propose(cohort(8, 12, [3] * 12, 4), aim="total"))
    wanted = frozenset(sorted(wanted)[::2]) | {(each.id, one.assessors[0].id) for each in one.nominations}

    kept = propose(replace(one, preferred=wanted))

    for seed in range(40):
        other = propose(replace(one, rules=replace(one.rules, seed=seed)))
        assert other.certificate.total == kept.certificate.total
        assert len(pairs(other) & wanted) <= len(pairs(kept) & wanted)

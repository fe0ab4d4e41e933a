"""What pinning, forbidding and swapping cost, against solving by hand."""

import random
from dataclasses import replace

import pytest
from allocation_cases import assessor, cohort, four_of_each_role, nomination, problem, small_problem
from hypothesis import given as drawn_from
from hypothesis import settings
from hypothesis import strategies as st

from allocation.certified import certified
from allocation.pair_price import pair_price, with_pairs
from allocation.propose import propose


def members(proposal, panel):
    return {seat.assessor for seat in proposal.seats if seat.nomination == panel}


@pytest.fixture(scope="module")
def given():
    """A cohort in which fits differ, with its best panels."""
    one = cohort(8, 16, [3] * 16, seed=11)
    return one, propose(one)


def test_price_of_forbidding_everybody_on_a_panel_is_what_is_lost_by_solving_again(given):
    one, best = given
    panel = best.seats[0].nomination
    pairs = frozenset((panel, name) for name in members(best, panel))

    price = pair_price(one, with_pairs(one, forbidden=pairs), aim="total")

    without = propose(one, aim="total").certificate.total
    forbidden = propose(replace(one, rules=replace(one.rules, forbidden=pairs)), aim="total").certificate.total
    assert (price.before.total, price.after.total) == (without, forbidden)
    assert price.exact
    assert price.changed >= 1
    assert f"{without - forbidden:,} points" in " ".join(price.words)


def test_pinning_who_sits_there_already_costs_nothing(given):
    one, best = given
    seat = best.seats[0]

    price = pair_price(one, with_pairs(one, pinned=frozenset({(seat.nomination, seat.assessor)})))

    assert (price.before.floor, price.before.total) == (price.after.floor, price.after.total)
    assert price.exact
    assert "as it does without" in price.words[0]
    assert "as they are without" in price.words[1]


def test_swap_seats_one_in_place_of_the_other_and_costs_what_is_told(given):
    one, best = given
    seat = best.seats[0]
    barred = {name for to, name in one.rules.forbidden if to == seat.nomination}
    comes = next(
        person.id
        for person in one.assessors
        if person.id not in members(best, seat.nomination) | barred
        and not propose(with_pairs(one, pinned=frozenset({(seat.nomination, person.id)}))).unstaffed
    )

    changed = with_pairs(
        one,
        pinned=frozenset({(seat.nomination, comes)}),
        forbidden=frozenset({(seat.nomination, seat.assessor)}),
    )
    price = pair_price(one, changed)
    now = members(propose(changed), seat.nomination)

    assert comes in now
    assert seat.assessor not in now
    assert (price.after.floor, price.after.total) <= (price.before.floor, price.before.total)


def test_lifting_a_pair_takes_its_price_back(given):
    one, best = given
    pairs = frozenset({(best.seats[0].nomination, best.seats[0].assessor)})
    forbidden = with_pairs(one, forbidden=pairs)

    lifted = with_pairs(forbidden, lifted=pairs)

    assert lifted == one
    assert with_pairs(forbidden, pinned=pairs).rules.forbidden == frozenset()


def test_price_names_the_panel_that_would_be_left_open_and_the_one_that_would_be_filled():
    one = problem([nomination("n")], [assessor("a"), assessor("b")], size=2, composition=())
    barred = with_pairs(one, forbidden=frozenset({("n", "a")}))

    opens, closes = pair_price(one, barred), pair_price(barred, one)

    assert (opens.opened, opens.closed) == (("n",), ())
    assert opens.words[0] == "With it, n would be left without a panel."
    assert (closes.opened, closes.closed) == ((), ("n",))
    assert closes.words[0] == "With it, n would get a panel, which it lacks now."


def test_pin_to_a_panel_that_nobody_can_fill_says_that_it_seats_nobody():
    one = problem([nomination("n", seats=18), nomination("m")], four_of_each_role())

    pinned = pair_price(one, with_pairs(one, pinned=frozenset({("n", "chair-0")})))
    kept_away = pair_price(one, with_pairs(one, forbidden=frozenset({("n", "chair-0")})))
    elsewhere = pair_price(one, with_pairs(one, pinned=frozenset({("m", "chair-0")})))

    assert pinned.words[0] == "n stays without a panel, with it as without it: the pin would seat nobody."
    assert kept_away.words[0] == "n stays without a panel, with it as without it."
    assert (elsewhere.stays, elsewhere.vain) == ((), ())
    assert not any("stays without" in words for words in elsewhere.words)


def test_pins_that_leave_no_room_for_a_role_leave_the_panel_open():
    one = problem([nomination("n")], four_of_each_role())
    pins = frozenset({("n", "chair-0"), ("n", "chair-1"), ("n", "chair-2")})

    price = pair_price(one, with_pairs(one, pinned=pins))

    assert price.opened == ("n",)


@settings(max_examples=150, deadline=None)
@drawn_from(st.integers(0, 2**32))
def test_every_panel_that_is_staffed_keeps_to_every_pair(seed):
    draw = random.Random(seed)
    one = small_problem(draw, 4, 8, 3)
    pairs = [(demand.id, person.id) for demand in one.nominations for person in one.assessors]
    drawn = draw.sample(pairs, min(len(pairs), 6))
    one = with_pairs(one, pinned=frozenset(drawn[:3]), forbidden=frozenset(drawn[3:]))

    proposal = propose(one)

    seated = {(seat.nomination, seat.assessor) for seat in proposal.seats}
    kept = {(demand.id, name) for demand in one.nominations for name in demand.seated}
    staffed = {nomination for nomination, _ in seated}
    assert certified(one, proposal) == ()
    assert {pair for pair in one.rules.pinned if pair[0] in staffed} <= seated | kept
    assert seated.isdisjoint(one.rules.forbidden)

"""Very large cohorts at an auction: sound, near the best, under a bound that holds, in any order of the input."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from allocation_cases import cohort

from allocation.auction import Auction
from allocation.certified import certified
from allocation.contested import Contested
from allocation.model import compiled
from allocation.prices import Market
from allocation.propose import propose
from allocation.worth import worth_of


def sixty(seed, most=1):
    one = cohort(60, 45, [5] * 45, seed)
    return replace(one, rules=replace(one.rules, pair_most=most))


@pytest.fixture(name="as_very_large")
def _as_very_large(monkeypatch):
    for name in ("ALL", "EXACT"):
        monkeypatch.setattr(sys.modules["allocation.propose"], name, 10)


def auctioned(one):
    model = compiled(one)
    auction = Auction(model)
    arcs, full = auction.held(np.inf)
    market = Market(model)
    market.adopt(np.where(np.isfinite(auction.price), auction.price, 0.0))
    market.settle(200, hoped=2e-4)
    return model, arcs, full, market


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_auction_and_groups_break_no_rule_and_their_bound_is_above_the_proved_best(as_very_large, monkeypatch, seed):
    one = sixty(seed)

    found = propose(one, aim="total")

    monkeypatch.undo()
    best = propose(one, aim="total", seconds=5.0).certificate
    assert certified(one, found) == ()
    assert found.unstaffed == ()
    assert found.certificate.total_bound >= best.total
    assert best.total_bound >= found.certificate.total
    assert found.certificate.gap < 0.03


def test_auction_without_a_rule_on_pairs_comes_close_to_the_bound_of_the_prices():
    one = sixty(1, most=None)

    model, arcs, full, market = auctioned(one)

    assert full.all()
    assert worth_of(model, arcs).total(model) > 0.997 * market.bound


def test_groups_lower_the_bound_and_never_the_total():
    fell = won = 0.0
    for seed in (1, 2, 3, 4):
        model, arcs, full, market = auctioned(sixty(seed))
        assert full.all()
        contested = Contested(model, market, arcs)

        fell += contested.settled(np.inf)

        gained = worth_of(model, contested.arcs).total(model) - worth_of(model, arcs).total(model)
        assert gained >= 0
        won += gained
    assert fell > 0


def test_auction_is_the_same_in_any_order_of_the_input(as_very_large):
    one = sixty(4)
    turned = replace(one, nominations=one.nominations[::-1], assessors=one.assessors[::-1])

    first, second = propose(one, aim="total"), propose(turned, aim="total")

    assert first == second

"""Very large cohorts: seated part after part, soundly, near the best, and whatever the order of the input."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from allocation_cases import cohort

from allocation import fixing
from allocation.certified import certified
from allocation.prices import Market
from allocation.propose import propose
from allocation.standing import Standing
from allocation.worth import worth_of


@pytest.fixture(name="in_parts")
def _in_parts(monkeypatch):
    """A cohort of sixty counts as very large, and is seated in three parts."""
    monkeypatch.setattr(fixing, "PART", 20)
    monkeypatch.setattr(fixing, "PARTS", 20)
    for module in (fixing, sys.modules["allocation.propose"]):
        monkeypatch.setattr(module, "ALL", 10)
    monkeypatch.setattr(sys.modules["allocation.propose"], "EXACT", 10)
    # Parts are what is left where an auction does not seat everybody.
    monkeypatch.setattr(sys.modules["allocation.propose"], "_very_large", lambda *_: None)
    calls = []
    whole = fixing._part_seated
    monkeypatch.setattr(fixing, "_part_seated", lambda *given: calls.append(whole(*given)) or calls[-1])
    return calls


def sixty(seed):
    one = cohort(60, 45, [5] * 45, seed)
    return replace(one, rules=replace(one.rules, pair_most=2))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_parts_break_no_rule_and_come_near_the_best(in_parts, seed):
    one = sixty(seed)

    found = propose(one, aim="total")

    assert len(in_parts) == 3
    assert any(part is not None for part in in_parts)
    assert certified(one, found) == ()
    assert found.unstaffed == ()
    alone = Standing(one)
    for at in np.argsort(np.bincount(alone.model.panel), kind="stable"):
        alone.seat(alone.model.nominations[at].id)
    begun = worth_of(alone.model, alone.arcs).total(alone.model)
    assert begun < found.certificate.total
    assert found.certificate.gap < 0.03


@pytest.mark.parametrize("seed", [1, 2])
def test_bound_with_rows_on_pairs_is_above_the_best_and_not_above_the_bound_without(in_parts, monkeypatch, seed):
    one = replace(sixty(seed), rules=replace(sixty(seed).rules, pair_most=1))
    charged = []
    charge = Market.charge
    monkeypatch.setattr(Market, "charge", lambda *given: charged.append(given[1].refund) or charge(*given))
    monkeypatch.setattr(fixing, "PART", 60)
    with_rows = propose(one, aim="total", seconds=5.0)
    monkeypatch.setattr(fixing, "ROUNDS", 0)
    without = propose(one, aim="total", seconds=5.0)
    monkeypatch.undo()

    exact = propose(one, aim="total", seconds=5.0)

    assert charged[0] > 0
    assert charged[1] == 0
    assert with_rows.certificate.total_bound >= exact.certificate.total
    assert with_rows.certificate.total_bound <= without.certificate.total_bound
    assert certified(one, with_rows) == ()


def test_parts_are_the_same_in_any_order_of_the_input(in_parts):
    one = sixty(4)
    turned = replace(one, nominations=one.nominations[::-1], assessors=one.assessors[::-1])

    first, second = propose(one, aim="total"), propose(turned, aim="total")

    assert np.all([part is not None for part in in_parts])
    assert first.seats == second.seats

"""Answers about a kept run: exact, the same whatever was asked before, and for assessors who were not listed."""

import random
from dataclasses import replace

import pytest
from allocation_cases import cohort

from allocation import model as numbers
from allocation.answer import answered
from allocation.asked import asked
from allocation.propose import propose
from allocation.why import Whys


def questions(one, many, seed=4):
    draw = random.Random(seed)
    return [(draw.choice(one.nominations).id, draw.choice(one.assessors).id) for _ in range(many)]


def test_answer_does_not_depend_on_what_was_asked_before():
    one = cohort(30, 24, [5] * 24, seed=11)
    one = replace(one, rules=replace(one.rules, pair_most=2))
    proposal = propose(one)
    often = Whys(one, proposal, proposal.certificate.floor)

    for pair in questions(one, 12):
        assert often.why_not(*pair) == Whys(one, proposal, proposal.certificate.floor).why_not(*pair)


def test_pair_that_was_not_listed_costs_what_solving_with_it_says(monkeypatch):
    one = cohort(30, 24, [5] * 24, seed=11)
    one = replace(one, rules=replace(one.rules, pair_most=2))
    monkeypatch.setattr(numbers, "ALL_ARCS", 1)
    monkeypatch.setattr(numbers, "LISTED", 8)
    proposal = propose(one, aim="total")
    whys = Whys(one, proposal)
    model = numbers.compiled(one)
    listed = {
        (model.nominations[p].id, model.assessors[a].id) for p, a in zip(model.panel, model.assessor, strict=True)
    }
    checked = 0

    for pair in questions(one, 60):
        answer = whys.why_not(*pair)
        if pair in listed or answer.total is None:
            continue
        pinned = replace(one, rules=replace(one.rules, pinned=frozenset({pair})))
        after = propose(pinned, aim="total").certificate
        assert answer.exact
        assert answer.total == after.total == after.total_bound
        assert (*pair, True) in answer.moves
        checked += 1

    assert checked >= 5


@pytest.mark.parametrize("aim", ["total", "floor"])
def test_what_is_asked_adds_up_to_panels_that_keep_every_rule(aim):
    one = cohort(30, 24, [5] * 24, seed=12)
    one = replace(one, rules=replace(one.rules, pair_most=2))
    answer = answered(one, aim=aim)

    for pair in questions(one, 10):
        reply = asked(one, answer, *pair, aim=aim)
        if reply.cost is None:
            continue
        seats = {(seat.nomination, seat.assessor) for seat in answer.seats}
        seats -= {(move.nomination, move.assessor) for move in reply.cost.moves if not move.comes}
        seats |= {(move.nomination, move.assessor) for move in reply.cost.moves if move.comes}
        pinned = replace(one, rules=replace(one.rules, pinned=frozenset(seats)))
        after = propose(pinned, aim=aim)
        assert {(seat.nomination, seat.assessor) for seat in after.seats} == seats
        assert after.unstaffed == ()
        assert after.certificate.total == answer.certificate.total - reply.cost.total

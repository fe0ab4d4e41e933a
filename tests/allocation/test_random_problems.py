"""Random problems by the thousand: no rule is broken, and nothing better exists."""

import itertools
import random
from dataclasses import replace

import pytest
from by_trying import Search, best_of_all, best_total
from hypothesis import given, settings
from hypothesis import strategies as st
from random_problems import drawn, seeded

from allocation.answer import answered
from allocation.asked import asked, with_pin
from allocation.certified import certified
from allocation.check import violations
from allocation.problem import AllocationProblem, Seat
from allocation.propose import propose

CHUNKS, MANY = 10, 200
"""Problems are solved so many at once: a failure names its seed, which `seeded` turns into the problem again."""
SMALL = {"nominations": (1, 3), "assessors": (3, 6), "size": 2}
"""Small enough that every answer can be tried."""


def wrong_with(one, proposal):
    """What either of the two checkers finds."""
    seats = [Seat(seat.nomination, seat.assessor, 0, ()) for seat in proposal.seats]
    return certified(one, proposal) + violations(one, seats, proposal.unstaffed)


def worth(one):
    """Panels staffed, floor and total, in the order in which they count."""
    claim = propose(one).certificate
    return claim.staffed, claim.floor, claim.total


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_rule_is_ever_broken(chunk):
    problems = {seed: seeded(seed) for seed in range(chunk * MANY, (chunk + 1) * MANY)}

    # Where time is over, an answer is less good, and sound all the same.
    proposals = {seed: propose(one, seconds=3.0) for seed, one in problems.items()}

    wrong = {seed: found for seed, one in problems.items() if (found := wrong_with(one, proposals[seed]))}
    assert wrong == {}
    assert sum(bool(proposal.seats) for proposal in proposals.values()) > MANY // 2


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.randoms(use_true_random=False).map(drawn))
def test_no_rule_is_broken_where_a_failure_is_made_as_small_as_can_be(one):
    proposal = propose(one, seconds=3.0)

    assert wrong_with(one, proposal) == ()


@pytest.mark.parametrize("chunk", range(5))
def test_every_answer_tried_none_is_better(chunk):
    better = {}

    for seed in range(chunk * 120, (chunk + 1) * 120):
        one = seeded(seed, **SMALL)
        claim = propose(one).certificate
        best = best_of_all(one)
        bounds = claim.staffed_bound, claim.floor_bound, claim.total_bound
        if (claim.staffed, claim.floor, claim.total) != best or bounds != best:
            better[seed] = claim, best

    assert better == {}


def test_every_answer_tried_none_has_a_better_total():
    better = {}

    for seed in range(1_000, 1_100):
        one = seeded(seed, **SMALL)
        claim = propose(one, aim="total").certificate
        if (claim.staffed, claim.total) != best_total(one) or claim.total_bound != claim.total:
            better[seed] = claim, best_total(one)

    assert better == {}


def test_one_more_assessor_never_makes_it_worse():
    worse = {}

    for seed in range(2_000, 2_200):
        one, draw = seeded(seed, nominations=(2, 4), assessors=(3, 6)), random.Random(seed)
        like = draw.choice(one.assessors)
        more = replace(one, assessors=(*one.assessors, replace(like, id="A-new", load=0, least=0)))
        if worth(more) < worth(one):
            worse[seed] = worth(one), worth(more)

    assert worse == {}


def test_one_more_place_never_makes_it_worse():
    worse = {}

    for seed in range(3_000, 3_200):
        one, draw = seeded(seed, nominations=(2, 4), assessors=(3, 6)), random.Random(seed)
        chosen = draw.randrange(len(one.assessors))
        # Whoever is owed more than there are places is owed more with a place more.
        less, more = (with_capacity(one, chosen, extra) for extra in (0, 1))
        if worth(more) < worth(less):
            worse[seed] = worth(less), worth(more)

    assert worse == {}


def with_capacity(one, chosen, extra):
    people = list(one.assessors)
    people[chosen] = replace(people[chosen], capacity=people[chosen].capacity + extra, least=0)
    return replace(one, assessors=tuple(people))


def test_order_never_changes_anything():
    changed = []

    for seed in range(4_000, 4_200):
        one, draw = seeded(seed, nominations=(2, 5), assessors=(4, 8)), random.Random(seed)
        asks, people = list(one.nominations), list(one.assessors)
        draw.shuffle(asks)
        draw.shuffle(people)
        turned = AllocationProblem(tuple(asks), tuple(people), one.rules, preferred=one.preferred)
        if propose(turned) != propose(one):
            changed.append(seed)

    assert changed == []


class _WithPair(Search):
    """Every answer in which a panel is staffed; a pin says with whom."""

    def __init__(self, one, nomination):
        self.nomination = nomination
        super().__init__(one, by_floor=True)

    def _judge(self, taken):
        if any(way.nomination == self.nomination for way in taken):
            super()._judge(taken)


def test_what_it_costs_to_staff_a_panel_that_is_left_is_the_least_of_all_answers():
    wrong, priced = {}, 0

    for seed in range(5_000, 5_200):
        one = seeded(seed, nominations=(2, 4), assessors=(2, 4), size=2)
        answer = answered(one)
        claim = answer.proposal.certificate
        for left, who in itertools.product(answer.proposal.unstaffed, [person.id for person in one.assessors]):
            reply = asked(one, answer, left, who)
            if reply.cost is None:
                continue
            pinned = replace(one, rules=with_pin(one.rules, (left, who)))
            staffed, floor, total = _WithPair(pinned, left).best
            priced += 1
            gone = len(reply.cost.gives_way or ())
            told = claim.staffed + 1 - gone, reply.cost.floor, claim.total - reply.cost.total
            if told[0] != staffed or (reply.cost.exact and told[1:] != (floor, total)):
                wrong[seed, left, who] = told, (staffed, floor, total)

    assert wrong == {}
    assert priced > 20

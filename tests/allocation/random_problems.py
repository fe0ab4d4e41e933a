"""Small problems drawn from a seed, in which every rule, switch and wish comes up."""

import random
from dataclasses import replace
from datetime import timedelta

from allocation_cases import (
    EXECUTIVE,
    NON_EXECUTIVE,
    ROLE_WORDS,
    WINDOW,
    assessor,
    nomination,
    panel_rules,
    small_career,
    small_interests,
)

from allocation import AllocationProblem, CompositionRule, Weights
from allocation.problem import SWITCHES

SWITCHED = sorted(SWITCHES)


def seeded(seed, **sizes):
    """The problem that a seed draws; see `drawn`."""
    return drawn(random.Random(seed), **sizes)


def drawn(draw, nominations=(2, 6), assessors=(4, 10), size=3):
    """A problem with rules of every kind, each on or off, with pins, bans, kept members and loads.

    Args:
        draw: A `random.Random`, or hypothesis' own, which makes failures smaller.
        nominations: Fewest and most nominations.
        assessors: Fewest and most assessors.
        size: Most seats of a panel.
    """
    people = [_assessor(draw, f"A{n}") for n in range(draw.randint(*assessors))]
    names = [person.id for person in people]
    seats = draw.randint(1, size)
    asks = [_nomination(draw, f"N{n}", names, seats) for n in range(draw.randint(*nominations))]
    held = [name for ask in asks for name in ask.seated]
    people = [replace(one, load=held.count(one.id) + draw.choice([0, 0, 0, 1])) for one in people]
    people = [_with_places(draw, one) for one in people]
    pairs = [(ask.id, name) for ask in asks for name in names]
    marked = draw.sample(pairs, min(draw.choice([0, 1, 3, 5]), len(pairs)))
    pins = draw.choice([0, 0, 1, 2])
    rules = panel_rules(
        size=seats,
        composition=_composition(draw),
        min_days_available=draw.choice([1, 3, 5]),
        seed=draw.randint(0, 99),
        together=draw.random() < 0.25,
        week_most=draw.choice([None, None, 1, 2]),
        pair_most=draw.choice([None, None, 1, 2]),
        pinned=frozenset(marked[:pins]),
        forbidden=frozenset(marked[pins:]),
        mixed_properties=draw.choice([frozenset(), frozenset({"agreed"})]),
        off=frozenset(draw.sample(SWITCHED, draw.choice([0, 0, 0, 1, 2, 5]))),
        weights=Weights(
            draw.choice([0, 100]), draw.choice([0, 50]), draw.choice([0, 60]),
            mixed=draw.choice([0, 35]), repeat=draw.choice([0, 0, 20]),
        ),
    )  # fmt: skip
    wanted = frozenset(draw.sample(pairs, min(draw.choice([0, 4]), len(pairs))))
    return AllocationProblem(tuple(asks), tuple(people), rules, preferred=wanted)


def _assessor(draw, id_):
    start = WINDOW[0] + timedelta(days=7 * draw.randint(0, 3))
    later = WINDOW[0] + timedelta(days=draw.randint(0, 30))
    free = draw.choice(
        [(WINDOW,), (WINDOW,), ((start, start + timedelta(draw.randint(3, 20))),), ((later, later),), (WINDOW,)]
    )
    return assessor(
        id_,
        draw.choice(ROLE_WORDS),
        f"O{draw.randint(1, 20)}",
        system=draw.choice(["", "S1", "S2"]),
        earlier_organisations=small_career(draw),
        interests=small_interests(draw),
        available=free,
        training_expires=None if draw.random() < 0.85 else later,
        properties=frozenset({"agreed"}) if draw.random() < 0.4 else frozenset(),
    )


def _with_places(draw, one):
    capacity = max(0, one.load + draw.choice([-1, 0, 1, 2, 3, 4, 5]))
    return replace(one, capacity=capacity, least=draw.choice([0] * 9 + [1, 2]))


def _nomination(draw, id_, names, size):
    def some(share):
        return draw.sample(names, draw.randint(1, 2)) if draw.random() < share else []

    return nomination(
        id_,
        f"O{draw.randint(1, 20)}",
        system=draw.choice(["", "S1", "S2"]),
        earlier_organisations=small_career(draw),
        endorser_organisation=draw.choice([None, None, f"O{draw.randint(1, 20)}"]),
        interests=small_interests(draw),
        seats=draw.choice([None, None, None, draw.randint(1, size)]),
        seated=tuple(some(0.15)),
        barred=frozenset(some(0.2)),
        conflicts=tuple((tied, "family") for tied in some(0.2)),
        begun=draw.random() < 0.2,
    )


def _composition(draw):
    kind = draw.random()
    if kind < 0.2:
        return ()
    if kind < 0.5:
        return (EXECUTIVE, NON_EXECUTIVE)
    if kind < 0.6:
        return (replace(EXECUTIVE, at_most=1), CompositionRule("agreed", frozenset(), 0, 1, frozenset({"agreed"})))
    return tuple(
        CompositionRule(
            f"rule {n}",
            frozenset(draw.sample(ROLE_WORDS, draw.randint(1, 3))),
            (least := draw.choice([0, 0, 0, 1, 1])),
            draw.choice([None, None, max(least, 1), 2]),
            draw.choice([frozenset(), frozenset(), frozenset({"agreed"})]),
        )
        for n in range(draw.randint(0, 3))
    )

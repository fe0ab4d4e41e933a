"""Problems for the allocation tests: plain builders, small random ones, and one of the pilot's shape."""

import random
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import strategies as st

from allocation import (
    AllocationProblem,
    AssessorSupply,
    CompositionRule,
    NominationDemand,
    PanelRules,
    Weights,
)

WINDOW = (date(2018, 10, 1), date(2018, 10, 31))
EXECUTIVE = CompositionRule("executive", frozenset({"chief_executive", "accountable_officer"}), 1)
NON_EXECUTIVE = CompositionRule("non-executive", frozenset({"non_executive_director", "chair"}), 1)
ROLE_WORDS = ("chief_executive", "accountable_officer", "non_executive_director", "chair")


def assessor(id_, role="chief_executive", organisation=None, **changes):
    fields = {
        "system": "",
        "earlier_organisations": (),
        "interests": frozenset(),
        "capacity": 6,
        "load": 0,
        "available": (WINDOW,),
        "training_expires": None,
    }
    return AssessorSupply(id=id_, role=role, organisation=organisation or f"ORG-{id_}", **fields | changes)


def nomination(id_, organisation=None, **changes):
    fields = {
        "system": "",
        "earlier_organisations": (),
        "endorser_organisation": None,
        "interests": frozenset(),
    }
    return NominationDemand(id=id_, organisation=organisation or f"ORG-{id_}", **fields | changes)


def panel_rules(size=3, composition=(EXECUTIVE, NON_EXECUTIVE), **changes):
    fields = {
        "conflict_years": 3,
        "window": WINDOW,
        "min_days_available": 5,
        "weights": Weights(interest=100, same_system=50, load=60),
        "seed": 2018,
    }
    return PanelRules(size=size, composition=composition, **fields | changes)


def problem(nominations, assessors, **rules):
    return AllocationProblem(tuple(nominations), tuple(assessors), panel_rules(**rules))


def four_of_each_role(**changes):
    return [assessor(f"{role}-{n}", role, **changes) for role in ROLE_WORDS for n in range(4)]


def cohort(nominations, assessors, capacities, seed):
    """A cohort with organisations, systems, careers, interests and ties drawn from the seed."""
    draw = random.Random(seed)
    places = [(f"O{n}", f"S{n % 12}") for n in range(125)]
    interests = [f"sector-{n}" for n in range(8)]

    def career():
        return tuple(
            (draw.choice(places)[0], date(2018, 9, 1) - timedelta(days=draw.randrange(3000)))
            for _ in range(draw.randrange(3))
        )

    people = []
    for n in range(assessors):
        organisation, system = draw.choice(places)
        people.append(
            assessor(
                f"A{n:03}",
                draw.choices(ROLE_WORDS, [35, 15, 30, 20])[0],
                organisation,
                system=system,
                earlier_organisations=career(),
                interests=frozenset(draw.sample(interests, 3)),
                capacity=capacities[n],
            )
        )
    nominees = []
    for n in range(nominations):
        organisation, system = draw.choice(places[:42])
        nominees.append(
            nomination(
                f"N{n:03}",
                organisation,
                system=system,
                earlier_organisations=career(),
                endorser_organisation=organisation,
                interests=frozenset(draw.sample(interests, 2)),
                conflicts=((draw.choice(people).id, "mentoring"),),
            )
        )
    return problem(nominees, people)


def problems(max_nominations=4, max_assessors=8, max_size=3):
    """Small problems in which every rule bites now and then; about half of them staff somebody.

    A seeded draw rather than hypothesis' own, which leans to the smallest values and so to empty answers.
    """
    return st.integers(0, 2**32).map(
        lambda seed: small_problem(random.Random(seed), max_nominations, max_assessors, max_size)
    )


def small_problem(draw, max_nominations, max_assessors, max_size):
    """A problem drawn from a `random.Random`."""
    people = [small_assessor(draw, f"A{n}") for n in range(draw.choice([0, *[max_assessors] * 4, 3]))]
    size = draw.randint(1, max_size)
    nominees = [
        small_nomination(draw, f"N{n}", [person.id for person in people], max_size)
        for n in range(draw.randint(0, max_nominations))
    ]
    return problem(nominees, people, size=size, composition=small_composition(draw), seed=draw.randint(0, 9))


def small_assessor(draw, id_):
    load = draw.choice([0, 0, 0, 1, 2])
    later = WINDOW[0] + timedelta(days=draw.randint(0, 30))
    return assessor(
        id_,
        draw.choice(ROLE_WORDS),
        f"O{draw.randint(1, 9)}",
        system=draw.choice(["", "S1", "S2"]),
        earlier_organisations=small_career(draw),
        interests=small_interests(draw),
        load=load,
        capacity=max(0, load + draw.choice([-1, 0, 1, 1, 2, 3])),
        available=(WINDOW,) if draw.random() < 0.8 else ((later, WINDOW[1]),),
        training_expires=None if draw.random() < 0.8 else later,
    )


def small_nomination(draw, id_, ids, max_size):
    def some(share):
        return draw.sample(ids, min(len(ids), draw.randint(1, 2))) if draw.random() < share else []

    return nomination(
        id_,
        f"O{draw.randint(1, 9)}",
        system=draw.choice(["", "S1", "S2"]),
        earlier_organisations=small_career(draw),
        endorser_organisation=draw.choice([None, None, f"O{draw.randint(1, 9)}"]),
        interests=small_interests(draw),
        seats=draw.choice([None, None, draw.randint(1, max_size)]),
        seated=tuple(some(0.3)),
        barred=frozenset(some(0.3)),
        conflicts=tuple((tied, "family") for tied in some(0.3)),
    )


def small_career(draw):
    left = WINDOW[0] - timedelta(days=draw.randint(-20, 3000))
    return ((f"O{draw.randint(1, 9)}", left),) if draw.random() < 0.3 else ()


def small_interests(draw):
    return frozenset(draw.sample(["acute", "mental health", "finance"], draw.randint(0, 2)))


def small_composition(draw):
    if draw.random() < 0.5:
        return (EXECUTIVE, NON_EXECUTIVE)
    return tuple(
        CompositionRule(
            f"rule {n}",
            frozenset(draw.sample(ROLE_WORDS, draw.randint(1, 3))),
            draw.choice([0, 0, 1, 2]),
            draw.choice([None, None, 2]),
        )
        for n in range(draw.randint(0, 3))
    )


def placed(one, draw):
    """The problem with sectors, roles sought and places, which weigh or not; to be near costs or is wanted."""

    def place():
        return {"office": draw.choice(["", "Q1", "Q2"]), "region": draw.choice(["", "East", "West"])}

    kinds = ["acute_trust", "ccg", "community_trust"]
    weights = replace(
        one.rules.weights,
        same_system=draw.choice([50, -20]),
        sector=draw.choice([0, 30]),
        role=draw.choice([0, 45]),
        same_office=draw.choice([0, 25, -40]),
        same_region=draw.choice([0, 10, -5]),
    )
    return replace(
        one,
        nominations=tuple(
            replace(
                n,
                sector=draw.choice(["", *kinds]),
                line_managers=frozenset(draw.choice([[], ["chief_executive"], ["accountable_officer", "chair"]])),
                **place(),
            )
            for n in one.nominations
        ),
        assessors=tuple(
            replace(a, sectors=frozenset(draw.sample(kinds, draw.randint(0, 2))), **place()) for a in one.assessors
        ),
        rules=replace(one.rules, weights=weights),
    )

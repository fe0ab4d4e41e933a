"""Problems for the allocation tests: plain builders, small random ones, and one of the pilot's shape."""

import random
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


@st.composite
def problems(draw, max_nominations=4, max_assessors=7, max_size=3):
    """Small problems in which every rule bites now and then, feasible or not."""
    organisations = st.sampled_from(["O1", "O2", "O3", "O4", "O5"])
    days = st.integers(-3000, 20).map(lambda n: WINDOW[0] + timedelta(days=n))
    careers = st.lists(st.tuples(organisations, days), max_size=1).map(tuple)
    interests = st.frozensets(st.sampled_from(["acute", "mental health", "finance"]), max_size=2)
    systems = st.sampled_from(["", "S1", "S2"])
    starts = st.integers(0, 30).map(lambda n: WINDOW[0] + timedelta(days=n))
    usually = st.sampled_from([True, True, True, False])
    people = []
    for n in range(draw(st.integers(0, max_assessors))):
        load = draw(st.integers(0, 2))
        people.append(
            assessor(
                f"A{n}",
                draw(st.sampled_from(ROLE_WORDS)),
                draw(organisations),
                system=draw(systems),
                earlier_organisations=draw(careers),
                interests=draw(interests),
                load=load,
                capacity=max(0, load + draw(st.integers(-1, 3))),
                available=(WINDOW,) if draw(usually) else ((draw(starts), WINDOW[1]),),
                training_expires=None if draw(usually) else draw(starts),
            )
        )
    ids = [person.id for person in people]
    some = st.lists(st.sampled_from(ids), max_size=2, unique=True) if ids else st.just([])
    nominees = [
        nomination(
            f"N{n}",
            draw(organisations),
            system=draw(systems),
            earlier_organisations=draw(careers),
            endorser_organisation=draw(st.none() | organisations),
            interests=draw(interests),
            seats=draw(st.none() | st.integers(1, max_size)),
            seated=tuple(draw(some)) if not draw(usually) else (),
            barred=frozenset(draw(some)) if not draw(usually) else frozenset(),
            conflicts=tuple((tied, "family") for tied in draw(some)) if not draw(usually) else (),
        )
        for n in range(draw(st.integers(0, max_nominations)))
    ]
    role_sets = st.frozensets(st.sampled_from(ROLE_WORDS), min_size=1)
    composition = draw(
        st.sampled_from([(EXECUTIVE, NON_EXECUTIVE), ()])
        | st.lists(st.tuples(role_sets, st.integers(0, 1), st.none() | st.integers(1, 2)), max_size=3).map(
            lambda drawn: tuple(CompositionRule(f"rule {n}", *rule) for n, rule in enumerate(drawn))
        )
    )
    size = draw(st.integers(1, max_size))
    return problem(nominees, people, size=size, composition=composition, seed=draw(st.integers(0, 9)))

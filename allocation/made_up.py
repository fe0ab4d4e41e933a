"""Cohorts that nobody has seen yet: people made up as the pilot's register is distributed, and changes to a live one.

Everybody is drawn from the seed and their own number, so that a larger cohort holds the smaller one, and a question
asked twice has one answer. The shares below are counted from data/pilot; a test counts them again.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Final, TypeVar

from allocation.problem import AllocationProblem, AssessorSupply, NominationDemand, PanelRules, line_managers

ROLE_COUNTS: Final = {"chief_executive": 17, "accountable_officer": 12, "non_executive_director": 33, "chair": 19}
"""Assessors of the pilot by role."""
CAPACITY_COUNTS: Final = {-3: 3, -2: 5, -1: 9, 0: 50, 1: 8, 2: 6}
"""Assessors of the pilot by how far their capacity lies from the policy's."""
FREE_COUNTS: Final = {"always": 54, "from the third week": 6, "but for a gap": 21}
"""Assessors of the pilot by when they are free: the whole window, later, or with one to two weeks away."""
LEFT_COUNTS: Final = {"assessors": (53, 18, 10), "nominations": (50, 34, 36)}
"""People of the pilot by how many earlier organisations they name: none, one, two."""
OWN_ENDORSER: Final = (116, 120)
"""Nominations of the pilot that their own organisation endorses, out of all."""
ORGANISATIONS, NOMINATING, SYSTEMS = 125, 42, 17
"""Organisations of the region, those that nominate, and systems."""
SECTOR_COUNTS: Final = {
    "ccg": (18, 41),
    "acute_trust": (14, 26),
    "mental_health_trust": (6, 9),
    "community_trust": (2, 6),
    "ambulance_trust": (2, 1),
}
"""Organisations by kind: those that nominate, and the others."""
OFFICES: Final = 4
"""Local offices of the region."""
INTERESTS, NAMED = 22, (3, 4)
"""Words for interests, and how many of them a person names."""
TIED: Final = (7, 81)
"""Assessors of the pilot who declare a relationship with somebody, out of all."""

Pair = tuple[str, str]
T = TypeVar("T")


@dataclass(frozen=True)
class Region:
    """Where made-up people work.

    Attributes:
        places: Organisations, each with its system; the first ones nominate.
        nominating: How many of them.
        words: Words for interests.
        known: For each organisation its sector, local office and region; organisations of which nothing is known
            are not among them.
    """

    places: tuple[tuple[str, str], ...]
    nominating: int
    words: tuple[str, ...]
    known: Mapping[str, tuple[str, str, str]]


def _everybody() -> Region:
    """The region of a cohort of made-up people alone; kinds of organisation are dealt out as by a shuffled pack."""
    kinds = list[str]()
    for nominates in (0, 1):
        pack = [kind for kind, counts in SECTOR_COUNTS.items() for _ in range(counts[nominates])]
        kinds += Random("sectors").sample(pack, len(pack))  # noqa: S311 -- it has to repeat, not to surprise
    return Region(
        tuple((f"ORG{n:03}", f"SYS{n % SYSTEMS:02}") for n in range(ORGANISATIONS)),
        NOMINATING,
        tuple(f"interest {n + 1}" for n in range(INTERESTS)),
        {f"ORG{n:03}": (kinds[n], f"OFFICE{n % SYSTEMS % OFFICES}", "made-up") for n in range(ORGANISATIONS)},
    )


MADE_UP: Final = _everybody()


def made_up(rules: PanelRules, *, nominations: int, assessors: int, capacity: int, seed: str) -> AllocationProblem:
    """A cohort of so many, with nobody seated.

    Args:
        rules: The policy's rules for panels.
        nominations: How many nominations.
        assessors: How many assessors.
        capacity: The policy's most assessments of an assessor; some have a few more or less, as in the pilot.
        seed: Settles every draw.
    """
    people = tuple(_assessor(n, rules, capacity, seed) for n in range(assessors))
    asks = tuple(_nomination(n, rules, MADE_UP, seed, f"new-{n + 1:04}") for n in range(nominations))
    return AllocationProblem(_tied(asks, people, seed), people, rules)


def changed(
    problem: AllocationProblem,
    *,
    withdraw: int = 0,
    nominate: int = 0,
    leave: int = 0,
    free: Collection[Pair] = (),
    places: Collection[Pair] = (),
    seed: str = "1",
) -> AllocationProblem:
    """A live cohort after a change; who withdraws and who leaves is drawn from the seed.

    Args:
        problem: The panels that still need somebody or are being assessed, with their members as seated.
        withdraw: How many nominations withdraw; their members hold that much less.
        nominate: How many more come, of the organisations that are there.
        leave: How many assessors leave; they give back the seats in `free`.
        free: Seats whose assessments are not submitted yet.
        places: Every organisation of the region with its system, as far as known.
        seed: Settles every draw.
    """
    gone = set(_drawn([one.id for one in problem.nominations], withdraw, f"{seed}/withdraw"))
    left = set(_drawn([one.id for one in problem.assessors], leave, f"{seed}/leave"))
    loads = Counter[str]()
    nominations = []
    for one in problem.nominations:
        back = {name for name in one.seated if (one.id, name) in free and (name in left or one.id in gone)}
        loads.update(back)
        if one.id not in gone:
            stay = tuple(name for name in one.seated if name not in back)
            size = max(one.seats or problem.rules.size, len(one.seated))
            nominations.append(replace(one, seats=size, seated=stay, barred=one.barred | back) if back else one)
    people = tuple(
        replace(
            one,
            load=one.load - loads[one.id],
            capacity=one.load - loads[one.id] if one.id in left else one.capacity,
            available=() if one.id in left else one.available,
        )
        for one in problem.assessors
    )
    region = _region_of(problem, places)
    new = [_nomination(n, problem.rules, region, seed, f"(new {n + 1})") for n in range(nominate)]
    return replace(problem, nominations=(*nominations, *new), assessors=people)


def _region_of(problem: AllocationProblem, places: Collection[Pair]) -> Region:
    of_people = [one.interests for one in problem.nominations] + [one.interests for one in problem.assessors]
    words = frozenset[str]().union(*of_people)
    nominating = {(one.organisation, one.system) for one in problem.nominations}
    others = {*places, *((one.organisation, one.system) for one in problem.assessors)} - nominating
    every = (*sorted(nominating), *sorted(others)) or MADE_UP.places
    known = {one.organisation: (one.sector, one.office, one.region) for one in problem.nominations}
    return Region(every, len(nominating) or len(every), tuple(sorted(words)) or MADE_UP.words, known)


def _assessor(number: int, rules: PanelRules, capacity: int, seed: str) -> AssessorSupply:
    draw = _chance(seed, "assessor", number)
    organisation, system = draw.choice(MADE_UP.places)
    role = _one_of(draw, ROLE_COUNTS)
    left = _left(draw, "assessors", MADE_UP, rules.window[0])
    _, office, region = MADE_UP.known[organisation]
    return AssessorSupply(
        id=f"new-A-{number + 1:03}",
        role=role,
        organisation=organisation,
        system=system,
        earlier_organisations=left,
        interests=_interests(draw, MADE_UP),
        capacity=max(capacity + _one_of(draw, CAPACITY_COUNTS), 1),
        load=0,
        available=_free(draw, rules.window),
        training_expires=None,
        sectors=frozenset(MADE_UP.known[code][0] for code in (organisation, *(code for code, _ in left))),
        office=office,
        region=region,
    )


def _nomination(number: int, rules: PanelRules, region: Region, seed: str, name: str) -> NominationDemand:
    draw = _chance(seed, "nomination", number)
    organisation, system = draw.choice(region.places[: region.nominating])
    own, of = OWN_ENDORSER
    sector, office, name_of_region = region.known.get(organisation, ("", "", ""))
    return NominationDemand(
        id=name,
        organisation=organisation,
        system=system,
        earlier_organisations=_left(draw, "nominations", region, rules.window[0]),
        endorser_organisation=organisation if draw.random() < own / of else None,
        interests=_interests(draw, region),
        sector=sector,
        office=office,
        region=name_of_region,
        line_managers=line_managers(sector),
    )


def _tied(
    asks: Sequence[NominationDemand], people: Sequence[AssessorSupply], seed: str
) -> tuple[NominationDemand, ...]:
    ties: dict[str, list[Pair]] = {}
    some, of = TIED
    for number, person in enumerate(people):
        draw = _chance(seed, "tie", number)
        if asks and draw.random() < some / of:
            ties.setdefault(draw.choice(asks).id, []).append((person.id, "mentoring"))
    return tuple(replace(one, conflicts=tuple(ties[one.id])) if one.id in ties else one for one in asks)


def _left(draw: Random, whose: str, region: Region, opens: date) -> tuple[tuple[str, date], ...]:
    """Organisations left in the six years before the window opens."""
    times = _one_of(draw, dict(enumerate(LEFT_COUNTS[whose])))
    return tuple(
        (draw.choice(region.places)[0], opens - timedelta(days=draw.randrange(6 * 365))) for _ in range(times)
    )


def _interests(draw: Random, region: Region) -> frozenset[str]:
    return frozenset(draw.sample(region.words, min(draw.choice(NAMED), len(region.words))))


def _free(draw: Random, window: tuple[date, date]) -> tuple[tuple[date, date], ...]:
    opens, closes = window
    kind = _one_of(draw, FREE_COUNTS)
    if kind == "from the third week":
        return ((min(opens + timedelta(days=14), closes), closes),)
    if kind == "but for a gap":
        away = opens + timedelta(days=draw.randrange(max((closes - opens).days, 1)))
        back = away + timedelta(days=draw.randrange(8, 15))
        parts = ((opens, away - timedelta(days=1)), (back, closes))
        return tuple((first, last) for first, last in parts if first <= last)
    return (window,)


def _one_of(draw: Random, counts: Mapping[T, int]) -> T:
    return draw.choices(list(counts), list(counts.values()))[0]


def _drawn(names: Sequence[str], count: int, seed: str) -> list[str]:
    return Random(seed).sample(sorted(names), min(count, len(names)))  # noqa: S311 -- it has to repeat


def _chance(seed: str, what: str, number: int) -> Random:
    return Random(f"{seed}/{what}/{number}")  # noqa: S311 -- it has to repeat, not to surprise

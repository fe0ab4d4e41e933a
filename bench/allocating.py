"""Measures the allocation: pilot to very large cohorts, one nomination at a time, replacements, and matrices."""

import random
from datetime import date, timedelta

from allocation import AllocationProblem, AssessorSupply, CompositionRule, NominationDemand, PanelRules, Weights

OPENS, CLOSES = date(2018, 10, 1), date(2018, 11, 9)
ROLES = ("chief_executive", "accountable_officer", "non_executive_director", "chair")
COMPOSITION = (
    CompositionRule("executive", frozenset(ROLES[:2]), 1),
    CompositionRule("non-executive", frozenset(ROLES[2:]), 1),
)
WORDS = tuple(f"sector-{n}" for n in range(16))


def cohort(nominations: int, assessors: int, *, use: float, seed: int, **rules: object) -> AllocationProblem:
    """A made-up cohort in which the given share of all capacity is needed.

    Organisations, systems, careers, interests, ties and availability are drawn from the seed; nothing is real.
    """
    draw = random.Random(seed)  # noqa: S311 - a made-up cohort is no secret
    places = [(f"O{n}", f"S{n // 4}") for n in range(max(125, assessors // 8))]
    mean = 3 * nominations / (assessors * use)
    capacities = [max(1, round(mean * draw.choice((0.5, 1, 1, 1, 1.5)))) for _ in range(assessors)]
    short = round(3 * nominations / use) - sum(capacities)
    while short:
        at = draw.randrange(assessors)
        step = 1 if short > 0 else -1
        if capacities[at] + step >= 1:
            capacities[at] += step
            short -= step
    people = []
    for n in range(assessors):
        organisation, system = draw.choice(places)
        weeks = [week for week in range(6) if draw.random() < 0.85] or [0]
        people.append(
            AssessorSupply(
                id=f"A{n:05}",
                role=draw.choices(ROLES, (35, 15, 30, 20))[0],
                organisation=organisation,
                system=system,
                earlier_organisations=_career(draw, places),
                interests=frozenset(draw.sample(WORDS, 4)),
                capacity=capacities[n],
                load=0,
                available=tuple((OPENS + timedelta(7 * week), OPENS + timedelta(7 * week + 4)) for week in weeks),
                training_expires=None if draw.random() < 0.97 else CLOSES - timedelta(9),
            )
        )
    nominees = []
    for n in range(nominations):
        organisation, system = draw.choice(places)
        nominees.append(
            NominationDemand(
                id=f"N{n:05}",
                organisation=organisation,
                system=system,
                earlier_organisations=_career(draw, places),
                endorser_organisation=draw.choice(places)[0],
                interests=frozenset(draw.sample(WORDS, draw.randint(2, 5))),
                conflicts=tuple((draw.choice(people).id, "mentoring") for _ in range(draw.randrange(3))),
            )
        )
    given = {"week_most": max(2, round(mean / 3)), "pair_most": 2, "together": False, **rules}
    return AllocationProblem(
        tuple(nominees),
        tuple(people),
        PanelRules(
            size=3,
            composition=COMPOSITION,
            conflict_years=3,
            window=(OPENS, CLOSES),
            min_days_available=3,
            weights=Weights(interest=1000, same_system=300, load=60),
            seed=2018,
            **given,  # type: ignore[arg-type]
        ),
    )


def _career(draw: random.Random, places: list[tuple[str, str]]) -> tuple[tuple[str, date], ...]:
    return tuple(
        (draw.choice(places)[0], OPENS - timedelta(days=draw.randrange(3000))) for _ in range(draw.randrange(3))
    )

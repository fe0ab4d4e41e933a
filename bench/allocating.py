"""Measures the allocation: pilot to very large cohorts, replacements, why not, and matrices."""

import argparse
import json
import random
import resource
import sys
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

from allocation import AllocationProblem, AssessorSupply, CompositionRule, NominationDemand, PanelRules, Weights
from allocation.affinities import read_affinities
from allocation.matrix import solve_matrix
from allocation.proposal import Proposal
from allocation.propose import propose
from allocation.standing import Standing
from allocation.why import Whys

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
    trained = {n for n in range(assessors) if draw.random() < 0.97}
    able = sorted(trained)
    # The share counts whom training lets assess.
    short = round(3 * nominations / use) - sum(capacities[n] for n in trained)
    while short:
        at = draw.choice(able)
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
                training_expires=None if n in trained else CLOSES - timedelta(9),
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


Row = dict[str, str | float | int | bool | None]


Size = tuple[str, int, int, float, dict[str, object]]
"""A cohort's name, nominations, assessors, share of the capacity used, and rules."""
SIZES: tuple[Size, ...] = (
    ("pilot, 80% of capacity used", 120, 81, 0.80, {}),
    ("pilot, 90% of capacity used", 120, 81, 0.90, {}),
    ("pilot, 98% of capacity used", 120, 81, 0.98, {}),
    ("1,000 x 500", 1000, 500, 0.80, {"pair_most": 3}),
)


LONGEST = 170.0
"""Seconds for the search of the largest cohort; reading and checking it take some more."""


def whole_cohorts(runs: int, *, large: bool, together: bool = False, sizes: Sequence[Size] = SIZES) -> list[Row]:
    """Cohorts of growing size, floor first: seconds, gap, memory."""
    cases = list(sizes)
    if together:
        cases.append(("pilot, panels meet in a week", 120, 81, 0.80, {"together": True}))
    if large:
        cases.append(("10,000 x 3,000", 10_000, 3_000, 0.80, {"pair_most": 3}))
        cases.append(("50,000 x 10,000", 50_000, 10_000, 0.80, {"pair_most": 3}))
    rows: list[Row] = []
    for name, nominations, assessors, use, rules in cases:
        seconds, proposals = [], []
        for run in range(runs):
            problem = cohort(nominations, assessors, use=use, seed=run + 1, **rules)
            begun = perf_counter()
            proposals.append(propose(problem, seconds=LONGEST if nominations > 10_000 else 60.0))
            seconds.append(perf_counter() - begun)
        rows.append(
            {
                "case": name,
                "seconds": round(median(seconds), 3),
                "gap_percent": round(100 * median([one.certificate.gap for one in proposals]), 5),
                "optimal": all(one.optimal for one in proposals),
                "unstaffed": sum(len(one.unstaffed) for one in proposals),
                "rules_broken": sum(one.certificate.broken for one in proposals),
                "peak_megabytes": _peak(),
            }
        )
    return rows


def price_of_fairness() -> Row:
    """What the floor first costs of the total, in the pilot and at 1,000 x 500."""
    shares = []
    for nominations, assessors in ((120, 81), (1000, 500)):
        problem = cohort(nominations, assessors, use=0.9, seed=1, pair_most=3)
        floor, total = propose(problem, aim="floor").certificate, propose(problem, aim="total").certificate
        shares.append(100 * (total.total - floor.total) / total.total)
    return {"case": "floor first, share of the total", "percent": round(max(shares), 5)}


def stand_ins() -> Row:
    """15% of a pilot's seats declined, one after another."""
    problem = cohort(120, 81, use=0.8, seed=1)
    standing, proposal = Standing(problem), propose(problem)
    _take(standing, proposal)
    declined = random.Random(1).sample([(one.nomination, one.assessor) for one in proposal.seats], 54)  # noqa: S311
    found: list[object] = []
    taken = [_seconds(lambda pair=pair: found.append(standing.stand_in(*pair))) for pair in declined]  # type: ignore[misc]
    return {
        "case": "one replacement after a decline, pilot",
        "p95_ms": round(1000 * quantiles(taken, n=20)[18], 3),
        "declines": len(declined),
        "seats_changed": sum(one is not None for one in found),
    }


def why_nots() -> list[Row]:
    """The exact loss of putting somebody elsewhere."""
    rows: list[Row] = []
    for nominations, assessors in ((120, 81), (1000, 500)):
        problem = cohort(nominations, assessors, use=0.8, seed=1, pair_most=3)
        whys = Whys(problem, propose(problem, aim="total"))
        draw = random.Random(1)  # noqa: S311
        taken: list[float] = []
        exact = 0
        while len(taken) < 40:
            pair = draw.choice(problem.nominations).id, draw.choice(problem.assessors).id
            begun = perf_counter()
            answer = whys.why_not(*pair)
            if answer.loss is not None:
                taken.append(perf_counter() - begun)
                exact += answer.exact
        rows.append(
            {
                "case": f"why not, {nominations} x {assessors}",
                "p50_ms": round(1000 * median(taken), 2),
                "p95_ms": round(1000 * quantiles(taken, n=20)[18], 2),
                "exact": exact,
                "of": len(taken),
            }
        )
    return rows


def matrices(folder: Path, runs: int) -> list[Row]:
    """Research matrices in a folder that also holds reference.json; they are not part of the project."""
    reference = json.loads((folder / "reference.json").read_text(encoding="utf-8"))
    rows: list[Row] = []
    for name, known in reference.items():
        if "exact" not in known:
            continue
        terms, affinities = known["exact"], read_affinities(folder / f"{name.removesuffix('_nolb')}.csv")
        answers = [
            solve_matrix(
                affinities,
                demand=terms["demand"],
                most=terms["load_hi"],
                least=terms["load_lo"],
                objective="floor",
            )
            for _ in range(runs)
        ]
        seconds = median([one.seconds for one in answers])
        peers = known["openreview_matcher"]
        best = known["exact"].get("refined_floor", known["exact"]["max_sum_at_floor"])
        rows.append(
            {
                "case": f"{name}, floor first",
                "seconds": round(seconds, 5),
                "floor": round(answers[0].floor, 6),
                "floor_known": best["min_paper"],
                "total": round(answers[0].total, 6),
                "total_known": best["total"],
                "gap_percent": round(100 * answers[0].gap, 5),
                **{f"times_faster_than_{peer}": round(peers[peer]["seconds"] / seconds, 1)
                   for peer in ("MinMax", "FairFlow", "FairSequence")},
            }
        )  # fmt: skip
    return rows


def _take(standing: Standing, proposal: Proposal) -> None:
    panels: dict[str, list[str]] = {}
    for seat in proposal.seats:
        panels.setdefault(seat.nomination, []).append(seat.assessor)
    for nomination, members in panels.items():
        standing.take_proposed(nomination, tuple(members))


def _seconds(act: Callable[[], object]) -> float:
    begun = perf_counter()
    act()
    return perf_counter() - begun


def _peak() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def say(rows: Sequence[Row]) -> None:
    """Prints a table, and the same figures as JSON lines."""
    for row in rows:
        figures = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in row.items() if name != "case")
        sys.stdout.write(f"{row['case']:<66}{figures}\n")
    for row in rows:
        sys.stdout.write(json.dumps(row) + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a table, and the same figures as JSON lines."""
    parser = argparse.ArgumentParser(prog="python -m bench.allocating", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="cohorts of each size to take the medians of (3)")
    parser.add_argument("--large", action="store_true", help="10,000 x 3,000 and 50,000 x 10,000 as well")
    parser.add_argument("--quick", action="store_true", help="without panels that meet in a week")
    parser.add_argument("--matrices", type=Path, metavar="FOLDER", help="research matrices with their reference.json")
    given = parser.parse_args(arguments)
    cohorts = whole_cohorts(given.runs, large=given.large, together=not given.quick)
    rows = [*cohorts, price_of_fairness(), stand_ins(), *why_nots()]
    if given.matrices is not None:
        rows += matrices(given.matrices, max(given.runs, 5))
    say(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())

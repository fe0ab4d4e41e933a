"""What if: a cohort played through many times, with people who accept, decline and take their time.

Every run draws, from its own seed, how long each offered assessor takes to answer, whether they accept, and how long
they take to assess; whoever declines or does not answer in time is replaced at once by the best stand-in. Nothing
here knows a clock or a database: days are numbers, counted from the day the panels are released.
"""

from collections import Counter
from dataclasses import dataclass
from heapq import heappop, heappush
from random import Random

import numpy as np

from allocation.model import Model, compiled
from allocation.problem import AllocationProblem
from allocation.proposal import Proposal
from allocation.propose import propose
from allocation.standing import Standing


@dataclass(frozen=True)
class Habits:
    """How assessors are taken to behave; days are working days.

    Attributes:
        accept: Share of offers accepted.
        silent: Share of offers never answered, out of those not accepted.
        answer_days: Usual days to an answer.
        answer_within: Days after which no answer counts as a decline.
        assess_days: Usual days from accepting to submitting.
    """

    accept: float = 0.85
    silent: float = 0.3
    answer_days: float = 1.5
    answer_within: float = 3.0
    assess_days: float = 7.0


@dataclass(frozen=True)
class Forecast:
    """What may be expected of a cohort.

    Attributes:
        feasible: Whether every nomination gets a panel at the start.
        proposal: The panels at the start.
        loads: How many assessors have how many assessments at the start.
        weeks: Weeks of five days until the last assessment is in: the 10th, 50th and 90th percentile over the runs.
        half: The same until half of all nominations are assessed.
        declines: Median number of declines.
        stuck: Nominations left without a stand-in, on average.
        breaks_first: What ran out in how many runs, the most frequent first.
        most_loaded: The highest load in a run: median.
        runs: How many runs were played.
    """

    feasible: bool
    proposal: Proposal
    loads: tuple[tuple[int, int], ...]
    weeks: tuple[float, float, float]
    half: tuple[float, float, float]
    declines: float
    stuck: float
    breaks_first: tuple[tuple[str, int], ...]
    most_loaded: float
    runs: int


@dataclass(frozen=True)
class _Run:
    days: tuple[float, ...]
    declines: int
    stuck: tuple[str, ...]
    most_loaded: int


def forecast(problem: AllocationProblem, habits: Habits, *, runs: int = 200, seed: int = 1) -> Forecast:
    """Seats the cohort and plays it through.

    Args:
        problem: The cohort, with nobody seated.
        habits: How assessors behave.
        runs: How often it is played.
        seed: Settles every draw; the same seed gives the same forecast.
    """
    proposal = propose(problem)
    model = compiled(problem)
    played = [_played(model, proposal, habits, Random(f"{seed}/{run}")) for run in range(runs)]  # noqa: S311
    loads = Counter(Counter(seat.assessor for seat in proposal.seats).values())
    idle = len(problem.assessors) - sum(loads.values())
    ends = [max(run.days, default=0.0) / 5 for run in played]
    halves = [float(np.median(run.days)) / 5 if run.days else 0.0 for run in played]
    firsts = Counter(run.stuck[0] for run in played if run.stuck)
    if proposal.unstaffed:
        firsts[f"panels: {len(proposal.unstaffed)} nominations cannot be staffed at the start"] = runs
    return Forecast(
        feasible=not proposal.unstaffed,
        proposal=proposal,
        loads=tuple(sorted([*loads.items(), *([(0, idle)] if idle else [])])),
        weeks=_percentiles(ends),
        half=_percentiles(halves),
        declines=float(np.median([run.declines for run in played])),
        stuck=float(np.mean([len(run.stuck) for run in played])),
        breaks_first=tuple(firsts.most_common()),
        most_loaded=float(np.median([run.most_loaded for run in played])),
        runs=runs,
    )


def _percentiles(values: list[float]) -> tuple[float, float, float]:
    low, middle, high = np.percentile(values, (10, 50, 90)) if values else (0.0, 0.0, 0.0)
    return float(low), float(middle), float(high)


def _played(model: Model, proposal: Proposal, habits: Habits, draw: Random) -> _Run:
    problem, standing = model.problem, Standing(model.problem, model)
    roles = {one.id: one.role for one in problem.assessors}
    names = {rule.name: rule.roles for rule in problem.rules.composition}
    offers: list[tuple[float, str, str]] = []
    done: dict[str, float] = {}
    panels: dict[str, list[str]] = {}
    for seat in proposal.seats:
        panels.setdefault(seat.nomination, []).append(seat.assessor)
    for nomination, members in sorted(panels.items()):
        standing.take_proposed(nomination, tuple(members))
        for name in members:
            heappush(offers, (0.0, nomination, name))
    declines, stuck = 0, []
    while offers:
        day, nomination, name = heappop(offers)
        if draw.random() < habits.accept:
            answered = day + min(draw.expovariate(1 / habits.answer_days), habits.answer_within)
            # Assessing takes its usual time give or take: a gamma of shape 4 is seldom very short or very long.
            submitted = answered + draw.gammavariate(4.0, habits.assess_days / 4)
            done[nomination] = max(done.get(nomination, 0.0), submitted)
            continue
        declines += 1
        silent = draw.random() < habits.silent
        answered = day + (habits.answer_within if silent else draw.expovariate(1 / habits.answer_days))
        stand_in = standing.stand_in(nomination, name)
        if stand_in is None:
            kinds = [kind for kind, counted in names.items() if roles[name] in counted]
            stuck.append(f"no stand-in left who counts as {' and '.join(kinds) or 'assessor'}")
        else:
            heappush(offers, (answered, nomination, stand_in.assessor))
    return _Run(tuple(done.values()), declines, tuple(stuck), max(standing.loads.values(), default=0))

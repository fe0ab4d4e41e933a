"""Measures the rolling allocation: nominations that need their panels one after another, or a few at a time."""

import argparse
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from statistics import median, quantiles
from time import perf_counter, process_time

from allocation import AllocationProblem, NominationDemand
from allocation.answer import as_likely
from allocation.propose import propose
from allocation.standing import Standing
from allocation.worth import worth_of
from bench.allocating import Row, cohort, say


def one_at_a_time(seeds: Sequence[int] = (1, 2, 3, 4, 5, 6), uses: Sequence[float] = (0.8, 0.9, 0.98)) -> list[Row]:
    """Every nomination of a pilot seated alone, in order of arrival, by the share of capacity that is used.

    Once nothing is known of who comes later; once the register holds them all; once as many again as 15% of them are
    registered and withdraw; once 15% of those who come were not registered either. The plan is made again before
    every fourth nomination; its time is told apart. The median share of the batch over the seeds counts; the lowest
    is told. Times are of the wall, and of the processor, which what else runs on the machine does not lengthen.
    """
    cases = (
        ("nobody registered", 1.0, 0.0),
        ("all registered", 0.0, 0.0),
        ("15% in vain", 0.0, 0.15),
        ("15% in vain, 15% late", 0.15, 0.15),
    )
    return [
        _arrivals(f"one nomination at a time, {use:.0%} used, {name}", [(use, seed, late, gone) for seed in seeds])
        for name, late, gone in cases
        for use in uses
    ]


def _arrivals(case: str, cohorts: list[tuple[float, int, float, float]]) -> Row:
    taken: list[tuple[float, float]] = []
    planned: list[tuple[float, float]] = []
    shares: list[float] = []
    unfilled = 0
    for use, seed, late, gone in cohorts:
        coming = _coming(use, seed, late, gone)
        standing = Standing(coming.problem)
        expect, seat = standing.expect, standing.seat
        for at, one in enumerate(coming.order):
            known = coming.known(at)
            if known and at % 4 == 0:
                planned.append(_both_seconds(partial(expect, known, now=[one.id])))
            taken.append(_both_seconds(partial(seat, one.id)))
        worth = worth_of(standing.model, standing.arcs).total(standing.model)
        shares.append(100 * worth / _batch_total(use, seed))
        unfilled += 3 * len(coming.order) - len(standing.seats)
    wall, processor = zip(*taken, strict=True)
    return {
        "case": case,
        "p95_ms": _p95_ms(wall),
        "processor_p95_ms": _p95_ms(processor),
        "plan_processor_p95_ms": _p95_ms([one for _, one in planned]) if planned else None,
        "of_batch_percent": round(median(shares), 3),
        "lowest_percent": round(min(shares), 3),
        "unfilled": unfilled,
    }


@dataclass(frozen=True)
class _Coming:
    """A pilot's nominations in the order in which they come, and until when others are registered that never do."""

    problem: AllocationProblem
    order: tuple[NominationDemand, ...]
    registered: frozenset[str]
    withdraws: Mapping[str, int]

    def known(self, at: int) -> list[str]:
        """Who is registered when the nomination comes that is ``at``-th in order, itself included."""
        still = [name for name, when in self.withdraws.items() if when > at]
        return [*(later.id for later in self.order[at:] if later.id in self.registered), *still]


def _coming(use: float, seed: int, late: float, gone: float) -> _Coming:
    come = cohort(120, 81, use=use, seed=seed)
    draw = random.Random(seed)  # noqa: S311 -- a seeded draw, no secret
    order = tuple(draw.sample(come.nominations, 120))
    registered = {one.id for one in order} - {one.id for one in draw.sample(order, round(120 * late))}
    others = cohort(120, 81, use=use, seed=seed + 500).nominations[: round(120 * gone)]
    ghosts = [replace(one, id=f"G{one.id}", conflicts=()) for one in others]
    withdraws = {one.id: draw.randrange(120) for one in ghosts}
    return _Coming(replace(come, nominations=(*order, *ghosts)), order, frozenset(registered), withdraws)


def rolling_runs(seeds: Sequence[int] = (1, 2, 3), at_once: int = 8) -> list[Row]:
    """The pilot at 90% as rolling runs seat it: so many who wait at a time, planned beside all who are registered."""
    cases = (("all registered", 0.0, 0.0), ("15% in vain, 15% late", 0.15, 0.15))
    rows: list[Row] = []
    for name, late, gone in cases:
        shares, taken = [], []
        for seed in seeds:
            coming = _coming(0.9, seed, late, gone)
            standing = Standing(coming.problem)
            for at in range(0, len(coming.order), at_once):
                begun = process_time()
                _one_run(coming, standing, at, at_once)
                taken.append(process_time() - begun)
            worth = worth_of(standing.model, standing.arcs).total(standing.model)
            shares.append(100 * worth / _batch_total(0.9, seed))
        rows.append(
            {
                "case": f"rolling runs of {at_once}, 90% used, {name}",
                "processor_seconds_of_a_run": round(median(taken), 2),
                "of_batch_percent": round(median(shares), 3),
                "lowest_percent": round(min(shares), 3),
            }
        )
    return rows


def _one_run(coming: _Coming, standing: Standing, at: int, at_once: int) -> None:
    now = {one.id for one in coming.order[at : at + at_once]}
    expected = frozenset(coming.known(at)) - now
    held: dict[str, list[str]] = {}
    for seat in standing.seats:
        held.setdefault(seat.nomination, []).append(seat.assessor)
    loads = standing.loads
    one = replace(
        coming.problem,
        nominations=tuple(
            replace(one, seated=tuple(held.get(one.id, ())))
            for one in coming.problem.nominations
            if one.id in held or one.id in now or one.id in expected
        ),
        assessors=tuple(replace(one, load=loads[one.id]) for one in coming.problem.assessors),
        expected=expected,
    )
    found: dict[str, list[str]] = {}
    for placed in propose(as_likely(one), aim="total").seats:
        if placed.nomination in now:
            found.setdefault(placed.nomination, []).append(placed.assessor)
    for nomination, members in found.items():
        standing.take_proposed(nomination, tuple(members))


@cache
def _batch_total(use: float, seed: int) -> int:
    return propose(cohort(120, 81, use=use, seed=seed), aim="total").certificate.total


def _both_seconds(act: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the wall and of the processor."""
    begun = process_time()
    wall = perf_counter()
    act()
    return perf_counter() - wall, process_time() - begun


def _p95_ms(taken: Sequence[float]) -> float:
    return round(1000 * quantiles(taken, n=20)[18], 3)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a table, and the same figures as JSON lines."""
    parser = argparse.ArgumentParser(prog="python -m bench.rolling", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one nomination at a time alone")
    given = parser.parse_args(arguments)
    say([*one_at_a_time(), *(() if given.quick else rolling_runs())])
    return 0


if __name__ == "__main__":
    sys.exit(main())

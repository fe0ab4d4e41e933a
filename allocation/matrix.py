"""The best assignment of a matrix of fits, with its proof: total first, or the worst-off panel first.

Floor first is lexicographic: the highest floor (the lowest sum of fits over the panels) that any assignment
reaches, and at that floor the highest total. The highest floor is first looked for where no assignment can go
beyond it: the smallest sum of an item's best fits. Where that cannot be reached, halving finds the highest.
"""

from dataclasses import dataclass, replace
from time import perf_counter
from typing import Literal

import highspy
import numpy as np

from allocation.affinities import LARGEST, Affinities
from allocation.alike import grouped
from allocation.panel_columns import SEATS, PanelOracle
from allocation.panel_search import PanelSearch
from allocation.short_floor import lifted
from allocation.sizes import finest, power_of_ten, spread, times_ten, too_far_apart
from allocation.transport import Floats, Relaxed, Terms, Transport, quiet_highs

Objective = Literal["floor", "total"]
MatrixStatus = Literal["optimal", "feasible", "short"]

_SLACK = 1e-7  # How far below the floor asked for a sum may lie by rounding.
_DEPTHS = (2e-5, 1e-4)  # How far below the relaxation, as shares of it, a whole answer is looked for at once,
_NODES = 60  # and in how many nodes.
_PROVED = 1e-6  # An answer this share of its bound away from it, or less, is called optimal.
_WIDE = 1e6  # Of fits farther apart in size, only the closed bound of the floor is safe from rounding.
_PAIRS = 200_000  # Beyond so many pairs of item and assessor, the floor of an answer that is short is not lifted.
_FINE = 0.01  # Closer to a floor out of reach than this share of it, only floors that some panel has are asked for.


@dataclass(frozen=True, eq=False)
class MatrixAnswer:
    """An assignment of a matrix and what is proved of it.

    Attributes:
        chosen: Pairs of item and assessor, by name, in order.
        floor: The lowest sum of fits of an item's panel.
        floor_bound: No assignment has a higher floor.
        total: The sum of all fits.
        total_bound: With the floor first, no assignment that reaches this floor has a higher total; else none at all.
        loads: Items of each assessor, in the order of the matrix.
        shortfall: Seats that cannot be filled.
        unmet: Items lacking to the least loads of assessors.
        seconds: Time for solving, reading excluded.
        finest: The smallest size of a fit that is not 0, below which no bound is taken for a gap's measure.
        status: Proved best, within a millionth; sound with a gap; or short of seats or least loads, as nothing better
            is possible.
    """

    chosen: tuple[tuple[str, str], ...]
    floor: float
    floor_bound: float
    total: float
    total_bound: float
    loads: tuple[int, ...]
    shortfall: int
    unmet: int
    seconds: float
    finest: float
    status: MatrixStatus

    @property
    def gap(self) -> float:
        """How far the total may be from the best, as a share of its bound; 0 when proved."""
        return _share(self.total, self.total_bound, self.finest)


def solve_matrix(
    affinities: Affinities,
    *,
    demand: int,
    most: int,
    least: int = 0,
    objective: Objective = "total",
    seed: int = 1,
    seconds: float = 60.0,
) -> MatrixAnswer:
    """Gives each item `demand` assessors, each assessor `least` to `most` items.

    The order of items and assessors changes nothing; the seed settles ties.

    Args:
        affinities: The fits.
        demand: Assessors for each item, at least 1.
        most: Most items of an assessor.
        least: Fewest items of an assessor.
        objective: What comes first.
        seed: Published number that settles ties.
        seconds: Time allowed to each branch and bound; the bound found by then stands.

    Raises:
        ValueError: When the numbers contradict one another, or fits are too large, too small or too far apart.
    """
    if demand < 1:
        raise ValueError(f"the demand is {demand}; an item needs at least 1 assessor")
    if not 0 <= least <= most:
        raise ValueError(f"loads from {least} to {most}; ask for 0 <= least <= most")
    if max(demand, most) > LARGEST:
        raise ValueError(f"{max(demand, most)} is too large; {LARGEST} is the most that can be asked")
    if not seconds >= 0:
        raise ValueError(f"{seconds} seconds are allowed; ask for 0 or more")
    shuffled = affinities.shuffled(seed)
    if (fault := too_far_apart(affinities.fits)) is not None:
        item, assessor, reason = fault
        raise ValueError(f"{affinities.items[item]} and {affinities.assessors[assessor]}: {reason}")
    begun = perf_counter()
    power = power_of_ten(shuffled.fits)
    terms = Terms.alike(times_ten(shuffled.fits, power), demand, least, most)
    found = _best_total(terms) if objective == "total" else _floors_of_groups(terms, seconds)
    if objective == "floor" and found.short:
        found = _lifted(terms, found, seconds)
    if objective == "floor" and spread(terms.fits) > _WIDE:
        found = replace(found, floor_bound=max(found.floor_bound, _floor_limit(terms)))
    spent = perf_counter() - begun
    return _answer(affinities, shuffled, replace(terms, fits=shuffled.fits), found.divided(power), spent)


@dataclass(frozen=True, eq=False)
class _Found:
    """Shares of 0 and 1, the bounds proved, whether seats or loads are short, and whether the floor came first."""

    taken: Floats
    floor_bound: float
    total_bound: float
    short: bool
    slack: float = 2 * _SLACK
    floor_first: bool = True

    def divided(self, power: int) -> "_Found":
        """The same of fits before they were multiplied by a power of ten; floors are told apart down to the slack."""
        floor, total, slack = times_ten(np.array([self.floor_bound, self.total_bound, self.slack]), -power).tolist()
        return replace(self, floor_bound=floor, total_bound=total, slack=slack)


def _share(reached: float, bound: float, finest: float) -> float:
    return max(bound - reached, 0.0) / max(abs(bound), finest)


def _best_total(terms: Terms) -> _Found:
    relaxed = Transport(terms).relaxed()
    total = _total(terms, relaxed.taken)
    short = relaxed.shortage > 1e-6
    return _Found(relaxed.taken, _floor_limit(terms), total if short else relaxed.bound, short, floor_first=False)


def _floors_of_groups(terms: Terms, seconds: float) -> _Found:
    """Floor first, with assessors alike counted together where their seats can then be handed out.

    Without least loads few panels are below the highest floor when the total is best, and lifting them is quick.
    """
    limit = _floor_limit(terms)
    if not terms.least.any():
        programme = Transport(terms)
        found = _best_total_at(terms, programme.relaxed(), limit)
        found = found or _whole_at(terms, programme, programme.relaxed(limit - _SLACK), limit)
        if found is not None:
            return found
    if (alike := grouped(terms)).some:
        found = _floor_first(alike.terms, limit, seconds)
        taken = None if found.short else alike.handed_out(found.taken)
        if taken is not None:
            return replace(found, taken=taken)
    return _floor_first(terms, limit, seconds)


def _lifted(terms: Terms, found: _Found, seconds: float) -> _Found:
    """Of the answers that lack as few as the one found, the best by floor and then total."""
    closed = _floor_limit(replace(terms, fits=np.maximum(terms.fits, 0.0)))
    if found.taken.size > _PAIRS:
        return replace(found, floor_bound=closed)
    best = lifted(terms, np.round(found.taken), seconds)
    return replace(found, taken=best.taken, floor_bound=min(best.floor_bound, closed), total_bound=best.total_bound)


def _floor_first(terms: Terms, limit: float, seconds: float) -> _Found:
    programme = Transport(terms)
    first = programme.relaxed()
    found = _best_total_at(terms, first, limit)
    if found is None:
        best, limit = _highest_floor(terms, programme, first, limit, seconds)
        found = replace(best, floor_bound=limit)
    return found


def _best_total_at(terms: Terms, first: Relaxed, limit: float) -> _Found | None:
    """The best total where it leaves somebody short, or has the highest floor there could be."""
    if first.shortage > 1e-6:
        return _Found(first.taken, limit, _total(terms, first.taken), short=True)
    if _floor_of(terms, first.taken) >= limit - _SLACK:
        return _Found(first.taken, limit, first.bound, short=False)
    return None


def _highest_floor(
    terms: Terms, programme: Transport, first: Relaxed, limit: float, seconds: float
) -> tuple[_Found, float]:
    """The best total at the highest floor, and what the floor is proved not to exceed.

    Halves between a floor that is reached and one that is not, and solves for the total at the end alone. Where time
    ends before, the floor has a gap.
    """
    best = _at_floor(terms, programme, limit, seconds).found
    if best is not None:
        return best, limit
    proved, whole = limit, _Found(first.taken, limit, first.bound, short=False)
    reached = _floor_of(terms, first.taken)
    step = max(_grid(terms), 1e-6 * max(1.0, abs(limit)))
    deadline = perf_counter() + seconds
    while (asked := _between(terms, reached, limit, step)) is not None:
        if perf_counter() > deadline:
            limit = reached
            break
        tried = _at_floor(terms, Transport(terms), asked, seconds, any_one=True)
        if tried.found is not None:
            whole, reached = tried.found, max(_floor_of(terms, tried.found.taken), asked - _SLACK)
        else:
            limit = asked
            proved = limit if tried.settled else proved
    best = _at_floor(terms, Transport(terms), reached, seconds).found or whole
    return best, proved if proved > limit else max(_floor_of(terms, best.taken), reached)


def _between(terms: Terms, reached: float, limit: float, step: float) -> float | None:
    """The next floor to ask for: about half way to the limit; None when no panel's sum lies between."""
    if terms.demand == SEATS and limit - reached < _FINE * max(1.0, abs(limit)):
        lowest, above = (PanelOracle(terms, sum_ - _SLACK).lowest for sum_ in (reached + step, (reached + limit) / 2))
        return None if lowest > limit - step / 2 else above if above < limit - step / 2 else lowest
    if limit - reached < 1.5 * step:
        return None
    return reached + step if limit - reached < 4 * step else (reached + limit) / 2


@dataclass(frozen=True, eq=False)
class _Tried:
    """What was found at a floor; without a find, whether it is settled that there is none."""

    found: _Found | None
    settled: bool


def _at_floor(terms: Terms, programme: Transport, floor: float, seconds: float, *, any_one: bool = False) -> _Tried:
    """The best total with every panel at the floor, or any answer there."""
    relaxed = programme.relaxed(floor - _SLACK)
    if (whole := _whole_at(terms, programme, relaxed, floor)) is not None:
        return _Tried(whole, settled=True)
    if terms.demand == SEATS:
        search = PanelSearch(terms, floor - _SLACK)
        answer = search.best(relaxed.prices.assessors, seconds, any_one=any_one)
        if answer.panels is not None:
            taken = np.zeros_like(terms.fits)
            np.add.at(taken, (answer.panels.items[:, None], answer.panels.assessors), 1.0)
            return _Tried(_Found(taken, floor, min(answer.bound, relaxed.bound), short=False), settled=True)
        if answer.bound == -np.inf:
            return _Tried(None, settled=True)
    return _branch_and_bound(terms, floor - _SLACK, relaxed.bound, seconds, any_one=any_one)


def _whole_at(terms: Terms, programme: Transport, relaxed: Relaxed, floor: float) -> _Found | None:
    """The best whole answer where the relaxation is whole, or nearly so and just above one."""
    # A part of a seat may be left short only because that lifts a floor cheaply: it is no proof that none can.
    if relaxed.shortage > 1e-6:
        return None
    if relaxed.whole:
        return _Found(relaxed.taken, floor, relaxed.bound, short=False)
    open_pairs = np.abs(relaxed.taken - np.round(relaxed.taken)) > 1e-6
    if open_pairs.sum() > len(terms.fits) // 4 + 8:
        return None
    for depth in _DEPTHS:
        found = programme.whole(relaxed, floor - _SLACK, depth * max(1.0, abs(relaxed.bound)), _NODES)
        if found.values is not None and found.ended:
            return _Found(programme.table(found.values), floor, found.total, short=False)
        if not found.ended:
            return None
    return None


def _branch_and_bound(terms: Terms, floor: float, bound: float, seconds: float, *, any_one: bool) -> _Tried:
    """The plain programme with a floor in whole numbers: for panels that are not of three, and where these fail."""
    items, assessors = terms.fits.shape
    item_of, assessor_of = np.nonzero(terms.allowed)
    fits, spaces = terms.fits[item_of, assessor_of], terms.spaces[item_of, assessor_of].astype(float)
    pairs = len(fits)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = pairs, 2 * items + assessors
    model.col_cost_, model.col_lower_, model.col_upper_ = -fits, np.zeros(pairs), spaces
    seats = np.full(items, float(terms.demand))
    model.row_lower_ = np.concatenate([seats, terms.least.astype(float), np.full(items, floor)])
    model.row_upper_ = np.concatenate([seats, terms.most.astype(float), np.full(items, np.inf)])
    rows = np.stack([item_of, items + assessor_of, items + assessors + item_of], axis=1)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = 3 * np.arange(pairs + 1)
    model.a_matrix_.index_ = rows.ravel()
    model.a_matrix_.value_ = np.stack([np.ones(pairs), np.ones(pairs), fits], axis=1).ravel()
    model.integrality_ = [highspy.HighsVarType.kInteger] * pairs
    highs = quiet_highs(seconds)
    gaps = (("mip_rel_gap", np.inf if any_one else 0.0), ("mip_abs_gap", 1e-7))
    for option, value in (("presolve", "on"), *gaps):
        highs.setOptionValue(option, value)
    highs.passModel(model)
    highs.run()
    result = highs.getInfo()
    if result.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return _Tried(None, settled=highs.getModelStatus() == highspy.HighsModelStatus.kInfeasible)
    taken = np.zeros_like(terms.fits)
    taken[item_of, assessor_of] = np.round(np.asarray(highs.getSolution().col_value))
    found = _Found(taken, floor, min(bound, -float(result.mip_dual_bound)), short=False)
    return _Tried(found, settled=True)


def _answer(affinities: Affinities, shuffled: Affinities, terms: Terms, found: _Found, spent: float) -> MatrixAnswer:
    taken = found.taken > 0.5
    ones = taken.astype(np.float64)
    chosen = sorted((shuffled.items[item], shuffled.assessors[assessor]) for item, assessor in np.argwhere(taken))
    load_of = dict(zip(shuffled.assessors, taken.sum(axis=0).tolist(), strict=True))
    total, floor = _total(terms, ones), _floor_of(terms, ones)
    shortfall = int((terms.demand - taken.sum(axis=1)).sum())
    unmet = int(np.maximum(terms.least - taken.sum(axis=0), 0).sum())
    floor_bound = max(found.floor_bound, floor)
    bound = max(found.total_bound, total)
    smallest = finest(terms.fits)
    proved = _share(total, bound, smallest) <= _PROVED
    if found.floor_first:
        proved &= floor_bound - floor <= _PROVED * max(abs(floor_bound), smallest) + found.slack
    return MatrixAnswer(
        chosen=tuple(chosen),
        floor=floor,
        floor_bound=floor_bound,
        total=total,
        total_bound=bound,
        loads=tuple(load_of[name] for name in affinities.assessors),
        shortfall=shortfall,
        unmet=unmet,
        seconds=spent,
        finest=smallest,
        status="short" if shortfall or unmet else "optimal" if proved else "feasible",
    )


def _floor_limit(terms: Terms) -> float:
    """The smallest sum of an item's best fits: no assignment can do better for that item."""
    seats = min(terms.demand, terms.fits.shape[1])
    fits = np.where(terms.allowed, terms.fits, 0.0 if terms.allowed.sum(axis=1).min() < seats else -np.inf)
    return float(np.partition(fits, -seats, axis=1)[:, -seats:].sum(axis=1).min())


def _total(terms: Terms, taken: Floats) -> float:
    return float((np.nan_to_num(terms.fits) * taken).sum())


def _floor_of(terms: Terms, taken: Floats) -> float:
    return float((np.nan_to_num(terms.fits) * taken).sum(axis=1).min())


def _grid(terms: Terms) -> float:
    """The common step of all fits when they have one of a thousandth or more, else 0."""
    thousandths = np.nan_to_num(terms.fits) * 1000
    if not np.allclose(thousandths, np.round(thousandths), rtol=1e-12, atol=1e-9):
        return 0.0
    return float(np.gcd.reduce(np.round(thousandths).astype(np.int64).ravel())) / 1000

"""From a problem to a proposal with its proof: the one function for whole cohorts, parts of them and single seats."""

from dataclasses import dataclass, replace
from math import floor as rounded_down
from time import perf_counter

import numpy as np

from allocation.auction import Auction
from allocation.certified import certified
from allocation.contested import Contested
from allocation.fixing import ALL, around_of, freed, seated_by_fixing, seated_in_parts
from allocation.model import Bools, Ints, Model, compiled, weeks_of
from allocation.prices import Market, PanelChoice
from allocation.problem import AllocationProblem
from allocation.proposal import Aim, Certificate, Placed, Proposal
from allocation.seating import Seating
from allocation.standing import Standing
from allocation.ties import nearest
from allocation.worth import floor_of, lowest_fit, worth_of

EXACT = 20_000  # Up to so many arcs the whole programme is searched to the end.
_STEPS = 60  # Steps of the market where a relaxation follows.
_MORE_STEPS = 500  # Where the market's bound is the proof.
_SETTLING, _HOPED = 200, 2e-4  # Steps after an auction, and how much lower than its bound they aim, as a share.


@dataclass(frozen=True, eq=False)
class Found:
    """Arcs of a model with the bounds of floor and total, in points."""

    arcs: Ints
    floor_bound: int
    total_bound: int


def propose(problem: AllocationProblem, *, aim: Aim = "floor", seconds: float = 60.0) -> Proposal:
    """Seats every panel that lacks members, or as many as the rules allow.

    As many panels as possible first; then, with the aim `floor`, the worst-off panel's fit as high as possible; then
    the total. Kept members stay. The order of the problem changes nothing; ties keep the seats that it prefers, and
    the seed of the rules settles the rest.

    Args:
        problem: Nominations, assessors and rules.
        aim: Whether the floor or the total comes first.
        seconds: Time allowed to the search; an answer within it is the same on every machine.
    """
    deadline = perf_counter() + seconds
    problem, contradicted = without_contradicted(problem)
    model = compiled(problem)
    found = _best(model, aim, deadline)
    if found is not None:
        return _proposal(model, _tied(model, found, aim, deadline), contradicted, len(model.nominations))
    arcs, most, proved = _most_panels(model, deadline)
    best = _best_among_most(model, arcs, most, aim, deadline) if proved else None
    if best is not None:
        arcs = best.arcs
    seated = {model.nominations[panel].id for panel in np.unique(model.panel[arcs])}
    left = {one.id for one in model.nominations} - seated
    staffable = without(problem, left)
    rest = compiled(staffable)
    if best is not None:
        found = replace(best, arcs=_moved(model, rest, arcs))
    else:
        found = _best(rest, aim, deadline) or _as_found(rest, _moved(model, rest, arcs))
    return _proposal(rest, _tied(rest, found, aim, deadline), contradicted | left, most)


def _tied(model: Model, found: Found, aim: Aim, deadline: float) -> Found:
    """What is proved best, with the most preferred seats that anything as good has."""
    total, floor = worth_of(model, found.arcs).total(model), floor_of(model, found.arcs)
    if not model.problem.preferred or total < found.total_bound or len(model.panel) > ALL:
        return found
    least = floor if aim == "floor" else None
    arcs = nearest(model, found.arcs, floor=least, total=total, deadline=deadline)
    good = worth_of(model, arcs).total(model) == total and floor_of(model, arcs) >= (least or 0)
    return replace(found, arcs=arcs) if good else found


def _as_found(model: Model, arcs: Ints) -> Found:
    """An answer whose search was stopped, with the bounds that prices alone prove."""
    market = Market(model)
    market.settle(_MORE_STEPS)
    return Found(arcs, market.limit_of_floor or 0, rounded_down(market.bound + 1e-6))


def without(problem: AllocationProblem, left: set[str]) -> AllocationProblem:
    """The problem with some panels left as they are: their kept members still count, and nobody new is asked."""
    return replace(
        problem,
        nominations=tuple(
            replace(one, seats=max(len(one.seated), 1)) if one.id in left and one.seated else one
            for one in problem.nominations
            if one.id not in left or one.seated
        ),
    )


def without_contradicted(problem: AllocationProblem) -> tuple[AllocationProblem, set[str]]:
    """Leaves out the nominations for which operations pinned somebody who may not sit."""
    if not problem.rules.pinned or not problem.rules.on("pinned"):
        return problem, set()
    pins = problem.rules.pinned
    model = compiled(problem)
    possible = {
        (model.nominations[model.panel[arc]].id, model.assessors[model.assessor[arc]].id)
        for arc in np.flatnonzero(model.pinned)
    }
    seated = {(one.id, name) for one in problem.nominations for name in one.seated}
    lacking = {one.id for one in model.nominations}
    bad = {nomination for nomination, _ in pins - possible - seated if nomination in lacking}
    return without(problem, bad), bad


def _best(model: Model, aim: Aim, deadline: float) -> Found | None:
    """The best seating of every panel; None when not every panel can be seated."""
    if not len(model.nominations):
        return Found(np.zeros(0, dtype=np.int64), 0, 0)
    if not np.all(np.bincount(model.panel, minlength=len(model.nominations)) >= model.missing):
        return None
    market = Market(model)
    limit = market.limit_of_floor
    if limit is None:
        return None
    exact, large = len(model.panel) <= EXACT, len(model.panel) > ALL
    if not large:  # A very large cohort gets its prices from an auction.
        market.settle(_STEPS if model.weeks == 1 else _MORE_STEPS)
    found = _exact(model, market, None, deadline) if exact else _large(model, market, deadline)
    if found is None:
        return None
    if aim == "total":
        return replace(found, floor_bound=limit)
    return _floor_first(model, market, found, limit, deadline, exact=exact)


def _exact(model: Model, market: Market, floor: int | None, deadline: float) -> Found | None:
    """Searched to the end, among the arcs that can still better a quick first answer."""
    programme = Seating(model, floor=floor)
    relaxed = programme.relaxed()
    if relaxed is None:
        return None
    ceiling = rounded_down(min(relaxed.bound, market.bound) + 1e-6)
    if relaxed.whole:
        return Found(np.sort(relaxed.arcs), 0, ceiling)
    first = _first(model, market, floor, deadline)
    if first is not None and np.any(np.bincount(model.assessor[first], minlength=len(model.owed)) < model.owed):
        first = None  # What is found quickly need not give everybody the fewest agreed.
    arcs: Ints | None = None
    if first is not None:
        total = worth_of(model, first).total(model)
        if total >= ceiling:
            return Found(first, 0, ceiling)
        # Whoever's seat would bring the bound below the first answer is in no better one.
        arcs = np.union1d(relaxed.offered[relaxed.losses <= relaxed.bound - total + 1e-6], first)
    best = Seating(model, arcs=arcs, floor=floor)
    result = best.solved(max(deadline - perf_counter(), 1.0) / 2, start=first)
    if result.arcs is None:
        return None if first is None else Found(first, 0, ceiling)
    taken = result.arcs
    if first is not None and total > worth_of(model, taken).total(model):
        taken = first
    return Found(taken, 0, min(ceiling, rounded_down(max(result.bound, worth_of(model, taken).total(model)) + 1e-6)))


def _first(model: Model, market: Market, floor: int | None, deadline: float) -> Ints | None:
    """A quick good answer: around what the relaxation decides, or with one good week for each panel."""
    if model.weeks > 1:
        seconds = max(deadline - perf_counter(), 1.0) / 4
        found = Seating(model, arcs=market.in_best_weeks(), floor=floor).solved(min(seconds, 4.0), gap=1e-3).arcs
        if found is not None or floor is not None:
            return found
        arcs, seated = _one_by_one(model)
        return arcs if seated.all() else None
    arcs, seated, _ = seated_by_fixing(model, market, deadline, floor)
    if not seated.all() and floor is None:
        arcs, seated = Auction(model).held(max(deadline, perf_counter() + 1.0))
    return arcs if seated.all() else None


def _large(model: Model, market: Market, deadline: float) -> Found | None:
    bound = np.inf
    if len(model.panel) <= ALL:
        arcs, seated, bound = seated_by_fixing(model, market, deadline)
    else:
        found = _very_large(model, market, deadline) if model.weeks == 1 else None
        if found is not None:
            return found
        market.settle(_MORE_STEPS)
        arcs, seated = _one_by_one(model)
        if seated.all():
            arcs = seated_in_parts(model, market, arcs, deadline)
    if not seated.all():
        return None
    return Found(arcs, 0, rounded_down(min(market.bound, bound) + 1e-6))


def _very_large(model: Model, market: Market, deadline: float) -> Found | None:
    """All panels seated at an auction, then those that contend for pairs anew; None where some stay short."""
    auction = Auction(model)
    arcs, full = auction.held(deadline)
    if not full.all() or np.any(np.bincount(model.assessor[arcs], minlength=len(model.owed)) < model.owed):
        return None
    market.adopt(np.where(np.isfinite(auction.price), auction.price, 0.0))
    del auction  # Who met whom is counted in a large table.
    market.settle(_SETTLING, hoped=_HOPED, deadline=deadline)
    fell = 0.0
    if model.rules.pair_most is not None and model.rules.on("pairs"):
        contested = Contested(model, market, arcs)
        fell = contested.settled(deadline)
        if worth_of(model, contested.arcs).total(model) > worth_of(model, arcs).total(model):
            arcs = contested.arcs
    return Found(arcs, 0, rounded_down(market.bound - fell + 1e-6))


def _floor_first(model: Model, market: Market, found: Found, limit: int, deadline: float, *, exact: bool) -> Found:
    """Raises the floor from what the best total has, as far as it goes."""
    reached = floor_of(model, found.arcs)
    low, high, best = reached, limit, replace(found, floor_bound=limit)
    asked = limit
    while low < high and perf_counter() < deadline:
        better = _at_floor(model, market, asked, found, deadline, exact=exact)
        if better is None:
            high = asked - 1
        else:
            best, low = better, max(floor_of(model, better.arcs), asked)
        best = replace(best, floor_bound=max(high, low))
        asked = (low + high + 1) // 2
    return best


def _at_floor(
    model: Model, market: Market, floor: int, found: Found, deadline: float, *, exact: bool
) -> Found | None:
    if exact:
        return _exact(model, market, floor, deadline)
    fits = np.bincount(model.panel[found.arcs], model.fit[found.arcs], minlength=len(model.nominations))
    low = np.flatnonzero(fits < floor)
    return raised(model, market, found, low, floor=floor, deadline=deadline)


def raised(model: Model, market: Market, found: Found, low: Ints, *, floor: int, deadline: float) -> Found | None:
    """Seats the panels below the floor anew, with others that may give way; the total's bound stays."""
    offered = np.arange(len(model.panel))
    for many in (100, 300):
        rest, kept = freed(model, found.arcs, offered, low, many)
        arcs = (
            offered[np.isin(model.panel, rest)] if len(offered) <= ALL else np.union1d(market.listed(20), found.arcs)
        )
        programme = Seating(model, panels=rest, arcs=arcs, around=around_of(model, kept), floor=floor)
        result = programme.solved(max(min(deadline - perf_counter(), 20.0), 1.0), gap=2e-5)
        if result.arcs is not None:
            return replace(found, arcs=np.union1d(kept, result.arcs))
    return None


def _most_panels(model: Model, deadline: float) -> tuple[Ints, int, bool]:
    """As many panels as can be seated, how many more nobody can seat, and whether that and their total are proved."""
    result = Seating(model, optional=True).solved(max(deadline - perf_counter(), 2.0))
    if result.arcs is None:
        arcs, _ = _one_by_one(model)
        return arcs, len(model.nominations), False
    seated = len(np.unique(model.panel[result.arcs]))
    return result.arcs, seated if result.proved else len(model.nominations), result.proved


def _best_among_most(model: Model, arcs: Ints, most: int, aim: Aim, deadline: float) -> Found | None:
    """Of all ways to seat as many panels as possible the best: the highest floor first where that is the aim.

    A floor is out of reach when fewer panels can be seated at it. None where nobody can be seated.

    Args:
        model: The model.
        arcs: As many panels as possible, with the best total there is of so many.
        most: How many panels these are.
        aim: Whether the floor or the total comes first.
        deadline: When to stop, by the process's performance counter.
    """
    if not len(arcs):
        return None
    highest = np.sort(PanelChoice(model).best(model.fit.astype(np.float64)).worth)[::-1]
    low, high, asked = lowest_fit(model, arcs), round(highest[most - 1]), round(highest[most - 1])
    best = Found(arcs, high, worth_of(model, arcs).total(model))
    while aim == "floor" and low < high and perf_counter() < deadline:
        result = Seating(model, optional=True, floor=asked).solved(max(deadline - perf_counter(), 1.0))
        if result.arcs is not None and len(np.unique(model.panel[result.arcs])) == most:
            low = max(lowest_fit(model, result.arcs), asked)
            # A search that was stopped has no bound of its own but that of a lower floor.
            bound = worth_of(model, result.arcs).total(model) if result.proved else best.total_bound
            best = Found(result.arcs, high, bound)
        elif result.proved:
            high = asked - 1
        else:
            break
        asked = (low + high + 1) // 2
    return replace(best, floor_bound=max(high, low))


def _one_by_one(model: Model) -> tuple[Ints, Bools]:
    """Panels seated alone, those with the least choice first: sound, and the fallback when a search is stopped."""
    standing = Standing(model.problem, model)
    choice = np.bincount(model.panel, minlength=len(model.nominations))
    for panel in np.argsort(choice, kind="stable"):
        standing.seat(model.nominations[panel].id)
    taken = standing.arcs
    return taken, np.isin(np.arange(len(model.nominations)), model.panel[taken])


def _moved(model: Model, other: Model, arcs: Ints) -> Ints:
    """The same arcs in a model with fewer panels."""
    place = {one.id: at for at, one in enumerate(other.nominations)}
    wanted = {
        (place[model.nominations[model.panel[arc]].id], int(model.week[arc]), int(model.assessor[arc]))
        for arc in arcs
    }
    keys = zip(other.panel.tolist(), other.week.tolist(), other.assessor.tolist(), strict=True)
    return np.array([at for at, key in enumerate(keys) if key in wanted], dtype=np.int64)


def _proposal(model: Model, found: Found, left: set[str], most: int) -> Proposal:
    worth, floor = worth_of(model, found.arcs), floor_of(model, found.arcs)
    total = worth.total(model)
    bound = max(found.total_bound, total)
    seats = placed(model, found.arcs)
    staffed = len({seat.nomination for seat in seats})
    problem = model.problem
    certificate = Certificate(
        floor=floor,
        floor_bound=max(found.floor_bound, floor),
        total=total,
        total_bound=bound,
        gap=(bound - total) / abs(bound) if bound else 0.0,
        fit=worth.fit,
        load_cost=worth.load_cost,
        mixed=worth.mixed,
        repeats=worth.repeats,
        broken=0,
        staffed=staffed,
        staffed_bound=max(most, staffed),
        seed=problem.rules.seed,
        complete=model.complete,
    )
    proposal = Proposal(seats, tuple(sorted(left)), certificate)
    return replace(proposal, certificate=replace(certificate, broken=len(certified(problem, proposal))))


def placed(model: Model, arcs: Ints) -> tuple[Placed, ...]:
    """The arcs as seats, by nomination and assessor."""
    weeks = weeks_of(model.rules)
    return tuple(
        sorted(
            (
                Placed(
                    model.nominations[model.panel[arc]].id,
                    model.assessors[model.assessor[arc]].id,
                    int(model.fit[arc]),
                    weeks[model.week[arc]],
                )
                for arc in arcs
            ),
            key=lambda seat: (seat.nomination, seat.assessor),
        )
    )

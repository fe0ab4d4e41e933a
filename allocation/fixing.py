"""Seating large problems: what the relaxation decides stands, and only the rest is searched.

Without the demand for whole numbers a large problem is solved quickly, and nearly every panel comes out whole. Those
panels are kept, save those on which two assessors meet too often. The few others are seated exactly around them. If
they cannot be, the panels that hold what they need are freed as well, twice as many each time.
"""

from collections import Counter
from collections.abc import Mapping
from time import perf_counter

import numpy as np

from allocation.around import Around, Pair, pairs_met
from allocation.model import Bools, Ints, Model
from allocation.prices import Market
from allocation.seating import Seating
from allocation.standing import Standing

CLOSE = 2e-5  # The share of the rest at which its search may end.
LISTS = (16, 40)  # Arcs of a panel that are offered, at first and when these do not suffice.
FEW = 14  # Arcs of a panel that are offered to the rest, beside those the relaxation took.
FIRST = 8  # Arcs of a panel that are offered to the relaxation of a part.
HASTY = 2  # Panels seated in haste that are seated anew at once,
BESIDE = 120  # with so many beside them that can give way.
PART = 10_000  # Panels whose relaxation is solved at once where these are all,
PARTS = 5_000  # and where a cohort is larger.
ROUNDS = 1  # Rounds of rows for pairs where all panels are solved at once: a second takes what mending needs more.
POLISH = 100  # Steps of the market after such rows are priced.
ALL = 150_000  # Up to so many arcs all are offered.


def seated_by_fixing(
    model: Model, market: Market, deadline: float, floor: int | None = None
) -> tuple[Ints, Bools, float]:
    """Seats every panel it can, and says which.

    Args:
        model: The model.
        market: Prices already settled; better ones are adopted.
        deadline: When to stop, by the process's performance counter.
        floor: Points that the fits of each panel reach at least.

    Returns:
        The arcs taken, for each panel whether it is seated, and a bound of the total, where one was proved.
    """
    bound = np.inf
    relaxation, offered = None, np.zeros(0, dtype=np.int64)
    for few in LISTS:
        small = len(model.panel) <= ALL
        offered = np.arange(len(model.panel)) if small else _listed(model, market, few)
        relaxation = Seating(model, arcs=offered, floor=floor).relaxed(max(deadline - perf_counter(), 1.0))
        if relaxation is not None:
            break
    kept = np.zeros(0, dtype=np.int64)
    if relaxation is not None:
        if floor is None:
            market.adopt(relaxation.prices)
        if small:
            bound = relaxation.bound
        kept = _whole(model, relaxation.arcs[relaxation.shares > 1 - 1e-6])
    whole = kept
    rest = np.setdiff1d(np.arange(len(model.nominations)), model.panel[kept])
    # Those around must be able to give way, or the rest pays for what the others took.
    helpers = max(16 * len(rest), 40 if len(model.panel) <= 20_000 else 400) if len(rest) else 0
    rest, kept = freed(model, kept, offered, rest, helpers)
    while len(rest):
        final = len(rest) >= min(len(model.nominations), 3000) or perf_counter() > deadline
        arcs = np.union1d(_listed(model, market, FEW), whole)
        around = around_of(model, kept)
        programme = Seating(model, panels=rest, arcs=arcs, around=around, floor=floor, optional=final)
        found = programme.solved(max(min(deadline - perf_counter(), 60.0), 2.0), gap=CLOSE)
        if found.arcs is not None:
            kept = np.union1d(kept, found.arcs)
            break
        if final:
            break
        rest, kept = freed(model, kept, offered, rest, helpers)
        helpers *= 2
    seated = np.zeros(len(model.nominations), dtype=bool)
    seated[model.panel[kept]] = True
    return kept, seated, bound


def seated_in_parts(model: Model, market: Market, arcs: Ints, deadline: float) -> Ints:
    """Seats a very large cohort anew, part after part, each around all others; no part can make the whole worse.

    A part is seated by its relaxation, which comes out nearly whole. What it leaves open, and panels on which two
    assessors would meet too often, are then seated exactly, with panels beside them that can give way.

    Args:
        model: The model.
        market: Prices already settled.
        arcs: A sound answer for all panels.
        deadline: When to stop, by the process's performance counter.
    """
    offered = np.union1d(_listed(model, market, FIRST), arcs)
    wider = np.union1d(_listed(model, market, FEW), arcs)
    many = len(model.nominations)
    parts = 1 if many <= PART else -(-many // PARTS)
    order = np.argsort(np.arange(many) % parts, kind="stable")
    for at, part in enumerate(np.array_split(order, parts)):
        if perf_counter() > deadline:
            break
        inside = np.isin(model.panel[arcs], part)
        others, own = arcs[~inside], arcs[inside]
        # Each part may take its share of what time is left.
        until = perf_counter() + (deadline - perf_counter()) / (parts - at)
        found = _part_seated(model, market, np.sort(part), others, (offered, wider), until)
        if found is None:
            continue
        if _worth(model, others, found) > _worth(model, others, own):
            arcs = np.union1d(others, found)
    return arcs


def _part_seated(  # noqa: PLR0917 -- what a part stands in
    model: Model, market: Market, part: Ints, others: Ints, lists: tuple[Ints, Ints], deadline: float
) -> Ints | None:
    """The part's panels seated anew; None where time does not suffice."""
    offered, wider = (arcs[np.isin(model.panel[arcs], part)] for arcs in lists)
    around = around_of(model, others)
    programme = Seating(model, panels=part, arcs=offered, around=around)
    alone = len(part) == len(model.nominations)
    relaxed = programme.relaxed(max(deadline - perf_counter(), 1.0), cuts=ROUNDS if alone else 0, anew=True)
    if relaxed is None or not np.isfinite(relaxed.bound):
        return None
    if alone:
        market.charge(relaxed.charges)
        market.adopt(relaxed.prices)
        market.settle(POLISH)
    kept = _whole(model, relaxed.arcs[relaxed.shares > 1 - 1e-6], around.met)
    rest = np.setdiff1d(part, model.panel[kept])
    standing = Standing(model.problem, model, relaxed.prices)
    standing.take(np.union1d(others, kept))
    if not all(standing.seat(model.nominations[panel].id) for panel in rest):
        return None
    found, worth = standing.arcs, model.fit - relaxed.prices[model.assessor]
    # Only those that have less than the relaxation gave them have something to win; who lost most comes first.
    many, gave = len(model.nominations), relaxed.shares * worth[relaxed.arcs]
    lost = np.bincount(model.panel[relaxed.arcs], gave, many) - np.bincount(model.panel[found], worth[found], many)
    short = part[np.argsort(-lost[part], kind="stable")]
    found = _bettered(model, found, short[lost[short] > 20], wider, deadline)
    return found[np.isin(model.panel[found], part)]


def _bettered(model: Model, arcs: Ints, hasty: Ints, offered: Ints, deadline: float) -> Ints:
    """Panels that were seated in haste are seated anew, a few at a time, with those who hold what they could use."""
    met = Counter(around_of(model, arcs).met)
    for few in np.array_split(hasty, max(len(hasty) // HASTY, 1)):
        if not len(few) or perf_counter() > deadline:
            break
        rest, kept = freed(model, arcs[~np.isin(model.panel[arcs], few)], offered, few, BESIDE)
        own = arcs[np.isin(model.panel[arcs], rest)]
        near = np.union1d(offered[np.isin(model.panel[offered], rest)], own)
        # Who meets on ten thousand panels is counted once, and then only where panels change.
        met.subtract(pairs_met(model, _members(model, own)))
        loads, in_weeks = _used(model, kept)
        found = Seating(model, panels=rest, arcs=near, around=Around(loads, in_weeks, met)).solved(
            2.0, gap=CLOSE, start=own
        )
        if found.arcs is not None and _worth(model, kept, found.arcs) > _worth(model, kept, own):
            own = found.arcs
        met.update(pairs_met(model, _members(model, own)))
        arcs = np.union1d(kept, own)
    return arcs


def _worth(model: Model, others: Ints, arcs: Ints) -> int:
    """Fits less the cost of loads, for panels without wishes beyond these."""
    loads = np.bincount(model.assessor[np.union1d(others, arcs)], minlength=len(model.assessors))
    return int(model.fit[arcs].sum()) - model.cost_of_loads(loads)


def _listed(model: Model, market: Market, few: int) -> Ints:
    return np.union1d(market.listed(few), np.flatnonzero(model.pinned))


def _whole(model: Model, arcs: Ints, around: Mapping[Pair, int] | None = None) -> Ints:
    """The arcs of panels that have all their seats and, panel after panel, no pair that meets too often."""
    filled = np.bincount(model.panel[arcs], minlength=len(model.nominations)) == model.missing
    arcs = arcs[filled[model.panel[arcs]]]
    limit = model.rules.pair_most if model.rules.on("pairs") else None
    if limit is None:
        return arcs
    met, too_often = Counter[Pair](model.met), set[int]()
    met.update(around or {})
    for panel, members in _members(model, arcs).items():
        pairs = pairs_met(model, {panel: members})
        if any(met[pair] + times > limit for pair, times in pairs.items()):
            too_often.add(panel)
        else:
            met.update(pairs)
    return arcs[~np.isin(model.panel[arcs], sorted(too_often))]


def around_of(model: Model, kept: Ints) -> Around:
    """What the kept arcs use."""
    loads, in_weeks = _used(model, kept)
    counted = model.rules.pair_most is not None or model.rules.weights.repeat
    return Around(loads, in_weeks, pairs_met(model, _members(model, kept)) if counted else {})


def _used(model: Model, kept: Ints) -> tuple[Ints, Ints]:
    """The new seats of each assessor, overall and in weeks."""
    loads = np.bincount(model.assessor[kept], minlength=len(model.assessors))
    cells = model.assessor[kept] * model.weeks + model.week[kept]
    return loads, np.bincount(cells, minlength=len(model.assessors) * model.weeks).reshape(-1, model.weeks)


def _members(model: Model, arcs: Ints) -> dict[int, list[int]]:
    members: dict[int, list[int]] = {}
    for panel, who in zip(model.panel[arcs].tolist(), model.assessor[arcs].tolist(), strict=True):
        members.setdefault(panel, []).append(who)
    return members


def freed(model: Model, kept: Ints, offered: Ints, rest: Ints, many: int) -> tuple[Ints, Ints]:
    """The rest with the panels that hold most of the assessors it could use; and what is still kept."""
    if not len(rest):
        return rest, kept
    wanted = np.zeros(len(model.assessors), dtype=bool)
    wanted[model.assessor[offered[np.isin(model.panel[offered], rest)]]] = True
    helps = np.bincount(model.panel[kept], wanted[model.assessor[kept]], minlength=len(model.nominations))
    rest = np.union1d(rest, np.argsort(-helps, kind="stable")[:many])
    return rest, kept[~np.isin(model.panel[kept], rest)]

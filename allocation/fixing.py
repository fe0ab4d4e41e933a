"""Seating large problems: what the relaxation decides stands, and only the rest is searched.

Without the demand for whole numbers a large problem is solved quickly, and nearly every panel comes out whole. Those
panels are kept, save those on which two assessors meet too often. The few others are seated exactly around them. If
they cannot be, the panels that hold what they need are freed as well, twice as many each time.
"""

from collections import Counter
from time import perf_counter

import numpy as np

from allocation.model import Bools, Ints, Model
from allocation.prices import Market
from allocation.seating import Around, Pair, Seating, pairs_met

CLOSE = 2e-5  # The share of the rest at which its search may end.
LISTS = (16, 40)  # Arcs of a panel that are offered, at first and when these do not suffice.
FEW = 14  # Arcs of a panel that are offered to the rest, beside those the relaxation took.
BLOCK = 400  # Panels seated anew at once.
ALL = 100_000  # Up to so many arcs all are offered.


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


def improved_in_blocks(model: Model, market: Market, arcs: Ints, deadline: float) -> Ints:
    """Seats blocks of panels anew, each exactly around all others, until the time is over or all have had their turn.

    No block can make the whole worse: it begins from what it has.
    """
    listed = _listed(model, market, FEW)
    for shift in (0, BLOCK // 2):
        order = np.roll(np.arange(len(model.nominations)), shift)
        for start in range(0, len(order), BLOCK):
            if perf_counter() > deadline:
                return arcs
            rest = np.sort(order[start : start + BLOCK])
            inside = np.isin(model.panel[arcs], rest)
            kept, own = arcs[~inside], arcs[inside]
            offered = np.union1d(listed[np.isin(model.panel[listed], rest)], own)
            programme = Seating(model, panels=rest, arcs=offered, around=around_of(model, kept))
            found = programme.solved(min(max(deadline - perf_counter(), 1.0), 5.0), gap=CLOSE, start=own)
            if found.arcs is not None and len(found.arcs) == len(own):
                arcs = np.union1d(kept, found.arcs)
    return arcs


def _listed(model: Model, market: Market, few: int) -> Ints:
    return np.union1d(market.listed(few), np.flatnonzero(model.pinned))


def _whole(model: Model, arcs: Ints) -> Ints:
    """The arcs of panels that have all their seats and, panel after panel, no pair that meets too often."""
    filled = np.bincount(model.panel[arcs], minlength=len(model.nominations)) == model.missing
    arcs = arcs[filled[model.panel[arcs]]]
    limit = model.rules.pair_most if model.rules.on("pairs") else None
    if limit is None:
        return arcs
    met, too_often = Counter[Pair](model.met), set[int]()
    for panel, members in _members(model, arcs).items():
        pairs = pairs_met(model, {panel: members})
        if any(met[pair] + times > limit for pair, times in pairs.items()):
            too_often.add(panel)
        else:
            met.update(pairs)
    return arcs[~np.isin(model.panel[arcs], sorted(too_often))]


def around_of(model: Model, kept: Ints) -> Around:
    """What the kept arcs use."""
    loads = np.bincount(model.assessor[kept], minlength=len(model.assessors))
    cells = model.assessor[kept] * model.weeks + model.week[kept]
    in_weeks = np.bincount(cells, minlength=len(model.assessors) * model.weeks).reshape(-1, model.weeks)
    counted = model.rules.pair_most is not None or model.rules.weights.repeat
    return Around(loads, in_weeks, pairs_met(model, _members(model, kept)) if counted else {})


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

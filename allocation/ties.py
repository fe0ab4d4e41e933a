"""Ties: of allocations that are equally good, the one that keeps the most of the seats that are preferred."""

from time import perf_counter

import numpy as np

from allocation.model import Ints, Model
from allocation.seating import Seating
from allocation.steady import steadied

ALL_SEARCHED = 20_000
"""Up to so many arcs every allocation as good is looked at; beyond, those made of the seats of the two."""
SECONDS = 10.0
"""Most time for it: a tie that is not settled within stays as the search left it."""


def nearest(model: Model, arcs: Ints, *, floor: int | None, total: int, deadline: float) -> Ints:
    """An allocation of the same worth that keeps as many of the preferred seats as can be.

    Two allocations as good as each other differ by exchanges, most of which stand alone and gain nothing: choosing
    among the seats of both alone undoes all of those, in a programme of a few columns for each panel.

    Args:
        model: The model; which seats are preferred stands in its problem.
        arcs: An allocation that is proved the best there is.
        floor: Points that every panel keeps; None where the total comes first.
        total: What the allocation is worth, in points.
        deadline: When the search ends, by the clock of `perf_counter`.
    """
    wanted = model.problem.preferred
    names = zip(model.panel.tolist(), model.assessor.tolist(), strict=True)
    preferred = np.array(
        [at for at, (panel, who) in enumerate(names) if _pair(model, panel, who) in wanted], dtype=np.int64
    )
    if not len(preferred) or np.isin(preferred, arcs).all():
        return arcs
    finer = steadied(model, preferred)
    least = None if floor is None else floor * finer.scale
    among = Seating(finer, arcs=np.union1d(preferred, arcs), floor=least).solved(_left(deadline), start=arcs)
    if among.arcs is not None and among.proved:
        arcs = among.arcs
    if len(model.panel) > ALL_SEARCHED or np.isin(preferred, arcs).all():
        return arcs
    relaxed = Seating(finer, floor=least).relaxed(_left(deadline))
    if relaxed is None or relaxed.whole:
        return arcs if relaxed is None else np.sort(relaxed.arcs)
    # Whoever's seat would bring the bound below what is had already is in no better one.
    had = total * finer.scale + int(np.isin(arcs, preferred).sum())
    rest = np.union1d(relaxed.offered[relaxed.losses <= relaxed.bound - had + 1e-6], arcs)
    result = Seating(finer, arcs=rest, floor=least).solved(_left(deadline), start=arcs)
    return result.arcs if result.arcs is not None and result.proved else arcs


def _left(deadline: float) -> float:
    return max(min(deadline - perf_counter(), SECONDS), 1.0)


def _pair(model: Model, panel: int, who: int) -> tuple[str, str]:
    return model.nominations[panel].id, model.assessors[who].id

"""Ties: of allocations that are equally good, the one that keeps the most of the seats that are preferred."""

from time import perf_counter

import numpy as np

from allocation.model import Ints, Model
from allocation.seating import Seating
from allocation.steady import steadied

SECONDS = 10.0
"""Most time for it: a tie that is not settled within stays as the search left it."""


def nearest(model: Model, arcs: Ints, *, floor: int | None, total: int, deadline: float) -> Ints:
    """The allocation of the same worth that keeps the most preferred seats, or this one if that is not proved.

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
    relaxed = Seating(finer, floor=least).relaxed(max(min(deadline - perf_counter(), SECONDS), 1.0))
    if relaxed is None:
        return arcs
    found: Ints | None = np.sort(relaxed.arcs)
    if not relaxed.whole:
        # Whoever's seat would bring the bound below what is had already is in no better one.
        had = total * finer.scale + int(np.isin(arcs, preferred).sum())
        rest = np.union1d(relaxed.offered[relaxed.losses <= relaxed.bound - had + 1e-6], arcs)
        seconds = max(min(deadline - perf_counter(), SECONDS), 1.0)
        result = Seating(finer, arcs=rest, floor=least).solved(seconds, start=arcs)
        found = result.arcs if result.proved else None
    return arcs if found is None else found


def _pair(model: Model, panel: int, who: int) -> tuple[str, str]:
    return model.nominations[panel].id, model.assessors[who].id

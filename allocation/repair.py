"""Panels mended after declines, late conflicts and absences: the fewest changed seats, then the best fit."""

from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from allocation.model import compiled
from allocation.problem import AllocationProblem
from allocation.proposal import Placed
from allocation.propose import placed, propose
from allocation.seating import Seating


@dataclass(frozen=True)
class Repair:
    """What a repair changes, shown before it is made.

    Attributes:
        come: New seats.
        go: Kept seats given up, each a nomination and an assessor; never in a panel that has begun.
        fewest: No repair gives up fewer; None where that is not proved: the search was stopped, or a worth of keeping
            a seat weighs seats against fit.
        unstaffed: Nominations that nothing mends.
    """

    come: tuple[Placed, ...]
    go: tuple[tuple[str, str], ...]
    fewest: int | None
    unstaffed: tuple[str, ...]


def repaired(problem: AllocationProblem, *, keep: int | None = None, seconds: float = 30.0) -> Repair:
    """Fills the free seats of panels; gives up a kept seat only when there is no other way, or when it pays.

    Where all free seats can be filled around the kept ones, that is what changes least, and the best fit among such
    repairs is found. Otherwise kept seats of panels that have not begun may be given up.

    Args:
        problem: Panels with their kept members as seated; whoever has left is barred.
        keep: What keeping a seat is worth, in points, as the policy says; None when nothing outweighs a kept seat.
        seconds: Time allowed to the search.
    """
    deadline = perf_counter() + seconds
    around = propose(problem, aim="total", seconds=seconds / 2)
    if keep is None and not around.unstaffed:
        return Repair(around.seats, (), 0, ())
    opened, held = _opened(problem)
    model = compiled(opened)
    wanted = np.array(
        [
            (model.nominations[panel].id, model.assessors[who].id) in held
            for panel, who in zip(model.panel, model.assessor, strict=True)
        ],
        dtype=bool,
    )
    steps = model.rules.weights.load * 2 * int(model.missing.sum())
    worth = keep if keep is not None else int(model.fit.max(initial=0)) * int(model.missing.sum()) + steps + 1
    model = replace(model, fit=model.fit + worth * wanted)
    found = Seating(model).solved(max(deadline - perf_counter(), 1.0))
    if found.arcs is None:
        return Repair(around.seats, (), None, around.unstaffed)
    fit = model.fit - worth * wanted
    seats = placed(replace(model, fit=fit), found.arcs)
    pairs = {(seat.nomination, seat.assessor) for seat in seats}
    come = tuple(seat for seat in seats if (seat.nomination, seat.assessor) not in held)
    go = tuple(sorted(held - pairs))
    return Repair(come, go, len(go) if found.proved and keep is None else None, ())


def _opened(problem: AllocationProblem) -> tuple[AllocationProblem, set[tuple[str, str]]]:
    """The problem with every seat free again that may be given up, and which those are."""
    held = {(one.id, name) for one in problem.nominations if not one.begun for name in one.seated}
    nominations = tuple(
        one if one.begun else replace(one, seats=max(one.seats or problem.rules.size, len(one.seated)), seated=())
        for one in problem.nominations
    )
    freed = [name for _, name in held]
    assessors = tuple(replace(one, load=max(one.load - freed.count(one.id), 0)) for one in problem.assessors)
    return replace(problem, nominations=nominations, assessors=assessors), held

"""What an answer is worth, in points: its fits, its loads, and the panel that is worst off."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from allocation.around import pairs_met
from allocation.model import Ints, Model


@dataclass(frozen=True)
class Worth:
    """The parts of a total, in points; `repeats` counts meetings after the first."""

    fit: int
    load_cost: int
    mixed: int
    repeats: int

    def total(self, model: Model) -> int:
        """The total."""
        weights = model.rules.weights
        return self.fit - self.load_cost + weights.mixed * self.mixed - weights.repeat * self.repeats


def worth_of(model: Model, arcs: Ints) -> Worth:
    """What some arcs are worth."""
    members: dict[int, list[int]] = {}
    for arc in arcs:
        members.setdefault(int(model.panel[arc]), []).append(int(model.assessor[arc]))
    place = {one.id: at for at, one in enumerate(model.assessors)}
    wanted = model.rules.mixed_properties
    has = [not wanted.isdisjoint(one.properties) for one in model.assessors]
    mixed = 0
    if wanted:
        for panel, new in members.items():
            kept = [place[name] for name in model.nominations[panel].seated]
            mixed += len({has[who] for who in (*new, *kept)}) == 2
    met = pairs_met(model, members)
    before = Counter(model.met)
    repeats = sum(times + min(before[pair], 1) - 1 for pair, times in met.items())
    loads = np.bincount(model.assessor[arcs], minlength=len(model.assessors))
    return Worth(int(model.fit[arcs].sum()), model.cost_of_loads(loads), mixed, repeats)


def floor_of(model: Model, arcs: Ints) -> int:
    """The fit of the worst-off panel."""
    fits = np.bincount(model.panel[arcs], model.fit[arcs], minlength=len(model.nominations))
    return int(fits.min()) if len(fits) else 0


def lowest_fit(model: Model, arcs: Ints) -> int:
    """The lowest fit of the panels that are seated."""
    _, which = np.unique(model.panel[arcs], return_inverse=True)
    return int(np.bincount(which, model.fit[arcs]).min())

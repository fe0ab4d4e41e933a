"""The model with points counted finer: of allocations of equal worth, the one that moves fewest is then the best."""

from dataclasses import dataclass, fields, replace

import numpy as np

from allocation.model import Ints, Model


@dataclass(frozen=True, eq=False)
class Steadied(Model):
    """A model in which a point counts `scale` times, and a kept seat is worth one of those parts."""

    scale: int = 1

    def step_cost(self, assessor: Ints, load: Ints) -> Ints:
        """The same cost, counted as finely as the fits."""
        return super().step_cost(assessor, load) * self.scale

    def points(self, worth: float) -> int:
        """The whole points of a worth that was counted finely; what kept seats add is less than one."""
        return int(worth + 0.01) // self.scale


def steadied(model: Model, held: Ints) -> Steadied:
    """The model in which the held arcs are worth a part of a point more than others.

    All held seats together are worth less than one point, so that they settle ties and nothing else.
    """
    scale = int(model.missing.sum()) + 1
    weights = model.rules.weights
    finer = replace(weights, mixed=weights.mixed * scale, repeat=weights.repeat * scale)
    parts = {one.name: getattr(model, one.name) for one in fields(Model)}
    parts["problem"] = replace(model.problem, rules=replace(model.rules, weights=finer))
    parts["fit"] = model.fit * scale + np.isin(np.arange(len(model.panel)), held)
    return Steadied(**parts, scale=scale)

"""Kinds of assessors: those whom the composition rules count alike, and how panels may share seats among them."""

from itertools import product

import numpy as np

from allocation.model import Ints, Model

Way = tuple[int, ...]
"""How many of each kind."""


class Kinds:
    """The kinds of a model's assessors.

    Attributes:
        of: For each assessor the kind.
        number: How many kinds there are.
        pattern: For each panel its pattern: panels of one pattern lack and hold the same.
        ways: For each pattern all ways to share its missing seats among the kinds that keep the composition.
    """

    def __init__(self, model: Model) -> None:
        counts, self.of = (
            np.zeros((1, model.counts.shape[1]), dtype=np.int64),
            np.zeros(len(model.assessors), np.int64),
        )
        if model.counts.size:
            unique, kinds = np.unique(model.counts, axis=0, return_inverse=True)
            counts, self.of = unique.astype(np.int64), kinds.reshape(len(model.assessors), -1)[:, 0]
        self.number = len(counts)
        lacks = np.concatenate([model.missing[:, None], model.held], axis=1)
        patterns, of_panel = np.unique(lacks, axis=0, return_inverse=True)
        self.pattern: Ints = of_panel.ravel()
        self.ways: list[list[Way]] = []
        for missing, *held in patterns.tolist():
            ways = []
            for way in product(range(missing + 1), repeat=self.number):
                count = np.array(way) @ counts + np.array(held, dtype=np.int64)
                if sum(way) == missing and np.all(count >= model.lowest) and np.all(count <= model.highest):
                    ways.append(way)
            self.ways.append(ways)

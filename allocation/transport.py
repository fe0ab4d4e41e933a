"""Every seat of a matrix filled at the highest total, with prices that prove it; a floor under each panel at wish.

The programme, for items p, assessors r and fits s:

    maximise    sum of s[p, r] x[p, r]  -  penalty * shortage
    such that   each item has `demand` assessors, shortage aside
                each assessor has at least `least` and at most `most` items, shortage aside
                where asked, the fits of an item's panel sum to at least the floor
                0 <= x <= 1

Without a floor this is a transport problem, and the simplex method ends in whole numbers. Only promising columns
are given to HiGHS; the prices of its answer then find every column that could still better it, so the optimum is
that of the whole matrix (column generation; see Ahuja, Magnanti and Orlin, Network Flows, 1993, chapters 9 and 17).
"""

from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray

from allocation.branching import Branching, Searched, split_most_open

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_TINY = 1e-9


@dataclass(frozen=True, eq=False)
class Terms:
    """What a matrix problem asks: `demand` assessors an item, and of each assessor so many items.

    Attributes:
        fits: Items down, assessors across; not a number where they may not meet.
        spaces: How often the two may meet: 0 or 1, and more where a column stands for several assessors alike.
        demand: Assessors for each item.
        least: Fewest items of each assessor.
        most: Most items of each assessor.
    """

    fits: Floats
    spaces: Ints
    demand: int
    least: Ints
    most: Ints

    @classmethod
    def alike(cls, fits: Floats, demand: int, least: int, most: int) -> "Terms":
        """The same limits for every assessor."""
        places = np.ones(fits.shape[1], dtype=np.int64)
        return cls(fits, (~np.isnan(fits)).astype(np.int64), demand, least * places, most * places)

    @property
    def allowed(self) -> NDArray[np.bool_]:
        """Where item and assessor may meet."""
        return ~np.isnan(self.fits)


@dataclass(frozen=True, eq=False)
class Prices:
    """Shadow prices: what one more seat of an item, one more place of an assessor and the floor are worth."""

    items: Floats
    assessors: Floats
    floors: Floats

    def gain(self, terms: Terms) -> Floats:
        """What each pair is worth beyond its prices; an answer is worth less by what it forgoes of this."""
        worth = terms.fits * (1 - self.floors[:, None]) if self.floors.any() else terms.fits
        gain: Floats = worth - self.items[:, None] - self.assessors
        return gain

    def bound(self, terms: Terms, floor: float) -> float:
        """No answer without shortage has a higher total: weak duality, true for every choice of prices."""
        gain = self.gain(terms)
        over = (np.maximum(np.nan_to_num(gain, nan=0.0), 0.0) * terms.spaces).sum()
        places = np.where(self.assessors > 0, terms.most, terms.least) * self.assessors
        floors = floor * self.floors.sum() if self.floors.any() else 0.0
        return float(terms.demand * self.items.sum() + places.sum() + over + floors)


@dataclass(frozen=True, eq=False)
class Relaxed:
    """An answer of the programme without the demand for whole numbers.

    Attributes:
        taken: The share of each pair, items down, assessors across.
        shortage: Seats and least loads that could not be filled.
        prices: The shadow prices.
        bound: What the prices prove.
    """

    taken: Floats
    shortage: float
    prices: Prices
    bound: float

    @property
    def whole(self) -> bool:
        """Whether every share is 0 or 1."""
        return bool(np.all(np.abs(self.taken - np.round(self.taken)) < 1e-6))


def quiet_highs(seconds: float = 3600.0) -> highspy.Highs:
    """HiGHS without output, on one thread: the number of threads is global to the process, and must not change."""
    highs = highspy.Highs()
    for option, value in (("output_flag", False), ("threads", 1), ("presolve", "off"), ("time_limit", seconds)):
        highs.setOptionValue(option, value)
    return highs


class Transport:
    """The programme in HiGHS with the columns that matter; a floor can be raised and solved anew."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._items, self._assessors = terms.fits.shape
        self._fits = np.nan_to_num(terms.fits, nan=0.0)
        self._allowed = terms.allowed
        self._penalty = penalty_of(terms)
        self._kept = self._promising()
        self._item_of, self._assessor_of = (axis.astype(np.int64) for axis in np.nonzero(self._kept))
        self._highs = quiet_highs()
        self._slacks: int = self._pass_model()

    def relaxed(self, floor: float | None = None) -> Relaxed:
        """The best total, each panel's fits summing to at least the floor where one is given."""
        bound_rows = np.zeros(self._items, dtype=bool)
        while True:
            self._highs.run()
            solution = self._highs.getSolution()
            dual = -np.asarray(solution.row_dual)
            prices = Prices(*np.split(dual, [self._items, self._items + self._assessors]))
            values = np.asarray(solution.col_value)
            taken = self.table(values[self._slacks :])
            low = np.zeros(0, dtype=np.int64)
            if floor is not None:
                low = np.flatnonzero(((taken * self._fits).sum(axis=1) < floor - _TINY) & ~bound_rows)
            if not self._add_columns(prices) and not len(low):
                break
            bound_rows[low] = True
            self._bind(low, floor)
        shortage = float(values[: self._slacks].sum())
        return Relaxed(taken, shortage, prices, prices.bound(self._terms, floor or 0.0))

    def _promising(self) -> NDArray[np.bool_]:
        """All of a small or tight matrix; else each item's best and a few more than are needed."""
        terms, fits = self._terms, np.where(self._allowed, self._fits, -np.inf)
        kept = np.zeros_like(self._allowed)
        best = min(3 * terms.demand + 3, self._assessors)
        if terms.least.any() and self._fits.size <= 200_000:
            kept[:] = True
        else:
            np.put_along_axis(kept, np.argpartition(-fits, best - 1, axis=1)[:, :best], values=True, axis=1)
            if terms.least.any():
                most = min(4 * int(terms.least.max()), self._items)
                np.put_along_axis(kept, np.argpartition(-fits, most - 1, axis=0)[:most], values=True, axis=0)
        return kept & self._allowed

    def whole(self, relaxed: Relaxed, floor: float, depth: float, nodes: int) -> Searched:
        """The best whole answer within `depth` of the relaxed one's bound, each panel at the floor.

        Pairs of which the prices say that none is in such an answer stay out.
        """
        gain = relaxed.prices.gain(self._terms)
        self._add(*np.nonzero((gain > -depth) & self._allowed & ~self._kept))
        self._bind(np.arange(self._items), floor)
        slacks = np.arange(self._slacks, dtype=np.int32)
        none = np.zeros(self._slacks)
        self._highs.changeColsBounds(self._slacks, slacks, none, none)
        free = np.zeros(len(self._item_of)), self._spaces(self._item_of, self._assessor_of)
        search = Branching(self._highs, self._slacks, split_most_open)
        found = search.best(free, relaxed.bound - depth, nodes)
        search.close(free)
        self._highs.changeColsBounds(self._slacks, slacks, none, np.full(self._slacks, np.inf))
        return found

    def table(self, values: Floats) -> Floats:
        """Values of the columns of pairs, items down, assessors across."""
        taken = np.zeros_like(self._fits)
        taken[self._item_of, self._assessor_of] = values
        return taken

    def _spaces(self, item_of: Ints, assessor_of: Ints) -> Floats:
        return self._terms.spaces[item_of, assessor_of].astype(np.float64)

    def _pass_model(self) -> int:
        items, assessors, pairs = self._items, self._assessors, len(self._item_of)
        short = assessors if self._terms.least.any() else 0
        slacks: int = items + short
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = slacks + pairs, 2 * items + assessors
        fits = self._fits[self._item_of, self._assessor_of]
        model.col_cost_ = np.concatenate([np.full(slacks, self._penalty), -fits])
        model.col_lower_ = np.zeros(slacks + pairs)
        spaces = self._spaces(self._item_of, self._assessor_of)
        model.col_upper_ = np.concatenate([np.full(slacks, np.inf), spaces])
        seats = np.full(items, float(self._terms.demand))
        none = np.full(items, np.inf)
        model.row_lower_ = np.concatenate([seats, self._terms.least.astype(float), -none])
        model.row_upper_ = np.concatenate([seats, self._terms.most.astype(float), none])
        # A missing seat must not break the floor as well: it brings as much as any assessor could.
        generous = np.full(items, max(float(np.abs(self._fits).max(initial=0.0)), 1.0) * 2 * self._terms.demand)
        rows, values = self._columns(self._item_of, self._assessor_of)
        of_items = np.stack([np.arange(items), items + assessors + np.arange(items)], axis=1).ravel()
        starts = np.cumsum([2] * items + [1] * short + [3] * pairs)
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = np.concatenate([[0], starts])
        model.a_matrix_.index_ = np.concatenate([of_items, items + np.arange(short), rows])
        model.a_matrix_.value_ = np.concatenate(
            [np.stack([np.ones(items), generous], axis=1).ravel(), np.ones(short), values]
        )
        self._highs.passModel(model)
        return slacks

    def _columns(self, item_of: Ints, assessor_of: Ints) -> tuple[Ints, Floats]:
        rows = np.stack([item_of, self._items + assessor_of, self._items + self._assessors + item_of], axis=1)
        ones = np.ones(len(item_of))
        return rows.ravel(), np.stack([ones, ones, self._fits[item_of, assessor_of]], axis=1).ravel()

    def _add_columns(self, prices: Prices) -> bool:
        """Adds, for each item, the few left out columns that could better the answer most."""
        gain = prices.gain(self._terms)
        gain[self._kept | ~self._allowed] = -1.0
        item_of, assessor_of = np.nonzero(gain > _TINY)
        if not len(item_of):
            return False
        order = np.lexsort((-gain[item_of, assessor_of], item_of))
        item_of, assessor_of = item_of[order], assessor_of[order]
        few = np.arange(len(item_of)) - np.searchsorted(item_of, item_of) < 8
        self._add(item_of[few], assessor_of[few])
        return True

    def _add(self, item_of: Ints, assessor_of: Ints) -> None:
        if not len(item_of):
            return
        self._kept[item_of, assessor_of] = True
        rows, values = self._columns(item_of, assessor_of)
        count = len(item_of)
        starts = (3 * np.arange(count)).astype(np.int32)
        costs = -self._fits[item_of, assessor_of]
        self._highs.addCols(
            count, costs, np.zeros(count), self._spaces(item_of, assessor_of), 3 * count, starts,
            rows.astype(np.int32), values,
        )  # fmt: skip
        self._item_of = np.concatenate([self._item_of, item_of])
        self._assessor_of = np.concatenate([self._assessor_of, assessor_of])

    def _bind(self, low: Ints, floor: float | None) -> None:
        if len(low):
            rows = (self._items + self._assessors + low).astype(np.int32)
            self._highs.changeRowsBounds(len(low), rows, np.full(len(low), floor), np.full(len(low), np.inf))


def penalty_of(terms: Terms) -> float:
    """More than any single shortage could win back by shifting seats along a chain through the matrix."""
    spread = float(np.nanmax(terms.fits) - np.nanmin(terms.fits)) if terms.allowed.any() else 1.0
    return 2.0 * (spread + 1.0) * min(sum(terms.fits.shape), 2000)

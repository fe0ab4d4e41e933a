"""Whole panels of three as columns: each item's best panel at given prices, and the programme over those met."""

from dataclasses import dataclass

import highspy
import numpy as np

from allocation.transport import Floats, Ints, Terms, penalty_of, quiet_highs

SEATS = 3
_PRIMAL = 4  # The simplex method that begins from an answer: columns are added, and the last answer stands.
_DUAL = 1  # The one that begins from prices: limits of columns change, and the last prices stand,
_DEVEX = 1  # and weights that cost little suit its few steps best.


@dataclass(frozen=True, eq=False)
class Panels:
    """Some whole panels: for each an item and its three assessors, in order; one of several alike may come twice."""

    items: Ints
    assessors: Ints


class PanelOracle:
    """Finds each item's best whole panel for given prices.

    An item's assessors stand in falling order of fit, at places 0, 1, 2, ... A panel of three is a first, a second
    and a third place. Which thirds reach the floor with a first and a second depends on the fits alone and is a
    range of places; only the best of that range depends on the prices, and comes from a table of range maxima.
    A column that stands for several assessors alike has as many places.

    Attributes:
        staffable: Whether every item has a panel that reaches the floor.
        count: How many panels do, those that differ only by who of several alike sits there counted apart.
    """

    def __init__(self, terms: Terms, floor: float) -> None:
        times = np.minimum(terms.spaces.max(axis=0, initial=1), SEATS)
        self._column = np.repeat(np.arange(len(times)), times)
        copy = np.arange(len(self._column)) - np.repeat(np.cumsum(times) - times, times)
        self._single = terms.fits
        fits = np.where(copy < terms.spaces[:, self._column], terms.fits[:, self._column], -np.inf)
        self._fits, self._floor = fits, floor
        self._order = np.argsort(-fits, axis=1, kind="stable")
        self._sorted = np.take_along_axis(fits, self._order, axis=1)
        found = [self._pairs_of(item) for item in range(len(fits))]
        counts = np.array([len(first) for first, _, _ in found], dtype=np.int64)
        self.staffable = bool(np.all(counts > 0))
        self._item = np.repeat(np.arange(len(found)), counts)
        self._first, self._second, self._end = (
            np.concatenate([one[part] for one in found]) if found else np.zeros(0, dtype=np.int64)
            for part in range(SEATS)
        )
        self.count = int((self._end - self._second - 1).sum())
        self._starts = np.cumsum(counts) - counts
        self._level = np.log2(np.maximum(self._end - self._second - 1, 1)).astype(np.int64)
        self._base = self._item * fits.shape[1]

    def _pairs_of(self, item: int) -> tuple[Ints, Ints, Ints]:
        """First and second places that can reach the floor, and the place behind the last third that does."""
        falling = self._sorted[item][np.isfinite(self._sorted[item])]
        rising = -falling
        firsts, seconds, ends = [], [], []
        for first in range(int(np.searchsorted(rising, -self._floor / 3, side="right"))):
            last = np.searchsorted(rising, -(self._floor - falling[first]) / 2, side="right")
            second = np.arange(first + 1, last)
            end = np.searchsorted(rising, falling[first] + falling[second] - self._floor, side="right")
            reaches = end > second + 1
            seconds.append(second[reaches])
            ends.append(end[reaches])
            firsts.append(np.full(int(reaches.sum()), first))
        none = [np.zeros(0, dtype=np.int64)]
        return np.concatenate(firsts or none), np.concatenate(seconds or none), np.concatenate(ends or none)

    @property
    def lowest(self) -> float:
        """The lowest sum of fits that any item's panel has at or above the floor; infinite when none has."""
        flat = self._sorted.ravel()
        last = flat[self._base + self._first] + flat[self._base + self._second] + flat[self._base + self._end - 1]
        return float(last.min(initial=np.inf))

    def best(self, prices: Floats) -> tuple[Floats, Panels]:
        """Each item's highest worth (fits less prices) of a whole panel, and that panel."""
        worth, _, thirds = self._worth(prices)
        highest = np.maximum.reduceat(worth, self._starts)
        at = np.flatnonzero(worth == highest[self._item])
        at = at[np.unique(self._item[at], return_index=True)[1]]
        return highest, self._panels(at, thirds[at])

    def within(self, prices: Floats, gap: float) -> Panels:
        """Every whole panel whose worth is at most `gap` below the best of its item."""
        worth, values, _ = self._worth(prices)
        highest = np.maximum.reduceat(worth, self._starts)
        near = np.flatnonzero(worth >= highest[self._item] - gap)
        spans = (self._end - self._second - 1)[near]
        at = np.repeat(near, spans)
        offset = np.arange(len(at)) - np.repeat(np.cumsum(spans) - spans, spans)
        third = self._base[at] + self._second[at] + 1 + offset
        total = values[self._base[at] + self._first[at]] + values[self._base[at] + self._second[at]] + values[third]
        kept = total >= highest[self._item[at]] - gap
        return self._panels(at[kept], third[kept])

    def totals(self, panels: Panels) -> Floats:
        """The sum of fits of each panel."""
        totals: Floats = self._single[panels.items[:, None], panels.assessors].sum(axis=1)
        return totals

    def _panels(self, at: Ints, third: Ints) -> Panels:
        order = self._order.ravel()
        base = self._base[at]
        chosen = [order[base + self._first[at]], order[base + self._second[at]], order[third]]
        return Panels(self._item[at], np.sort(self._column[np.stack(chosen, axis=1)], axis=1))

    def _worth(self, prices: Floats) -> tuple[Floats, Floats, Ints]:
        values = np.take_along_axis(self._fits - prices[self._column], self._order, axis=1)
        flat, width = values.ravel(), values.shape[1]
        best = np.arange(flat.size).reshape(values.shape)
        table, reach = [best], 1
        while 2 * reach <= width:
            ahead = np.concatenate([best[:, reach:], best[:, -reach:]], axis=1)
            best = np.where(flat[best] >= flat[ahead], best, ahead)
            table.append(best)
            reach *= 2
        ranges = np.stack(table).reshape(len(table), -1)
        left = ranges[self._level, self._base + self._second + 1]
        right = ranges[self._level, self._base + self._end - (1 << self._level)]
        third = np.where(flat[left] >= flat[right], left, right)
        return flat[self._base + self._first] + flat[self._base + self._second] + flat[third], flat, third


class Master:
    """The programme over the panels met so far, with its shortage and its prices."""

    def __init__(self, terms: Terms, oracle: PanelOracle) -> None:
        self._items, self._assessors = terms.fits.shape
        self._oracle = oracle
        self._seen: set[int] = set()
        self.met = Panels(np.zeros(0, dtype=np.int64), np.zeros((0, SEATS), dtype=np.int64))
        self.highs = quiet_highs()
        self.highs.setOptionValue("simplex_strategy", _PRIMAL)
        items, assessors, penalty = self._items, self._assessors, penalty_of(terms)
        self.slacks = items + 2 * assessors
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = self.slacks, items + assessors
        model.col_cost_ = np.concatenate([np.full(items, 3 * penalty), np.full(2 * assessors, penalty)])
        model.col_lower_, model.col_upper_ = np.zeros(self.slacks), np.full(self.slacks, np.inf)
        model.row_lower_ = np.concatenate([np.ones(items), terms.least.astype(float)])
        model.row_upper_ = np.concatenate([np.ones(items), terms.most.astype(float)])
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = np.arange(self.slacks + 1)
        model.a_matrix_.index_ = np.concatenate([np.arange(items + assessors), items + np.arange(assessors)])
        model.a_matrix_.value_ = np.concatenate([np.ones(items + assessors), -np.ones(assessors)])
        self.highs.passModel(model)

    def meet(self, panels: Panels) -> int:
        """Adds the panels not met before; says how many those were."""
        keys = panels.items
        for seat in range(SEATS):
            keys = keys * self._assessors + panels.assessors[:, seat]
        _, once = np.unique(keys, return_index=True)
        new = np.array([at for at in once.tolist() if int(keys[at]) not in self._seen], dtype=np.int64)
        if len(new):
            self._seen.update(keys[new].tolist())
            self._add(Panels(panels.items[new], panels.assessors[new]))
        return len(new)

    def _add(self, fresh: Panels) -> None:
        count, who = len(fresh.items), fresh.assessors
        # Who comes twice or thrice, being several alike, has one entry that says how often.
        first = np.ones((count, 1 + SEATS), dtype=bool)
        first[:, 2:] = who[:, 1:] != who[:, :-1]
        often = np.ones((count, 1 + SEATS))
        often[:, 1:] = (who[:, :, None] == who[:, None, :]).sum(axis=2)
        rows = np.concatenate([fresh.items[:, None], self._items + who], axis=1)[first].astype(np.int32)
        entries = first.sum(axis=1)
        starts = (np.cumsum(entries) - entries).astype(np.int32)
        costs, none = -self._oracle.totals(fresh), np.full(count, np.inf)
        self.highs.addCols(count, costs, np.zeros(count), none, len(rows), starts, rows, often[first])
        self.met = Panels(np.concatenate([self.met.items, fresh.items]), np.concatenate([self.met.assessors, who]))

    def prices(self) -> tuple[float, float, Floats]:
        """The best mixture's total, its shortage, and the prices of the assessors."""
        self.highs.run()
        solution = self.highs.getSolution()
        shortage = float(np.asarray(solution.col_value)[: self.slacks].sum())
        prices = -np.asarray(solution.row_dual)[self._items :]
        return -float(self.highs.getInfo().objective_function_value), shortage, prices

    def without_shortage(self) -> None:
        """From now on panels and loads fit or there is no answer; only limits of columns change."""
        slacks = np.arange(self.slacks, dtype=np.int32)
        self.highs.changeColsBounds(self.slacks, slacks, np.zeros(self.slacks), np.zeros(self.slacks))
        self.highs.setOptionValue("simplex_strategy", _DUAL)
        self.highs.setOptionValue("dual_simplex_cost_perturbation_multiplier", 0.0)
        self.highs.setOptionValue("simplex_dual_edge_weight_strategy", _DEVEX)

    def whole(self, seconds: float) -> tuple[Panels | None, float]:
        """The best whole answer from the panels met by branch and bound, and a bound that holds for these panels."""
        columns = self.highs.getNumCol()
        whole = np.full(columns, highspy.HighsVarType.kInteger)
        self.highs.changeColsIntegrality(columns, np.arange(columns, dtype=np.int32), whole)
        options = ("presolve", "on"), ("mip_rel_gap", 0.0), ("mip_abs_gap", 1e-7), ("mip_allow_restart", False)
        for option, value in options:
            self.highs.setOptionValue(option, value)
        self.highs.setOptionValue("time_limit", self.highs.getRunTime() + seconds)
        self.highs.run()
        found = self.highs.getInfo()
        feasible = found.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        if self.highs.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
            return None, -np.inf
        if not feasible:
            return None, np.inf
        taken = np.asarray(self.highs.getSolution().col_value)[self.slacks :] > 0.5
        return Panels(self.met.items[taken], self.met.assessors[taken]), -float(found.mip_dual_bound)

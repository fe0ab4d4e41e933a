"""Panels of three as columns: the proof for a floor where the plain programme leaves halves.

With a floor F under each panel, the plain programme may mix parts of strong and weak panels. Here a column is a
whole panel whose fits sum to at least F, so its bound is far tighter (Dantzig and Wolfe, 1960). Three steps:

1. Prices. For given prices of assessors, the best whole panel of each item is found exactly, which gives a bound.
   A master programme over the panels met so far proposes the next prices; halfway between the best prices and
   those is tried first, which steadies them (du Merle and others, 1999).
2. A whole answer from the panels met so far, by branch and bound.
3. Proof. Only panels whose price gap is below (bound - answer) can be in a better answer. All of them are
   listed, and branch and bound over them ends the question.
"""

from dataclasses import dataclass

import highspy
import numpy as np

from allocation.transport import Floats, Ints, Terms, penalty_of, quiet_highs

SEATS = 3
_CLOSE = 1e-7
_LISTED = 8000  # Beyond so many panels the last proof takes minutes, and the bound of the prices stands.


@dataclass(frozen=True, eq=False)
class Panels:
    """Some whole panels: for each an item and its three assessors."""

    items: Ints
    assessors: Ints


@dataclass(frozen=True, eq=False)
class Answer:
    """A whole answer; `panels` is None when no answer keeps floor and loads, which is then proved by the bound."""

    panels: Panels | None
    total: float
    bound: float


class PanelOracle:
    """Finds each item's best whole panel for given prices.

    An item's assessors stand in falling order of fit, at places 0, 1, 2, ... A panel of three is a first, a second
    and a third place. Which thirds reach the floor with a first and a second depends on the fits alone and is a
    range of places; only the best of that range depends on the prices, and comes from a table of range maxima.
    """

    def __init__(self, terms: Terms, floor: float) -> None:
        self._fits = np.where(terms.allowed, terms.fits, -np.inf)
        self._floor = floor
        self._order = np.argsort(-self._fits, axis=1, kind="stable")
        self._sorted = np.take_along_axis(self._fits, self._order, axis=1)
        found = [self._pairs_of(item) for item in range(len(self._fits))]
        counts = np.array([len(first) for first, _, _ in found], dtype=np.int64)
        self.staffable = bool(np.all(counts > 0))
        self._item = np.repeat(np.arange(len(found)), counts)
        self._first, self._second, self._end = (
            np.concatenate([one[part] for one in found]) if found else np.zeros(0, dtype=np.int64)
            for part in range(SEATS)
        )
        self._starts = np.cumsum(counts) - counts
        self._level = np.log2(np.maximum(self._end - self._second - 1, 1)).astype(np.int64)
        self._base = self._item * self._fits.shape[1]

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
        totals: Floats = self._fits[panels.items[:, None], panels.assessors].sum(axis=1)
        return totals

    def _panels(self, at: Ints, third: Ints) -> Panels:
        order = self._order.ravel()
        base = self._base[at]
        chosen = [order[base + self._first[at]], order[base + self._second[at]], order[third]]
        return Panels(self._item[at], np.sort(np.stack(chosen, axis=1), axis=1))

    def _worth(self, prices: Floats) -> tuple[Floats, Floats, Ints]:
        values = np.take_along_axis(self._fits - prices, self._order, axis=1)
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
        self._seen: set[tuple[int, ...]] = set()
        self._met = Panels(np.zeros(0, dtype=np.int64), np.zeros((0, SEATS), dtype=np.int64))
        self._highs = quiet_highs()
        items, assessors, penalty = self._items, self._assessors, penalty_of(terms)
        self._slacks = items + 2 * assessors
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = self._slacks, items + assessors
        model.col_cost_ = np.concatenate([np.full(items, 3 * penalty), np.full(2 * assessors, penalty)])
        model.col_lower_, model.col_upper_ = np.zeros(self._slacks), np.full(self._slacks, np.inf)
        model.row_lower_ = np.concatenate([np.ones(items), np.full(assessors, float(terms.least))])
        model.row_upper_ = np.concatenate([np.ones(items), np.full(assessors, float(terms.most))])
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = np.arange(self._slacks + 1)
        model.a_matrix_.index_ = np.concatenate([np.arange(items + assessors), items + np.arange(assessors)])
        model.a_matrix_.value_ = np.concatenate([np.ones(items + assessors), -np.ones(assessors)])
        self._highs.passModel(model)

    def meet(self, panels: Panels) -> int:
        """Adds the panels not met before; says how many those were."""
        keys = np.concatenate([panels.items[:, None], panels.assessors], axis=1)
        new = []
        for at, key in enumerate(map(tuple, keys.tolist())):
            if key not in self._seen:
                self._seen.add(key)
                new.append(at)
        if new:
            fresh = Panels(panels.items[new], panels.assessors[new])
            rows = np.concatenate([fresh.items[:, None], self._items + fresh.assessors], axis=1).astype(np.int32)
            count, width = rows.shape
            starts = (width * np.arange(count)).astype(np.int32)
            costs, none = -self._oracle.totals(fresh), np.full(count, np.inf)
            entries = np.ones(count * width)
            self._highs.addCols(count, costs, np.zeros(count), none, len(entries), starts, rows.ravel(), entries)
            self._met = Panels(
                np.concatenate([self._met.items, fresh.items]), np.concatenate([self._met.assessors, fresh.assessors])
            )
        return len(new)

    def prices(self) -> tuple[float, float, Floats]:
        """The best mixture's total, its shortage, and the prices of the assessors."""
        self._highs.run()
        solution = self._highs.getSolution()
        shortage = float(np.asarray(solution.col_value)[: self._slacks].sum())
        prices = -np.asarray(solution.row_dual)[self._items :]
        return -float(self._highs.getInfo().objective_function_value), shortage, prices

    def whole(self, seconds: float) -> tuple[Panels | None, float]:
        """The best whole answer from the panels met, and a bound that holds for these panels."""
        columns = self._highs.getNumCol()
        whole = np.full(columns, highspy.HighsVarType.kInteger)
        self._highs.changeColsBounds(
            self._slacks, np.arange(self._slacks, dtype=np.int32), np.zeros(self._slacks), np.zeros(self._slacks)
        )
        self._highs.changeColsIntegrality(columns, np.arange(columns, dtype=np.int32), whole)
        for option, value in (("presolve", "on"), ("mip_rel_gap", 0.0), ("mip_abs_gap", _CLOSE)):
            self._highs.setOptionValue(option, value)
        self._highs.setOptionValue("time_limit", self._highs.getRunTime() + seconds)
        self._highs.run()
        found = self._highs.getInfo()
        feasible = found.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        if self._highs.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
            return None, -np.inf
        if not feasible:
            return None, np.inf
        taken = np.asarray(self._highs.getSolution().col_value)[self._slacks :] > 0.5
        return Panels(self._met.items[taken], self._met.assessors[taken]), -float(found.mip_dual_bound)


class PanelSearch:
    """One floor's search, from prices to the proof."""

    def __init__(self, terms: Terms, floor: float) -> None:
        self._terms = terms
        self._oracle = PanelOracle(terms, floor)
        self._bound = np.inf
        self._prices = np.zeros(terms.fits.shape[1])

    def best(self, start: Floats, seconds: float) -> Answer:
        """The best total of whole panels at the floor, from the given first prices, with its bound."""
        if not self._oracle.staffable:
            return Answer(None, -np.inf, -np.inf)
        master = Master(self._terms, self._oracle)
        master.meet(self._value(start))
        if self._master_prices(master) > 1e-6:
            return Answer(None, -np.inf, -np.inf)
        panels, _ = master.whole(seconds)
        total = -np.inf if panels is None else float(self._oracle.totals(panels).sum())
        # Without an answer from the panels met, look a little further from the bound, and further again.
        gap = 0.002 * max(1.0, abs(self._bound)) if panels is None else self._bound - total + _CLOSE
        if panels is not None and gap <= 2 * _CLOSE:
            return Answer(panels, total, self._bound)
        for _ in range(3):
            listed = self._oracle.within(self._prices, gap)
            if panels is not None and len(listed.items) > _LISTED:
                break
            final = Master(self._terms, self._oracle)
            final.meet(listed)
            better, bound = final.whole(seconds)
            if better is not None and (found := float(self._oracle.totals(better).sum())) > total:
                panels, total = better, found
            if panels is not None:
                # Whoever is left out lies below the gap's edge; whoever is listed, below the bound of the listed.
                edge = self._bound - gap
                return Answer(panels, total, min(self._bound, max(bound, edge, total)))
            gap *= 5
        return Answer(panels, total, self._bound)

    def _value(self, prices: Floats) -> Panels:
        """Bounds the total by the prices, remembers the best, and gives the panels they choose."""
        highest, panels = self._oracle.best(prices)
        places = np.where(prices > 0, self._terms.most, self._terms.least)
        value = float(highest.sum() + (prices * places).sum())
        if value < self._bound:
            self._bound, self._prices = value, prices.copy()
        return panels

    def _master_prices(self, master: Master, rounds: int = 300) -> float:
        """Panels and prices in turn until the bound meets the mixture; gives the shortage left."""
        shortage = 0.0
        for _ in range(rounds):
            total, shortage, prices = master.prices()
            if self._bound - total < 1e-5 * max(1.0, abs(total)) and shortage < 1e-6:
                break
            new = master.meet(self._value((self._prices + prices) / 2))
            if not new and not master.meet(self._value(prices)):
                break
        return shortage

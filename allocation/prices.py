"""Prices for assessors' time, and the bound they prove: how large problems are seen at once.

Lagrangian relaxation (Held and Karp, 1971; Fisher, 1981): the load of each assessor is priced instead of counted.
Every panel then chooses its best members by itself, and every assessor the load that pays best. What both earn
together is never less than the best allocation is worth, whatever the prices; the prices are then moved towards
where the panels ask of each assessor what the assessor offers. Rows on pairs, where a relaxation has prices for
them, are charged to the arcs that stand in them, and what they allow is given back.

A panel's choice is exact for any composition rules: assessors whom the rules count alike are of one kind; for each
kind the best few are found, and every way to share the seats among the kinds that keeps the rules is tried.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from allocation.model import Ints, Model
from allocation.relaxation import Charges
from allocation.seat_rows import Floats

_PATIENCE = 20  # Steps without a better bound before they become smaller.


@dataclass(frozen=True, eq=False)
class Choice:
    """What panels choose at given prices: each panel's worth and arcs, -inf where nothing keeps the rules."""

    worth: Floats
    arcs: Ints
    panel_of: Ints


class PanelChoice:
    """Each panel's best members for given worths of arcs."""

    def __init__(self, model: Model) -> None:
        self._model = model
        rows = len(model.nominations) * model.weeks
        shape = (len(model.assessors), -1)
        kinds = np.zeros(len(model.assessors), dtype=np.int64)
        self._counts = np.zeros((1, model.counts.shape[1]), dtype=np.int64)
        if model.counts.size:
            unique, kinds = np.unique(model.counts, axis=0, return_inverse=True)
            self._counts, kinds = unique.astype(np.int64), kinds.reshape(shape)[:, 0]
        row_of = model.panel * model.weeks + model.week
        self._tables = [
            _table(np.flatnonzero(kinds[model.assessor] == kind), row_of, rows) for kind in range(len(self._counts))
        ]
        self._patterns = self._shares(rows)

    def _shares(self, rows: int) -> list[tuple[Ints, list[tuple[int, ...]]]]:
        """Rows whose panels lack and hold the same, with all ways to share their seats among the kinds."""
        model, kinds = self._model, len(self._counts)
        lacks = np.concatenate([model.missing[:, None], model.held], axis=1)
        patterns, of_panel = np.unique(lacks, axis=0, return_inverse=True)
        of_row = np.repeat(of_panel.ravel(), model.weeks)
        found = []
        for at, (missing, *held) in enumerate(patterns.tolist()):
            ways = []
            for way in product(range(missing + 1), repeat=kinds):
                count = np.array(way) @ self._counts + np.array(held, dtype=np.int64)
                if sum(way) == missing and np.all(count >= model.lowest) and np.all(count <= model.highest):
                    ways.append(way)
            found.append((np.flatnonzero(of_row == at), ways))
        return found

    def best(self, worth: Floats) -> Choice:
        """Each panel's best members for the given worth of every arc."""
        model = self._model
        padded = np.append(worth, -np.inf)
        most = int(model.missing.max(initial=0))
        tops = [_top(padded, table, most) for table in self._tables]
        rows = len(model.nominations) * model.weeks
        value: Floats = np.full(rows, -np.inf)
        way_of = np.zeros(rows, dtype=np.int64)
        for mine, ways in self._patterns:
            for at, way in enumerate(ways):
                earned: Floats = np.zeros(len(mine))
                for seats, (sums, _) in zip(way, tops, strict=True):
                    if seats:
                        earned = earned + sums[seats - 1][mine]
                better = earned > value[mine]
                value[mine[better]], way_of[mine[better]] = earned[better], at
        by_panel = value.reshape(-1, model.weeks)
        row = np.arange(len(by_panel)) * model.weeks + by_panel.argmax(axis=1)
        chosen, owners = [], []
        for mine, ways in self._patterns:
            taken = (
                row[np.isin(row, mine) & np.isfinite(value[row])]
                if len(self._patterns) > 1
                else row[np.isfinite(value[row])]
            )
            for at, way in enumerate(ways):
                of_way = taken[way_of[taken] == at]
                for seats, (_, arcs) in zip(way, tops, strict=True):
                    for seat in range(seats):
                        chosen.append(arcs[seat][of_way])
                        owners.append(of_way // model.weeks)
        none = np.zeros(0, dtype=np.int64)
        return Choice(value[row], np.concatenate([none, *chosen]), np.concatenate([none, *owners]))

    def nearest(self, worth: Floats, few: int) -> Ints:
        """For each panel and kind the most worthy arcs, so that about `few` arcs of a panel are listed."""
        padded = np.append(worth, -np.inf)
        each = max(few // len(self._tables), 3) if self._model.weeks == 1 else 3
        found = []
        for table in self._tables:
            _, arcs = _top(padded, table, min(each, table.shape[1]))
            found += [one[one >= 0] for one in arcs]
        return np.unique(np.concatenate(found))


def _table(arcs: Ints, row_of: Ints, rows: int) -> NDArray[np.int32]:
    """For each row its arcs, filled up with -1 (the last, worthless place)."""
    order = arcs[np.argsort(row_of[arcs], kind="stable")]
    sizes = np.bincount(row_of[order], minlength=rows)
    table = np.full((rows, max(int(sizes.max(initial=0)), 1)), -1, dtype=np.int32)
    place = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    table[row_of[order], place] = order
    return table  # Half as wide as usual: this is what large problems hold most of.


def _top(padded: Floats, table: NDArray[np.int32], most: int) -> tuple[list[Floats], list[Ints]]:
    """Sums of the best one, two, ... arcs of each row, and the arcs in falling order."""
    worth = padded[table]
    rows = np.arange(len(table))
    sums: list[Floats] = []
    arcs: list[Ints] = []
    total: Floats = np.zeros(len(table))
    for _ in range(most):
        at = worth.argmax(axis=1)
        total = total + worth[rows, at]
        sums.append(total)
        arcs.append(table[rows, at].astype(np.int64))
        worth[rows, at] = -np.inf
    return sums, arcs


class Market:
    """Prices and what they prove."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._choice = PanelChoice(model)
        seats = int(model.missing.sum())
        share = np.minimum(model.room, max(seats / max(int(model.room.sum()), 1), 0.0) * model.room)
        typical = np.maximum(share.round().astype(np.int64), 1)
        self.prices = model.step_cost(np.arange(len(model.assessors)), model.load + typical).astype(float)
        self.bound = np.inf
        self._week_prices = np.zeros((len(model.assessors), model.weeks))
        self._fit: Floats = model.fit.astype(np.float64)
        self._refund = 0.0

    @cached_property
    def limit_of_floor(self) -> int | None:
        """The highest floor that could be: the worst-off panel's best members, as if nobody had any other work."""
        worth = self._choice.best(self._model.fit.astype(float)).worth
        return int(worth.min()) if len(worth) and np.isfinite(worth).all() else None

    @property
    def worth(self) -> Floats:
        """What each arc is worth at the prices."""
        model = self._model
        worth: Floats = self._fit - self.prices[model.assessor] - self._week_prices[model.assessor, model.week]
        return worth

    @property
    def chosen(self) -> Choice:
        """What each panel chooses at the prices, by itself."""
        return self._choice.best(self.worth)

    def adopt(self, prices: Floats) -> None:
        """Takes prices found elsewhere, if they prove more."""
        self._keep(prices, self._week_prices)

    def charge(self, charges: Charges) -> None:
        """Charges arcs for the rows on pairs: no allocation that keeps the rule pays more than the refund."""
        np.subtract.at(self._fit, charges.arcs, charges.each)
        self._refund += charges.refund

    def settle(self, steps: int, *, hoped: float = 0.02, deadline: float = np.inf) -> None:
        """Moves the prices so many times and keeps those with the lowest bound.

        Steps are Polyak's, towards a bound a little below the best; when that is not reached for a while,
        a smaller step is tried from the best. Directions are deflected so as not to zigzag (Camerini, Fratta and
        Maffioli, 1975).

        Args:
            steps: How many times.
            hoped: How far below the bound the first steps aim, as a share of it.
            deadline: When to stop, by the process's performance counter.
        """
        model, prices, weekly = self._model, self.prices.copy(), self._week_prices.copy()
        value, over, over_weeks = self._keep(prices, weekly)
        hoped, since = hoped * max(abs(value), 1.0), 0
        along, along_weeks = np.zeros_like(prices), np.zeros_like(weekly)
        for _ in range(steps):
            if perf_counter() > deadline:
                break
            back = along @ over + float((along_weeks * over_weeks).sum())
            norm = along @ along + float((along_weeks**2).sum())
            deflect = max(0.0, -1.5 * back / norm) if norm else 0.0
            along, along_weeks = over + deflect * along, over_weeks + deflect * along_weeks
            norm = along @ along + float((along_weeks**2).sum())
            if norm == 0:
                break
            length = (value - self.bound + hoped) / norm
            prices = prices + length * along
            if model.week_most is not None:
                weekly = np.maximum(weekly + length * along_weeks, 0.0)
            before = self.bound
            value, over, over_weeks = self._keep(prices, weekly)
            since = 0 if self.bound < before - 1e-6 * abs(before) else since + 1
            if since >= _PATIENCE:
                hoped, since = hoped / 2, 0
                prices, weekly = self.prices.copy(), self._week_prices.copy()
                along, along_weeks = np.zeros_like(along), np.zeros_like(along_weeks)
                value, over, over_weeks = self._keep(prices, weekly)

    def _keep(self, prices: Floats, weekly: Floats) -> tuple[float, Floats, Floats]:
        value, over, over_weeks = self._value(prices, weekly)
        if value < self.bound:
            self.bound, self.prices, self._week_prices = value, prices.copy(), weekly.copy()
        return value, over, over_weeks

    def _value(self, prices: Floats, weekly: Floats) -> tuple[float, Floats, Floats]:
        """The bound of some prices; how much more panels ask for than assessors offer, overall and in weeks."""
        model = self._model
        choice = self._choice.best(self._fit - prices[model.assessor] - weekly[model.assessor, model.week])
        offered = model.owed.copy()
        earned = prices * offered
        for step in range(1, int(model.room.max(initial=0)) + 1):
            if step > len(model.nominations):
                break
            cost = model.step_cost(np.arange(len(prices)), model.load + step)
            pays = (step <= model.room) & ((cost <= prices) | (step <= model.owed))
            if not pays.any():
                break
            extra = pays & (step > model.owed)
            offered = offered + extra
            earned = earned + np.where(extra, prices, 0.0) - np.where(pays, cost, 0)
        asked = np.bincount(model.assessor[choice.arcs], minlength=len(prices))
        value = float(choice.worth.sum() + earned.sum()) + self._refund
        over_weeks: Floats = np.zeros_like(weekly)
        if model.week_most is not None:
            cells = model.assessor[choice.arcs] * model.weeks + model.week[choice.arcs]
            over_weeks = (
                np.bincount(cells, minlength=weekly.size).reshape(weekly.shape).astype(np.float64) - model.week_most
            )
            value += float(weekly.sum()) * model.week_most
        if model.rules.weights.mixed and model.rules.mixed_properties:
            value += model.rules.weights.mixed * len(model.nominations)
        return value, (asked - offered).astype(np.float64), over_weeks

    def in_best_weeks(self) -> Ints:
        """All arcs of the week that each panel would choose at the prices."""
        model = self._model
        worth = self._fit - self.prices[model.assessor] - self._week_prices[model.assessor, model.week]
        choice = self._choice.best(worth)
        week_of = np.zeros(len(model.nominations), dtype=np.int64)
        week_of[choice.panel_of] = model.week[choice.arcs]
        return np.flatnonzero(model.week == week_of[model.panel])

    def listed(self, few: int) -> Ints:
        """The arcs of each panel that are nearest to being chosen at the prices, the same number of every kind."""
        model = self._model
        worth = self._fit - self.prices[model.assessor] - self._week_prices[model.assessor, model.week]
        if len(worth) <= few * len(model.nominations):
            return np.arange(len(worth))
        return self._choice.nearest(worth, few)

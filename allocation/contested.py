"""Panels that contend for the same pairs of assessors, solved together: what the rule on pairs costs at the least.

At prices for the loads, panels would choose each for itself, were it not for the rule on pairs. Those that had to
take less because two assessors already meet as often as they may form groups with the panels on which these two
meet. A group is solved exactly, over whole panels (a column for each panel and set of members; Dantzig and Wolfe,
1960), at the prices: the best of its members, and every other set together as one column that stands in no pair's
row. What the groups lose against panels choosing for themselves is lost by every allocation, so the bound falls by
it; and the sets that they choose are seated, where loads and everybody else allow it and the whole is better for
it.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import comb, prod
from time import perf_counter

import highspy
import numpy as np

from allocation.kinds import Kinds, Way
from allocation.model import Ints, Model
from allocation.prices import Market
from allocation.seat_rows import Floats

LOST = 0.015  # What a panel must have lost to be looked at, as a share of the highest fit.
CLOSE = 0.025  # How far below its best the sets lie that it is said to contend for.
GROUP = 40  # Panels of a group at most.
SETS = 300  # Sets of members of a panel that are columns of their own, about.
NODES = 200  # Of branch and bound in a group.
_TINY = 0.01  # Points by which a programme may be wrong.
_SECONDS = 5.0  # For a group, which takes some hundredths.


@dataclass(frozen=True, eq=False)
class Sets:
    """Sets of members that a panel could have.

    Attributes:
        arcs: One row for each set, the most worthy first; -1 - kind stands for any other assessor of that kind.
        worth: What each is worth at the prices at most.
        pairs: For each set the pairs that meet as numbers, kept members included; -1 where it is any other.
    """

    arcs: Ints
    worth: Floats
    pairs: Ints

    def up_to(self, number: int) -> "Sets":
        """The first sets."""
        return Sets(self.arcs[:number], self.worth[:number], self.pairs[:number])


class Contested:
    """The panels of a sound answer, and what contends for pairs among them.

    Args:
        model: The model, of one week.
        market: Prices already settled.
        arcs: A sound answer for all panels.
    """

    def __init__(self, model: Model, market: Market, arcs: Ints) -> None:
        self._model, self._worth = model, market.worth
        self._best = market.chosen.worth
        self._kinds = Kinds(model)
        self._ends = np.searchsorted(model.panel, np.arange(len(model.nominations) + 1))
        limited = model.rules.pair_most is not None and model.rules.on("pairs")
        self._limit = (
            model.rules.pair_most if limited and model.rules.pair_most is not None else len(model.nominations)
        )
        # Two who are both kept on panels may meet less often besides.
        self._free = {
            first * len(model.assessors) + second: max(self._limit - times, 0)
            for (first, second), times in model.met.items()
        }
        place = {one.id: at for at, one in enumerate(model.assessors)}
        self._kept = [[place[name] for name in one.seated] for one in model.nominations]
        self._highest = float(model.fit.max(initial=1))
        self._pinned = np.zeros(len(model.nominations), dtype=bool)
        self._pinned[model.panel[model.pinned]] = True
        self._loads = np.zeros(len(model.assessors), dtype=np.int64)
        self._holders = defaultdict[int, set[int]](set)
        self._own: list[Ints] = [np.zeros(0, dtype=np.int64)] * len(model.nominations)
        self._sets_of: dict[int, Sets] = {}
        for panel, own in enumerate(np.split(arcs, np.searchsorted(model.panel[arcs], np.arange(1, len(self._own))))):
            self._sit(panel, own)

    @property
    def arcs(self) -> Ints:
        """The answer as it stands."""
        return np.sort(np.concatenate([np.zeros(0, dtype=np.int64), *self._own]))

    def settled(self, deadline: float) -> float:
        """Solves group after group; says by how much the bound of the prices falls.

        Args:
            deadline: When to stop, by the process's performance counter.
        """
        fell = 0.0
        for group in self._groups():
            if perf_counter() > deadline:
                break
            self._sets_of.clear()
            bound, chosen = self._solved(group, {})
            fell += max(float(self._best[group].sum()) - bound - _TINY, 0.0)
            if bound > sum(self._value(panel) for panel in group.tolist()) + LOST * self._highest:
                self._mend(group, chosen)
        return fell

    def _value(self, panel: int) -> float:
        return float(self._worth[self._own[panel]].sum())

    def _groups(self) -> list[Ints]:
        """Groups of panels that contend for pairs, those with the most to win first."""
        values = np.array([self._value(panel) for panel in range(len(self._own))])
        lost = np.where(self._pinned, 0.0, self._best - values)
        losers = np.argsort(-lost, kind="stable")
        losers = losers[lost[losers] > LOST * self._highest]
        group_of: dict[int, int] = {}
        groups: dict[int, set[int]] = {}
        for panel in losers.tolist():
            joined = [panel, *self._in_the_way(panel, values[panel])]
            for one in joined:
                if one not in group_of:
                    group_of[one], groups[one] = one, {one}
                mine, other = group_of[panel], group_of[one]
                if mine != other and len(groups[mine]) + len(groups[other]) <= GROUP:
                    groups[mine] |= groups[other]
                    for moved in groups.pop(other):
                        group_of[moved] = mine
        return [np.array(sorted(one)) for one in groups.values() if len(one) > 1]

    def _in_the_way(self, panel: int, value: float) -> list[int]:
        """Panels on which those meet whom the panel would rather have, and who may not meet once more."""
        sets = self._sets(panel)
        least = max(value + LOST * self._highest, self._best[panel] - CLOSE * self._highest)
        pairs = np.unique(sets.pairs[sets.worth >= least])
        found = {one for pair in pairs.tolist() if not self._may_meet(pair) for one in self._holders[pair]}
        return sorted(one for one in found if not self._pinned[one])

    def _may_meet(self, pair: int) -> bool:
        return pair < 0 or len(self._holders.get(pair, ())) < self._free.get(pair, self._limit)

    def _sets(self, panel: int) -> Sets:
        """The sets of members that a panel could have."""
        if panel not in self._sets_of:
            self._sets_of[panel] = self._found_sets(panel)
        return self._sets_of[panel]

    def _found_sets(self, panel: int) -> Sets:
        of_kind = self._of_kinds(panel)
        ways = self._kinds.ways[self._kinds.pattern[panel]]
        ways = [way for way in ways if all(n <= len(some) for n, some in zip(way, of_kind, strict=True))]
        few = _few(ways)
        rows, nobody = [], -np.inf
        for way in ways:
            near = [_some(kind, some, n, few) for kind, (n, some) in enumerate(zip(way, of_kind, strict=True))]
            rows += [sum(one, ()) for one in product(*near)]
            if all(len(some) >= few + n for n, some in zip(way, of_kind, strict=True)):
                nobody = max(nobody, sum(n * self._next(some, few) for n, some in zip(way, of_kind, strict=True)))
        found = np.array(rows, dtype=np.int64).reshape(len(rows), -1)
        others = np.array([self._next(some, few) for some in reversed(of_kind)])
        worth = np.append(self._worth, others)[found].sum(axis=1)
        order = np.argsort(-worth, kind="stable")
        found, worth = found[order], worth[order]
        # A set of other assessors alone stands in no pair's row: whatever is worth less need not be asked.
        many = max(int(np.count_nonzero(worth >= nobody)), 1)
        return Sets(found[:many], worth[:many], self._pairs(panel, found[:many]))

    def _of_kinds(self, panel: int) -> list[Ints]:
        """The panel's arcs of each kind, the most worthy first."""
        arcs = np.arange(self._ends[panel], self._ends[panel + 1])
        arcs = arcs[np.argsort(-self._worth[arcs], kind="stable")]
        kinds = self._kinds.of[self._model.assessor[arcs]]
        return [arcs[kinds == kind] for kind in range(self._kinds.number)]

    def _next(self, arcs: Ints, few: int) -> float:
        """What any other than the first few is worth at most."""
        return float(self._worth[arcs[few]]) if len(arcs) > few else -np.inf

    def _pairs(self, panel: int, arcs: Ints) -> Ints:
        """Who meets when these are the new members of the panel: a row for each set, a number for each pair."""
        new = np.where(arcs >= 0, self._model.assessor[arcs], -1)
        columns = [*combinations(new.T, 2), *product(new.T, np.array(self._kept[panel], dtype=np.int64))]
        met = [
            np.where(
                (one >= 0) & (other >= 0), np.minimum(one, other) * len(self._loads) + np.maximum(one, other), -1
            )
            for one, other in columns
        ]
        return np.stack(met, axis=1) if met else np.full((len(arcs), 1), -1)

    def _solved(self, group: Ints, outside: Mapping[int, int]) -> tuple[float, list[Ints]]:
        """The group's best at the prices, with others' meetings or without: a bound, and a set for each panel."""
        sets = [self._sets(panel) for panel in group.tolist()]
        owner = np.repeat(np.arange(len(sets)), [len(one.worth) for one in sets])
        widest = max(one.pairs.shape[1] for one in sets)
        pairs = np.full((len(owner), widest), -1)
        for at, one in enumerate(sets):
            pairs[owner == at, : one.pairs.shape[1]] = one.pairs
        bound, taken = _packed(
            np.concatenate([one.worth for one in sets]),
            owner,
            pairs,
            lambda pair: self._free.get(pair, self._limit) - outside.get(pair, 0),
        )
        first = np.searchsorted(owner, np.arange(len(sets)))
        return bound, [sets[owner[at]].arcs[at - first[owner[at]]] for at in taken.tolist()]

    def _mend(self, group: Ints, chosen: list[Ints]) -> None:
        """Seats the group as chosen, where others leave room for it and it is better; else leaves it as it was."""
        before = [self._own[panel] for panel in group.tolist()]
        for panel in group.tolist():
            self._rise(panel)
        best, points = before, self._points(np.concatenate(before))
        new = self._tried(group, chosen)
        pairs = np.unique(np.concatenate([self._sets(panel).pairs.ravel() for panel in group.tolist()])).tolist()
        outside = {pair: len(self._holders[pair]) for pair in pairs if self._holders.get(pair)}
        for again in (False, True) if outside else (False,):
            if again:
                new = self._tried(group, self._solved(group, outside)[1])
            if new is not None and self._points(np.concatenate(new)) > points:
                best, points = new, self._points(np.concatenate(new))
        for panel, arcs in zip(group.tolist(), best, strict=True):
            self._sit(panel, arcs)

    def _tried(self, group: Ints, chosen: list[Ints]) -> list[Ints] | None:
        """What the panels get, the most decided first; they stand up again. None where one gets nothing."""
        if len(chosen) < len(group):
            return None  # The programme has no answer.
        given: dict[int, Ints] = {}
        for panel, wanted in sorted(
            zip(group.tolist(), chosen, strict=True), key=lambda one: int((one[1] < 0).sum())
        ):
            arcs = self._filled(panel, wanted)
            if arcs is None:
                arcs = next(
                    (one for row in self._sets(panel).arcs if (one := self._filled(panel, row)) is not None), None
                )
            if arcs is None:
                break
            given[panel] = arcs
            self._sit(panel, arcs)
        for panel in given:
            self._rise(panel)
        return [given[panel] for panel in group.tolist()] if len(given) == len(group) else None

    def _filled(self, panel: int, wanted: Ints) -> Ints | None:
        """The set, with the best others where it leaves them open; None where it would break a rule."""
        arcs = wanted[wanted >= 0]
        if not self._fits(panel, arcs):
            return None
        if len(arcs) == len(wanted):
            return arcs
        of_kind = self._of_kinds(panel)
        for open_kind in wanted[wanted < 0].tolist():
            for arc in of_kind[-1 - open_kind].tolist():
                if arc not in arcs and self._fits(panel, np.append(arcs, arc)):
                    arcs = np.append(arcs, arc)
                    break
            else:
                return None
        return arcs

    def _fits(self, panel: int, arcs: Ints) -> bool:
        who = self._model.assessor[arcs]
        met = self._pairs(panel, arcs[None, :]).ravel().tolist()
        return bool((self._loads[who] < self._model.room[who]).all()) and all(map(self._may_meet, met))

    def _points(self, arcs: Ints) -> int:
        """Fits less the cost of loads, beside everybody who sits."""
        model = self._model
        who = np.sort(model.assessor[arcs])
        step = np.arange(len(who)) - np.searchsorted(who, who) + 1
        owed = int(np.count_nonzero(self._loads[who] + step <= model.owed[who]))
        cost = int(model.step_cost(who, model.load[who] + self._loads[who] + step).sum())
        # Whoever is owed an assessment gets it before any points are counted.
        return int(model.fit[arcs].sum()) - cost + owed * 10**9

    def _sit(self, panel: int, arcs: Ints) -> None:
        self._own[panel] = arcs
        self._loads[self._model.assessor[arcs]] += 1
        for pair in self._pairs(panel, arcs[None, :]).ravel().tolist():
            self._holders[pair].add(panel)

    def _rise(self, panel: int) -> None:
        arcs = self._own[panel]
        self._loads[self._model.assessor[arcs]] -= 1
        for pair in self._pairs(panel, arcs[None, :]).ravel().tolist():
            self._holders[pair].discard(panel)


def _some(kind: int, arcs: Ints, seats: int, few: int) -> list[tuple[int, ...]]:
    """Every choice of so many of the first few, or of fewer of them and any others of the kind."""
    spare = min(seats, max(len(arcs) - few, 0))
    return [
        (*chosen, *(-1 - kind,) * others)
        for others in range(spare + 1)
        for chosen in combinations(arcs[:few].tolist(), seats - others)
    ]


def _few(ways: Sequence[Way]) -> int:
    """How many of each kind are tried, so that a panel has about so many sets."""
    few = max((n for way in ways for n in way), default=1)
    while few < SETS and sum(prod(comb(few + 1, n) for n in way) for way in ways) <= SETS:
        few += 1
    return few


def _packed(worth: Floats, owner: Ints, pairs: Ints, free: Callable[[int], int]) -> tuple[float, Ints]:
    """One column for each owner, no pair in more of them than is free: a bound of their worth, and those taken."""
    column, place = np.nonzero(pairs >= 0)
    pair, which = np.unique(pairs[column, place], return_inverse=True)
    owners = np.unique(which * len(worth) + owner[column]) // len(worth)
    most = np.maximum([free(one) for one in pair.tolist()], 0)
    scarce = np.bincount(owners, minlength=len(pair)) > most
    row_of = np.cumsum(scarce) - 1 + int(owner[-1]) + 1
    inside = scarce[which]
    rows = np.concatenate([owner, row_of[which[inside]]])
    columns = np.concatenate([np.arange(len(worth)), column[inside]])
    order = np.lexsort((rows, columns))
    alone, together = np.ones(int(owner[-1]) + 1), most[scarce].astype(np.float64)
    highs, model = highspy.Highs(), highspy.HighsLp()
    for option, value in (
        ("output_flag", False), ("threads", 1), ("mip_max_nodes", NODES), ("time_limit", _SECONDS),
        ("mip_rel_gap", 0.0), ("mip_abs_gap", 1.0),
    ):  # fmt: skip
        highs.setOptionValue(option, value)
    model.num_col_, model.num_row_ = len(worth), len(alone) + len(together)
    model.col_cost_, model.col_lower_, model.col_upper_ = -worth, np.zeros(len(worth)), np.ones(len(worth))
    model.row_lower_ = np.concatenate([alone, np.full(len(together), -np.inf)])
    model.row_upper_ = np.concatenate([alone, together])
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = np.concatenate([[0], np.cumsum(np.bincount(columns, minlength=len(worth)))])
    model.a_matrix_.index_, model.a_matrix_.value_ = rows[order], np.ones(len(rows))
    model.integrality_ = [highspy.HighsVarType.kInteger] * len(worth)
    highs.passModel(model)
    highs.run()
    bound = -float(highs.getInfo().mip_dual_bound)
    return bound, np.flatnonzero(np.asarray(highs.getSolution().col_value) > 0.5)

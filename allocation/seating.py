"""The model, or some panels of it, as an integer programme for HiGHS.

Columns: x (an arc is taken), y (a panel sits in a week), z (an assessor's next assessment, dearer each time),
m (a panel is mixed).

The rule on pairs would need a column for each panel and pair. Instead, where an answer lets two assessors meet too
often, the panels on which they do get one row: on n panels the two take at most n seats and as many more as they may
meet. Every allocation keeps that row, and it costs no column, so the relaxation stays nearly whole (a cutting plane;
Dantzig, Fulkerson and Johnson, 1954). In branch and bound, pairs that still meet too often are counted by panel.
Rows are only added for what an answer breaks: leaving rows out can only raise the bound, so it stays true.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from time import perf_counter

import highspy
import numpy as np
from numpy.typing import NDArray

from allocation.model import Ints, Model

Floats = NDArray[np.float64]
Pair = tuple[int, int]

_TINY = 1e-6
_PERTURBED = "dual_simplex_cost_perturbation_multiplier"
_CUTS = 40  # Rounds of rows for pairs; what is left is counted in branch and bound.


@dataclass(frozen=True, eq=False)
class Around:
    """What panels outside a programme already use.

    Attributes:
        loads: New seats of each assessor.
        in_weeks: The same by week: assessors down, weeks across.
        met: On how many panels two assessors meet there.
    """

    loads: Ints
    in_weeks: Ints
    met: Mapping[Pair, int]


@dataclass(frozen=True, eq=False)
class Seated:
    """An answer of a programme.

    Attributes:
        arcs: The arcs taken, by their position in the model; None when there is no answer.
        bound: No answer is worth more, in points; for what was asked of the programme.
        proved: Whether the search ended: the answer is the best, or its absence is certain.
    """

    arcs: Ints | None
    bound: float
    proved: bool


@dataclass(frozen=True, eq=False)
class Relaxation:
    """The answer of a programme without whole numbers.

    Attributes:
        bound: No answer is worth more, in points.
        prices: What one more place of each assessor would be worth.
        arcs: The arcs of which a share is taken, by their position in the model.
        shares: Their shares.
        offered: All arcs of the programme.
        losses: For each of these, how far the bound falls at least when it is taken: its reduced cost.
        whole: Whether it is an answer as it is: whole numbers, and no two assessors meet too often.
    """

    bound: float
    prices: Floats
    arcs: Ints
    shares: Floats
    offered: Ints
    losses: Floats
    whole: bool


@dataclass(eq=False)
class _Rows:
    """Rows gathered before they are given to HiGHS."""

    columns: list[Ints] = field(default_factory=list)
    values: list[Floats] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)

    def add(self, columns: Ints, values: Floats, lower: float, upper: float) -> None:
        self.columns.append(columns)
        self.values.append(values)
        self.lower.append(lower)
        self.upper.append(upper)


class Seating:
    """A programme for some panels and some arcs of a model.

    Args:
        model: The model.
        panels: Positions of the panels to seat; all when None.
        arcs: Positions of the arcs offered; all of these panels when None.
        around: What other panels use; nothing when None.
        floor: Points that the fits of each panel reach at least.
        optional: Whether panels may be left out; as many as possible are then seated before anything else.
        prices: Points for a seat of each assessor, in place of the cost of loads.
        taken: Position of an arc that is surely taken; none when None.
        shut: Position of an arc that is not taken unless it is forced; none when None.
    """

    def __init__(
        self,
        model: Model,
        *,
        panels: Ints | None = None,
        arcs: Ints | None = None,
        around: Around | None = None,
        floor: int | None = None,
        optional: bool = False,
        prices: Floats | None = None,
        taken: int | None = None,
        shut: int | None = None,
    ) -> None:
        self._model = model
        self._panels = np.arange(len(model.nominations)) if panels is None else panels
        inside = np.zeros(len(model.nominations), dtype=bool)
        inside[self._panels] = True
        self._arcs = np.flatnonzero(inside[model.panel]) if arcs is None else arcs[inside[model.panel[arcs]]]
        nobody = len(model.assessors)
        self._around = around or Around(
            np.zeros(nobody, dtype=np.int64), np.zeros((nobody, model.weeks), dtype=np.int64), {}
        )
        self._position = np.full(len(model.nominations), -1)
        self._position[self._panels] = np.arange(len(self._panels))
        self._rows = _Rows()
        self._watched: set[Pair] = set()
        self._load_row_of: dict[int, int] = {}
        self._panel_row_of: dict[int, int] = {}
        self._rule_rows_of = defaultdict[int, list[tuple[int, int]]](list)
        self._floor_row_of: dict[int, int] = {}
        self._optional = optional
        self._one_week = model.weeks == 1 and not optional  # Then every panel sits, and no row need say so.
        self._place = {one.id: at for at, one in enumerate(model.assessors)}
        # Panels whose kept members newcomers could meet; one where others meet outside: no pair is then passed over.
        self._with_kept = [at for at, panel in enumerate(self._panels) if model.nominations[panel].seated]
        if (model.met or self._around.met) and not self._with_kept and len(self._panels):
            self._with_kept = [0]
        self._build(floor, prices)
        if taken is not None:
            self._lower[: len(self._arcs)][self._arcs == taken] = 1.0
        if shut is not None:
            self._upper[: len(self._arcs)][self._arcs == shut] = 0.0
        self._highs: highspy.Highs | None = None

    def _build(self, floor: int | None, prices: Floats | None) -> None:
        model, arcs, panels = self._model, self._arcs, self._panels
        first_y = len(arcs)
        first_z = first_y + len(panels) * model.weeks
        self._panel_of = self._position[model.panel[arcs]]
        self._row_of = self._panel_of * model.weeks + model.week[arcs]
        self._assessor_of = model.assessor[arcs]
        fits = model.fit[arcs].astype(float)
        if prices is not None:
            fits = fits - prices[self._assessor_of]
        steps_of, steps, owed = self._steps(free=prices is not None)
        step_costs = model.step_cost(steps_of, steps).astype(float) * (prices is None)
        worth = model.rules.weights.mixed if model.rules.mixed_properties else 0
        mixed = len(panels) if worth else 0
        seat_worth = np.zeros(len(panels) * model.weeks)
        if self._optional:
            # One panel more outweighs whatever all the points of all panels together could say.
            most = float(np.abs(fits).max(initial=0.0)) * int(model.missing.max(initial=0)) + worth
            seat_worth += (most + float(step_costs.sum())) * (len(panels) + 1) + 1.0
        self._worth = np.concatenate([fits, seat_worth, -step_costs, np.full(mixed, float(worth))])
        lower = np.concatenate([np.zeros(first_z), owed, np.zeros(mixed)])
        self._lower, self._upper = lower, np.ones(len(lower))
        if self._one_week:
            self._lower[first_y:first_z] = 1.0
        self._whole = np.concatenate([np.ones(first_z, dtype=bool), np.zeros(len(steps_of) + mixed, dtype=bool)])
        self._panel_rows(first_y)
        self._composition_rows(first_y)
        self._load_rows(first_z, steps_of)
        self._pinned_rows(first_y)
        if floor is not None:
            self._floor_rows(first_y, floor)
        if mixed:
            self._mixed_rows(first_z + len(steps_of))

    def _steps(self, *, free: bool) -> tuple[Ints, Ints, Floats]:
        """Each assessor's possible further assessments, and which of them are owed."""
        model = self._model
        loads = model.load + self._around.loads
        room = np.maximum(model.room - self._around.loads, 0)
        wanted = np.minimum(room, np.bincount(self._assessor_of, minlength=len(room)))
        steps_of = np.repeat(np.arange(len(wanted)), wanted)
        offset = np.arange(len(steps_of)) - np.repeat(np.cumsum(wanted) - wanted, wanted)
        owed = np.zeros(len(steps_of))
        if not free:
            owed = (offset < np.maximum(model.owed - self._around.loads, 0)[steps_of]).astype(float)
        return steps_of, loads[steps_of] + offset + 1, owed

    def _panel_rows(self, first_y: int) -> None:
        model = self._model
        for row, mine in enumerate(grouped(self._row_of, len(self._panels) * model.weeks)):
            panel = self._panels[row // model.weeks]
            seats = -float(model.missing[panel])
            self._panel_row_of[row] = len(self._rows.lower)
            self._rows.add(np.append(mine, first_y + row), np.append(np.ones(len(mine)), seats), 0.0, 0.0)
            # Nobody sits in a week in which the panel does not: this makes the relaxation far tighter.
            for arc in mine if model.weeks > 1 and seats < -1 else ():
                self._rows.add(np.array([arc, first_y + row]), np.array([1.0, -1.0]), -np.inf, 0.0)
        for at in range(0 if self._one_week else len(self._panels)):
            sits = first_y + at * model.weeks + np.arange(model.weeks)
            self._rows.add(sits, np.ones(model.weeks), 0.0 if self._optional else 1.0, 1.0)

    def _composition_rows(self, first_y: int) -> None:
        model = self._model
        by_row = grouped(self._row_of, len(self._panels) * model.weeks)
        for rule in range(len(model.lowest)):
            counted = model.counts[self._assessor_of, rule]
            for row, mine in enumerate(by_row):
                panel = self._panels[row // model.weeks]
                least = int(model.lowest[rule] - model.held[panel, rule])
                most = int(model.highest[rule] - model.held[panel, rule])
                who = mine[counted[mine]]
                y, ones = first_y + row, np.ones(len(who))
                if least > 0:
                    self._rule_rows_of[row].append((rule, len(self._rows.lower)))
                    self._rows.add(np.append(who, y), np.append(ones, -float(least)), 0.0, np.inf)
                if most < model.missing[panel]:
                    self._rule_rows_of[row].append((rule, len(self._rows.lower)))
                    self._rows.add(np.append(who, y), np.append(ones, -float(most)), -np.inf, 0.0)

    def _load_rows(self, first_z: int, steps_of: Ints) -> None:
        model, assessors = self._model, len(self._model.assessors)
        steps = grouped(steps_of, assessors)
        for at, mine in enumerate(grouped(self._assessor_of, assessors)):
            if len(mine) or len(steps[at]):
                columns = np.concatenate([mine, first_z + steps[at]])
                values = np.concatenate([np.ones(len(mine)), -np.ones(len(steps[at]))])
                self._load_row_of[at] = len(self._rows.lower)
                self._rows.add(columns, values, 0.0, 0.0)
        if model.week_most is not None:
            cells = self._assessor_of * model.weeks + model.week[self._arcs]
            for cell, mine in enumerate(grouped(cells, assessors * model.weeks)):
                used = int(self._around.in_weeks[cell // model.weeks, cell % model.weeks])
                if len(mine) > model.week_most - used:
                    self._rows.add(mine, np.ones(len(mine)), 0.0, float(max(model.week_most - used, 0)))

    def _pinned_rows(self, first_y: int) -> None:
        """A pinned assessor sits in whichever week the panel sits, if it sits at all."""
        model = self._model
        of_pinned = np.flatnonzero(model.pinned[self._arcs])
        for arc in of_pinned:
            columns = np.array([arc, first_y + self._row_of[arc]])
            self._rows.add(columns, np.array([1.0, -1.0]), 0.0, 0.0)

    def _floor_rows(self, first_y: int, floor: int) -> None:
        model = self._model
        for at, mine in enumerate(grouped(self._panel_of, len(self._panels))):
            sits = first_y + at * model.weeks + np.arange(model.weeks)
            values = np.concatenate([model.fit[self._arcs[mine]], np.full(model.weeks, -float(floor))])
            self._floor_row_of[at] = len(self._rows.lower)
            self._rows.add(np.concatenate([mine, sits]), values, 0.0, np.inf)

    def _mixed_rows(self, first_m: int) -> None:
        model, wanted = self._model, self._model.rules.mixed_properties
        has = np.array([not wanted.isdisjoint(one.properties) for one in model.assessors], dtype=bool)
        place = {one.id: at for at, one in enumerate(model.assessors)}
        for at, mine in enumerate(grouped(self._panel_of, len(self._panels))):
            kept = [bool(has[place[name]]) for name in model.nominations[self._panels[at]].seated]
            for kind in (True, False):
                if kind not in kept:
                    who = mine[has[self._assessor_of[mine]] == kind]
                    self._rows.add(np.append(who, first_m + at), np.append(np.ones(len(who)), -1.0), 0.0, np.inf)

    def relaxed(self, seconds: float = 60.0, *, cuts: bool = True) -> Relaxation | None:
        """The programme without the demand for whole numbers; None when even that is impossible.

        Args:
            seconds: Time allowed.
            cuts: Whether rows for pairs are added; without them, pairs may still meet too often.
        """
        return self._relaxation(self._programme(seconds), _CUTS if cuts else 0)

    def warm(self) -> "Warm":
        """The programme without whole numbers, solved and kept ready for questions."""
        return Warm(self, self._programme(60.0), self._relaxation)

    @property
    def arcs(self) -> Ints:
        """The arcs offered, in the order of their columns."""
        return self._arcs

    def floor_rows(self) -> Ints:
        """The rows that hold the floor."""
        return np.array([self._floor_row_of[at] for at in range(len(self._floor_row_of))], dtype=np.int32)

    def entries(self, at: int) -> dict[int, float]:
        """The rows in which a column of an arc stands, those on pairs aside, and its values there."""
        model, row = self._model, int(self._row_of[at])
        who, fit = int(self._assessor_of[at]), float(model.fit[self._arcs[at]])
        found = {self._panel_row_of[row]: 1.0}
        found |= {index: 1.0 for rule, index in self._rule_rows_of[row] if model.counts[who, rule]}
        if who in self._load_row_of:
            found[self._load_row_of[who]] = 1.0
        if self._floor_row_of:
            found[self._floor_row_of[int(self._panel_of[at])]] = fit
        return found

    def put(self, at: int, panel: int, who: int) -> None:
        """Has the column of an arc stand for another panel and assessor, whose arc the model now holds there."""
        self._panel_of[at], self._assessor_of[at] = self._position[panel], who
        self._row_of[at] = self._panel_of[at] * self._model.weeks

    def _relaxation(self, highs: highspy.Highs, most: int = _CUTS) -> Relaxation | None:
        highs.run()
        rounds = 0
        while rounds < most and highs.getModelStatus() == highspy.HighsModelStatus.kOptimal and self._cut(highs):
            rounds += 1
            highs.run()
        status = highs.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            return None
        solution = highs.getSolution()
        values = np.asarray(solution.col_value)
        shares = values[: len(self._arcs)]
        duals = -np.asarray(solution.row_dual)
        prices = np.zeros(len(self._model.assessors))
        for who, row in self._load_row_of.items():
            prices[who] = duals[row]
        # A search that was stopped has proved nothing.
        proved = status == highspy.HighsModelStatus.kOptimal
        bound = -float(highs.getInfo().objective_function_value) if proved else np.inf
        some = shares > _TINY
        losses = np.asarray(solution.col_dual)[: len(self._arcs)]
        decided = values[: len(self._whole)][self._whole]
        whole = bool(proved and np.all(np.minimum(decided, 1 - decided) < _TINY))
        if whole and (rounds == most or self._model.weeks > 1 or self._model.rules.weights.repeat):
            whole = not self._meeting_too_often(np.flatnonzero(shares > 0.5))
        return Relaxation(bound, prices, self._arcs[some], shares[some], self._arcs, losses, whole)

    def _cut(self, highs: highspy.Highs) -> int:
        """Adds a row for every two assessors who meet too often in the last answer; says how many those were."""
        rules = self._model.rules
        if rules.pair_most is None or not rules.on("pairs") or self._model.weeks > 1:
            return 0
        added = 0
        for pair, meetings in sorted(self._meetings(highs).items()):
            allowed = max(rules.pair_most - self._before(pair), 0)
            if sum(share for share, _, _ in meetings) > allowed + 100 * _TINY:
                taken = np.array([at for _, columns, _ in meetings for at in columns], dtype=np.int32)
                most = float(sum(free for _, _, free in meetings) + allowed)
                highs.addRow(-np.inf, most, len(taken), taken, np.ones(len(taken)))
                added += 1
        return added

    def _meetings(self, highs: highspy.Highs) -> dict[Pair, list[tuple[float, list[int], int]]]:
        """For pairs that may meet too often, by panel: how far they meet, the columns, how many are free of meeting.

        Two of one panel whose shares sum to more than 1 surely meet in what is beyond; a kept member counts as 1.
        """
        shares = np.asarray(highs.getSolution().col_value)[: len(self._arcs)]
        some = np.flatnonzero(shares > _TINY)
        order = np.lexsort((self._assessor_of[some], self._panel_of[some]))
        some = some[order]
        panel, who, share = self._panel_of[some], self._assessor_of[some], shares[some]
        firsts: list[Ints] = []
        seconds: list[Ints] = []
        for step in range(1, int(np.bincount(panel, minlength=1).max(initial=1))):
            same = np.flatnonzero(panel[:-step] == panel[step:])
            meets = same[share[same] + share[same + step] > 1 + _TINY]
            firsts.append(meets)
            seconds.append(meets + step)
        none = np.zeros(0, dtype=np.int64)
        first, second = np.concatenate([none, *firsts]), np.concatenate([none, *seconds])
        found = defaultdict[Pair, list[tuple[float, list[int], int]]](list)
        # Most pairs meet once: only those that could be too many are looked at one by one.
        _, which = np.unique(who[first] * len(self._place) + who[second], return_inverse=True)
        sums = np.bincount(which, share[first] + share[second] - 1)
        often = 0.0 if self._with_kept else float(self._model.rules.pair_most or 0)
        for at in (np.flatnonzero(sums[which] > often) if len(which) else none).tolist():
            one, other = int(first[at]), int(second[at])
            columns = [int(some[one]), int(some[other])]
            found[int(who[one]), int(who[other])].append((float(share[one] + share[other] - 1), columns, 1))
        for at in (np.flatnonzero(np.isin(panel, self._with_kept)) if self._with_kept else none).tolist():
            for name in self._model.nominations[self._panels[panel[at]]].seated:
                pair = sorted((int(who[at]), self._place[name]))
                found[pair[0], pair[1]].append((float(share[at]), [int(some[at])], 0))
        return found

    def solved(self, seconds: float = 60.0, gap: float = 0.0, start: Ints | None = None) -> Seated:
        """The best answer that keeps every rule, pairs included.

        Args:
            seconds: Time allowed.
            gap: Share of the total at which the search may end.
            start: Arcs of a sound answer, from which branch and bound may begin.
        """
        deadline = perf_counter() + seconds
        highs = self._programme(seconds)
        bound = np.inf
        if self._model.weeks == 1:  # Over several weeks the relaxation is far from whole, and would cost time only.
            relaxed = self._relaxation(highs)
            if relaxed is None:
                return Seated(None, -np.inf, proved=True)
            if relaxed.whole:
                return Seated(np.sort(relaxed.arcs), relaxed.bound, proved=True)
            bound = relaxed.bound
        columns = np.flatnonzero(self._whole).astype(np.int32)
        highs.changeColsIntegrality(len(columns), columns, np.full(len(columns), highspy.HighsVarType.kInteger))
        highs.setOptionValue("mip_rel_gap", gap)
        return self._searched(highs, bound, deadline, start)

    def _searched(self, highs: highspy.Highs, bound: float, deadline: float, start: Ints | None) -> Seated:
        """Branch and bound, again with more pairs counted while an answer lets some meet too often."""
        while True:
            highs.setOptionValue("time_limit", highs.getRunTime() + max(deadline - perf_counter(), 0.1))
            if start is not None:
                self._suggest(highs, start)
            highs.run()
            status, result = highs.getModelStatus(), highs.getInfo()
            if status == highspy.HighsModelStatus.kInfeasible:
                return Seated(None, -np.inf, proved=True)
            if result.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
                return Seated(None, min(bound, -float(result.mip_dual_bound)), proved=False)
            taken = np.flatnonzero(np.asarray(highs.getSolution().col_value)[: len(self._arcs)] > 0.5)
            bound = min(bound, -float(result.mip_dual_bound))
            over = self._meeting_too_often(taken)
            if not over:
                return Seated(self._arcs[taken], bound, status == highspy.HighsModelStatus.kOptimal)
            if perf_counter() > deadline:
                return Seated(None, bound, proved=False)
            for pair in over:
                self._watch(highs, pair)

    def _suggest(self, highs: highspy.Highs, start: Ints) -> None:
        given = np.flatnonzero(np.isin(self._arcs, start)).astype(np.int32)
        highs.setSolution(len(given), given, np.ones(len(given)))

    def _programme(self, seconds: float) -> highspy.Highs:
        highs = highspy.Highs()
        # The number of threads is global to the process: another value would end every later solve unsolved.
        for option, value in (("output_flag", False), ("threads", 1), ("mip_abs_gap", 0.99), ("time_limit", seconds)):
            highs.setOptionValue(option, value)
        rows, model = self._rows, highspy.HighsLp()
        model.num_col_, model.num_row_ = len(self._worth), len(rows.lower)
        model.col_cost_, model.col_lower_, model.col_upper_ = -self._worth, self._lower, self._upper
        model.row_lower_, model.row_upper_ = np.array(rows.lower), np.array(rows.upper)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.cumsum([0, *(len(columns) for columns in rows.columns)])
        none = np.zeros(0, dtype=np.int64)
        model.a_matrix_.index_ = np.concatenate([none, *rows.columns])
        model.a_matrix_.value_ = np.concatenate([none.astype(float), *rows.values])
        highs.passModel(model)
        return highs

    def _meeting_too_often(self, taken: Ints) -> list[Pair]:
        """Pairs not yet watched that meet more often than is allowed, or than is free."""
        model, rules = self._model, self._model.rules
        if rules.pair_most is None or not rules.on("pairs"):
            if not rules.weights.repeat:
                return []
            limit = 1
        else:
            limit = 1 if rules.weights.repeat else rules.pair_most
        panels = defaultdict[int, list[int]](list)
        for arc in self._arcs[taken]:
            panels[int(model.panel[arc])].append(int(model.assessor[arc]))
        meetings = pairs_met(model, panels)
        return sorted(
            pair
            for pair, times in meetings.items()
            if pair not in self._watched and times + self._before(pair) > limit
        )

    def _before(self, pair: Pair) -> int:
        return self._around.met.get(pair, 0) + self._model.met.get(pair, 0)

    def _watch(self, highs: highspy.Highs, pair: Pair) -> None:
        """Adds the columns and rows that count on how many panels two assessors meet."""
        self._watched.add(pair)
        rules, model = self._model.rules, self._model
        arcs = [np.flatnonzero(self._assessor_of == who) for who in pair]
        together = []
        kept_with = self._kept_beside(pair)
        for at in np.intersect1d(self._panel_of[arcs[0]], self._panel_of[arcs[1]]):
            both = np.concatenate([of_one[self._panel_of[of_one] == at] for of_one in arcs])
            together.append(self._meets(highs, both, 1.0))
        for who, panels in kept_with:
            for at in panels:
                mine = arcs[who][self._panel_of[arcs[who]] == at]
                if len(mine):
                    together.append(self._meets(highs, mine, 0.0))
        column = int(highs.getNumCol())
        hard = rules.pair_most if rules.pair_most is not None and rules.on("pairs") else len(model.nominations)
        free = 1 if rules.weights.repeat else hard
        before = self._before(pair)
        repeats = max(float(hard - max(free, before)), 0.0)
        highs.addCol(float(rules.weights.repeat), 0.0, repeats, 0, np.zeros(0, dtype=np.int32), np.zeros(0))
        columns = np.array([*together, column], dtype=np.int32)
        values = np.append(np.ones(len(together)), -1.0)
        highs.addRow(-np.inf, float(max(free - before, 0)), len(columns), columns, values)

    def _kept_beside(self, pair: Pair) -> list[tuple[int, list[int]]]:
        """Panels where one of the two is kept and the other could come: meetings that one seat decides."""
        found = []
        for who, other in ((0, 1), (1, 0)):
            name = self._model.assessors[pair[other]].id
            panels = [at for at, p in enumerate(self._panels) if name in self._model.nominations[p].seated]
            found.append((who, panels))
        return found

    def _meets(self, highs: highspy.Highs, arcs: Ints, free: float) -> int:
        """A column that is 1 when more than `free` of the arcs are taken."""
        column = int(highs.getNumCol())
        highs.addCol(0.0, 0.0, 1.0, 0, np.zeros(0, dtype=np.int32), np.zeros(0))
        columns = np.append(arcs, column).astype(np.int32)
        highs.addRow(-np.inf, free, len(columns), columns, np.append(np.ones(len(arcs)), -1.0))
        return column


class Warm:
    """A solved programme that answers what forcing a seat would do, each time from where its first answer stands."""

    def __init__(
        self, seating: Seating, highs: highspy.Highs, solve: Callable[[highspy.Highs], Relaxation | None]
    ) -> None:
        self._seating, self._highs, self._solve = seating, highs, solve
        self._column = {int(arc): at for at, arc in enumerate(seating.arcs)}
        self._entries: dict[int, float] = {}
        self.first = solve(highs)
        # One bound changes: costs perturbed against cycling would move far more of the answer than it does.
        highs.setOptionValue(_PERTURBED, 0.0)
        self._rows, self._basis = int(highs.getNumRow()), highs.getBasis()
        self.bound = -np.inf if self.first is None else self.first.bound
        self.prices = np.zeros(0) if self.first is None else self.first.prices
        self.whole = self.first is not None and self.first.whole

    def forced(self, arc: int, missed: float = 0.0) -> Relaxation | None:
        """The best answer that takes an arc; None when there is none.

        Args:
            arc: The arc.
            missed: By how many points each panel may miss the floor.
        """
        column, rows = self._column[arc], self._seating.floor_rows()
        upper = float(self._highs.getLp().col_upper_[column])
        lower, free = np.zeros(len(rows)), np.full(len(rows), np.inf)
        self._highs.changeRowsBounds(len(rows), rows, lower - missed, free)
        self._highs.changeColBounds(column, 1.0, 1.0)
        self._highs.clearSolver()
        self._highs.setBasis(self._basis)
        found = self._solve(self._highs)
        self._highs.changeColBounds(column, 0.0, upper)
        self._highs.changeRowsBounds(len(rows), rows, lower, free)
        # The next answer must not depend on what was asked before.
        late = np.arange(self._rows, self._highs.getNumRow(), dtype=np.int32)
        if len(late):
            self._highs.deleteRows(len(late), late)
        return found

    def stand_for(self, arc: int, panel: int, who: int, worth: float) -> None:
        """Has a shut arc stand for a panel and an assessor who were not listed together."""
        column = self._column[arc]
        for row in self._entries or self._seating.entries(column):
            self._highs.changeCoeff(row, column, 0.0)
        self._seating.put(column, panel, who)
        self._entries = self._seating.entries(column)
        for row, value in self._entries.items():
            self._highs.changeCoeff(row, column, value)
        self._highs.changeColCost(column, -worth)


def pairs_met(model: Model, panels: Mapping[int, list[int]]) -> Counter[Pair]:
    """On how many of the panels two assessors meet, a kept member and a new one included, two kept ones not."""
    place = {one.id: at for at, one in enumerate(model.assessors)}
    meetings: Counter[Pair] = Counter()
    for panel, new in panels.items():
        kept = [place[name] for name in model.nominations[panel].seated]
        meetings.update((min(pair), max(pair)) for pair in combinations(new, 2))
        meetings.update((min(a, b), max(a, b)) for a in new for b in kept)
    return meetings


def grouped(group_of: Ints, groups: int) -> list[Ints]:
    """For each group, the positions that belong to it, ascending."""
    if not groups:
        return []
    order = np.argsort(group_of, kind="stable")
    ends = np.cumsum(np.bincount(group_of, minlength=groups))
    return [order[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]

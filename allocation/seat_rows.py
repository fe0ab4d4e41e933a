"""The model, or some panels of it, as columns and rows of a programme for HiGHS.

Columns: x (an arc is taken), y (a panel sits in a week), z (an assessor's next assessment, dearer each time),
m (a panel is mixed). The rule on pairs has no rows here: those are added where an answer breaks it.
"""

from collections import defaultdict
from dataclasses import dataclass, field

import highspy
import numpy as np
from numpy.typing import NDArray

from allocation.around import Around, nobody_around
from allocation.model import Ints, Model

Floats = NDArray[np.float64]


@dataclass(eq=False)
class Rows:
    """Rows gathered before they are given to HiGHS."""

    columns: list[Ints] = field(default_factory=list)
    values: list[Floats] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)

    def add(self, columns: Ints, values: Floats, lower: float, upper: float) -> None:
        """Adds a row."""
        self.columns.append(columns)
        self.values.append(values)
        self.lower.append(lower)
        self.upper.append(upper)


class SeatRows:
    """Columns and rows of a programme for some panels and some arcs of a model.

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

    Attributes:
        panels: Positions of the panels.
        arcs: Positions of the arcs, in the order of their columns.
        panel_of: For each arc the place of its panel among the panels.
        assessor_of: For each arc its assessor.
        whole: Which columns must be whole.
        load_row_of: The row that counts the load of each assessor.
        around: What other panels use.
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
        self.panels = np.arange(len(model.nominations)) if panels is None else panels
        inside = np.zeros(len(model.nominations), dtype=bool)
        inside[self.panels] = True
        self.arcs = np.flatnonzero(inside[model.panel]) if arcs is None else arcs[inside[model.panel[arcs]]]
        self.around = around or nobody_around(model)
        self._position = np.full(len(model.nominations), -1)
        self._position[self.panels] = np.arange(len(self.panels))
        self._rows = Rows()
        self.load_row_of: dict[int, int] = {}
        self._panel_row_of: dict[int, int] = {}
        self._rule_rows_of = defaultdict[int, list[tuple[int, int]]](list)
        self._floor_row_of: dict[int, int] = {}
        self._optional = optional
        self._one_week = model.weeks == 1 and not optional  # Then every panel sits, and no row need say so.
        self._build(floor, prices)
        if taken is not None:
            self._lower[: len(self.arcs)][self.arcs == taken] = 1.0
        if shut is not None:
            self._upper[: len(self.arcs)][self.arcs == shut] = 0.0

    def _build(self, floor: int | None, prices: Floats | None) -> None:
        model, arcs, panels = self._model, self.arcs, self.panels
        first_y = len(arcs)
        first_z = first_y + len(panels) * model.weeks
        self.panel_of = self._position[model.panel[arcs]]
        self._row_of = self.panel_of * model.weeks + model.week[arcs]
        self.assessor_of = model.assessor[arcs]
        fits = model.fit[arcs].astype(float)
        if prices is not None:
            fits = fits - prices[self.assessor_of]
        steps_of, steps, owed = self._steps(free=prices is not None)
        step_costs = model.step_cost(steps_of, steps).astype(float) * (prices is None)
        owing = self._owing(free=prices is not None)
        worth = model.rules.weights.mixed if model.rules.mixed_properties else 0
        mixed = len(panels) if worth else 0
        seat_worth = np.zeros(len(panels) * model.weeks)
        if self._optional:
            # One panel more outweighs whatever all the points of all panels together could say.
            most = float(np.abs(fits).max(initial=0.0)) * int(model.missing.max(initial=0)) + worth
            seat_worth += (most + float(step_costs.sum())) * (len(panels) + 1) + 1.0
        self._worth = np.concatenate(
            [fits, seat_worth, -step_costs, np.full(mixed, float(worth)), np.zeros(len(owing))]
        )
        lower = np.concatenate([np.zeros(first_z), owed, np.zeros(mixed + len(owing))])
        self._lower, self._upper = lower, np.ones(len(lower))
        if self._one_week:
            self._lower[first_y:first_z] = 1.0
        apart = np.zeros(len(steps_of) + mixed, dtype=bool)
        self.whole = np.concatenate([np.ones(first_z, dtype=bool), apart, np.ones(len(owing), dtype=bool)])
        self._panel_rows(first_y)
        self._composition_rows(first_y)
        self._load_rows(first_z, steps_of)
        self._pinned_rows(first_y)
        if floor is not None:
            self._floor_rows(first_y, floor)
        if mixed:
            self._mixed_rows(first_z + len(steps_of))
        self._owed_rows(first_y, first_z + len(apart), owing)

    def _steps(self, *, free: bool) -> tuple[Ints, Ints, Floats]:
        """Each assessor's possible further assessments, and which of them are owed."""
        model = self._model
        loads = model.load + self.around.loads
        room = np.maximum(model.room - self.around.loads, 0)
        wanted = np.minimum(room, np.bincount(self.assessor_of, minlength=len(room)))
        steps_of = np.repeat(np.arange(len(wanted)), wanted)
        offset = np.arange(len(steps_of)) - np.repeat(np.cumsum(wanted) - wanted, wanted)
        owed = np.zeros(len(steps_of))
        if not free and not self._optional:
            owed = (offset < np.maximum(model.owed - self.around.loads, 0)[steps_of]).astype(float)
        return steps_of, loads[steps_of] + offset + 1, owed

    def _owing(self, *, free: bool) -> Ints:
        """Assessors who are owed assessments where panels may be left out."""
        if free or not self._optional:
            return np.zeros(0, dtype=np.int64)
        return np.flatnonzero(self._model.owed > self.around.loads)

    def _owed_rows(self, first_y: int, first_b: int, owing: Ints) -> None:
        """Whoever is owed assessments gets them, or sits on every panel that is staffed and that they may sit on."""
        model = self._model
        for at, who in enumerate(owing.tolist()):
            mine = np.flatnonzero(self.assessor_of == who)
            panels = np.unique(self.panel_of[mine])
            sits = (first_y + panels[:, None] * model.weeks + np.arange(model.weeks)).ravel()
            ones, enough = np.ones(len(mine)), float(model.owed[who] - self.around.loads[who])
            self._rows.add(np.append(mine, first_b + at), np.append(ones, -enough), 0.0, np.inf)
            columns = np.concatenate([mine, sits, [first_b + at]])
            values = np.concatenate([ones, -np.ones(len(sits)), [float(len(panels))]])
            self._rows.add(columns, values, 0.0, np.inf)

    def _panel_rows(self, first_y: int) -> None:
        model = self._model
        for row, mine in enumerate(grouped(self._row_of, len(self.panels) * model.weeks)):
            panel = self.panels[row // model.weeks]
            seats = -float(model.missing[panel])
            self._panel_row_of[row] = len(self._rows.lower)
            self._rows.add(np.append(mine, first_y + row), np.append(np.ones(len(mine)), seats), 0.0, 0.0)
            # Nobody sits in a week in which the panel does not: this makes the relaxation far tighter.
            for arc in mine if model.weeks > 1 and seats < -1 else ():
                self._rows.add(np.array([arc, first_y + row]), np.array([1.0, -1.0]), -np.inf, 0.0)
        for at in range(0 if self._one_week else len(self.panels)):
            sits = first_y + at * model.weeks + np.arange(model.weeks)
            self._rows.add(sits, np.ones(model.weeks), 0.0 if self._optional else 1.0, 1.0)

    def _composition_rows(self, first_y: int) -> None:
        model = self._model
        by_row = grouped(self._row_of, len(self.panels) * model.weeks)
        for rule in range(len(model.lowest)):
            counted = model.counts[self.assessor_of, rule]
            for row, mine in enumerate(by_row):
                panel = self.panels[row // model.weeks]
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
        for at, mine in enumerate(grouped(self.assessor_of, assessors)):
            if len(mine) or len(steps[at]):
                columns = np.concatenate([mine, first_z + steps[at]])
                values = np.concatenate([np.ones(len(mine)), -np.ones(len(steps[at]))])
                self.load_row_of[at] = len(self._rows.lower)
                self._rows.add(columns, values, 0.0, 0.0)
        if model.week_most is not None:
            cells = self.assessor_of * model.weeks + model.week[self.arcs]
            for cell, mine in enumerate(grouped(cells, assessors * model.weeks)):
                used = int(self.around.in_weeks[cell // model.weeks, cell % model.weeks])
                if len(mine) > model.week_most - used:
                    self._rows.add(mine, np.ones(len(mine)), 0.0, float(max(model.week_most - used, 0)))

    def _pinned_rows(self, first_y: int) -> None:
        """A pinned assessor sits in whichever week the panel sits, which is none in which they cannot."""
        model, weeks = self._model, np.arange(self._model.weeks)
        for arc in np.flatnonzero(model.pinned[self.arcs]):
            columns = np.array([arc, first_y + self._row_of[arc]])
            self._rows.add(columns, np.array([1.0, -1.0]), 0.0, 0.0)
        inside = np.flatnonzero(model.pinned & (self._position[model.panel] >= 0))
        for panel, who in np.unique(np.stack([model.panel[inside], model.assessor[inside]], axis=1), axis=0):
            place = self._position[panel]
            offered = self._row_of[(self.panel_of == place) & (self.assessor_of == who)] - place * model.weeks
            never = first_y + place * model.weeks + np.setdiff1d(weeks, offered)
            for sits in never:
                self._rows.add(np.array([sits]), np.ones(1), 0.0, 0.0)

    def _floor_rows(self, first_y: int, floor: int) -> None:
        model = self._model
        for at, mine in enumerate(grouped(self.panel_of, len(self.panels))):
            sits = first_y + at * model.weeks + np.arange(model.weeks)
            values = np.concatenate([model.fit[self.arcs[mine]], np.full(model.weeks, -float(floor))])
            self._floor_row_of[at] = len(self._rows.lower)
            self._rows.add(np.concatenate([mine, sits]), values, 0.0, np.inf)

    def _mixed_rows(self, first_m: int) -> None:
        model, wanted = self._model, self._model.rules.mixed_properties
        has = np.array([not wanted.isdisjoint(one.properties) for one in model.assessors], dtype=bool)
        place = {one.id: at for at, one in enumerate(model.assessors)}
        for at, mine in enumerate(grouped(self.panel_of, len(self.panels))):
            kept = [bool(has[place[name]]) for name in model.nominations[self.panels[at]].seated]
            for kind in (True, False):
                if kind not in kept:
                    who = mine[has[self.assessor_of[mine]] == kind]
                    self._rows.add(np.append(who, first_m + at), np.append(np.ones(len(who)), -1.0), 0.0, np.inf)

    @property
    def count(self) -> int:
        """How many rows there are, those on pairs aside."""
        return len(self._rows.lower)

    def highest(self, column: int) -> float:
        """The highest value of a column."""
        return float(self._upper[column])

    def floor_rows(self) -> Ints:
        """The rows that hold the floor."""
        return np.array([self._floor_row_of[at] for at in range(len(self._floor_row_of))], dtype=np.int32)

    def entries(self, at: int) -> dict[int, float]:
        """The rows in which a column of an arc stands, those on pairs aside, and its values there."""
        model, row = self._model, int(self._row_of[at])
        who, fit = int(self.assessor_of[at]), float(model.fit[self.arcs[at]])
        found = {self._panel_row_of[row]: 1.0}
        found |= {index: 1.0 for rule, index in self._rule_rows_of[row] if model.counts[who, rule]}
        if who in self.load_row_of:
            found[self.load_row_of[who]] = 1.0
        if self._floor_row_of:
            found[self._floor_row_of[int(self.panel_of[at])]] = fit
        return found

    def put(self, at: int, panel: int, who: int) -> None:
        """Has the column of an arc stand for another panel and assessor, whose arc the model now holds there."""
        self.panel_of[at], self.assessor_of[at] = self._position[panel], who
        self._row_of[at] = self.panel_of[at] * self._model.weeks

    def standing(self, taken: Ints) -> highspy.HighsBasis:
        """The basis of an answer for all panels: what it takes stands at its upper limit, and every row is slack."""
        model, at = self._model, highspy.HighsBasisStatus
        mine = np.flatnonzero(np.isin(self.arcs, taken))
        first_y = len(self.arcs)
        first_z = first_y + len(self.panels) * model.weeks
        steps_of, _, _ = self._steps(free=False)
        first_step = np.searchsorted(steps_of, steps_of)
        loads = np.bincount(self.assessor_of[mine], minlength=len(model.assessors))
        used = np.flatnonzero(np.arange(len(steps_of)) - first_step < loads[steps_of])
        columns = [at.kLower] * len(self._worth)
        for column in np.concatenate([mine, first_y + np.unique(self._row_of[mine]), first_z + used]).tolist():
            columns[column] = at.kUpper
        basis = highspy.HighsBasis()
        basis.col_status, basis.row_status, basis.valid = columns, [at.kBasic] * self.count, True
        return basis

    def programme(self, seconds: float) -> highspy.Highs:
        """The programme for HiGHS, not solved yet and without whole numbers; with the time it may take."""
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


def grouped(group_of: Ints, groups: int) -> list[Ints]:
    """For each group, the positions that belong to it, ascending."""
    if not groups:
        return []
    order = np.argsort(group_of, kind="stable")
    ends = np.cumsum(np.bincount(group_of, minlength=groups))
    return [order[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]

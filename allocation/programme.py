"""The allocation as an integer programme, solved by HiGHS.

Columns: x (an assessor takes a seat), y (a panel is staffed), z (an assessor's next assessment, dearer each time).
Without overlapping composition rules the matrix with every y fixed is that of a network flow, so its linear
relaxation has a whole optimum; HiGHS settles the rest by branch and bound.
"""

from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray

from allocation.cost import load_step_cost, tie_break
from allocation.problem import AllocationProblem, AssessorSupply, NominationDemand

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Arc:
    """An assessor who may take a seat of a panel.

    Attributes:
        panel: Position of the nomination among the panels to staff.
        assessor: Position of the assessor.
        cost: Points for the pair, without load.
    """

    panel: int
    assessor: int
    cost: int


@dataclass(frozen=True)
class Solution:
    """What HiGHS found.

    Attributes:
        staffed: For each panel, whether it is staffed.
        chosen: Positions of the arcs taken.
        bound: Proved lower bound of the objective asked for, in its unit.
        proved: Whether the solution meets that bound.
    """

    staffed: tuple[bool, ...]
    chosen: tuple[int, ...]
    bound: float
    proved: bool


@dataclass(frozen=True)
class Relaxation:
    """What the linear relaxation with every panel staffed says.

    Attributes:
        possible: False when it proves that not every panel can be staffed.
        solution: The cheapest answer, when the relaxation's own is whole; else None.
    """

    possible: bool
    solution: Solution | None


@dataclass(frozen=True)
class _Run:
    """One run of HiGHS; `values` is None without a feasible point."""

    values: Floats | None
    bound: float
    optimal: bool
    infeasible: bool


class Programme:
    """The panels to staff, as columns and rows; built once, solved with one or another objective."""

    def __init__(
        self,
        problem: AllocationProblem,
        panels: tuple[NominationDemand, ...],
        assessors: tuple[AssessorSupply, ...],
        arcs: tuple[Arc, ...],
    ) -> None:
        self._problem = problem
        self._panels = panels
        self._assessors = assessors
        self._panel_of = np.array([arc.panel for arc in arcs], dtype=np.int64)
        self._assessor_of = np.array([arc.assessor for arc in arcs], dtype=np.int64)
        self._arcs = len(arcs)
        self._seats = sum(self._missing(panel) for panel in panels)
        self._rows: list[tuple[Ints, Floats]] = []
        self._lower: list[float] = []
        self._upper: list[float] = []
        self._steps = self._load_steps()
        self._costs = np.concatenate(
            [self._arc_costs(arcs), np.zeros(len(panels)), [cost for _, cost in self._steps]]
        )
        self._add_panel_rows()
        self._add_load_rows()

    def everyone(self, seconds: float) -> Relaxation:
        """The cheapest way to staff every panel, by the linear relaxation alone; see `cheapest` for the cost."""
        run = self._run(self._costs, fewest=len(self._panels), seconds=seconds, whole=False)
        if run.infeasible:
            return Relaxation(possible=False, solution=None)
        if not run.optimal or run.values is None:
            return Relaxation(possible=True, solution=None)
        taken = run.values[: self._arcs]
        whole = bool(np.all(np.abs(taken - np.round(taken)) < 1e-6))
        return Relaxation(possible=True, solution=self._solution(run) if whole else None)

    def most_panels(self, seconds: float) -> Solution:
        """As many staffed panels as the rules allow; the bound is minus their number.

        Taking nobody is always allowed, so there is always a solution.
        """
        objective = np.zeros(len(self._costs))
        objective[self._arcs : self._arcs + len(self._panels)] = -1.0
        nobody = Solution((False,) * len(self._panels), (), -float(len(self._panels)), proved=False)
        return self._solution(self._run(objective, fewest=0, seconds=seconds)) or nobody

    def cheapest(self, fewest: int, seconds: float) -> Solution | None:
        """The cheapest answer with at least so many panels staffed, or None when none was found.

        The objective is whole points plus tie-breaks that together stay below one point, so the whole points
        are least first and the seed chooses only among equals.
        """
        return self._solution(self._run(self._costs, fewest=fewest, seconds=seconds))

    def _missing(self, panel: NominationDemand) -> int:
        size = self._problem.rules.size if panel.seats is None else panel.seats
        return size - len(panel.seated)

    def _arc_costs(self, arcs: tuple[Arc, ...]) -> Floats:
        seed = self._problem.rules.seed
        ties = [tie_break(seed, self._panels[arc.panel].id, self._assessors[arc.assessor].id) for arc in arcs]
        return np.array([arc.cost for arc in arcs], dtype=float) + np.array(ties) / (self._seats + 1)

    def _load_steps(self) -> list[tuple[int, int]]:
        weights = self._problem.rules.weights
        wanted = np.bincount(self._assessor_of, minlength=len(self._assessors))
        return [
            (place, load_step_cost(load, assessor.capacity, weights))
            for place, assessor in enumerate(self._assessors)
            for load in range(assessor.load + 1, min(assessor.capacity, assessor.load + int(wanted[place])) + 1)
        ]

    def _add_row(self, columns: Ints, values: Floats, lower: float, upper: float) -> None:
        self._rows.append((columns, values))
        self._lower.append(lower)
        self._upper.append(upper)

    def _add_panel_rows(self) -> None:
        role_of = {assessor.id: assessor.role for assessor in self._assessors}
        roles = np.array([assessor.role for assessor in self._assessors])
        by_panel = _positions(self._panel_of, len(self._panels))
        for place, panel in enumerate(self._panels):
            mine = by_panel[place]
            staffed = self._arcs + place
            self._add_row(*_less(mine, staffed, self._missing(panel)), 0.0, 0.0)
            for rule in self._problem.rules.composition:
                held = sum(role_of[seated] in rule.roles for seated in panel.seated)
                counted = mine[np.isin(roles[self._assessor_of[mine]], sorted(rule.roles))]
                if rule.at_least > held:
                    self._add_row(*_less(counted, staffed, rule.at_least - held), 0.0, highspy.kHighsInf)
                if rule.at_most is not None:
                    self._add_row(counted, np.ones(len(counted)), 0.0, float(rule.at_most - held))

    def _add_load_rows(self) -> None:
        first_step = self._arcs + len(self._panels)
        steps = _positions(np.array([place for place, _ in self._steps], dtype=np.int64), len(self._assessors))
        for place, mine in enumerate(_positions(self._assessor_of, len(self._assessors))):
            if len(mine):
                columns = np.concatenate([mine, first_step + steps[place]])
                values = np.concatenate([np.ones(len(mine)), -np.ones(len(steps[place]))])
                self._add_row(columns, values, 0.0, 0.0)

    def _run(self, objective: Floats, fewest: int, seconds: float, *, whole: bool = True) -> _Run:
        highs = _quiet_highs(seconds)
        highs.setOptionValue("solve_relaxation", not whole)
        highs.passModel(self._model(objective, fewest))
        highs.run()
        status, found = highs.getModelStatus(), highs.getInfo()
        feasible = found.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        return _Run(
            values=np.asarray(highs.getSolution().col_value) if feasible else None,
            bound=float(found.mip_dual_bound if whole else found.objective_function_value),
            optimal=status == highspy.HighsModelStatus.kOptimal,
            infeasible=status == highspy.HighsModelStatus.kInfeasible,
        )

    def _solution(self, run: _Run) -> Solution | None:
        if run.values is None:
            return None
        taken, staffed = np.split(run.values[: self._arcs + len(self._panels)] > 0.5, [self._arcs])
        return Solution(
            staffed=tuple(bool(is_staffed) for is_staffed in staffed),
            chosen=tuple(int(arc) for arc in np.flatnonzero(taken)),
            bound=run.bound,
            proved=run.optimal,
        )

    def _model(self, objective: Floats, fewest: int) -> highspy.HighsLp:
        panels, columns = len(self._panels), len(objective)
        staffed = np.arange(self._arcs, self._arcs + panels)
        rows = [*self._rows, (staffed, np.ones(panels))]
        whole = highspy.HighsVarType.kInteger
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = columns, len(rows)
        model.col_cost_ = objective
        lower = np.zeros(columns)
        if fewest == panels:
            lower[staffed] = 1.0
        model.col_lower_, model.col_upper_ = lower, np.ones(columns)
        model.row_lower_ = np.array([*self._lower, float(fewest)])
        model.row_upper_ = np.array([*self._upper, float(panels)])
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.cumsum([0, *(len(columns) for columns, _ in rows)])
        model.a_matrix_.index_ = np.concatenate([columns for columns, _ in rows])
        model.a_matrix_.value_ = np.concatenate([values for _, values in rows])
        # The load steps need not be whole columns: they are whole in a cheapest answer, being ever dearer.
        free = [highspy.HighsVarType.kContinuous] * len(self._steps)
        model.integrality_ = [whole] * (self._arcs + panels) + free
        return model


def _quiet_highs(seconds: float) -> highspy.Highs:
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    # The number of threads is global to the process: a second value would end every later solve unsolved.
    highs.setOptionValue("threads", 1)
    highs.setOptionValue("mip_rel_gap", 0.0)
    highs.setOptionValue("mip_abs_gap", 1e-6)
    highs.setOptionValue("time_limit", seconds)
    return highs


def _positions(group_of: Ints, groups: int) -> list[Ints]:
    """For each group, the positions that belong to it, ascending."""
    order = np.argsort(group_of, kind="stable")
    ends = np.cumsum(np.bincount(group_of, minlength=groups))
    return [order[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def _less(columns: Ints, other: int, times: int) -> tuple[Ints, Floats]:
    """The row: the sum of the columns less a multiple of another column."""
    return np.append(columns, other), np.append(np.ones(len(columns)), -float(times))

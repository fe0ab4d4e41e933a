"""The model, or some panels of it, solved by HiGHS: relaxed, and to the end by branch and bound."""

from dataclasses import dataclass
from time import perf_counter

import highspy
import numpy as np

from allocation.around import Around
from allocation.model import Ints, Model
from allocation.pair_rows import PairRows
from allocation.relaxation import Relaxation
from allocation.seat_rows import Floats, SeatRows
from allocation.warm import Warm

__all__ = ["Around", "Floats", "Seated", "Seating"]

_TINY = 1e-6
_DUAL, _PRIMAL = 1, 4  # Simplex methods, as HiGHS numbers them.
_CUTS = 40  # Rounds of rows for pairs; what is left is counted in branch and bound.
_LONGER = 1.5  # A round of rows may take so many times as long as the one before.


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
        self._seats = SeatRows(
            model,
            panels=panels,
            arcs=arcs,
            around=around,
            floor=floor,
            optional=optional,
            prices=prices,
            taken=taken,
            shut=shut,
        )
        self._pairs = PairRows(model, self._seats)

    def relaxed(self, seconds: float = 60.0, *, cuts: int = _CUTS, anew: bool = False) -> Relaxation | None:
        """The programme without the demand for whole numbers; None when even that is impossible.

        Args:
            seconds: Time allowed.
            cuts: How many times rows for pairs are added at most; pairs may then still meet too often.
            anew: Whether each round begins anew, which beyond some hundred thousand columns is quicker than to go on.
        """
        return self._relaxation(self._seats.programme(seconds), cuts, perf_counter() + seconds, anew=anew)

    def warm(self, standing: Ints | None = None) -> Warm:
        """The programme without whole numbers, solved and kept ready for questions.

        Args:
            standing: Arcs of a good answer, from which the solver begins: where very many answers are nearly alike,
                that takes a twentieth of the time.
        """
        highs, steps = self._seats.programme(60.0), 0
        if standing is not None and len(standing):
            highs.setBasis(self._seats.standing(standing))
            # The answer keeps every row, so that it is bettered step by step, which the dual method does not do.
            highs.setOptionValue("simplex_strategy", _PRIMAL)
            highs.run()
            highs.setOptionValue("simplex_strategy", _DUAL)
            steps = int(highs.getInfo().simplex_iteration_count)
        return Warm(self._seats, highs, self._relaxation, steps)

    def _relaxation(
        self, highs: highspy.Highs, most: int = _CUTS, deadline: float = np.inf, *, anew: bool = False
    ) -> Relaxation | None:
        base, begun = self._seats.count, perf_counter()
        highs.run()
        rounds = 0
        while rounds < most and highs.getModelStatus() == highspy.HighsModelStatus.kOptimal:
            # A round that will not end in time would leave nothing proved.
            if perf_counter() + _LONGER * (perf_counter() - begun) > deadline or not self._pairs.cut(highs):
                break
            if anew:
                highs.clearSolver()
            rounds, begun = rounds + 1, perf_counter()
            highs.run()
        status = highs.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            return None
        solution = highs.getSolution()
        values = np.asarray(solution.col_value)
        shares = values[: len(self._seats.arcs)]
        duals = -np.asarray(solution.row_dual)
        prices = np.zeros(len(self._model.assessors))
        for who, row in self._seats.load_row_of.items():
            prices[who] = duals[row]
        charges = self._pairs.charges(duals[base:])
        # A search that was stopped has proved nothing.
        proved = status == highspy.HighsModelStatus.kOptimal
        bound = -float(highs.getInfo().objective_function_value) if proved else np.inf
        some = shares > _TINY
        losses = np.asarray(solution.col_dual)[: len(self._seats.arcs)]
        decided = values[: len(self._seats.whole)][self._seats.whole]
        whole = bool(proved and np.all(np.minimum(decided, 1 - decided) < _TINY))
        if whole and (rounds == most or self._model.weeks > 1 or self._model.rules.weights.repeat):
            whole = not self._pairs.too_often(np.flatnonzero(shares > 0.5))
        return Relaxation(
            bound, prices, self._seats.arcs[some], shares[some], self._seats.arcs, losses, whole, charges
        )

    def solved(self, seconds: float = 60.0, gap: float = 0.0, start: Ints | None = None) -> Seated:
        """The best answer that keeps every rule, pairs included.

        Args:
            seconds: Time allowed.
            gap: Share of the total at which the search may end.
            start: Arcs of a sound answer, from which branch and bound may begin.
        """
        deadline = perf_counter() + seconds
        highs = self._seats.programme(seconds)
        bound = np.inf
        if self._model.weeks == 1:  # Over several weeks the relaxation is far from whole, and would cost time only.
            relaxed = self._relaxation(highs)
            if relaxed is None:
                return Seated(None, -np.inf, proved=True)
            if relaxed.whole:
                return Seated(np.sort(relaxed.arcs), relaxed.bound, proved=True)
            bound = relaxed.bound
        columns = np.flatnonzero(self._seats.whole).astype(np.int32)
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
            taken = np.flatnonzero(np.asarray(highs.getSolution().col_value)[: len(self._seats.arcs)] > 0.5)
            bound = min(bound, -float(result.mip_dual_bound))
            over = self._pairs.too_often(taken)
            if not over:
                return Seated(self._seats.arcs[taken], bound, status == highspy.HighsModelStatus.kOptimal)
            if perf_counter() > deadline:
                return Seated(None, bound, proved=False)
            for pair in over:
                self._pairs.watch(highs, pair)

    def _suggest(self, highs: highspy.Highs, start: Ints) -> None:
        given = np.flatnonzero(np.isin(self._seats.arcs, start)).astype(np.int32)
        highs.setSolution(len(given), given, np.ones(len(given)))

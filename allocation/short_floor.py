"""The highest floor where seats or least loads stay short: fewest missing first, then the floor, then the total.

Which seats stay empty is open, so the programme of `transport.py` gets whole numbers, a column z for the floor and a
row that allows no more shortage than is needed:

    maximise    z, and then the sum of s[p, r] x[p, r] at that z
    such that   the fits of each item's panel sum to at least z
                seats and least loads lack no more than the fewest that must
"""

from dataclasses import dataclass

import highspy
import numpy as np

from allocation.transport import Floats, Terms, quiet_highs

_SLACK = 1e-7


@dataclass(frozen=True, eq=False)
class Lifted:
    """An answer as short as must be, and what no such answer exceeds: its floor, and its total at that floor."""

    taken: Floats
    floor_bound: float
    total_bound: float


def lifted(terms: Terms, taken: Floats, seconds: float) -> Lifted:
    """Lifts the floor of an answer that is as short as must be and has the best total of all so short.

    Args:
        terms: What is asked.
        taken: The answer, in 0 and 1.
        seconds: Time allowed to each of two searches; what is found by then stands, with its bounds.
    """
    programme = _Programme(terms, taken)
    floor_bound = programme.lift(seconds)
    most = float((np.nan_to_num(terms.fits) * taken).sum())
    total_bound = programme.fill(seconds)
    return Lifted(programme.taken, floor_bound, min(total_bound, most))


class _Programme:
    """The programme in HiGHS, begun from an answer; each search begins from the one before."""

    def __init__(self, terms: Terms, taken: Floats) -> None:
        self._fits, self._terms, self.taken = np.nan_to_num(terms.fits), terms, taken
        self._item_of, self._assessor_of = np.nonzero(terms.allowed)
        self._costs = -terms.fits[self._item_of, self._assessor_of]
        self._highs = quiet_highs()
        for option, value in (("presolve", "on"), ("mip_rel_gap", 0.0), ("mip_abs_gap", _SLACK)):
            self._highs.setOptionValue(option, value)
        self._highs.passModel(self._model())
        self._z = self._highs.getNumCol() - 1

    def lift(self, seconds: float) -> float:
        """Finds the highest floor; says what it cannot exceed."""
        return -self._run(seconds)

    def fill(self, seconds: float) -> float:
        """Finds the best total at the floor reached; says what it cannot exceed."""
        pairs = len(self._costs)
        self._highs.changeColsCost(pairs, np.arange(pairs, dtype=np.int32), self._costs)
        self._highs.changeColCost(self._z, 0.0)
        self._highs.changeColBounds(self._z, self._floor() - _SLACK, np.inf)
        return -self._run(seconds)

    def _floor(self) -> float:
        return float((self._fits * self.taken).sum(axis=1).min())

    def _missing(self) -> tuple[Floats, Floats]:
        short = self._terms.demand - self.taken.sum(axis=1)
        return short, np.maximum(self._terms.least - self.taken.sum(axis=0), 0.0)

    def _run(self, seconds: float) -> float:
        start = highspy.HighsSolution()
        pairs = self.taken[self._item_of, self._assessor_of]
        start.col_value = np.concatenate([pairs, *self._missing(), [self._floor()]]).tolist()
        self._highs.setSolution(start)
        self._highs.setOptionValue("time_limit", self._highs.getRunTime() + seconds)
        self._highs.run()
        result = self._highs.getInfo()
        if result.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
            values = np.asarray(self._highs.getSolution().col_value)[: len(pairs)]
            self.taken = np.zeros_like(self._fits)
            self.taken[self._item_of, self._assessor_of] = np.round(values)
        return float(result.mip_dual_bound)

    def _model(self) -> highspy.HighsLp:
        terms, (items, assessors), pairs = self._terms, self._fits.shape, len(self._costs)
        fewest = float(sum(part.sum() for part in self._missing()))
        model, infinite = highspy.HighsLp(), np.full(items, np.inf)
        columns, last = pairs + items + assessors + 1, 2 * items + assessors
        model.num_col_, model.num_row_ = columns, last + 1
        model.col_cost_ = np.append(np.zeros(columns - 1), -1.0)
        model.col_lower_ = np.append(np.zeros(columns - 1), self._floor())
        spaces = terms.spaces[self._item_of, self._assessor_of].astype(float)
        model.col_upper_ = np.concatenate([spaces, infinite, np.full(assessors + 1, np.inf)])
        seats = np.full(items, float(terms.demand))
        model.row_lower_ = np.concatenate([seats, terms.least.astype(float), np.zeros(items), [-np.inf]])
        model.row_upper_ = np.concatenate([seats, terms.most.astype(float), infinite, [fewest]])
        rows = np.stack([self._item_of, items + self._assessor_of, items + assessors + self._item_of], axis=1)
        ones, slacks = np.ones(pairs), np.arange(items + assessors)
        of_slacks = np.stack([slacks, np.full(items + assessors, last)], axis=1)
        starts = np.cumsum([0] + [3] * pairs + [2] * len(slacks) + [items])
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = starts
        model.a_matrix_.index_ = np.concatenate([rows.ravel(), of_slacks.ravel(), np.arange(items + assessors, last)])
        values = np.stack([ones, ones, -self._costs], axis=1)
        model.a_matrix_.value_ = np.concatenate([values.ravel(), np.ones(2 * len(slacks)), np.full(items, -1.0)])
        model.integrality_ = [highspy.HighsVarType.kInteger] * pairs + [highspy.HighsVarType.kContinuous] * (
            columns - pairs
        )
        return model

"""A relaxation that is kept solved, and answers what forcing a seat would do."""

from collections.abc import Callable

import highspy
import numpy as np

from allocation.relaxation import Relaxation
from allocation.seat_rows import SeatRows

_PERTURBED = "dual_simplex_cost_perturbation_multiplier"


class Warm:
    """A solved programme that answers what forcing a seat would do, each time from where its first answer stands."""

    def __init__(
        self,
        seats: SeatRows,
        highs: highspy.Highs,
        solve: Callable[[highspy.Highs], Relaxation | None],
        steps: int = 0,
    ) -> None:
        self._seats, self._highs, self._solve = seats, highs, solve
        self._column = {int(arc): at for at, arc in enumerate(seats.arcs)}
        self._entries: dict[int, float] = {}
        self.first = solve(highs)
        self.steps = steps + int(highs.getInfo().simplex_iteration_count)
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
        column, rows = self._column[arc], self._seats.floor_rows()
        upper = self._seats.highest(column)
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
        for row in self._entries or self._seats.entries(column):
            self._highs.changeCoeff(row, column, 0.0)
        self._seats.put(column, panel, who)
        self._entries = self._seats.entries(column)
        for row, value in self._entries.items():
            self._highs.changeCoeff(row, column, value)
        self._highs.changeColCost(column, -worth)

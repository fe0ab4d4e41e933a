"""Branch and bound over the columns of a linear programme that is solved already, each node from the one before.

Where the best whole answer lies just below the relaxation, few columns can be in it, and few nodes settle which. A
node's reduced costs fix every other column that would bring the total below what is looked for.
"""

from collections.abc import Callable
from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_TINY = 1e-7

Limits = tuple[Floats, Floats]
"""The lowest and highest values of the columns."""
Split = Callable[[Floats, Limits], tuple[Limits, Limits]]
"""From values that are not whole, two sets of limits that part them and leave out no whole answer."""


@dataclass(frozen=True, eq=False)
class Searched:
    """What a search found.

    Attributes:
        values: The best whole values above the total that was to be beaten; None when there are none.
        total: What they are worth.
        ended: Whether every node was looked at: then nothing is better, or nothing beats that total.
    """

    values: Floats | None
    total: float
    ended: bool


class Branching:
    """Looks for whole values of the columns behind `first`; costs are to be minimised, totals are their opposite.

    Args:
        highs: The programme, solved without whole numbers.
        first: The first column that must be whole; all behind it must be.
        split: How a node is parted in two; the first is looked at first.
    """

    def __init__(self, highs: highspy.Highs, first: int, split: Split) -> None:
        self._highs, self._first, self._split = highs, first, split
        count = int(highs.getNumCol()) - first
        self._columns = np.arange(first, first + count, dtype=np.int32)

    def best(self, limits: Limits, beat: float, nodes: int, *, any_one: bool = False) -> Searched:
        """The best whole values within limits that are worth more than `beat`, in at most so many nodes.

        Args:
            limits: The limits of the columns.
            beat: The total to be beaten.
            nodes: How many nodes are solved at most.
            any_one: Whether the first whole values will do.
        """
        waiting, seen = [limits], 0
        values: Floats | None = None
        while waiting and seen < nodes and not (any_one and values is not None):
            lower, upper = waiting.pop()
            seen += 1
            self._highs.changeColsBounds(len(self._columns), self._columns, lower, upper)
            self._highs.run()
            if self._highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
                continue
            total = -float(self._highs.getInfo().objective_function_value)
            slack = total - beat
            if slack <= _TINY:
                continue
            solution = self._highs.getSolution()
            shares = np.asarray(solution.col_value)[self._first :]
            near = np.round(shares)
            if np.all(np.abs(shares - near) < 1e-6):
                values, beat = near, total
                continue
            # A column whose reduced cost exceeds the slack stays where it is in every answer that beats the best.
            fixed = np.abs(np.asarray(solution.col_dual)[self._first :]) > slack
            narrow = np.where(fixed, near, lower), np.where(fixed, near, upper)
            likely, other = self._split(shares, narrow)
            waiting += [other, likely]
        return Searched(values, beat, not waiting)

    def close(self, limits: Limits) -> None:
        """Gives the columns their limits back."""
        self._highs.changeColsBounds(len(self._columns), self._columns, *limits)


def split_most_open(shares: Floats, limits: Limits) -> tuple[Limits, Limits]:
    """Parts at the column that is farthest from whole, upwards first."""
    lower, upper = limits
    at = int(np.argmax(np.abs(shares - np.round(shares))))
    raised, lowered = lower.copy(), upper.copy()
    raised[at], lowered[at] = np.ceil(shares[at]), np.floor(shares[at])
    return (raised, upper), (lower, lowered)

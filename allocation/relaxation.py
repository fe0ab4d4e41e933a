"""What a programme says without the demand for whole numbers."""

from dataclasses import dataclass

import numpy as np

from allocation.model import Ints
from allocation.seat_rows import Floats


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
        charges: The prices of the rows on pairs.
    """

    bound: float
    prices: Floats
    arcs: Ints
    shares: Floats
    offered: Ints
    losses: Floats
    whole: bool
    charges: "Charges"


@dataclass(frozen=True, eq=False)
class Charges:
    """Prices of the rows on pairs, for whoever prices panels one by one.

    Attributes:
        arcs: Arcs that stand in such rows, by their position in the model; an arc may come several times.
        each: What taking each costs, in points.
        refund: What all allocations together are given back: no allocation that keeps the rule pays more than that.
    """

    arcs: Ints
    each: Floats
    refund: float


def no_charges() -> Charges:
    """No rows on pairs, and nothing to pay."""
    return Charges(np.zeros(0, dtype=np.int64), np.zeros(0), 0.0)

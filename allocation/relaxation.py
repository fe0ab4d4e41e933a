"""What a programme says without the demand for whole numbers."""

from dataclasses import dataclass

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
    """

    bound: float
    prices: Floats
    arcs: Ints
    shares: Floats
    offered: Ints
    losses: Floats
    whole: bool

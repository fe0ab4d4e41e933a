"""Which scores lie far from the others, and how a page says so."""

from collections.abc import Sequence
from math import fsum

_TINY = 1e-9


def furthest(values: Sequence[float], threshold: float) -> tuple[float | None, ...]:
    """For each value its distance from the mean of the others, in points, where it is the furthest; else None.

    Nothing is far while the values lie less than ``threshold`` points apart: the policy's own rule for a flag
    (`scoring.quality`). Values equally far are all marked.
    """
    if len(values) < 2 or max(values) - min(values) < threshold - _TINY:
        return (None,) * len(values)
    total = fsum(values)
    distances = [value - (total - value) / (len(values) - 1) for value in values]
    most = max(abs(distance) for distance in distances)
    return tuple(distance if abs(distance) >= most - _TINY else None for distance in distances)


def far_in_words(distance: float | None) -> str:
    """``4 points below the others``; empty for a value that is not far."""
    if distance is None:
        return ""
    size = f"{abs(distance):.1f}".removesuffix(".0")
    return f"{size} {'point' if size == '1' else 'points'} {'below' if distance < 0 else 'above'} the others"

"""How large the fits of a matrix are: what can be solved exactly, and the power of ten that makes it ordinary.

A solver's tolerances are fixed numbers. Fits far smaller than these would all count as equal, and beside far larger
ones they would be lost to rounding, so that the answer would be wrong without a word.
"""

import math

import numpy as np
from numpy.typing import NDArray

SMALLEST, GREATEST = 1e-15, 1e15
"""The sizes between which a fit that is not 0 must lie: whole numbers above are not told apart by the computer."""
APART = 1e12
"""So many times larger than the smallest fit the largest may be."""

_ORDINARY = (0.1, 1e6)  # Where the largest size lies, nothing is changed,
_FINEST = 1e-6  # unless the smallest is below this.
_DIGITS = 3  # So many powers of ten below 1 the smallest size is let at most.

Floats = NDArray[np.float64]


def finest(fits: Floats) -> float:
    """The smallest size of a fit that is not 0; 1 when there is none."""
    sizes = _sizes(fits)
    return float(sizes.min()) if len(sizes) else 1.0


def spread(fits: Floats) -> float:
    """How many times larger than the smallest fit, 0 aside, the largest is."""
    return float(_sizes(fits).max(initial=0.0)) / finest(fits)


def places(fits: Floats) -> int:
    """How many decimals tell sums of the fits apart: at least 9."""
    return max(9, 3 - math.floor(math.log10(finest(fits))))


def too_far_apart(fits: Floats) -> tuple[int, int, str] | None:
    """The row and column of a fit whose size makes an exact answer impossible, and why; None when all are well."""
    sizes = _sizes(fits)
    if not len(sizes):
        return None
    size = np.abs(np.nan_to_num(fits))
    lowest = np.where(size > 0, size, np.inf)
    small, great = (np.unravel_index(int(at), fits.shape) for at in (np.argmin(lowest), np.argmax(size)))
    if size[great] > GREATEST:
        return int(great[0]), int(great[1]), f"{fits[great]:g} is beyond {GREATEST:g}; use a smaller unit of fit"
    if size[small] < SMALLEST:
        return int(small[0]), int(small[1]), f"{fits[small]:g} is closer to 0 than {SMALLEST:g}; write 0"
    if size[great] > APART * size[small]:
        reason = (
            f"{fits[small]:g} is lost beside {fits[great]:g}, which is more than {APART:g} times as large; "
            "write 0, or fits of more even size"
        )
        return int(small[0]), int(small[1]), reason
    return None


def power_of_ten(fits: Floats) -> int:
    """The power of ten by which fits are multiplied to be solved: 0 for ordinary ones, which stay as they are.

    Else the largest comes to lie between 1 and 10, or higher where the smallest would fall below a thousandth.
    """
    sizes = _sizes(fits)
    if not len(sizes):
        return 0
    low, high = float(sizes.min()), float(sizes.max())
    if _ORDINARY[0] <= high <= _ORDINARY[1] and low >= _FINEST:
        return 0
    return max(-math.floor(math.log10(high)), -_DIGITS - math.floor(math.log10(low)))


def times_ten(fits: Floats, power: int) -> Floats:
    """The fits times a power of ten; divided where it is negative, which rounds less."""
    scaled: Floats = fits * 10.0**power if power >= 0 else fits / 10.0**-power
    return scaled


def _sizes(fits: Floats) -> Floats:
    sizes: Floats = np.abs(fits[~np.isnan(fits) & (fits != 0)])
    return sizes

"""Quantiles of Student's distribution, from the standard library alone."""

from functools import lru_cache
from math import atan, cos, fsum, inf, pi, sin, sqrt
from statistics import NormalDist

_EXACT_UP_TO = 200


@lru_cache(maxsize=256)
def two_sided_quantile(confidence: float, degrees: int) -> float:
    """The t for which a Student variable with ``degrees`` degrees of freedom lies within -t and t.

    ``confidence`` is the probability, above 0 and below 1. Up to 200 degrees the distribution function is exact
    (Abramowitz and Stegun 1964, 26.7.3 and 26.7.4) and inverted by bisection to 1e-10; beyond, the expansion
    26.7.5 is closer than 1e-9.

    Raises:
        ValueError: ``degrees`` is below 1, or ``confidence`` is not between 0 and 1.
    """
    if degrees < 1 or not 0 < confidence < 1:
        raise ValueError("Student's quantile needs at least 1 degree of freedom and a confidence between 0 and 1")
    if degrees > _EXACT_UP_TO:
        return _expanded(confidence, degrees)
    low, high = 0.0, 1.0
    while _within(high, degrees) < confidence and high < inf:
        high *= 2
    while high - low > 1e-10 * max(1.0, high):
        middle = (low + high) / 2
        if _within(middle, degrees) < confidence:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _within(t: float, degrees: int) -> float:
    """The probability that a Student variable lies within -t and t (Abramowitz and Stegun 26.7.3, 26.7.4)."""
    angle = atan(t / sqrt(degrees))
    odd = degrees % 2
    if degrees == 1:
        return 2 * angle / pi
    term = cos(angle) if odd else 1.0
    terms = [term]
    for step in range(3 if odd else 2, degrees - 1, 2):
        term *= cos(angle) ** 2 * (step - 1) / step
        terms.append(term)
    series = sin(angle) * fsum(terms)
    return 2 / pi * (angle + series) if odd else series


def _expanded(confidence: float, degrees: int) -> float:
    """The quantile as an expansion about the normal one (Abramowitz and Stegun 26.7.5)."""
    x = NormalDist().inv_cdf((1 + confidence) / 2)
    first = (x**3 + x) / 4
    second = (5 * x**5 + 16 * x**3 + 3 * x) / 96
    third = (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384
    fourth = (79 * x**9 + 776 * x**7 + 1482 * x**5 - 1920 * x**3 - 945 * x) / 92160
    return x + first / degrees + second / degrees**2 + third / degrees**3 + fourth / degrees**4

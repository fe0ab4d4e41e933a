"""Chance that repeats: a draw depends on the seed and on what is drawn for, never on order or time."""

import hashlib
from collections.abc import Iterable
from statistics import NormalDist

_NORMAL = NormalDist()
_TAIL = 1e-6


def draw(seed: str, *words: str) -> float:
    """A number from 0 up to, not including, 1: the first eight bytes of SHA-256 of the seed and the words."""
    digest = hashlib.sha256("\x1f".join((seed, *words)).encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


def between(low: float, high: float, seed: str, *words: str) -> float:
    """A number from ``low`` up to ``high``, each as likely as the other."""
    return low + (high - low) * draw(seed, *words)


def normal(mean: float, deviation: float, seed: str, *words: str) -> float:
    """A number from the normal distribution with this mean and standard deviation."""
    return mean + deviation * _NORMAL.inv_cdf(min(max(draw(seed, *words), _TAIL), 1 - _TAIL))


def shuffled(among: Iterable[str], seed: str, *words: str) -> list[str]:
    """The references in an order of chance that does not depend on the order they come in."""
    return sorted(set(among), key=lambda one: (draw(seed, *words, one), one))

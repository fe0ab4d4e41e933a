"""Many values looked for in many bytes at once.

A value can stand in a text only if each of its runs of eight bytes does. So the runs of the text are marked in a
table by a hash, as in a Bloom filter (Bloom 1970, "Space/time trade-offs in hash coding with allowable errors"), and
only values all of whose runs are marked are looked for one by one. Four bytes are used for the shortest values.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from proof.values import PersonalValue

_RUN = 8
_SHORT_RUN = 4
_BITS = 22
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: Knuth's multiplicative hashing
_SHIFT = np.uint64(64 - _BITS)

Table = NDArray[np.bool_]
Places = NDArray[np.uint64]


class Sought:
    """Values made ready to be looked for; `standing_in` can be asked any number of times."""

    def __init__(self, values: Sequence[PersonalValue]) -> None:
        pieces = [(piece, value) for value in values for piece in value.pieces() if len(piece) >= _SHORT_RUN]
        self._long = _Pieces([one for one in pieces if len(one[0]) >= _RUN], _RUN)
        self._short = _Pieces([one for one in pieces if len(one[0]) < _RUN], _SHORT_RUN)

    def standing_in(self, text: bytes) -> list[tuple[bytes, PersonalValue]]:
        """The pieces that stand in ``text``, whose ASCII letters must be small, and the values they are of.

        A word is given wherever its letters stand, also within another word.
        """
        candidates = [*self._long.candidates(text), *self._short.candidates(text)]
        return [(piece, value) for piece, value in candidates if piece in text]


class _Pieces:
    """Pieces and where each of their runs is marked."""

    def __init__(self, pieces: Sequence[tuple[bytes, PersonalValue]], run: int) -> None:
        self._pieces = pieces
        self._run = run
        counts = [len(piece) - run + 1 for piece, _ in pieces]
        self._starts = np.cumsum([0, *counts[:-1]]) if counts else np.zeros(0, dtype=np.int64)
        # One text of all pieces would have runs across two of them; they are left out by position.
        joined = b"".join(piece for piece, _ in pieces)
        begins = np.cumsum([0, *(len(piece) for piece, _ in pieces)])
        inside = [np.arange(first, last - run + 1) for first, last in pairwise(begins)]
        hashes = _hashes_in_order(joined, run)
        self._places = hashes[np.concatenate(inside)] if inside else np.zeros(0, dtype=np.uint64)

    def candidates(self, text: bytes) -> Iterator[tuple[bytes, PersonalValue]]:
        if not self._pieces:
            return
        marked = np.logical_and.reduceat(_marks(text, self._run)[self._places], self._starts)
        for index in np.flatnonzero(marked).tolist():
            yield self._pieces[index]


def _marks(text: bytes, run: int) -> Table:
    table: Table = np.zeros(1 << _BITS, dtype=np.bool_)
    for offset in range(run):
        table[_hashes(text, run, offset)] = True
    return table


def _hashes(text: bytes, run: int, offset: int) -> Places:
    """The hash of every run that begins at ``offset`` or a multiple of the run's length after it."""
    count = max(0, len(text) - offset) // run
    if not count:
        return np.zeros(0, dtype=np.uint64)
    runs = np.frombuffer(text, dtype=f"<u{run}", count=count, offset=offset).astype(np.uint64)
    return (runs * _MULTIPLIER) >> _SHIFT


def _hashes_in_order(text: bytes, run: int) -> Places:
    """The hash of the run at each position."""
    hashes = np.zeros(max(0, len(text) - run + 1), dtype=np.uint64)
    for offset in range(run):
        found = _hashes(text, run, offset)
        hashes[offset::run] = found[: len(hashes[offset::run])]
    return hashes

"""Assessors who fit every item alike count as one with more places: a matrix has many whom no item suits.

Where assessors differ only in whom they may not meet, an answer that counts them together is worth what one that
tells them apart is worth, and a programme that cannot tell them apart has far fewer answers to look through. Who of
them takes which seat is settled afterwards, by exchanges along chains (augmenting paths; Ahuja, Magnanti and Orlin,
Network Flows, 1993, chapter 6). Where that cannot be done, conflicts forbid it, and all must be told apart.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from allocation.transport import Floats, Ints, Terms

Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Alike:
    """A matrix whose columns stand for groups of assessors alike.

    Attributes:
        terms: The matrix of groups.
        whole: The matrix of assessors.
        members: The assessors of each group.
    """

    terms: Terms
    whole: Terms
    members: tuple[Ints, ...]

    @property
    def some(self) -> bool:
        """Whether any two assessors are alike."""
        return len(self.members) < len(self.whole.least)

    def handed_out(self, taken: Floats) -> Floats | None:
        """The seats of each group given to its members; None when conflicts leave no way to do so."""
        found = np.zeros_like(self.whole.fits)
        for group, members in enumerate(self.members):
            wanted = np.round(taken[:, group]).astype(np.int64)
            if len(members) == 1:
                found[:, members[0]] = wanted
                continue
            allowed = self.whole.allowed[:, members]
            places = _Places(allowed, int(self.whole.least[members[0]]), int(self.whole.most[members[0]]))
            if not places.give(wanted):
                return None
            found[:, members] = places.taken
        return found


def grouped(terms: Terms) -> Alike:
    """The matrix with assessors alike counted together, in the order of the first of each group."""
    allowed = terms.allowed
    lowest, highest = (np.where(allowed, terms.fits, end).T for end in (np.inf, -np.inf))
    same = lowest.min(axis=1) == highest.max(axis=1)
    groups = dict[bytes | float, list[int]]()
    for at, column in enumerate(np.ascontiguousarray(terms.fits.T)):
        groups.setdefault(float(lowest[at].min()) if same[at] else column.tobytes(), []).append(at)
    members = tuple(np.array(mine, dtype=np.int64) for mine in groups.values())
    firsts = np.array([mine[0] for mine in members])
    fits, spaces, least, most = (
        terms.fits[:, firsts],
        terms.spaces[:, firsts],
        terms.least[firsts],
        terms.most[firsts],
    )
    for group, mine in enumerate(members):
        if len(mine) > 1:
            spaces[:, group] = np.minimum(allowed[:, mine].sum(axis=1), terms.demand)
            first = mine[np.argmax(allowed[:, mine], axis=1)]
            fits[:, group] = terms.fits[np.arange(len(fits)), first]
            least[group], most[group] = terms.least[mine].sum(), terms.most[mine].sum()
    return Alike(Terms(fits, spaces, terms.demand, least, most), terms, members)


class _Places:
    """Seats of a group's members at items, and the exchanges that bring every load within its limits."""

    def __init__(self, allowed: Bools, least: int, most: int) -> None:
        self._allowed, self._least, self._most = allowed, least, most
        self.taken = np.zeros(allowed.shape, dtype=bool)

    def give(self, wanted: Ints) -> bool:
        """Gives each item as many members as it wants; False when loads cannot be kept."""
        for item in np.argsort(self._allowed.sum(axis=1), kind="stable"):
            for _ in range(wanted[item]):
                loads = np.where(self._allowed[item] & ~self.taken[item], self.taken.sum(axis=0), len(wanted) + 1)
                self.taken[item, int(np.argmin(loads))] = True
        while True:
            loads = self.taken.sum(axis=0)
            over, under = loads > self._most, loads < self._least
            if over.any():
                done = self._shift(over, loads < self._most)
            elif under.any():
                done = self._shift(loads > self._least, under)
            else:
                return True
            if not done:
                return False

    def _shift(self, sources: Bools, targets: Bools) -> bool:
        """Moves one seat from a source to a target along the shortest chain of exchanges."""
        came = dict[int, tuple[int, int]]()  # From whom a member would take a seat, and at which item.
        queue = deque(int(at) for at in np.flatnonzero(sources))
        seen = sources.copy()
        while queue:
            member = queue.popleft()
            if targets[member]:
                while member in came:
                    before, item = came[member]
                    self.taken[item, before], self.taken[item, member] = False, True
                    member = before
                return True
            for item in np.flatnonzero(self.taken[:, member]).tolist():
                for other in np.flatnonzero(self._allowed[item] & ~self.taken[item] & ~seen).tolist():
                    seen[other] = True
                    came[other] = member, item
                    queue.append(other)
        return False

"""A proposal with its certificate: who sits where, what is proved of it, and who could not be seated."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

Aim = Literal["floor", "total"]


@dataclass(frozen=True)
class Certificate:
    """What is proved of a proposal; everything in points. `certified` recomputes it without the solver.

    Attributes:
        floor: The fit of the worst-off new panel, summed over its new seats.
        floor_bound: No allocation of as many panels has a higher floor; none of these, if that number is open.
        total: Fit of all seats, less the cost of loads, plus the worth of mixed panels, less that of repeated pairs.
        total_bound: No such allocation with this floor has a higher total.
        gap: (total_bound - total) / total_bound; 0 when they meet.
        fit: Fit of all new seats.
        load_cost: What the loads cost.
        mixed: Mixed panels.
        repeats: How often two assessors meet again.
        broken: Faults that the checker found when the proposal was made: 0 for a sound one.
        staffed: Panels seated.
        staffed_bound: No allocation seats more.
        seed: What settled ties.
        complete: Whether every possible pair was considered, or of each panel the best only.
        planned: How many of the panels seated are for nominations that are only expected.
    """

    floor: int
    floor_bound: int
    total: int
    total_bound: int
    gap: float
    fit: int
    load_cost: int
    mixed: int
    repeats: int
    broken: int
    staffed: int
    staffed_bound: int
    seed: int
    complete: bool
    planned: int = 0

    @property
    def proved(self) -> bool:
        """Whether no allocation staffs more panels, has a higher floor, or with this floor a higher total."""
        mine = (self.staffed, self.floor, self.total)
        return mine == (self.staffed_bound, self.floor_bound, self.total_bound)

    @property
    def words(self) -> tuple[str, ...]:
        """What is proved, in sentences for a board secretary."""
        checked = "A second program, which shares nothing with the first, found no rule broken."
        if self.broken:
            checked = f"A second program found {self.broken} faults: do not release this run."
        here = self.staffed - self.planned
        staffed = f"{here:,} {'panel is' if here == 1 else 'panels are'} staffed"
        limit = _limit(self.staffed, self.staffed_bound)
        if self.planned:
            staffed += f", beside {self.planned:,} planned for nominations to come"
            limit += "; what follows counts all of them"
        return (
            f"{staffed}{limit}.",
            f"The worst-off panel fits with {self.floor:,} points{_limit(self.floor, self.floor_bound)}.",
            f"All panels are worth {self.total:,} points together{_limit(self.total, self.total_bound)}.",
            checked,
        )


def _limit(reached: int, bound: int) -> str:
    return ", and no more is possible" if reached >= bound else f"; at most {bound:,} would be possible"


@dataclass(frozen=True)
class Placed:
    """A new seat.

    Attributes:
        nomination: The nomination's identifier.
        assessor: The assessor's identifier.
        fit: Points.
        week: First and last day of the week in which the panel sits, or of the whole window.
    """

    nomination: str
    assessor: str
    fit: int
    week: tuple[date, date]


@dataclass(frozen=True)
class Proposal:
    """An answer to an allocation problem.

    Attributes:
        seats: New seats, by nomination and assessor.
        unstaffed: Nominations left without new seats, by identifier.
        certificate: What is proved.
    """

    seats: tuple[Placed, ...]
    unstaffed: tuple[str, ...]
    certificate: Certificate

    @property
    def optimal(self) -> bool:
        """Whether floor and total are proved best."""
        return self.certificate.proved

"""Two proposals side by side, for the person who releases one of them."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from allocation.problem import Seat


@dataclass(frozen=True)
class PanelChange:
    """A nomination whose proposed assessors differ: who came and who went, by identifier."""

    nomination: str
    came: tuple[str, ...]
    went: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """What changes from one proposal to another.

    Attributes:
        panels: Nominations with another set of assessors, by identifier.
        loads: Assessors with more or fewer seats and the difference, by identifier.
        cost_change: Points; below zero when the later proposal is cheaper.
        seats_before: Seats of the earlier proposal.
        seats_after: Seats of the later one.
    """

    panels: tuple[PanelChange, ...]
    loads: tuple[tuple[str, int], ...]
    cost_change: int
    seats_before: int
    seats_after: int


def compare(before: Collection[Seat], after: Collection[Seat]) -> Comparison:
    """What changes from the seats of one proposal to those of another; the order of the seats changes nothing."""
    earlier, later = _panels(before), _panels(after)
    panels = tuple(
        PanelChange(
            nomination,
            came=tuple(sorted(later[nomination] - earlier[nomination])),
            went=tuple(sorted(earlier[nomination] - later[nomination])),
        )
        for nomination in sorted(earlier.keys() | later.keys())
        if earlier[nomination] != later[nomination]
    )
    loads = Counter(seat.assessor for seat in after)
    loads.subtract(Counter(seat.assessor for seat in before))
    return Comparison(
        panels=panels,
        loads=tuple((assessor, change) for assessor, change in sorted(loads.items()) if change),
        cost_change=sum(seat.cost for seat in after) - sum(seat.cost for seat in before),
        seats_before=len(before),
        seats_after=len(after),
    )


def _panels(seats: Collection[Seat]) -> defaultdict[str, frozenset[str]]:
    panels: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
    for seat in seats:
        panels[seat.nomination] |= {seat.assessor}
    return panels

"""Two proposals side by side, for the person who releases one of them."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from allocation.problem import Seat


@dataclass(frozen=True)
class PanelChange:
    """A nomination whose proposed assessors differ.

    Attributes:
        nomination: The nomination's identifier.
        came: Who came, by identifier.
        went: Who went.
        fit_change: By how many points its members fit better then; None unless both seat as many.
        seats_before: Its new members in the earlier proposal.
        seats_after: The same in the later one.
    """

    nomination: str
    came: tuple[str, ...]
    went: tuple[str, ...]
    fit_change: int | None
    seats_before: int
    seats_after: int

    def words(self, before: int, after: int) -> str:
        """Which of two runs, by their numbers, is better for this nomination, and by how much."""
        if not self.seats_after or not self.seats_before:
            return f"Run {before if self.seats_after else after} seats nobody"
        if self.fit_change is None:
            return f"{_count(self.seats_after, 'seat')} instead of {self.seats_before}"
        if self.fit_change == 0:
            return "As good"
        return f"{'Better' if self.fit_change > 0 else 'Worse'} by {_count(abs(self.fit_change), 'point')}"


@dataclass(frozen=True)
class RunFigures:
    """What two runs are compared by.

    Attributes:
        number: The run's number in its cohort.
        panels: Nominations to which it gives members.
        seats: New seats.
        unstaffed: Nominations left without a whole panel.
        floor: The fit of the worst-off panel, in points.
        total: The worth of all panels, in points.
    """

    number: int
    panels: int
    seats: int
    unstaffed: int
    floor: int
    total: int


@dataclass(frozen=True)
class Comparison:
    """What changes from one proposal to another.

    Attributes:
        panels: Nominations with another set of assessors, by identifier.
        loads: Assessors with more or fewer seats and the difference, by identifier.
        seats_before: Seats of the earlier proposal.
        seats_after: Seats of the later one.
    """

    panels: tuple[PanelChange, ...]
    loads: tuple[tuple[str, int], ...]
    seats_before: int
    seats_after: int


def compare(before: Collection[Seat], after: Collection[Seat]) -> Comparison:
    """What changes from the seats of one proposal to those of another; the order of the seats changes nothing."""
    earlier, later = _panels(before), _panels(after)
    panels = tuple(
        _change(nomination, earlier[nomination], later[nomination])
        for nomination in sorted(earlier.keys() | later.keys())
        if earlier[nomination].keys() != later[nomination].keys()
    )
    loads = Counter(seat.assessor for seat in after)
    loads.subtract(Counter(seat.assessor for seat in before))
    return Comparison(
        panels=panels,
        loads=tuple((assessor, change) for assessor, change in sorted(loads.items()) if change),
        seats_before=len(before),
        seats_after=len(after),
    )


def better(before: RunFigures, after: RunFigures) -> str:
    """Which of two runs is better, in a sentence."""
    this, other = f"Run {after.number}", f"run {before.number}"
    asked = [one.panels + one.unstaffed for one in (after, before)]
    if asked[0] != asked[1]:
        differ = f"{this} was asked for {_count(asked[0], 'panel')} and {other} for {asked[1]:,}"
        return f"{differ}: neither is better for that."
    left = after.unstaffed - before.unstaffed
    if left:
        more = f"{_count(abs(left), 'nomination')} {'fewer' if left < 0 else 'more'} without a panel"
        return f"{this} is {'better' if left < 0 else 'worse'} than {other}: it leaves {more}."
    if after.seats != before.seats:
        fills = f"{this} fills {_count(after.seats, 'seat')} and {other} {before.seats:,}"
        return f"{fills}: they were asked for different seats."
    floor, total = after.floor - before.floor, after.total - before.total
    if not floor and not total:
        return f"{this} is as good as {other}: both leave as many without a panel, and are worth the same."
    worst = f"its worst-off panel fits with {_count(abs(floor), 'point')} {'more' if floor > 0 else 'less'}"
    worth = f"all panels together are worth {_count(abs(total), 'point')} {'more' if total > 0 else 'less'}"
    if floor * total < 0:
        return f"{this} gives up one aim for the other against {other}: {worst}, but {worth}."
    what = " and ".join(words for words, change in ((worst, floor), (worth, total)) if change)
    return f"{this} is {'better' if floor + total > 0 else 'worse'} than {other}: {what}."


def figures(before: RunFigures, after: RunFigures) -> tuple[tuple[str, str, str], ...]:
    """Lines of what, in the earlier run and in the later."""
    lines = (
        ("Panels staffed", before.panels, after.panels),
        ("Seats", before.seats, after.seats),
        ("Nominations left without a panel", before.unstaffed, after.unstaffed),
        ("Fit of the worst-off panel, in points", _floor(before), _floor(after)),
        ("Worth of all panels, in points", before.total, after.total),
    )
    return tuple((what, _written(earlier), _written(later)) for what, earlier, later in lines)


def _written(figure: int | str) -> str:
    return f"{figure:,}" if isinstance(figure, int) else figure


def _floor(run: RunFigures) -> int | str:
    return run.floor if run.panels else "No panel is staffed"


def _change(nomination: str, before: Mapping[str, int], after: Mapping[str, int]) -> PanelChange:
    # A cost is what a fit lacks of the best, so that costs compare only between as many seats.
    same = len(before) == len(after)
    return PanelChange(
        nomination,
        came=tuple(sorted(after.keys() - before.keys())),
        went=tuple(sorted(before.keys() - after.keys())),
        fit_change=sum(before.values()) - sum(after.values()) if same else None,
        seats_before=len(before),
        seats_after=len(after),
    )


def _panels(seats: Collection[Seat]) -> defaultdict[str, dict[str, int]]:
    """For each nomination its new members, with the cost of each."""
    panels: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for seat in seats:
        panels[seat.nomination][seat.assessor] = seat.cost
    return panels


def _count(number: int, word: str) -> str:
    return f"{number:,} {word if number == 1 else word + 's'}"

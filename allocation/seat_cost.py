"""What it would cost to have somebody sit where they do not, in points and in words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Move:
    """Somebody who would come to a panel, or go from it."""

    nomination: str
    assessor: str
    comes: bool


@dataclass(frozen=True)
class Cost:
    """What it would cost to have somebody sit where they do not, in points.

    Attributes:
        total: By how much the worth of all panels together would fall; below zero where the run is not the best.
        floor: The fit of the worst-off panel then.
        floor_now: The same as the run has it.
        moves: Who else would come and go, the assessor asked about included.
        exact: Whether no allocation with them there loses less; else the loss is at most this.
        gives_way: Where the run leaves the panel without members: which others would be left instead. None where it
            does not.
    """

    total: int
    floor: int
    floor_now: int
    moves: tuple[Move, ...]
    exact: bool
    gives_way: tuple[str, ...] | None = None

    @property
    def by_panel(self) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
        """For each panel that would change, who would come and who would go."""
        panels = sorted({one.nomination for one in self.moves})
        return {
            panel: (
                tuple(one.assessor for one in self.moves if one.nomination == panel and one.comes),
                tuple(one.assessor for one in self.moves if one.nomination == panel and not one.comes),
            )
            for panel in panels
        }

    def words(self, nomination: str, assessor: str) -> tuple[str, ...]:
        """What it would cost, in sentences for a board secretary."""
        points = f"{abs(self.total):,} {'point' if abs(self.total) == 1 else 'points'}"
        change = f"lose {points}" if self.total > 0 else f"gain {points}" if self.total else "be worth as much as now"
        first = f"All panels together would {change} with {assessor} on the panel of {nomination}."
        if self.gives_way is not None:
            first = f"{_instead_words(nomination, assessor, self.gives_way)} All panels together would {change}."
        elif self.total > 0:
            first = f"No rule bars {assessor} from the panel of {nomination}, but all panels together would {change}."
        floor = f"The worst-off panel would fit with {self.floor:,} points"
        floor += ", as now." if self.floor == self.floor_now else f" instead of {self.floor_now:,}."
        others = len({one.nomination for one in self.moves} - {nomination})
        moved = "No other panel would change."
        if others:
            moved = f"{others} other {'panel' if others == 1 else 'panels'} would change."
        proof = "No way of doing it costs less." if self.exact else "A cheaper way may exist: the search was stopped."
        return (first, floor, moved, proof)


def _instead_words(nomination: str, assessor: str, gives_way: tuple[str, ...]) -> str:
    """Who would be left without a panel instead of a nomination that is."""
    left = f"{nomination} is left without a panel. With {assessor} on one,"
    if not gives_way:
        return (
            f"{left} nobody would have to give way: the search was stopped before it saw that. Ask for another run."
        )
    others = " and ".join([", ".join(gives_way[:-1]), gives_way[-1]] if len(gives_way) > 1 else gives_way)
    fewer = len(gives_way) - 1
    said = f", {fewer} {'panel' if fewer == 1 else 'panels'} fewer in all" if fewer else ""
    return f"{left} {others} would be left without one instead{said}."

"""What would mend the panels as they stand: the fewest changed seats, and what gets better or worse by them.

A seat that a rule has come to stand against (a conflict declared since, days given up, training that ran out) cannot
be kept. In a panel in which assessing has begun nobody is moved: such a seat is told, and a person settles it.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from allocation.asked import standing_against
from allocation.compare import PanelChange, compare
from allocation.model import fit_points
from allocation.problem import AllocationProblem, AssessorSupply, NominationDemand, Seat
from allocation.repair import repaired

Pair = tuple[str, str]


@dataclass(frozen=True)
class Untenable:
    """A held seat that a rule has come to stand against, and the rules in words."""

    nomination: str
    assessor: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class State:
    """How the panels stand, before a mending or after it.

    Attributes:
        seats: Seats held.
        lacking: Panels that lack a member, among those that still need one.
        floor: The fit of the worst-off whole panel, in points; None without any.
        fit: The fit of all seats together, in points.
        most: The highest load of an assessor.
    """

    seats: int
    lacking: int
    floor: int | None
    fit: int
    most: int


@dataclass(frozen=True)
class Mending:
    """The fewest changes that make every panel whole and keep every rule; nothing of it is made.

    Attributes:
        panels: Panels that change: who would come and who would go.
        given_up: Seats given up though no rule stands against them, since there is no other way.
        fewest: No mending gives up fewer of those; None where that is not proved.
        untenable: Seats that cannot be kept; those who hold them are among who would go.
        by_hand: The same in panels that have begun, where nobody is moved.
        unstaffed: Nominations that nothing mends.
        before: How the panels stand.
        after: How they would stand.
    """

    panels: tuple[PanelChange, ...]
    given_up: tuple[Pair, ...]
    fewest: int | None
    untenable: tuple[Untenable, ...]
    by_hand: tuple[Untenable, ...]
    unstaffed: tuple[str, ...]
    before: State
    after: State

    @property
    def stands(self) -> bool:
        """Whether anybody sits on any panel."""
        return self.before.seats > 0

    @property
    def words(self) -> str:
        """What would change, in a sentence or two for a board secretary."""
        if not self.stands:
            return (
                "No panel stands yet, so there is nothing to mend. Ask for a run, look at it and release it: the "
                "run itself says which nominations it leaves, and what would help."
            )
        if not self.panels:
            return "Nothing needs mending." if not self.unstaffed else "Nothing can be mended as things stand."
        seats = sum(len(one.came) for one in self.panels)
        said = f"{_count(seats, 'seat')} would be filled in {_count(len(self.panels), 'panel')}."
        if not self.given_up:
            return f"{said} Nobody else would move."
        proof = ": no way needs fewer" if self.fewest is not None else ", perhaps more than are needed"
        return f"{said} {_count(len(self.given_up), 'seat')} would be given up for it{proof}."


def mended(problem: AllocationProblem, *, keep: int | None = None, seconds: float = 30.0) -> Mending:
    """What would make every panel whole again with the fewest changes; nothing where no panel stands yet.

    Args:
        problem: Every panel with its members as seated, those that need nobody included.
        keep: What keeping a seat is worth, in points; None when nothing outweighs a kept seat.
        seconds: Time allowed to the search.
    """
    people = {one.id: one for one in problem.assessors}
    before = {(one.id, name) for one in problem.nominations for name in one.seated}
    if not before:
        nothing = _state(problem, people, before, before)
        return Mending((), (), 0, (), (), (), nothing, nothing)
    wrong = [found for one in problem.nominations for found in _untenable(one, people, problem)]
    begun = {one.id for one in problem.nominations if one.begun}
    untenable = tuple(one for one in wrong if one.nomination not in begun)
    leaving = {(one.nomination, one.assessor) for one in untenable}
    repair = repaired(_without_seats(problem, leaving), keep=keep, seconds=seconds)
    come = {(seat.nomination, seat.assessor) for seat in repair.come}
    after = (before - leaving - set(repair.go)) | come
    return Mending(
        panels=compare(_seats(before), _seats(after)).panels,
        given_up=repair.go,
        fewest=repair.fewest,
        untenable=untenable,
        by_hand=tuple(one for one in wrong if one.nomination in begun),
        unstaffed=repair.unstaffed,
        before=_state(problem, people, before, before),
        after=_state(problem, people, after, before),
    )


def _untenable(
    nomination: NominationDemand, people: Mapping[str, AssessorSupply], problem: AllocationProblem
) -> list[Untenable]:
    """The panel's seats that a rule stands against; that they sit there, and what they hold, is none."""
    alone = replace(nomination, seated=())
    found = []
    for name in nomination.seated:
        reasons = standing_against(alone, replace(people[name], load=0), problem.rules)
        if reasons:
            found.append(Untenable(nomination.id, name, reasons))
    return found


def _without_seats(problem: AllocationProblem, leaving: Collection[Pair]) -> AllocationProblem:
    """The problem with some seats free, in panels as large as before, and their holders not asked again."""
    fewer = Counter(name for _, name in leaving)
    nominations = []
    for one in problem.nominations:
        gone = {name for name in one.seated if (one.id, name) in leaving}
        size = max(one.seats or problem.rules.size, len(one.seated))
        stay = tuple(name for name in one.seated if name not in gone)
        nominations.append(replace(one, seats=size, seated=stay, barred=one.barred | gone) if gone else one)
    assessors = tuple(replace(one, load=max(one.load - fewer[one.id], 0)) for one in problem.assessors)
    return replace(problem, nominations=tuple(nominations), assessors=assessors)


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _seats(pairs: Collection[Pair]) -> list[Seat]:
    return [Seat(*pair, cost=0, reasons=()) for pair in sorted(pairs)]


def _state(
    problem: AllocationProblem,
    people: Mapping[str, AssessorSupply],
    seats: Collection[Pair],
    before: Collection[Pair],
) -> State:
    members: dict[str, list[str]] = {}
    for nomination, name in seats:
        members.setdefault(nomination, []).append(name)
    fits, whole, lacking = 0, list[int](), 0
    for one in problem.nominations:
        panel = members.get(one.id, [])
        fit = sum(fit_points(one, people[name], problem.rules) for name in panel)
        fits += fit
        if len(panel) < (one.seats or problem.rules.size):
            lacking += 1
        else:
            whole.append(fit)
    loads = Counter({one.id: one.load for one in problem.assessors})
    loads.update(name for _, name in seats)
    loads.subtract(name for _, name in before)
    return State(len(seats), lacking, min(whole, default=None), fits, max(loads.values(), default=0))

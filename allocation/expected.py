"""What may be expected of a cohort: whether every panel can be staffed, how long it takes, and what breaks first."""

from collections.abc import Callable
from dataclasses import dataclass

from allocation.clashes import clash, staffable
from allocation.model import missing_seats
from allocation.problem import AllocationProblem
from allocation.what_if import Forecast, Habits, forecast
from models.policy import Policy
from models.spans import SpanParts, Unit

NOTHING_HELPS = (
    "No change that was tried is enough for every panel, alone or two together: more assessors of a kind, more "
    "assessments for each, everybody available in the whole window, or one rule eased."
)
"""What is said where a panel is left and no mend was found."""

_HOURS = 7.5  # Of a working day.
_PROBES = 8.0  # Seconds for each question whether every panel can be staffed.


@dataclass(frozen=True)
class Outlook:
    """What may be expected.

    Attributes:
        nominations: Nominations whose panels lack members.
        seats: Seats to fill.
        places: Assessments that all assessors together can still take.
        assessors: Assessors.
        forecast: The cohort played through.
        clashing: Rules that cannot all hold, in words; empty where every panel can be staffed.
        mends: What would help then, cheapest first; each was solved.
        holds_for: The most nominations that can be staffed with these assessors; None where that was not asked.
        breaks_by: The rules that cannot all hold with one nomination more.
    """

    nominations: int
    seats: int
    places: int
    assessors: int
    forecast: Forecast
    clashing: tuple[str, ...]
    mends: tuple[str, ...]
    holds_for: int | None
    breaks_by: tuple[str, ...]

    @property
    def panels(self) -> int:
        """Panels with somebody on them at the start: those that the weeks are about."""
        return len({seat.nomination for seat in self.forecast.proposal.seats})

    @property
    def words(self) -> tuple[str, ...]:
        """What may be expected, in sentences for a board secretary."""
        seen = self.forecast
        asked = f"{_count(self.nominations, 'nomination')}, {_count(self.assessors, 'assessor')}"
        left = len(seen.proposal.unstaffed)
        first = f"{asked}: every panel can be staffed."
        if left:
            first = f"{asked}: {_count(left, 'panel')} cannot be staffed."
        told = [first, f"Seats to fill: {self.seats:,}. Places that the assessors have: {self.places:,}."]
        if self.clashing:
            told.append(f"These rules cannot all hold: {'; '.join(self.clashing)}.")
        elif left:
            told.append("Even without any rule they could not be: there are too few assessors.")
        if left and not self.mends:
            told.append(NOTHING_HELPS)
        if self.holds_for is not None:
            more = f"These assessors are enough for up to {_count(self.holds_for, 'nomination')}"
            told.append(f"{more}; with one more, these cannot all hold: {'; '.join(self.breaks_by)}.")
        by_declines = [one for one in seen.breaks_first if not one[0].startswith("panels: ")]
        for what, times in by_declines[:1]:
            often = f"in {times} of {seen.runs} trials"
            told.append(f"Once people decline, this happens first, {often}: {what}.")
        if left and not self.panels:
            told.append("Nobody is asked, so nothing is said of declines, nor of when the assessments are in.")
        elif not by_declines:
            told.append(f"In none of {seen.runs} trials did declines leave a seat without a stand-in.")
        return tuple(told)


def habits_of(policy: Policy, accept: float | None = None) -> Habits:
    """How assessors are taken to behave under a policy; `accept` is another share of offers accepted than its own."""
    habits = policy.habits
    return Habits(
        accept=habits.accept if accept is None else accept,
        silent=habits.silent,
        answer_days=habits.answer_days,
        answer_within=_working_days(policy.assessors.answer_within),
        assess_days=habits.time_used * _working_days(policy.assessors.score_within),
    )


def outlook(
    problem: AllocationProblem,
    habits: Habits,
    *,
    runs: int = 200,
    seed: int = 1,
    larger: Callable[[int], AllocationProblem] | None = None,
) -> Outlook:
    """What may be expected of a cohort.

    Args:
        problem: The cohort; kept members stay and are not played.
        habits: How assessors behave.
        runs: How often it is played through.
        seed: Settles every draw of the play.
        larger: The same cohort with so many nominations; where it is given, the most it can carry is sought.
    """
    seen = forecast(problem, habits, runs=runs, seed=seed)
    seats = [missing for one in problem.nominations if (missing := missing_seats(one, problem.rules))]
    left = seen.proposal.unstaffed
    found = clash(problem, unstaffed=left, seconds=_PROBES) if left else None
    holds: int | None = None
    breaks: tuple[str, ...] = ()
    if larger is not None and not left:
        holds = _most(larger, len(problem.nominations), _places(problem) // problem.rules.size)
        broken = clash(larger(holds + 1), unstaffed=("one more",), most_mends=0, seconds=0.0)
        breaks = broken.words if broken else ()
    return Outlook(
        nominations=len(seats),
        seats=sum(seats),
        places=_places(problem),
        assessors=sum(one.capacity > one.load for one in problem.assessors),
        forecast=seen,
        clashing=found.words if found else (),
        mends=tuple(mend.words for mend in found.mends) if found else (),
        holds_for=holds,
        breaks_by=breaks,
    )


def _most(larger: Callable[[int], AllocationProblem], low: int, high: int) -> int:
    """The most nominations that can be staffed, by halving; `low` can be, more than `high` cannot."""
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if staffable(larger(middle), _PROBES) else (low, middle - 1)
    return low


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def _places(problem: AllocationProblem) -> int:
    return sum(max(one.capacity - one.load, 0) for one in problem.assessors)


def _working_days(span: SpanParts) -> float:
    elapsed = span.elapsed
    if elapsed is not None:
        return max(elapsed.total_seconds() / 3600 / _HOURS, 0.01)
    days = {Unit.WORKING_DAYS: 1.0, Unit.DAYS: 5 / 7, Unit.MONTHS: 21.0, Unit.YEARS: 252.0}
    return max(span.amount * days[span.unit], 0.01)

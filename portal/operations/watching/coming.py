"""The timers of a nomination: what happens by itself, and when, if nobody does anything before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from models.enums import AssessmentStage, Stage
from models.policy import Policy
from models.tables import Assessment, Nomination
from rules.calendar import after, reminders
from rules.stages import WITH_DEADLINE

_ENDS = {
    Stage.NOMINATED: "The nomination lapses",
    Stage.APPLYING: "The nomination lapses",
    Stage.RESERVED: "The reserve list closes, and the nomination lapses",
}


@dataclass(frozen=True)
class Timer:
    """Something that happens by itself at a moment."""

    at: datetime
    what: str


def timers_of(row: Nomination, seats: Sequence[Assessment], policy: Policy, now: datetime) -> tuple[Timer, ...]:
    """What happens next by itself, soonest first; nothing while the nomination is paused.

    Reckoned by the policy as the workflows reckon it (docs/how-a-nomination-travels.md, When somebody does not
    answer).
    """
    if row.paused:
        return ()
    timers = [*_of_nomination(row, policy, now)]
    for seat in seats:
        timers += _of_assessment(seat, policy, now)
    return tuple(sorted(timers, key=lambda one: (one.at, one.what)))


def _of_nomination(row: Nomination, policy: Policy, now: datetime) -> Iterator[Timer]:
    if row.due_at is None or row.stage not in _ENDS:
        return
    if row.stage not in WITH_DEADLINE:
        yield Timer(row.due_at, _ENDS[row.stage])
        return
    for moment in reminders(now, row.due_at, policy.reminders.before, policy.bank_holidays):
        yield Timer(moment, "The nominee is reminded")
    ends = after(row.due_at, policy.window.grace, policy.bank_holidays)
    if ends > row.due_at:
        yield Timer(row.due_at, "The deadline; an answer is still taken for the policy’s grace")
    yield Timer(ends, _ENDS[row.stage])


def _of_assessment(seat: Assessment, policy: Policy, now: datetime) -> Iterator[Timer]:
    name = seat.assessor_id
    if seat.due_at is None:
        return
    if seat.stage is AssessmentStage.OFFERED:
        yield from _reminded(name, seat.due_at, policy, now)
        yield Timer(seat.due_at, f"{name}’s offer ends; another assessor is asked")
    elif seat.stage in {AssessmentStage.ACCEPTED, AssessmentStage.RETURNED}:
        yield from _reminded(name, seat.due_at, policy, now)
        yield Timer(seat.due_at, f"{name}’s scores are due; after that they are told that they are late")
        grace = after(seat.due_at, policy.assessors.score_grace, policy.bank_holidays)
        yield Timer(grace, f"Another assessor is asked instead of {name}")


def _reminded(name: str, due_at: datetime, policy: Policy, now: datetime) -> Iterator[Timer]:
    for moment in reminders(now, due_at, policy.reminders.before, policy.bank_holidays):
        yield Timer(moment, f"{name} is reminded")

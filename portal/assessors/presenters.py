"""What an assessor's lists and the page of one task show, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from models.enums import HOLDING, AssessmentStage, AssessorDeclineReason, ConflictKind
from models.policy import Policy
from portal.words import day, moment
from rules.assessments import GIVEN_UP
from rules.calendar import after
from storage.assessor_pages import PAGE, Registration, Task, TaskLine

INBOX = "/assessments"
AREA = "Assessments"
_S = AssessmentStage

STAGE_TAGS: Mapping[AssessmentStage, tuple[str, str]] = {
    _S.OFFERED: ("Answer the offer", "blue"),
    _S.ACCEPTED: ("Score", "yellow"),
    _S.RETURNED: ("More evidence needed", "orange"),
    _S.SUBMITTED: ("Submitted", "green"),
    _S.DECLINED: ("Declined", "grey"),
    _S.EXPIRED: ("Out of time", "grey"),
    _S.REPLACED: ("Given to another assessor", "grey"),
    _S.STOOD_DOWN: ("No longer needed", "grey"),
    _S.TAKEN_BACK: ("Request taken back", "grey"),
}
GONE_WORDS: Mapping[AssessmentStage, str] = {
    _S.DECLINED: "you declined it or gave it back.",
    _S.EXPIRED: "its deadline passed, and we have asked another assessor.",
    _S.REPLACED: "it was given to another assessor.",
    _S.STOOD_DOWN: "it is no longer needed.",
    _S.TAKEN_BACK: "we took the request back before you answered. You may be asked again.",
}
REASONS = (
    (
        AssessorDeclineReason.CONFLICT,
        "I have a conflict of interest",
        "You will not be asked about this nominee again",
    ),
    (AssessorDeclineReason.UNAVAILABLE, "I am not available", "Then change your availability too"),
    (AssessorDeclineReason.OVERLOADED, "I already have too much to do", "Then lower your capacity too"),
    (AssessorDeclineReason.OTHER, "Another reason", "You do not need to say which"),
)
CONFLICTS = (
    (ConflictKind.LINE_MANAGEMENT.value, "I manage or managed them, or they manage or managed me"),
    (ConflictKind.FAMILY.value, "We are related"),
    (ConflictKind.CLOSE_FRIENDSHIP.value, "We are close friends"),
    (ConflictKind.MENTORING.value, "I mentor or coach them, or they me"),
    (ConflictKind.BUSINESS.value, "We do business with each other"),
    ("other", "Another kind, such as the same employer"),
)


@dataclass(frozen=True)
class Option:
    """One of a list to choose from."""

    value: str
    text: str
    hint: str = ""


@dataclass(frozen=True)
class Line:
    """A task in a list."""

    reference: str
    href: str
    organisation: str
    tag: str
    colour: str
    due: str
    overdue: bool
    progress: str


@dataclass(frozen=True)
class Training:
    """How an assessor's training stands; ``warning`` is empty where it lasts. ``ask``: the register has no day."""

    words: str
    warning: str
    ask: bool = False


@dataclass(frozen=True)
class Inbox:
    """What is asked of an assessor, and how much they have done."""

    lines: tuple[Line, ...]
    next_href: str
    done: str
    trainings: tuple[Training, ...]
    available: bool


@dataclass(frozen=True)
class Workload:
    """How much an assessor holds and has done in one cohort."""

    cohort: str
    held: str
    submitted: int
    waiting: int
    given_up: int
    stood_down: int


@dataclass(frozen=True)
class TaskView:
    """One task's first page. ``nominee`` is empty where names are hidden."""

    id: str
    reference: str
    path: str
    stage: str
    nominee: str
    organisation: str
    due: str
    overdue: str
    score_within: str
    criteria: int
    paused: bool
    anonymous: bool
    scored: int


def inbox(
    lines: Sequence[TaskLine],
    counts: Mapping[str, Mapping[AssessmentStage, int]],
    registered: Sequence[tuple[Registration, Policy]],
    now: datetime,
) -> Inbox:
    """The inbox of an assessor."""
    shown = [_line(line, _criteria(line, registered), now) for line in lines[:PAGE]]
    submitted = sum(stages.get(_S.SUBMITTED, 0) for stages in counts.values())
    return Inbox(
        lines=tuple(shown),
        next_href=f"{INBOX}?after={lines[PAGE - 1].assessment}" if len(lines) > PAGE else "",
        done=f"You have submitted {counted(submitted, 'assessment')}." if submitted else "",
        trainings=tuple(training(one, policy, now.date(), several=len(registered) > 1) for one, policy in registered),
        available=any(one.assessor.capacity > one.held for one, _ in registered),
    )


def history(lines: Sequence[TaskLine], now: datetime) -> tuple[tuple[Line, ...], str]:
    """Past tasks, and where the next page of them is."""
    shown = tuple(_line(line, 0, now) for line in lines[:PAGE])
    return shown, f"{INBOX}/history?after={lines[PAGE - 1].assessment}" if len(lines) > PAGE else ""


def workloads(
    registered: Sequence[Registration], counts: Mapping[str, Mapping[AssessmentStage, int]]
) -> tuple[Workload, ...]:
    """How much the assessor holds and has done, for each cohort."""
    return tuple(_workload(one, counts.get(one.cohort.id, {})) for one in registered)


def training(one: Registration, policy: Policy, today: date, *, several: bool = False) -> Training:
    """The training's state; it must last until the last day of assessments, also where that day has passed."""
    expires, until = one.assessor.training_expires, policy.panel.assessed_until
    where = f" for {one.cohort.name}" if several else ""
    if expires is None:
        lasting = "has to last until {}: if it does not" if today <= until else "had to last until {}: if it did not"
        words = f"We have no record of when your training{where} expires. It {lasting.format(day(until))}"
        return Training(f"{words}, tell the operations team.", "", ask=True)
    if expires < until:
        words = f"Your training{where} {'expires' if expires >= today else 'expired'} on {day(expires)}."
        return Training(
            words,
            f"To be asked, your training has to last until {day(until)}, the last day of assessments. Renew it and "
            "tell the operations team, or you will get no new assessments. You keep what you have.",
        )
    if expires >= today:
        return Training(f"Your training{where} is valid until {day(expires)}.", "")
    words = f"Your training{where} was valid until {day(expires)}, and it had to last until {day(until)}."
    return Training(f"{words} Renew it before you are asked in another round.", "")


def task_view(task: Task, policy: Policy, nominee: str, scored: int, now: datetime) -> TaskView:
    """The page of one task."""
    row = task.row
    return TaskView(
        id=row.id,
        reference=row.nomination_id,
        path=f"{INBOX}/{row.id}",
        stage=row.stage.value,
        nominee="" if policy.panel.anonymous else nominee,
        organisation=task.organisation,
        due=moment(row.due_at) if row.due_at else "",
        overdue=overdue_words(task, policy, now),
        score_within=str(policy.assessors.score_within),
        criteria=len(policy.scoring.criteria),
        paused=task.paused,
        anonymous=policy.panel.anonymous,
        scored=scored,
    )


def overdue_words(task: Task, policy: Policy, now: datetime) -> str:
    """What to say when the scores are late; empty while they are not."""
    row = task.row
    if row.due_at is None or now <= row.due_at or row.stage not in {_S.ACCEPTED, _S.RETURNED} or task.paused:
        return ""
    last = after(row.due_at, policy.assessors.score_grace, policy.bank_holidays)
    return (
        f"Your scores were due at {moment(row.due_at)}. We take them until {moment(last)}, then ask another assessor."
    )


def reasons() -> tuple[Option, ...]:
    """Why an assessor does not take a task."""
    return tuple(Option(reason.value, text, hint) for reason, text, hint in REASONS)


def conflicts() -> tuple[Option, ...]:
    """The kinds of conflict of interest."""
    return tuple(Option(value, text) for value, text in CONFLICTS)


def counted(count: int, word: str) -> str:
    """``1 assessment``, ``2 assessments``, ``no assessments``."""
    return f"{count or 'no'} {word}{'' if count == 1 else 's'}"


def _criteria(line: TaskLine, registered: Sequence[tuple[Registration, Policy]]) -> int:
    cohort = line.nomination.rpartition("-")[0]
    return next((len(policy.scoring.criteria) for one, policy in registered if one.cohort.id == cohort), 0)


def _line(line: TaskLine, criteria: int, now: datetime) -> Line:
    tag, colour = ("Conflict of interest", "red") if line.conflicted else STAGE_TAGS[line.stage]
    waits = line.stage in {_S.OFFERED, _S.ACCEPTED, _S.RETURNED}
    when = line.due_at if waits else line.submitted_at if line.stage is _S.SUBMITTED else line.stage_since
    scores = line.stage is _S.ACCEPTED and not line.conflicted
    return Line(
        reference=line.nomination,
        href=_href(line, waits=waits),
        organisation=line.organisation,
        tag=tag,
        colour=colour,
        due=moment(when) if when and waits else day(when) if when else "",
        overdue=bool(waits and line.due_at and line.due_at < now),
        progress=f"{line.scored} of {criteria} scored" if scores and line.scored else "",
    )


def _href(line: TaskLine, *, waits: bool) -> str:
    """Where a line leads; who has a conflict can decline what is open, and see nothing else."""
    if line.conflicted:
        return f"{INBOX}/{line.assessment}/decline" if waits else ""
    return f"{INBOX}/{line.assessment}" if waits or line.stage is _S.SUBMITTED else ""


def _workload(one: Registration, counts: Mapping[AssessmentStage, int]) -> Workload:
    waiting = sum(count for stage, count in counts.items() if stage in HOLDING and stage is not _S.SUBMITTED)
    return Workload(
        cohort=one.cohort.name,
        held=f"{one.held} of {one.assessor.capacity}",
        submitted=counts.get(_S.SUBMITTED, 0),
        waiting=waiting,
        given_up=sum(counts.get(stage, 0) for stage in GIVEN_UP),
        stood_down=counts.get(_S.STOOD_DOWN, 0) + counts.get(_S.TAKEN_BACK, 0),
    )

"""What the live board shows, in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from models.enums import ENDS, AssessmentStage, CohortPhase, MessageStatus, Stage
from models.tables import Cohort
from portal.operations.watching.choices import NOW_FOR
from portal.words import clock, moment, plain
from storage.watching_pages import BoardFigures

_PATH = "/operations/nominations"


@dataclass(frozen=True)
class Count:
    """A number with what it counts and where its list is; ``mark`` names it on the page."""

    mark: str
    number: str
    words: str
    href: str = ""
    note: str = ""
    problem: bool = False


@dataclass(frozen=True)
class BoardView:
    """A cohort's board."""

    cohort: str
    name: str
    phase: str
    dates: tuple[str, ...]
    concerns: tuple[Count, ...]
    stages: tuple[Count, ...]
    ended: tuple[Count, ...]
    assessments: tuple[Count, ...]
    total: str
    as_of: str
    list_href: str


def board_view(row: Cohort, figures: BoardFigures, now: datetime) -> BoardView:
    """The board of one cohort at this moment."""
    return BoardView(
        cohort=row.id,
        name=row.name,
        phase=f"{plain(row.phase.value)}: the cohort {NOW_FOR[row.phase]}",
        dates=_dates(row, now),
        concerns=_concerns(row.id, figures),
        stages=tuple(_stage(row.id, figures, stage, now) for stage in Stage if stage not in ENDS),
        ended=tuple(
            _stage(row.id, figures, stage, now) for stage in Stage if stage in ENDS and stage in figures.stages
        ),
        assessments=_assessments(figures),
        total=f"{figures.total:,}",
        as_of=clock(now),
        list_href=_list(row.id),
    )


def age(since: datetime, now: datetime) -> str:
    """How long something has lasted: ``3 days``, ``5 hours``, ``under an hour``."""
    lasted = max(now - since, timedelta())
    if lasted.days:
        return f"{lasted.days} {'day' if lasted.days == 1 else 'days'}"
    hours = lasted.seconds // 3600
    return f"{hours} {'hour' if hours == 1 else 'hours'}" if hours else "under an hour"


def _list(cohort: str, **filters: str) -> str:
    return f"{_PATH}?{urlencode({'cohort': cohort, **filters})}"


def _stage(cohort: str, figures: BoardFigures, stage: Stage, now: datetime) -> Count:
    found = figures.stages.get(stage)
    note = f"Longest: {age(found.since, now)}" if found and stage not in ENDS else ""
    return Count(
        mark=f"stage-{stage.value}",
        number=f"{found.count:,}" if found else "0",
        words=plain(stage.value),
        href=_list(cohort, stage=stage.value),
        note=note,
    )


def _concerns(cohort: str, figures: BoardFigures) -> tuple[Count, ...]:
    def concern(mark: str, number: int, words: str, href: str) -> Count:
        return Count(mark, f"{number:,}", words, href, problem=number > 0)

    return (
        concern("attention", figures.attention, "Needs attention", _list(cohort, attention="yes")),
        concern("overdue", figures.overdue, "Overdue", _list(cohort, overdue="yes")),
        concern("to-screen", figures.to_screen, "To screen", _list(cohort, to_screen="yes")),
        concern("asked", figures.asked, "Asking for more time", _list(cohort, asked="yes")),
        Count("paused", f"{figures.paused:,}", "Paused", _list(cohort, paused="yes")),
        concern(
            "messages",
            sum(figures.messages.get(status, 0) for status in (MessageStatus.FAILED, MessageStatus.UNCERTAIN)),
            "Messages in trouble",
            f"/operations/messages?{urlencode({'cohort': cohort})}",
        ),
    )


def _assessments(figures: BoardFigures) -> tuple[Count, ...]:
    shown = (
        AssessmentStage.OFFERED,
        AssessmentStage.ACCEPTED,
        AssessmentStage.RETURNED,
        AssessmentStage.SUBMITTED,
    )
    counts = tuple(
        Count(f"assessment-{stage.value}", f"{figures.assessments.get(stage, 0):,}", plain(stage.value))
        for stage in shown
    )
    late = figures.late_assessments
    return (*counts, Count("assessment-late", f"{late:,}", "Past their deadline", problem=late > 0))


def _dates(row: Cohort, now: datetime) -> tuple[str, ...]:
    opened = "Opened" if row.opens_at <= now else "Opens"
    closed = "closed" if row.phase not in {CohortPhase.SCHEDULED, CohortPhase.OPEN} else "closes"
    dates = [f"{opened} at {moment(row.opens_at)}, {closed} at {moment(row.closes_at)}."]
    if row.released_at:
        dates.append(f"Decisions were released at {moment(row.released_at)}.")
    if row.due_at and row.phase not in {CohortPhase.SCHEDULED, CohortPhase.OPEN}:
        dates.append(f"This phase ends at {moment(row.due_at)}.")
    return tuple(dates)

"""How far a cohort is, in numbers and in words without personal data, for whoever watches."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import HOLDING, AssessmentStage, CohortPhase, MessageStatus, Role, Stage
from models.tables import Assessment, Assessor, AuditEvent, Cohort, Nomination, OutboxMessage

_AT_WORK = (AssessmentStage.OFFERED, AssessmentStage.ACCEPTED, AssessmentStage.RETURNED)
_WORTH_TELLING: Mapping[str, str] = {
    "nominated": "was nominated",
    "consent": "consented",
    "decline": "declined to be nominated",
    "submit": "sent the application",
    "endorsed": "was endorsed by the organisation",
    "fail_screening": "was found not eligible",
    "seat_panel": "was given a panel",
    "withdraw": "was withdrawn",
    "defer": "was deferred to a later cohort",
    "lapse": "lapsed: a deadline passed",
    "readmit": "was let back in",
    "extended": "was given longer",
    "paused": "was paused",
    "resumed": "goes on after a pause",
    "accepted": "was accepted",
    "declined": "was declined; another is asked",
    "expired": "had no answer in time; another is asked",
    "overdue": "has overdue scores",
    "submitted": "was scored",
    "returned": "went back for more evidence",
    "moderated": "was settled",
    "asked for more": "goes back to the panel",
    "decide": "was decided",
    "reopen_decision": "is decided anew",
    "release_admitted": "is in the pool",
    "release_reserved": "is on the reserve list",
    "promote": "moved up from the reserve list",
    "solved": "has a new proposal of panels",
    "released": "was released",
    "discarded": "had a proposal discarded",
    "undone": "had a released run undone",
    "take_back_panel": "waits for a panel again",
    "needs attention": "needs attention",
    **{
        phase.value: f"is now {phase.value.replace('_', ' ')}"
        for phase in CohortPhase
        if phase is not CohortPhase.RELEASED
    },
}
_BY = {
    Role.NOMINEE: "nominee",
    Role.NOMINATOR: "nominator",
    Role.ASSESSOR: "assessor",
    Role.MODERATOR: "moderator",
    Role.BOARD: "board",
    Role.OPERATIONS: "operations",
}


@dataclass(frozen=True)
class Progress:
    """How far a cohort is at a moment.

    Attributes:
        at: The moment.
        phase: The cohort's phase, and since the window's dates are known, when it closes.
        stages: Nominations by stage.
        loads: How many assessors hold 0, 1, 2 and so on assessments.
        at_work: Assessments that are offered, accepted or returned.
        submitted: Assessments that are submitted.
        sent: Messages sent.
        waiting: Messages that are waiting.
        overdue: Nominations and assessments whose deadline has passed.
        attention: Nominations that need attention.
        events: The last events, newest first, in plain words.
    """

    at: datetime
    phase: CohortPhase
    opens_at: datetime
    closes_at: datetime
    stages: Mapping[Stage, int]
    loads: tuple[int, ...]
    at_work: int
    submitted: int
    sent: int
    waiting: int
    overdue: int
    attention: int
    events: tuple[str, ...]


async def read_progress(session: AsyncSession, cohort: str, at: datetime, *, events: int = 6) -> Progress | None:
    """How far the cohort is; None while it is not there."""
    row = await session.get(Cohort, cohort)
    if row is None:
        return None
    stages = dict(
        (
            await session.exec(
                select(Nomination.stage, func.count())
                .where(col(Nomination.cohort_id) == cohort)
                .group_by(col(Nomination.stage))
            )
        ).all()
    )
    tasks = dict(
        (
            await session.exec(
                select(Assessment.stage, func.count())
                .where(col(Assessment.cohort_id) == cohort)
                .group_by(col(Assessment.stage))
            )
        ).all()
    )
    messages = dict(
        (
            await session.exec(
                select(OutboxMessage.status, func.count())
                .where(col(OutboxMessage.cohort_id) == cohort)
                .group_by(col(OutboxMessage.status))
            )
        ).all()
    )
    overdue_tasks = await session.exec(
        select(func.count())
        .select_from(Assessment)
        .where(col(Assessment.cohort_id) == cohort, col(Assessment.stage).in_(_AT_WORK), col(Assessment.due_at) < at)
    )
    troubled = await session.exec(
        select(
            func.count().filter(col(Nomination.attention_code).is_not(None)),
            func.count().filter(
                col(Nomination.due_at) < at, col(Nomination.stage).in_([Stage.NOMINATED, Stage.APPLYING])
            ),
        ).where(
            col(Nomination.cohort_id) == cohort,
            or_(col(Nomination.attention_code).is_not(None), col(Nomination.due_at) < at),
        )
    )
    attention, overdue = troubled.one()
    return Progress(
        at=at,
        phase=row.phase,
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        stages={Stage(stage): count for stage, count in stages.items()},
        loads=await _loads(session, cohort),
        at_work=sum(tasks.get(stage, 0) for stage in _AT_WORK),
        submitted=tasks.get(AssessmentStage.SUBMITTED, 0),
        sent=messages.get(MessageStatus.SENT, 0),
        waiting=messages.get(MessageStatus.WAITING, 0) + messages.get(MessageStatus.SENDING, 0),
        overdue=overdue + overdue_tasks.one(),
        attention=attention,
        events=await _events(session, events),
    )


async def _loads(session: AsyncSession, cohort: str) -> tuple[int, ...]:
    held = (
        select(func.count().label("load"))
        .where(col(Assessment.cohort_id) == cohort, col(Assessment.stage).in_(list(HOLDING)))
        .group_by(col(Assessment.assessor_id))
        .subquery()
    )
    rows = dict((await session.exec(select(held.c.load, func.count()).group_by(held.c.load))).all())
    pool = await session.exec(select(func.count()).select_from(Assessor).where(col(Assessor.cohort_id) == cohort))
    idle = pool.one() - sum(rows.values())
    return (idle, *(rows.get(load, 0) for load in range(1, max(rows, default=0) + 1)))


async def _events(session: AsyncSession, count: int) -> tuple[str, ...]:
    rows = await session.exec(
        select(AuditEvent.subject, AuditEvent.what, AuditEvent.role)
        .where(col(AuditEvent.what).in_(list(_WORTH_TELLING)))
        .order_by(col(AuditEvent.position).desc())
        .limit(count)
    )
    return tuple(_in_words(subject, what, role) for subject, what, role in rows)


def _in_words(subject: str, what: str, role: str) -> str:
    by = f" ({_BY[Role(role)]})" if role in set(_BY) else ""
    return f"{subject} {_WORTH_TELLING[what]}{by}"

"""The figures of a cohort, each one named query on the database."""

from collections.abc import Mapping

from sqlalchemy import Integer, and_, cast, func, literal_column, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from models.enums import HOLDING, AssessmentStage, FlagRule, MessageStatus, RunKind, StageChange
from models.tables import (
    AllocationRun,
    Assessment,
    Assessor,
    AuditEvent,
    Flag,
    Nomination,
    OutboxMessage,
    ScoreChange,
)

MISSED = ("lapse", "expired", "overdue")
"""The steps by which a deadline passes: a nominee's, an offer's or a task's, and an assessor's who is waited for."""
_FROM_RESERVE = func.coalesce(literal_column("auditevent.before->>'stage'"), "") == "reserved"
"""Whether an event took a nomination off the reserve list."""


_ENDS = {
    AssessmentStage.SEATED: "waiting",
    AssessmentStage.OFFERED: "waiting",
    AssessmentStage.ACCEPTED: "kept",
    AssessmentStage.SUBMITTED: "kept",
    AssessmentStage.RETURNED: "kept",
    AssessmentStage.REPLACED: "taken_back",
    AssessmentStage.STOOD_DOWN: "taken_back",
    AssessmentStage.TAKEN_BACK: "taken_back",
}
"""What became of an offer, where its stage alone says so."""


async def stages(session: AsyncSession, cohort: str) -> dict[str, int]:
    """How many nominations stand in each stage, the most frequent first."""
    count = func.count()
    rows = await session.exec(
        select(col(Nomination.stage), count)
        .where(col(Nomination.cohort_id) == cohort)
        .group_by(col(Nomination.stage))
        .order_by(count.desc(), col(Nomination.stage))
    )
    return {stage.value: number for stage, number in rows.all()}


async def organisations(session: AsyncSession, cohort: str) -> int:
    """How many organisations nominated somebody."""
    return await _number(
        session,
        select(func.count(col(Nomination.organisation_code).distinct())).where(col(Nomination.cohort_id) == cohort),
    )


async def needing_attention(session: AsyncSession, cohort: str) -> int:
    """How many nominations wait for a person to give them a way out."""
    return await _number(
        session,
        select(func.count()).where(col(Nomination.cohort_id) == cohort, col(Nomination.attention_code).is_not(None)),
    )


async def loads(session: AsyncSession, cohort: str) -> dict[str, int]:
    """How many assessments each assessor of the register holds now: offered, accepted, submitted or returned."""
    held = and_(
        col(Assessment.assessor_id) == col(Assessor.id),
        col(Assessment.cohort_id) == col(Assessor.cohort_id),
        col(Assessment.stage).in_(list(HOLDING)),
    )
    rows = await session.exec(
        select(col(Assessor.id), func.count(col(Assessment.id)))
        .outerjoin(Assessment, held)
        .where(col(Assessor.cohort_id) == cohort)
        .group_by(col(Assessor.id))
    )
    return dict(rows.all())


async def offers(session: AsyncSession, cohort: str) -> Mapping[str, int]:
    """Offers to assessors: made, accepted, declined or given back, expired, and made to replace somebody.

    ``expired`` counts offers nobody answered and accepted tasks nobody finished. ``replaced`` counts seats given
    out one by one, after the first panels: in the stead of an assessor, or beside them at a moderator's wish.
    """
    made = col(Assessment.offered_at).is_not(None)
    rows = await session.exec(
        select(
            func.count().filter(made),
            func.count().filter(col(Assessment.accepted_at).is_not(None)),
            func.count().filter(col(Assessment.stage) == AssessmentStage.DECLINED),
            func.count().filter(col(Assessment.stage) == AssessmentStage.EXPIRED),
        ).where(col(Assessment.cohort_id) == cohort)
    )
    run = and_(
        col(AllocationRun.cohort_id) == col(Assessment.cohort_id), col(AllocationRun.number) == col(Assessment.run)
    )
    replaced = (
        select(func.count())
        .select_from(Assessment)
        .join(AllocationRun, run)
        .where(col(Assessment.cohort_id) == cohort, made, col(AllocationRun.kind) == RunKind.REPLACEMENT)
    )
    names = ("made", "accepted", "declined", "expired")
    return {**dict(zip(names, rows.one(), strict=True)), "replaced": await _number(session, replaced)}


async def offers_by_end(session: AsyncSession, cohort: str) -> Mapping[str, int]:
    """Every offer that was made, by what became of it: each in one of the figures."""
    taken_on = col(Assessment.accepted_at).is_not(None)
    rows = await session.exec(
        select(col(Assessment.stage), taken_on, func.count())
        .where(col(Assessment.cohort_id) == cohort, col(Assessment.offered_at).is_not(None))
        .group_by(col(Assessment.stage), taken_on)
    )
    ends = dict.fromkeys(("refused", "given_back", "unanswered", "unscored", *_ENDS.values()), 0)
    for stage, accepted, number in rows.all():
        match stage:
            case AssessmentStage.DECLINED:
                end = "given_back" if accepted else "refused"
            case AssessmentStage.EXPIRED:
                end = "unscored" if accepted else "unanswered"
            case _:
                end = _ENDS[stage]
        ends[end] += number
    return ends


async def quality(session: AsyncSession, cohort: str) -> Mapping[str, int]:
    """Nominations: flagged by a rule, settled by a moderator, and in the audit sample."""
    of_rule = col(Flag.rule) != FlagRule.AUDIT_SAMPLE
    nomination = col(Flag.nomination_id).distinct()
    rows = await session.exec(
        select(
            func.count(nomination).filter(of_rule),
            func.count(nomination).filter(col(Flag.resolved_by).is_not(None)),
            func.count(nomination).filter(~of_rule),
        )
        .select_from(Flag)
        .join(Nomination, col(Nomination.id) == col(Flag.nomination_id))
        .where(col(Nomination.cohort_id) == cohort)
    )
    return dict(zip(("flagged", "moderated", "audited"), rows.one(), strict=True))


async def rescored(session: AsyncSession, cohort: str) -> int:
    """How many submitted scores were changed, each with a coded reason and its old value kept."""
    changed = (
        select(col(ScoreChange.assessment_id), col(ScoreChange.criterion))
        .join(Assessment, col(Assessment.id) == col(ScoreChange.assessment_id))
        .where(col(Assessment.cohort_id) == cohort, col(ScoreChange.applied_at).is_not(None))
        .distinct()
        .subquery()
    )
    return await _number(session, select(func.count()).select_from(changed))


async def deadlines(session: AsyncSession, cohort: str) -> Mapping[str, int]:
    """Tasks whose deadline passed, counted once each, and how often operations moved one to a later moment.

    A reserve list that closes at its date is not a missed deadline.
    """
    of_cohort = or_(
        col(AuditEvent.subject).in_(select(col(Nomination.id)).where(col(Nomination.cohort_id) == cohort)),
        col(AuditEvent.subject).in_(select(col(Assessment.id)).where(col(Assessment.cohort_id) == cohort)),
    )
    rows = await session.exec(
        select(
            func.count(col(AuditEvent.subject).distinct()).filter(col(AuditEvent.what).in_(MISSED), ~_FROM_RESERVE),
            func.count().filter(col(AuditEvent.what) == "extended"),
        ).where(of_cohort)
    )
    return dict(zip(("missed", "extended"), rows.one(), strict=True))


async def missed_by_whom(session: AsyncSession, cohort: str) -> Mapping[str, int]:
    """The deadlines missed, as `deadlines` counts them, by whose they were."""
    subject = col(AuditEvent.subject)
    of_nominees = subject.in_(select(col(Nomination.id)).where(col(Nomination.cohort_id) == cohort))
    of_assessors = subject.in_(select(col(Assessment.id)).where(col(Assessment.cohort_id) == cohort))
    rows = await session.exec(
        select(
            func.count(subject.distinct()).filter(of_nominees), func.count(subject.distinct()).filter(of_assessors)
        ).where(col(AuditEvent.what).in_(MISSED), ~_FROM_RESERVE)
    )
    return dict(zip(("missed_by_nominees", "missed_by_assessors"), rows.one(), strict=True))


async def moved_up(session: AsyncSession, cohort: str) -> int:
    """How many nominations were admitted from the reserve list."""
    of_cohort = col(AuditEvent.subject).in_(select(col(Nomination.id)).where(col(Nomination.cohort_id) == cohort))
    promoted = col(AuditEvent.what) == StageChange.PROMOTE.value
    return await _number(session, select(func.count(col(AuditEvent.subject).distinct())).where(of_cohort, promoted))


async def messages_sent(session: AsyncSession, cohort: str) -> int:
    """How many messages to people have left."""
    return await _number(
        session,
        select(func.count()).where(
            col(OutboxMessage.cohort_id) == cohort, col(OutboxMessage.status) == MessageStatus.SENT
        ),
    )


async def messages_owed_twice(session: AsyncSession, cohort: str) -> int:
    """How many messages say again what the same step has told the same person about the same thing already."""
    step = func.regexp_replace(col(OutboxMessage.id), ":[0-9]+$", "")
    again = (
        select((func.count() - 1).label("again"))
        .where(col(OutboxMessage.cohort_id) == cohort)
        .group_by(
            col(OutboxMessage.template),
            col(OutboxMessage.person_id),
            col(OutboxMessage.nomination_id),
            col(OutboxMessage.assessment_id),
            step,
        )
        .subquery()
    )
    return await _number(session, select(cast(func.coalesce(func.sum(again.c.again), 0), Integer)))


async def _number(session: AsyncSession, query: SelectOfScalar[int]) -> int:
    return (await session.exec(query)).one()

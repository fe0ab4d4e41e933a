"""What waits for whom, as people see it when they look: read from the database, by stage, in few queries."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import (
    SETTLED,
    AssessmentStage,
    CohortPhase,
    MessageStatus,
    RunKind,
    RunStatus,
    Stage,
    TellingStatus,
)
from models.tables import (
    AllocationRun,
    Assessment,
    AuditEvent,
    Cohort,
    Decision,
    Flag,
    Nomination,
    OutboxMessage,
    ScreeningFinding,
    Telling,
)

AT_WORK = (AssessmentStage.OFFERED, AssessmentStage.ACCEPTED, AssessmentStage.RETURNED)
HAPPENED = ("paused", "reopen_decision")
_DECIDING = (Stage.AWAITING_DECISION, Stage.DECIDED)


@dataclass(frozen=True)
class Inbox:
    """What waits, at a moment.

    Attributes:
        at: The moment.
        cohort: The cohort as it stands.
        nominations: Those that are not over, and those that lapsed, which may be let back in.
        assessments: Those that an assessor is at work on, by reference of assessor in order of id.
        references: The nomination's reference by its id, of all nominations there are.
        unmet: Eligibility rules that screening found not met, by nomination.
        flags: All flags of nominations in quality assurance, by nomination.
        decisions: Decisions of nominations that are decided or about to be; after release, of all.
        runs: Allocation runs for all waiting panels, with their status and when they were made.
        happened: When something last happened to a nomination, by what and its id.
    """

    at: datetime
    cohort: Cohort
    nominations: tuple[Nomination, ...]
    assessments: tuple[Assessment, ...]
    references: dict[str, str]
    unmet: dict[str, frozenset[str]]
    flags: dict[str, tuple[Flag, ...]]
    decisions: dict[str, Decision]
    runs: dict[int, tuple[RunStatus, datetime]]
    happened: dict[tuple[str, str], datetime]

    def standing_in(self, *stages: Stage) -> tuple[Nomination, ...]:
        """The nominations that stand in one of the stages."""
        return tuple(row for row in self.nominations if row.stage in stages)


async def look(session: AsyncSession, cohort: str, at: datetime) -> Inbox | None:
    """Look what waits; None while the cohort is not there."""
    row = await session.get(Cohort, cohort)
    if row is None:
        return None
    nominations = await _open_nominations(session, cohort)
    stages: dict[Stage, list[str]] = defaultdict(list)
    for nomination in nominations:
        stages[nomination.stage].append(nomination.id)
    references = await session.exec(
        select(Nomination.id, Nomination.reference).where(col(Nomination.cohort_id) == cohort)
    )
    return Inbox(
        at=at,
        cohort=row,
        nominations=tuple(nominations),
        assessments=tuple(await _assessments_at_work(session, cohort)),
        references=dict(references.all()),
        unmet=await _unmet(session, stages[Stage.SCREENING]),
        flags=await _flags(session, stages[Stage.QUALITY_ASSURANCE]),
        decisions=await _decisions(session, row),
        runs=await _runs(session, row),
        happened=await _happened(session, [nomination.id for nomination in nominations]),
    )


async def _open_nominations(session: AsyncSession, cohort: str) -> Sequence[Nomination]:
    lapsed = and_(col(Nomination.stage) == Stage.LAPSED, col(Nomination.outcome).is_(None))
    over = [*(SETTLED - {Stage.IN_POOL, Stage.RESERVED})]
    rows = await session.exec(
        select(Nomination)
        .where(col(Nomination.cohort_id) == cohort, or_(col(Nomination.stage).not_in(over), lapsed))
        .order_by(col(Nomination.id))
    )
    return rows.all()


async def _assessments_at_work(session: AsyncSession, cohort: str) -> Sequence[Assessment]:
    rows = await session.exec(
        select(Assessment)
        .where(col(Assessment.cohort_id) == cohort, col(Assessment.stage).in_(AT_WORK))
        .order_by(col(Assessment.assessor_id), col(Assessment.id))
    )
    return rows.all()


async def _unmet(session: AsyncSession, screening: Sequence[str]) -> dict[str, frozenset[str]]:
    if not screening:
        return {}
    rows = await session.exec(
        select(ScreeningFinding.nomination_id, ScreeningFinding.rule).where(
            col(ScreeningFinding.nomination_id).in_(screening), col(ScreeningFinding.met).is_(False)
        )
    )
    found: dict[str, set[str]] = defaultdict(set)
    for nomination, rule in rows:
        found[nomination].add(rule)
    return {nomination: frozenset(rules) for nomination, rules in found.items()}


async def _flags(session: AsyncSession, checked: Sequence[str]) -> dict[str, tuple[Flag, ...]]:
    if not checked:
        return {}
    rows = await session.exec(
        select(Flag).where(col(Flag.nomination_id).in_(checked)).order_by(col(Flag.nomination_id), col(Flag.number))
    )
    found: dict[str, list[Flag]] = defaultdict(list)
    for flag in rows:
        found[flag.nomination_id].append(flag)
    return {nomination: tuple(flags) for nomination, flags in found.items()}


async def _decisions(session: AsyncSession, cohort: Cohort) -> dict[str, Decision]:
    if cohort.phase not in (CohortPhase.DECIDING, CohortPhase.RELEASED):
        return {}
    query = (
        select(Decision)
        .join(Nomination, col(Nomination.id) == col(Decision.nomination_id))
        .where(col(Nomination.cohort_id) == cohort.id)
    )
    if cohort.phase is CohortPhase.DECIDING:
        query = query.where(col(Nomination.stage).in_(_DECIDING))
    return {decision.nomination_id: decision for decision in await session.exec(query)}


async def _runs(session: AsyncSession, cohort: Cohort) -> dict[int, tuple[RunStatus, datetime]]:
    rows = await session.exec(
        select(AllocationRun.number, AllocationRun.status, AllocationRun.made_at).where(
            col(AllocationRun.cohort_id) == cohort.id, col(AllocationRun.kind) != RunKind.REPLACEMENT
        )
    )
    return {number: (RunStatus(status), made_at) for number, status, made_at in rows}


async def _happened(session: AsyncSession, nominations: Sequence[str]) -> dict[tuple[str, str], datetime]:
    if not nominations:
        return {}
    rows = await session.exec(
        select(AuditEvent.what, AuditEvent.subject, func.max(col(AuditEvent.at)))
        .where(col(AuditEvent.subject).in_(nominations), col(AuditEvent.what).in_(HAPPENED))
        .group_by(col(AuditEvent.what), col(AuditEvent.subject))
    )
    return {(what, subject): at for what, subject, at in rows}


async def nothing_is_owed(session: AsyncSession) -> bool:
    """Whether every message has left and every workflow has been told."""
    messages = await session.exec(
        select(func.count())
        .select_from(OutboxMessage)
        .where(col(OutboxMessage.status).in_([MessageStatus.WAITING, MessageStatus.SENDING]))
    )
    tellings = await session.exec(
        select(func.count()).select_from(Telling).where(col(Telling.status) == TellingStatus.WAITING)
    )
    return messages.one() == 0 and tellings.one() == 0

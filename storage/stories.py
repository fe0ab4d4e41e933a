"""One nomination's story, with what the person who asks may see of it and nothing else."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import and_, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import AssessmentStage, AssessorRole, Outcome, Role, Stage
from models.ids import AssessorId, OrganisationCode, PersonId
from models.tables import (
    Application,
    Assessment,
    Assessor,
    AuditEvent,
    Decision,
    DeclaredConflict,
    Nomination,
    OutboxMessage,
    Score,
    ScreeningFinding,
)
from rules.permissions import Act, Actor, Subject, may
from storage.audit import DRAFTED
from storage.lists import Asker, events_of, messages_visible_to, names_of, nomination_visible_to, panel_of

_MOST_MESSAGES = 200
_RELEASED = frozenset({Stage.IN_POOL, Stage.RESERVED, Stage.NOT_ADMITTED})
_ACCEPTED = frozenset({AssessmentStage.ACCEPTED, AssessmentStage.SUBMITTED, AssessmentStage.RETURNED})
_OF_A_DECISION = frozenset({"outcome", "place"})


@dataclass(frozen=True)
class SeatLine:
    """One assessment on the panel. ``scores``: once submitted, for who may see scores; ``mean`` in their points."""

    assessment: str
    role: AssessorRole
    name: str
    stage: AssessmentStage
    due_at: datetime | None
    scores: tuple[Score, ...]

    @property
    def mean(self) -> float | None:
        """The mean of the scores, None where none are shown."""
        return sum(one.value for one in self.scores) / len(self.scores) if self.scores else None


@dataclass(frozen=True)
class Story:
    """What one person may know of a nomination.

    Attributes:
        nomination: Where it stands.
        nominee: The name; empty for who may not see names.
        outcome: The board's decision; None before release, except for who may decide or moderate.
        panel: None for who may not see it.
        findings: What the eligibility rules found unmet, for who may screen.
        messages: Letters about it, to whomever the asker may know of.
        events: What happened; for who may not read the audit trail, the changes of stage without who made them.
    """

    nomination: Nomination
    nominee: str
    outcome: Outcome | None
    panel: tuple[SeatLine, ...] | None
    findings: tuple[ScreeningFinding, ...]
    messages: tuple[OutboxMessage, ...]
    events: tuple[AuditEvent, ...]


async def story_visible_to(session: AsyncSession, asker: Asker | None, nomination: str) -> Story | None:
    """The story, or None if there is no such nomination or this person may not see it.

    Nobody named sees where it stands: neither people nor panel, letters nor trail.
    """
    row = await nomination_visible_to(session, asker, nomination)
    if row is None:
        return None
    if asker is None:
        return Story(nomination=row, nominee="", outcome=None, panel=None, findings=(), messages=(), events=())
    sees = bool(may(asker.role, Act.READ_PANEL))
    audits = bool(may(asker.role, Act.READ_AUDIT))
    decides = bool(may(asker.role, Act.READ_PROPOSED_ORDER))
    knows = decides or await _is_released(session, row)
    letters = await messages_visible_to(session, asker, nomination=nomination, limit=_MOST_MESSAGES)
    events = await events_of(session, nomination)
    if not knows:
        events = _without_decision(events)
    names = await names_of(session, [row.person_id])
    return Story(
        nomination=row,
        nominee=names.get(row.person_id, ""),
        outcome=row.outcome if knows else None,
        panel=await _panel(session, asker, row) if sees or _is_assessor(asker) else None,
        findings=await _findings(session, row) if may(asker.role, Act.SCREEN) else (),
        messages=tuple(sorted((message for message, _ in letters), key=lambda one: (one.queued_at, one.id))),
        events=tuple(events) if audits else _milestones(events, nomination),
    )


async def subject_for(session: AsyncSession, asker: Asker, row: Nomination) -> tuple[Actor, Subject]:
    """Who asks and what about, as permission needs to know them; an assessor's are the assessments they accepted."""
    seat = (
        await session.exec(
            select(Assessor.id, Assessment.stage)
            .join(
                Assessment,
                and_(
                    col(Assessment.assessor_id) == col(Assessor.id),
                    col(Assessment.cohort_id) == col(Assessor.cohort_id),
                ),
            )
            .where(col(Assessor.person_id) == asker.person, col(Assessment.nomination_id) == row.id)
        )
    ).one_or_none()
    own = AssessorId(seat[0]) if seat and asker.role is Role.ASSESSOR else None
    conflict = await session.get(DeclaredConflict, (row.id, own)) if own else None
    return (
        Actor(
            PersonId(asker.person),
            asker.role,
            OrganisationCode(row.organisation_code) if row.organisation_code in asker.places else None,
            own,
        ),
        Subject(
            organisation=OrganisationCode(row.organisation_code),
            nominee=PersonId(row.person_id),
            assessors=frozenset({own}) if own and seat and seat[1] in _ACCEPTED else frozenset(),
            submitted=seat is not None and seat[1] == AssessmentStage.SUBMITTED,
            conflicted=conflict is not None,
        ),
    )


async def submitted_application(session: AsyncSession, nomination: str) -> Application | None:
    """The newest application as submitted, None before that."""
    query = select(Application).where(col(Application.nomination_id) == nomination)
    return (await session.exec(query.order_by(col(Application.version).desc()).limit(1))).one_or_none()


async def _is_released(session: AsyncSession, row: Nomination) -> bool:
    """Whether people may know the decision; one who leaves before the release takes an unreleased one along."""
    decision = await session.get(Decision, row.id)
    return row.stage in _RELEASED or (decision is not None and decision.released_at is not None)


def _without_decision(events: Sequence[AuditEvent]) -> tuple[AuditEvent, ...]:
    """The events as they read before the release: no draft, no outcome, and nobody named who gave or took one."""
    kept: list[AuditEvent] = []
    for event in events:
        before, after = event.before or {}, event.after or {}
        decides = event.what == DRAFTED or before.get("outcome") != after.get("outcome")
        if decides and "stage" not in after:
            continue
        kept.append(
            AuditEvent(
                position=event.position,
                at=event.at,
                actor="" if decides else event.actor,
                role="" if decides else event.role,
                what=event.what,
                subject=event.subject,
                before={name: value for name, value in before.items() if name not in _OF_A_DECISION},
                after={name: value for name, value in after.items() if name not in _OF_A_DECISION},
                reason=None if decides else event.reason,
            )
        )
    return tuple(kept)


def _is_assessor(asker: Asker) -> bool:
    return asker.role is Role.ASSESSOR


async def _panel(session: AsyncSession, asker: Asker, row: Nomination) -> tuple[SeatLine, ...]:
    """The panel with names for an asker who may see it; an assessor sees their own seat alone."""
    seats = await panel_of(session, row.id)
    if _is_assessor(asker):
        seats = [(seat, person) for seat, person in seats if person == asker.person]
    scores = bool(may(asker.role, Act.READ_PANEL_SCORES))
    given = await _scores(session, row.id) if scores else {}
    names = await names_of(session, [person for _, person in seats])
    posts = await _posts(session, row.cohort_id, [seat for seat, _ in seats])
    return tuple(
        SeatLine(
            seat.id, posts[seat.assessor_id], names.get(person, ""), seat.stage, seat.due_at, given.get(seat.id, ())
        )
        for seat, person in seats
    )


async def _posts(session: AsyncSession, cohort: str, seats: Sequence[Assessment]) -> dict[str, AssessorRole]:
    rows = await session.exec(
        select(Assessor.id, Assessor.role).where(
            col(Assessor.cohort_id) == cohort, col(Assessor.id).in_([seat.assessor_id for seat in seats])
        )
    )
    return {reference: AssessorRole(role) for reference, role in rows}


async def _findings(session: AsyncSession, row: Nomination) -> tuple[ScreeningFinding, ...]:
    found = await session.exec(
        select(ScreeningFinding)
        .where(col(ScreeningFinding.nomination_id) == row.id, col(ScreeningFinding.met).is_(False))
        .order_by(col(ScreeningFinding.rule))
    )
    return tuple(found)


async def _scores(session: AsyncSession, nomination: str) -> dict[str, tuple[Score, ...]]:
    """Each submitted assessment's scores, by criterion; nothing of one that is still at work."""
    rows = await session.exec(
        select(Score)
        .join(Assessment, col(Assessment.id) == col(Score.assessment_id))
        .where(col(Assessment.nomination_id) == nomination, col(Assessment.stage) == AssessmentStage.SUBMITTED)
        .order_by(col(Score.assessment_id), col(Score.criterion))
    )
    given: dict[str, list[Score]] = defaultdict(list)
    for score in rows:
        given[score.assessment_id].append(score)
    return {assessment: tuple(scores) for assessment, scores in given.items()}


def _milestones(events: Sequence[AuditEvent], nomination: str) -> tuple[AuditEvent, ...]:
    """The changes of stage, without who made them and why, for the nominee, the organisation and assessors."""
    kept: list[AuditEvent] = []
    stage: object = None
    for event in events:
        now = (event.after or {}).get("stage")
        if event.subject != nomination or now is None or now == stage:
            continue
        stage = now
        kept.append(
            AuditEvent(
                position=event.position,
                at=event.at,
                actor="",
                role="",
                what=event.what,
                subject=event.subject,
                after={"stage": now},
            )
        )
    return tuple(kept)

"""The audit trail as people search it: newest first, a page at a time, without what the asker may not know yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, false, func, or_, true
from sqlmodel import and_, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import Role, Stage
from models.tables import Assessment, AuditEvent, Decision, Nomination
from rules.permissions import Act, may
from storage.audit import DRAFTED
from storage.lists import Asker, is_not_kept_from

_RELEASED = (Stage.IN_POOL, Stage.RESERVED, Stage.NOT_ADMITTED)
_OF_A_DECISION = frozenset({"outcome", "place"})


@dataclass(frozen=True)
class AuditFilters:
    """What the trail is narrowed to; empty and None leave it wide. ``since`` is included, ``before`` is not.

    ``what`` is how a kind of event begins; ``kinds`` are kinds, whole.
    """

    subject: str = ""
    role: Role | None = None
    what: str = ""
    kinds: tuple[str, ...] = ()
    since: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True)
class TrailLine:
    """An event as the asker may know it; ``actor`` is empty where it would tell who decided before the release."""

    position: int
    at: datetime
    actor: str
    role: str
    what: str
    subject: str
    before: dict[str, object]
    after: dict[str, object]
    reason: str


async def trail_visible_to(
    session: AsyncSession, asker: Asker, filters: AuditFilters, *, below: int | None = None, limit: int = 50
) -> tuple[TrailLine, ...]:
    """The events below a position (from the end, without one), newest first.

    Events of one's own nomination, and of one that one has still to score, are left out for everybody.

    Who may not read the proposed order learns nothing of a decision before it is released: drafts are left out,
    other events lose outcome and place, and the one that decides loses who did it and why.
    """
    query = select(AuditEvent).where(
        _may_read(asker), is_about_others(asker), *await _narrowed(session, asker, filters)
    )
    if below is not None:
        query = query.where(col(AuditEvent.position) < below)
    rows = (await session.exec(query.order_by(col(AuditEvent.position).desc()).limit(limit))).all()
    if _knows_decisions(asker):
        return tuple(trail_line(row, knows=True) for row in rows)
    released = await _released_among(session, [row.subject for row in rows])
    return tuple(trail_line(row, knows=row.subject in released) for row in rows)


async def subjects_like(session: AsyncSession, written: str) -> list[str]:
    """The subjects somebody means by a nomination's number, a person's id or another id."""
    assessments = await session.exec(select(Assessment.id).where(col(Assessment.nomination_id) == written))
    return [
        written,
        *(f"{kind}/{written}" for kind in ("nomination", "person", "organisation", "cohort", "allocation")),
        *assessments,
    ]


def is_about_others(asker: Asker) -> ColumnElement[bool]:
    """Whether an event is about no nomination that is kept from this person, nor about an assessment of one."""
    # A nomination's number, an assessment's that begins with it and a dot, or either after a kind and a stroke.
    named = func.split_part(func.regexp_replace(col(AuditEvent.subject), "^[a-z]+/", ""), ".", 1)
    return is_not_kept_from(asker, named)


def sets_an_outcome() -> ColumnElement[bool]:
    """Whether an event gives a nomination an outcome, takes it away, or drafts the same one again."""
    after = func.jsonb_extract_path_text(col(AuditEvent.after), "outcome")
    before = func.jsonb_extract_path_text(col(AuditEvent.before), "outcome")
    return or_(col(AuditEvent.what) == DRAFTED, after.is_distinct_from(before))


def _tells_of_a_decision() -> ColumnElement[bool]:
    """Whether an event sets an outcome that is not released yet."""
    released = exists().where(
        col(Decision.nomination_id) == col(AuditEvent.subject), col(Decision.released_at).is_not(None)
    )
    settled = exists().where(col(Nomination.id) == col(AuditEvent.subject), col(Nomination.stage).in_(_RELEASED))
    return and_(sets_an_outcome(), ~or_(released, settled))


def is_a_draft() -> ColumnElement[bool]:
    """Whether an event drafts a decision: it changes no stage."""
    return func.jsonb_extract_path_text(col(AuditEvent.after), "stage").is_(None)


async def _narrowed(session: AsyncSession, asker: Asker, filters: AuditFilters) -> list[ColumnElement[bool]]:
    narrowed: list[ColumnElement[bool]] = []
    if filters.subject:
        narrowed.append(col(AuditEvent.subject).in_(await subjects_like(session, filters.subject)))
    if filters.role:
        narrowed.append(col(AuditEvent.role) == filters.role.value)
    if filters.what:
        narrowed.append(col(AuditEvent.what).istartswith(filters.what, autoescape=True))
    if filters.kinds:
        narrowed.append(col(AuditEvent.what).in_(filters.kinds))
    if filters.since:
        narrowed.append(col(AuditEvent.at) >= filters.since)
    if filters.before:
        narrowed.append(col(AuditEvent.at) < filters.before)
    if not _knows_decisions(asker):
        # Narrowed by role, an event that no longer says who did it must not be found by who did it.
        hidden = _tells_of_a_decision() if filters.role else and_(is_a_draft(), _tells_of_a_decision())
        narrowed.append(~hidden)
    return narrowed


async def _released_among(session: AsyncSession, subjects: Sequence[str]) -> frozenset[str]:
    """Those subjects that are not nominations with a decision nobody may know yet."""
    rows = await session.exec(
        select(Nomination.id, Nomination.stage, Decision.released_at)
        .outerjoin(Decision, col(Decision.nomination_id) == col(Nomination.id))
        .where(col(Nomination.id).in_(set(subjects)))
    )
    kept = {nomination for nomination, stage, released in rows if stage not in _RELEASED and released is None}
    return frozenset(subjects) - kept


def trail_line(row: AuditEvent, *, knows: bool) -> TrailLine:
    """An event as somebody may know it who knows the decision it may be about, or does not yet."""
    before, after = dict(row.before or {}), dict(row.after or {})
    decides = not knows and (row.what == DRAFTED or before.get("outcome") != after.get("outcome"))
    hidden = frozenset() if knows else _OF_A_DECISION
    return TrailLine(
        row.position,
        row.at,
        "" if decides else row.actor,
        "" if decides else row.role,
        row.what,
        row.subject,
        {name: value for name, value in before.items() if name not in hidden},
        {name: value for name, value in after.items() if name not in hidden},
        "" if decides else row.reason or "",
    )


def _may_read(asker: Asker) -> ColumnElement[bool]:
    return true() if may(asker.role, Act.READ_AUDIT) else false()


def _knows_decisions(asker: Asker) -> bool:
    return bool(may(asker.role, Act.READ_PROPOSED_ORDER))

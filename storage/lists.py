"""Lists and counts for people who look: filtered by who is asking, a page at a time, useful at 10,000 rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    SQLColumnExpression,
    Text,
    cast,
    exists,
    false,
    func,
    literal,
    or_,
    true,
    union,
)
from sqlalchemy import select as columns
from sqlmodel import and_, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import HOLDING, SETTLED, AssessmentStage, MessageStatus, Role, Stage
from models.tables import (
    Assessment,
    Assessor,
    AuditEvent,
    Cohort,
    Flag,
    Nomination,
    OutboxMessage,
    Person,
    RoleGrant,
    ScreeningFinding,
)

_SEE_ALL = frozenset({Role.OPERATIONS, Role.MODERATOR, Role.BOARD})
_SCORED = frozenset({AssessmentStage.SUBMITTED})


@dataclass(frozen=True)
class Asker:
    """Who asks, in which role; ``places`` are a nominator's organisations or an assessor's references."""

    person: str
    role: Role
    places: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Filters:
    """What a list of nominations is narrowed to; None and False leave it wide."""

    cohort: str | None = None
    stage: Stage | None = None
    organisation: str | None = None
    overdue: bool = False
    needs_attention: bool = False


@dataclass(frozen=True)
class Line:
    """A nomination in a list; ``nominee`` is empty for who may not see names."""

    nomination: Nomination
    nominee: str


@dataclass(frozen=True)
class Standing:
    """How a cohort's nominations stand."""

    counts: dict[Stage, int]
    overdue: int
    needs_attention: int
    paused: int
    to_screen: int


def visible_to(asker: Asker | None) -> ColumnElement[bool]:
    """Which nominations this person may see; nobody named sees them all, without names.

    Who sees all sees neither their own nomination nor one that they have still to score: a person can hold several
    roles, and must not learn in one what another keeps from them.
    """
    if asker is None:
        return true()
    if asker.role in _SEE_ALL:
        return and_(col(Nomination.person_id) != asker.person, col(Nomination.id).not_in(_to_score_by(asker.person)))
    if asker.role is Role.NOMINATOR:
        return col(Nomination.organisation_code).in_(sorted(asker.places))
    if asker.role is Role.NOMINEE:
        return col(Nomination.person_id) == asker.person
    if asker.role is Role.ASSESSOR:
        own = (
            select(Assessment.nomination_id)
            .join(
                Assessor,
                and_(
                    col(Assessor.id) == col(Assessment.assessor_id),
                    col(Assessor.cohort_id) == col(Assessment.cohort_id),
                ),
            )
            .where(col(Assessor.person_id) == asker.person, col(Assessment.stage).in_(list(HOLDING)))
        )
        return col(Nomination.id).in_(own)
    return false()


def is_not_kept_from(
    asker: Asker, nomination: SQLColumnExpression[str] | SQLColumnExpression[str | None]
) -> ColumnElement[bool]:
    """Whether a row about a nomination may be shown to who sees all; rows about none may.

    For what belongs to a nomination and is read without its row: assessments, letters, events, seats of a run. It
    keeps away what `visible_to` keeps away; roles that do not see all need more than this.
    """
    return or_(nomination.is_(None), nomination.not_in(_kept_from(asker.person)))


async def kept_from(session: AsyncSession, asker: Asker) -> frozenset[str]:
    """The nominations that are kept from who sees all others, for answers that are worked out and not read."""
    rows = await (await session.connection()).execute(_kept_from(asker.person))
    return frozenset(str(nomination) for nomination in rows.scalars())


async def is_nominated_in(session: AsyncSession, person: str, cohort: str) -> bool:
    """Whether this person is or was considered in a cohort: they take no part in its decisions, however it ended."""
    found = await session.exec(
        select(Nomination.id).where(col(Nomination.cohort_id) == cohort, col(Nomination.person_id) == person).limit(1)
    )
    return found.first() is not None


def _kept_from(person: str) -> CompoundSelect[str]:
    """The nominations of which this person learns nothing but in the role that they are about."""
    own = columns(col(Nomination.id)).where(col(Nomination.person_id) == person)
    return union(own, _to_score_by(person))


def _to_score_by(person: str) -> Select[str]:
    """The nominations whose panel this person sits on and has not given scores yet."""
    return (
        columns(col(Assessment.nomination_id))
        .join(
            Assessor,
            and_(
                col(Assessor.id) == col(Assessment.assessor_id), col(Assessor.cohort_id) == col(Assessment.cohort_id)
            ),
        )
        .where(col(Assessor.person_id) == person, col(Assessment.stage).in_(list(HOLDING - _SCORED)))
    )


async def nominations_visible_to(
    session: AsyncSession, asker: Asker | None, filters: Filters, *, now: datetime, after: str = "", limit: int = 50
) -> tuple[Line, ...]:
    """The nominations that come after ``after`` in the order of their ids, at most ``limit``."""
    rows = await session.exec(
        select(Nomination, Person.full_name)
        .join(Person, col(Person.id) == col(Nomination.person_id))
        .where(visible_to(asker), *_narrowed(filters, now), col(Nomination.id) > after)
        .order_by(col(Nomination.id))
        .limit(limit)
    )
    return tuple(Line(nomination, name if asker else "") for nomination, name in rows)


async def count_visible_to(session: AsyncSession, asker: Asker | None, filters: Filters, *, now: datetime) -> int:
    """How many nominations a list has in all."""
    found = await session.exec(
        select(func.count()).select_from(Nomination).where(visible_to(asker), *_narrowed(filters, now))
    )
    return found.one()


async def nomination_visible_to(session: AsyncSession, asker: Asker | None, nomination: str) -> Nomination | None:
    """The nomination, or None if there is none or this person may not see it."""
    found = await session.exec(select(Nomination).where(visible_to(asker), col(Nomination.id) == nomination))
    return found.one_or_none()


async def standing_of(session: AsyncSession, cohort: str, *, now: datetime) -> Standing:
    """How a cohort's nominations stand, counted by the database."""
    counts = await session.exec(
        select(Nomination.stage, func.count())
        .where(col(Nomination.cohort_id) == cohort)
        .group_by(col(Nomination.stage))
    )
    others = await session.exec(
        select(
            func.count().filter(is_overdue(now)),
            func.count().filter(col(Nomination.attention_code).is_not(None)),
            func.count().filter(col(Nomination.paused)),
            func.count().filter(waits_for_screening()),
        ).where(col(Nomination.cohort_id) == cohort)
    )
    overdue, attention, paused, to_screen = others.one()
    return Standing({Stage(stage): count for stage, count in counts}, overdue, attention, paused, to_screen)


def waits_for_screening() -> ColumnElement[bool]:
    """The eligibility rules have found something unmet, and a person must say what it comes to."""
    unmet = select(ScreeningFinding.nomination_id).where(col(ScreeningFinding.met).is_(False))
    return and_(col(Nomination.stage) == Stage.SCREENING, col(Nomination.id).in_(unmet))


def _narrowed(filters: Filters, now: datetime) -> list[ColumnElement[bool]]:
    narrowed: list[ColumnElement[bool]] = []
    if filters.cohort:
        narrowed.append(col(Nomination.cohort_id) == filters.cohort)
    if filters.stage:
        narrowed.append(col(Nomination.stage) == filters.stage)
    if filters.organisation:
        narrowed.append(col(Nomination.organisation_code) == filters.organisation)
    if filters.overdue:
        narrowed.append(is_overdue(now))
    if filters.needs_attention:
        narrowed.append(col(Nomination.attention_code).is_not(None))
    return narrowed


def is_overdue(now: datetime) -> ColumnElement[bool]:
    """Past its own deadline, or with an assessment past its deadline, and neither settled nor paused."""
    late = select(Assessment.nomination_id).where(
        col(Assessment.due_at) < now, col(Assessment.stage).in_(["offered", "accepted", "returned"])
    )
    return and_(
        or_(col(Nomination.due_at) < now, col(Nomination.id).in_(late)),
        col(Nomination.stage).not_in(list(SETTLED)),
        col(Nomination.paused).is_(False),
    )


async def person_at(session: AsyncSession, who: str) -> Person | None:
    """The person with this email address, in any case, or this id."""
    match = func.lower(col(Person.email)) == who.strip().lower() if "@" in who else col(Person.id) == who.strip()
    return (await session.exec(select(Person).where(match))).one_or_none()


async def roles_of(session: AsyncSession, person: str) -> list[tuple[Role, str]]:
    """The roles a person holds, each with its organisation, assessor's reference or nothing."""
    # One query: every page asks. A reference of the register may stand in several cohorts.
    held = union(
        columns(cast(col(RoleGrant.role), Text), col(RoleGrant.organisation_code)).where(
            col(RoleGrant.person_id) == person
        ),
        columns(literal(Role.ASSESSOR.value), col(Assessor.id)).where(col(Assessor.person_id) == person),
        columns(literal(Role.NOMINEE.value), literal("")).where(exists().where(col(Nomination.person_id) == person)),
    )
    rows = await (await session.connection()).execute(held)
    return sorted((Role(role), str(place)) for role, place in rows)


async def people_with_roles(session: AsyncSession, role: Role | None) -> Sequence[tuple[RoleGrant, Person]]:
    """Everybody who was given a role, by role and organisation."""
    query = (
        select(RoleGrant, Person)
        .join(Person, col(Person.id) == col(RoleGrant.person_id))
        .order_by(col(RoleGrant.role), col(RoleGrant.organisation_code), col(RoleGrant.person_id))
    )
    if role is not None:
        query = query.where(col(RoleGrant.role) == role)
    return (await session.exec(query)).all()


async def names_of(session: AsyncSession, people: Sequence[str]) -> dict[str, str]:
    """Full names by person id; for who may see them."""
    rows = await session.exec(select(Person.id, Person.full_name).where(col(Person.id).in_(list(people))))
    return dict(rows.all())


async def panel_of(session: AsyncSession, nomination: str) -> Sequence[tuple[Assessment, str]]:
    """A nomination's assessments with the assessors' person ids, in the order they were seated."""
    rows = await session.exec(
        select(Assessment, Assessor.person_id)
        .join(
            Assessor,
            and_(
                col(Assessor.id) == col(Assessment.assessor_id), col(Assessor.cohort_id) == col(Assessment.cohort_id)
            ),
        )
        .where(col(Assessment.nomination_id) == nomination)
        .order_by(col(Assessment.seated_at), col(Assessment.id))
    )
    return rows.all()


async def events_of(session: AsyncSession, nomination: str) -> Sequence[AuditEvent]:
    """What happened to a nomination and its assessments, oldest first."""
    rows = await session.exec(
        select(AuditEvent)
        .where(
            or_(
                col(AuditEvent.subject).in_([nomination, f"nomination/{nomination}"]),
                col(AuditEvent.subject).startswith(f"{nomination}.", autoescape=True),
            )
        )
        .order_by(col(AuditEvent.position))
    )
    return rows.all()


async def open_flags(session: AsyncSession, cohort: str | None) -> Sequence[Flag]:
    """Flags nobody has settled, by nomination and number."""
    query = (
        select(Flag)
        .join(Nomination, col(Nomination.id) == col(Flag.nomination_id))
        .where(col(Flag.resolution).is_(None), col(Nomination.stage) == Stage.QUALITY_ASSURANCE)
        .order_by(col(Flag.nomination_id), col(Flag.number))
    )
    if cohort is not None:
        query = query.where(col(Nomination.cohort_id) == cohort)
    return (await session.exec(query)).all()


async def unmet_findings(
    session: AsyncSession, cohort: str | None, nomination: str | None = None
) -> Sequence[ScreeningFinding]:
    """The unmet rules of nominations that wait for a person to screen them, by nomination and rule."""
    query = (
        select(ScreeningFinding)
        .join(Nomination, col(Nomination.id) == col(ScreeningFinding.nomination_id))
        .where(col(ScreeningFinding.met).is_(False), waits_for_screening())
        .order_by(col(ScreeningFinding.nomination_id), col(ScreeningFinding.rule))
    )
    if cohort is not None:
        query = query.where(col(Nomination.cohort_id) == cohort)
    if nomination is not None:
        query = query.where(col(Nomination.id) == nomination)
    return (await session.exec(query)).all()


async def messages_visible_to(
    session: AsyncSession,
    asker: Asker | None,
    *,
    cohort: str | None = None,
    nomination: str | None = None,
    status: MessageStatus | None = None,
    after: str = "",
    limit: int = 50,
) -> Sequence[tuple[OutboxMessage, str]]:
    """Messages with their readers' names, after ``after`` in the order of their ids; none for nobody named."""
    query = (
        select(OutboxMessage, Person.full_name)
        .join(Person, col(Person.id) == col(OutboxMessage.person_id))
        .where(col(OutboxMessage.id) > after)
        .order_by(col(OutboxMessage.id))
        .limit(limit)
    )
    if asker is None:
        return []
    if asker.role in _SEE_ALL:
        query = query.where(is_not_kept_from(asker, col(OutboxMessage.nomination_id)))
    else:
        query = query.where(col(OutboxMessage.person_id) == asker.person)
    if cohort is not None:
        query = query.where(col(OutboxMessage.cohort_id) == cohort)
    if nomination is not None:
        query = query.where(col(OutboxMessage.nomination_id) == nomination)
    if status is not None:
        query = query.where(col(OutboxMessage.status) == status)
    return (await session.exec(query)).all()


async def cohorts(session: AsyncSession) -> Sequence[Cohort]:
    """Every cohort, by name."""
    return (await session.exec(select(Cohort).order_by(col(Cohort.id)))).all()

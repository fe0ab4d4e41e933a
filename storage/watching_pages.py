"""What the pages of operations read to watch: a cohort's board, lists, and one nomination with what is around it.

Every query asks for what the asker may see, in the query; a page's number of queries does not grow with its rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Tuple, and_, case, func, literal, literal_column, or_, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import AssessmentStage, MessageStatus, Stage
from models.tables import Assessment, AuditEvent, BulkStep, Nomination, Organisation, OutboxMessage, Person
from storage.folding import holds
from storage.lists import Asker, is_not_kept_from, is_overdue, visible_to, waits_for_screening

A_PAGE = 50
ASKED_FOR_TIME, REFUSED_TIME = "asked for more time", "more time refused"
"""What the audit trail calls a nominee's wish for more time, and operations' no (acts.extensions)."""
ANSWERED_TIME = frozenset({"extended", "readmit", REFUSED_TIME})
"""The events that answer such a wish."""
_MAY_ASK = (Stage.NOMINATED, Stage.APPLYING, Stage.LAPSED)
_AT_WORK = (AssessmentStage.OFFERED, AssessmentStage.ACCEPTED, AssessmentStage.RETURNED)
_NEVER: ColumnElement[datetime] = literal_column("'infinity'::timestamptz")


class Order(StrEnum):
    """What a list of nominations is sorted by, and its pages are keyed by: first to last."""

    NUMBER = "number"
    DUE = "due"
    WAITING = "waiting"


@dataclass(frozen=True)
class Sought:
    """What a list is narrowed to; None, False and empty leave it wide.

    ``name`` is any part of the nominee's name; ``asked``: the nominee asked for more time and nobody has answered.
    """

    cohort: str
    stage: Stage | None = None
    organisation: str = ""
    overdue: bool = False
    attention: bool = False
    paused: bool = False
    to_screen: bool = False
    asked: bool = False
    due_before: datetime | None = None
    number: str = ""
    name: str = ""


@dataclass(frozen=True)
class ListLine:
    """A nomination in a list, with the nominee's name and their organisation's.

    ``due_at``: its deadline; where its assessors are awaited, the earliest of theirs. ``asks``: the nominee asked for
    more time, and nobody has answered.
    """

    nomination: Nomination
    nominee: str
    organisation: str
    overdue: bool
    due_at: datetime | None
    asks: bool


@dataclass(frozen=True)
class ListPage:
    """One page of a list: ``total`` in all, ``earlier`` before its first line."""

    lines: tuple[ListLine, ...]
    total: int
    earlier: int


@dataclass(frozen=True)
class StageFigures:
    """How many nominations stand in a stage, and since when the one that has stood there longest."""

    stage: Stage
    count: int
    since: datetime


@dataclass(frozen=True)
class BoardFigures:
    """How a cohort's nominations, assessments and messages stand now."""

    stages: dict[Stage, StageFigures]
    overdue: int
    attention: int
    paused: int
    to_screen: int
    asked: int
    assessments: dict[AssessmentStage, int]
    late_assessments: int
    messages: dict[MessageStatus, int]

    @property
    def total(self) -> int:
        """All nominations."""
        return sum(one.count for one in self.stages.values())


async def board_of(session: AsyncSession, asker: Asker, cohort: str, *, now: datetime) -> BoardFigures:
    """A cohort's figures, counted by the database in four queries."""
    mine = (visible_to(asker), col(Nomination.cohort_id) == cohort)
    stages = await session.exec(
        select(Nomination.stage, func.count(), func.min(Nomination.stage_since))
        .where(*mine)
        .group_by(col(Nomination.stage))
    )
    others = await session.exec(
        select(  # type: ignore[call-overload]
            func.count().filter(is_overdue(now)),
            func.count().filter(col(Nomination.attention_code).is_not(None)),
            func.count().filter(col(Nomination.paused)),
            func.count().filter(waits_for_screening()),
            func.count().filter(_asks_for_time()),
        ).where(*mine)
    )
    late = and_(col(Assessment.due_at) < now, col(Assessment.stage).in_(list(_AT_WORK)))
    seats = (
        await session.exec(
            select(Assessment.stage, func.count(), func.count().filter(late))
            .join(Nomination, col(Nomination.id) == col(Assessment.nomination_id))
            .where(*mine)
            .group_by(col(Assessment.stage))
        )
    ).all()
    letters = await session.exec(
        select(OutboxMessage.status, func.count())
        .where(
            is_not_kept_from(asker, col(OutboxMessage.nomination_id)),
            col(OutboxMessage.cohort_id) == cohort,
            col(OutboxMessage.status).in_([MessageStatus.UNCERTAIN, MessageStatus.FAILED]),
        )
        .group_by(col(OutboxMessage.status))
    )
    overdue, attention, paused, to_screen, asked = others.one()
    return BoardFigures(
        stages={Stage(stage): StageFigures(Stage(stage), count, since) for stage, count, since in stages},
        overdue=overdue,
        attention=attention,
        paused=paused,
        to_screen=to_screen,
        asked=asked,
        assessments={AssessmentStage(stage): count for stage, count, _ in seats},
        late_assessments=sum(count for _, _, count in seats),
        messages={MessageStatus(status): count for status, count in letters},
    )


async def page_of_nominations(
    session: AsyncSession,
    asker: Asker,
    sought: Sought,
    *,
    order: Order = Order.NUMBER,
    now: datetime,
    after: str = "",
    before: str = "",
    limit: int = A_PAGE,
) -> ListPage:
    """The nominations that follow ``after``, or come before ``before`` (their numbers), in an order.

    Args:
        session: Only reads.
        asker: Who asks.
        sought: What the list is narrowed to.
        order: What it is sorted by; equal ones by number.
        now: The present moment, for what is overdue.
        after: The last nomination of the page before.
        before: The first nomination of the page after.
        limit: How many at most.
    """
    found = (visible_to(asker), *_narrowed(sought, now))
    place = _place(Nomination, order)
    query = (
        select(  # type: ignore[call-overload]
            Nomination, Person.full_name, Organisation.name, is_overdue(now), _due(Nomination), _asks_for_time()
        )
        .join(Person, col(Person.id) == col(Nomination.person_id))
        .join(Organisation, col(Organisation.code) == col(Nomination.organisation_code))
        .where(*found)
        .limit(limit)
    )
    if before:
        query = query.where(place < _place_of(asker, before, order))
        query = query.order_by(*(part.desc() for part in place.clauses))
    else:
        if after:
            query = query.where(place > _place_of(asker, after, order))
        query = query.order_by(*place.clauses)
    rows = (await session.exec(query)).all()
    lines = tuple(ListLine(*row) for row in (reversed(rows) if before else rows))
    total = await _count(session, *found)
    first = lines[0].nomination.id if lines and (after or before) else ""
    earlier = await _count(session, *found, place < _place_of(asker, first, order)) if first else 0
    return ListPage(lines, total, earlier)


async def chosen_nominations(
    session: AsyncSession,
    asker: Asker,
    *,
    ticked: Sequence[str] = (),
    sought: Sought | None = None,
    now: datetime,
    limit: int,
) -> tuple[ListLine, ...]:
    """The nominations that somebody ticked, or all that a filter finds, by number; at most ``limit``."""
    which = [col(Nomination.id).in_(list(ticked))] if sought is None else _narrowed(sought, now)
    rows = await session.exec(
        select(  # type: ignore[call-overload]
            Nomination, Person.full_name, Organisation.name, is_overdue(now), _due(Nomination), _asks_for_time()
        )
        .join(Person, col(Person.id) == col(Nomination.person_id))
        .join(Organisation, col(Organisation.code) == col(Nomination.organisation_code))
        .where(visible_to(asker), *which)
        .order_by(col(Nomination.id))
        .limit(limit)
    )
    return tuple(ListLine(*row) for row in rows)


async def open_wish(session: AsyncSession, row: Nomination) -> AuditEvent | None:
    """The nominee's wish for more time that nobody has answered, for who may answer it."""
    if row.stage not in _MAY_ASK:
        return None
    rows = await session.exec(
        select(AuditEvent)
        .where(
            col(AuditEvent.subject) == row.id,
            col(AuditEvent.what).in_([ASKED_FOR_TIME, *sorted(ANSWERED_TIME)]),
        )
        .order_by(col(AuditEvent.position).desc())
        .limit(1)
    )
    newest = rows.one_or_none()
    return newest if newest is not None and newest.what == ASKED_FOR_TIME else None


async def assessments_of(session: AsyncSession, asker: Asker, nomination: str) -> Sequence[Assessment]:
    """A nomination's assessments, in the order they were seated."""
    rows = await session.exec(
        select(Assessment)
        .join(Nomination, col(Nomination.id) == col(Assessment.nomination_id))
        .where(visible_to(asker), col(Assessment.nomination_id) == nomination)
        .order_by(col(Assessment.seated_at), col(Assessment.id))
    )
    return rows.all()


async def assessment_visible_to(
    session: AsyncSession, asker: Asker, assessment: str
) -> tuple[Assessment, Nomination] | None:
    """An assessment with its nomination, or None if there is none or this person may not see it."""
    rows = await session.exec(
        select(Assessment, Nomination)
        .join(Nomination, col(Nomination.id) == col(Assessment.nomination_id))
        .where(visible_to(asker), col(Assessment.id) == assessment)
    )
    return rows.one_or_none()


async def bulk_steps(
    session: AsyncSession, *, cohort: str, before: str = "", limit: int = A_PAGE
) -> Sequence[BulkStep]:
    """A cohort's steps for many, newest first; those taken before ``before`` (an id)."""
    place = tuple_(col(BulkStep.taken_at), col(BulkStep.id))
    query = select(BulkStep).where(col(BulkStep.cohort_id) == cohort)
    if before:
        other = aliased(BulkStep)
        taken_at = (
            select(other.taken_at).where(col(other.id) == before, col(other.cohort_id) == cohort).scalar_subquery()
        )
        query = query.where(place < tuple_(taken_at, literal(before)))
    rows = await session.exec(query.order_by(col(BulkStep.taken_at).desc(), col(BulkStep.id).desc()).limit(limit))
    return rows.all()


async def bulk_step(session: AsyncSession, step: str) -> BulkStep | None:
    """One step for many, or None."""
    return await session.get(BulkStep, step)


async def organisations_in(session: AsyncSession, cohort: str) -> list[tuple[str, str]]:
    """Code and name of every organisation that has a nomination in a cohort, by name."""
    rows = await session.exec(
        select(Organisation.code, Organisation.name)
        .where(
            col(Organisation.code).in_(
                select(Nomination.organisation_code).where(col(Nomination.cohort_id) == cohort)
            )
        )
        .order_by(col(Organisation.name), col(Organisation.code))
    )
    return [(code, name) for code, name in rows]


def _due(table: type[Nomination]) -> ColumnElement[datetime]:
    """A nomination's deadline; while it is scored, which has none of its own, the earliest of who is awaited."""
    seat = aliased(Assessment)
    first = (
        select(func.min(seat.due_at))
        .where(col(seat.nomination_id) == col(table.id), col(seat.stage).in_(list(_AT_WORK)))
        .correlate(table)
        .scalar_subquery()
    )
    return func.coalesce(col(table.due_at), case((col(table.stage) == Stage.SCORING, first)))


def _place(table: type[Nomination], order: Order) -> Tuple:
    """Where a nomination stands in an order: by its key, then its number; what has no deadline comes last."""
    if order is Order.DUE:
        return tuple_(func.coalesce(_due(table), _NEVER), col(table.id))
    if order is Order.WAITING:
        return tuple_(col(table.stage_since), col(table.id))
    return tuple_(col(table.id))


def _place_of(asker: Asker, nomination: str, order: Order) -> Tuple:
    """The place of one nomination that the asker may see, whether or not the list still holds it."""
    if order is Order.NUMBER:
        return tuple_(literal(nomination))
    key = func.coalesce(_due(Nomination), _NEVER) if order is Order.DUE else col(Nomination.stage_since)
    own = select(key).where(visible_to(asker), col(Nomination.id) == nomination).correlate(None)
    return tuple_(own.scalar_subquery(), literal(nomination))


def _narrowed(sought: Sought, now: datetime) -> list[ColumnElement[bool]]:
    """What the rows must be, part by part."""
    parts: list[tuple[object, Callable[[], ColumnElement[bool]]]] = [
        (sought.stage, lambda: col(Nomination.stage) == sought.stage),
        (sought.organisation, lambda: col(Nomination.organisation_code) == sought.organisation),
        (sought.overdue, lambda: is_overdue(now)),
        (sought.attention, lambda: col(Nomination.attention_code).is_not(None)),
        (sought.paused, lambda: col(Nomination.paused).is_(True)),
        (sought.to_screen, waits_for_screening),
        (sought.asked, _asks_for_time),
        (sought.due_before, lambda: _due(Nomination) < sought.due_before),
        (sought.number, lambda: _is_numbered(sought)),
        (sought.name, lambda: _is_named(sought.name)),
    ]
    return [col(Nomination.cohort_id) == sought.cohort, *(part() for wanted, part in parts if wanted)]


def _is_numbered(sought: Sought) -> ColumnElement[bool]:
    """Its number begins so, with or without the cohort; or it is the organisation's own reference."""
    return or_(
        col(Nomination.id).startswith(sought.number, autoescape=True),
        col(Nomination.id).startswith(f"{sought.cohort}-{sought.number.zfill(4)}", autoescape=True),
        func.lower(col(Nomination.reference)) == sought.number,
    )


def _is_named(name: str) -> ColumnElement[bool]:
    named = select(Person.id).where(holds(col(Person.full_name), name))
    return col(Nomination.person_id).in_(named)


def _asks_for_time() -> ColumnElement[bool]:
    """The nominee's wish for more time is newer than any answer to it."""
    latest = (
        select(AuditEvent.what)
        .where(
            col(AuditEvent.subject) == col(Nomination.id),
            col(AuditEvent.what).in_([ASKED_FOR_TIME, *sorted(ANSWERED_TIME)]),
        )
        .order_by(col(AuditEvent.position).desc())
        .limit(1)
        .correlate(Nomination)
        .scalar_subquery()
    )
    return and_(col(Nomination.stage).in_(list(_MAY_ASK)), func.coalesce(latest, "") == ASKED_FOR_TIME)


async def _count(session: AsyncSession, *found: ColumnElement[bool]) -> int:
    return (await session.exec(select(func.count()).select_from(Nomination).where(*found))).one()

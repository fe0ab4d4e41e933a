"""The queue of QA moderators: nominations with open flags, the longest waiting first."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, tuple_
from sqlalchemy import select as columns
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import FlagRule, Stage
from models.tables import Flag, ModerationLock, Nomination, Person
from storage.conflict_pages import conflicted_among
from storage.lists import Asker, names_of
from storage.moderator_pages import A_PAGE, Holder, held_at, holder_of, moderated_by


@dataclass(frozen=True)
class QueueKey:
    """Where a page of the queue begins or ends: the oldest open flag's moment, then the nomination's number."""

    raised_at: datetime
    nomination: str


@dataclass(frozen=True)
class QueueLine:
    """A nomination with open flags.

    ``holder``: who has it at this moment; ``conflicted``: a conflict of interest was declared with somebody whose
    scores are submitted.
    """

    nomination: Nomination
    nominee: str
    oldest: datetime
    flags: tuple[Flag, ...]
    holder: Holder | None
    conflicted: bool

    @property
    def key(self) -> QueueKey:
        """Its place in the queue."""
        return QueueKey(self.oldest, self.nomination.id)


@dataclass(frozen=True)
class Queue:
    """A page of the queue, the longest waiting first; whether there is more before and after it."""

    lines: tuple[QueueLine, ...]
    more_before: bool
    more_after: bool


@dataclass(frozen=True)
class QueueCounts:
    """How many nominations wait in all, by the rules that flagged them, and in a moderator's hands."""

    waiting: int
    by_rule: Mapping[FlagRule, int]
    held: int


async def queue_of(
    session: AsyncSession,
    asker: Asker,
    *,
    now: datetime,
    cohort: str = "",
    rule: FlagRule | None = None,
    after: QueueKey | None = None,
    before: QueueKey | None = None,
    limit: int = A_PAGE,
) -> Queue:
    """The nominations with open flags, after (or before) a place in the queue, at most ``limit``."""
    waiting = (
        columns(col(Flag.nomination_id), func.min(col(Flag.raised_at)).label("oldest"))
        .where(col(Flag.resolution).is_(None))
        .group_by(col(Flag.nomination_id))
    )
    if rule is not None:
        waiting = waiting.having(func.bool_or(col(Flag.rule) == rule))
    flagged = waiting.subquery()
    place = tuple_(flagged.c.oldest, col(Nomination.id))
    query = (
        select(Nomination, Person.full_name, flagged.c.oldest, ModerationLock)
        .join(flagged, flagged.c.nomination_id == col(Nomination.id))
        .join(Person, col(Person.id) == col(Nomination.person_id))
        .outerjoin(ModerationLock, held_at(now))
        .where(*_in_quality_assurance(asker, cohort))
        .limit(limit + 1)
    )
    if before is not None:
        query = query.where(place < (before.raised_at, before.nomination))
        query = query.order_by(flagged.c.oldest.desc(), col(Nomination.id).desc())
    else:
        query = query.order_by(flagged.c.oldest, col(Nomination.id))
        if after is not None:
            query = query.where(place > (after.raised_at, after.nomination))
    found = list((await session.exec(query)).all())
    more = len(found) > limit
    kept = found[:limit]
    if before is not None:
        kept.reverse()
    flags = await _open_flags_of(session, [row.id for row, *_ in kept])
    holders = await names_of(session, [lock.person_id for *_, lock in kept if lock])
    conflicted = await conflicted_among(session, [row.id for row, *_ in kept])
    lines = tuple(
        QueueLine(row, name, oldest, tuple(flags[row.id]), holder_of(lock, holders), row.id in conflicted)
        for row, name, oldest, lock in kept
    )
    going_back = before is not None
    return Queue(lines, more if going_back else after is not None, going_back or more)


async def queue_counts(session: AsyncSession, asker: Asker, *, now: datetime, cohort: str = "") -> QueueCounts:
    """How many nominations wait for a moderator; one with several flags counts once for each of their rules."""
    held = func.count(func.distinct(col(ModerationLock.nomination_id)))
    rows = await session.exec(
        select(Flag.rule, func.count(func.distinct(Flag.nomination_id)), held)
        .join(Nomination, col(Nomination.id) == col(Flag.nomination_id))
        .outerjoin(ModerationLock, held_at(now))
        .where(col(Flag.resolution).is_(None), *_in_quality_assurance(asker, cohort))
        .group_by(func.grouping_sets(tuple_(col(Flag.rule)), tuple_()))
    )
    # The set of no columns counts over all rules; its rule is empty.
    counts = {FlagRule(rule) if rule else None: (waiting, with_somebody) for rule, waiting, with_somebody in rows}
    waiting, with_somebody = counts.get(None, (0, 0))
    by_rule = {rule: count for rule, (count, _) in counts.items() if rule is not None}
    return QueueCounts(waiting, by_rule, with_somebody)


def _in_quality_assurance(asker: Asker, cohort: str) -> list[ColumnElement[bool]]:
    narrowed: list[ColumnElement[bool]] = [moderated_by(asker), col(Nomination.stage) == Stage.QUALITY_ASSURANCE]
    if cohort:
        narrowed.append(col(Nomination.cohort_id) == cohort)
    return narrowed


async def _open_flags_of(session: AsyncSession, nominations: Sequence[str]) -> Mapping[str, list[Flag]]:
    rows = await session.exec(
        select(Flag)
        .where(col(Flag.nomination_id).in_(list(nominations)), col(Flag.resolution).is_(None))
        .order_by(col(Flag.nomination_id), col(Flag.number))
    )
    flags: dict[str, list[Flag]] = defaultdict(list)
    for flag in rows:
        flags[flag.nomination_id].append(flag)
    return flags

"""What QA moderators look at: the queue of flagged nominations, one panel's scores side by side, the audit sample."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import ceil

from sqlalchemy import ColumnElement, LargeBinary, case, false, func, literal, true, tuple_
from sqlalchemy import select as columns
from sqlmodel import and_, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import ENDS, AssessmentStage, AssessorRole, FlagRule, Stage
from models.policy import Policy
from models.tables import (
    Application,
    Assessment,
    Assessor,
    Flag,
    ModerationLock,
    Nomination,
    Organisation,
    Person,
    Score,
    ScoreChange,
)
from rules.permissions import Act, may
from storage.lists import Asker, names_of, visible_to
from storage.policies import policy_of

A_PAGE = 50
_HASHES = 2**256


@dataclass(frozen=True)
class Holder:
    """The moderator who has a nomination, and until when."""

    person: str
    name: str
    until: datetime


@dataclass(frozen=True)
class QueueKey:
    """Where a page of the queue begins or ends: the oldest open flag's moment, then the nomination's number."""

    raised_at: datetime
    nomination: str


@dataclass(frozen=True)
class QueueLine:
    """A nomination with open flags. ``holder``: who has it at this moment."""

    nomination: Nomination
    nominee: str
    oldest: datetime
    flags: tuple[Flag, ...]
    holder: Holder | None

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


@dataclass(frozen=True)
class PanelSeat:
    """One assessment of a panel; ``scores`` once it is submitted."""

    assessment: Assessment
    role: AssessorRole
    name: str
    scores: tuple[Score, ...]


@dataclass(frozen=True)
class PanelCase:
    """Everything a moderator may know of one nomination.

    Attributes:
        nomination: Where it stands.
        nominee: Their name.
        organisation: Their organisation's name.
        policy: The cohort's.
        flags: Open and settled, by number.
        seats: The assessments, in the order they were seated.
        changes: Score changes in force, oldest first.
        statements: What the nominee wrote on each criterion, as the panel read it.
        names: Of everybody who settled a flag or changed a score.
        holder: Who has it at this moment.
    """

    nomination: Nomination
    nominee: str
    organisation: str
    policy: Policy
    flags: tuple[Flag, ...]
    seats: tuple[PanelSeat, ...]
    changes: tuple[ScoreChange, ...]
    statements: Mapping[str, str]
    names: Mapping[str, str]
    holder: Holder | None

    @property
    def open_flags(self) -> tuple[Flag, ...]:
        """The flags that nobody has settled; none once it has left quality assurance."""
        if self.nomination.stage is not Stage.QUALITY_ASSURANCE:
            return ()
        return tuple(flag for flag in self.flags if flag.resolution is None)

    @property
    def submitted(self) -> tuple[PanelSeat, ...]:
        """The seats whose scores are submitted."""
        return tuple(seat for seat in self.seats if seat.assessment.stage is AssessmentStage.SUBMITTED)


@dataclass(frozen=True)
class Drawn:
    """A nomination of the audit sample, its audit flag once it was checked, and who has it at this moment."""

    nomination: Nomination
    flag: Flag | None
    holder: Holder | None


@dataclass(frozen=True)
class SampleCounts:
    """How many nominations of a sample are still to be scored, wait for a look, were looked at, or left before."""

    to_come: int
    waiting: int
    looked_at: int
    left: int


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
        .outerjoin(ModerationLock, _held(now))
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
    lines = tuple(
        QueueLine(row, name, oldest, tuple(flags[row.id]), _holder(lock, holders)) for row, name, oldest, lock in kept
    )
    going_back = before is not None
    return Queue(lines, more if going_back else after is not None, going_back or more)


async def queue_counts(session: AsyncSession, asker: Asker, *, now: datetime, cohort: str = "") -> QueueCounts:
    """How many nominations wait for a moderator; one with several flags counts once for each of their rules."""
    held = func.count(func.distinct(col(ModerationLock.nomination_id)))
    rows = await session.exec(
        select(Flag.rule, func.count(func.distinct(Flag.nomination_id)), held)
        .join(Nomination, col(Nomination.id) == col(Flag.nomination_id))
        .outerjoin(ModerationLock, _held(now))
        .where(col(Flag.resolution).is_(None), *_in_quality_assurance(asker, cohort))
        .group_by(func.grouping_sets(tuple_(col(Flag.rule)), tuple_()))
    )
    # The set of no columns counts over all rules; its rule is empty.
    counts = {FlagRule(rule) if rule else None: (waiting, with_somebody) for rule, waiting, with_somebody in rows}
    waiting, with_somebody = counts.get(None, (0, 0))
    by_rule = {rule: count for rule, (count, _) in counts.items() if rule is not None}
    return QueueCounts(waiting, by_rule, with_somebody)


async def case_of(session: AsyncSession, asker: Asker, nomination: str, *, now: datetime) -> PanelCase | None:
    """The nomination with its flags and scores, or None if there is none or this person may not see it."""
    found = await session.exec(
        select(Nomination, Person.full_name, Organisation.name, ModerationLock)
        .join(Person, col(Person.id) == col(Nomination.person_id))
        .join(Organisation, col(Organisation.code) == col(Nomination.organisation_code))
        .outerjoin(ModerationLock, _held(now))
        .where(visible_to(asker), col(Nomination.id) == nomination)
    )
    row = found.one_or_none()
    if row is None or not may(asker.role, Act.READ_PANEL_SCORES) or not may(asker.role, Act.READ_PANEL):
        return None
    stored, nominee, organisation, lock = row
    flags = await session.exec(select(Flag).where(Flag.nomination_id == nomination).order_by(col(Flag.number)))
    settled = tuple(flags)
    changes = await _changes_of(session, nomination)
    people = {flag.resolved_by for flag in settled if flag.resolved_by} | {one.changed_by for one in changes}
    names = await names_of(session, sorted(people | ({lock.person_id} if lock else set())))
    return PanelCase(
        nomination=stored,
        nominee=nominee,
        organisation=organisation,
        policy=await policy_of(session, stored.cohort_id),
        flags=settled,
        seats=await _seats_of(session, nomination),
        changes=changes,
        statements=await _statements_of(session, nomination) if may(asker.role, Act.READ_APPLICATION) else {},
        names=names,
        holder=_holder(lock, names),
    )


async def sample_of(
    session: AsyncSession,
    asker: Asker,
    cohort: str,
    policy: Policy,
    *,
    now: datetime,
    after: str = "",
    limit: int = A_PAGE,
) -> tuple[Drawn, ...]:
    """The nominations of a cohort that the published seed drew, after ``after`` in the order of their numbers."""
    rows = await session.exec(
        select(Nomination, Flag, ModerationLock)
        .outerjoin(Flag, _audit_flag())
        .outerjoin(ModerationLock, _held(now))
        .where(*_drawn(asker, cohort, policy), col(Nomination.id) > after)
        .order_by(col(Nomination.id))
        .limit(limit)
    )
    found = rows.all()
    names = await names_of(session, [lock.person_id for *_, lock in found if lock])
    return tuple(Drawn(row, flag, _holder(lock, names)) for row, flag, lock in found)


async def sample_counts(session: AsyncSession, asker: Asker, cohort: str, policy: Policy) -> SampleCounts:
    """How far the audit sample of a cohort has come."""
    flagged, settled = col(Flag.number).is_not(None), col(Flag.resolution).is_not(None)
    over = col(Nomination.stage).in_(list(ENDS))
    state = case((settled, "looked_at"), (over, "left"), (flagged, "waiting"), else_="to_come")
    rows = await session.exec(
        select(state, func.count())
        .select_from(Nomination)
        .outerjoin(Flag, _audit_flag())
        .where(*_drawn(asker, cohort, policy))
        .group_by(state)
    )
    counts: dict[str, int] = dict(rows.all())
    return SampleCounts(
        to_come=counts.get("to_come", 0),
        waiting=counts.get("waiting", 0),
        looked_at=counts.get("looked_at", 0),
        left=counts.get("left", 0),
    )


def _in_quality_assurance(asker: Asker, cohort: str) -> list[ColumnElement[bool]]:
    narrowed: list[ColumnElement[bool]] = [visible_to(asker), col(Nomination.stage) == Stage.QUALITY_ASSURANCE]
    if not may(asker.role, Act.RESOLVE_FLAGS):
        narrowed.append(false())
    if cohort:
        narrowed.append(col(Nomination.cohort_id) == cohort)
    return narrowed


def _drawn(asker: Asker, cohort: str, policy: Policy) -> list[ColumnElement[bool]]:
    """The rule of `scoring.sample.in_audit_sample`, reckoned by the database over all numbers of a cohort."""
    narrowed = [visible_to(asker), col(Nomination.cohort_id) == cohort, _by_the_seed(policy)]
    return narrowed if may(asker.role, Act.RESOLVE_FLAGS) else [false()]


def _by_the_seed(policy: Policy) -> ColumnElement[bool]:
    # A whole number lies below share x 2**256 just when it lies below that rounded up.
    below = ceil(Fraction(policy.quality.audit_share) * _HASHES)
    if below >= _HASHES:
        return true()
    drawn = func.sha256(
        func.convert_to(literal(f"{policy.quality.audit_seed}:") + col(Nomination.id), "UTF8"), type_=LargeBinary
    )
    # Hashes are of one length, so PostgreSQL's order of bytes is the order of the numbers they write.
    return drawn < below.to_bytes(32, "big")


def _audit_flag() -> ColumnElement[bool]:
    return and_(col(Flag.nomination_id) == col(Nomination.id), col(Flag.rule) == FlagRule.AUDIT_SAMPLE)


def _held(now: datetime) -> ColumnElement[bool]:
    return and_(col(ModerationLock.nomination_id) == col(Nomination.id), col(ModerationLock.ends_at) > now)


def _holder(lock: ModerationLock | None, names: Mapping[str, str]) -> Holder | None:
    return Holder(lock.person_id, names.get(lock.person_id, ""), lock.ends_at) if lock else None


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


async def _seats_of(session: AsyncSession, nomination: str) -> tuple[PanelSeat, ...]:
    rows = await session.exec(
        select(Assessment, Assessor.role, Person.full_name)
        .join(
            Assessor,
            and_(
                col(Assessor.id) == col(Assessment.assessor_id), col(Assessor.cohort_id) == col(Assessment.cohort_id)
            ),
        )
        .join(Person, col(Person.id) == col(Assessor.person_id))
        .where(col(Assessment.nomination_id) == nomination)
        .order_by(col(Assessment.seated_at), col(Assessment.id))
    )
    seats = rows.all()
    given = await session.exec(
        select(Score)
        .join(Assessment, col(Assessment.id) == col(Score.assessment_id))
        .where(col(Assessment.nomination_id) == nomination, col(Assessment.stage) == AssessmentStage.SUBMITTED)
        .order_by(col(Score.assessment_id), col(Score.criterion))
    )
    scores: dict[str, list[Score]] = defaultdict(list)
    for score in given:
        scores[score.assessment_id].append(score)
    return tuple(PanelSeat(row, AssessorRole(role), name, tuple(scores[row.id])) for row, role, name in seats)


async def _changes_of(session: AsyncSession, nomination: str) -> tuple[ScoreChange, ...]:
    rows = await session.exec(
        select(ScoreChange)
        .join(Assessment, col(Assessment.id) == col(ScoreChange.assessment_id))
        .where(col(Assessment.nomination_id) == nomination, col(ScoreChange.applied_at).is_not(None))
        .order_by(col(ScoreChange.applied_at), col(ScoreChange.assessment_id), col(ScoreChange.criterion))
    )
    return tuple(rows)


async def _statements_of(session: AsyncSession, nomination: str) -> Mapping[str, str]:
    """The newest application, redacted where the panel read it redacted."""
    rows = await session.exec(
        select(Application)
        .where(col(Application.nomination_id) == nomination)
        .order_by(col(Application.version).desc())
        .limit(1)
    )
    newest = rows.one_or_none()
    if newest is None:
        return {}
    return newest.content if newest.redacted is None else newest.redacted

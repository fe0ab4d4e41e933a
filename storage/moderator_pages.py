"""One nomination as a QA moderator sees it: flags, the panel's scores side by side, and who has it."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, false
from sqlmodel import and_, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import HOLDING, AssessmentStage, AssessorRole, Stage
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
from storage.conflict_pages import ScoredConflict, conflicts_of
from storage.lists import Asker, names_of, visible_to
from storage.policies import policy_of

A_PAGE = 50
"""How many nominations a page of a list has."""


@dataclass(frozen=True)
class Holder:
    """The moderator who has a nomination, and until when."""

    person: str
    name: str
    until: datetime


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
        conflicts: Conflicts of interest that were declared with assessors whose scores are submitted.
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
    conflicts: tuple[ScoredConflict, ...]

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


async def case_of(session: AsyncSession, asker: Asker, nomination: str, *, now: datetime) -> PanelCase | None:
    """The nomination with its flags and scores, or None if there is none or this person may not see it."""
    found = await session.exec(
        select(Nomination, Person.full_name, Organisation.name, ModerationLock)
        .join(Person, col(Person.id) == col(Nomination.person_id))
        .join(Organisation, col(Organisation.code) == col(Nomination.organisation_code))
        .outerjoin(ModerationLock, held_at(now))
        .where(moderated_by(asker), col(Nomination.id) == nomination)
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
        holder=holder_of(lock, names),
        conflicts=await conflicts_of(session, nomination),
    )


def moderated_by(asker: Asker) -> ColumnElement[bool]:
    """Which nominations this person may moderate: nobody their own, and nobody one whose panel they sit on.

    A person can hold several roles, and must not learn as a moderator what the others keep from them.
    """
    if not may(asker.role, Act.RESOLVE_FLAGS):
        return false()
    seats = (
        select(Assessment.nomination_id)
        .join(
            Assessor,
            and_(
                col(Assessor.id) == col(Assessment.assessor_id), col(Assessor.cohort_id) == col(Assessment.cohort_id)
            ),
        )
        .where(col(Assessor.person_id) == asker.person, col(Assessment.stage).in_(list(HOLDING)))
    )
    return and_(visible_to(asker), col(Nomination.person_id) != asker.person, col(Nomination.id).not_in(seats))


def held_at(now: datetime) -> ColumnElement[bool]:
    """Joins the lock of a nomination that somebody has at this moment."""
    return and_(col(ModerationLock.nomination_id) == col(Nomination.id), col(ModerationLock.ends_at) > now)


def holder_of(lock: ModerationLock | None, names: Mapping[str, str]) -> Holder | None:
    """Who has a nomination, with their name."""
    return Holder(lock.person_id, names.get(lock.person_id, ""), lock.ends_at) if lock else None


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

"""What an assessor's pages show: their own tasks and nothing of anybody else's, by the query itself.

Who has a conflict of interest with a nomination reads nothing of it: neither the organisation nor a word.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    SQLColumnExpression,
    case,
    false,
    func,
    literal,
    text,
    tuple_,
)
from sqlalchemy import select as columns
from sqlmodel import and_, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import HOLDING, AssessmentStage, EndorserPost, Role
from models.tables import (
    Application,
    Assessment,
    Assessor,
    Availability,
    Cohort,
    DeclaredConflict,
    Endorsement,
    Nomination,
    Organisation,
    Person,
    Score,
    ScoreChange,
    ScoreDraft,
)
from storage.lists import Asker
from storage.policies import names_are_hidden

PAGE = 50
"""Lines of a list that are shown at once."""
OPEN = (AssessmentStage.OFFERED, AssessmentStage.ACCEPTED, AssessmentStage.RETURNED)
"""Stages in which something is asked of the assessor."""
READABLE = (AssessmentStage.ACCEPTED, AssessmentStage.RETURNED, AssessmentStage.SUBMITTED)
"""Stages in which the assessor may read the application."""
GONE = (
    AssessmentStage.DECLINED,
    AssessmentStage.EXPIRED,
    AssessmentStage.REPLACED,
    AssessmentStage.STOOD_DOWN,
    AssessmentStage.TAKEN_BACK,
)
"""Stages in which the task is no longer the assessor's."""


_Lines = Select[str, str, str, AssessmentStage, datetime | None, datetime, datetime | None, bool, int]


@dataclass(frozen=True)
class Registration:
    """An assessor in one cohort's register; ``held`` counts the assessments that take up their capacity."""

    assessor: Assessor
    cohort: Cohort
    held: int


@dataclass(frozen=True)
class TaskLine:
    """A task in a list. ``scored``: criteria.

    ``organisation`` is the nominee's, empty for who has a conflict and where panels read without names.
    """

    assessment: str
    nomination: str
    organisation: str
    stage: AssessmentStage
    due_at: datetime | None
    stage_since: datetime
    submitted_at: datetime | None
    conflicted: bool
    scored: int = 0


@dataclass(frozen=True)
class Task:
    """One task. ``paused``: whether the nomination's clock stands still.

    ``organisation`` is as in `TaskLine`, but stands in an offer whatever the panel reads: whoever works there must
    recognise that they have a conflict.
    """

    row: Assessment
    organisation: str
    conflicted: bool
    paused: bool


@dataclass(frozen=True)
class Reading:
    """An application as this assessor may read it: text by field."""

    content: Mapping[str, str]
    submitted_at: datetime


@dataclass(frozen=True)
class Endorsed:
    """Who supports a nomination, in their own words; for panels that may know names."""

    name: str
    post: EndorserPost
    organisation: str
    statement: str


@dataclass(frozen=True)
class GivenScore:
    """A submitted score, and whether it is the asker's own."""

    assessment: str
    criterion: str
    value: int
    evidence: str
    own: bool


async def registrations_of(session: AsyncSession, asker: Asker) -> tuple[Registration, ...]:
    """The cohorts this assessor is registered in under the reference they act by, the newest first."""
    held = (
        select(func.count())
        .select_from(Assessment)
        .where(
            col(Assessment.assessor_id) == col(Assessor.id),
            col(Assessment.cohort_id) == col(Assessor.cohort_id),
            col(Assessment.stage).in_(list(HOLDING)),
        )
        .correlate(Assessor)
        .scalar_subquery()
    )
    rows = await session.exec(
        select(Assessor, Cohort, held)
        .join(Cohort, col(Cohort.id) == col(Assessor.cohort_id))
        .where(_theirs(asker))
        .order_by(col(Cohort.opens_at).desc(), col(Cohort.id))
    )
    return tuple(Registration(assessor, cohort, count) for assessor, cohort, count in rows)


async def open_tasks(session: AsyncSession, asker: Asker, after: str = "") -> tuple[TaskLine, ...]:
    """What is asked of the assessor, by due date; at most `PAGE` lines and one that shows that there are more."""
    due = func.coalesce(col(Assessment.due_at), text("'infinity'::timestamptz"))
    query = _lines(asker).where(col(Assessment.stage).in_(OPEN)).order_by(due, col(Assessment.id))
    if after:
        last = _place_of(asker, after, due)
        query = query.where(tuple_(due, col(Assessment.id)) > last)
    return await _read_lines(session, query)


async def past_tasks(session: AsyncSession, asker: Asker, after: str = "") -> tuple[TaskLine, ...]:
    """What is no longer asked of the assessor, the newest first; as many lines as `open_tasks`."""
    over = [AssessmentStage.SUBMITTED, *GONE]
    query = _lines(asker).where(col(Assessment.stage).in_(over))
    query = query.order_by(col(Assessment.stage_since).desc(), col(Assessment.id).desc())
    if after:
        last = _place_of(asker, after, col(Assessment.stage_since))
        query = query.where(tuple_(col(Assessment.stage_since), col(Assessment.id)) < last)
    return await _read_lines(session, query)


async def stages_of(session: AsyncSession, asker: Asker) -> dict[str, dict[AssessmentStage, int]]:
    """How many of the assessor's tasks stand where, by cohort."""
    rows = await session.exec(
        select(Assessment.cohort_id, Assessment.stage, func.count())
        .join(Assessor, _seat())
        .where(_theirs(asker))
        .group_by(col(Assessment.cohort_id), col(Assessment.stage))
    )
    counted: dict[str, dict[AssessmentStage, int]] = {}
    for cohort, stage, count in rows:
        counted.setdefault(cohort, {})[AssessmentStage(stage)] = count
    return counted


async def task_of(session: AsyncSession, asker: Asker, assessment: str) -> Task | None:
    """One task, or None where there is none of this id that was ever offered to this assessor."""
    conflicted = col(DeclaredConflict.nomination_id).is_not(None)
    rows = await session.exec(
        select(Assessment, _organisation(offers=True), conflicted, Nomination.paused)
        .join(Assessor, _seat())
        .join(Nomination, col(Nomination.id) == col(Assessment.nomination_id))
        .join(Organisation, col(Organisation.code) == col(Nomination.organisation_code))
        .outerjoin(DeclaredConflict, _conflict())
        .where(_theirs(asker), col(Assessment.id) == assessment, col(Assessment.stage) != AssessmentStage.SEATED)
    )
    found = rows.one_or_none()
    return None if found is None else Task(*found)


async def nominee_of(session: AsyncSession, asker: Asker, assessment: str) -> str:
    """The nominee's full name, empty where it is not this assessor's to know; not for panels without names."""
    rows = await session.exec(
        select(Person.full_name)
        .join(Nomination, col(Nomination.person_id) == col(Person.id))
        .join(Assessment, col(Assessment.nomination_id) == col(Nomination.id))
        .where(
            col(Assessment.id).in_(_own(asker, assessment, (*OPEN, AssessmentStage.SUBMITTED))),
        )
    )
    return rows.one_or_none() or ""


async def application_for(session: AsyncSession, asker: Asker, assessment: str, *, anonymous: bool) -> Reading | None:
    """The newest application, once the assessor has accepted and has no conflict; None otherwise.

    Args:
        session: Only reads.
        asker: Whose task it must be.
        assessment: The task.
        anonymous: Whether only the redacted form may be read. Where there is none, there is nothing to read: the
            text as it was submitted does not leave the database.
    """
    shown = col(Application.redacted) if anonymous else col(Application.content)
    rows = await session.exec(
        select(shown, Application.submitted_at)
        .join(Assessment, col(Assessment.nomination_id) == col(Application.nomination_id))
        .where(col(Assessment.id).in_(_own(asker, assessment, READABLE)))
        .order_by(col(Application.version).desc())
        .limit(1)
    )
    found = rows.one_or_none()
    return None if found is None or found[0] is None else Reading(found[0], found[1])


async def endorsement_for(session: AsyncSession, asker: Asker, assessment: str) -> Endorsed | None:
    """Who endorsed the nomination; for who may read the application, and not for panels without names."""
    rows = await session.exec(
        select(Person.full_name, Endorsement.post, Organisation.name, Endorsement.statement)
        .join(Endorsement, col(Endorsement.person_id) == col(Person.id))
        .join(Organisation, col(Organisation.code) == col(Endorsement.organisation_code))
        .join(Assessment, col(Assessment.nomination_id) == col(Endorsement.nomination_id))
        .where(col(Assessment.id).in_(_own(asker, assessment, READABLE)))
    )
    found = rows.one_or_none()
    if found is None:
        return None
    name, post, organisation, statement = found
    return Endorsed(name, EndorserPost(post), organisation, statement)


async def panel_scores(session: AsyncSession, asker: Asker, assessment: str) -> tuple[GivenScore, ...]:
    """The panel's submitted scores, own ones first; none before the assessor has submitted their own."""
    own = col(Assessment.id) == assessment
    query = (
        columns(col(Score.assessment_id), col(Score.criterion), col(Score.value), col(Score.evidence), own)
        .join(Assessment, col(Assessment.id) == col(Score.assessment_id))
        .where(
            col(Assessment.nomination_id).in_(_of_nomination(asker, assessment)),
            col(Assessment.stage) == AssessmentStage.SUBMITTED,
        )
        .order_by(own.desc(), col(Score.assessment_id), col(Score.criterion))
    )
    rows = await (await session.connection()).execute(query)
    return tuple(GivenScore(*row) for row in rows)


async def still_scoring(session: AsyncSession, asker: Asker, assessment: str) -> int:
    """How many of the panel have not submitted yet; 0 before the assessor has submitted their own."""
    rows = await session.exec(
        select(func.count())
        .select_from(Assessment)
        .where(
            col(Assessment.nomination_id).in_(_of_nomination(asker, assessment)),
            col(Assessment.stage).in_([stage for stage in HOLDING if stage is not AssessmentStage.SUBMITTED]),
        )
    )
    return rows.one()


async def changes_for(session: AsyncSession, asker: Asker, assessment: str) -> Sequence[ScoreChange]:
    """How the assessor's own submitted scores were changed since, in order."""
    rows = await session.exec(
        select(ScoreChange)
        .where(
            col(ScoreChange.assessment_id).in_(_own(asker, assessment, (AssessmentStage.SUBMITTED,))),
            col(ScoreChange.applied_at).is_not(None),
        )
        .order_by(col(ScoreChange.criterion), col(ScoreChange.change))
    )
    return rows.all()


async def periods_of(session: AsyncSession, asker: Asker) -> dict[str, list[Availability]]:
    """The days on which the assessor can assess, in order, by cohort."""
    rows = await session.exec(
        select(Availability)
        .join(
            Assessor,
            and_(
                col(Assessor.id) == col(Availability.assessor_id),
                col(Assessor.cohort_id) == col(Availability.cohort_id),
            ),
        )
        .where(_theirs(asker))
        .order_by(col(Availability.cohort_id), col(Availability.from_day))
    )
    periods: dict[str, list[Availability]] = {}
    for one in rows:
        periods.setdefault(one.cohort_id, []).append(one)
    return periods


async def known_interests(session: AsyncSession, cohort: str) -> list[str]:
    """The interests that anybody in the cohort has named, assessor or nominee, in the order of the alphabet."""
    words = text(
        "SELECT word FROM assessor, jsonb_array_elements_text(interests) AS word WHERE cohort_id = :cohort "
        "UNION SELECT word FROM nomination, jsonb_array_elements_text(interests) AS word WHERE cohort_id = :cohort "
        "ORDER BY word"
    )
    rows = await (await session.connection()).execute(words, {"cohort": cohort})
    return [str(word) for word in rows.scalars()]


# ---------------------------------------------------------------------------------------------------------
# Whose, and which


def _theirs(asker: Asker) -> ColumnElement[bool]:
    """The register's rows of this person under the references they act by."""
    if asker.role is not Role.ASSESSOR:
        return false()
    return and_(col(Assessor.person_id) == asker.person, col(Assessor.id).in_(sorted(asker.places)))


def _seat() -> ColumnElement[bool]:
    return and_(col(Assessor.id) == col(Assessment.assessor_id), col(Assessor.cohort_id) == col(Assessment.cohort_id))


def _conflict() -> ColumnElement[bool]:
    return and_(
        col(DeclaredConflict.nomination_id) == col(Assessment.nomination_id),
        col(DeclaredConflict.assessor_id) == col(Assessment.assessor_id),
    )


def _organisation(*, offers: bool = False) -> ColumnElement[str]:
    """The organisation's name, empty for who has a conflict or has given the task back.

    Empty as well where panels read without names; with ``offers``, not while the task is an offer.
    """
    unnamed = names_are_hidden(col(Assessment.cohort_id))
    if offers:
        unnamed = and_(unnamed, col(Assessment.stage) != AssessmentStage.OFFERED)
    hidden = or_(col(DeclaredConflict.nomination_id).is_not(None), col(Assessment.stage).in_(GONE), unnamed)
    return case((hidden, literal("")), else_=col(Organisation.name))


def _own(asker: Asker, assessment: str, stages: Sequence[AssessmentStage]) -> Select[str]:
    """The task's id, if it is this assessor's, in one of these stages, and without a conflict."""
    return _unbarred(columns(col(Assessment.id)), asker, assessment, stages)


def _of_nomination(asker: Asker, assessment: str) -> Select[str]:
    """The task's nomination, once this assessor has submitted their own scores on it."""
    return _unbarred(columns(col(Assessment.nomination_id)), asker, assessment, (AssessmentStage.SUBMITTED,))


def _unbarred(query: Select[str], asker: Asker, assessment: str, stages: Sequence[AssessmentStage]) -> Select[str]:
    return (
        query.join(Assessor, _seat())
        .outerjoin(DeclaredConflict, _conflict())
        .where(
            _theirs(asker),
            col(Assessment.id) == assessment,
            col(Assessment.stage).in_(list(stages)),
            col(DeclaredConflict.nomination_id).is_(None),
        )
        .correlate(None)
    )


def _place_of(asker: Asker, assessment: str, when: SQLColumnExpression[datetime]) -> ScalarSelect[object]:
    """Where one of the assessor's own tasks stands in a list; nothing comes after anybody else's, or none."""
    return (
        columns(when, col(Assessment.id))
        .select_from(Assessment)
        .join(Assessor, _seat())
        .where(_theirs(asker), col(Assessment.id) == assessment, col(Assessment.stage) != AssessmentStage.SEATED)
        .correlate(None)
        .scalar_subquery()
    )


def _lines(asker: Asker) -> _Lines:
    scored = (
        columns(func.count())
        .select_from(ScoreDraft)
        .where(
            col(ScoreDraft.assessment_id) == col(Assessment.id),
            col(ScoreDraft.field).endswith(".value"),
            col(ScoreDraft.content) != "",
        )
        .correlate(Assessment)
        .scalar_subquery()
    )
    return (
        columns(
            col(Assessment.id),
            col(Assessment.nomination_id),
            _organisation(),
            col(Assessment.stage),
            col(Assessment.due_at),
            col(Assessment.stage_since),
            col(Assessment.submitted_at),
            col(DeclaredConflict.nomination_id).is_not(None),
            scored,
        )
        .select_from(Assessment)
        .join(Assessor, _seat())
        .join(Nomination, col(Nomination.id) == col(Assessment.nomination_id))
        .join(Organisation, col(Organisation.code) == col(Nomination.organisation_code))
        .outerjoin(DeclaredConflict, _conflict())
        .where(_theirs(asker))
        .limit(PAGE + 1)
    )


async def _read_lines(session: AsyncSession, query: _Lines) -> tuple[TaskLine, ...]:
    rows = await (await session.connection()).execute(query)
    return tuple(TaskLine(*row) for row in rows)

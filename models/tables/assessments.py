"""Assessors, their tasks, and their scores with evidence."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field

from models.enums import AssessmentStage, AssessorDeclineReason, AssessorRole, ScoreChangeReason
from models.tables.base import JSON_DOCUMENT, Stored, words


class Assessor(Stored, table=True):
    """A trained senior leader in one cohort's register. ``capacity``: most assessments held at once."""

    __table_args__ = (
        UniqueConstraint("cohort_id", "person_id"),
        CheckConstraint("capacity >= 0", name="capacity_not_negative"),
    )

    id: str = Field(primary_key=True, max_length=20)
    cohort_id: str = Field(primary_key=True, foreign_key="cohort.id", max_length=32)
    person_id: str = Field(foreign_key="person.id", max_length=20)
    role: AssessorRole = Field(sa_type=words(AssessorRole))
    organisation_code: str = Field(foreign_key="organisation.code", max_length=8)
    interests: list[str] = Field(default_factory=list, sa_type=JSON_DOCUMENT)
    capacity: int
    training_expires: date | None = None


class Availability(Stored, table=True):
    """Days, both included, on which an assessor can take assessments."""

    __table_args__ = (
        ForeignKeyConstraint(["assessor_id", "cohort_id"], ["assessor.id", "assessor.cohort_id"]),
        CheckConstraint("until_day >= from_day", name="ends_after_it_begins"),
    )

    assessor_id: str = Field(primary_key=True, max_length=20)
    cohort_id: str = Field(primary_key=True, max_length=32)
    from_day: date = Field(primary_key=True)
    until_day: date


class DeclaredConflict(Stored, table=True):
    """A relationship that bars an assessor from a nomination, declared by either side."""

    nomination_id: str = Field(primary_key=True, foreign_key="nomination.id", max_length=40)
    assessor_id: str = Field(primary_key=True, max_length=20)
    kind: str = Field(max_length=32)
    declared_by: str = Field(max_length=20)
    declared_at: datetime


class Assessment(Stored, table=True):
    """One assessor's task on one nomination. The columns from ``stage`` on are written by its workflow alone.

    A trigger keeps the number of assessments an assessor holds within their capacity.
    """

    __table_args__ = (
        UniqueConstraint("nomination_id", "assessor_id"),
        ForeignKeyConstraint(["assessor_id", "cohort_id"], ["assessor.id", "assessor.cohort_id"]),
        Index("ix_assessment_assessor_stage", "cohort_id", "assessor_id", "stage"),
        CheckConstraint("starts_with(nomination_id, cohort_id || '-')", name="nomination_of_the_same_cohort"),
        CheckConstraint("stage <> 'declined' OR decline_reason IS NOT NULL", name="declined_for_a_reason"),
    )

    id: str = Field(primary_key=True, max_length=64)
    cohort_id: str = Field(foreign_key="cohort.id", max_length=32)
    nomination_id: str = Field(foreign_key="nomination.id", max_length=40)
    assessor_id: str = Field(max_length=20)
    run: int
    seated_at: datetime
    drafted_at: datetime | None = None
    stage: AssessmentStage = Field(
        default=AssessmentStage.SEATED,
        sa_type=words(AssessmentStage),
    )
    stage_since: datetime
    due_at: datetime | None = None
    decline_reason: AssessorDeclineReason | None = Field(
        default=None,
        sa_type=words(AssessorDeclineReason),
    )
    offered_at: datetime | None = None
    accepted_at: datetime | None = None
    submitted_at: datetime | None = None
    steps: int = 0


class Score(Stored, table=True):
    """One criterion's score with its evidence: a draft until the assessment is submitted, then fixed.

    The range 1 to 7 is the Civil Service scale; a policy with a narrower scale is checked on entry.
    """

    __table_args__ = (CheckConstraint("value BETWEEN 1 AND 7", name="value_on_the_scale"),)

    assessment_id: str = Field(primary_key=True, foreign_key="assessment.id", max_length=64)
    criterion: str = Field(primary_key=True, max_length=32)
    value: int
    evidence: str
    saved_at: datetime


class ScoreDraft(Stored, table=True):
    """What an assessor has typed into one field of the scores, as last saved; ``revision`` rises with each save.

    Fields are named by criterion: ``<criterion>.value`` and ``<criterion>.evidence``.
    """

    assessment_id: str = Field(primary_key=True, foreign_key="assessment.id", max_length=64)
    field: str = Field(primary_key=True, max_length=64)
    content: str
    revision: int = Field(default=1, ge=1)
    saved_at: datetime


class ScoreChange(Stored, table=True):
    """A submitted score that was changed: the old value kept, the reason coded, the person named."""

    __table_args__ = (
        ForeignKeyConstraint(["assessment_id", "criterion"], ["score.assessment_id", "score.criterion"]),
        CheckConstraint("before BETWEEN 1 AND 7 AND after BETWEEN 1 AND 7", name="values_on_the_scale"),
    )

    assessment_id: str = Field(primary_key=True, max_length=64)
    criterion: str = Field(primary_key=True, max_length=32)
    change: int = Field(primary_key=True, ge=1)
    before: int
    after: int
    reason: ScoreChangeReason = Field(sa_type=words(ScoreChangeReason))
    note: str = Field(default="")
    changed_by: str = Field(max_length=20)
    changed_at: datetime
    applied_at: datetime | None = None

"""Nominations and everything the nominee and the organisation say about them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from models.enums import EndorserPost, NominationRoute, Outcome, Readiness, Stage
from models.tables.base import JSON_DOCUMENT, Stored, words

_OVER = "'declined_by_nominee', 'lapsed', 'ineligible', 'withdrawn', 'not_admitted', 'deferred'"


class Nomination(Stored, table=True):
    """One person's nomination in one cohort. The columns from ``stage`` on are written by its workflow alone."""

    __table_args__ = (
        Index(
            "uq_nomination_live_person_cohort",
            "person_id",
            "cohort_id",
            unique=True,
            postgresql_where=text(f"stage NOT IN ({_OVER})"),
        ),
        Index(
            "uq_nomination_cohort_reference",
            "cohort_id",
            "reference",
            unique=True,
            postgresql_where=text("reference <> ''"),
        ),
        Index("ix_nomination_cohort_stage_id", "cohort_id", "stage", "id"),
        CheckConstraint("(outcome IS NULL) OR stage NOT IN ('nominated', 'applying')", name="outcome_after_applying"),
    )

    id: str = Field(primary_key=True, max_length=40)
    cohort_id: str = Field(foreign_key="cohort.id", max_length=32)
    reference: str = Field(default="", max_length=40)
    person_id: str = Field(foreign_key="person.id", max_length=20, index=True)
    organisation_code: str = Field(foreign_key="organisation.code", max_length=8, index=True)
    nominated_by: str = Field(foreign_key="person.id", max_length=20)
    route: NominationRoute = Field(sa_type=words(NominationRoute))
    readiness: Readiness = Field(sa_type=words(Readiness))
    interests: list[str] = Field(default_factory=list, sa_type=JSON_DOCUMENT)
    late_reason: str | None = Field(default=None, max_length=32)
    created_at: datetime
    stage: Stage = Field(default=Stage.NOMINATED, sa_type=words(Stage))
    stage_since: datetime
    due_at: datetime | None = Field(default=None, index=True)
    paused: bool = False
    attention_code: str | None = Field(default=None, max_length=64)
    attention_step: str | None = Field(default=None, max_length=64)
    attention_since: datetime | None = None
    handed_to: str | None = Field(default=None, max_length=20)
    outcome: Outcome | None = Field(default=None, sa_type=words(Outcome))
    steps: int = 0


class Endorsement(Stored, table=True):
    """A senior leader supports a nomination, in their own words."""

    nomination_id: str = Field(primary_key=True, foreign_key="nomination.id", max_length=40)
    person_id: str = Field(foreign_key="person.id", max_length=20)
    post: EndorserPost = Field(sa_type=words(EndorserPost))
    organisation_code: str = Field(foreign_key="organisation.code", max_length=8)
    statement: str = Field(default="")
    given_at: datetime


class ApplicationDraft(Stored, table=True):
    """One field of an application as last typed; ``revision`` rises with each save."""

    nomination_id: str = Field(primary_key=True, foreign_key="nomination.id", max_length=40)
    field: str = Field(primary_key=True, max_length=64)
    content: str
    revision: int = Field(default=1, ge=1)
    saved_at: datetime


class Application(Stored, table=True):
    """An application as submitted: frozen, with its fingerprint.

    ``redacted`` is the same text without what tells who wrote it, made when it was submitted where the cohort's
    policy hides names from the panel; None elsewhere.
    """

    nomination_id: str = Field(primary_key=True, foreign_key="nomination.id", max_length=40)
    version: int = Field(primary_key=True, ge=1)
    content: dict[str, str] = Field(sa_type=JSON_DOCUMENT)
    sha256: str = Field(max_length=64)
    submitted_at: datetime
    redacted: dict[str, str] | None = Field(default=None, sa_type=JSON_DOCUMENT)


class ScreeningFinding(Stored, table=True):
    """What screening found on one eligibility rule, and who settled it if the rule was not met."""

    nomination_id: str = Field(primary_key=True, foreign_key="nomination.id", max_length=40)
    rule: str = Field(primary_key=True, max_length=40)
    met: bool
    reason: str = Field(max_length=300)
    found_at: datetime


class Decision(Stored, table=True):
    """The board's decision on a nomination: drafted, approved by another person, released with all others."""

    __table_args__ = (
        CheckConstraint("(approved_by IS NULL) = (approved_at IS NULL)", name="approved_by_and_when"),
        CheckConstraint("released_at IS NULL OR approved_at IS NOT NULL", name="released_only_if_approved"),
    )

    nomination_id: str = Field(primary_key=True, foreign_key="nomination.id", max_length=40)
    outcome: Outcome = Field(sa_type=words(Outcome))
    place: int | None = Field(default=None, ge=1)
    reason: str = Field(max_length=32)
    note: str = Field(default="")
    drafted_by: str = Field(max_length=20)
    drafted_at: datetime
    approved_by: str | None = Field(default=None, max_length=20)
    approved_at: datetime | None = None
    released_at: datetime | None = None

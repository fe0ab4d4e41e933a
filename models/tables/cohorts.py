"""Cohorts and the versions of their policies."""

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlmodel import Field

from models.enums import CohortPhase
from models.tables.base import JSON_DOCUMENT, Stored, words


class Cohort(Stored, table=True):
    """One round. The columns from ``phase`` on are written by the cohort's workflow alone."""

    __table_args__ = (CheckConstraint("closes_at > opens_at", name="closes_after_opening"),)

    id: str = Field(primary_key=True, max_length=32)
    name: str = Field(max_length=120)
    region: str = Field(max_length=120)
    policy_version: int = Field(default=1, ge=1)
    created_at: datetime
    last_number: int = Field(default=0, ge=0)
    phase: CohortPhase = Field(default=CohortPhase.SCHEDULED, sa_type=words(CohortPhase))
    opens_at: datetime
    closes_at: datetime
    due_at: datetime | None = None
    released_at: datetime | None = None
    steps: int = 0


class PolicyVersion(Stored, table=True):
    """A cohort's policy as it stood; a change makes a new version and never touches an old one."""

    cohort_id: str = Field(primary_key=True, foreign_key="cohort.id", max_length=32)
    version: int = Field(primary_key=True, ge=1)
    document: dict[str, object] = Field(sa_type=JSON_DOCUMENT)
    sha256: str = Field(max_length=64)
    created_at: datetime

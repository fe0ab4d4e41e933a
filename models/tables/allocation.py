"""Allocation runs: proposals that can be looked at, compared, released or discarded; and the pairs set for them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint
from sqlmodel import Field

from models.enums import PairKind, RunKind, RunStatus, SteerReason
from models.tables.base import JSON_DOCUMENT, Stored, words


class AllocationRun(Stored, table=True):
    """One run of the solver: what it was asked and what it answered, with its proof.

    Who released or discarded it stands under ``settled``; of an undone run, ``undone_panels`` were taken back, and
    ``kept_panels`` stand as they were, since somebody had answered.
    """

    cohort_id: str = Field(primary_key=True, foreign_key="cohort.id", max_length=32)
    number: int = Field(primary_key=True, ge=1)
    kind: RunKind = Field(sa_type=words(RunKind))
    status: RunStatus = Field(sa_type=words(RunStatus))
    problem: dict[str, object] = Field(sa_type=JSON_DOCUMENT)
    result: dict[str, object] = Field(sa_type=JSON_DOCUMENT)
    made_at: datetime
    settled_at: datetime | None = None
    settled_by: str | None = Field(default=None, max_length=20)
    undone_at: datetime | None = None
    undone_by: str | None = Field(default=None, max_length=20)
    undone_reason: SteerReason | None = Field(default=None, sa_type=words(SteerReason))
    undone_panels: int | None = Field(default=None, ge=1)
    kept_panels: int | None = Field(default=None, ge=0)


class ProposedSeat(Stored, table=True):
    """One seat a run fills, and why this assessor."""

    __table_args__ = (
        ForeignKeyConstraint(["cohort_id", "run"], ["allocationrun.cohort_id", "allocationrun.number"]),
    )

    cohort_id: str = Field(primary_key=True, max_length=32)
    run: int = Field(primary_key=True)
    nomination_id: str = Field(primary_key=True, foreign_key="nomination.id", max_length=40)
    assessor_id: str = Field(primary_key=True, max_length=20)
    cost: float
    reasons: list[str] = Field(default_factory=list, sa_type=JSON_DOCUMENT)


class UnstaffedNomination(Stored, table=True):
    """A nomination a run could not give a whole panel, and why."""

    __table_args__ = (
        ForeignKeyConstraint(["cohort_id", "run"], ["allocationrun.cohort_id", "allocationrun.number"]),
    )

    cohort_id: str = Field(primary_key=True, max_length=32)
    run: int = Field(primary_key=True)
    nomination_id: str = Field(primary_key=True, foreign_key="nomination.id", max_length=40)
    missing: int = Field(ge=1)
    reasons: list[str] = Field(default_factory=list, sa_type=JSON_DOCUMENT)


class PairRule(Stored, table=True):
    """What operations set for one nomination and one assessor, which every run from then on keeps to."""

    __table_args__ = (
        ForeignKeyConstraint(["assessor_id", "cohort_id"], ["assessor.id", "assessor.cohort_id"]),
        CheckConstraint("starts_with(nomination_id, cohort_id || '-')", name="nomination_of_the_same_cohort"),
    )

    nomination_id: str = Field(primary_key=True, foreign_key="nomination.id", max_length=40)
    assessor_id: str = Field(primary_key=True, max_length=20)
    cohort_id: str = Field(foreign_key="cohort.id", max_length=32, index=True)
    kind: PairKind = Field(sa_type=words(PairKind))
    reason: SteerReason = Field(sa_type=words(SteerReason))
    set_by: str = Field(foreign_key="person.id", max_length=20)
    set_at: datetime

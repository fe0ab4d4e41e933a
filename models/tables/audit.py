"""The audit chain: every change, in order, each bound to the one before by its hash.

A trigger takes the position and the hash under a lock, and another refuses updates, deletes and truncation.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from models.tables.base import JSON_DOCUMENT, Stored


class AuditEvent(Stored, table=True):
    """What changed, when, by whom, in which role, from what to what, and why. It holds no personal data."""

    __table_args__ = (
        Index(
            "uq_audit_event_step",
            "workflow_id",
            "key",
            unique=True,
            postgresql_where=text("workflow_id IS NOT NULL"),
        ),
        Index("ix_auditevent_subject", "subject", "position"),
        CheckConstraint(
            "(workflow_id IS NULL) = (step IS NULL) AND (workflow_id IS NULL) = (key IS NULL)",
            name="workflow_with_step_and_key",
        ),
    )

    position: int = Field(default=0, primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime
    actor: str = Field(max_length=20)
    role: str = Field(max_length=24)
    what: str = Field(max_length=64)
    subject: str = Field(max_length=120)
    workflow_id: str | None = Field(default=None, max_length=120)
    step: int | None = None
    key: str | None = Field(default=None, max_length=96)
    before: dict[str, object] | None = Field(default=None, sa_type=JSON_DOCUMENT)
    after: dict[str, object] | None = Field(default=None, sa_type=JSON_DOCUMENT)
    reason: str | None = Field(default=None, max_length=64)
    previous: str = Field(default="", max_length=64)
    hash: str = Field(default="", max_length=64)

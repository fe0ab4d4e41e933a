"""Flags that quality assurance raises, and how they were settled."""

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlmodel import Field

from models.enums import FlagRule, Resolution
from models.tables.base import Stored, words


class Flag(Stored, table=True):
    """Something a moderator must look at; ``number`` counts within the nomination."""

    __table_args__ = (
        CheckConstraint(
            "(resolution IS NULL) = (resolved_by IS NULL) AND (resolution IS NULL) = (resolved_at IS NULL)",
            name="resolved_by_and_when",
        ),
    )

    nomination_id: str = Field(primary_key=True, foreign_key="nomination.id", max_length=40)
    number: int = Field(primary_key=True, ge=1)
    rule: FlagRule = Field(sa_type=words(FlagRule))
    subject: str = Field(default="", max_length=96)
    reason: str = Field(max_length=300)
    raised_at: datetime
    resolution: Resolution | None = Field(default=None, sa_type=words(Resolution))
    resolved_by: str | None = Field(default=None, max_length=20)
    resolved_at: datetime | None = None

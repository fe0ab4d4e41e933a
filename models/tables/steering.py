"""What operations and moderators hold while they work: bulk steps that can be undone, and locks."""

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlmodel import Field

from models.tables.base import JSON_DOCUMENT, Stored


class BulkStep(Stored, table=True):
    """One step that was taken for many nominations at once.

    ``lines``: by nomination id, what came of it: ``done``, or the sentence with which it was refused. ``undone_at``
    once the opposite step was taken for those that were done.
    """

    __table_args__ = (CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", name="undone_by_and_when"),)

    id: str = Field(primary_key=True, max_length=24)
    cohort_id: str = Field(foreign_key="cohort.id", max_length=32, index=True)
    act: str = Field(max_length=32)
    reason: str = Field(max_length=32)
    until: datetime | None = None
    person_id: str = Field(foreign_key="person.id", max_length=20)
    taken_at: datetime
    lines: dict[str, str] = Field(default_factory=dict, sa_type=JSON_DOCUMENT)
    undone_at: datetime | None = None
    undone_by: str | None = Field(default=None, max_length=20)


class ModerationLock(Stored, table=True):
    """The moderator who looks at a nomination's flags now; others may look, and wait or take over once it ends."""

    nomination_id: str = Field(primary_key=True, foreign_key="nomination.id", max_length=40)
    person_id: str = Field(foreign_key="person.id", max_length=20)
    taken_at: datetime
    ends_at: datetime

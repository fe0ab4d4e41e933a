"""What people have begun and not sent: nominations."""

from datetime import datetime

from sqlmodel import Field

from models.tables.base import JSON_DOCUMENT, Stored


class NominationDraft(Stored, table=True):
    """A nomination that somebody at an organisation has begun; ``nomination_id`` once it was sent."""

    id: str = Field(primary_key=True, max_length=24)
    organisation_code: str = Field(foreign_key="organisation.code", max_length=8, index=True)
    cohort_id: str = Field(foreign_key="cohort.id", max_length=32)
    person_id: str = Field(foreign_key="person.id", max_length=20)
    content: dict[str, str] = Field(default_factory=dict, sa_type=JSON_DOCUMENT)
    begun_at: datetime
    saved_at: datetime
    nomination_id: str | None = Field(default=None, max_length=40)

"""The two outboxes: messages owed to people, and starts and Updates owed to workflows."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field

from models.enums import MessageStatus, TellingStatus, Template
from models.tables.base import JSON_DOCUMENT, Stored, words


class OutboxMessage(Stored, table=True):
    """A message owed to a person; ``id`` is made of the step that owes it, so a step owes it once."""

    __table_args__ = (
        Index("ix_outbox_waiting", "queued_at", postgresql_where=text("status IN ('waiting', 'sending')")),
    )

    id: str = Field(primary_key=True, max_length=120)
    template: Template = Field(sa_type=words(Template))
    person_id: str = Field(foreign_key="person.id", max_length=20, index=True)
    cohort_id: str = Field(foreign_key="cohort.id", max_length=32)
    nomination_id: str | None = Field(default=None, max_length=40, index=True)
    assessment_id: str | None = Field(default=None, max_length=64)
    facts: dict[str, str] = Field(default_factory=dict, sa_type=JSON_DOCUMENT)
    queued_at: datetime
    status: MessageStatus = Field(default=MessageStatus.WAITING, sa_type=words(MessageStatus))
    attempts: int = 0
    sending_since: datetime | None = None
    sent_at: datetime | None = None
    failure: str | None = Field(default=None, max_length=64)


class Telling(Stored, table=True):
    """A start or an Update owed to a workflow, written in the transaction that saved what a person typed.

    ``id`` is the Update's id, so that telling twice is telling once. ``payload`` holds identifiers, words and
    dates alone, as it goes into the workflow's history.
    """

    __table_args__ = (Index("ix_telling_waiting", "made_at", postgresql_where=text("status = 'waiting'")),)

    id: str = Field(primary_key=True, max_length=64)
    workflow_id: str = Field(max_length=120)
    kind: str = Field(max_length=16)
    name: str = Field(max_length=64)
    payload: dict[str, object] = Field(sa_type=JSON_DOCUMENT)
    made_at: datetime
    status: TellingStatus = Field(default=TellingStatus.WAITING, sa_type=words(TellingStatus))
    attempts: int = 0
    tried_at: datetime | None = None
    answer: str | None = None

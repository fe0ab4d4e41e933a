"""What programs of organisations have: tokens for the interface, and addresses that events are sent to."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from models.tables.base import JSON_DOCUMENT, Stored


class ApiToken(Stored, table=True):
    """A token of an organisation's program; only its hash is kept, and its first letters to know it by."""

    __table_args__ = (UniqueConstraint("token_sha256"),)

    id: str = Field(primary_key=True, max_length=24)
    organisation_code: str = Field(foreign_key="organisation.code", max_length=8, index=True)
    name: str = Field(max_length=80)
    scopes: list[str] = Field(sa_type=JSON_DOCUMENT)
    token_sha256: str = Field(max_length=64)
    made_by: str = Field(foreign_key="person.id", max_length=20)
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None


class WebhookEndpoint(Stored, table=True):
    """An address that an organisation's events are sent to. ``secret`` signs them (Standard Webhooks)."""

    id: str = Field(primary_key=True, max_length=24)
    organisation_code: str = Field(foreign_key="organisation.code", max_length=8, index=True)
    url: str = Field(max_length=500)
    secret: str = Field(max_length=80)
    kinds: list[str] = Field(default_factory=list, sa_type=JSON_DOCUMENT)
    made_at: datetime
    after_position: int = Field(default=0, ge=0)
    disabled_at: datetime | None = None


class WebhookDelivery(Stored, table=True):
    """One event owed to one endpoint; ``id`` is the message's id, the same in every try and replay."""

    __table_args__ = (
        CheckConstraint("status IN ('waiting', 'delivered', 'given_up')", name="status"),
        Index("ix_webhook_waiting", "next_at", postgresql_where=text("status = 'waiting'")),
        Index("ix_webhook_of_endpoint", "endpoint_id", "made_at"),
    )

    id: str = Field(primary_key=True, max_length=64)
    endpoint_id: str = Field(foreign_key="webhookendpoint.id", max_length=24)
    event: dict[str, object] = Field(sa_type=JSON_DOCUMENT)
    made_at: datetime
    status: str = Field(default="waiting", max_length=16)
    tries: int = Field(default=0, ge=0)
    next_at: datetime
    answered: int | None = None
    failure: str | None = Field(default=None, max_length=64)
    delivered_at: datetime | None = None

"""What programs of organisations may do, and what they can be told: the words of tokens and webhooks."""

from enum import StrEnum


class Scope(StrEnum):
    """What a token may be used for, within what its maker may do."""

    NOMINATIONS_READ = "nominations:read"
    NOMINATIONS_WRITE = "nominations:write"
    DECISIONS_READ = "decisions:read"
    EXPORTS_READ = "exports:read"
    WEBHOOKS_MANAGE = "webhooks:manage"


class EventKind(StrEnum):
    """What a webhook can tell: changes of stage up to the board's decision, and those that tell what it was."""

    STAGE_CHANGED = "nomination.stage_changed"
    DECISION_RELEASED = "nomination.decision_released"


class DeliveryStatus(StrEnum):
    """What became of an event that an endpoint is owed."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"

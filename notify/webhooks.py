"""Posts events to endpoints until they arrive, signed by the Standard Webhooks scheme (1.0).

An event is claimed in one transaction, posted, and marked in another. A sender that dies in between leaves a claim
that ends by itself, so an event may arrive twice, under the same id.
"""

import asyncio
import base64
import hmac
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import structlog
from sqlalchemy import update
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.programs import DeliveryStatus
from models.tables import WebhookDelivery, WebhookEndpoint
from notify.posting import Poster, PostingError

PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""How long after each failed try the next one follows; after the tenth, some three days on, it is given up.

Source: the example schedule of Standard Webhooks 1.0, "Deliverability and reliability".
"""
MEDIA = "application/cloudevents+json; charset=utf-8"
GONE = 410
"""An endpoint's way to say that nothing more is wanted (Standard Webhooks 1.0)."""
_HELD_FOR = timedelta(minutes=1)
"""How long a claim holds: longer than a try may last; after it, another sender tries."""
_log = structlog.get_logger()


@dataclass(frozen=True)
class Sent:
    """What became of the events that were tried."""

    delivered: int = 0
    failed: int = 0
    given_up: int = 0

    @property
    def tried(self) -> int:
        """How many events were tried."""
        return self.delivered + self.failed + self.given_up


@dataclass(frozen=True)
class _Owed:
    """An event that was taken for one try, with what is needed for it."""

    id: str
    endpoint: str
    url: str
    secret: str
    event: dict[str, object]
    tries: int


@dataclass(frozen=True)
class _Fate:
    """What a try came to: the answer's status, or why there was none."""

    answered: int | None = None
    failure: str | None = None

    @property
    def arrived(self) -> bool:
        """Whether the endpoint took it."""
        return self.answered is not None and 200 <= self.answered < 300


async def send_due(
    sessions: async_sessionmaker[AsyncSession], poster: Poster, *, now: datetime, most: int = 20
) -> Sent:
    """Posts events that are due, all at once; any number of senders may run side by side.

    One that is not answered by a status from 200 to 299 is tried again after growing pauses. An endpoint that
    answers 410 is sent nothing more.

    Args:
        sessions: Makes sessions; each transaction is one of its own.
        poster: Posts.
        now: The moment to act at, aware.
        most: How many events to try at most.
    """
    owed = await _claim(sessions, now, most)
    fates = await asyncio.gather(*(_try(poster, one, now) for one in owed))
    return await _mark(sessions, list(zip(owed, fates, strict=True)), now)


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """What the header ``webhook-signature`` says: HMAC-SHA256 over id, time and body (Standard Webhooks 1.0).

    Args:
        secret: The endpoint's, as ``whsec_`` and base64.
        message_id: The header ``webhook-id``.
        timestamp: The header ``webhook-timestamp``, in seconds since 1970.
        body: What is posted.
    """
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, sha256).digest()).decode()


# ---------------------------------------------------------------------------------------------------------
# The steps of a delivery


async def _claim(sessions: async_sessionmaker[AsyncSession], now: datetime, most: int) -> list[_Owed]:
    """Takes due events for this sender alone; a claim that is not marked ends by itself."""
    chosen = (
        select(WebhookDelivery.id)
        .join(WebhookEndpoint, col(WebhookEndpoint.id) == col(WebhookDelivery.endpoint_id))
        .where(
            col(WebhookDelivery.status) == DeliveryStatus.WAITING,
            col(WebhookDelivery.next_at) <= now,
            col(WebhookEndpoint.disabled_at).is_(None),
        )
        .order_by(col(WebhookDelivery.next_at), col(WebhookDelivery.id))
        .limit(most)
        .with_for_update(skip_locked=True, of=WebhookDelivery)
    )
    async with sessions.begin() as session:
        ids = (await session.exec(chosen)).all()
        if not ids:
            return []
        await session.exec(
            update(WebhookDelivery)
            .where(col(WebhookDelivery.id).in_(ids))
            .values(tries=col(WebhookDelivery.tries) + 1, next_at=now + _HELD_FOR)
        )
        rows = await session.exec(
            select(WebhookDelivery, WebhookEndpoint)
            .join(WebhookEndpoint, col(WebhookEndpoint.id) == col(WebhookDelivery.endpoint_id))
            .where(col(WebhookDelivery.id).in_(ids))
            .order_by(col(WebhookDelivery.id))
        )
        return [
            _Owed(owed.id, endpoint.id, endpoint.url, endpoint.secret, owed.event, owed.tries)
            for owed, endpoint in rows
        ]


async def _try(poster: Poster, owed: _Owed, now: datetime) -> _Fate:
    body = json.dumps(owed.event, separators=(",", ":"), sort_keys=True).encode()
    timestamp = int(now.timestamp())
    headers = {
        "Content-Type": MEDIA,
        "webhook-id": owed.id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(owed.secret, owed.id, timestamp, body),
    }
    try:
        return _Fate(answered=await poster.post(owed.url, body, headers))
    except PostingError as error:
        return _Fate(failure=error.code)
    except Exception as error:
        # A fault with one endpoint must not stop everybody's events. Its words may hold an address.
        _log.error("posting broke", endpoint=owed.endpoint, error=type(error).__name__)
        return _Fate(failure="broken")


async def _mark(
    sessions: async_sessionmaker[AsyncSession], tried: Sequence[tuple[_Owed, _Fate]], now: datetime
) -> Sent:
    counts = Counter(_becomes(owed, fate) for owed, fate in tried)
    if tried:
        async with sessions.begin() as session:
            for owed, fate in tried:
                await _mark_one(session, owed, fate, now)
    return Sent(counts[DeliveryStatus.DELIVERED], counts[DeliveryStatus.WAITING], counts[DeliveryStatus.GIVEN_UP])


async def _mark_one(session: AsyncSession, owed: _Owed, fate: _Fate, now: datetime) -> None:
    becomes = _becomes(owed, fate)
    failure = fate.failure or (None if fate.arrived else f"answered_{fate.answered}")
    pause = PAUSES[owed.tries - 1] if becomes is DeliveryStatus.WAITING else timedelta(0)
    await session.exec(
        update(WebhookDelivery)
        # One that was asked for again meanwhile begins anew, whatever this try came to.
        .where(col(WebhookDelivery.id) == owed.id, col(WebhookDelivery.tries) == owed.tries)
        .values(
            status=becomes,
            answered=fate.answered,
            failure=failure,
            next_at=now + pause,
            delivered_at=now if fate.arrived else None,
        )
    )
    if fate.answered == GONE:
        await session.exec(
            update(WebhookEndpoint).where(col(WebhookEndpoint.id) == owed.endpoint).values(disabled_at=now)
        )
    told = _log.info if fate.arrived else _log.warning
    told("event tried", delivery=owed.id, becomes=becomes.value, tries=owed.tries, code=failure)


def _becomes(owed: _Owed, fate: _Fate) -> DeliveryStatus:
    if fate.arrived:
        return DeliveryStatus.DELIVERED
    return DeliveryStatus.GIVEN_UP if owed.tries > len(PAUSES) else DeliveryStatus.WAITING

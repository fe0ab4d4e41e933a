"""Sending events to organisations' programs, in shifts."""

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.outbox import for_one_shift
from models.messages import OutboxAsked
from notify.events import owe_events
from notify.posting import Poster
from notify.webhooks import send_due

LOOK_EVERY_SECONDS = 1.0
"""How often an idle shift looks: programs can wait a second, and nobody's page does."""
AT_ONCE = 20


class WebhookActivities:
    """Works for one shift, and may run beside itself: events are owed once, and claimed before they are sent."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], poster: Poster) -> None:
        self._sessions = sessions
        self._poster = poster

    @activity.defn(name="send_webhooks")
    async def send_webhooks(self, asked: OutboxAsked) -> None:
        """Sends events as they happen and tries again what failed, for one shift.

        However often this runs, each event is owed once; one may arrive twice, under the same id.
        """

        async def look() -> bool:
            owed = await owe_events(self._sessions, datetime.now(UTC))
            sent = await send_due(self._sessions, self._poster, now=datetime.now(UTC), most=AT_ONCE)
            return bool(owed) or sent.tried >= AT_ONCE

        await for_one_shift(asked, look, LOOK_EVERY_SECONDS)

"""Delivering what is owed, in shifts: messages to people, and starts and Updates to workflows."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity
from temporalio.client import Client

from activities.beating import beating
from activities.errors import later
from acts.tellings import Teller
from models.messages import OutboxAsked
from notify.channels import Channel
from notify.compose import Sender
from notify.outbox import deliver_waiting

LOOK_EVERY_SECONDS = 0.3
"""How often an idle shift looks for work: soon enough that nobody waits for a letter, four small queries a second."""
MANY = 50
"""After so many letters in one look more are likely to wait, and the next look follows at once."""
STALE_AFTER = timedelta(seconds=10)
"""A claim this old was left by a deliverer that died: a living one marks within its channel's timeouts."""
STALE_ON_THE_NETWORK = timedelta(minutes=5)
OWED_FOR = timedelta(seconds=2)
"""How long whoever made a telling has to tell it themselves, before the relay does."""


class OutboxActivities:
    """Each works for one shift, and may run beside itself: what is owed is claimed before it is delivered."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        client: Client,
        channel: Channel,
        sender: Sender,
        task_queue: str,
    ) -> None:
        self._sessions = sessions
        self._teller = Teller(sessions, client, task_queue)
        self._channel = channel
        self._sender = sender

    @activity.defn(name="deliver_messages")
    async def deliver_messages(self, asked: OutboxAsked) -> None:
        """Delivers messages as they are queued, for one shift; each leaves once, however often this runs."""
        stale_after = STALE_AFTER if self._channel.idempotent else STALE_ON_THE_NETWORK

        async def look() -> bool:
            delivered = await deliver_waiting(
                self._sessions,
                self._channel,
                now=datetime.now(UTC),
                sender=self._sender,
                most=MANY,
                stale_after=stale_after,
            )
            # What is left was queued while these left: the next look takes it together with what follows.
            return delivered.sent >= MANY

        await for_one_shift(asked, look)

    @activity.defn(name="relay_tellings")
    async def relay_tellings(self, asked: OutboxAsked) -> None:
        """Tells workflows what the database owes them, for one shift; a telling told twice is heard once."""

        async def look() -> bool:
            return bool(await self._teller.tell_waiting(datetime.now(UTC), owed_for=OWED_FOR))

        await for_one_shift(asked, look)


async def for_one_shift(
    asked: OutboxAsked, look: Callable[[], Awaitable[bool]], rest_seconds: float = LOOK_EVERY_SECONDS
) -> None:
    """Looks for work again and again until the shift is over, resting while there is none.

    Raises:
        ApplicationError: The worker is leaving; another worker takes the shift over.
    """
    leaving = asyncio.ensure_future(activity.wait_for_worker_shutdown())
    ends = asyncio.get_running_loop().time() + asked.shift_seconds
    try:
        while asyncio.get_running_loop().time() < ends:
            activity.heartbeat()
            # One look may wait for a slow server longer than the heartbeat may.
            if not await beating(look()):
                await asyncio.wait({leaving}, timeout=rest_seconds)
            if leaving.done():
                raise later("the worker is leaving", "WorkerLeaving")
    finally:
        leaving.cancel()

"""Telling many nominations something: in order, heartbeating, and resuming where an earlier attempt stopped."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.beating import beating
from activities.errors import later
from models.ids import NominationId, nomination_workflow
from models.messages import BatchAsked, BatchTold, Message, PanelsAsked, PanelsTakenBack

Said = TypeVar("Said", bound=Message)
Asked = TypeVar("Asked", BatchAsked, PanelsAsked, PanelsTakenBack)

AT_ONCE = 20
"""How many signals are on their way at once: enough to hide the network, few enough for one server."""


@dataclass(frozen=True)
class Owed(Generic[Said]):
    """What one nomination is to be told. ``started``: whether its workflow has ever run."""

    nomination: NominationId
    message: Said
    started: bool = True
    signal: str | None = None


async def signal_each(
    client: Client,
    signal: str,
    most: int,
    read: Callable[[Asked, str, int], Awaitable[list[Owed[Said]]]],
    asked: Asked,
) -> BatchTold:
    """Signals up to ``most`` nominations after ``asked.after``; how far it got, None when nobody is left.

    Raises:
        ApplicationError: A nomination's workflow has not been started yet; the attempt is made again until the
            outbox has started it, so that nobody misses what is said meanwhile.
    """
    details = activity.info().heartbeat_details
    after, told = (str(details[0]), int(details[1])) if details else (asked.after or "", 0)
    while told < most:
        # Beside the work, since one slow server must not look like a worker that died.
        batch = await beating(read(asked, after, min(AT_ONCE, most - told)), after, told)
        if not batch:
            return BatchTold(told=told, last=None)
        await beating(asyncio.gather(*(_signal(client, signal, owed) for owed in batch)), after, told)
        after, told = batch[-1].nomination, told + len(batch)
        activity.heartbeat(after, told)
    return BatchTold(told=told, last=NominationId(after))


async def _signal(client: Client, signal: str, owed: Owed[Said]) -> None:
    handle = client.get_workflow_handle(nomination_workflow(owed.nomination))
    try:
        await handle.signal(owed.signal or signal, owed.message)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        if not owed.started:
            raise later(f"{owed.nomination} has not been started yet", "NotStartedYet") from None
        # The nomination's workflow has ended since the batch was read: there is nobody left to tell.

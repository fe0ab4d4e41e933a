"""Needs attention: a step that retrying cannot mend waits, visibly, until a person gives it its way out."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from models.enums import WayOut
    from models.messages import Attention, Unblock

from workflows.attributes import NEEDS_ATTENTION

T = TypeVar("T")


class Parking:
    """Where a failed step waits. One step is parked at a time; others that fail meanwhile wait for their turn.

    ``note`` is told when attention begins, is handed over, or ends (None); it must not fail.
    """

    def __init__(self, note: Callable[[Attention | None], Awaitable[None]]) -> None:
        self._note = note
        self._turn = asyncio.Lock()
        self._way: WayOut | None = None
        self._abandoned = False
        self.attention: Attention | None = None

    async def surely(self, step: str, act: Callable[[], Awaitable[T]]) -> T | None:
        """Does ``act``, parking when it fails for good; None when a person chose to skip it."""
        while True:
            try:
                return await act()
            except FailureError as error:
                if await self.park(step, _code(error)) is WayOut.SKIP:
                    return None

    async def park(self, step: str, code: str) -> WayOut:
        """Waits, visibly, for a person; what they chose."""
        async with self._turn:
            if self._abandoned:
                return WayOut.SKIP
            self._way = None
            await self._show(Attention(code=code, step=step, since=workflow.now()))
            await workflow.wait_condition(lambda: self._way is not None)
            await self._show(None)
            return self._way or WayOut.SKIP

    async def unblock(self, message: Unblock) -> None:
        """Gives the parked step its way out, or another person to look after it."""
        if message.way is WayOut.HAND_OVER and self.attention:
            await self._show(self.attention.model_copy(update={"handed_to": message.to}))
        else:
            self._way = message.way

    def settle(self, step: str) -> None:
        """What ``step`` waited for has come by itself."""
        if self.attention is not None and self.attention.step == step:
            self._way = WayOut.RETRY

    def abandon(self) -> None:
        """Lets go of whatever is parked: what it was for is over."""
        self._abandoned = True
        self._way = WayOut.SKIP

    async def _show(self, attention: Attention | None) -> None:
        if (attention is None) != (self.attention is None):
            workflow.upsert_search_attributes([NEEDS_ATTENTION.value_set(attention is not None)])
        self.attention = attention
        await self._note(attention)


def _code(error: FailureError) -> str:
    """A word for what failed: the type of the error, never its text."""
    cause = error if isinstance(error, ApplicationError) else error.cause
    return (cause.type or "ApplicationError") if isinstance(cause, ApplicationError) else type(cause).__name__

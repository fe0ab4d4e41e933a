"""Heartbeats beside work that takes long, so that a worker that died is told from one that is at work."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from temporalio import activity

T = TypeVar("T")
BEAT_SECONDS = 2.0
"""Well within the patience of the server, which waits ten seconds (workflows/calls.py)."""


async def beating(work: Awaitable[T], *details: object) -> T:
    """Heartbeats with ``details`` while ``work`` is under way; cancelled, it cancels the work and lets it end."""
    task = asyncio.ensure_future(work)
    try:
        while True:
            done, _ = await asyncio.wait({task}, timeout=BEAT_SECONDS)
            if done:
                return task.result()
            activity.heartbeat(*details)
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})

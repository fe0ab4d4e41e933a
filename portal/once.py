"""One click is one act: a form carries a random key, and a repeat of it gets the first answer.

The key is taken before the act and its answer written after it. A repeat that comes in between waits a little; when
the portal dies in between, the repeat after a while does the act again, and the act itself refuses what is done.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from markupsafe import Markup
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from models.tables import ActOnce
from portal.failures import ChangedError

FIELD = "once"
_PATIENCE = timedelta(seconds=25)
_LOOK_EVERY_SECONDS = 0.1


def hidden_key() -> Markup:
    """The hidden field of a form."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, secrets.token_urlsafe(18))


async def once(
    sessions: async_sessionmaker[AsyncSession],
    act: Callable[[], Awaitable[str]],
    *,
    asker: str,
    key: str,
    route: str,
    now: datetime,
) -> str:
    """Does an act under a key, unless it was done; where to go then, the same each time.

    Args:
        sessions: The database.
        act: Does it and returns the path to go to. When it raises, the key is free again.
        asker: Who asks; another one's key is another key.
        key: The form's hidden key; without one (an old page) the act is done as often as it is asked for.
        route: What is asked for; a key used for something else is refused.
        now: The present moment.

    Raises:
        ChangedError: The key was used for another form.
    """
    if not key:
        return await act()
    key = key[:64]
    if not await _take(sessions, asker, key, route, now):
        earlier = await _answer(sessions, asker, key, route)
        if earlier is not None:
            return earlier
    try:
        path = await act()
    except BaseException:
        async with sessions.begin() as session:
            await session.exec(delete(ActOnce).where(col(ActOnce.asker) == asker, col(ActOnce.key) == key))
        raise
    async with sessions.begin() as session:
        row = await session.get(ActOnce, (asker, key))
        if row is not None:
            row.answer = {"path": path}
            session.add(row)
    return path


async def _take(sessions: async_sessionmaker[AsyncSession], asker: str, key: str, route: str, now: datetime) -> bool:
    async with sessions.begin() as session:
        taken = await session.exec(
            insert(ActOnce)
            .values(asker=asker, key=key, route=route, begun_at=now)
            .on_conflict_do_nothing()
            .returning(col(ActOnce.key))
        )
        return taken.first() is not None


async def _answer(sessions: async_sessionmaker[AsyncSession], asker: str, key: str, route: str) -> str | None:
    """The first answer; None when whoever began never came to an end."""
    for _ in range(int(_PATIENCE.total_seconds() / _LOOK_EVERY_SECONDS)):
        async with sessions() as session:
            row = await session.get(ActOnce, (asker, key))
        if row is None:
            return None
        if row.route != route:
            raise ChangedError("This form was sent before from another page.", advice="Open the page again.")
        if row.answer is not None:
            return str(row.answer["path"])
        await asyncio.sleep(_LOOK_EVERY_SECONDS)
    return None

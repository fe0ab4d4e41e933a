"""One request is one act: a program sends a key with each write, and a repeat of it gets the first answer.

The key is taken before the act and its answer written after it, as for forms (portal.once). Kept are identifiers and
words alone, of which the answer is written anew; what was sent is known by its fingerprint.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated

from fastapi import Header, Request
from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from acts.desk import Desk
from models.tables import ActOnce
from portal.api.access import Program
from portal.api.problems import Kind, ProblemError
from portal.api.said import Key
from portal.services import services_of

IdempotencyKey = Annotated[
    Key,
    Header(
        alias="Idempotency-Key",
        description="New for each request, such as a UUID; the same to repeat a request that was not answered.",
    ),
]
Facts = Mapping[str, str]
_PATIENCE = timedelta(seconds=25)
_ABANDONED_AFTER = timedelta(minutes=2)
"""When a key that was taken and not answered is taken for left behind: longer than any act may last."""
_LOOK_EVERY_SECONDS = 0.1


async def once(
    request: Request, program: Program, key: str, said: object, act: Callable[[], Awaitable[Facts]]
) -> Facts:
    """Does an act under a key, unless it was done; what to answer, the same each time.

    Args:
        request: What is asked for; a key that was used at another address is refused.
        program: Who asks; another token's key is another key.
        key: The program's key.
        said: What was sent, as JSON can hold it; a key that was used with something else is refused.
        act: Does it. When it raises, the key is free again.

    Raises:
        ProblemError: The key was used for something else, or is being used at this moment by a request that does
            not end.
    """
    services = services_of(request)
    desk, asker, asked = services.acts.desk, f"program:{program.token}", _fingerprint(request, said)
    if not await _take(desk, asker, key, asked):
        earlier = await _answer(desk, asker, key, asked)
        if earlier is not None:
            return earlier
    try:
        facts = await act()
    except BaseException:
        async with desk.transaction() as session:
            await session.exec(delete(ActOnce).where(col(ActOnce.asker) == asker, col(ActOnce.key) == key))
        raise
    async with desk.transaction() as session:
        answer: dict[str, object] = dict(facts)
        await session.exec(
            update(ActOnce).where(col(ActOnce.asker) == asker, col(ActOnce.key) == key).values(answer=answer)
        )
    return facts


def _fingerprint(request: Request, said: object) -> str:
    body = json.dumps(said, sort_keys=True, ensure_ascii=True)
    return sha256(f"{request.method} {request.url.path} {body}".encode()).hexdigest()


async def _take(desk: Desk, asker: str, key: str, asked: str) -> bool:
    now = desk.clock()
    async with desk.transaction() as session:
        taken = await session.exec(
            insert(ActOnce)
            .values(asker=asker, key=key, route=asked, begun_at=now)
            .on_conflict_do_nothing()
            .returning(col(ActOnce.key))
        )
        if taken.first() is not None:
            return True
        # Whoever took it died before it was answered: one repeat takes it over, and the act refuses what is done.
        over = await session.exec(
            update(ActOnce)
            .where(
                col(ActOnce.asker) == asker,
                col(ActOnce.key) == key,
                col(ActOnce.route) == asked,
                col(ActOnce.answer).is_(None),
                col(ActOnce.begun_at) < now - _ABANDONED_AFTER,
            )
            .values(begun_at=now)
            .returning(col(ActOnce.key))
        )
        return over.first() is not None


async def _answer(desk: Desk, asker: str, key: str, asked: str) -> Facts | None:
    """The first answer; None when the key became free, since the act was refused."""
    ends: datetime = desk.clock() + _PATIENCE
    while True:
        async with desk.sessions() as session:
            row = await session.get(ActOnce, (asker, key))
        if row is None:
            if await _take(desk, asker, key, asked):
                return None
            continue
        if row.route != asked:
            raise ProblemError(Kind.KEY_USED)
        if row.answer is not None:
            return {name: str(value) for name, value in row.answer.items()}
        if desk.clock() >= ends:
            raise ProblemError(
                Kind.REFUSED,
                "A request under this key is still being answered. Repeat it later.",
                headers={"Retry-After": "60"},
            )
        await asyncio.sleep(_LOOK_EVERY_SECONDS)

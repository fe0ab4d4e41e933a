"""Attempts to sign in that leave this service and come back: with an identity provider, or a passkey's challenge.

The browser keeps a handle in a cookie, the database its hash and what must match. An attempt is good for ten minutes
and once.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from models.tables import SignInAttempt
from portal.codes import hash_of

GOOD_FOR = timedelta(minutes=10)


async def begin(
    session: AsyncSession, way: str, held: Mapping[str, str], now: datetime, *, person: str | None = None
) -> str:
    """Begins an attempt and returns the handle for the browser."""
    handle = secrets.token_urlsafe(24)
    session.add(
        SignInAttempt(
            id=hash_of(handle), way=way, person_id=person, held=dict(held), made_at=now, expires_at=now + GOOD_FOR
        )
    )
    return handle


async def claim(session: AsyncSession, handle: str, way: str, now: datetime) -> SignInAttempt | None:
    """The attempt that this browser began, which is used up with it; None when there is none that is still good."""
    row = await session.get(SignInAttempt, hash_of(handle), with_for_update=True)
    if row is None or row.way != way or row.used_at is not None or now >= row.expires_at:
        return None
    row.used_at = now
    session.add(row)
    return row

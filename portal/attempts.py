"""Attempts to sign in that leave this service and come back: an identity provider, a passkey's challenge, a link.

The browser keeps a handle in a cookie, or the letter alone has it in its link; the database keeps its hash and what
must match. An attempt is good for ten minutes and once.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from models.tables import SignInAttempt
from portal.sessions import hash_of

GOOD_FOR = timedelta(minutes=10)


async def begin(
    session: AsyncSession, way: str, held: Mapping[str, str], now: datetime, *, person: str | None = None
) -> str:
    """Begins an attempt and returns its handle."""
    handle = secrets.token_urlsafe(24)
    session.add(
        SignInAttempt(
            id=hash_of(handle), way=way, person_id=person, held=dict(held), made_at=now, expires_at=now + GOOD_FOR
        )
    )
    return handle


async def claim(session: AsyncSession, handle: str, way: str, now: datetime) -> SignInAttempt | None:
    """The attempt of this handle, which is used up with it; None when there is none that is still good."""
    row = await session.get(SignInAttempt, hash_of(handle), with_for_update=True)
    if row is None or not _is_good(row, way, now):
        return None
    row.used_at = now
    session.add(row)
    return row


async def seen(session: AsyncSession, handle: str, way: str, now: datetime) -> SignInAttempt | None:
    """The attempt of this handle, which stays as it is; None when there is none that is still good."""
    row = await session.get(SignInAttempt, hash_of(handle))
    return row if row is not None and _is_good(row, way, now) else None


def _is_good(row: SignInAttempt, way: str, now: datetime) -> bool:
    return row.way == way and row.used_at is None and now < row.expires_at

"""Secrets that are shown once: on the page that a form leads to, and to nobody afterwards.

A form leads on by an address, which must hold no secret; and when it was sent twice, only the second answer is seen.
So the secret waits for that page in the database, sealed by the cookie of the session that asked for it: the database
holds that cookie's hash alone, so what it holds opens nothing. Opening removes it, so the page shows nothing when it
is loaded again or come back to; what nobody opens within ten minutes is shown to nobody.

The seal is a one-time pad: HMAC-SHA512, under the cookie's 32 random bytes, of a number that is never used again.
"""

import hmac
import secrets
from datetime import timedelta

from fastapi import Request
from sqlalchemy import delete
from sqlmodel import col

from models.tables import ActOnce
from portal.services import Services
from portal.sessions import COOKIE
from portal.visitors import Visitor

SHOWN_WITHIN = timedelta(minutes=10)
_LONGEST = 64
"""In bytes: what one HMAC-SHA512 covers."""


async def keep(request: Request, services: Services, visitor: Visitor, of: str, secret: str) -> None:
    """Lets the next page of this session show a secret of ``of``, a token's or an endpoint's id.

    Raises:
        ValueError: The secret is longer than 64 bytes.
    """
    plain, number = secret.encode(), secrets.token_hex(16)
    if len(plain) > _LONGEST:
        raise ValueError("a secret to show once has at most 64 bytes")
    sealed: dict[str, object] = {"number": number, "sealed": _padded(request, number, plain).hex()}
    async with services.acts.desk.transaction() as session:
        await session.exec(delete(ActOnce).where(col(ActOnce.asker) == _asker(visitor), col(ActOnce.key) == of))
        session.add(
            ActOnce(asker=_asker(visitor), key=of, route="shown once", begun_at=services.clock(), answer=sealed)
        )


async def opened(request: Request, services: Services, visitor: Visitor, of: str) -> str:
    """The secret of ``of``, if this session asked for it just now and has not been shown it; else an empty string."""
    async with services.acts.desk.transaction() as session:
        row = await session.get(ActOnce, (_asker(visitor), of), with_for_update=True)
        if row is None or row.answer is None:
            return ""
        await session.delete(row)
    if services.clock() - row.begun_at > SHOWN_WITHIN:
        return ""
    return _padded(request, str(row.answer["number"]), bytes.fromhex(str(row.answer["sealed"]))).decode()


def _padded(request: Request, number: str, text: bytes) -> bytes:
    pad = hmac.digest(request.cookies.get(COOKIE, "").encode(), f"shown once {number}".encode(), "sha512")
    return bytes(one ^ two for one, two in zip(text, pad, strict=False))


def _asker(visitor: Visitor) -> str:
    """The session, not only the person: in another one the cookie opens nothing."""
    return f"{visitor.person}:{visitor.mark}"

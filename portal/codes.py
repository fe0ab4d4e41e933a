"""One-time codes by email: how somebody shows that an address is theirs.

Nothing tells a known address from an unknown one: both get an attempt with a code, the same page and the same
sentences. A code is six digits, good for ten minutes, once, for five tries (NIST SP 800-63B, 5.1.3.2, asks for at
most ten minutes and a limit on tries). Typed, it works in the browser that asked for it; by the letter's link in any,
which is told whose address it is and whether it asked.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlmodel.ext.asyncio.session import AsyncSession

from models.ids import PersonId
from models.tables import Person, SignInCode
from storage.lists import person_at

GOOD_FOR = timedelta(minutes=10)
MOST_TRIES = 5


@dataclass(frozen=True)
class Asked:
    """An attempt to sign in: ``handle`` stays in the browser; ``person`` is None for an unknown address."""

    handle: str
    code: str
    person: Person | None


async def ask(session: AsyncSession, email: str, now: datetime) -> Asked:
    """Begins an attempt. Only for a known person is there somebody to send the code to."""
    handle, code = secrets.token_urlsafe(24), f"{secrets.randbelow(10**6):06d}"
    person = await person_at(session, email)
    session.add(
        SignInCode(
            id=hash_of(handle),
            person_id=person.id if person else None,
            code_sha256=hash_of(handle + code),
            made_at=now,
            expires_at=now + GOOD_FOR,
        )
    )
    return Asked(handle, code, person)


async def check(session: AsyncSession, handle: str, code: str, now: datetime) -> PersonId | None:
    """Who signs in with this code, or None: wrong, too late, used, tried too often, or for an unknown address."""
    row = await _good(session, handle, code, now)
    if row is None:
        return None
    row.used_at = now
    session.add(row)
    return PersonId(str(row.person_id))


async def peek(session: AsyncSession, handle: str, code: str, now: datetime) -> str | None:
    """The masked address of whoever `check` would sign in, or None; a good code stays good, a wrong one is a try.

    Without that count, whoever asked for somebody's code could look until they have guessed it.
    """
    row = await _good(session, handle, code, now)
    return None if row is None else masked((await session.get_one(Person, row.person_id)).email)


def masked(email: str) -> str:
    """An address as who has it knows it again, and nobody else learns it: ``n…@example.nhs.test``."""
    name, _, host = email.rpartition("@")
    return f"{name[:1]}…@{host}"


async def _good(session: AsyncSession, handle: str, code: str, now: datetime) -> SignInCode | None:
    row = await session.get(SignInCode, hash_of(handle), with_for_update=True)
    if row is None or row.used_at is not None or now >= row.expires_at or row.tries >= MOST_TRIES:
        return None
    if not hmac.compare_digest(row.code_sha256, hash_of(handle + code)) or row.person_id is None:
        row.tries += 1
        session.add(row)
        return None
    return row


def hash_of(text: str) -> str:
    """What is stored of a secret; 64 hexadecimal digits."""
    return sha256(text.encode()).hexdigest()

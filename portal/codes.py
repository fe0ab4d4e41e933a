"""One-time codes by e-mail: how somebody shows that an address is theirs.

Nothing tells a known address from an unknown one: both get an attempt with a code, the same page and the same
sentences. A code is six digits, good for ten minutes, once, in the browser that asked for it, for five tries
(NIST SP 800-63B, 5.1.3.2, asks for at most ten minutes and a limit on tries).
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
    row = await session.get(SignInCode, hash_of(handle), with_for_update=True)
    if row is None or row.used_at is not None or now >= row.expires_at or row.tries >= MOST_TRIES:
        return None
    if not hmac.compare_digest(row.code_sha256, hash_of(handle + code)) or row.person_id is None:
        row.tries += 1
        session.add(row)
        return None
    row.used_at = now
    session.add(row)
    return PersonId(row.person_id)


def hash_of(text: str) -> str:
    """What is stored of a secret; 64 hexadecimal digits."""
    return sha256(text.encode()).hexdigest()

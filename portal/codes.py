"""One-time codes by email: how somebody shows that an address is theirs.

Nothing tells a known address from an unknown one: both get an attempt with a code and a link, the same page and the
same sentences. A code is six digits, good for ten minutes, once, for five tries (NIST SP 800-63B, 5.1.3.2, asks for
at most ten minutes and a limit on tries), and works in the browser that asked for it alone.

Who asks again and again gets five tries each time, so wrong codes are also counted for each person over a day, by the
database, whatever the number of processes. After twenty no typed code of this person is looked at until the first of
them are a day old: a stranger who tries without end guesses one of a million codes twenty times a day, which comes to
1 in 50,000 a day and less than 1 in 100 a year. The page says the same as for any wrong code, which tells nobody
whether the address is known.

That bound must not let a stranger keep somebody out, who needs only to type twenty wrong codes. So the letter's link
does not hold the code: it holds a key of its own that no browser was given and nobody can guess (192 random bits), in
links mailed before the bound was reached and after. Wrong codes, of whomever, change nothing about it; it is good
until it or its code was used, or ten minutes have passed. It works in any browser, which is told whose address it is
and whether it asked.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.ids import PersonId
from models.tables import Person, SignInAttempt, SignInCode
from portal import attempts

GOOD_FOR = attempts.GOOD_FOR
MOST_TRIES = 5
"""Of one code."""
MOST_TRIES_A_DAY = 20
"""Of all codes of one person: more than anybody mistypes, far fewer than the hundred of NIST SP 800-63B, 5.2.2."""
_A_DAY = timedelta(days=1)
_LINK = "link"


@dataclass(frozen=True)
class Asked:
    """An attempt to sign in.

    Attributes:
        handle: Stays in the browser that asked.
        code: For the letter, to be typed in that browser.
        link: For the letter alone: the key of its link.
        person: None for an unknown address.
    """

    handle: str
    code: str
    link: str
    person: Person | None


@dataclass(frozen=True)
class Opened:
    """What a good link says before it is used: the masked address, and the hash of the handle that asked for it."""

    address: str
    asked_by: str


async def ask(session: AsyncSession, email: str, now: datetime) -> Asked:
    """Begins an attempt. Only for a known person is there somebody to send the code to."""
    handle, code = secrets.token_urlsafe(24), f"{secrets.randbelow(10**6):06d}"
    person = await _known_by(session, email)
    whose = person.id if person else None
    session.add(
        SignInCode(
            id=hash_of(handle),
            person_id=whose,
            code_sha256=hash_of(handle + code),
            made_at=now,
            expires_at=now + GOOD_FOR,
        )
    )
    link = await attempts.begin(session, _LINK, {"code": hash_of(handle)}, now, person=whose)
    return Asked(handle, code, link, person)


async def check(session: AsyncSession, handle: str, code: str, now: datetime) -> PersonId | None:
    """Who signs in with this code, or None.

    None says that it is wrong, too late, used, tried too often, or for an unknown address, or that too many wrong
    codes were typed for the person within a day.
    """
    row = await session.get(SignInCode, hash_of(handle), with_for_update=True)
    if row is None or row.used_at is not None or now >= row.expires_at or row.tries >= MOST_TRIES:
        return None
    if await _tried_within_a_day(session, row, now) >= MOST_TRIES_A_DAY:
        return None
    if not hmac.compare_digest(row.code_sha256, hash_of(handle + code)) or row.person_id is None:
        row.tries += 1
        session.add(row)
        return None
    row.used_at = now
    session.add(row)
    return PersonId(row.person_id)


async def check_link(session: AsyncSession, link: str, now: datetime) -> PersonId | None:
    """Who signs in with this link's key, or None: no such link, too late, it or its code used, an unknown address."""
    attempt = await attempts.claim(session, link, _LINK, now)
    row = await _unused_code_of(session, attempt, lock=True)
    if row is None or row.person_id is None:
        return None
    row.used_at = now
    session.add(row)
    return PersonId(row.person_id)


async def peek(session: AsyncSession, link: str, now: datetime) -> Opened | None:
    """Whom `check_link` would sign in, or None; a good link stays good."""
    attempt = await attempts.seen(session, link, _LINK, now)
    row = await _unused_code_of(session, attempt)
    if row is None or row.person_id is None:
        return None
    return Opened(masked((await session.get_one(Person, row.person_id)).email), row.id)


def masked(email: str) -> str:
    """An address as who has it knows it again, and nobody else learns it: ``n…@example.nhs.test``."""
    name, _, host = email.rpartition("@")
    return f"{name[:1]}…@{host}"


async def _known_by(session: AsyncSession, email: str) -> Person | None:
    """Who has this address, held until the code is saved: an address that is just being corrected gets none."""
    match = func.lower(col(Person.email)) == email.strip().lower()
    found = await session.exec(select(Person).where(match).with_for_update(read=True, key_share=True))
    return found.one_or_none()


async def _unused_code_of(
    session: AsyncSession, attempt: SignInAttempt | None, *, lock: bool = False
) -> SignInCode | None:
    """The code that was sent with a link, unless either was used."""
    if attempt is None:
        return None
    row = await session.get(SignInCode, attempt.held["code"], with_for_update=True if lock else None)
    return row if row is not None and row.used_at is None else None


async def _tried_within_a_day(session: AsyncSession, row: SignInCode, now: datetime) -> int:
    """How many wrong codes were typed for this person, by whomever, of codes asked for within a day.

    One after the other for each person, so that tries at the same moment are all counted. For an unknown address the
    same is asked, which finds nothing and takes as long.
    """
    await session.exec(select(func.pg_advisory_xact_lock(func.hashtextextended(row.person_id or row.id, 0))))
    found = await session.exec(
        select(func.coalesce(func.sum(col(SignInCode.tries)), 0)).where(
            col(SignInCode.person_id) == (row.person_id or ""), col(SignInCode.made_at) > now - _A_DAY
        )
    )
    return int(found.one())


def hash_of(text: str) -> str:
    """What is stored of a secret; 64 hexadecimal digits."""
    return sha256(text.encode()).hexdigest()

"""Showing that an address is one's own, also for somebody whom nobody knows here yet: for who nominates themselves.

As in portal.codes, nothing tells a known address from an unknown one: both get the same letter and the same pages. An
attempt holds the address until it is shown to be theirs, and only then is somebody new added. Known people's wrong
codes count together with those of signing in; an unknown address has a count of its own, with the same bound. Letters
to one address are bounded for a day, by the database, so that nobody's mail is filled by asking again and again.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from acts.self_nominations import whose
from models.ids import PersonId
from models.tables import SignInAttempt, SignInCode
from portal import attempts, codes

MOST_LETTERS_FROM_A_PLACE = 8
"""To one address within a day, asked for from one place."""
MOST_LETTERS_A_DAY = 40
"""To one address within a day, from wherever: a stranger in one place can neither fill a mailbox nor keep its owner
out."""
_WAY = "self"
_LINK = "link"
_A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class _Held:
    """An attempt with its code, both good."""

    attempt: SignInAttempt
    code: SignInCode

    @property
    def address(self) -> str:
        return self.attempt.held["address"]


async def ask(session: AsyncSession, email: str, caller: str, now: datetime) -> codes.Asked | None:
    """Begins an attempt; None when too many letters were sent to this address within a day.

    Args:
        session: The transaction.
        email: The address to send a code to.
        caller: From where it is asked for; nothing but a hash of it, with the address, is kept.
        now: The present moment.
    """
    address = _lower(email)
    place = codes.hash_of(f"{caller} {address}")[:32]
    await session.exec(select(func.pg_advisory_xact_lock(func.hashtextextended(address, 0))))
    asked_from = await _asked_within_a_day(session, address, now)
    if len(asked_from) >= MOST_LETTERS_A_DAY or asked_from.count(place) >= MOST_LETTERS_FROM_A_PLACE:
        return None
    asked = await codes.ask(session, email, now)
    session.add(
        SignInAttempt(
            id=codes.hash_of(asked.handle),
            way=_WAY,
            person_id=asked.person.id if asked.person else None,
            held={"address": email.strip(), "lower": address, "place": place},
            made_at=now,
            expires_at=now + codes.GOOD_FOR,
        )
    )
    return asked


async def check(session: AsyncSession, handle: str, code: str, now: datetime) -> PersonId | None:
    """Whose address it is, by the code in their letter; None as in `portal.codes.check`."""
    attempt = await attempts.seen(session, handle, _WAY, now)
    if attempt is None:
        return None
    if attempt.person_id is not None:
        return await codes.check(session, handle, code, now)
    row = await session.get(SignInCode, codes.hash_of(handle), with_for_update=True)
    if row is None or row.used_at is not None or now >= row.expires_at or row.tries >= codes.MOST_TRIES:
        return None
    if await _tried_within_a_day(session, attempt.held["lower"], now) >= codes.MOST_TRIES_A_DAY:
        return None
    if not hmac.compare_digest(row.code_sha256, codes.hash_of(handle + code)):
        row.tries += 1
        session.add(row)
        return None
    return await _shown(session, _Held(attempt, row), now)


async def check_link(session: AsyncSession, link: str, now: datetime) -> PersonId | None:
    """Whose address it is, by the key of their letter's link; None as in `portal.codes.check_link`."""
    held = await _behind(session, link, now, lock=True)
    if held is None or await attempts.claim(session, link, _LINK, now) is None:
        return None
    return await _shown(session, held, now)


async def peek(session: AsyncSession, link: str, now: datetime) -> codes.Opened | None:
    """Whose address a link would show to be theirs, or None; a good link stays good."""
    held = await _behind(session, link, now, lock=False)
    return codes.Opened(codes.masked(held.address), held.code.id) if held else None


async def _behind(session: AsyncSession, link: str, now: datetime, *, lock: bool) -> _Held | None:
    """What stands behind a link that is still good, whose code nobody has used."""
    through = await attempts.seen(session, link, _LINK, now)
    if through is None:
        return None
    row = await session.get(SignInCode, through.held["code"], with_for_update=lock or None)
    attempt = await session.get(SignInAttempt, through.held["code"])
    if row is None or row.used_at is not None or attempt is None or attempt.way != _WAY:
        return None
    return _Held(attempt, row)


async def _shown(session: AsyncSession, held: _Held, now: datetime) -> PersonId:
    """Uses the attempt up; somebody new is added, and held by the attempt until their session has begun."""
    held.code.used_at = now
    session.add(held.code)
    person = PersonId(held.attempt.person_id) if held.attempt.person_id else await whose(session, held.address)
    held.attempt.person_id, held.attempt.used_at = person, now
    session.add(held.attempt)
    return person


async def _asked_within_a_day(session: AsyncSession, address: str, now: datetime) -> list[str]:
    """The place from which each letter of the last day to this address was asked for."""
    held = col(SignInAttempt.held)
    found = await session.exec(
        select(func.jsonb_extract_path_text(held, "place")).where(
            col(SignInAttempt.way) == _WAY,
            col(SignInAttempt.made_at) > now - _A_DAY,
            func.jsonb_extract_path_text(held, "lower") == address,
        )
    )
    return list(found)


async def _tried_within_a_day(session: AsyncSession, address: str, now: datetime) -> int:
    """How many wrong codes were typed for this address, one after the other, so that all are counted."""
    await session.exec(select(func.pg_advisory_xact_lock(func.hashtextextended(address, 0))))
    found = await session.exec(
        select(func.coalesce(func.sum(col(SignInCode.tries)), 0))
        .join(SignInAttempt, col(SignInAttempt.id) == col(SignInCode.id))
        .where(
            col(SignInAttempt.way) == _WAY,
            col(SignInAttempt.made_at) > now - _A_DAY,
            func.jsonb_extract_path_text(col(SignInAttempt.held), "lower") == address,
        )
    )
    return int(found.one())


def _lower(email: str) -> str:
    return email.strip().lower()

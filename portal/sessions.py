"""Server-side sessions: the cookie holds a random token, the database its hash and everything else.

A session ends after a while without use, after a longest time whatever its use, when the person signs out (here or
everywhere), and when the role it acts in is withdrawn.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import Role
from models.ids import PersonId
from models.tables import Organisation, Person, WebSession
from portal.visitors import Hat, Visitor
from storage.lists import roles_of

COOKIE = "__Host-talent-pool"
"""``__Host-``: sent over HTTPS alone, to this host alone, and not to be set by another one (RFC 6265bis, 4.1.3)."""
_SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class SessionLimits:
    """How long a session lasts without use, and at most."""

    idle: timedelta
    longest: timedelta


def hash_of(token: str) -> str:
    """What is stored of a token; 64 hexadecimal digits."""
    return sha256(token.encode()).hexdigest()


async def begin(session: AsyncSession, person: str, way: str, now: datetime) -> str:
    """Signs a person in and returns the new cookie's token; with one role only, they act in it at once."""
    token = secrets.token_urlsafe(32)
    hats = await hats_of(session, person)
    hat = hats[0] if len(hats) == 1 else None
    session.add(
        WebSession(
            id=hash_of(token),
            person_id=person,
            role=hat.role if hat else None,
            place=hat.place if hat else "",
            way=way,
            started_at=now,
            seen_at=now,
        )
    )
    return token


async def visitor_of(session: AsyncSession, token: str, limits: SessionLimits, now: datetime) -> Visitor | None:
    """Who the cookie's token belongs to, or None when there is no such session or it has ended."""
    row = await _open(session, token, limits, now)
    if row is None:
        return None
    person = await session.get_one(Person, row.person_id)
    hats = await hats_of(session, row.person_id)
    hat = Hat(row.role, row.place) if row.role else None
    if hat is not None and hat not in hats:
        # The role was withdrawn while they worked: they act in none until they choose again.
        row.role, row.place, hat = None, "", None
        session.add(row)
    if now - row.seen_at >= _SEEN_EVERY:
        row.seen_at = now
        session.add(row)
    words = await _place_words(session, hat)
    return Visitor(PersonId(person.id), person.full_name, row.id[:16], hats, hat, words)


async def choose(session: AsyncSession, token: str, hat: Hat, limits: SessionLimits, now: datetime) -> bool:
    """Lets the person act in another role they hold; False when they do not hold it."""
    row = await _open(session, token, limits, now)
    if row is None or hat not in await hats_of(session, row.person_id):
        return False
    row.role, row.place = hat.role, hat.place
    session.add(row)
    return True


async def end(session: AsyncSession, token: str, now: datetime) -> None:
    """Signs out here."""
    await session.exec(
        update(WebSession)
        .where(col(WebSession.id) == hash_of(token), col(WebSession.ended_at).is_(None))
        .values(ended_at=now)
    )


async def end_everywhere(session: AsyncSession, person: str, now: datetime) -> None:
    """Signs a person out of every browser."""
    await session.exec(
        update(WebSession)
        .where(col(WebSession.person_id) == person, col(WebSession.ended_at).is_(None))
        .values(ended_at=now)
    )


async def open_sessions_of(
    session: AsyncSession, person: str, limits: SessionLimits, now: datetime
) -> tuple[WebSession, ...]:
    """Where a person is signed in now, newest first."""
    rows = await session.exec(
        select(WebSession)
        .where(
            col(WebSession.person_id) == person,
            col(WebSession.ended_at).is_(None),
            col(WebSession.seen_at) > now - limits.idle,
            col(WebSession.started_at) > now - limits.longest,
        )
        .order_by(col(WebSession.started_at).desc())
    )
    return tuple(rows)


async def hats_of(session: AsyncSession, person: str) -> tuple[Hat, ...]:
    """Everything a person could act as, in a fixed order."""
    return tuple(Hat(role, place) for role, place in await roles_of(session, person))


async def organisation_names(session: AsyncSession, codes: Sequence[str]) -> dict[str, str]:
    """Names by organisation code."""
    rows = await session.exec(select(Organisation.code, Organisation.name).where(col(Organisation.code).in_(codes)))
    return dict(rows.all())


async def _open(session: AsyncSession, token: str, limits: SessionLimits, now: datetime) -> WebSession | None:
    row = await session.get(WebSession, hash_of(token))
    if row is None or row.ended_at is not None:
        return None
    if now - row.seen_at >= limits.idle or now - row.started_at >= limits.longest:
        return None
    return row


async def _place_words(session: AsyncSession, hat: Hat | None) -> str:
    if hat is None or hat.role is not Role.NOMINATOR:
        return ""
    organisation = await session.get(Organisation, hat.place)
    return organisation.name if organisation else hat.place

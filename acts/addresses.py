"""Operations put right somebody's email address: it is how a person signs in, and where every letter to them goes."""

import secrets
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from acts.desk import Desk, require
from acts.errors import NotKnownError, RefusedError
from models.enums import AddressReason, Role
from models.ids import PersonId
from models.messages import By
from models.tables import Passkey, Person, RoleGrant, SignInAttempt, SignInCode, WebSession
from notify.addresses import new_address_letter, old_address_letter
from notify.channels import CannotDeliver, Channel, ChannelError, PerhapsDelivered
from notify.compose import Sender, compose
from notify.facts import FactsError
from notify.render import Letter
from rules.permissions import Act, Subject
from storage import audit
from storage.lists import person_at

CORRECTED = "email_corrected"
"""What the audit trail calls it."""
OFFICERS = frozenset({Role.MODERATOR, Role.BOARD, Role.OPERATIONS})
"""Whose address decides who may decide: it is corrected on the command line alone."""

_log = structlog.get_logger(__name__)
_TAKEN = "Somebody else is known by this address. One address is one person’s: look them up by it."


@dataclass(frozen=True)
class Post:
    """How letters leave: by which channel, from whom, and what they call the service."""

    channel: Channel
    sender: Sender
    service: str


class AddressActs:
    """Corrects email addresses."""

    def __init__(self, desk: Desk, post: Post) -> None:
        self._desk = desk
        self._post = post

    async def correct(
        self, person: PersonId, email: str, reason: AddressReason, by: By, *, officers: bool = False
    ) -> bool:
        """Gives somebody another address; ends where they are signed in, and what was sent to sign in with.

        Both addresses get a letter before the change is saved, the new one first: an address to which nothing can
        be sent is refused. The trail keeps the reason, and neither address.

        Args:
            person: Whose address it is.
            email: The new one, as `intake.cells.address` gives it.
            reason: Why.
            by: Who keeps the register.
            officers: Whether it may be somebody of the board, a moderator or operations.

        Returns:
            Whether the letter to the old address left.

        Raises:
            RefusedError: Whoever acts may not; it is themselves, or an officer; it is their address already, or
                somebody else's; or no letter can be sent to it.
            NotKnownError: There is no such person.
        """
        now = self._desk.clock()
        try:
            async with self._desk.transaction() as session:
                await require(session, by, Act.IMPORT_REGISTER, Subject())
                # Nothing that refers to the person is added meanwhile: no code to sign in with, and no session.
                row = await session.get(Person, person, with_for_update=True)
                if row is None:
                    raise NotKnownError(f"There is nobody of the id '{person}'.")
                await _refuse(session, row, email, by, officers=officers)
                old, row.email = row.email, email
                session.add(row)
                await session.flush()
                await _end_sign_ins(session, person, now)
                told = await self._tell(row, old, now)
                await audit.append(
                    session,
                    at=now,
                    actor=by.person,
                    role=by.role,
                    what=CORRECTED,
                    subject=f"person/{person}",
                    reason=reason,
                )
        except IntegrityError:
            # Somebody came to be known by it at the same moment.
            raise RefusedError(_TAKEN) from None
        return told

    async def _tell(self, row: Person, old: str, now: datetime) -> bool:
        """Writes to both addresses; whether the old one took its letter, or perhaps did."""
        service, sender = self._post.service, self._post.sender
        try:
            await self._send(new_address_letter(service, sender), row.full_name, row.email, now)
        except (CannotDeliver, FactsError):
            raise RefusedError("No letter can be sent to this address. Check it.") from None
        except PerhapsDelivered:
            pass
        except ChannelError:
            raise RefusedError("No letter can be sent now, so nothing was changed. Try again in a minute.") from None
        try:
            await self._send(old_address_letter(service, sender), "", old, now)
        except PerhapsDelivered:
            return True
        except (ChannelError, FactsError) as error:
            _log.warning("an old address was not told", person=row.id, code=error.code)
            return False
        return True

    async def _send(self, letter: Letter, name: str, address: str, now: datetime) -> None:
        number = f"address/{secrets.token_hex(12)}"
        message = compose(letter, sender=self._post.sender, name=name, address=address, at=now, message_id=number)
        await self._post.channel.send(message, number)


async def is_officer(session: AsyncSession, person: str) -> bool:
    """Whether somebody's address is corrected on the command line alone."""
    held = select(RoleGrant.person_id).where(
        col(RoleGrant.person_id) == person, col(RoleGrant.role).in_(list(OFFICERS))
    )
    return (await session.exec(held.limit(1))).first() is not None


async def _refuse(session: AsyncSession, row: Person, email: str, by: By, *, officers: bool) -> None:
    if row.id == by.person:
        raise RefusedError("Nobody corrects their own address: ask somebody else in operations.")
    if not officers and await is_officer(session, row.id):
        raise RefusedError(
            "They are of the board, a moderator or in operations: whoever runs the service corrects their address, "
            "on the command line."
        )
    if email == row.email:
        raise RefusedError("This is their address already.")
    other = await person_at(session, email)
    if other is not None and other.id != row.id:
        raise RefusedError(_TAKEN)


async def _end_sign_ins(session: AsyncSession, person: str, now: datetime) -> None:
    """Ends what the old address could be used with: codes, links, sessions, and passkeys made in one of these."""
    for table in (SignInCode, SignInAttempt):
        await session.exec(
            update(table).where(col(table.person_id) == person, col(table.used_at).is_(None)).values(used_at=now)
        )
    await session.exec(
        update(WebSession)
        .where(col(WebSession.person_id) == person, col(WebSession.ended_at).is_(None))
        .values(ended_at=now)
    )
    await session.exec(delete(Passkey).where(col(Passkey.person_id) == person))

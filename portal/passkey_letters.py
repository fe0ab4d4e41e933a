"""The letter to who has a passkey more or less: whoever uses an open session in their name must not do so unseen."""

import secrets

import structlog
from sqlalchemy.exc import SQLAlchemyError

from models.ids import PersonId
from models.tables import Person
from notify.channels import ChannelError
from notify.compose import compose
from notify.facts import FactsError
from notify.render import Letter
from portal.services import Services
from portal.words import moment

_log = structlog.get_logger(__name__)
_BODY = """A passkey was {done} your account of {service}, {when}. {meaning}

If you did this, you need to do nothing.

If you did not, somebody else has used your account. Sign in with a code, and open

    {account}

There remove every passkey that you do not know, then choose “Sign out everywhere”: signing out alone leaves passkeys
as they are. Tell {contact} what happened.
"""
_ADDED = "Whoever has the device it is on can sign in as you."
_REMOVED = "It signs nobody in any more."


async def tell_of_passkey(services: Services, person: PersonId, base: str, *, added: bool) -> None:
    """Writes to a person that a passkey was added, or removed; a letter that does not leave is noted in the log.

    Args:
        services: The portal's surroundings.
        person: Whose passkey it is.
        base: Where the portal is, if the settings do not say.
        added: Whether it was added.
    """
    address = (services.sender.service or base).rstrip("/")
    number = f"passkey/{secrets.token_hex(12)}"
    try:
        async with services.acts.desk.sessions() as session:
            reader = await session.get(Person, person)
        if reader is None:
            return
        letter = Letter(
            f"A passkey was {'added to' if added else 'removed from'} your account",
            _BODY.format(
                done="added to" if added else "removed from",
                service=services.branding.service_name,
                when=moment(services.clock()),
                meaning=_ADDED if added else _REMOVED,
                account=f"{address}/account",
                contact=services.sender.contact,
            ),
        )
        message = compose(
            letter,
            sender=services.sender,
            name=reader.full_name,
            address=reader.email,
            at=services.clock(),
            message_id=number,
        )
        await services.channel.send(message, number)
    except (ChannelError, FactsError, SQLAlchemyError) as error:
        _log.warning("a letter about a passkey was not sent", reason=getattr(error, "code", "unknown"))

"""Who comes in here: nominators, each for one organisation; and what is theirs or not there at all."""

from dataclasses import replace
from typing import Annotated

from models.enums import Role
from models.ids import OrganisationCode
from portal.access import by
from portal.failures import ChangedError, NotFoundError
from portal.services import Services
from portal.visitors import Visitor
from rules.permissions import Act
from storage.lists import Asker
from storage.nominator_pages import Begun, OwnNomination, begun, own_nomination

Following = Annotated[Visitor, by(Role.NOMINATOR, Act.READ_NOMINATION)]
Nominating = Annotated[Visitor, by(Role.NOMINATOR, Act.NOMINATE)]
Endorsing = Annotated[Visitor, by(Role.NOMINATOR, Act.ENDORSE)]
Withdrawing = Annotated[Visitor, by(Role.NOMINATOR, Act.WITHDRAW)]

AREA = "Nominations"
HOME = ("Nominations", "/organisation")
NOMINATE = ("Nominate", "/organisation/nominate")


def organisation_of(visitor: Visitor) -> OrganisationCode:
    """The organisation they act for."""
    return OrganisationCode(visitor.chosen.place)


def storable(name: str) -> str:
    """A name from an address, if it could be that of anything.

    Raises:
        NotFoundError: It holds what no name holds, and the database could not even look for it.
    """
    if not name.isprintable() or len(name) > 120:
        raise NotFoundError
    return name


async def nomination_for(
    services: Services, visitor: Visitor, nomination: str, *, typed: bool = False
) -> OwnNomination:
    """A nomination of their organisation; ``typed``: whether something was typed that must not be lost.

    Raises:
        NotFoundError: There is none, or it is another organisation's.
        ChangedError: Something was typed for another organisation of theirs, before they changed to this one.
    """
    async with services.acts.desk.sessions() as session:
        found = await own_nomination(session, visitor.asker, storable(nomination))
        if found is None and typed and await own_nomination(session, _anywhere(visitor), nomination):
            raise _changed_role()
    if found is None:
        raise NotFoundError
    return found


async def draft_for(services: Services, visitor: Visitor, draft: str, *, typed: bool = False) -> Begun:
    """A nomination that was begun at their organisation, sent or not; ``typed`` as for `nomination_for`.

    Raises:
        NotFoundError: There is none, or it is another organisation's.
        ChangedError: Something was typed for another organisation of theirs, before they changed to this one.
    """
    async with services.acts.desk.sessions() as session:
        found = await begun(session, visitor.asker, storable(draft))
        if found is None and typed and await begun(session, _anywhere(visitor), draft):
            raise _changed_role()
    if found is None:
        raise NotFoundError
    return found


def _anywhere(visitor: Visitor) -> Asker:
    """The same person, for every organisation they nominate for."""
    places = frozenset(hat.place for hat in visitor.hats if hat.role is Role.NOMINATOR)
    return replace(visitor.asker, places=places)


def _changed_role() -> ChangedError:
    return ChangedError(
        "It belongs to another organisation than the one you now act for. Copy what you typed, change role, and "
        "open the page again.",
        href="/roles",
        link="Change role",
    )

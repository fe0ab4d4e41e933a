"""Who comes in here: nominators, each for one organisation; and what is theirs or not there at all."""

from typing import Annotated

from models.enums import Role
from models.ids import OrganisationCode
from portal.access import by
from portal.failures import NotFoundError
from portal.services import Services
from portal.visitors import Visitor
from rules.permissions import Act
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


async def nomination_for(services: Services, visitor: Visitor, nomination: str) -> OwnNomination:
    """A nomination of their organisation.

    Raises:
        NotFoundError: There is none, or it is another organisation's.
    """
    async with services.acts.desk.sessions() as session:
        found = await own_nomination(session, visitor.asker, storable(nomination))
    if found is None:
        raise NotFoundError
    return found


async def draft_for(services: Services, visitor: Visitor, draft: str) -> Begun:
    """A nomination that was begun at their organisation, sent or not.

    Raises:
        NotFoundError: There is none, or it is another organisation's.
    """
    async with services.acts.desk.sessions() as session:
        found = await begun(session, visitor.asker, storable(draft))
    if found is None:
        raise NotFoundError
    return found

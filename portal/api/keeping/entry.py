"""Who comes in here: nominators for their own organisation, and operations for any; and what is theirs to keep."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, Path, Query
from sqlmodel.ext.asyncio.session import AsyncSession

from acts.programs import ProgramActs
from models.enums import Role
from models.ids import OrganisationCode
from models.messages import By
from models.tables import WebhookEndpoint
from portal.access import by
from portal.failures import NotFoundError
from portal.pages import Crumb
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from rules.permissions import Act
from storage.lists import Asker
from storage.programs_kept import TokenKept, endpoint_kept, organisation_kept, token_kept

Kept = TypeVar("Kept")
Reading = Callable[[AsyncSession, Asker, str, str], Awaitable[Kept | None]]
"""A query for one thing of an organisation, by its reference."""

OWN, ALL = "/organisation/programs", "/operations/programs"
"""Where nominators keep their organisation's programs, and where operations keep everybody's."""
Making = Annotated[Visitor, by(Role.NOMINATOR, Act.NOMINATE)]
Operating = Annotated[Visitor, by(Role.OPERATIONS, Act.IMPORT_REGISTER)]
Code = Annotated[str, Path(pattern=r"^[A-Za-z0-9]{3,6}$")]
TokenId = Annotated[str, Path(pattern=r"^tk-[0-9a-f]{12}$")]
EndpointId = Annotated[str, Path(pattern=r"^wh-[0-9a-f]{12}$")]
DeliveryId = Annotated[str, Path(pattern=r"^wh-[0-9a-f]{12}\.[0-9]{1,20}$")]
After = Annotated[str, Query(pattern=r"^[A-Za-z0-9.-]*$", max_length=64)]
"""Where a page of a list begins: a key that the page before it gave."""


@dataclass(frozen=True)
class Keeper:
    """Somebody who keeps an organisation's programs.

    Attributes:
        organisation: Whose programs.
        name: What it is called.
        root: Where its programs' page is; the others are below it.
        makes: Whether they make tokens and endpoints: a token acts as the nominator who made it.
    """

    visitor: Visitor
    organisation: OrganisationCode
    name: str
    root: str
    makes: bool

    @property
    def asker(self) -> Asker:
        """Who asks, for a query."""
        return self.visitor.asker

    @property
    def by(self) -> By:
        """Who acts."""
        return self.visitor.by

    @property
    def area(self) -> str:
        """The part of the service they are in."""
        return "Programs" if self.makes else "Operations"

    @property
    def crumbs(self) -> list[Crumb]:
        """The trail to the organisation's programs' page, with it."""
        if self.makes:
            return [("Nominations", "/organisation"), ("Programs", OWN)]
        return [("Operations", "/operations"), ("Programs", ALL), (self.name, self.root)]


async def own(visitor: Making, services: Surroundings) -> Keeper:
    """A nominator, for the organisation they act for."""
    return await _keeper(services, visitor, visitor.chosen.place, OWN, makes=True)


async def everybodys(visitor: Operating, services: Surroundings, code: Code) -> Keeper:
    """Operations, for the organisation in the address."""
    return await _keeper(services, visitor, code.upper(), f"{ALL}/{code.upper()}", makes=False)


Own = Annotated[Keeper, Depends(own)]
Everybodys = Annotated[Keeper, Depends(everybodys)]


def acts_of(services: Services) -> ProgramActs:
    """The acts on programs."""
    return ProgramActs(services.acts.desk.sessions, services.clock)


async def token_for(services: Services, keeper: Keeper, token: str) -> TokenKept:
    """A token of the organisation.

    Raises:
        NotFoundError: There is none, or it is another organisation's.
    """
    return await _kept(services, keeper, token_kept, token)


async def endpoint_for(services: Services, keeper: Keeper, endpoint: str) -> WebhookEndpoint:
    """An endpoint of the organisation, also one that was switched off.

    Raises:
        NotFoundError: There is none, or it is another organisation's.
    """
    return await _kept(services, keeper, endpoint_kept, endpoint)


async def _kept(services: Services, keeper: Keeper, read: Reading[Kept], reference: str) -> Kept:
    async with services.acts.desk.sessions() as session:
        found = await read(session, keeper.asker, keeper.organisation, reference)
    if found is None:
        raise NotFoundError
    return found


async def _keeper(services: Services, visitor: Visitor, code: str, root: str, *, makes: bool) -> Keeper:
    async with services.acts.desk.sessions() as session:
        found = await organisation_kept(session, visitor.asker, code)
    if found is None:
        raise NotFoundError
    return Keeper(visitor, OrganisationCode(found.code), found.name, root, makes)

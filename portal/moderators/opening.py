"""What every page of moderators begins with: who may be here, and the nomination it is about."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Path, Request
from starlette.responses import RedirectResponse

from acts.locks import HeldError, LockActs, NotHeldError
from acts.moderation import ModerationActs, OtherScoreError
from models.enums import Role
from portal.access import by
from portal.failures import ChangedError, NotFoundError
from portal.routing import done_once
from portal.services import Services
from portal.visitors import Visitor
from portal.words import clock, restyled
from rules.permissions import Act
from storage.lists import names_of
from storage.moderator_pages import PanelCase, case_of

AREA = "Quality assurance"
HOME = ("Flags", "/quality")
Visiting = Annotated[Visitor, by(Role.MODERATOR, Act.RESOLVE_FLAGS)]

Numbered = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,40}$")]
"""A nomination's number in a path; anything else is a page that is not there."""


def locks(services: Services) -> LockActs:
    """Taking and leaving nominations."""
    return LockActs(services.acts.desk)


def moderation(services: Services) -> ModerationActs:
    """What moderators do with a nomination they have."""
    return ModerationActs(services.acts.desk, services.acts.board)


async def opened(services: Services, visitor: Visitor, nomination: str) -> PanelCase:
    """The nomination as it stands.

    Raises:
        NotFoundError: There is none, or the visitor may not know of it.
    """
    async with services.acts.desk.sessions() as session:
        case = await case_of(session, visitor.asker, nomination, now=services.clock())
    if case is None:
        raise NotFoundError
    return case


async def done_while_held(
    request: Request, services: Services, nomination: str, act: Callable[[], Awaitable[str]]
) -> RedirectResponse:
    """Does what a form asks, once; a page that is no longer true becomes a page that says so.

    Raises:
        ChangedError: Another moderator has the nomination, nobody has, or a score is another one now.
    """
    here = {"href": f"/quality/{nomination}", "link": "Open the nomination as it is now"}
    try:
        return await done_once(request, act)
    except HeldError as error:
        async with services.acts.desk.sessions() as session:
            names = await names_of(session, [error.person])
        who = names.get(error.person, "Another moderator")
        raise ChangedError(f"{who} has this nomination until {clock(error.until)}.", **here) from error
    except (NotHeldError, OtherScoreError) as error:
        raise ChangedError(restyled(str(error)), **here) from error

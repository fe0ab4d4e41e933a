"""Whose pages these are: what a person has begun of themselves, whatever role they act in, or none."""

from collections.abc import Sequence
from typing import Annotated

from portal.access import SIGNED_IN
from portal.failures import NotFoundError
from portal.nominators.presenters import WindowLine, window_line_of
from portal.services import Services
from portal.visitors import Visitor
from storage.nominator_pages import Window, windows
from storage.self_pages import OwnBegun, self_begun

Oneself = Annotated[Visitor, SIGNED_IN]
"""Everybody who is signed in; each query and act takes nothing but their own."""

AREA = "Nominate yourself"
ROOT = "/nominate-yourself"
HOME = (AREA, ROOT)
NOT_OPEN = "No round is taking self-nominations now."
_LONGEST = 40


def path_of(draft: str, what: str = "") -> str:
    """The page of what was begun, or one below it."""
    return f"{ROOT}/{draft}" + (f"/{what}" if what else "")


async def own_draft(services: Services, visitor: Visitor, draft: str) -> OwnBegun:
    """What this person has begun, sent or not.

    Raises:
        NotFoundError: There is none of this id, or it is somebody else's.
    """
    if not draft.isprintable() or len(draft) > _LONGEST:
        raise NotFoundError
    async with services.acts.desk.sessions() as session:
        found = await self_begun(session, visitor.person, draft)
    if not found:
        raise NotFoundError
    return found[0]


async def rounds(services: Services) -> Sequence[Window]:
    """The windows of the rounds that take self-nominations."""
    async with services.acts.desk.sessions() as session:
        return [one for one in await windows(session) if one.self_nomination]


async def lines(services: Services) -> list[WindowLine]:
    """The same, in sentences."""
    now = services.clock()
    return [window_line_of(one, now) for one in await rounds(services)]

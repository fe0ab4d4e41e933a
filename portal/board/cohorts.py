"""Which cohort a page of the board is about: named in its address, or the only one there is."""

import re
from dataclasses import dataclass

from fastapi import Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import HTMLResponse

from models.tables import Cohort
from portal.board.terms import PHASES
from portal.failures import NotFoundError, NotTheirsError
from portal.pages import Crumb, render
from portal.visitors import Visitor
from portal.words import day
from storage.board_pages import cohort_for
from storage.cohort_pages import cohorts_to_choose, name_of
from storage.lists import is_nominated_in

AREA = "Talent board"
_ID = re.compile(r"[a-z0-9_-]{1,40}")


@dataclass(frozen=True)
class Choice:
    """A cohort to choose."""

    name: str
    href: str
    phase: str
    dates: str


async def cohort_at(session: AsyncSession, request: Request, visitor: Visitor) -> Cohort | None:
    """The cohort the page is about; None when there are several and the address names none.

    Raises:
        NotFoundError: There is no cohort of the name in the address.
        NotTheirsError: The visitor is nominated in it.
    """
    named = request.query_params.get("cohort", "")
    if named:
        found = await cohort_for(session, visitor.asker, known_id(named))
        if found is None:
            raise NotFoundError
    else:
        every = await cohorts_to_choose(session)
        found = every[0] if len(every) == 1 else None
    if found is not None:
        await stand_apart(session, visitor, found)
    return found


async def stand_apart(session: AsyncSession, visitor: Visitor, cohort: Cohort) -> None:
    """Turns away who is nominated in the cohort: what is missing from an order tells its place.

    Raises:
        NotTheirsError: They are.
    """
    if await is_nominated_in(session, visitor.person, cohort.id):
        raise NotTheirsError(
            f"You are nominated in {cohort.name}, so you take no part in its decisions and see nothing of them here.",
            advice="The other members of the board go on. You follow your own nomination in your role as a nominee.",
            href="/roles",
            link="Choose your role",
        )


async def the_cohort(session: AsyncSession, request: Request, visitor: Visitor) -> Cohort:
    """The cohort a form is about.

    Raises:
        NotFoundError: Its address names none.
    """
    found = await cohort_at(session, request, visitor)
    if found is None:
        raise NotFoundError
    return found


async def choose_cohort(session: AsyncSession, request: Request) -> HTMLResponse:
    """The page that asks which cohort is meant: those that have not ended, and the newest that have."""
    there = await cohorts_to_choose(session)
    choices = [
        Choice(
            name=name_of(one, there),
            href=f"{request.url.path}?cohort={one.id}",
            phase=PHASES[one.phase],
            dates=f"{day(one.opens_at)} to {day(one.closes_at)}",
        )
        for one in there
    ]
    return await render(request, "board/choose.html", title="Choose a cohort", area=AREA, choices=choices)


def crumbs_of(cohort: Cohort, *more: Crumb) -> tuple[Crumb, ...]:
    """The trail of a page below the cohort's own."""
    return ((cohort.name, f"/board?cohort={cohort.id}"), *more)


def known_id(typed: str) -> str:
    """An id as ids look.

    Raises:
        NotFoundError: It can name nothing.
    """
    if not _ID.fullmatch(typed):
        raise NotFoundError
    return typed

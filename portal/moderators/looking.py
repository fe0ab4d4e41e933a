"""One nomination: its flags, its panel's scores side by side, and who has it now."""

from fastapi import Request
from starlette.responses import HTMLResponse, RedirectResponse

from models.ids import NominationId
from portal.moderators.opening import AREA, HOME, Numbered, Visiting, done_while_held, locks, opened
from portal.moderators.presenters import case_shown
from portal.pages import render
from portal.routing import area, done_once
from portal.services import Surroundings

routes = area()


@routes.get("/quality/{nomination}")
async def look(request: Request, nomination: Numbered, visitor: Visiting, services: Surroundings) -> HTMLResponse:
    """Shows the nomination; to read for every moderator, to act on for the one who has it."""
    case = await opened(services, visitor, nomination)
    return await render(
        request,
        "moderators/nomination.html",
        title=f"Nomination {case.nomination.id}",
        area=AREA,
        crumbs=[HOME],
        case=case_shown(case, visitor.person, services.clock()),
    )


@routes.post("/quality/{nomination}/start")
async def start(
    request: Request, nomination: Numbered, visitor: Visiting, services: Surroundings
) -> RedirectResponse:
    """Takes the nomination for half an hour."""

    async def act() -> str:
        await locks(services).start(NominationId(nomination), visitor.by)
        return f"/quality/{nomination}"

    return await done_while_held(request, services, nomination, act)


@routes.post("/quality/{nomination}/leave")
async def leave(
    request: Request, nomination: Numbered, visitor: Visiting, services: Surroundings
) -> RedirectResponse:
    """Gives the nomination back."""

    async def act() -> str:
        await locks(services).leave(NominationId(nomination), visitor.by)
        return "/quality"

    return await done_once(request, act)

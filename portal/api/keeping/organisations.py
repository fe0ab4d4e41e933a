"""Which organisations have programs, for operations, who keep those of all."""

from fastapi import Request
from starlette.responses import HTMLResponse

from portal.api.keeping.entry import ALL, After, Operating
from portal.api.keeping.presenters import organisation_lines
from portal.pages import render
from portal.routing import area
from portal.services import Surroundings
from storage.programs_kept import AT_ONCE, organisations_with_programs

routes = area()


@routes.get(ALL)
async def organisations(
    request: Request, visitor: Operating, services: Surroundings, *, after: After = ""
) -> HTMLResponse:
    """The organisations that have, or once had, a token or an address, by code."""
    async with services.acts.desk.sessions() as session:
        found = await organisations_with_programs(
            session, visitor.asker, services.clock(), after=after, limit=AT_ONCE + 1
        )
    lines = organisation_lines(found[:AT_ONCE], ALL)
    return await render(
        request,
        "api/keeping/organisations.html",
        title="Programs",
        area="Operations",
        crumbs=[("Operations", "/operations")],
        lines=lines,
        first=ALL if after else "",
        following=f"{ALL}?after={lines[-1].code}" if len(found) > AT_ONCE else "",
    )

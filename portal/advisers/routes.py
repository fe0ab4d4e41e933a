"""Pages of inclusion advisers: aggregates, and nobody's own answers."""

from typing import Annotated

from fastapi import Request
from starlette.responses import HTMLResponse

from models.enums import Role
from portal.access import by
from portal.advisers.presenters import cohort_shown
from portal.pages import render
from portal.routing import area
from portal.services import Surroundings
from portal.visitors import Visitor
from rules.permissions import Act
from storage.adviser_pages import SMALLEST, counts_for_advisers

routes = area()
Visiting = Annotated[Visitor, by(Role.INCLUSION_ADVISER, Act.SEE_EQUALITY_AGGREGATES)]


@routes.get("/inclusion")
async def inclusion(request: Request, visitor: Visiting, services: Surroundings) -> HTMLResponse:
    """Shows how many nominations each cohort has in each stage, and what is still to come."""
    async with services.acts.desk.sessions() as session:
        counts = await counts_for_advisers(session, visitor.asker)
    return await render(
        request,
        "advisers/inclusion.html",
        title="Inclusion",
        area="Inclusion",
        cohorts=[cohort_shown(one) for one in counts],
        smallest=SMALLEST,
    )

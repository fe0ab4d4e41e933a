"""Pages of inclusion advisers: aggregates, and nobody's own answers."""

from typing import Annotated

from fastapi import Request
from starlette.responses import HTMLResponse

from models.enums import Role
from portal.access import by
from portal.advisers.presenters import cohort_shown
from portal.failures import NotFoundError
from portal.forms import Bound, Form
from portal.pages import render
from portal.routing import area
from portal.services import Surroundings
from portal.visitors import Visitor
from rules.permissions import Act
from storage.adviser_pages import SMALLEST, counts_for_advisers
from storage.lists import cohorts

routes = area()
Visiting = Annotated[Visitor, by(Role.INCLUSION_ADVISER, Act.SEE_EQUALITY_AGGREGATES)]


class Narrowing(Form):
    """Which cohort is shown."""

    cohort: str = ""


@routes.get("/inclusion")
async def inclusion(request: Request, visitor: Visiting, services: Surroundings) -> HTMLResponse:
    """Shows how many nominations a cohort has in each stage, and what is still to come."""
    asked = request.query_params.get("cohort", "")
    async with services.acts.desk.sessions() as session:
        known = sorted(await cohorts(session), key=lambda row: row.opens_at, reverse=True)
        chosen = asked or (known[0].id if known else "")
        counts = await counts_for_advisers(session, visitor.asker, chosen)
    if asked and counts is None:
        raise NotFoundError
    return await render(
        request,
        "advisers/inclusion.html",
        title="Inclusion",
        area="Inclusion",
        cohort=cohort_shown(counts) if counts else None,
        form=Bound[Narrowing](typed={"cohort": chosen}),
        cohorts=[{"value": row.id, "text": row.name} for row in known] if len(known) > 1 else [],
        smallest=SMALLEST,
    )

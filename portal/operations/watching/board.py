"""The live board: how a cohort stands now, refreshed as long as somebody looks."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from models.enums import Role
from portal.access import by
from portal.forms import Bound, Form
from portal.operations.watching.board_view import BoardView, board_view
from portal.operations.watching.choices import AREA, cohort_options, the_cohort
from portal.pages import go_to, render
from portal.routing import area
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from rules.permissions import Act
from storage.watching_pages import board_of

routes = area()
Watching = Annotated[Visitor, by(Role.OPERATIONS, Act.READ_NOMINATION)]

_HERE = "operations/watching"
MOST_ROUNDS = 90
"""After so many refreshes a page left open stops asking, so that its session can end for want of use."""


@routes.get("/operations")
async def board(request: Request, visitor: Watching, services: Surroundings, cohort: str = "") -> HTMLResponse:
    """The board of one cohort, with the others to choose from."""
    return await _page(request, visitor, services, cohort, template=f"{_HERE}/board.html", look=1)


@routes.get("/operations/board")
async def live(
    request: Request, visitor: Watching, services: Surroundings, cohort: str = "", look: int = 1
) -> Response:
    """The part of the board that is refreshed; ``look`` counts how often it has been."""
    if "hx-request" not in request.headers:
        return go_to(f"/operations?{urlencode({'cohort': cohort})}")
    return await _page(request, visitor, services, cohort, template=f"{_HERE}/live.html", look=look + 1)


async def _page(
    request: Request, visitor: Visitor, services: Services, cohort: str, *, template: str, look: int
) -> HTMLResponse:
    now = services.clock()
    async with services.acts.desk.sessions() as session:
        row, there = await the_cohort(session, cohort)
        figures = await board_of(session, visitor.asker, row.id, now=now) if row else None
    view: BoardView | None = board_view(row, figures, now) if row and figures else None
    return await render(
        request,
        template,
        title=f"Board of {row.name}" if row else "Board",
        area=AREA,
        view=view,
        look=look if look < MOST_ROUNDS else 0,
        form=Bound[Form](typed={"cohort": row.id if row else ""}),
        cohorts=cohort_options(there),
    )

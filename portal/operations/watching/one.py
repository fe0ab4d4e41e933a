"""One nomination: where it stands, who is awaited, its panel, and everything that happened."""

from typing import Annotated

from fastapi import Request
from starlette.responses import HTMLResponse

from models.enums import Role
from portal.access import by
from portal.failures import NotFoundError
from portal.operations.watching.choices import AREA, HOME, LIST
from portal.operations.watching.story_view import StoryView, Told, story_view
from portal.pages import render
from portal.routing import area
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from rules.permissions import Act
from storage.lists import names_of
from storage.policies import policy_of
from storage.stories import story_visible_to
from storage.watching_pages import assessments_of, chosen_nominations, open_wish

routes = area()
Watching = Annotated[Visitor, by(Role.OPERATIONS, Act.READ_NOMINATION)]


@routes.get(f"{LIST[1]}/{{nomination}}")
async def one(request: Request, visitor: Watching, services: Surroundings, nomination: str) -> HTMLResponse:
    """The page of one nomination."""
    view = await _told(services, visitor, nomination)
    return await render(
        request,
        "operations/watching/one.html",
        title=f"Nomination {view.number}",
        area=AREA,
        crumbs=[HOME, LIST],
        view=view,
    )


async def _told(services: Services, visitor: Visitor, nomination: str) -> StoryView:
    now, desk = services.clock(), services.acts.desk
    async with desk.sessions() as session:
        story = await story_visible_to(session, visitor.asker, nomination)
        if story is None:
            raise NotFoundError
        row = story.nomination
        (line,) = await chosen_nominations(session, visitor.asker, ticked=[row.id], now=now, limit=1)
        seats = await assessments_of(session, visitor.asker, row.id)
        people = {event.actor for event in story.events} | {letter.person_id for letter in story.messages}
        names = await names_of(session, sorted(people | {row.nominated_by, row.handed_to or ""}))
        policy = await policy_of(session, row.cohort_id)
        wish = await open_wish(session, row)
    pages = (
        f"{services.temporal_pages.rstrip('/')}/namespaces/{desk.client.namespace}" if services.temporal_pages else ""
    )
    return story_view(Told(story, line, seats, names, policy, wish, pages, now))

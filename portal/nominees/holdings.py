"""See or download everything held about oneself."""

from typing import Annotated

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from models.enums import Role
from portal.access import by
from portal.failures import NotFoundError
from portal.nominees.held import Held, Sources, held_about
from portal.pages import render
from portal.routing import area
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from rules.permissions import Act
from storage.equality import own_answers
from storage.nominee_pages import (
    own_drafts,
    own_endorsements,
    own_events,
    own_letters,
    own_nominations,
    own_person,
    own_versions,
    reasons_for,
)
from storage.policies import policy_of
from storage.self_pages import self_begun

routes = area()
Person = Annotated[Visitor, by(Role.NOMINEE, Act.READ_NOMINATION)]


@routes.get("/my-nomination/data")
async def page(request: Request, visitor: Person, services: Surroundings) -> HTMLResponse:
    """Everything, to read."""
    held = await _held(services, visitor)
    return await render(
        request, "nominees/data.html", title="Everything we hold about you", area="My data", held=held
    )


@routes.get("/my-nomination/data/download")
async def download(visitor: Person, services: Surroundings) -> Response:
    """Everything, as a file that programs can read."""
    held = await _held(services, visitor)
    return Response(
        held.model_dump_json(indent=2),
        media_type="application/json",
        headers={"Content-Disposition": 'attachment; filename="everything-held-about-me.json"'},
    )


async def _held(services: Services, visitor: Visitor) -> Held:
    asker = visitor.asker
    async with services.acts.desk.sessions() as session:
        nominations = await own_nominations(session, asker)
        if not nominations:
            raise NotFoundError
        person, posts = await own_person(session, asker)
        cohorts = {one.nomination.cohort_id for one in nominations}
        sources = Sources(
            person=person,
            earlier_posts=posts,
            nominations=nominations,
            policies={cohort: await policy_of(session, cohort) for cohort in sorted(cohorts)},
            endorsements=await own_endorsements(session, asker),
            drafts=await own_drafts(session, asker),
            versions=await own_versions(session, asker),
            letters=await own_letters(session, asker),
            reasons=await reasons_for(session, asker),
            events=await own_events(session, asker),
            equality=await own_answers(session, asker),
            begun=await self_begun(session, asker.person),
        )
    return held_about(sources, services.sender, services.clock())

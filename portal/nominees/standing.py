"""Where a nomination stands: its first page, its messages, and the decision with feedback."""

from typing import Annotated

from fastapi import Request
from starlette.responses import HTMLResponse

from models.enums import Role, Template
from portal.access import by
from portal.nominees.letters import letters_in_words
from portal.nominees.own import AREA, Own, own
from portal.nominees.presenters import standing_of
from portal.pages import render
from portal.routing import area
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from rules.applications import form
from rules.permissions import Act
from storage.nominee_pages import own_draft, own_endorsements, own_events, own_letters, own_versions, reasons_for

routes = area()
Reader = Annotated[Visitor, by(Role.NOMINEE, Act.READ_NOMINATION)]
ReaderOfFeedback = Annotated[Visitor, by(Role.NOMINEE, Act.READ_FEEDBACK)]
_OF_THE_DECISION = frozenset(
    {
        Template.ADMITTED,
        Template.RESERVED,
        Template.NOT_ADMITTED,
        Template.PROMOTED,
        Template.RESERVE_LIST_CLOSED,
        Template.FEEDBACK,
        Template.INELIGIBLE,
    }
)


@routes.get("/my-nomination")
async def newest(request: Request, visitor: Reader, services: Surroundings) -> HTMLResponse:
    """Where the person's newest nomination stands, with the others listed."""
    return await _standing(request, visitor, services, await own(services, visitor))


@routes.get("/my-nomination/{nomination}")
async def one(request: Request, nomination: str, visitor: Reader, services: Surroundings) -> HTMLResponse:
    """Where one of their nominations stands."""
    return await _standing(request, visitor, services, await own(services, visitor, nomination))


@routes.get("/my-nomination/{nomination}/messages")
async def messages(request: Request, nomination: str, visitor: Reader, services: Surroundings) -> HTMLResponse:
    """Every letter to the nominee, as they got it."""
    mine = await own(services, visitor, nomination)
    async with services.acts.desk.sessions() as session:
        letters = await own_letters(session, visitor.asker, nomination)
        reasons = await reasons_for(session, visitor.asker)
    return await render(
        request,
        "nominees/messages.html",
        title="Messages we sent you",
        area=AREA,
        crumbs=mine.crumbs,
        path=mine.path,
        letters=letters_in_words(mine.found, visitor.name, letters, reasons, services.sender)[::-1],
    )


@routes.get("/my-nomination/{nomination}/decision")
async def decision(
    request: Request, nomination: str, visitor: ReaderOfFeedback, services: Surroundings
) -> HTMLResponse:
    """The decision letter and the feedback, once they were released."""
    mine = await own(services, visitor, nomination)
    async with services.acts.desk.sessions() as session:
        letters = await own_letters(session, visitor.asker, nomination)
        reasons = await reasons_for(session, visitor.asker)
    shown = [one for one in letters if one.template in _OF_THE_DECISION]
    return await render(
        request,
        "nominees/decision.html",
        title="Decision and feedback",
        area=AREA,
        crumbs=mine.crumbs,
        letters=letters_in_words(mine.found, visitor.name, shown, reasons, services.sender),
        path=mine.path,
        reference=mine.number,
        feedback=any(one.template == Template.FEEDBACK for one in shown),
    )


async def _standing(request: Request, visitor: Visitor, services: Services, mine: Own) -> HTMLResponse:
    async with services.acts.desk.sessions() as session:
        draft = await own_draft(session, visitor.asker, mine.number)
        versions = await own_versions(session, visitor.asker, mine.number)
        events = await own_events(session, visitor.asker, mine.number)
        endorsements = await own_endorsements(session, visitor.asker)
    endorsed_at = next((one.endorsement.given_at for one in endorsements if one.nomination == mine.number), None)
    fields = form(mine.policy)
    answered = sum(1 for field in fields if field.name in draft and draft[field.name].content.strip())
    return await render(
        request,
        "nominees/standing.html",
        title="Where your nomination stands",
        area=AREA,
        standing=standing_of(mine, events, answered, len(fields), sent=bool(versions), endorsed_at=endorsed_at),
    )

"""Where a nomination stands: its first page, its messages, and the decision with feedback."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import Request
from starlette.responses import HTMLResponse

from models.enums import Role, Template
from models.policy import Policy
from models.tables import Application, ApplicationDraft
from portal.access import by
from portal.nominees.letters import letters_in_words
from portal.nominees.own import AREA, Own, own
from portal.nominees.presenters import standing_of
from portal.nominees.stages import WORDS
from portal.nominees.standing_words import Seat, Written
from portal.pages import Notice, render
from portal.routing import area
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from portal.words import moment
from rules.applications import form
from rules.permissions import Act
from rules.stages import WITH_DEADLINE
from storage.nominee_pages import (
    own_draft,
    own_endorsements,
    own_events,
    own_letters,
    own_seats,
    own_versions,
    reasons_for,
)

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
async def newest(request: Request, visitor: Reader, services: Surroundings, *, closed: str = "") -> HTMLResponse:
    """Where the person's newest nomination stands, with the others listed."""
    return await _standing(request, visitor, services, await own(services, visitor), closed=bool(closed))


@routes.get("/my-nomination/{nomination}")
async def one(
    request: Request, nomination: str, visitor: Reader, services: Surroundings, *, closed: str = ""
) -> HTMLResponse:
    """Where one of their nominations stands."""
    return await _standing(request, visitor, services, await own(services, visitor, nomination), closed=bool(closed))


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


async def _standing(
    request: Request, visitor: Visitor, services: Services, mine: Own, *, closed: bool
) -> HTMLResponse:
    async with services.acts.desk.sessions() as session:
        draft = await own_draft(session, visitor.asker, mine.number)
        versions = await own_versions(session, visitor.asker, mine.number)
        events = await own_events(session, visitor.asker, mine.number)
        endorsements = await own_endorsements(session, visitor.asker)
        seats = await own_seats(session, visitor.asker, mine.number)
    standing = standing_of(
        mine,
        events,
        _written(mine.policy, draft),
        now=services.clock(),
        seats=[Seat(one.stage, one.due_at) for one in seats],
        sent=bool(versions),
        endorsed_at=next((one.endorsement.given_at for one in endorsements if one.nomination == mine.number), None),
    )
    return await render(
        request,
        "nominees/standing.html",
        title="Where your nomination stands",
        area=AREA,
        notice=_closed(mine, versions) if closed else None,
        standing=standing,
    )


def _closed(mine: Own, versions: Sequence[Application]) -> Notice | None:
    """Why a page that was asked for is closed: the application was sent, or its time is over."""
    if mine.row.stage in WITH_DEADLINE:
        return None
    if versions:
        sent = f"You sent your application at {moment(versions[0].submitted_at)}"
        return Notice(sent, "It can no longer be changed, and no deadline is left to move.", "information")
    return Notice("Your application is closed", WORDS[mine.row.stage].sentence, "information")


def _written(policy: Policy, draft: Mapping[str, ApplicationDraft]) -> Written:
    given = {name for name, one in draft.items() if one.content.strip()}
    needed = [field.name for field in form(policy) if field.required]
    spare = [field.name for field in form(policy) if not field.required and field.name not in given]
    return Written(sum(name in given for name in needed), len(needed), len(spare), bool(given))

"""Agreeing to be nominated, or not."""

from typing import Annotated, ClassVar, Literal

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from acts.errors import RefusedError
from models.enums import NominationRoute, Role, Stage
from portal.access import by
from portal.forms import Bound, Form, bind
from portal.nominees.own import AREA, Own, own
from portal.nominees.standing_words import steps_ahead
from portal.pages import go_to, render
from portal.routing import area, done_once
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from portal.words import moment
from rules.calendar import span_in_words
from rules.permissions import Act
from storage.nominee_pages import own_endorsements

routes = area()
Consenting = Annotated[Visitor, by(Role.NOMINEE, Act.CONSENT)]
Declining = Annotated[Visitor, by(Role.NOMINEE, Act.DECLINE_NOMINATION)]


class ConsentForm(Form):
    """Yes or no."""

    answer: Literal["yes", "no"]
    sentences: ClassVar = {"answer": "Select yes if you agree to be nominated"}


@routes.get("/my-nomination/{nomination}/consent")
async def ask(request: Request, nomination: str, visitor: Consenting, services: Surroundings) -> Response:
    """What is asked, why, how long it is kept and who sees it; and the question."""
    mine = await own(services, visitor, nomination)
    if mine.row.stage is not Stage.NOMINATED:
        return go_to(mine.path)
    return await _page(request, visitor, services, mine, Bound[ConsentForm]())


@routes.post("/my-nomination/{nomination}/consent")
async def answer(request: Request, nomination: str, visitor: Consenting, services: Surroundings) -> Response:
    """Takes a yes; a no is asked once more on a page of its own."""
    mine = await own(services, visitor, nomination)
    bound = await bind(request, ConsentForm)
    if bound.value is None:
        return await _page(request, visitor, services, mine, bound, status=422)
    if bound.value.answer == "no":
        return go_to(f"{mine.path}/decline")

    async def consent() -> str:
        await services.acts.nominations.consent(mine.number, visitor.by)
        return f"{mine.path}/agreed"

    try:
        return await done_once(request, consent)
    except RefusedError as error:
        bound.refuse("", str(error))
        return await _page(request, visitor, services, mine, bound, status=409)


@routes.get("/my-nomination/{nomination}/agreed")
async def agreed(request: Request, nomination: str, visitor: Consenting, services: Surroundings) -> Response:
    """Confirms the yes, and says what to do by when."""
    mine = await own(services, visitor, nomination)
    if mine.row.stage is not Stage.APPLYING:
        return go_to(mine.path)
    due = mine.deadline(services.clock())
    return await render(
        request,
        "nominees/agreed.html",
        title="You agreed to be nominated",
        area=AREA,
        path=mine.path,
        due=due.ask("Complete and send your application") if due else "",
        steps=steps_ahead(mine, services.clock()),
    )


@routes.get("/my-nomination/{nomination}/decline")
async def ask_again(request: Request, nomination: str, visitor: Declining, services: Surroundings) -> Response:
    """Says what a no means, and asks to confirm it."""
    mine = await own(services, visitor, nomination)
    if mine.row.stage is not Stage.NOMINATED:
        return go_to(mine.path)
    return await _decline_page(request, mine)


@routes.post("/my-nomination/{nomination}/decline")
async def decline(request: Request, nomination: str, visitor: Declining, services: Surroundings) -> Response:
    """Takes the no."""
    mine = await own(services, visitor, nomination)

    async def decline() -> str:
        await services.acts.nominations.decline(mine.number, visitor.by)
        return f"{mine.path}/declined"

    try:
        return await done_once(request, decline)
    except RefusedError as error:
        return await _decline_page(request, mine, str(error))


@routes.get("/my-nomination/{nomination}/declined")
async def declined(request: Request, nomination: str, visitor: Declining, services: Surroundings) -> Response:
    """Confirms the no."""
    mine = await own(services, visitor, nomination)
    if mine.row.stage is not Stage.DECLINED_BY_NOMINEE:
        return go_to(mine.path)
    return await render(
        request,
        "nominees/declined.html",
        title="You declined the nomination",
        area=AREA,
        path=mine.path,
        organisation=mine.found.organisation,
    )


async def _page(
    request: Request,
    visitor: Visitor,
    services: Services,
    mine: Own,
    form: Bound[ConsentForm],
    *,
    status: int = 200,
) -> HTMLResponse:
    membership = mine.policy.membership
    due = mine.deadline(services.clock())
    async with services.acts.desk.sessions() as session:
        endorsements = await own_endorsements(session, visitor.asker)
    return await render(
        request,
        "nominees/consent.html",
        title="Do you agree to be nominated?",
        area=AREA,
        crumbs=mine.crumbs,
        status=status,
        errors=form.problems,
        form=form,
        action=f"{mine.path}/consent",
        organisation=mine.found.organisation,
        by_self=mine.row.route is NominationRoute.SELF,
        endorsed=any(one.nomination == mine.number for one in endorsements),
        region=mine.cohort.region,
        due=due.ask("Answer") if due else "",
        closes=moment(mine.cohort.closes_at),
        anonymous=mine.policy.panel.anonymous,
        panel_size=mine.policy.panel.size,
        lasts=span_in_words(membership.lasts),
        kept_for=span_in_words(membership.unsuccessful_kept_for),
        options=[
            {"value": "yes", "text": "Yes, I agree to be nominated"},
            {"value": "no", "text": "No, I do not want to be nominated"},
        ],
    )


async def _decline_page(request: Request, mine: Own, refused: str = "") -> HTMLResponse:
    return await render(
        request,
        "nominees/decline.html",
        title="Decline the nomination",
        area=AREA,
        crumbs=mine.crumbs,
        status=409 if refused else 200,
        errors=[(refused, "")] if refused else [],
        action=f"{mine.path}/decline",
        path=mine.path,
        organisation=mine.found.organisation,
    )

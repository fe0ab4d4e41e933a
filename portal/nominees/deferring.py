"""Putting a nomination off to a later round."""

from typing import Annotated, ClassVar, Literal

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from acts.errors import RefusedError
from acts.extensions import REASONS
from models.enums import Role, Stage, StageChange, SteerReason
from portal.access import by
from portal.forms import Bound, Form, bind
from portal.nominees.own import AREA, Own, own
from portal.nominees.stages import STEER_REASONS
from portal.nominees.tasks import Option
from portal.pages import go_to, render
from portal.routing import area, done_once
from portal.services import Surroundings
from portal.visitors import Visitor
from rules.permissions import Act
from rules.stages import leads_to

routes = area()
Deferrer = Annotated[Visitor, by(Role.NOMINEE, Act.DEFER)]
_REASONS = tuple(Option(reason.value, STEER_REASONS[reason]) for reason in REASONS)
_SURE = (Option("yes", "I understand that this ends my nomination in this round and cannot be undone"),)


class DeferForm(Form):
    """Why, and that it is meant."""

    reason: SteerReason
    sure: Literal["yes"]
    sentences: ClassVar = {
        "reason": "Select why you want to wait for a later round",
        "sure": "Confirm that you understand what waiting means",
    }


@routes.get("/my-nomination/{nomination}/defer")
async def ask(request: Request, nomination: str, visitor: Deferrer, services: Surroundings) -> Response:
    """Says what waiting for a later round means, and asks why."""
    mine = await own(services, visitor, nomination)
    if leads_to(mine.row.stage, StageChange.DEFER) is None:
        return go_to(mine.path)
    return await _page(request, mine, Bound[DeferForm]())


@routes.post("/my-nomination/{nomination}/defer")
async def defer(request: Request, nomination: str, visitor: Deferrer, services: Surroundings) -> Response:
    """Puts the nomination off."""
    mine = await own(services, visitor, nomination)
    bound = await bind(request, DeferForm)
    if bound.value is None:
        return await _page(request, mine, bound, status=422)
    reason = bound.value.reason

    async def put_off() -> str:
        await services.acts.nominations.defer(mine.number, visitor.by, reason)
        return f"{mine.path}/deferred"

    try:
        return await done_once(request, put_off)
    except RefusedError as error:
        bound.refuse("", str(error))
        return await _page(request, mine, bound, status=409)


@routes.get("/my-nomination/{nomination}/deferred")
async def deferred(request: Request, nomination: str, visitor: Deferrer, services: Surroundings) -> Response:
    """Confirms it."""
    mine = await own(services, visitor, nomination)
    if mine.row.stage is not Stage.DEFERRED:
        return go_to(mine.path)
    return await render(
        request,
        "nominees/deferred.html",
        title="Your nomination is put off",
        area=AREA,
        path=mine.path,
        organisation=mine.found.organisation,
    )


async def _page(request: Request, mine: Own, form: Bound[DeferForm], *, status: int = 200) -> HTMLResponse:
    return await render(
        request,
        "nominees/defer.html",
        title="Wait for a later round",
        area=AREA,
        crumbs=mine.crumbs,
        status=status,
        errors=form.problems,
        form=form,
        action=f"{mine.path}/defer",
        path=mine.path,
        organisation=mine.found.organisation,
        reasons=_REASONS,
        sure=_SURE,
    )

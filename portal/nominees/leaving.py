"""Withdrawing, with a reason."""

from typing import Annotated, ClassVar, Literal

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from acts.errors import RefusedError
from models.enums import Role, Stage, StageChange, WithdrawReason
from portal.access import by
from portal.forms import Bound, Form, bind
from portal.nominees.own import AREA, Own, own
from portal.nominees.stages import WITHDRAW_REASONS
from portal.nominees.tasks import Option
from portal.pages import go_to, render
from portal.routing import area, done_once
from portal.services import Surroundings
from portal.visitors import Visitor
from rules.permissions import Act
from rules.stages import leads_to

routes = area()
Leaver = Annotated[Visitor, by(Role.NOMINEE, Act.WITHDRAW)]
_REASONS = tuple(Option(reason.value, words) for reason, words in WITHDRAW_REASONS.items())
_SURE = (Option("yes", "I understand that this ends my nomination and cannot be undone"),)


class WithdrawForm(Form):
    """Why, and that it is meant."""

    reason: WithdrawReason
    sure: Literal["yes"]
    sentences: ClassVar = {
        "reason": "Select why you are withdrawing",
        "sure": "Confirm that you understand what withdrawing means",
    }


@routes.get("/my-nomination/{nomination}/withdraw")
async def ask(request: Request, nomination: str, visitor: Leaver, services: Surroundings) -> Response:
    """Says what withdrawing means, and asks why."""
    mine = await own(services, visitor, nomination)
    if leads_to(mine.row.stage, StageChange.WITHDRAW) is None:
        return go_to(mine.path)
    return await _page(request, mine, Bound[WithdrawForm]())


@routes.post("/my-nomination/{nomination}/withdraw")
async def withdraw(request: Request, nomination: str, visitor: Leaver, services: Surroundings) -> Response:
    """Takes the nomination back."""
    mine = await own(services, visitor, nomination)
    bound = await bind(request, WithdrawForm)
    if bound.value is None:
        return await _page(request, mine, bound, status=422)
    reason = bound.value.reason

    async def leave() -> str:
        await services.acts.nominations.withdraw(mine.number, visitor.by, reason)
        return f"{mine.path}/withdrawn"

    try:
        return await done_once(request, leave)
    except RefusedError as error:
        bound.refuse("", str(error))
        return await _page(request, mine, bound, status=409)


@routes.get("/my-nomination/{nomination}/withdrawn")
async def withdrawn(request: Request, nomination: str, visitor: Leaver, services: Surroundings) -> Response:
    """Confirms it."""
    mine = await own(services, visitor, nomination)
    if mine.row.stage is not Stage.WITHDRAWN:
        return go_to(mine.path)
    return await render(
        request,
        "nominees/withdrawn.html",
        title="You have withdrawn",
        area=AREA,
        path=mine.path,
        organisation=mine.found.organisation,
    )


async def _page(request: Request, mine: Own, form: Bound[WithdrawForm], *, status: int = 200) -> HTMLResponse:
    return await render(
        request,
        "nominees/withdraw.html",
        title="Withdraw from the process",
        area=AREA,
        crumbs=mine.crumbs,
        status=status,
        errors=form.problems,
        form=form,
        action=f"{mine.path}/withdraw",
        path=mine.path,
        organisation=mine.found.organisation,
        in_pool=mine.row.stage is Stage.IN_POOL,
        reasons=_REASONS,
        sure=_SURE,
    )

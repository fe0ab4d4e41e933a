"""Withdrawing a nomination: why, a look at what it means, the act, and what happens then."""

from typing import ClassVar

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from acts.errors import RefusedError
from models.enums import Stage, StageChange, WithdrawReason
from models.ids import NominationId
from portal.failures import RefusedHereError
from portal.forms import Bound, Form, bind
from portal.nominators.entry import AREA, HOME, Following, Withdrawing, nomination_for
from portal.nominators.presenters import REASONS, options, path_of
from portal.nominators.standing import WORDS
from portal.pages import go_to, render
from portal.routing import area, done_once
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from portal.words import restyled
from rules.stages import leads_to
from storage.nominator_pages import OwnNomination

routes = area()


class ReasonForm(Form):
    """Why a nomination is withdrawn."""

    reason: WithdrawReason
    sentences: ClassVar = {"reason": "Choose why you withdraw the nomination"}


@routes.get("/organisation/nominations/{nomination}/withdraw")
async def ask(request: Request, visitor: Withdrawing, services: Surroundings, nomination: str) -> HTMLResponse:
    """Asks why."""
    own = await _live(services, visitor, nomination)
    return await _ask(request, own, Bound[ReasonForm]())


@routes.post("/organisation/nominations/{nomination}/withdraw")
async def look(request: Request, visitor: Withdrawing, services: Surroundings, nomination: str) -> HTMLResponse:
    """Shows what withdrawing means, before anything is done."""
    own = await _live(services, visitor, nomination)
    form = await bind(request, ReasonForm)
    if form.value is None:
        return await _ask(request, own, form, status=422)
    return await render(
        request,
        "nominators/withdraw_check.html",
        title="Are you sure that you want to withdraw this nomination?",
        area=AREA,
        crumbs=[HOME, (own.nominee.full_name, path_of(nomination))],
        nominee=own.nominee.full_name,
        number=own.nomination.id,
        stage=WORDS[own.nomination.stage].tag,
        reason=form.value.reason.value,
        reason_words=REASONS[form.value.reason],
        action=path_of(nomination, "withdraw/confirm"),
        back_href=path_of(nomination, "withdraw"),
        href=path_of(nomination),
    )


@routes.post("/organisation/nominations/{nomination}/withdraw/confirm")
async def withdraw(request: Request, visitor: Withdrawing, services: Surroundings, nomination: str) -> Response:
    """Withdraws it."""
    own = await nomination_for(services, visitor, nomination)
    form = await bind(request, ReasonForm)
    if form.value is None:
        return await _ask(request, own, form, status=422)
    reason = form.value.reason

    async def act() -> str:
        await services.acts.nominations.withdraw(NominationId(nomination), visitor.by, reason)
        return path_of(nomination, "withdrawn")

    try:
        return await done_once(request, act)
    except RefusedError as error:
        raise _refused(nomination, restyled(str(error))) from None


@routes.get("/organisation/nominations/{nomination}/withdrawn")
async def withdrawn(request: Request, visitor: Following, services: Surroundings, nomination: str) -> Response:
    """It is withdrawn, and what happens now."""
    own = await nomination_for(services, visitor, nomination)
    if own.nomination.stage is not Stage.WITHDRAWN:
        return go_to(path_of(nomination))
    return await render(
        request,
        "nominators/withdrawn.html",
        title="Nomination withdrawn",
        area=AREA,
        crumbs=[HOME],
        nominee=own.nominee.full_name,
        number=own.nomination.id,
        href=path_of(nomination),
    )


async def _ask(request: Request, own: OwnNomination, form: Bound[ReasonForm], *, status: int = 200) -> HTMLResponse:
    nomination = own.nomination.id
    return await render(
        request,
        "nominators/withdraw.html",
        title="Withdraw a nomination",
        area=AREA,
        crumbs=[HOME, (own.nominee.full_name, path_of(nomination))],
        errors=form.problems,
        status=status,
        form=form,
        reasons=options(REASONS),
        nominee=own.nominee.full_name,
        number=nomination,
        action=path_of(nomination, "withdraw"),
        href=path_of(nomination),
    )


async def _live(services: Services, visitor: Visitor, nomination: str) -> OwnNomination:
    """The nomination, if it can still be withdrawn.

    Raises:
        NotFoundError: It is not theirs, or not there.
        RefusedHereError: It is over.
    """
    own = await nomination_for(services, visitor, nomination)
    if leads_to(own.nomination.stage, StageChange.WITHDRAW) is None:
        raise _refused(nomination, f"This nomination is over. {WORDS[own.nomination.stage].now}")
    return own


def _refused(nomination: str, sentence: str) -> RefusedHereError:
    return RefusedHereError(sentence, href=path_of(nomination), link="See where the nomination stands")

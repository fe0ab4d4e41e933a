"""Settling flags: confirming, changing scores, asking for more evidence or for one more assessor."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from acts.errors import RefusedError
from acts.moderation import Settling
from models.enums import Resolution, ScoreChangeReason
from models.ids import AssessmentId, NominationId
from portal.failures import ChangedError
from portal.forms import Bound, bind
from portal.moderators.codes import POSTS, REASON_HINTS, REASONS
from portal.moderators.forms import ChangeForm, EvidenceForm, FlagsForm, any_changed, changes_in, scores_typed
from portal.moderators.opening import AREA, HOME, Numbered, Visiting, done_while_held, moderation, opened
from portal.moderators.presenters import case_shown
from portal.moderators.settled import ChangeShown, Option, changes_to_check, done_shown, score_fields, score_options
from portal.pages import go_to, render
from portal.routing import area
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from portal.words import restyled
from storage.moderator_pages import PanelCase

routes = area()
TITLES = {
    "confirm": "Confirm the scores",
    "moderate": "Change scores",
    "confirm_check": "Check what is settled",
    "check": "Check the changes",
    "more_evidence": "Ask for more evidence",
    "another_assessor": "Ask for one more assessor",
}


@dataclass(frozen=True)
class At:
    """A visitor at a nomination."""

    request: Request
    services: Services
    visitor: Visitor
    case: PanelCase


AnyForm = Bound[FlagsForm] | Bound[EvidenceForm] | Bound[ChangeForm]


@routes.get("/quality/{nomination}/confirm")
async def ask_confirm(request: Request, nomination: Numbered, visitor: Visiting, services: Surroundings) -> Response:
    """Asks which flags are settled without a change."""
    return await _asked(request, services, visitor, nomination, "confirm")


@routes.post("/quality/{nomination}/confirm")
async def confirm(request: Request, nomination: Numbered, visitor: Visiting, services: Surroundings) -> Response:
    """Shows once more which flags are settled, and settles them once that has been looked at; the scores stand."""
    at = await _at(request, services, visitor, nomination)
    form = await bind(request, FlagsForm)
    if form.value is not None:
        if form.value.again:
            return await _page(at, "confirm", form, status=200)
        still_open = {flag.number for flag in at.case.open_flags} & set(form.value.flags)
        if still_open and not form.value.checked:
            return await _page(at, "confirm_check", form, status=200)
        settling = Settling(form.value.flags, Resolution.CONFIRM)
        led = await _settled(at, form, settling)
        if led is not None:
            return led
    return await _page(at, "confirm", form)


@routes.get("/quality/{nomination}/another-assessor")
async def ask_another(request: Request, nomination: Numbered, visitor: Visiting, services: Surroundings) -> Response:
    """Asks for which flags one more assessor is wanted."""
    return await _asked(request, services, visitor, nomination, "another_assessor")


@routes.post("/quality/{nomination}/another-assessor")
async def another(request: Request, nomination: Numbered, visitor: Visiting, services: Surroundings) -> Response:
    """Settles flags by one more assessor."""
    at = await _at(request, services, visitor, nomination)
    form = await bind(request, FlagsForm)
    if form.value is not None:
        settling = Settling(form.value.flags, Resolution.ANOTHER_ASSESSOR)
        led = await _settled(at, form, settling)
        if led is not None:
            return led
    return await _page(at, "another_assessor", form)


@routes.get("/quality/{nomination}/more-evidence")
async def ask_evidence(request: Request, nomination: Numbered, visitor: Visiting, services: Surroundings) -> Response:
    """Asks of whom more evidence is wanted."""
    return await _asked(request, services, visitor, nomination, "more_evidence")


@routes.post("/quality/{nomination}/more-evidence")
async def evidence(request: Request, nomination: Numbered, visitor: Visiting, services: Surroundings) -> Response:
    """Settles flags by asking one assessor for more evidence."""
    at = await _at(request, services, visitor, nomination)
    form = await bind(request, EvidenceForm)
    if form.value is not None:
        asked = AssessmentId(form.value.assessment)
        settling = Settling(form.value.flags, Resolution.MORE_EVIDENCE, assessment=asked)
        led = await _settled(at, form, settling)
        if led is not None:
            return led
    return await _page(at, "more_evidence", form)


@routes.get("/quality/{nomination}/moderate")
async def ask_changes(request: Request, nomination: Numbered, visitor: Visiting, services: Surroundings) -> Response:
    """Asks which scores change, and why."""
    return await _asked(request, services, visitor, nomination, "moderate")


@routes.post("/quality/{nomination}/moderate")
async def moderate(request: Request, nomination: Numbered, visitor: Visiting, services: Surroundings) -> Response:
    """Shows the changes once more, and makes them once they have been looked at."""
    at = await _at(request, services, visitor, nomination)
    form = await bind(request, ChangeForm)
    changes, seen = changes_in(form, at.case)
    if form.value is None:
        if not any_changed(form, at.case):
            form.refuse("", "No score was changed. Change at least one, or confirm the scores instead")
        return await _page(at, "moderate", form)
    if form.value.again:
        return await _page(at, "moderate", form, status=200)
    if not form.value.checked:
        shown = changes_to_check(at.case, changes, seen)
        return await _page(at, "check", form, status=200, changes=shown)
    settling = Settling(form.value.flags, Resolution.MODERATE, changes=changes, seen=seen)
    led = await _settled(at, form, settling)
    return led or await _page(at, "moderate", form)


@routes.get("/quality/{nomination}/done")
async def done(request: Request, nomination: Numbered, visitor: Visiting, services: Surroundings) -> Response:
    """Says what the newest settlement did, and what happens next."""
    case = await opened(services, visitor, nomination)
    shown = done_shown(case, request.query_params.get("of", ""))
    if shown is None:
        return go_to(f"/quality/{nomination}")
    return await render(
        request,
        "moderators/done.html",
        title=shown.title,
        area=AREA,
        crumbs=[HOME, (f"Nomination {nomination}", f"/quality/{nomination}")],
        done=shown,
        number=nomination,
    )


async def _asked(
    request: Request, services: Services, visitor: Visitor, nomination: str, template: str
) -> HTMLResponse | RedirectResponse:
    """An empty form, for the moderator who has the nomination; the others are led to where they can start."""
    at = await _at(request, services, visitor, nomination)
    case = at.case
    if not case.open_flags or case.holder is None or case.holder.person != visitor.person:
        return go_to(f"/quality/{nomination}")
    # To confirm is to judge each flag: none is chosen for a moderator who has not asked for all of them.
    chosen = case.open_flags if template != "confirm" or request.query_params.get("tick") == "all" else ()
    every = {"flags": [str(flag.number) for flag in chosen]}
    form = Bound[FlagsForm](typed=scores_typed(case), chosen=every)
    return await _page(at, template, form, status=200)


async def _at(request: Request, services: Services, visitor: Visitor, nomination: str) -> At:
    return At(request, services, visitor, await opened(services, visitor, nomination))


async def _settled(at: At, form: AnyForm, settling: Settling) -> RedirectResponse | None:
    """Settles, and leads on to what happens next; None when it was refused, with the sentence in the form.

    Raises:
        ChangedError: What the page showed is no longer so.
    """
    nomination = NominationId(at.case.nomination.id)

    async def act() -> str:
        await moderation(at.services).settle(nomination, at.visitor.by, settling)
        of = f"?{urlencode({'of': settling.assessment})}" if settling.assessment else ""
        return f"/quality/{nomination}/done{of}"

    try:
        return await done_while_held(at.request, at.services, nomination, act)
    except RefusedError as error:
        if not (await opened(at.services, at.visitor, nomination)).open_flags:
            here = {"href": f"/quality/{nomination}", "link": "Open the nomination as it is now"}
            raise ChangedError(restyled(str(error)), **here) from error
        form.refuse("", restyled(str(error)))
        return None


async def _page(
    at: At, template: str, form: AnyForm, *, status: int = 422, changes: Sequence[ChangeShown] = ()
) -> HTMLResponse:
    case, number = at.case, at.case.nomination.id
    return await render(
        at.request,
        f"moderators/{template}.html",
        title=TITLES[template],
        area=AREA,
        crumbs=[HOME, (f"Nomination {number}", f"/quality/{number}")],
        errors=form.problems,
        status=status,
        heading=TITLES[template],
        form=form,
        case=case_shown(case, at.visitor.person, at.services.clock()),
        assessors=[Option(seat.assessment.id, seat.name, POSTS[seat.role].capitalize()) for seat in case.submitted],
        reasons=[Option(one.value, REASONS[one], REASON_HINTS[one]) for one in ScoreChangeReason],
        scores=score_options(case.policy.scoring),
        criteria=score_fields(case),
        changes=changes,
    )

"""Endorsing a nomination that somebody of the organisation made of themselves."""

from typing import ClassVar

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from acts.errors import RefusedError
from acts.nominations import Endorsing as Endorsement
from intake.forms import read_endorsement
from intake.known import Cell, unknown_organisations
from intake.problems import BadForm
from intake.rows import EndorsementRow
from models.enums import Stage
from models.ids import NominationId, OrganisationCode
from portal.failures import RefusedHereError
from portal.forms import Bound, Form, bind
from portal.nominators.entry import AREA, HOME, Endorsing, Following, nomination_for, organisation_of
from portal.nominators.presenters import POSTS, options, path_of
from portal.nominators.questions import sentence_of
from portal.nominators.standing import standing_of
from portal.pages import go_to, render
from portal.routing import area, done_once
from portal.services import Services, Surroundings
from storage.nominator_pages import OwnNomination

routes = area()


class EndorsementForm(Form):
    """Who endorses and why; read by the rules that files are read by, so that here every text is taken."""

    endorser_name: str = ""
    endorser_email: str = ""
    endorser_post: str = ""
    endorser_organisation: str = ""
    endorsement: str = ""
    running: ClassVar = frozenset({"endorsement"})


@routes.get("/organisation/nominations/{nomination}/endorse")
async def ask(request: Request, visitor: Endorsing, services: Surroundings, nomination: str) -> HTMLResponse:
    """Asks who endorses, and why."""
    own = await nomination_for(services, visitor, nomination)
    if not own.waits_for_endorsement:
        raise RefusedHereError(_not_needed(own), href=path_of(nomination), link="See where the nomination stands")
    return await _ask(request, own, Bound[EndorsementForm]())


@routes.post("/organisation/nominations/{nomination}/endorse")
async def endorse(request: Request, visitor: Endorsing, services: Surroundings, nomination: str) -> Response:
    """Endorses it; what stands against it is said on the page, with everything typed."""
    own = await nomination_for(services, visitor, nomination)
    form = await bind(request, EndorsementForm)
    said = await _said(services, own, form, organisation_of(visitor))
    if said is None:
        return await _ask(request, own, form, status=422)

    async def act() -> str:
        await services.acts.nominations.endorse(NominationId(nomination), visitor.by, said)
        return path_of(nomination, "endorsed")

    try:
        return await done_once(request, act)
    except RefusedError as error:
        form.refuse("", str(error))
        return await _ask(request, own, form, status=409)


@routes.get("/organisation/nominations/{nomination}/endorsed")
async def endorsed(request: Request, visitor: Following, services: Surroundings, nomination: str) -> Response:
    """It is endorsed, and what happens now."""
    own = await nomination_for(services, visitor, nomination)
    if own.endorsement is None:
        return go_to(path_of(nomination))
    return await render(
        request,
        "nominators/endorsed.html",
        title="Nomination endorsed",
        area=AREA,
        crumbs=[HOME],
        nominee=own.nominee.full_name,
        number=own.nomination.id,
        standing=standing_of(own, services.clock()),
        href=path_of(nomination),
    )


async def _said(
    services: Services, own: OwnNomination, form: Bound[EndorsementForm], organisation: OrganisationCode
) -> Endorsement | None:
    """What the form says, or None once the form says what is wrong."""
    if form.value is None:
        return None
    written = form.value.model_dump()
    try:
        row = read_endorsement({**written, "endorser_organisation": written["endorser_organisation"] or organisation})
    except BadForm as bad:
        for one in bad.problems:
            form.refuse(one.column, sentence_of(one.column, one.sentence))
        return None
    async with services.acts.desk.sessions() as session:
        unknown = await unknown_organisations(session, [Cell(0, "endorser_organisation", row.endorser_organisation)])
    for one in unknown:
        form.refuse(one.column, one.sentence)
    if row.endorser_email.lower() == own.nominee.email.lower():
        form.refuse("endorser_email", "Nobody endorses themselves: name another endorser.")
    return None if form.problems else _endorsement(row)


def _endorsement(row: EndorsementRow) -> Endorsement:
    return Endorsement(
        full_name=row.endorser_name,
        email=row.endorser_email,
        post=row.endorser_post,
        organisation=OrganisationCode(row.endorser_organisation),
        statement=row.endorsement,
    )


async def _ask(
    request: Request, own: OwnNomination, form: Bound[EndorsementForm], *, status: int = 200
) -> HTMLResponse:
    nomination = own.nomination.id
    return await render(
        request,
        "nominators/endorse.html",
        title="Endorse a nomination",
        area=AREA,
        crumbs=[HOME, (own.nominee.full_name, path_of(nomination))],
        errors=form.problems,
        status=status,
        form=form,
        posts=options(POSTS),
        nominee=own.nominee.full_name,
        number=nomination,
        action=path_of(nomination, "endorse"),
        screening=own.nomination.stage is Stage.SCREENING,
    )


def _not_needed(own: OwnNomination) -> str:
    if own.endorsement is not None:
        return "This nomination has been endorsed already."
    return "An endorsement is no longer needed."

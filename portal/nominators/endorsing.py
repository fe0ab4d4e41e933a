"""Endorsing a nomination that somebody of the organisation made of themselves."""

from contextlib import suppress
from typing import ClassVar

from fastapi import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from acts.drafting import DraftingActs, endorsement_draft
from acts.errors import RefusedError
from acts.importing import endorsing
from acts.nominating import Endorsing as Endorsement
from intake.forms import read_endorsement
from intake.known import Cell, unknown_organisations
from intake.problems import BadForm
from models.enums import Stage
from models.ids import NominationId, OrganisationCode
from portal.failures import RefusedHereError
from portal.forms import Bound, Form, bind
from portal.nominators.entry import AREA, HOME, Endorsing, Following, nomination_for, organisation_of
from portal.nominators.keeping import answer_of, typed_in
from portal.nominators.presenters import POSTS, options, path_of
from portal.nominators.questions import SEEN, number, revisions_of, seen_in, sentence_of
from portal.nominators.standing import standing_of
from portal.pages import go_to, render
from portal.routing import area, done_once
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from portal.words import restyled
from storage.nominator_pages import OwnNomination, endorsement_begun
from storage.policies import policy_of

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
    return await _ask(request, services, visitor, own, None)


@routes.post("/organisation/nominations/{nomination}/endorse")
async def endorse(request: Request, visitor: Endorsing, services: Surroundings, nomination: str) -> Response:
    """Endorses it; what stands against it is said on the page, with everything typed."""
    own = await nomination_for(services, visitor, nomination, typed=True)
    form = await bind(request, EndorsementForm)
    said = await _said(services, own, form, organisation_of(visitor))
    drafting = DraftingActs(services.acts.desk)
    if said is None:
        with suppress(RefusedError):
            typed = {name: form.typed[name] for name in EndorsementForm.model_fields if form.typed[name]}
            await drafting.save_endorsement(NominationId(nomination), visitor.by, typed, await seen_in(request))
        return await _ask(request, services, visitor, own, form, status=422)

    async def act() -> str:
        try:
            await services.acts.nominations.endorse(NominationId(nomination), visitor.by, said)
        finally:
            # Whether the workflow has answered yet or not: what stands in the endorsement is kept there.
            if (await nomination_for(services, visitor, nomination)).endorsement is not None:
                await drafting.forget_endorsement(NominationId(nomination))
        return path_of(nomination, "endorsed")

    try:
        return await done_once(request, act)
    except RefusedError as error:
        form.refuse("", restyled(str(error)))
        return await _ask(request, services, visitor, own, form, status=409)


@routes.post("/organisation/nominations/{nomination}/endorse/save")
async def keep(request: Request, visitor: Endorsing, services: Surroundings, nomination: str) -> JSONResponse:
    """Keeps one field as it is being typed, for static/save.js."""
    own = await nomination_for(services, visitor, nomination)
    sent = await request.form()
    name = str(sent.get("field", ""))
    answers, seen = {name: typed_in(sent)}, {name: number(sent.get("revision"))}
    acts = DraftingActs(services.acts.desk)
    return await answer_of(
        acts.save_endorsement(NominationId(own.nomination.id), visitor.by, answers, seen, strict=True),
        answers[name],
    )


@routes.get("/organisation/nominations/{nomination}/endorsed")
async def endorsed(request: Request, visitor: Following, services: Surroundings, nomination: str) -> Response:
    """It is endorsed, and what happens now."""
    own = await nomination_for(services, visitor, nomination)
    if own.endorsement is None:
        return go_to(path_of(nomination))
    async with services.acts.desk.sessions() as session:
        policy = await policy_of(session, own.cohort.id)
    return await render(
        request,
        "nominators/endorsed.html",
        title="Nomination endorsed",
        area=AREA,
        crumbs=[HOME],
        nominee=own.nominee.full_name,
        number=own.nomination.id,
        standing=standing_of(own, services.clock(), policy),
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
    return None if form.problems else endorsing(row)


async def _ask(
    request: Request,
    services: Services,
    visitor: Visitor,
    own: OwnNomination,
    form: Bound[EndorsementForm] | None,
    *,
    status: int = 200,
) -> HTMLResponse:
    """The form as it was sent, or with what anybody of the organisation has typed so far."""
    nomination = own.nomination.id
    async with services.acts.desk.sessions() as session:
        answers = await endorsement_begun(session, visitor.asker, endorsement_draft(NominationId(nomination)))
    if form is None:
        form = Bound(answers)
    form.revisions.update(revisions_of(EndorsementForm.model_fields, answers))
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
        save_href=path_of(nomination, "endorse/save"),
        withdraw_href=path_of(nomination, "withdraw"),
        seen=[(SEEN + name, revision) for name, revision in form.revisions.items()],
        screening=own.nomination.stage is Stage.SCREENING,
    )


def _not_needed(own: OwnNomination) -> str:
    if own.endorsement is not None:
        return "This nomination has been endorsed already."
    return "An endorsement is no longer needed."

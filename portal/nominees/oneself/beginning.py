"""Where somebody begins to nominate themselves: what it is, who may, what follows; the round and the organisation."""

from typing import ClassVar

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from acts.errors import RefusedError
from acts.self_nominations import KEPT_FOR, ORGANISATION, SelfNominationActs, self_draft
from models.ids import CohortId, OrganisationCode
from portal.access import ANYONE, visitor_at
from portal.failures import RefusedHereError
from portal.forms import Bound, Form, bind
from portal.nominators.beginning import choices_of, rules_of
from portal.nominees.oneself.entry import AREA, HOME, NOT_OPEN, ROOT, Oneself, lines, path_of
from portal.nominees.oneself.questions import organisation_field
from portal.pages import Notice, render
from portal.routing import area, done_once
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from portal.words import moment, restyled
from storage.self_pages import live_nominations, organisations_for, self_begun

routes = area()
_DONE = {
    "deleted": Notice("What you had begun was deleted"),
    "saved": Notice("Your answers are saved", "Go on whenever you like, below."),
}


class BeginForm(Form):
    """The round, and the organisation one works for."""

    cohort: str
    organisation: str
    sentences: ClassVar = {
        "cohort": "Choose the round you nominate yourself for",
        "organisation": "Choose the organisation you work for",
    }


@routes.get("/nominate-yourself", dependencies=[ANYONE])
async def start(request: Request, services: Surroundings) -> HTMLResponse:
    """What it is, who may, and what happens next; with what somebody who is signed in has begun."""
    visitor = await visitor_at(request)
    found = await lines(services)
    open_now = [one for one in found if one.is_open]
    begun, live = [], {}
    async with services.acts.desk.sessions() as session:
        organisations = await organisations_for(session, visitor.person if visitor else "")
        if visitor is not None:
            begun = [one for one in await self_begun(session, visitor.person) if one.draft.nomination_id is None]
            live = await live_nominations(session, visitor.person)
    named = {one.cohort: one.name for one in found}
    return await render(
        request,
        "nominees/oneself/start.html",
        title="Nominate yourself",
        notice=next((notice for word, notice in _DONE.items() if word in request.query_params), None),
        area=AREA,
        crumbs=[("Home", "/")],
        windows=found,
        open_now=open_now,
        rules=[(names, [_to_you(rule) for rule in rules]) for names, rules in rules_of(open_now or found)],
        organisations=[name for _, name in organisations],
        begin_href=f"{ROOT}/begin" if visitor else f"{ROOT}/email",
        can_begin=any(one.cohort not in live for one in open_now),
        begun=[
            {"href": path_of(one.draft.id), "text": one.cohort.name, "saved": moment(one.draft.saved_at)}
            for one in begun
            if one.draft.cohort_id not in live
        ],
        live=[
            {"href": _nomination_href(visitor, number), "round": named[cohort]}
            for cohort, number in live.items()
            if cohort in named
        ],
        kept_days=KEPT_FOR.days,
    )


@routes.get("/nominate-yourself/begin")
async def ask_organisation(request: Request, visitor: Oneself, services: Surroundings) -> HTMLResponse:
    """Asks for the organisation, and the round where several are open."""
    return await _page(request, visitor, services, Bound[BeginForm]())


@routes.post("/nominate-yourself/begin")
async def begin(request: Request, visitor: Oneself, services: Surroundings) -> Response:
    """Begins a nomination, or goes on with the one that was begun."""
    form = await bind(request, BeginForm)
    open_now = {one.cohort for one in await lines(services) if one.is_open}
    if not open_now:
        raise RefusedHereError(NOT_OPEN, href=ROOT, link="See when nominations open")
    async with services.acts.desk.sessions() as session:
        known = {code for code, _ in await organisations_for(session, visitor.person)}
    if form.typed["cohort"] not in open_now:
        form.refuse("cohort", BeginForm.sentences["cohort"])
    if form.typed[ORGANISATION] not in known:
        form.refuse(ORGANISATION, BeginForm.sentences[ORGANISATION])
    if form.value is None:
        return await _page(request, visitor, services, form, status=422)
    cohort, organisation = CohortId(form.value.cohort), OrganisationCode(form.value.organisation)

    async def act() -> str:
        draft = await SelfNominationActs(services.acts.desk).begin(cohort, organisation, visitor.person)
        return path_of(draft)

    try:
        return await done_once(request, act)
    except RefusedError as error:
        form.refuse("", restyled(str(error)))
        return await _page(request, visitor, services, form, status=409)


async def _page(
    request: Request, visitor: Visitor, services: Services, form: Bound[BeginForm], *, status: int = 200
) -> HTMLResponse:
    async with services.acts.desk.sessions() as session:
        organisations = await organisations_for(session, visitor.person)
        live = await live_nominations(session, visitor.person)
        begun = {one.draft.id: one for one in await self_begun(session, visitor.person)}
    open_now = [one for one in await lines(services) if one.is_open and one.cohort not in live]
    going_on = [begun[draft] for one in open_now if (draft := self_draft(visitor.person, one.cohort)) in begun]
    if not form.typed[ORGANISATION] and going_on:
        form.typed[ORGANISATION] = going_on[0].draft.organisation_code
    return await render(
        request,
        "nominees/oneself/begin.html",
        title="Which organisation do you work for?",
        area=AREA,
        crumbs=[HOME],
        status=status,
        errors=form.problems,
        form=form,
        rounds=choices_of(open_now),
        field=organisation_field(organisations),
        live=[_nomination_href(visitor, number) for number in live.values()],
        windows=open_now,
    )


def _to_you(rule: str) -> str:
    """A rule on who can be nominated, said to the nominee."""
    return rule.replace("their next step", "your next step")


def _nomination_href(visitor: Visitor | None, number: str) -> str:
    """The nomination's page, by way of the roles' page for who acts in another one."""
    return nomination_href(visitor, f"/my-nomination/{number}")


def nomination_href(visitor: Visitor | None, path: str) -> str:
    """A page of one's own nomination, by way of choosing the role for who acts in another one."""
    acts_as_nominee = visitor is not None and visitor.hat is not None and visitor.hat.role == "nominee"
    return path if acts_as_nominee else f"/roles?next={path}"

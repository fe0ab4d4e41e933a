"""People and the roles they hold: looked up, given and taken away."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from fastapi import Request
from pydantic import StringConstraints
from starlette.responses import HTMLResponse, Response

from acts.people import GIVEN, PeopleActs
from intake.forms import read_officer
from intake.problems import BadFile, BadForm
from intake.rows import OfficerRow
from models.enums import Role
from models.ids import PersonId
from portal import sessions
from portal.arrivals import said_here
from portal.failures import NotFoundError
from portal.forms import Bound, Form, bind
from portal.operations.keeping.asking import After, Keeping, Named
from portal.operations.keeping.cohorts import AREA, HOME, Choice, with_query
from portal.operations.keeping.register import PersonShown, found_shown, holder_shown, person_path, person_shown
from portal.pages import Crumb, Notice, render
from portal.routing import area, done_once
from portal.services import Services, Surroundings
from portal.visitors import ROLE_WORDS, Visitor
from storage.keeping_pages import AT_ONCE, holders_of, people_like, person_visible_to
from storage.programs_kept import endpoints_in_use

routes = area()
_PATH = "/operations/people"
CRUMBS: list[Crumb] = [HOME, ("People", _PATH)]
"""The trail to a person's page."""
_ROLES = tuple(Choice(role.value, ROLE_WORDS[role]) for role in GIVEN)
_SAID = {
    "granted": Notice("The role was given", "They can act in it the next time they open a page."),
    "withdrawn": Notice("The role was withdrawn", "They act in it no longer, wherever they are signed in."),
    "corrected": Notice("The email address was corrected", "We have written to the new address and to the old one."),
    "untold": Notice(
        "The email address was corrected",
        "We have written to the new address. No letter could be sent to the old one.",
    ),
}


class SearchForm(Form):
    """Part of a name or of an address; ``after``: where the next page of what was found begins."""

    words: Annotated[str, StringConstraints(min_length=2, max_length=120)]
    after: Annotated[str, StringConstraints(max_length=20)] = ""
    sentences: ClassVar = {"words": "Enter at least 2 letters of a name or an email address"}


class RoleForm(Form):
    """A role, with its organisation if it has one."""

    role: Role
    organisation: Annotated[str, StringConstraints(max_length=20)] = ""
    sentences: ClassVar = {"role": "Choose a role"}


class NewForm(RoleForm):
    """Somebody and their role."""

    full_name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    email: Annotated[str, StringConstraints(min_length=3, max_length=254)]
    post: Annotated[str, StringConstraints(max_length=120)] = ""
    sentences: ClassVar = {
        "full_name": "Enter their full name",
        "email": "Enter their email address, such as name@example.nhs.test",
        "role": "Choose a role",
    }


@routes.get(_PATH)
async def show_holders(
    request: Request, visitor: Keeping, services: Surroundings, *, role: str = "", after: After = ""
) -> HTMLResponse:
    """Who holds which role."""
    wanted = Role(role) if role in set(GIVEN) else None
    key = after.split(":")
    async with services.acts.desk.sessions() as session:
        found = await holders_of(
            session, visitor.asker, wanted, after=(key[0], key[1], key[2]) if len(key) == 3 else None
        )
    shown = found[:AT_ONCE]
    last = shown[-1][0] if len(found) > AT_ONCE else None
    key_of_last = f"{last.role.value}:{last.organisation_code}:{last.person_id}" if last else ""
    kept = wanted.value if wanted else ""
    return await render(
        request,
        "operations/keeping/people.html",
        title="People",
        area=AREA,
        crumbs=[HOME],
        search=Bound[SearchForm](),
        form=Bound[Form](typed={"role": kept}),
        roles=_ROLES,
        holders=[holder_shown(grant, person) for grant, person in shown],
        first=with_query(_PATH, role=kept) if after else "",
        following=with_query(_PATH, role=kept, after=key_of_last) if last else "",
    )


@routes.post(_PATH)
async def search(request: Request, visitor: Keeping, services: Surroundings) -> HTMLResponse:
    """People whose name or address holds what was typed; by POST, so that no name stands in an address."""
    form = await bind(request, SearchForm)
    if form.value is None:
        return await _found_page(request, form, (), "", status=422)
    async with services.acts.desk.sessions() as session:
        found = await people_like(session, visitor.asker, form.value.words, after=form.value.after, limit=AT_ONCE + 1)
    following = found[AT_ONCE - 1][0].id if len(found) > AT_ONCE else ""
    shown = tuple(found_shown(person, held) for person, held in found[:AT_ONCE])
    return await _found_page(request, form, shown, following)


@routes.get(f"{_PATH}/new")
async def ask_new(request: Request, visitor: Keeping, *, organisation: After = "") -> HTMLResponse:
    """Asks for somebody and their role."""
    typed = {"organisation": organisation, "role": Role.NOMINATOR.value} if organisation else {}
    return await _new_page(request, Bound[NewForm](typed=typed))


@routes.post(f"{_PATH}/new")
async def grant_new(request: Request, visitor: Keeping, services: Surroundings) -> Response:
    """Gives somebody a role, who may be new here."""
    form = await bind(request, NewForm)
    row = _officer(form, form.typed) if form.value else None
    if row is None:
        return await _new_page(request, form, status=422)
    done = await _granted(request, visitor, services, form, row)
    return done or await _new_page(request, form, status=422)


@routes.get(f"{_PATH}/{{person}}")
async def show_person(
    request: Request, person: Named, visitor: Keeping, services: Surroundings, *, said: str = ""
) -> HTMLResponse:
    """A person with everything they may act as."""
    shown = await person_at_page(visitor, services, person)
    return await render(
        request,
        "operations/keeping/person.html",
        title=shown.name,
        area=AREA,
        crumbs=CRUMBS,
        notice=await said_here(request, _SAID.get(said)),
        person=shown,
    )


@routes.get(f"{_PATH}/{{person}}/grant")
async def ask_grant(request: Request, person: Named, visitor: Keeping, services: Surroundings) -> HTMLResponse:
    """Asks which role somebody is given."""
    return await _grant_page(request, await person_at_page(visitor, services, person), Bound[RoleForm]())


@routes.post(f"{_PATH}/{{person}}/grant")
async def grant(request: Request, person: Named, visitor: Keeping, services: Surroundings) -> Response:
    """Gives somebody who is known a role."""
    shown = await person_at_page(visitor, services, person)
    form = await bind(request, RoleForm)
    known = {"full_name": shown.name, "email": shown.email, "post": shown.post}
    row = _officer(form, {**form.typed, **known}) if form.value else None
    if row is None:
        return await _grant_page(request, shown, form, status=422)
    done = await _granted(request, visitor, services, form, row)
    return done or await _grant_page(request, shown, form, status=422)


@routes.get(f"{_PATH}/{{person}}/withdraw")
async def ask_withdraw(
    request: Request, person: Named, visitor: Keeping, services: Surroundings, *, role: str = "", place: After = ""
) -> HTMLResponse:
    """Says what withdrawing a role does, before it is done."""
    shown = await person_at_page(visitor, services, person)
    held = next((one for one in shown.roles if (one.role, one.code) == (role, place)), None)
    if held is None:
        raise NotFoundError
    async with services.acts.desk.sessions() as session:
        in_use = await endpoints_in_use(session, visitor.asker, held.code) if held.code else ()
    return await render(
        request,
        "operations/keeping/withdraw.html",
        title="Withdraw a role",
        area=AREA,
        crumbs=[*CRUMBS, (shown.name, shown.href)],
        person=shown,
        held=held,
        addresses=[(row.url, name or "Somebody", row.made_at) for row, name in in_use],
        programs=f"/operations/programs/{held.code}" if held.code else "",
    )


@routes.post(f"{_PATH}/{{person}}/withdraw")
async def withdraw(request: Request, person: Named, visitor: Keeping, services: Surroundings) -> Response:
    """Takes a role away."""
    form = await bind(request, RoleForm)
    if form.value is None:
        raise NotFoundError
    role, place = form.value.role, form.value.organisation

    async def act() -> str:
        await PeopleActs(services.acts.desk).withdraw(PersonId(person), role, place, visitor.by)
        if person == visitor.person and role is Role.OPERATIONS:
            return "/roles"
        return with_query(person_path(person), said="withdrawn")

    return await done_once(request, act)


def _officer(form: Bound[RoleForm] | Bound[NewForm], typed: Mapping[str, str]) -> OfficerRow | None:
    """The row of the register that was asked for; None, with the form marked, where something is wrong."""
    written = {name: typed.get(name, "") for name in ("full_name", "email", "post", "role")}
    try:
        return read_officer({**written, "organisation": typed.get("organisation", "").upper()})
    except BadForm as bad:
        for one in bad.problems:
            form.refuse(one.column, one.sentence)
        return None


async def _granted(
    request: Request,
    visitor: Visitor,
    services: Services,
    form: Bound[RoleForm] | Bound[NewForm],
    row: OfficerRow,
) -> Response | None:
    """Where a role that was given leads; None, with the form marked, where the organisation is unknown."""

    async def act() -> str:
        granted = await PeopleActs(services.acts.desk).grant(row, visitor.by)
        return with_query(person_path(granted.person), said="granted")

    try:
        return await done_once(request, act)
    except BadFile as bad:
        for one in bad.problems:
            form.refuse(one.column, one.sentence)
        return None


async def person_at_page(visitor: Visitor, services: Services, person: str) -> PersonShown:
    """The person.

    Raises:
        NotFoundError: There is nobody of this id.
    """
    async with services.acts.desk.sessions() as session:
        found = await person_visible_to(session, visitor.asker, person)
        if found is None:
            raise NotFoundError
        opened = await sessions.open_sessions_of(session, person, services.limits, services.clock())
    return person_shown(found, len(opened), oneself=person == visitor.person)


async def _found_page(
    request: Request, form: Bound[SearchForm], found: tuple[object, ...], following: str, *, status: int = 200
) -> HTMLResponse:
    return await render(
        request,
        "operations/keeping/found.html",
        title="Search people",
        area=AREA,
        status=status,
        errors=form.problems,
        crumbs=CRUMBS,
        search=form,
        found=found,
        following=following,
    )


async def _new_page(request: Request, form: Bound[NewForm], *, status: int = 200) -> HTMLResponse:
    return await render(
        request,
        "operations/keeping/new_person.html",
        title="Give somebody a role",
        area=AREA,
        status=status,
        errors=form.problems,
        crumbs=CRUMBS,
        form=form,
        roles=_ROLES,
    )


async def _grant_page(
    request: Request, person: PersonShown, form: Bound[RoleForm], *, status: int = 200
) -> HTMLResponse:
    return await render(
        request,
        "operations/keeping/grant.html",
        title="Give a role",
        area=AREA,
        status=status,
        errors=form.problems,
        crumbs=[*CRUMBS, (person.name, person.href)],
        person=person,
        form=form,
        roles=_ROLES,
    )

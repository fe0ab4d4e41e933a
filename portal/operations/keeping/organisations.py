"""Organisations: which there are, and who nominates for each."""

from typing import Annotated

from fastapi import Request
from pydantic import StringConstraints
from starlette.responses import HTMLResponse

from portal.failures import NotFoundError
from portal.forms import Bound, Form, bind
from portal.operations.keeping.asking import After, Keeping, Named
from portal.operations.keeping.cohorts import AREA, HOME, with_query
from portal.operations.keeping.register import OrganisationRow, organisation_row, organisation_shown
from portal.pages import render
from portal.routing import area
from portal.services import Surroundings
from storage.keeping_pages import AT_ONCE, organisation_visible_to, organisations_visible_to

routes = area()
_PATH = "/operations/organisations"


class SearchForm(Form):
    """Part of an organisation's name, or its code."""

    words: Annotated[str, StringConstraints(max_length=120)] = ""


@routes.get(_PATH)
async def show_organisations(
    request: Request, visitor: Keeping, services: Surroundings, *, after: After = ""
) -> HTMLResponse:
    """Every organisation, by its code."""
    async with services.acts.desk.sessions() as session:
        found = await organisations_visible_to(session, visitor.asker, after=after, limit=AT_ONCE + 1)
    rows = [organisation_row(line) for line in found[:AT_ONCE]]
    following = with_query(_PATH, after=rows[-1].code) if len(found) > AT_ONCE else ""
    return await _page(request, Bound[SearchForm](), rows, first=_PATH if after else "", following=following)


@routes.post(_PATH)
async def search(request: Request, visitor: Keeping, services: Surroundings) -> HTMLResponse:
    """The organisations whose name holds what was typed, or whose code it is; at most a page of them."""
    form = await bind(request, SearchForm)
    if form.value is None:
        return await _page(request, form, [], status=422)
    async with services.acts.desk.sessions() as session:
        found = await organisations_visible_to(session, visitor.asker, words=form.value.words, limit=AT_ONCE)
    return await _page(request, form, [organisation_row(line) for line in found])


@routes.get(f"{_PATH}/{{code}}")
async def show_organisation(request: Request, code: Named, visitor: Keeping, services: Surroundings) -> HTMLResponse:
    """One organisation and who nominates for it."""
    async with services.acts.desk.sessions() as session:
        found = await organisation_visible_to(session, visitor.asker, code)
    if found is None:
        raise NotFoundError
    shown = organisation_shown(*found)
    return await render(
        request,
        "operations/keeping/organisation.html",
        title=shown.name,
        area=AREA,
        crumbs=[HOME, ("People", "/operations/people"), ("Organisations", _PATH)],
        organisation=shown,
    )


async def _page(
    request: Request,
    form: Bound[SearchForm],
    rows: list[OrganisationRow],
    *,
    first: str = "",
    following: str = "",
    status: int = 200,
) -> HTMLResponse:
    return await render(
        request,
        "operations/keeping/organisations.html",
        title="Organisations",
        area=AREA,
        status=status,
        errors=form.problems,
        crumbs=[HOME, ("People", "/operations/people")],
        form=form,
        rows=rows,
        first=first,
        following=following,
    )

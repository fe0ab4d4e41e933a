"""The list of nominations: narrowed, sorted, paged by key, and searched by number or by name."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, ClassVar
from urllib.parse import urlencode

from fastapi import Request
from pydantic import StringConstraints
from starlette.responses import HTMLResponse, Response

from models.enums import Role, Stage
from portal.access import by
from portal.forms import Bound, Form, bind
from portal.operations.watching.choices import AREA, HOME, LIST, Option, cohort_options, options, the_cohort
from portal.operations.watching.list_view import ORDERS, WORDS_OF_ONLY, list_view
from portal.operations.watching.moments import WrongMomentError, day_in, start_of
from portal.pages import Problem, go_to, render
from portal.routing import area
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from rules.permissions import Act
from storage.lists import nomination_visible_to
from storage.watching_pages import Order, Sought, organisations_in, page_of_nominations

routes = area()
Watching = Annotated[Visitor, by(Role.OPERATIONS, Act.READ_NOMINATION)]
PATH = LIST[1]


class NameForm(Form):
    """A name, or a part of one; it is posted, so that no name stands in an address."""

    name: Annotated[str, StringConstraints(min_length=2, max_length=200)]
    cohort: str = ""
    after: str = ""
    sentences: ClassVar = {"name": "Enter at least 2 letters of a name"}


@routes.get(PATH)
async def listed(request: Request, visitor: Watching, services: Surroundings) -> Response:
    """The nominations that the address narrows the list to."""
    typed = {name: value.strip() for name, value in request.query_params.items()}
    form = Bound[Form](typed=typed, chosen={"only": request.query_params.getlist("only")})
    number = form.typed["number"]
    if number:
        async with services.acts.desk.sessions() as session:
            row = await nomination_visible_to(session, visitor.asker, number.lower())
        if row is not None:
            return go_to(f"{PATH}/{row.id}")
    return await list_page(request, visitor, services, form)


@routes.post(f"{PATH}/named")
async def named(request: Request, visitor: Watching, services: Surroundings) -> HTMLResponse:
    """The nominations of people with this name, in the cohort one was looking at."""
    form = await bind(request, NameForm)
    shown = Bound[Form](form.typed, errors=_errors(form.problems))
    if form.value is None:
        return await list_page(request, visitor, services, shown, status=422)
    return await list_page(request, visitor, services, shown, name=form.value.name)


def sought_in(form: Bound[Form], cohort: str, *, name: str = "") -> Sought:
    """What a filter's fields narrow a list to; words that nobody knows leave it wide.

    Raises:
        WrongMomentError: The day is no day.
    """
    typed = form.typed
    stage = typed["stage"]
    before = _day(form)
    only = {*form.chosen["only"], *(word for word in WORDS_OF_ONLY if typed[word])}
    return Sought(
        cohort=cohort,
        stage=Stage(stage) if stage in set(Stage) else None,
        organisation=typed["organisation"],
        overdue="overdue" in only,
        attention="attention" in only,
        paused="paused" in only,
        to_screen="to_screen" in only,
        asked="asked" in only,
        due_before=start_of(before + timedelta(days=1)) if before else None,
        number=typed["number"].lower(),
        name=name,
    )


def _day(form: Bound[Form]) -> date | None:
    written = form.typed["due_by"]
    if written:
        try:
            return date.fromisoformat(written)
        except ValueError:
            return None
    return day_in(form.typed, "due")


async def list_page(
    request: Request, visitor: Visitor, services: Services, form: Bound[Form], *, name: str = "", status: int = 200
) -> HTMLResponse:
    """The list as a form narrows it; what is wrong in the form is said above it."""
    now = services.clock()
    typed = form.typed
    order = Order(typed["sort"]) if typed["sort"] in set(Order) else Order.NUMBER
    async with services.acts.desk.sessions() as session:
        row, there = await the_cohort(session, typed["cohort"])
        cohort = typed["cohort"] = row.id if row else ""
        sought = _sought(form, cohort, name)
        found = await page_of_nominations(
            session, visitor.asker, sought, order=order, now=now, after=typed["after"], before=typed["before"]
        )
        organisations = await organisations_in(session, cohort)
    view = list_view(found, sought, order, now)
    asked = [(field, text) for field, text in request.query_params.multi_items() if field != "tick"]
    return await render(
        request,
        "operations/watching/list.html",
        title=f"Nominations of {row.name}" if row else "Nominations",
        area=AREA,
        crumbs=[HOME],
        status=422 if form.problems else status,
        errors=form.problems,
        view=view,
        form=Bound[Form](typed, {"only": view.only}, errors=_errors(form.problems)),
        cohorts=cohort_options(there),
        stages=options(Stage),
        organisations=[Option(code, f"{title} ({code})") for code, title in organisations],
        orders=ORDERS,
        tick_all="" if name or request.method != "GET" else f"{PATH}?{urlencode([*asked, ('tick', 'all')])}",
    )


def _sought(form: Bound[Form], cohort: str, name: str) -> Sought:
    """What the list is narrowed to; a day that is none is said by its field, and leaves the list wide."""
    try:
        return sought_in(form, cohort, name=name)
    except WrongMomentError as error:
        form.refuse(error.field, str(error))
        return Sought(cohort=cohort, name=name)


def _errors(problems: Sequence[Problem]) -> dict[str, str]:
    return {field: sentence for sentence, field in problems}

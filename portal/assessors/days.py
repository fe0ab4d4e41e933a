"""The days on which an assessor can assess: added, changed, removed."""

from datetime import date

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from portal.assessors.forms import PeriodForm
from portal.assessors.places import AREA, COHORT, CRUMBS, Keeps, Place, changed, place_of, register_of
from portal.assessors.standing import AVAILABILITY, words_of
from portal.failures import NotFoundError
from portal.forms import Bound, bind
from portal.pages import Problem, render
from portal.routing import area, done_once
from portal.services import Surroundings

routes = area()
PERIOD = f"{COHORT}/periods/{{began}}"


@routes.get(f"{COHORT}/add")
async def ask_days(request: Request, visitor: Keeps, services: Surroundings, cohort: str) -> HTMLResponse:
    """Asks for days on which the assessor can assess."""
    place = await place_of(services, visitor, cohort)
    return await _period_page(request, place, "Add days", f"{place.path}/add", Bound[PeriodForm]())


@routes.post(f"{COHORT}/add")
async def add_days(request: Request, visitor: Keeps, services: Surroundings, cohort: str) -> Response:
    """Adds days."""
    place = await place_of(services, visitor, cohort)
    form = await bind(request, PeriodForm)
    if form.value is not None:
        period = form.value.period
        done = await changed(
            request, form, "added", lambda: register_of(services).add_period(place.cohort, visitor.by, period)
        )
        if done is not None:
            return done
    return await _period_page(request, place, "Add days", f"{place.path}/add", form, status=422)


@routes.get(PERIOD)
async def ask_other_days(
    request: Request, visitor: Keeps, services: Surroundings, cohort: str, began: str
) -> HTMLResponse:
    """Asks for other days in the place of a period."""
    place = await place_of(services, visitor, cohort)
    period = place.period(began)
    typed = _parts("first", period.from_day) | _parts("last", period.until_day)
    return await _period_page(
        request, place, "Change days", f"{place.path}/periods/{began}", Bound[PeriodForm](typed=typed)
    )


@routes.post(PERIOD)
async def change_days(request: Request, visitor: Keeps, services: Surroundings, cohort: str, began: str) -> Response:
    """Changes a period's days."""
    place = await place_of(services, visitor, cohort)
    form = await bind(request, PeriodForm)
    start = _day(began)
    if form.value is not None:
        period = form.value.period
        done = await changed(
            request,
            form,
            "changed",
            lambda: register_of(services).change_period(place.cohort, visitor.by, start, period),
        )
        if done is not None:
            return done
    return await _period_page(request, place, "Change days", f"{place.path}/periods/{began}", form, status=422)


@routes.get(f"{PERIOD}/remove")
async def ask_to_remove(
    request: Request, visitor: Keeps, services: Surroundings, cohort: str, began: str
) -> HTMLResponse:
    """Asks before days are removed."""
    place = await place_of(services, visitor, cohort)
    return await render(
        request,
        "assessors/remove_days.html",
        title="Remove days",
        area=AREA,
        crumbs=CRUMBS,
        words=words_of(place.period(began)),
        action=f"{place.path}/periods/{began}/remove",
        held=place.registration.held,
    )


@routes.post(f"{PERIOD}/remove")
async def remove_days(request: Request, visitor: Keeps, services: Surroundings, cohort: str, began: str) -> Response:
    """Removes a period."""
    place = await place_of(services, visitor, cohort)
    start = _day(began)

    async def act() -> str:
        await register_of(services).remove_period(place.cohort, visitor.by, start)
        return f"{AVAILABILITY}?done=removed"

    return await done_once(request, act)


async def _period_page(
    request: Request, place: Place, title: str, action: str, form: Bound[PeriodForm], *, status: int = 200
) -> HTMLResponse:
    return await render(
        request,
        "assessors/days.html",
        title=title,
        area=AREA,
        crumbs=CRUMBS,
        status=status,
        errors=[_at_its_field(problem) for problem in form.problems],
        form=form,
        action=action,
        heading=title,
        cohort=place.registration.cohort.name,
        periods=[words_of(one) for one in place.periods],
    )


def _at_its_field(problem: Problem) -> Problem:
    """A date's first part has the date's own name as its id (the macro `date`)."""
    sentence, name = problem
    return sentence, name.removesuffix("_day")


def _parts(name: str, day: date) -> dict[str, str]:
    return {f"{name}_day": str(day.day), f"{name}_month": str(day.month), f"{name}_year": str(day.year)}


def _day(written: str) -> date:
    """The day an address names.

    Raises:
        NotFoundError: It names none.
    """
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise NotFoundError from None

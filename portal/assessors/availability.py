"""When an assessor can assess, how much at once, and what they know: shown and changed."""

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from acts.register import MOST_CAPACITY
from models.enums import CohortPhase
from portal.arrivals import said_here
from portal.assessors.forms import CapacityForm, InterestsForm
from portal.assessors.inbox import with_policies
from portal.assessors.places import AREA, COHORT, CRUMBS, Keeps, Place, changed, place_of, register_of
from portal.assessors.standing import AVAILABILITY, interest_options, standing
from portal.forms import Bound, bind
from portal.pages import Notice, render
from portal.routing import area
from portal.services import Services, Surroundings
from storage.assessor_pages import known_interests, periods_of

routes = area()
_DONE = {
    "added": "Your days are added",
    "changed": "Your days are changed",
    "removed": "The days are removed",
    "capacity": "Your capacity is changed",
    "interests": "Your interests are changed",
    "mixed": "What you said of yourself is kept",
    "unmixed": "Nothing is kept of what you said of yourself",
}
_FROM_NOW_ON = "It counts from the next time that panels are put together. What you hold stays yours."


@routes.get(AVAILABILITY)
async def show_availability(request: Request, visitor: Keeps, services: Surroundings, done: str = "") -> HTMLResponse:
    """Days, capacity and interests, cohort by cohort, and what follows from them."""
    async with services.acts.desk.sessions() as session:
        registered = await with_policies(session, visitor)
        periods = await periods_of(session, visitor.asker)
    today = services.clock().date()
    return await render(
        request,
        "assessors/availability.html",
        title="Your availability",
        area=AREA,
        notice=await said_here(request, Notice(_DONE[done], _FROM_NOW_ON) if done in _DONE else None),
        standings=[
            standing(one, policy, periods.get(one.cohort.id, []), today)
            for one, policy in registered
            if one.cohort.phase is not CohortPhase.ENDED
        ],
    )


@routes.get(f"{COHORT}/capacity")
async def ask_capacity(request: Request, visitor: Keeps, services: Surroundings, cohort: str) -> HTMLResponse:
    """Asks how many assessments the assessor takes at once."""
    place = await place_of(services, visitor, cohort)
    typed = {"capacity": str(place.registration.assessor.capacity)}
    return await _capacity_page(request, place, Bound[CapacityForm](typed=typed))


@routes.post(f"{COHORT}/capacity")
async def set_capacity(request: Request, visitor: Keeps, services: Surroundings, cohort: str) -> Response:
    """Changes how many assessments the assessor takes at once."""
    place = await place_of(services, visitor, cohort)
    form = await bind(request, CapacityForm)
    if form.value is not None:
        capacity = form.value.capacity
        done = await changed(
            request,
            form,
            "capacity",
            lambda: register_of(services).set_capacity(place.cohort, visitor.by, capacity),
            field="capacity",
        )
        if done is not None:
            return done
    return await _capacity_page(request, place, form, status=422)


@routes.get(f"{COHORT}/interests")
async def ask_interests(request: Request, visitor: Keeps, services: Surroundings, cohort: str) -> HTMLResponse:
    """Asks what the assessor knows well."""
    place = await place_of(services, visitor, cohort)
    chosen = {"interests": place.registration.assessor.interests}
    return await _interests_page(request, services, place, Bound[InterestsForm](chosen=chosen))


@routes.post(f"{COHORT}/interests")
async def set_interests(request: Request, visitor: Keeps, services: Surroundings, cohort: str) -> Response:
    """Changes what the assessor knows well."""
    place = await place_of(services, visitor, cohort)
    form = await bind(request, InterestsForm)
    if form.value is not None:
        interests = form.value.interests
        done = await changed(
            request,
            form,
            "interests",
            lambda: register_of(services).set_interests(place.cohort, visitor.by, interests),
            field="interests",
        )
        if done is not None:
            return done
    return await _interests_page(request, services, place, form, status=422)


async def _capacity_page(
    request: Request, place: Place, form: Bound[CapacityForm], *, status: int = 200
) -> HTMLResponse:
    return await render(
        request,
        "assessors/capacity.html",
        title="Change your capacity",
        area=AREA,
        crumbs=CRUMBS,
        status=status,
        errors=form.problems,
        form=form,
        action=f"{place.path}/capacity",
        cohort=place.registration.cohort.name,
        held=place.registration.held,
        most=MOST_CAPACITY,
    )


async def _interests_page(
    request: Request, services: Services, place: Place, form: Bound[InterestsForm], *, status: int = 200
) -> HTMLResponse:
    async with services.acts.desk.sessions() as session:
        known = await known_interests(session, place.cohort)
    return await render(
        request,
        "assessors/interests.html",
        title="Change your interests",
        area=AREA,
        crumbs=CRUMBS,
        status=status,
        errors=form.problems,
        form=form,
        action=f"{place.path}/interests",
        options=interest_options(known),
    )

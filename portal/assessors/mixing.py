"""What assessors say of themselves so that panels are mixed: optional, and kept only while they agree to that use."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from acts.own_properties import OwnPropertyActs
from models.enums import AssessorProperty
from models.policy import Policy
from portal.assessors.places import AREA, COHORT, CRUMBS, Keeps, Place, changed, place_of
from portal.assessors.presenters import Option
from portal.assessors.standing import mixes
from portal.failures import NotFoundError
from portal.forms import Bound, Form, bind
from portal.pages import render
from portal.routing import area
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from storage.own_properties import own_properties
from storage.policies import policy_of

routes = area()
_SAYINGS: Mapping[AssessorProperty, str] = MappingProxyType(
    {
        AssessorProperty.WOMAN: "I am a woman",
        AssessorProperty.ETHNIC_MINORITY: "I am from an ethnic minority background",
        AssessorProperty.DISABLED: "I am disabled",
    }
)


class MixingForm(Form):
    """What applies to an assessor, of that by which this round's panels are mixed; nothing withdraws."""

    properties: tuple[AssessorProperty, ...] = ()
    sentences: ClassVar = {"properties": "Choose from the list"}


@routes.get(f"{COHORT}/mixed-panels")
async def ask(request: Request, visitor: Keeps, services: Surroundings, cohort: str) -> HTMLResponse:
    """Says what it is used for and who sees it, and asks; with what is kept now."""
    place, policy = await _place(services, visitor, cohort)
    async with services.acts.desk.sessions() as session:
        kept = [one.property.value for one in await own_properties(session, visitor.asker, cohort)]
    return await _page(request, place, policy, Bound[MixingForm](chosen={"properties": kept}))


@routes.post(f"{COHORT}/mixed-panels")
async def agree(request: Request, visitor: Keeps, services: Surroundings, cohort: str) -> Response:
    """Keeps what was chosen, or deletes what was kept where nothing was."""
    place, policy = await _place(services, visitor, cohort)
    form = await bind(request, MixingForm)
    if form.value is not None:
        acts, chosen = OwnPropertyActs(services.acts.desk), form.value.properties

        async def act() -> None:
            if chosen:
                await acts.agree(place.cohort, visitor.by, chosen)
            else:
                await acts.withdraw(place.cohort, visitor.by)

        done = await changed(request, form, "mixed" if chosen else "unmixed", act, field="properties")
        if done is not None:
            return done
    return await _page(request, place, policy, form, status=422)


async def _place(services: Services, visitor: Visitor, cohort: str) -> tuple[Place, Policy]:
    """The assessor's place in a round whose panels are mixed.

    Raises:
        NotFoundError: They have none, or its panels are mixed by nothing.
    """
    place = await place_of(services, visitor, cohort)
    async with services.acts.desk.sessions() as session:
        policy = await policy_of(session, cohort)
    if not mixes(policy):
        raise NotFoundError
    return place, policy


async def _page(
    request: Request, place: Place, policy: Policy, form: Bound[MixingForm], *, status: int = 200
) -> HTMLResponse:
    used = policy.allocation.mixed_properties
    return await render(
        request,
        "assessors/mixing.html",
        title="Mixed panels",
        area=AREA,
        crumbs=CRUMBS,
        status=status,
        errors=form.problems,
        form=form,
        action=f"{place.path}/mixed-panels",
        cohort=place.registration.cohort.name,
        options=[Option(one.value, words) for one, words in _SAYINGS.items() if one in used],
    )

"""Correcting somebody's email address."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar

from fastapi import Request
from pydantic import AfterValidator, StringConstraints
from starlette.responses import HTMLResponse, Response

from acts.addresses import AddressActs, Post
from acts.errors import RefusedError
from intake.cells import address
from models.enums import AddressReason
from models.ids import PersonId
from portal.forms import Bound, Form, bind
from portal.operations.keeping.asking import Keeping, Named
from portal.operations.keeping.cohorts import AREA, Choice, with_query
from portal.operations.keeping.people import CRUMBS, person_at_page
from portal.operations.keeping.register import PersonShown
from portal.pages import render
from portal.routing import area, done_once
from portal.services import Surroundings

routes = area()
REASONS: Mapping[AddressReason, str] = MappingProxyType(
    {
        AddressReason.MISTYPED: "It was typed wrong, or was somebody else’s",
        AddressReason.CHANGED: "They have a new address",
        AddressReason.LOST: "They can no longer read their messages there",
        AddressReason.OTHER: "Another reason",
    }
)
"""Why an address is corrected, in words."""
_CHOICES = tuple(Choice(reason.value, words) for reason, words in REASONS.items())


class AddressForm(Form):
    """The new address, by the rule of a file of people, and why."""

    email: Annotated[str, StringConstraints(min_length=3, max_length=254), AfterValidator(address)]
    reason: AddressReason
    sentences: ClassVar = {
        "email": "Enter their new email address, such as name@example.nhs.test",
        "reason": "Choose why it is corrected",
    }


@routes.get("/operations/people/{person}/email")
async def ask(request: Request, person: Named, visitor: Keeping, services: Surroundings) -> HTMLResponse:
    """Asks for the new address and why, and says what the change does."""
    return await _page(request, await person_at_page(visitor, services, person), Bound[AddressForm]())


@routes.post("/operations/people/{person}/email")
async def correct(request: Request, person: Named, visitor: Keeping, services: Surroundings) -> Response:
    """Corrects it, and writes to both addresses."""
    shown = await person_at_page(visitor, services, person)
    form = await bind(request, AddressForm)
    said = form.value
    if said is None:
        return await _page(request, shown, form, status=422)

    async def act() -> str:
        post = Post(services.channel, services.sender, services.branding.service_name)
        acts = AddressActs(services.acts.desk, post)
        told = await acts.correct(PersonId(person), said.email, said.reason, visitor.by)
        return with_query(shown.href, said="corrected" if told else "untold")

    try:
        return await done_once(request, act)
    except RefusedError as error:
        form.refuse("email", str(error))
        return await _page(request, shown, form, status=409)


async def _page(
    request: Request, person: PersonShown, form: Bound[AddressForm], *, status: int = 200
) -> HTMLResponse:
    return await render(
        request,
        "operations/keeping/correct_email.html",
        title="Correct an email address",
        area=AREA,
        status=status,
        errors=form.problems,
        crumbs=[*CRUMBS, (person.name, person.href)],
        person=person,
        form=form,
        reasons=_CHOICES,
    )

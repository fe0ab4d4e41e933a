"""Adding an address that events are sent to, and renewing its secret; either secret is shown once."""

from typing import Annotated, ClassVar

from fastapi import Request
from pydantic import StringConstraints
from starlette.responses import HTMLResponse, Response

from acts.errors import RefusedError
from acts.programs import AddressRefusedError
from models.programs import EventKind
from portal.api.keeping import shown_once
from portal.api.keeping.confirming import RENEWING, confirmation_page
from portal.api.keeping.entry import OWN, EndpointId, Keeper, Own, acts_of, endpoint_for
from portal.api.keeping.presenters import endpoint_shown, kind_choices
from portal.forms import Bound, Form, bind
from portal.pages import render
from portal.routing import area, done_once
from portal.services import Surroundings

routes = area()
_NEW = f"{OWN}/webhooks/new"
_ADDRESS = "Enter an address that begins with https://, such as https://hr.example.nhs.uk/talent-pool"


class EndpointForm(Form):
    """An address and the events that are sent to it; none chosen are all."""

    url: Annotated[str, StringConstraints(pattern=r"^https?://[!-~]+$", max_length=500)]
    kinds: tuple[EventKind, ...] = ()
    sentences: ClassVar = {"url": _ADDRESS, "kinds": "Choose among the events that there are"}


@routes.get(_NEW)
async def ask(request: Request, keeper: Own) -> HTMLResponse:
    """Asks for the address."""
    return await _page(request, keeper, Bound[EndpointForm]())


@routes.post(_NEW)
async def add(request: Request, keeper: Own, services: Surroundings) -> Response:
    """Adds it, once however often the form is sent, and leads to the page that shows its secret once."""
    form = await bind(request, EndpointForm)
    said = form.value
    if said is None:
        return await _page(request, keeper, form, status=422)

    async def act() -> str:
        row = await acts_of(services).add_endpoint(
            keeper.organisation, keeper.by, said.url, said.kinds, poster=services.poster
        )
        await shown_once.keep(request, services, keeper.visitor, row.id, row.secret)
        return f"{keeper.root}/webhooks/{row.id}"

    try:
        return await done_once(request, act)
    except RefusedError as error:
        form.refuse("url" if isinstance(error, AddressRefusedError) else "", str(error))
        return await _page(request, keeper, form, status=422)


@routes.get(f"{OWN}/webhooks/{{endpoint}}/secret")
async def ask_renewal(request: Request, keeper: Own, services: Surroundings, endpoint: EndpointId) -> HTMLResponse:
    """Says what a new secret means."""
    shown = endpoint_shown(await endpoint_for(services, keeper, endpoint), keeper.root)
    return await confirmation_page(request, keeper, RENEWING, href=shown.href, name=shown.id, about=shown.url)


@routes.post(f"{OWN}/webhooks/{{endpoint}}/secret")
async def renew(request: Request, keeper: Own, services: Surroundings, endpoint: EndpointId) -> Response:
    """Renews it, and leads to the page that shows it once."""

    async def act() -> str:
        row = await acts_of(services).renew_secret(keeper.organisation, keeper.by, endpoint)
        await shown_once.keep(request, services, keeper.visitor, row.id, row.secret)
        return f"{keeper.root}/webhooks/{row.id}"

    await endpoint_for(services, keeper, endpoint)
    return await done_once(request, act)


async def _page(request: Request, keeper: Keeper, form: Bound[EndpointForm], *, status: int = 200) -> HTMLResponse:
    return await render(
        request,
        "api/keeping/new_endpoint.html",
        title="Add an address",
        area=keeper.area,
        crumbs=keeper.crumbs,
        errors=form.problems,
        status=status,
        form=form,
        action=_NEW,
        back=keeper.root,
        organisation=keeper.name,
        kinds=kind_choices(),
    )

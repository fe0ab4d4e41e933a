"""What nominators and operations both do with an organisation's tokens and endpoints: look, end, test, send again."""

from collections.abc import Mapping
from types import MappingProxyType

from fastapi import APIRouter, Request
from limits import RateLimitItemPerMinute
from starlette.responses import HTMLResponse, RedirectResponse

from models.programs import DeliveryStatus
from models.tables import WebhookDelivery, WebhookEndpoint
from portal.api.keeping import shown_once
from portal.api.keeping.confirming import REVOKING, SWITCHING_OFF, confirmation_page
from portal.api.keeping.entry import (
    After,
    DeliveryId,
    EndpointId,
    Keeper,
    TokenId,
    acts_of,
    endpoint_for,
    token_for,
)
from portal.api.keeping.presenters import FATES, Choice, delivery_shown, endpoint_shown, token_shown
from portal.arrivals import said_here
from portal.failures import NotFoundError
from portal.forms import Bound, Form
from portal.pages import Notice, render
from portal.routing import area, done_once
from portal.services import Services, Surroundings
from storage.programs_kept import AT_ONCE, deliveries_kept, delivery_kept, endpoints_kept, tokens_kept

TESTS = RateLimitItemPerMinute(6, namespace="test-event")
"""Of one endpoint: a test says whether it works, and is no way to flood somebody's machine."""
_SAID: Mapping[str, Notice] = MappingProxyType(
    {
        "revoked": Notice("The token was revoked", "Whatever program uses it is refused from now on."),
        "tested": Notice(
            "A test event is on its way",
            "It stands first in the list below. Load the page again to see what became of it.",
        ),
        "again": Notice("The event is sent again", "It goes under the same number, within seconds."),
        "off": Notice("The address was switched off", "Nothing more is sent to it."),
    }
)


def routes_at(prefix: str, keeping: Keeper) -> APIRouter:
    """The pages below ``prefix``; ``keeping`` is the dependency that gives the keeper, or turns away."""
    routes = area()
    _add_looking(routes, prefix, keeping)
    _add_ending(routes, prefix, keeping)
    _add_sending(routes, prefix, keeping)
    return routes


def _add_looking(routes: APIRouter, prefix: str, keeping: Keeper) -> None:
    @routes.get(prefix)
    async def programs(
        request: Request, services: Surroundings, keeper: Keeper = keeping, *, after: After = ""
    ) -> HTMLResponse:
        """An organisation's tokens, 50 a page, and the addresses that its events are sent to."""
        async with services.acts.desk.sessions() as session:
            tokens = await tokens_kept(session, keeper.asker, keeper.organisation, after=after, limit=AT_ONCE + 1)
            endpoints = await endpoints_kept(session, keeper.asker, keeper.organisation)
        shown = [token_shown(one, keeper.root, services.clock()) for one in tokens[:AT_ONCE]]
        return await render(
            request,
            "api/keeping/programs.html",
            title="Programs" if keeper.makes else keeper.name,
            area=keeper.area,
            crumbs=keeper.crumbs[:-1],
            organisation=keeper.name,
            root=keeper.root,
            makes=keeper.makes,
            tokens=shown,
            first=keeper.root if after else "",
            following=f"{keeper.root}?after={shown[-1].id}" if len(tokens) > AT_ONCE else "",
            endpoints=[endpoint_shown(one, keeper.root) for one in endpoints],
        )

    @routes.get(f"{prefix}/tokens/{{token}}")
    async def token(
        request: Request, token: TokenId, services: Surroundings, keeper: Keeper = keeping
    ) -> HTMLResponse:
        """One token; right after it was made, with its secret, once."""
        shown = token_shown(await token_for(services, keeper, token), keeper.root, services.clock())
        return await render(
            request,
            "api/keeping/token.html",
            title=shown.name,
            area=keeper.area,
            crumbs=keeper.crumbs,
            notice=await _said(request),
            token=shown,
            again=f"{keeper.root}/tokens/new" if keeper.makes else "",
            secret=await shown_once.opened(request, services, keeper.visitor, token),
        )

    @routes.get(f"{prefix}/webhooks/{{endpoint}}")
    async def endpoint(
        request: Request,
        endpoint: EndpointId,
        services: Surroundings,
        keeper: Keeper = keeping,
        *,
        status: str = "",
        after: After = "",
    ) -> HTMLResponse:
        """One address and what was sent to it, newest first, 50 a page; with a new secret, once."""
        row = await endpoint_for(services, keeper, endpoint)
        shown, wanted = endpoint_shown(row, keeper.root), status if status in set(DeliveryStatus) else ""
        async with services.acts.desk.sessions() as session:
            found = await deliveries_kept(session, row, status=wanted, before=after, limit=AT_ONCE + 1)
        kept = f"status={wanted}&" if wanted else ""
        return await render(
            request,
            "api/keeping/endpoint.html",
            title="Where events are sent",
            area=keeper.area,
            crumbs=keeper.crumbs,
            notice=await _said(request),
            endpoint=shown,
            makes=keeper.makes,
            secret=await shown_once.opened(request, services, keeper.visitor, endpoint),
            narrowing=Bound[Form](typed={"status": wanted}),
            statuses=[Choice(value, words) for value, (words, _) in FATES.items()],
            deliveries=[delivery_shown(one, shown) for one in found[:AT_ONCE]],
            first=f"{shown.href}?{kept}".rstrip("?&") if after else "",
            following=f"{shown.href}?{kept}after={found[AT_ONCE - 1].id}" if len(found) > AT_ONCE else "",
        )


def _add_ending(routes: APIRouter, prefix: str, keeping: Keeper) -> None:
    @routes.get(f"{prefix}/tokens/{{token}}/revoke")
    async def ask_revoking(
        request: Request, token: TokenId, services: Surroundings, keeper: Keeper = keeping
    ) -> HTMLResponse:
        """Says what revoking means."""
        shown = token_shown(await token_for(services, keeper, token), keeper.root, services.clock())
        of = {"href": shown.href, "name": shown.name, "about": shown.name}
        return await confirmation_page(request, keeper, REVOKING, **of)

    @routes.post(f"{prefix}/tokens/{{token}}/revoke")
    async def revoke(
        request: Request, token: TokenId, services: Surroundings, keeper: Keeper = keeping
    ) -> RedirectResponse:
        """Ends the token's use."""
        await token_for(services, keeper, token)

        async def act() -> str:
            await acts_of(services).revoke_token(token, keeper.by)
            return f"{keeper.root}/tokens/{token}?done=revoked"

        return await done_once(request, act)

    @routes.get(f"{prefix}/webhooks/{{endpoint}}/off")
    async def ask_switching_off(
        request: Request, endpoint: EndpointId, services: Surroundings, keeper: Keeper = keeping
    ) -> HTMLResponse:
        """Says what switching off means."""
        shown = endpoint_shown(await endpoint_for(services, keeper, endpoint), keeper.root)
        of = {"href": shown.href, "name": shown.id, "about": shown.url}
        return await confirmation_page(request, keeper, SWITCHING_OFF, **of)

    @routes.post(f"{prefix}/webhooks/{{endpoint}}/off")
    async def switch_off(
        request: Request, endpoint: EndpointId, services: Surroundings, keeper: Keeper = keeping
    ) -> RedirectResponse:
        """Sends nothing more to it."""
        await endpoint_for(services, keeper, endpoint)

        async def act() -> str:
            await acts_of(services).remove_endpoint(keeper.organisation, keeper.by, endpoint)
            return f"{keeper.root}/webhooks/{endpoint}?done=off"

        return await done_once(request, act)


def _add_sending(routes: APIRouter, prefix: str, keeping: Keeper) -> None:
    @routes.post(f"{prefix}/webhooks/{{endpoint}}/test")
    async def test(
        request: Request, endpoint: EndpointId, services: Surroundings, keeper: Keeper = keeping
    ) -> RedirectResponse:
        """Sends an event that says nothing happened."""
        await endpoint_for(services, keeper, endpoint)

        async def act() -> str:
            await services.rates.count(TESTS, endpoint)
            await acts_of(services).send_test(keeper.organisation, keeper.by, endpoint)
            return f"{keeper.root}/webhooks/{endpoint}?done=tested"

        return await done_once(request, act)

    @routes.get(f"{prefix}/webhooks/{{endpoint}}/deliveries/{{delivery}}")
    async def delivery(
        request: Request,
        endpoint: EndpointId,
        delivery: DeliveryId,
        services: Surroundings,
        keeper: Keeper = keeping,
    ) -> HTMLResponse:
        """One event, what is posted of it, and what became of it."""
        row = await endpoint_for(services, keeper, endpoint)
        shown = endpoint_shown(row, keeper.root)
        found = await _delivery(services, row, delivery)
        return await render(
            request,
            "api/keeping/delivery.html",
            title="Event",
            area=keeper.area,
            crumbs=[*keeper.crumbs, ("Where events are sent", shown.href)],
            notice=await _said(request),
            endpoint=shown,
            delivery=delivery_shown(found, shown),
        )

    @routes.post(f"{prefix}/webhooks/{{endpoint}}/deliveries/{{delivery}}/replay")
    async def replay(
        request: Request,
        endpoint: EndpointId,
        delivery: DeliveryId,
        services: Surroundings,
        keeper: Keeper = keeping,
    ) -> RedirectResponse:
        """Sends it again."""
        row = await endpoint_for(services, keeper, endpoint)
        await _delivery(services, row, delivery)

        async def act() -> str:
            await acts_of(services).replay(keeper.organisation, keeper.by, endpoint, delivery)
            return f"{keeper.root}/webhooks/{endpoint}/deliveries/{delivery}?done=again"

        return await done_once(request, act)


async def _delivery(services: Services, endpoint: WebhookEndpoint, delivery: str) -> WebhookDelivery:
    async with services.acts.desk.sessions() as session:
        found = await delivery_kept(session, endpoint, delivery)
    if found is None:
        raise NotFoundError
    return found


async def _said(request: Request) -> Notice | None:
    return await said_here(request, _SAID.get(request.query_params.get("done", "")))

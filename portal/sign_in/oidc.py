"""Signing in with an organisation's own identity provider."""

import structlog
from fastapi import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from models.ids import PersonId
from portal import attempts
from portal.access import ANYONE
from portal.cookies import ATTEMPT, give
from portal.failures import NotFoundError
from portal.oidc import OidcError, Provider
from portal.pages import local, render
from portal.rates import CHECK_FROM_CALLER, caller_of
from portal.routing import area
from portal.services import Services, Surroundings
from portal.sign_in.routes import signed_in
from storage.lists import person_at

routes = area()
_log = structlog.get_logger(__name__)
_WAY = "oidc"


@routes.get("/sign-in/with", dependencies=[ANYONE])
async def begin(request: Request, services: Surroundings) -> Response:
    """Sends the browser to the provider. A link, not a form: forms may lead to this service alone."""
    provider = _provider(services)
    await services.rates.count(CHECK_FROM_CALLER, caller_of(request))
    try:
        address, held = await provider.begin(_back(request, services))
    except OidcError as error:
        return await _failed(request, provider, error)
    onward = local(request.query_params.get("next"))
    async with services.acts.desk.transaction() as session:
        handle = await attempts.begin(session, _WAY, {**held, "next": onward}, services.clock())
    response = RedirectResponse(address, 303)
    give(response, ATTEMPT, handle, attempts.GOOD_FOR)
    return response


@routes.get("/sign-in/with/back", dependencies=[ANYONE])
async def finish(request: Request, services: Surroundings) -> Response:
    """The browser comes back from the provider."""
    provider = _provider(services)
    await services.rates.count(CHECK_FROM_CALLER, caller_of(request))
    async with services.acts.desk.transaction() as session:
        attempt = await attempts.claim(session, request.cookies.get(ATTEMPT, ""), _WAY, services.clock())
        held = dict(attempt.held) if attempt else None
    if held is None:
        return await _failed(request, provider, OidcError("attempt"))
    try:
        email = await provider.finish(_back(request, services), request.query_params, held)
    except OidcError as error:
        return await _failed(request, provider, error)
    async with services.acts.desk.sessions() as session:
        person = await person_at(session, email) if "@" in email else None
    if person is None:
        return await _failed(request, provider, OidcError("unknown"))
    return await signed_in(request, PersonId(person.id), _WAY, held["next"])


def _provider(services: Services) -> Provider:
    if services.provider is None:
        raise NotFoundError
    return services.provider


def _back(request: Request, services: Services) -> str:
    return f"{(services.sender.service or str(request.base_url)).rstrip('/')}/sign-in/with/back"


async def _failed(request: Request, provider: Provider, error: OidcError) -> HTMLResponse:
    _log.warning("signing in with the provider failed", reason=error.code)
    return await render(
        request,
        "sign_in/oidc_failed.html",
        title="You could not be signed in",
        status=503 if error.code == "unreachable" else 422,
        provider=provider.name,
        unknown=error.code == "unknown",
        unreachable=error.code == "unreachable",
    )

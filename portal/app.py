"""The portal: every area's routes behind one doorway."""

from pathlib import Path

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from portal import advisers, api, assessors, board, front, moderators, nominators, nominees, operations, sign_in
from portal import help as guidance
from portal.doorway import Doorway
from portal.routing import failure_page
from portal.services import Services

_STATIC = Path(__file__).with_name("static")
AREAS = (front, sign_in, guidance, nominators, nominees, assessors, moderators, board, advisers, operations, api)
"""Each part's ``routes`` are its own."""


def make_portal(services: Services) -> FastAPI:
    """The portal over these surroundings; as many as one likes in a process."""
    portal = FastAPI(
        title=services.branding.service_name,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers={HTTPException: _failed},
    )
    portal.state.services = services
    portal.add_middleware(Doorway, hosts=services.hosts)
    portal.mount("/static", StaticFiles(directory=_STATIC), "static")
    portal.mount("/assets", StaticFiles(directory=_STATIC / "vendor" / "assets"), "assets")
    for part in AREAS:
        portal.include_router(part.routes)
    return portal


async def _failed(request: Request, error: Exception) -> Response:
    """No route, or a method that a route does not have."""
    return api.failed(request, error) if api.is_for_programs(request) else await failure_page(request, error)

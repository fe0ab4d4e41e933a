"""Where the answer to a form stands (portal.answered): at the address of a page that can be loaded."""

from urllib.parse import urlsplit

from fastapi import Request
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import Match


def page_of_form(request: Request) -> str:
    """The path, with its query, of the page that the form stands on; empty where there is none that can be loaded."""
    before, here = _came_from(request), request.url.path
    return before or (here if _can_be_loaded(request, here) else "")


def _came_from(request: Request) -> str:
    """The page of this service that the browser names as the one before, if it can be loaded; else empty."""
    try:
        named = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return ""
    if named.netloc != request.url.netloc or not _can_be_loaded(request, named.path):
        return ""
    return f"{named.path}?{named.query}" if named.query else named.path


def _can_be_loaded(request: Request, path: str) -> bool:
    scope = {"type": "http", "method": "GET", "path": path, "root_path": ""}
    return any(
        isinstance(route, APIRoute) and route.matches(scope)[0] is Match.FULL
        for route in (context.original_route for context in iter_route_contexts(request.app.routes))
    )

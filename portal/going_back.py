"""Where the answer to a form stands (portal.answered): at the address of a page that can be loaded."""

from urllib.parse import urlsplit

from fastapi import Request
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import Match


def page_of_form(request: Request) -> str:
    """The path, with its query, of the page that the form stands on; empty where there is none that can be loaded."""
    here = request.url.path
    return _came_from(request) or (here if _is_page(request, here) else "")


def _came_from(request: Request) -> str:
    """The page of this service that the browser names as the one before, if it can be loaded; else empty."""
    try:
        named = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return ""
    if named.netloc != request.url.netloc or not _is_page(request, named.path):
        return ""
    return f"{named.path}?{named.query}" if named.query else named.path


def _is_page(request: Request, path: str) -> bool:
    """Whether a path can be loaded, and not only by a route in which any word may stand where a form is sent to."""
    loaded = _matching(request, "GET", path)
    return bool(loaded) and _matching(request, "POST", path) <= loaded


def _matching(request: Request, method: str, path: str) -> set[str]:
    """The routes, as they are written, that take a path."""
    scope = {"type": "http", "method": method, "path": path, "root_path": ""}
    return {
        route.path
        for route in (context.original_route for context in iter_route_contexts(request.app.routes))
        if isinstance(route, APIRoute) and route.matches(scope)[0] is Match.FULL
    }

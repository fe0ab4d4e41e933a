"""Pages that say how the service works: accessibility, privacy, cookies, contact."""

from fastapi import Request
from starlette.responses import HTMLResponse

from portal.access import ANYONE
from portal.failures import NotFoundError
from portal.pages import render
from portal.routing import area

routes = area()
_PAGES = {
    "accessibility": "Accessibility statement",
    "privacy": "Privacy",
    "cookies": "Cookies",
    "contact": "Contact",
}


@routes.get("/help/{page}", dependencies=[ANYONE])
async def helping(request: Request, page: str) -> HTMLResponse:
    """A page that only says something."""
    if page not in _PAGES:
        raise NotFoundError
    return await render(request, f"help/{page}.html", title=_PAGES[page], crumbs=[("Home", "/")])

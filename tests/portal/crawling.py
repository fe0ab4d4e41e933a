"""Walking through the pages that somebody can reach from their first one, by links alone."""

import re
from collections import Counter
from collections.abc import Sequence

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import Match

from tests.portal.visiting import Seen, Visit

_OF_EACH = 3
_NOT_FOLLOWED = re.compile(r"^/(sign-out|signed-out|sign-in|static|assets|help|mailbox)")


def template_of(portal: FastAPI, path: str) -> str:
    """The template of the route that answers a path, such as ``/operations/nominations/{nomination}``."""
    scope = {"type": "http", "method": "GET", "path": path.split("?", maxsplit=1)[0], "root_path": ""}
    for context in iter_route_contexts(portal.routes):
        route = context.original_route
        if isinstance(route, APIRoute) and "GET" in route.methods and route.matches(scope)[0] is Match.FULL:
            return route.path
    return path


async def crawled(visit: Visit, portal: FastAPI, starts: Sequence[str]) -> list[Seen]:
    """Pages reached from ``starts``, up to three of each route, in the order they were found.

    Raises:
        AssertionError: A link leads nowhere.
    """
    waiting, known = list(starts), set(starts)
    counts: Counter[str] = Counter()
    pages: list[Seen] = []
    while waiting:
        path = waiting.pop(0)
        template = template_of(portal, path)
        if counts[template] >= _OF_EACH:
            continue
        counts[template] += 1
        page = await visit.get(path)
        assert page.status == 200, f"{path} answers {page.status}"
        pages.append(page)
        for link in page.links:
            local = link.split("#")[0]
            if local.startswith("/") and local not in known and not _NOT_FOLLOWED.match(local):
                known.add(local)
                waiting.append(local)
    return pages

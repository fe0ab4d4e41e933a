"""Requests below the interface's address that no operation takes."""

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match, Route

from portal.api.document import PARTS
from portal.api.operations import ROOT
from portal.api.problems import Kind, ProblemError, answered, problem_of


def is_for_programs(request: Request) -> bool:
    """Whether a program asks."""
    return request.url.path == ROOT or request.url.path.startswith(f"{ROOT}/")


def failed(request: Request, error: Exception) -> Response:
    """The problem of a request that nobody takes; the header Allow names every method of its address."""
    if isinstance(error, HTTPException) and error.status_code == 405:
        allowed = sorted(_methods(request)) or [(error.headers or {}).get("Allow", "GET")]
        return answered(ProblemError(Kind.NO_METHOD, headers={"Allow": ", ".join(allowed)}))
    return answered(problem_of(error))


def _methods(request: Request) -> set[str]:
    routes = [route for part in PARTS for route in part.routes if isinstance(route, Route)]
    return {
        method
        for route in routes
        if route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods or ()
    }

"""The operations of the interface: whatever goes wrong in one becomes a problem, and who asks is known first."""

from collections import Counter
from collections.abc import Callable, Coroutine

import structlog
from fastapi import APIRouter, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from portal.access import Guard
from portal.api.problems import DOCS, MEANINGS, MEDIA, Fault, Kind, ProblemError, answered, place, problem_of
from portal.routing import is_unprintable

ROOT = "/api/v1"
_log = structlog.get_logger(__name__)
_USUAL = (Kind.NO_TOKEN, Kind.NOT_ALLOWED, Kind.WRONG, Kind.TOO_MANY, Kind.BROKEN, Kind.UNAVAILABLE)
_OF_ONE = (Kind.NOT_FOUND,)
_OF_WRITING = (Kind.NOT_FOUND, Kind.REFUSED, Kind.TOO_LARGE, Kind.NO_JSON)


class ProgramRoute(APIRoute):
    """An operation for programs."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[None, None, Response]]:
        """The operation's handler, which fails by a problem."""
        usual = super().get_route_handler()
        guards = [guard for guard in _guards(self.dependant) if isinstance(guard, Guard)]
        known = _query_of(self.dependant)

        async def answer(request: Request) -> Response:
            try:
                # Before the body is read: a stranger learns nothing from what is wrong with it.
                for guard in guards:
                    await guard(request)
                _refuse_unprintable(request)
                _refuse_unknown(request, known)
                if self.body_field is not None:
                    _refuse_other_than_json(request)
                return await usual(request)
            except ClientDisconnect:
                raise
            except Exception as error:
                problem = problem_of(error)
                if problem.kind in {Kind.BROKEN, Kind.UNAVAILABLE}:
                    _log.error("operation failed", route=self.path, method=request.method, exc_info=error)
                return answered(problem)

        return answer


def operations(tag: str) -> APIRouter:
    """The operations on one kind of thing."""
    return APIRouter(prefix=ROOT, route_class=ProgramRoute, tags=[tag])


def problems(*, one: bool = False, writes: bool = False) -> dict[int | str, dict[str, object]]:
    """The problems an operation can end in, for its description."""
    kinds = (*_USUAL, *(_OF_ONE if one else ()), *(_OF_WRITING if writes else ()))
    found: dict[int | str, dict[str, object]] = {}
    for kind in sorted(kinds, key=lambda kind: MEANINGS[kind].status):
        meaning = MEANINGS[kind]
        example = {
            "type": f"{DOCS}#{kind.value}",
            "title": meaning.title,
            "status": meaning.status,
            "detail": meaning.advice,
        }
        found[meaning.status] = {
            "description": meaning.title,
            "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}},
        }
    return found


def _guards(dependant: Dependant) -> list[object]:
    own = [dependant.call] if dependant.call is not None else []
    return own + [guard for below in dependant.dependencies for guard in _guards(below)]


def _query_of(dependant: Dependant) -> frozenset[str]:
    """The names of all parameters that are read of a query."""
    own = frozenset(field.alias for field in dependant.query_params)
    return own.union(*(_query_of(below) for below in dependant.dependencies))


def _refuse_unprintable(request: Request) -> None:
    if is_unprintable(request):
        raise ProblemError(Kind.NOT_FOUND if request.path_params else Kind.WRONG)


def _refuse_unknown(request: Request, known: frozenset[str]) -> None:
    """Refuses what is asked by a name that nobody reads, or twice: the answer would be to another question."""
    given = Counter(name for name, _ in request.query_params.multi_items())
    faults = [
        Fault(
            where=place(("query", name)),
            detail="There is no such parameter." if name not in known else "This is given more than once.",
        )
        for name, count in given.items()
        if name not in known or count > 1
    ]
    if faults:
        raise ProblemError(Kind.WRONG, faults=faults)


def _refuse_other_than_json(request: Request) -> None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise ProblemError(Kind.NO_JSON)

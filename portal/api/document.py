"""The description of the interface: an OpenAPI 3.1 document, made of the operations themselves."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts

from models.programs import Scope
from portal.api import exports, nominations, standing, webhooks
from portal.api.access import Scoped
from portal.api.problems import Problem

PARTS: Sequence[APIRouter] = (nominations.routes, standing.routes, exports.routes, webhooks.routes)
"""Every operation for programs; each is described."""
VERSION = "1.0.0"
_WHAT = (
    "Nominations of one organisation, for its own programs: what a nominator of the organisation may see and do, "
    "and nothing else. Each request shows a token of the organisation. Each write carries an idempotency key, and "
    "repeating it is doing it once. Lists come a page at a time; the header Link leads to the next. Whatever fails "
    "is a problem of RFC 9457. What the board decided is told to tokens with the scope `decisions:read` alone: "
    "for others a nomination whose decision was released stays `decided`, in every answer, filter, count, export and "
    "event."
)
SCOPES: Mapping[Scope, str] = {
    Scope.NOMINATIONS_READ: "See nominations, their applications' and assessments' state, and cohorts.",
    Scope.NOMINATIONS_WRITE: "Nominate, endorse, take back.",
    Scope.DECISIONS_READ: "See decisions once they are released; without it, nobody is told what was decided.",
    Scope.EXPORTS_READ: "Export nominations.",
    Scope.WEBHOOKS_MANAGE: "Have events sent, see what was sent, send it again.",
}
"""What each scope lets a program do."""


@dataclass(frozen=True)
class Operation:
    """One operation: what it is called, at which address, and the scope it needs."""

    tag: str
    name: str
    method: str
    path: str
    summary: str
    says: str
    scope: Scope


@cache
def document() -> Mapping[str, object]:
    """The OpenAPI document."""
    contexts = list(iter_route_contexts([route for part in PARTS for route in part.routes]))
    made = get_openapi(
        title="Talent pool",
        version=VERSION,
        summary="The interface for programs",
        description=_WHAT,
        routes=contexts,
    )
    components = made.setdefault("components", {})
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas = components.setdefault("schemas", {})
    schemas.update(schema.pop("$defs", {}))
    schemas["Problem"] = schema
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    components["securitySchemes"] = {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "A token of your organisation. Scopes: "
            + " ".join(f"`{scope.value}`: {says}" for scope, says in SCOPES.items()),
        }
    }
    for one in every_operation():
        made["paths"][one.path][one.method.lower()]["security"] = [{"token": [one.scope.value]}]
    return cast("Mapping[str, object]", made)


@cache
def every_operation() -> tuple[Operation, ...]:
    """Every operation, in the order of the document."""
    return tuple(_operations())


def _operations() -> Iterator[Operation]:
    for part in PARTS:
        for route in part.routes:
            if isinstance(route, APIRoute):
                (scope,) = _scopes(route.dependant)
                for method in sorted(route.methods or ()):
                    yield Operation(
                        tag=str(route.tags[0]),
                        name=route.unique_id,
                        method=method,
                        path=route.path,
                        summary=route.summary or route.name,
                        says=route.description,
                        scope=scope,
                    )


def _scopes(dependant: Dependant) -> list[Scope]:
    own = [dependant.call.scope] if isinstance(dependant.call, Scoped) else []
    return own + [scope for below in dependant.dependencies for scope in _scopes(below)]

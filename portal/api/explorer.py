"""The explorer: what the interface can do, as a page of the portal, and the document it is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, JSONResponse

from portal.access import ANYONE, UNSEEN
from portal.api.document import Operation, document, every_operation
from portal.api.operations import ROOT, operations
from portal.api.problems import MEANINGS
from portal.api.schemas import Schema, body_of, kind, parameters_of
from portal.api.schemas import described as described_in_document
from portal.pages import render
from portal.routing import PageRoute

pages = APIRouter(prefix=ROOT, route_class=PageRoute, default_response_class=HTMLResponse)
described = operations("Description")


@dataclass(frozen=True)
class FieldLine:
    """A parameter of an operation or a field of what is sent."""

    name: str
    where: str
    kind: str
    needed: bool
    says: str


@dataclass(frozen=True)
class OperationShown:
    """An operation as the page shows it."""

    anchor: str
    method: str
    path: str
    summary: str
    says: str
    scope: str
    fields: tuple[FieldLine, ...]
    answers: tuple[str, ...]


@dataclass(frozen=True)
class PartShown:
    """The operations on one kind of thing."""

    name: str
    operations: tuple[OperationShown, ...]


@described.get("/openapi.json", dependencies=[UNSEEN], include_in_schema=False)
async def openapi() -> JSONResponse:
    """The OpenAPI document."""
    return JSONResponse(document())


@pages.get("/docs", dependencies=[ANYONE], include_in_schema=False)
async def explorer(request: Request) -> HTMLResponse:
    """Every operation, with what it takes and what it answers."""
    return await render(
        request,
        "api/explorer.html",
        title="Interface for programs",
        crumbs=[("Home", "/")],
        parts=parts(),
        problems=[(one.value, meaning) for one, meaning in MEANINGS.items()],
    )


def parts() -> tuple[PartShown, ...]:
    """The operations by kind of thing, read from the document."""
    found: dict[str, list[OperationShown]] = {}
    for one in every_operation():
        found.setdefault(one.tag, []).append(operation_shown(one))
    return tuple(PartShown(name, tuple(shown)) for name, shown in found.items())


def operation_shown(one: Operation) -> OperationShown:
    """An operation, read from the document."""
    responses = cast("Mapping[str, Schema]", described_in_document(one)["responses"])
    return OperationShown(
        anchor=one.name,
        method=one.method,
        path=one.path,
        summary=one.summary,
        says=one.says,
        scope=one.scope.value,
        fields=(*_parameters(one), *_body(one)),
        answers=tuple(f"{status}: {response['description']}" for status, response in responses.items()),
    )


def _parameters(operation: Operation) -> list[FieldLine]:
    return [
        FieldLine(
            str(one["name"]),
            str(one["in"]),
            kind(cast("Schema", one["schema"])),
            bool(one.get("required")),
            str(one.get("description", "")),
        )
        for one in parameters_of(operation)
    ]


def _body(operation: Operation) -> list[FieldLine]:
    schema = body_of(operation)
    if schema is None:
        return []
    needed = cast("Sequence[str]", schema.get("required", ()))
    fields = cast("Mapping[str, Schema]", schema.get("properties", {}))
    return [
        FieldLine(name, "body", kind(field), name in needed, str(field.get("description", "")))
        for name, field in fields.items()
    ]

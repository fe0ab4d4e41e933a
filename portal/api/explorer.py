"""The explorer: what the interface can do, as a page of the portal, and the document it is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, JSONResponse

from portal.access import ANYONE, UNSEEN
from portal.api.document import document, every_operation
from portal.api.operations import ROOT, operations
from portal.api.problems import MEANINGS
from portal.pages import render
from portal.routing import PageRoute

pages = APIRouter(prefix=ROOT, route_class=PageRoute, default_response_class=HTMLResponse)
described = operations("Description")
Schema = Mapping[str, object]


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
        problems=[(kind.value, meaning) for kind, meaning in MEANINGS.items()],
    )


def parts() -> tuple[PartShown, ...]:
    """The operations by kind of thing, read from the document."""
    found: dict[str, list[OperationShown]] = {}
    paths = cast("Mapping[str, Mapping[str, Schema]]", document()["paths"])
    for one in every_operation():
        described_as = paths[one.path][one.method.lower()]
        responses = cast("Mapping[str, Schema]", described_as["responses"])
        shown = OperationShown(
            anchor=one.name,
            method=one.method,
            path=one.path,
            summary=one.summary,
            says=one.says,
            scope=one.scope.value,
            fields=(*_parameters(described_as), *_body(described_as)),
            answers=tuple(f"{status}: {response['description']}" for status, response in responses.items()),
        )
        found.setdefault(one.tag, []).append(shown)
    return tuple(PartShown(name, tuple(shown)) for name, shown in found.items())


def _parameters(operation: Schema) -> list[FieldLine]:
    return [
        FieldLine(
            str(one["name"]),
            str(one["in"]),
            _kind(cast("Schema", one["schema"])),
            bool(one.get("required")),
            str(one.get("description", "")),
        )
        for one in cast("Sequence[Schema]", operation.get("parameters", ()))
    ]


def _body(operation: Schema) -> list[FieldLine]:
    body = cast("Mapping[str, Mapping[str, Mapping[str, Schema]]]", operation.get("requestBody", {}))
    if not body:
        return []
    schema = _followed(body["content"]["application/json"]["schema"])
    needed = cast("Sequence[str]", schema.get("required", ()))
    fields = cast("Mapping[str, Schema]", schema.get("properties", {}))
    return [
        FieldLine(name, "body", _kind(field), name in needed, str(field.get("description", "")))
        for name, field in fields.items()
    ]


def _kind(schema: Schema) -> str:
    """What a value is, in a few words."""
    choices = [one for one in cast("Sequence[Schema]", schema.get("anyOf", ())) if one.get("type") != "null"]
    whole = _followed(choices[0] if choices else schema)
    if "enum" in whole:
        return "one of " + ", ".join(str(one) for one in cast("Sequence[object]", whole["enum"]))
    if "const" in whole:
        return str(whole["const"])
    if whole.get("type") == "array":
        return "list: " + _kind(cast("Schema", whole["items"]))
    return str(whole.get("format") or whole.get("type", "object"))


def _followed(schema: Schema) -> Schema:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    components = cast("Mapping[str, Mapping[str, Schema]]", document()["components"])
    return components["schemas"][str(reference).rpartition("/")[2]]

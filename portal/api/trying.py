"""Trying an operation out: a form for what it takes, and what the interface answers to it.

What is typed is passed on to this operation alone, under the token that is typed with it and under nothing else
(portal.api.passing). The token is forgotten with the answer: it stands on no page, in no address and in no log.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from shlex import quote
from types import MappingProxyType
from typing import cast
from uuid import uuid4

from fastapi import APIRouter, Request
from starlette.datastructures import UploadFile
from starlette.responses import HTMLResponse

from portal.access import ANYONE
from portal.answered import keep_nowhere
from portal.api.document import Operation, every_operation
from portal.api.explorer import operation_shown
from portal.api.operations import ROOT
from portal.api.passing import Answer, Passing, passed_on
from portal.api.problems import MEDIA
from portal.api.schemas import Schema, body_of, choices_of, example_of, kind, parameters_of, whole_of
from portal.failures import NotFoundError
from portal.forms import Bound, Form
from portal.pages import render
from portal.routing import PageRoute

routes = APIRouter(prefix=ROOT, route_class=PageRoute, default_response_class=HTMLResponse)
MOST_BODY, MOST_FIELD = 20_000, 200
"""In letters: what is sent at most as the body, and in any other field."""
MOST_SHOWN = 10_000
"""In letters: what is shown of an answer, so that the page stays small however it is escaped."""
_OPERATIONS: Mapping[str, Operation] = MappingProxyType({one.name: one for one in every_operation()})
_PLAIN = re.compile(r"[!-~]*")
"""What may stand in a header: printable ASCII without spaces, so that no second header begins in it."""
_JSON = frozenset({"application/json", MEDIA})
KEY, BODY, TOKEN = "key", "body", "token"


@dataclass(frozen=True)
class Choice:
    """A value to choose."""

    value: str
    text: str


@dataclass(frozen=True)
class Asked:
    """A field for a parameter; ``choices`` where only some values will do."""

    field: str
    name: str
    where: str
    hint: str
    needed: bool
    pattern: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Shown:
    """An answer as the page shows it, and the same request for the command line."""

    status: str
    headers: tuple[tuple[str, str], ...]
    body: str
    cut: bool
    curl: str


@routes.get("/docs/{operation}", dependencies=[ANYONE], include_in_schema=False)
async def ask(request: Request, operation: str) -> HTMLResponse:
    """One operation, with a form to try it."""
    found = _operation(operation)
    return await _page(request, found, Bound[Form](typed=_prefilled(found)))


@routes.post("/docs/{operation}", dependencies=[ANYONE], include_in_schema=False)
async def try_out(request: Request, operation: str) -> HTMLResponse:
    """Passes what was typed on to the interface and shows its answer."""
    found = _operation(operation)
    typed = await _typed(request)
    form = Bound[Form](typed={name: text for name, text in typed.items() if name != TOKEN})
    passing = _passing(found, typed, form)
    if form.problems:
        return await _page(request, found, form, status=422)
    keep_nowhere(request)
    answer = await passed_on(request, passing)
    if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR and passing.key:
        # What was answered is done: the next request is another one. What was not is repeated under its key.
        form.typed[KEY] = _new_key()
    return await _page(request, found, form, _shown(request, passing, answer))


def parameters(operation: Operation) -> tuple[Asked, ...]:
    """The fields for an operation's path and query."""
    return tuple(
        _asked(one, str(one["in"]), str(one["name"]))
        for one in parameters_of(operation)
        if one["in"] in {"path", "query"}
    )


def _asked(one: Schema, where: str, name: str) -> Asked:
    schema = cast("Schema", one["schema"])
    choices = tuple(Choice(value, value) for value in choices_of(schema))
    says = str(one.get("description", ""))
    usual = str(schema.get("default", ""))
    of_kind = str(whole_of(schema).get("description", ""))
    words = [
        says,
        # The document says it in both places where the parameter has no kind of its own.
        "" if choices or of_kind == says else of_kind,
        "" if choices or kind(schema) == "string" else f"Its kind is {kind(schema)}.",
        f"Left empty, it is {usual}." if usual else "",
    ]
    return Asked(
        field=f"{where}_{name}",
        name=name,
        where=where,
        hint=" ".join(word for word in words if word),
        needed=bool(one.get("required")),
        pattern=str(whole_of(schema).get("pattern", "")),
        choices=choices,
    )


def _operation(name: str) -> Operation:
    found = _OPERATIONS.get(name)
    if found is None:
        raise NotFoundError
    return found


def _takes_key(operation: Operation) -> bool:
    return any(one["name"] == "Idempotency-Key" for one in parameters_of(operation))


def _new_key() -> str:
    return str(uuid4())


def _prefilled(operation: Operation) -> dict[str, str]:
    schema = body_of(operation)
    return {KEY: _new_key(), BODY: example_of(schema) if schema is not None else ""}


async def _typed(request: Request) -> dict[str, str]:
    sent = await request.form()
    return {name: text for name, text in sent.multi_items() if not isinstance(text, UploadFile)}


def _passing(operation: Operation, typed: Mapping[str, str], form: Bound[Form]) -> Passing:
    """The request; what will not do is marked in the form, and nothing of it may then be passed on."""
    asked = parameters(operation)
    for one in asked:
        if len(typed.get(one.field, "")) > MOST_FIELD:
            form.refuse(one.field, f"Enter at most {MOST_FIELD} letters")
    body, key = typed.get(BODY, ""), typed.get(KEY, "").strip()
    if len(body) > MOST_BODY:
        form.refuse(BODY, f"Send at most {MOST_BODY:,} letters here. A program can send more")
    if len(key) > MOST_FIELD or not _PLAIN.fullmatch(key):
        form.refuse(KEY, "Enter a key of letters, digits, full stops, colons and hyphens")
    token = typed.get(TOKEN, "").strip()
    if len(token) > MOST_FIELD or not _PLAIN.fullmatch(token):
        form.refuse(TOKEN, "This is not a token. Copy it whole: it begins with tpool_ and has no spaces")
    return Passing(
        method=operation.method,
        path=_path(operation, asked, typed, form),
        query=tuple((one.name, text) for one in asked if one.where == "query" and (text := typed.get(one.field, ""))),
        key=key if _takes_key(operation) else "",
        body=body if body_of(operation) is not None else None,
        token=token,
    )


def _path(operation: Operation, asked: tuple[Asked, ...], typed: Mapping[str, str], form: Bound[Form]) -> str:
    """The operation's address: what is filled in is as the document says, so it leads to no other."""
    filled = {}
    for one in asked:
        if one.where == "path":
            text = typed.get(one.field, "").strip()
            if not one.pattern or not re.fullmatch(one.pattern.removeprefix("^").removesuffix("$"), text, re.ASCII):
                form.refuse(one.field, f"Enter {one.name} as the interface knows it. {one.hint.split('. ')[0]}")
                text = "-"
            filled[one.name] = text
    return operation.path.format_map(filled)


def _shown(request: Request, passing: Passing, answer: Answer) -> Shown:
    text = answer.body.decode("utf-8", "replace")
    if dict(answer.headers).get("content-type") in _JSON and not answer.cut:
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    return Shown(
        status=f"{answer.status} {HTTPStatus(answer.status).phrase}",
        headers=answer.headers,
        body=text[:MOST_SHOWN],
        cut=answer.cut or len(text) > MOST_SHOWN,
        curl=curl(str(request.base_url), passing),
    )


def curl(base: str, passing: Passing) -> str:
    """The same request for the command line, with the token in the variable TOKEN."""
    lines = [f"curl -i -X {passing.method} {quote(base.rstrip('/') + passing.target)}"]
    lines.append('-H "Authorization: Bearer $TOKEN"')
    lines += [f"-H {quote(f'{name}: {value}')}" for name, value in passing.headers]
    if passing.body is not None:
        lines.append(f"--data-raw {quote(passing.body)}")
    return " \\\n  ".join(lines)


async def _page(
    request: Request, operation: Operation, form: Bound[Form], answer: Shown | None = None, *, status: int = 200
) -> HTMLResponse:
    return await render(
        request,
        "api/operation.html",
        title=operation.summary,
        area="Interface for programs",
        crumbs=[("Home", "/"), ("Interface for programs", f"{ROOT}/docs")],
        errors=form.problems,
        status=status,
        form=form,
        operation=operation_shown(operation),
        parameters=parameters(operation),
        writes=_takes_key(operation),
        takes_body=body_of(operation) is not None,
        answer=answer,
    )

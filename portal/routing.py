"""The routes of pages: whatever goes wrong in one becomes a friendly page, with what was typed given back."""

import re
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from urllib.parse import unquote_to_bytes, urlsplit

import structlog
from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, RedirectResponse, Response
from temporalio.client import WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError

from acts.errors import NotKnownError, NotReachedError, RefusedError
from portal.access import visitor_at
from portal.answered import Kept, holds_own_words, kept_for, led_to, page_before, without_key
from portal.failures import (
    BrokenError,
    NotFoundError,
    OtherOriginError,
    PageError,
    RefusedHereError,
    SignedOutError,
    TooLargeError,
    UnavailableError,
)
from portal.given_back import in_words
from portal.once import FIELD, once
from portal.onward import going_on_to, with_query
from portal.origin import refuse_from_elsewhere
from portal.pages import go_to, render
from portal.services import services_of
from portal.words import restyled

_log = structlog.get_logger(__name__)
_KEPT_FIELDS = 300
_NOT_GIVEN_BACK = frozenset({"token"})
"""Fields whose text is secret: no page shows it again, also not the page of a failure."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Letters that stand in no address of this service; the database takes no NUL and would fail by it."""
_TOO_MUCH = re.compile(r"(?:Field|Part) exceeded maximum size|Too many (?:fields|files)")
"""How the framework begins to say that a form is too large."""
_NOT_THEIRS = frozenset({401, 403, 404, 410})
_LOST = (
    NotReachedError,
    RPCError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
    OperationalError,
    InterfaceError,
    PoolTimeoutError,
)
"""What says that a server is not there now."""


class PageRoute(APIRoute):
    """A route that answers with a page."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[None, None, Response]]:
        """The route's handler, which fails by a page."""
        usual = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                refuse_from_elsewhere(request)
                _refuse_unprintable(request)
                kept = await kept_for(request)
                answered = await usual(request) if kept is None else await _shown_again(request, kept, usual)
            except ClientDisconnect:
                raise
            except OtherOriginError as error:
                return await failure_page(request, error)
            except Exception as error:
                # Every failure becomes a page, those that nobody foresaw too; they are reported with a reference.
                answered = await failure_page(request, error)
            return await led_to(request, answered)

        return answer


async def _shown_again(
    request: Request, kept: Kept, usual: Callable[[Request], Coroutine[None, None, Response]]
) -> Response:
    """A kept answer, unless the page that it stands at is no longer the visitor's to see."""
    if not kept.own_words:
        try:
            await usual(request)
        except Exception as error:
            # Only whether it may be seen is asked: a page that cannot be made now says nothing against the kept one.
            if _failure_of(error).status in _NOT_THEIRS:
                raise
    return kept.answer


def is_unprintable(request: Request) -> bool:
    """Whether the address holds a letter that nothing here is called by: a NUL, another control, half a letter."""
    query = unquote_to_bytes(request.scope["query_string"].replace(b"+", b" ")).decode("utf-8", "replace")
    return _CONTROL.search(request.scope["path"]) is not None or _CONTROL.search(query) is not None


def area() -> APIRouter:
    """The routes of one part of the portal."""
    return APIRouter(route_class=PageRoute, default_response_class=HTMLResponse)


async def done_once(request: Request, act: Callable[[], Awaitable[str]]) -> RedirectResponse:
    """Does what a form asks, once however often it is sent, and leads on to the path that ``act`` returns."""
    services, visitor = services_of(request), await visitor_at(request)
    key = (await request.form()).get(FIELD)
    asker = visitor.person if visitor else "nobody"
    path = await once(
        services.acts.desk.sessions,
        act,
        asker=asker,
        key=key if isinstance(key, str) and key.isprintable() else "",
        route=f"{request.method} {request.url.path}"[:160],
        now=services.clock(),
    )
    return go_to(path)


async def failure_page(request: Request, error: Exception) -> Response:
    """The page that a failure becomes; it never needs the database."""
    failure = _failure_of(error)
    if isinstance(failure, SignedOutError) and request.method in {"GET", "HEAD"}:
        if "hx-request" in request.headers:
            # A part of a page refreshes itself: it is the whole page that goes to the sign-in, and comes back.
            return Response(status_code=204, headers={"HX-Redirect": going_on_to("/sign-in", _page_shown(request))})
        return go_to(going_on_to("/sign-in", with_query(request.url.path, request.url.query)))
    reference = _reported(request, error) if isinstance(failure, BrokenError | UnavailableError) else ""
    if not hasattr(request.state, "visitor"):
        request.state.visitor = await _visitor_if_possible(request, failure)
    # What another site made the browser send is not given back as if the person had typed it. Of what was too large,
    # the rest was never read, and would be waited for.
    kept = [] if isinstance(failure, OtherOriginError | TooLargeError) else await _kept(request)
    holds_own_words(request)
    return await render(
        request,
        failure.template,
        title=failure.title,
        status=failure.status,
        heading=failure.title,
        sentence=failure.sentence,
        advice=failure.advice,
        href=failure.href,
        link=failure.link,
        wait=failure.wait,
        reference=reference,
        kept=kept,
        sent=in_words(request, kept),
        action=without_key(request.url.path, request.url.query),
        before=page_before(request) if request.method == "POST" else "",
    )


def _refuse_unprintable(request: Request) -> None:
    if is_unprintable(request):
        raise NotFoundError


def _failure_of(error: Exception) -> PageError:
    match error:
        case PageError():
            return error
        case RefusedError():
            return RefusedHereError(restyled(str(error)))
        case NotKnownError() | RequestValidationError() | HTTPException(status_code=404 | 405):
            return NotFoundError()
        case HTTPException():
            return _unreadable(str(error.detail))
    lost = isinstance(error, _LOST) or (isinstance(error, DBAPIError) and error.connection_invalidated)
    return UnavailableError() if lost else BrokenError()


def _unreadable(detail: str) -> PageError:
    """What was sent could not be read; the words are ours, the framework's own name its limits and parts."""
    if _TOO_MUCH.match(detail):
        return TooLargeError(
            "At most 1 MB of text can be sent at once, and a file of 5 MB.",
            advice="Shorten the text, or divide a file into smaller ones and send each.",
        )
    return RefusedHereError(
        "What was sent could not be read.", advice="Go back, load the page again and send the form once more."
    )


def _reported(request: Request, error: Exception) -> str:
    """Writes the failure down and gives the reference that leads to the line."""
    reference = "-".join(secrets.token_hex(2) for _ in range(2)).upper()
    route = request.scope.get("route")
    where = route.path if isinstance(route, APIRoute) else "no route"
    _log.error("page failed", reference=reference, route=where, method=request.method, exc_info=error)
    return reference


async def _visitor_if_possible(request: Request, failure: PageError) -> object:
    if isinstance(failure, UnavailableError | BrokenError):
        return None
    try:
        return await visitor_at(request)
    except Exception:
        return None


async def _kept(request: Request) -> list[tuple[str, str]]:
    """What was sent, so that the page can give it back."""
    if request.method != "POST":
        return []
    try:
        sent = await request.form()
    except Exception:
        return []
    pairs = [
        (name, value)
        for name, value in sent.multi_items()
        if not isinstance(value, UploadFile) and name not in _NOT_GIVEN_BACK
    ]
    return pairs[:_KEPT_FIELDS]


def _page_shown(request: Request) -> str:
    """The page that a part belongs to, by the browser's own word."""
    try:
        shown = urlsplit(request.headers.get("hx-current-url", ""))
    except ValueError:
        return "/"
    return with_query(shown.path, shown.query)

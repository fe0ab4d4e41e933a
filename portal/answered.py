"""Answers to forms that one can go back to and load again, without scripts.

A browser that goes back to the answer of a form would have to send the form again, and says so in words of its own.
So a page that answers a form is kept for half an hour, and the browser is led to it: it stands at the address of the
page that the form was on, with a key beside it. Once the form is taken, and after half an hour, that address shows
the page as it is then.

It is shown to nobody else: the key counts only with a cookie of the browser that sent the form, and for the person it
was made for, in the role they had. Whoever was signed out meanwhile finds it again when they have signed in. Whether
the page it stands at is still theirs to see is asked each time (portal.routing).
"""

import asyncio
import secrets
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from http import HTTPStatus
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import structlog
from fastapi import Request
from limits import RateLimitItemPerHour
from sqlalchemy import delete, select, tuple_
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import HTMLResponse, Response

from models.tables import KeptAnswer, WebSession
from portal.access import visitor_at
from portal.cookies import BROWSER, give
from portal.going_back import page_of_form
from portal.pages import go_to, local
from portal.rates import caller_of
from portal.services import services_of
from portal.sessions import COOKIE, hash_of
from portal.visitors import Visitor

KEPT_FOR = timedelta(minutes=30)
PARAMETER = "answered"
LARGEST = 300_000
"""In bytes; three times the longest page, for what was typed and is given back."""
_OFTEN = RateLimitItemPerHour(240, namespace="answered")
"""For each person, or each caller who is not signed in: what is kept has a bound."""
_AT_ONCE = 50
_PATIENCE_SECONDS = 2.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Kept:
    """An answer that was kept; ``own_words`` where it holds no more than a refusal and what the visitor sent."""

    answer: Response
    own_words: bool


def keep_nowhere(request: Request) -> None:
    """Has this request answered directly: the answer may hold a secret, which is shown once and never stored."""
    request.state.kept_nowhere = True


def holds_own_words(request: Request) -> None:
    """Says that the answer holds no more than a refusal and what was sent: the person may see it in any role."""
    request.state.own_words = True


async def led_to(request: Request, answer: Response) -> Response:
    """Where a browser is led instead of being given the answer of a form; the answer itself where that cannot be.

    It cannot where no page can be loaded in its place, where it is too large or comes too often, where it is kept
    nowhere, without cookies or without the database; it is then as good an answer, but going back to it asks whether
    to send the form again. A browser is named by a cookie with the first page that it loads.
    """
    if request.method == "GET" and isinstance(answer, HTMLResponse) and BROWSER not in request.cookies:
        give(answer, BROWSER, secrets.token_urlsafe(24))
    if request.method != "POST" or BROWSER not in request.cookies:
        return answer
    is_taken = answer.status_code < HTTPStatus.BAD_REQUEST and not isinstance(answer, HTMLResponse)
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            if is_taken:
                await _outdate(request)
            elif isinstance(answer, HTMLResponse) and _can_be_kept(request, answer):
                return await _keep(request, answer)
    except Exception as error:
        # Whatever keeps it from being kept, the answer itself is there: it must not be lost for that.
        _log.warning("answer not kept", kind=type(error).__name__)
    return answer


async def kept_for(request: Request) -> Kept | None:
    """What was kept at an address for who asks for it; None where the address names nothing.

    Where nothing is kept any more, or not for them, it is the way to the page without the key.
    """
    key = request.query_params.get(PARAMETER)
    if key is None or request.method not in {"GET", "HEAD"}:
        return None
    services, visitor = services_of(request), await visitor_at(request)
    async with services.acts.desk.sessions() as session:
        row = await session.get(KeptAnswer, (_browser_of(request), key))
        if row is not None and row.path == request.url.path and row.kept_at > services.clock() - KEPT_FOR:
            if row.owner in await _owners(session, request, visitor):
                text = zlib.decompress(row.page).decode().replace(row.nonce, request.state.nonce)
                return Kept(HTMLResponse(text, row.status), row.own_words)
            if visitor is None:
                return None  # The page itself asks them to sign in, and leads back here.
    return Kept(go_to(local(without_key(request.url.path, request.url.query))), own_words=True)


def without_key(path: str, query: str) -> str:
    """An address without the answer that it names."""
    try:
        given = parse_qsl(query, keep_blank_values=True, max_num_fields=50)
    except ValueError:
        return path
    kept = [(name, value) for name, value in given if name != PARAMETER]
    return f"{path}?{urlencode(kept, safe='/')}" if kept else path


def page_before(request: Request) -> str:
    """The page that a form was on, as it is now; empty where none can be loaded."""
    path, _, query = page_of_form(request).partition("?")
    return local(without_key(path, query), "")


async def forget(session: AsyncSession, now: datetime) -> None:
    """Removes some that are over; what another transaction holds is left for the next time."""
    key = (col(KeptAnswer.browser), col(KeptAnswer.key))
    over = select(*key).where(col(KeptAnswer.kept_at) <= now - KEPT_FOR)
    chosen = over.limit(_AT_ONCE).with_for_update(skip_locked=True)
    await session.exec(delete(KeptAnswer).where(tuple_(*key).in_(chosen)))


async def _keep(request: Request, answer: HTMLResponse) -> Response:
    services, visitor, page = services_of(request), await visitor_at(request), page_before(request)
    who = visitor.person if visitor else caller_of(request)
    if not page or not await services.rates.limiter.hit(_OFTEN, sha256(who.encode()).hexdigest()):
        return answer
    key = secrets.token_urlsafe(12)
    own_words = getattr(request.state, "own_words", False)
    async with services.acts.desk.transaction() as session:
        await forget(session, services.clock())
        person = visitor.person if visitor else await _person_of_session(session, request)
        if answer.status_code == HTTPStatus.UNAUTHORIZED and not person:
            # Nobody knows whose words these are: whoever sits here next must not find them.
            return answer
        session.add(
            KeptAnswer(
                browser=_browser_of(request),
                key=key,
                path=page.partition("?")[0],
                owner=_in_role(visitor) if visitor and not own_words else person or "",
                own_words=own_words,
                status=answer.status_code,
                page=zlib.compress(bytes(answer.body), 1),
                nonce=request.state.nonce,
                kept_at=services.clock(),
            )
        )
    led = go_to(f"{page}{'&' if '?' in page else '?'}{PARAMETER}={key}")
    led.raw_headers.extend(pair for pair in answer.raw_headers if pair[0] == b"set-cookie")
    led.background = answer.background
    return led


async def _outdate(request: Request) -> None:
    """Forgets what this browser was answered on a page from which something is now taken."""
    try:
        before = urlsplit(request.headers.get("referer", ""))
        named = PARAMETER in parse_qs(before.query, max_num_fields=50)
    except ValueError:
        return
    if not named:
        return
    async with services_of(request).acts.desk.transaction() as session:
        await session.exec(
            delete(KeptAnswer).where(
                col(KeptAnswer.browser) == _browser_of(request), col(KeptAnswer.path) == before.path
            )
        )


def _can_be_kept(request: Request, answer: HTMLResponse) -> bool:
    return (
        _is_navigating(request) and len(answer.body) <= LARGEST and not getattr(request.state, "kept_nowhere", False)
    )


def _is_navigating(request: Request) -> bool:
    """Whether a browser will show the answer as a page; programs and scripts of pages read it themselves."""
    mode = request.headers.get("sec-fetch-mode")
    if mode is not None:
        return mode == "navigate"
    return "hx-request" not in request.headers and "text/html" in request.headers.get("accept", "")


def _browser_of(request: Request) -> str:
    return hash_of(request.cookies.get(BROWSER, ""))


def _in_role(visitor: Visitor) -> str:
    """Names a person in the role that they act in."""
    return f"{visitor.person} {visitor.hat.role.value} {visitor.hat.place}" if visitor.hat else visitor.person


async def _owners(session: AsyncSession, request: Request, visitor: Visitor | None) -> set[str]:
    """As whom who asks may find what was kept; what was made for nobody, as long as nobody is signed in."""
    if visitor is not None:
        return {visitor.person, _in_role(visitor)}
    return {"", await _person_of_session(session, request) or ""}


async def _person_of_session(session: AsyncSession, request: Request) -> str | None:
    """Whose session the browser's cookie is of, also once it has ended."""
    token = request.cookies.get(COOKIE)
    row = await session.get(WebSession, hash_of(token)) if token else None
    return row.person_id if row else None

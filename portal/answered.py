"""Answers to forms that one can go back to and load again, without scripts.

A browser that goes back to the answer of a form would have to send the form again, and says so in words of its own.
So a page that answers a form is kept for half an hour, and the browser is led to it: it stands at the address of the
page that the form was on, with a key beside it. Afterwards that address shows the page as it is then.

It is shown to nobody else: the key counts only with a cookie of the browser that sent the form, and the answer of
somebody who is signed in only while they are, in the same role. Whoever was signed out meanwhile finds it again when
they have signed in.
"""

import asyncio
import secrets
import zlib
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import parse_qsl, urlencode

import structlog
from fastapi import Request
from limits import RateLimitItemPerHour
from sqlalchemy import delete, select
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


async def led_to(request: Request, answer: Response) -> Response:
    """Where a browser is led instead of being given the answer of a form; the answer itself where that cannot be.

    It cannot where no page can be loaded in its place, where it is too large or comes too often, or without the
    database; it is then as good an answer, but going back to it asks whether to send the form again.
    """
    if request.method != "POST" or not isinstance(answer, HTMLResponse) or not _is_navigating(request):
        return answer
    page = local(page_of_form(request), "")
    if not page or len(answer.body) > LARGEST:
        return answer
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await _kept(request, answer, page)
    except Exception as error:
        _log.warning("answer not kept", kind=type(error).__name__)
        return answer


async def shown_again(request: Request) -> Response | None:
    """The answer that an address names; the way to the page itself once it is over; None where it names none."""
    key = request.query_params.get(PARAMETER)
    if key is None or request.method not in {"GET", "HEAD"}:
        return None
    services, visitor = services_of(request), await visitor_at(request)
    async with services.acts.desk.sessions() as session:
        row = await session.get(KeptAnswer, _id_of(request.cookies.get(BROWSER, ""), key))
        if row is not None and row.kept_at > services.clock() - KEPT_FOR:
            person = visitor.person if visitor else await _person_of_session(session, request)
            if row.owner in {"", person, _sitting_of(visitor)}:
                text = zlib.decompress(row.page).decode()
                return HTMLResponse(text.replace(row.nonce, request.state.nonce), row.status)
    return go_to(local(without_key(request.url.path, request.url.query)))


def without_key(path: str, query: str) -> str:
    """An address without the answer that it names."""
    try:
        given = parse_qsl(query, keep_blank_values=True, max_num_fields=50)
    except ValueError:
        return path
    kept = [(name, value) for name, value in given if name != PARAMETER]
    return f"{path}?{urlencode(kept)}" if kept else path


async def forget(session: AsyncSession, now: datetime) -> None:
    """Removes some that are over; what another transaction holds is left for the next time."""
    over = select(col(KeptAnswer.id)).where(col(KeptAnswer.kept_at) <= now - KEPT_FOR)
    chosen = over.limit(_AT_ONCE).with_for_update(skip_locked=True)
    await session.exec(delete(KeptAnswer).where(col(KeptAnswer.id).in_(chosen)))


async def _kept(request: Request, answer: HTMLResponse, page: str) -> Response:
    services, visitor = services_of(request), await visitor_at(request)
    who = visitor.person if visitor else caller_of(request)
    if not await services.rates.limiter.hit(_OFTEN, sha256(who.encode()).hexdigest()):
        return answer
    browser, key = request.cookies.get(BROWSER) or secrets.token_urlsafe(24), secrets.token_urlsafe(12)
    async with services.acts.desk.transaction() as session:
        await forget(session, services.clock())
        owner = _sitting_of(visitor) or await _person_of_session(session, request) or ""
        session.add(
            KeptAnswer(
                id=_id_of(browser, key),
                owner=owner,
                status=answer.status_code,
                page=zlib.compress(bytes(answer.body), 1),
                nonce=request.state.nonce,
                kept_at=services.clock(),
            )
        )
    path, _, query = page.partition("?")
    onward = without_key(path, query)
    led = go_to(f"{onward}{'&' if '?' in onward else '?'}{PARAMETER}={key}")
    led.raw_headers.extend(pair for pair in answer.raw_headers if pair[0] == b"set-cookie")
    led.background = answer.background
    if BROWSER not in request.cookies:
        give(led, BROWSER, browser)
    return led


def _is_navigating(request: Request) -> bool:
    """Whether a browser will show the answer as a page; programs and scripts of pages read it themselves."""
    mode = request.headers.get("sec-fetch-mode")
    if mode is not None:
        return mode == "navigate"
    return "hx-request" not in request.headers and "text/html" in request.headers.get("accept", "")


def _id_of(browser: str, key: str) -> str:
    return hash_of(f"{browser} {key}")


def _sitting_of(visitor: Visitor | None) -> str:
    """Names a sign-in and the role that is acted in; empty for nobody."""
    if visitor is None:
        return ""
    return f"{visitor.mark} {visitor.hat.role.value} {visitor.hat.place}" if visitor.hat else visitor.mark


async def _person_of_session(session: AsyncSession, request: Request) -> str | None:
    """Whose session the browser's cookie is of, also once it has ended."""
    token = request.cookies.get(COOKIE)
    row = await session.get(WebSession, hash_of(token)) if token else None
    return row.person_id if row else None

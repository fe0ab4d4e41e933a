"""What every request passes first: the headers of every answer, a nonce, and a bound on what is sent."""

import re
import secrets

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal.failures import TooLargeError
from portal.headers import headers_for

MOST_BYTES, MOST_BYTES_TYPED = 6_000_000, 1_000_000
"""What a request may send: a file of 5 MB and the form around it; and what a form without a file may."""
_log = structlog.get_logger(__name__)
_HOST = re.compile(r"([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_OTHER_HOST = b"This service is not at this address."
_SHORTEN = "Divide a file into smaller ones and send each; shorten a text."
_BROKEN = b"Sorry, there is a problem with the service. Try again in a few minutes."


class Doorway:
    """The outermost part of the portal."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if _host_of(scope) not in self._hosts:
            # Letters, passkeys and providers are given addresses made of it: a made-up one must get no further.
            await _plainly(send, 400, _OTHER_HOST)
            return
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["nonce"] = nonce
        begun = False

        async def answered(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in headers_for(scope["path"], nonce).items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, _bounded(receive, _most(scope)), answered)
        except ClientDisconnect:
            pass
        except Exception:
            _log.exception("no page could be made")
            if begun:
                raise
            await _plainly(answered, 500, _BROKEN)


def _host_of(scope: Scope) -> str:
    """The name a request was sent to, without its port, in small letters."""
    given = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1").lower()
    found = _HOST.fullmatch(given)
    return found[1] if found else ""


async def _plainly(send: Send, status: int, words: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": words})


def _most(scope: Scope) -> int:
    kind = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    return MOST_BYTES if kind.lower().startswith(b"multipart/form-data") else MOST_BYTES_TYPED


def _bounded(receive: Receive, most: int) -> Receive:
    """Receives at most so many bytes.

    Raises:
        TooLargeError: More were sent.
    """
    left = most

    async def part() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            bound = "5 MB" if most == MOST_BYTES else "1 MB of text"
            raise TooLargeError(f"At most {bound} can be sent at once.", advice=_SHORTEN)
        return message

    return part

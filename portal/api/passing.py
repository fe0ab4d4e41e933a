"""Passes a request on to the interface inside this process, as if the program that shows the token had sent it.

It lends nobody anything: what is passed on is made anew of an operation's own address, what was typed for it, and the
token that was typed. No cookie, no session and no other header goes along, so the interface sees a program with this
token and counts it as it counts every other. The caller's address on the network stays theirs, since tokens that
cannot be used are counted by it.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import Request
from starlette.types import Message, Scope

MOST_BYTES = 64_000
"""Of an answer: the rest is not waited for."""
_NOT_PASSED_BACK = frozenset({"content-security-policy"})
"""It is about this answer as a page, which it is not."""


@dataclass(frozen=True)
class Passing:
    """A request of a program.

    Attributes:
        method: As an operation has it.
        path: An operation's, with its parameters filled in; printable ASCII.
        query: The parameters that are not empty.
        key: The idempotency key, or empty; printable ASCII.
        body: What is sent as JSON; None sends nothing.
        token: The token, or empty; printable ASCII.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    key: str = ""
    body: str | None = None
    token: str = ""

    @property
    def target(self) -> str:
        """The path with its query."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """The headers without the token."""
        found = [("Idempotency-Key", self.key)] if self.key else []
        if self.body is not None:
            found.append(("Content-Type", "application/json"))
        return tuple(found)


@dataclass(frozen=True)
class Answer:
    """What the interface answered; ``cut`` when there was more than is shown."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    cut: bool


async def passed_on(request: Request, passing: Passing) -> Answer:
    """The interface's answer to a request, in this process.

    Args:
        request: Of the page, at whose host and from whose address on the network the request is made.
        passing: What is asked.
    """
    body = (passing.body or "").encode()
    collected = _Collected()
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent or collected.is_cut:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    await request.app(_scope(request, passing, len(body)), receive, collected.take)
    return collected.answer


class _Collected:
    """What is answered, as far as it is wanted."""

    def __init__(self) -> None:
        self._status = 500
        self._headers: tuple[tuple[str, str], ...] = ()
        self._body = b""
        self.is_cut = False

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = tuple(
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in message["headers"]
                if name.decode("latin-1").lower() not in _NOT_PASSED_BACK
            )
            return
        self._body += message.get("body", b"")
        if len(self._body) > MOST_BYTES:
            self._body, self.is_cut = self._body[:MOST_BYTES], True
            if message.get("more_body"):
                # As a program that hangs up: whatever would still be read for it is not read.
                raise OSError("no more is wanted")

    @property
    def answer(self) -> Answer:
        return Answer(self._status, self._headers, self._body, self.is_cut)


def _scope(request: Request, passing: Passing, length: int) -> Scope:
    path, _, query = passing.target.partition("?")
    headers = [("host", request.headers["host"]), ("content-length", str(length)), *passing.headers]
    if passing.token:
        headers.append(("authorization", f"Bearer {passing.token}"))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": passing.method,
        "scheme": request.scope["scheme"],
        "path": path,
        "raw_path": path.encode("ascii"),
        "query_string": query.encode("ascii"),
        "root_path": "",
        "headers": [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in headers],
        "client": request.scope.get("client"),
        "server": request.scope.get("server"),
    }

"""How a worker is looked at from outside: ``/health`` and ``/metrics`` over plain HTTP."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass

from stack.errors import PortTakenError

_REQUEST_SECONDS = 5.0
_MOST_LINES = 100
_TEXT = "text/plain; version=0.0.4; charset=utf-8"
_JSON = "application/json"


@dataclass(frozen=True)
class Page:
    """An answer to one request."""

    status: int
    content: bytes
    kind: str = _TEXT


@dataclass(frozen=True)
class Health:
    """What a worker needs in order to work, each part true or not at this moment.

    Attributes:
        polling: Temporal answers, and this worker asks it for work.
        database: PostgreSQL answers.
        stopping: The worker is ending, and takes no new work.
    """

    polling: bool
    database: bool
    stopping: bool = False

    def page(self) -> Page:
        """200 if work is done, 503 if not; the parts as JSON either way."""
        well = self.polling and self.database and not self.stopping
        content = json.dumps({"status": "ok" if well else "not ready", **asdict(self)}).encode()
        return Page(200 if well else 503, content, _JSON)


Pages = Mapping[str, Callable[[], Awaitable[Page]]]


async def serve(pages: Pages, *, address: str, port: int) -> asyncio.Server:
    """Answer GET and HEAD of each path until the server is closed.

    Raises:
        PortTakenError: When the port cannot be had.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
            async with asyncio.timeout(_REQUEST_SECONDS):
                method, path = await _asked(reader)
            page = await _page(pages, method, path)
            writer.write(_response(page, with_content=method != "HEAD"))
            await writer.drain()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    try:
        return await asyncio.start_server(answer, address, port)
    except OSError as error:
        raise PortTakenError(
            f"Port {port} of {address} cannot be had ({error.strerror}): another program uses it. "
            "Choose another by TALENT_POOL_HEALTH_PORT or TALENT_POOL_METRICS_PORT."
        ) from error


async def _asked(reader: asyncio.StreamReader) -> tuple[str, str]:
    method, path, *_ = (await reader.readline()).decode("latin-1").split()
    for _ in range(_MOST_LINES):
        if not (await reader.readline()).strip():
            break
    return method, path.partition("?")[0]


async def _page(pages: Pages, method: str, path: str) -> Page:
    if method not in {"GET", "HEAD"}:
        return Page(405, b"Only GET is answered here.\n")
    make = pages.get(path)
    if make is None:
        return Page(404, f"There is {' and '.join(pages)}.\n".encode())
    return await make()


def _response(page: Page, *, with_content: bool) -> bytes:
    head = (
        f"HTTP/1.1 {page.status} {'OK' if page.status == 200 else 'Not OK'}\r\n"
        f"Content-Type: {page.kind}\r\nContent-Length: {len(page.content)}\r\n"
        "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + (page.content if with_content else b"")

"""A small HTTP server of a test: it keeps what is posted to it, and answers as it is told."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Taken:
    """A request that was taken."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Answering:
    """What it was sent, and what it answers next; with nothing more to say, 204. None hangs up without an answer."""

    port: int = 0
    taken: list[Taken] = field(default_factory=list)
    answers: list[tuple[int, bytes] | None] = field(default_factory=list)
    silent: bool = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                method, path, _ = line.decode().split()
                headers = {}
                while (header := (await reader.readline()).decode().strip()) != "":
                    name, _, value = header.partition(":")
                    headers[name.lower()] = value.strip()
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self.taken.append(Taken(method, path, headers, body))
                if self.silent:
                    await reader.read()
                    return
                answer = self.answers.pop(0) if self.answers else (204, b"")
                if answer is None:
                    return
                status, said = answer
                head = f"HTTP/1.1 {status} Said\r\nContent-Length: {len(said)}\r\nContent-Type: application/json\r\n"
                writer.write(f"{head}Location: http://127.0.0.1:1/\r\n\r\n".encode() + said)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def answering(tls: ssl.SSLContext | None = None) -> AsyncIterator[Answering]:
    """Serves on a free port of this machine."""
    held = Answering()
    server = await asyncio.start_server(held.serve, "127.0.0.1", 0, ssl=tls)
    held.port = server.sockets[0].getsockname()[1]
    try:
        yield held
    finally:
        server.close()

"""The front page, the health of this process, and letters in development."""

import asyncio
from email import message_from_bytes, policy
from pathlib import Path

from fastapi import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from portal.access import ANYONE, UNSEEN, visitor_at
from portal.failures import NotFoundError
from portal.pages import go_to, render
from portal.routing import area
from portal.services import Surroundings, is_asked_here
from portal.sign_in.roles import home_of

routes = area()
_NEWEST = 20


@routes.get("/", dependencies=[ANYONE])
async def start(request: Request) -> Response:
    """What the service is for; who is signed in goes on to their own first page."""
    visitor = await visitor_at(request)
    if visitor is not None:
        return go_to(home_of((visitor.hat,) if visitor.hat else visitor.hats))
    return await render(request, "front/start.html", title="Start")


@routes.get("/health", dependencies=[UNSEEN])
async def health() -> PlainTextResponse:
    """Whether this process answers; it says nothing of the servers behind it, which come and go."""
    return PlainTextResponse("well\n")


@routes.get("/mailbox", dependencies=[ANYONE])
async def mailbox(request: Request, services: Surroundings) -> HTMLResponse:
    """The newest letters, on one person's machine only."""
    if services.mailbox is None or not services.branding.development or not is_asked_here(request):
        raise NotFoundError
    letters = await asyncio.to_thread(_letters, services.mailbox)
    return await render(request, "front/mailbox.html", title="Mailbox", crumbs=[("Home", "/")], letters=letters)


def _letters(folder: Path) -> list[dict[str, str]]:
    files = sorted(folder.glob("*.eml"), key=lambda file: file.stat().st_mtime, reverse=True)[:_NEWEST]
    found = []
    for file in files:
        message = message_from_bytes(file.read_bytes(), policy=policy.default)
        body = message.get_body()
        found.append(
            {
                "to": str(message["To"]),
                "at": str(message["Date"]),
                "subject": str(message["Subject"]),
                "body": body.get_content() if body else "",
            }
        )
    return found

"""What is asked before a token or an address is ended or changed: what it means, and whether that is wanted."""

from dataclasses import dataclass

from fastapi import Request
from starlette.responses import HTMLResponse

from portal.api.keeping.entry import Keeper
from portal.pages import render


@dataclass(frozen=True)
class Confirmation:
    """A step that is confirmed first.

    Attributes:
        path: What follows the address of what it is about.
        points: What the step means, a line each.
        warning: Whether it takes something away for good.
    """

    path: str
    title: str
    heading: str
    points: tuple[str, ...]
    button: str
    back_words: str
    warning: bool = True


REVOKING = Confirmation(
    "revoke",
    "Revoke a token",
    "Are you sure that you want to revoke this token?",
    (
        "the program that uses it is refused from that moment on",
        "what the program has done stays as it is",
        "it cannot be undone; a nominator of the organisation can make another token",
    ),
    "Revoke the token",
    "Do not revoke it",
)
SWITCHING_OFF = Confirmation(
    "off",
    "Switch off an address",
    "Are you sure that you want to switch off this address?",
    (
        "nothing more is sent to it, not even what it is owed now",
        "what was sent can still be looked at here",
        "it cannot be switched on again; a nominator of the organisation can add the address anew, and is then given "
        "a new secret",
    ),
    "Switch it off",
    "Do not switch it off",
)
RENEWING = Confirmation(
    "secret",
    "Renew the secret",
    "Do you want a new secret for this address?",
    (
        "everything is signed with the new secret from now on, tries of earlier events too",
        "the new secret is shown to you once, on the next page",
        "so that no event is lost, let your program accept both secrets for a few minutes",
    ),
    "Renew the secret",
    "Keep the secret as it is",
    warning=False,
)


async def confirmation_page(
    request: Request, keeper: Keeper, step: Confirmation, *, href: str, name: str, about: str
) -> HTMLResponse:
    """Asks whether the step is wanted.

    Args:
        request: The request.
        keeper: Who is asked.
        step: What they are asked.
        href: Where the page of what it is about is.
        name: What that page is called.
        about: What it is about, in words that tell it from others.
    """
    return await render(
        request,
        "api/keeping/confirm.html",
        title=step.title,
        area=keeper.area,
        crumbs=[*keeper.crumbs, (name, href)],
        step=step,
        about=about,
        href=href,
    )

"""The portal's cookies: a session, an attempt to sign in, and the browser that answers were kept for."""

from datetime import timedelta

from starlette.responses import Response

from portal.sessions import COOKIE

ATTEMPT = "__Host-sign-in"
BROWSER = "__Host-answers"


def give(response: Response, name: str, value: str, lasts: timedelta | None = None) -> None:
    """Sets a cookie that no script reads, that travels over HTTPS alone and never with another site's form."""
    response.set_cookie(
        name,
        value,
        max_age=int(lasts.total_seconds()) if lasts else None,
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )


def take(response: Response, *names: str) -> None:
    """Deletes cookies."""
    for name in names or (COOKIE, ATTEMPT, BROWSER):
        response.delete_cookie(name, path="/", secure=True, httponly=True, samesite="lax")

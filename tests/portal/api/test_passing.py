"""What is passed on to the interface: what was typed, and nothing of the browser that typed it."""

from fastapi import Request
from starlette.types import Receive, Scope, Send

from portal.api.passing import Answer, Passing, passed_on


class Noting:
    """An application that notes what reaches it."""

    def __init__(self) -> None:
        self.scope: Scope = {}
        self.body = b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.body = (await receive())["body"]
        await send({"type": "http.response.start", "status": 204, "headers": [(b"x-told", b"yes")]})
        await send({"type": "http.response.body", "body": b""})


async def passed(passing: Passing) -> tuple[Noting, Answer]:
    """A request passed on from a page that was asked for with a cookie, a token and a proxy's headers of its own."""
    app = Noting()
    page = Request(
        {
            "type": "http",
            "app": app,
            "method": "POST",
            "scheme": "https",
            "path": "/api/v1/docs/anything",
            "query_string": b"own=1",
            "headers": [
                (b"host", b"portal.test"),
                (b"cookie", b"__Host-talent-pool=secret"),
                (b"authorization", b"Bearer tpool_of-the-browser"),
                (b"x-forwarded-for", b"192.0.2.1"),
                (b"sec-fetch-site", b"same-origin"),
            ],
            "client": ("192.0.2.7", 1234),
            "server": ("portal.test", 443),
            "state": {"visitor": "somebody"},
        }
    )
    return app, await passed_on(page, passing)


async def test_nothing_of_the_browser_is_passed_on() -> None:
    app, answer = await passed(Passing("GET", "/api/v1/status", (("cohort", "a&b=c"),)))

    assert app.scope["headers"] == [(b"host", b"portal.test"), (b"content-length", b"0")]
    assert (app.scope["method"], app.scope["path"]) == ("GET", "/api/v1/status")
    assert app.scope["query_string"] == b"cohort=a%26b%3Dc"
    assert "state" not in app.scope
    assert app.scope["client"] == ("192.0.2.7", 1234)
    assert answer == Answer(204, (("x-told", "yes"),), b"", cut=False)


async def test_what_was_typed_is_passed_on() -> None:
    app, _ = await passed(Passing("POST", "/api/v1/nominations", key="a-key", body='{"é": 1}', token="tpool_typed"))

    assert app.scope["headers"] == [
        (b"host", b"portal.test"),
        (b"content-length", b"9"),
        (b"idempotency-key", b"a-key"),
        (b"content-type", b"application/json"),
        (b"authorization", b"Bearer tpool_typed"),
    ]
    assert app.body == '{"é": 1}'.encode()

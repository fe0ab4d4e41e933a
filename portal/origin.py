"""Posts from pages of other sites are refused, without tokens in forms.

The browser says where a request comes from in ``Sec-Fetch-Site``; one too old to say so sends ``Origin``, which must
be this host's, with the scheme the page was asked by (behind a proxy: the one that a trusted proxy names). A client
that sends neither is no browser that somebody could have been lured into, and holds no session cookie unless it was
given one. After the design of Go's CrossOriginProtection (net/http, 1.25).
"""

from urllib.parse import urlsplit

from fastapi import Request

from portal.failures import OtherOriginError

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def refuse_from_elsewhere(request: Request) -> None:
    """Turns away what a page of another site made the browser send, when it would change something.

    Raises:
        OtherOriginError: It did.
    """
    if _is_from_elsewhere(request):
        raise OtherOriginError(
            "Your browser says that this form was sent by a page of another site.",
            advice="Open the page here and send the form again.",
        )


def _is_from_elsewhere(request: Request) -> bool:
    if request.method in _SAFE:
        return False
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("origin")
    if origin is None:
        return False
    said = urlsplit(origin)
    return (said.scheme, said.netloc) != (request.url.scheme, request.headers.get("host", ""))

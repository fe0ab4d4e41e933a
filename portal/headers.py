"""The headers every answer carries."""

_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_ALWAYS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def headers_for(path: str, nonce: str) -> dict[str, str]:
    """The headers of an answer; pages are kept by nobody, files by everybody."""
    kept = path.startswith(("/static/", "/assets/"))
    return {
        **_ALWAYS,
        "Content-Security-Policy": _POLICY.format(nonce=nonce),
        "Cache-Control": "public, max-age=3600" if kept else "no-store",
    }

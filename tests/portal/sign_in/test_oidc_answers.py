"""Answers of an identity provider that are not as the standard has them: each is a failure a person can read."""

import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from portal.oidc import OidcError, Provider

CLIENT = "talent-pool"
HELD = {"state": "a-state", "nonce": "a-nonce", "verifier": "v" * 50}
KEY = RSAKey.generate_key(2048, {"kid": "one"})
Answers = dict[str, object]


@pytest.fixture
def answers() -> Iterator[tuple[str, Answers]]:
    """A provider's address, and what it answers by path."""
    said: Answers = {}

    class Speaking(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            body = json.dumps(said[self.path]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 -- the name the library calls

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Speaking) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        issuer = f"http://localhost:{server.server_port}"
        said["/.well-known/openid-configuration"] = {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/keys",
        }
        said["/keys"] = {"keys": [KEY.as_dict(private=False)]}
        said["/token"] = _token(issuer)
        yield issuer, said
        server.shutdown()


def _token(issuer: str, **claims: object) -> dict[str, object]:
    """An answer of the token endpoint, with an ID token that holds these claims besides the usual ones."""
    usual = {
        "iss": issuer,
        "aud": CLIENT,
        "exp": int(time.time()) + 300,
        "nonce": HELD["nonce"],
        "email": "somebody@example.nhs.test",
        "email_verified": True,
    }
    signed = jwt.encode({"alg": "RS256", "kid": "one"}, {**usual, **claims}, KEY)
    return {"access_token": "a", "token_type": "Bearer", "id_token": signed}


async def _finished(issuer: str, state: str = HELD["state"]) -> str:
    provider = Provider(issuer, CLIENT, None, "The provider")
    return await provider.finish(
        "https://portal.test/back", {"state": state, "code": "c"}, {**HELD, "issuer": issuer}
    )


async def test_state_of_letters_beyond_ascii_is_refused(answers: tuple[str, Answers]) -> None:
    issuer, _ = answers

    with pytest.raises(OidcError, match=r"^state$"):
        await _finished(issuer, state="é")


@pytest.mark.parametrize(
    ("path", "said", "code"),
    [
        ("/token", {"access_token": "a", "token_type": "Bearer", "id_token": None}, "token"),
        ("/token", {"access_token": "a", "token_type": "Bearer"}, "token"),
        ("/token", {"access_token": "a", "token_type": "Bearer", "id_token": "é"}, "id_token"),
        ("/keys", {}, "keys"),
        ("/keys", [], "keys"),
        ("/keys", {"keys": None}, "keys"),
        ("/keys", {"keys": [None]}, "id_token"),
        ("/keys", {"keys": [{"kty": "RSA"}]}, "id_token"),
        ("/.well-known/openid-configuration", [], "issuer"),
    ],
)
async def test_answer_of_another_shape_is_a_failure_of_signing_in(
    answers: tuple[str, Answers], path: str, said: object, code: str
) -> None:
    issuer, answered = answers
    answered[path] = said

    with pytest.raises(OidcError, match=f"^{code}$"):
        await _finished(issuer)


async def test_discovery_without_addresses_is_a_failure_of_signing_in(answers: tuple[str, Answers]) -> None:
    issuer, answered = answers
    answered["/.well-known/openid-configuration"] = {"issuer": issuer}
    provider = Provider(issuer, CLIENT, None, "The provider")

    with pytest.raises(OidcError, match=r"^discovery$"):
        await provider.begin("https://portal.test/back")
    with pytest.raises(OidcError, match=r"^discovery$"):
        await _finished(issuer)


@pytest.mark.parametrize(
    "claims",
    [{}, {"azp": CLIENT}, {"aud": [CLIENT]}, {"aud": [CLIENT, "another"], "azp": CLIENT}],
)
async def test_token_given_to_this_service_signs_in(answers: tuple[str, Answers], claims: dict[str, object]) -> None:
    issuer, answered = answers
    answered["/token"] = _token(issuer, **claims)

    assert await _finished(issuer) == "somebody@example.nhs.test"


@pytest.mark.parametrize(
    "claims",
    [{"aud": [CLIENT, "another"]}, {"aud": [CLIENT, "another"], "azp": "another"}, {"azp": "another"}],
)
async def test_token_given_to_another_service_is_refused(
    answers: tuple[str, Answers], claims: dict[str, object]
) -> None:
    issuer, answered = answers
    answered["/token"] = _token(issuer, **claims)

    with pytest.raises(OidcError, match=r"^party$"):
        await _finished(issuer)

"""OpenID Connect, as far as signing in needs it: authorization code with PKCE (RFC 7636), and a checked ID token.

Who somebody is is their verified email address; what they may do is decided here, never by the provider.
"""

import asyncio
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import SecretStr
from requests import RequestException

_SECONDS = 10
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""What signs an ID token: public keys alone, so that nobody can pass a key off as a shared secret."""


class OidcError(Exception):
    """Signing in with the provider did not work; ``code`` is a word without anything personal."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Provider:
    """An identity provider as the settings name it; ``issuer`` begins its discovery document."""

    issuer: str
    client_id: str
    client_secret: SecretStr | None
    name: str

    async def begin(self, redirect_uri: str) -> tuple[str, dict[str, str]]:
        """Where the browser is sent, and what must match when it comes back.

        Raises:
            OidcError: The provider cannot be reached.
        """
        return await asyncio.to_thread(self._begin, redirect_uri)

    async def finish(self, redirect_uri: str, answered: Mapping[str, str], held: Mapping[str, str]) -> str:
        """The verified email address of who signed in.

        Args:
            redirect_uri: As it was when the attempt began.
            answered: The parameters with which the browser came back.
            held: What `begin` said must match.

        Raises:
            OidcError: The person or the provider refused, or something does not match.
        """
        # As bytes: text with other letters than ASCII cannot be compared so.
        if not hmac.compare_digest(answered.get("state", "").encode(), held["state"].encode()):
            raise OidcError("state")
        if "iss" in answered and answered["iss"] != held["issuer"]:
            raise OidcError("issuer")  # RFC 9207: an answer of another provider
        if "code" not in answered:
            raise OidcError("refused")
        return await asyncio.to_thread(self._finish, redirect_uri, answered["code"], held)

    def _begin(self, redirect_uri: str) -> tuple[str, dict[str, str]]:
        found = self._discovered()
        held = {
            "state": secrets.token_urlsafe(24),
            "nonce": secrets.token_urlsafe(24),
            "verifier": secrets.token_urlsafe(48),
            "issuer": str(found["issuer"]),
        }
        with self._session(redirect_uri) as session:
            address, _ = session.create_authorization_url(
                _address(found, "authorization_endpoint"),
                state=held["state"],
                nonce=held["nonce"],
                code_challenge=create_s256_code_challenge(held["verifier"]),
                code_challenge_method="S256",
            )
        return str(address), held

    def _finish(self, redirect_uri: str, code: str, held: Mapping[str, str]) -> str:
        found = self._discovered()
        try:
            with self._session(redirect_uri) as session:
                token = session.fetch_token(
                    _address(found, "token_endpoint"), code=code, code_verifier=held["verifier"], timeout=_SECONDS
                )
                keys = session.get(_address(found, "jwks_uri"), withhold_token=True, timeout=_SECONDS).json()
        except (OAuthError, RequestException, ValueError):
            raise OidcError("token") from None
        id_token = token.get("id_token") if isinstance(token, Mapping) else None
        if not isinstance(id_token, str):
            raise OidcError("token")
        return self._verified(id_token, keys, held)

    def _verified(self, id_token: str, keys: object, held: Mapping[str, str]) -> str:
        if not (isinstance(keys, Mapping) and isinstance(keys.get("keys"), list)):
            raise OidcError("keys")
        try:
            decoded = jwt.decode(id_token, KeySet.import_key_set(keys), algorithms=_ALGORITHMS)  # type: ignore[arg-type]
            jwt.JWTClaimsRegistry(
                leeway=60,
                iss={"essential": True, "value": held["issuer"]},
                aud={"essential": True, "value": self.client_id},
                exp={"essential": True},
                nonce={"essential": True, "value": held["nonce"]},
            ).validate(decoded.claims)
            self._refuse_another_party(decoded.claims)
        except (JoseError, ValueError, TypeError, LookupError, AttributeError):
            # A key or a claim of another shape than the standard's shows as any of these.
            raise OidcError("id_token") from None
        email, verified = decoded.claims.get("email"), decoded.claims.get("email_verified")
        if not isinstance(email, str) or verified is not True:
            raise OidcError("email")
        return email

    def _refuse_another_party(self, claims: Mapping[str, object]) -> None:
        """An ID token for several names whom it was given to (OpenID Connect Core 1.0, 3.1.3.7, 4 and 5)."""
        audience, party = claims.get("aud"), claims.get("azp")
        several = isinstance(audience, list) and len(audience) > 1
        if (several or party is not None) and party != self.client_id:
            raise OidcError("party")

    def _discovered(self) -> Mapping[str, object]:
        address = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        try:
            with self._session("") as session:
                answer = session.get(address, withhold_token=True, timeout=_SECONDS)
                answer.raise_for_status()
                found: object = answer.json()
        except (RequestException, ValueError):
            raise OidcError("unreachable") from None
        if not isinstance(found, Mapping) or str(found.get("issuer", "")).rstrip("/") != self.issuer.rstrip("/"):
            raise OidcError("issuer")  # OpenID Connect Discovery 1.0, 4.3
        return found

    def _session(self, redirect_uri: str) -> OAuth2Session:
        return OAuth2Session(
            self.client_id,
            self.client_secret.get_secret_value() if self.client_secret else None,
            scope="openid email",
            redirect_uri=redirect_uri,
            token_endpoint_auth_method="client_secret_basic" if self.client_secret else "none",
        )


def _address(found: Mapping[str, object], name: str) -> str:
    """An address of the provider, as its discovery document names it."""
    address = found.get(name)
    if not isinstance(address, str):
        raise OidcError("discovery")
    return address

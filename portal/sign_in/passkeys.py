"""Passkeys (WebAuthn level 2): a second way to sign in, added by who is signed in.

The browser's own dialogue needs JavaScript; codes by email stay for who has none. A passkey must verify its user
(by a PIN or a finger), so that it stands for the whole of signing in.
"""

import json
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from fastapi import Request
from pydantic import StringConstraints
from sqlalchemy import delete
from sqlmodel import col, select
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, Response
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from models.ids import PersonId
from models.tables import Passkey, SignInAttempt
from portal import attempts
from portal.access import ANYONE, SIGNED_IN
from portal.cookies import ATTEMPT, give
from portal.failures import RefusedHereError
from portal.forms import Form, bind
from portal.pages import go_to
from portal.passkey_letters import tell_of_passkey
from portal.rates import CHECK_FROM_CALLER, caller_of
from portal.routing import area, done_once
from portal.services import Services, Surroundings
from portal.sign_in.routes import signed_in
from portal.visitors import Visitor

routes = area()
SignedIn = Annotated[Visitor, SIGNED_IN]
_ADD, _USE = "passkey-add", "passkey"
_MOST = 10
_UNREADABLE = (WebAuthnException, ValueError, RecursionError)
"""What says that a credential cannot be read or does not hold; JSON within JSON without end is the last."""


class CredentialForm(Form):
    """What the browser's dialogue gave, as JSON; ``name``: what the person calls it."""

    credential: Annotated[str, StringConstraints(max_length=10_000, min_length=2)]
    name: Annotated[str, StringConstraints(max_length=80)] = ""
    sentences: ClassVar = {"credential": "Your browser gave no passkey. It may have none, or have scripts turned off"}


class RemovalForm(Form):
    """A passkey to remove."""

    passkey: Annotated[str, StringConstraints(max_length=400)]


@routes.post("/account/passkeys/options")
async def options_to_add(request: Request, visitor: SignedIn, services: Surroundings) -> Response:
    """What the browser needs to make a passkey."""
    async with services.acts.desk.sessions() as session:
        held = (await session.exec(select(Passkey.id).where(col(Passkey.person_id) == visitor.person))).all()
    options = generate_registration_options(
        rp_id=_host(request, services),
        rp_name=services.branding.service_name,
        user_id=visitor.person.encode(),
        user_name=visitor.name,
        user_display_name=visitor.name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=base64url_to_bytes(one)) for one in held],
    )
    return await _challenged(services, _ADD, options.challenge, options_to_json(options), visitor.person)


@routes.post("/account/passkeys")
async def add(request: Request, visitor: SignedIn, services: Surroundings) -> Response:
    """Keeps a passkey that the browser made."""
    form = await bind(request, CredentialForm)
    if form.value is None:
        raise RefusedHereError(CredentialForm.sentences["credential"], href="/account", link="Go to your account")
    given, added = form.value, False

    async def act() -> str:
        nonlocal added
        async with services.acts.desk.transaction() as session:
            attempt = await attempts.claim(session, request.cookies.get(ATTEMPT, ""), _ADD, services.clock())
            count = len((await session.exec(select(Passkey.id).where(Passkey.person_id == visitor.person))).all())
            if attempt is None or attempt.person_id != visitor.person or count >= _MOST:
                raise _refused()
            try:
                made = verify_registration_response(
                    credential=given.credential,
                    expected_challenge=base64url_to_bytes(attempt.held["challenge"]),
                    expected_rp_id=_host(request, services),
                    expected_origin=_origin(request, services),
                    require_user_verification=True,
                )
            except _UNREADABLE:
                raise _refused() from None
            session.add(
                Passkey(
                    id=bytes_to_base64url(made.credential_id),
                    person_id=visitor.person,
                    public_key=bytes_to_base64url(made.credential_public_key),
                    sign_count=made.sign_count,
                    name=given.name or "Passkey",
                    made_at=services.clock(),
                )
            )
        added = True
        return "/account?done=passkey-added"

    response = await done_once(request, act)
    if added:
        response.background = _telling(request, services, visitor, added=True)
    return response


@routes.post("/account/passkeys/remove")
async def remove(request: Request, visitor: SignedIn, services: Surroundings) -> Response:
    """Forgets a passkey."""
    form = await bind(request, RemovalForm)
    if form.value is None:
        raise RefusedHereError("Choose the passkey to remove.", href="/account", link="Go to your account")
    async with services.acts.desk.transaction() as session:
        removed = await session.exec(
            delete(Passkey).where(col(Passkey.id) == form.value.passkey, col(Passkey.person_id) == visitor.person)
        )
    response = go_to("/account?done=passkey-removed")
    if removed.rowcount:
        response.background = _telling(request, services, visitor, added=False)
    return response


@routes.post("/sign-in/passkey/options", dependencies=[ANYONE])
async def options_to_use(request: Request, services: Surroundings) -> Response:
    """What the browser needs to offer its passkeys; nothing in it depends on who asks."""
    await services.rates.count(CHECK_FROM_CALLER, caller_of(request))
    options = generate_authentication_options(
        rp_id=_host(request, services), user_verification=UserVerificationRequirement.REQUIRED
    )
    return await _challenged(services, _USE, options.challenge, options_to_json(options), None)


@routes.post("/sign-in/passkey", dependencies=[ANYONE])
async def use(request: Request, services: Surroundings) -> Response:
    """Signs in with a passkey."""
    form = await bind(request, CredentialForm)
    await services.rates.count(CHECK_FROM_CALLER, caller_of(request))
    if form.value is None:
        raise _refused()
    async with services.acts.desk.transaction() as session:
        attempt = await attempts.claim(session, request.cookies.get(ATTEMPT, ""), _USE, services.clock())
        row = await session.get(Passkey, _id_in(form.value.credential), with_for_update=True)
        # The attempt is used up whatever comes of it, so nothing is raised within the transaction.
        person = _checked(request, services, form.value.credential, attempt, row) if attempt and row else None
        if row is not None and person is not None:
            session.add(row)
    if person is None:
        raise _refused()
    return await signed_in(request, person, "passkey", "/")


def _telling(request: Request, services: Services, visitor: Visitor, *, added: bool) -> BackgroundTask:
    """Writes to the person after the answer."""
    return BackgroundTask(tell_of_passkey, services, visitor.person, str(request.base_url), added=added)


def _checked(
    request: Request, services: Services, credential: str, attempt: SignInAttempt, row: Passkey
) -> PersonId | None:
    try:
        verified = verify_authentication_response(
            credential=credential,
            expected_challenge=base64url_to_bytes(attempt.held["challenge"]),
            expected_rp_id=_host(request, services),
            expected_origin=_origin(request, services),
            credential_public_key=base64url_to_bytes(row.public_key),
            credential_current_sign_count=row.sign_count,
            require_user_verification=True,
        )
    except _UNREADABLE:
        return None
    row.sign_count, row.used_at = verified.new_sign_count, services.clock()
    return PersonId(row.person_id)


def _id_in(credential: str) -> str:
    try:
        document = json.loads(credential)
    except (ValueError, RecursionError):
        return ""
    found = document.get("id") if isinstance(document, dict) else None
    # The database takes neither a NUL nor half a letter, and no passkey is called so.
    return found if isinstance(found, str) and found.isascii() and found.isprintable() else ""


async def _challenged(
    services: Services, way: str, challenge: bytes, options: str, person: PersonId | None
) -> JSONResponse:
    held = {"challenge": bytes_to_base64url(challenge)}
    async with services.acts.desk.transaction() as session:
        handle = await attempts.begin(session, way, held, services.clock(), person=person)
    response = JSONResponse(json.loads(options))
    give(response, ATTEMPT, handle, attempts.GOOD_FOR)
    return response


def _refused() -> RefusedHereError:
    return RefusedHereError(
        "The passkey was not accepted, or it took more than 10 minutes.",
        advice="Try again, or use a code by email.",
        href="/sign-in",
        link="Sign in another way",
    )


def _origin(request: Request, services: Services) -> str:
    return (services.sender.service or str(request.base_url)).rstrip("/")


def _host(request: Request, services: Services) -> str:
    return urlsplit(_origin(request, services)).hostname or ""

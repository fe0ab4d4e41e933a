"""Signing in with a code or a link by email, choosing a role, the account, and signing out."""

import re
from typing import Annotated, ClassVar

import structlog
from fastapi import Request
from pydantic import StringConstraints, field_validator
from sqlalchemy.exc import SQLAlchemyError
from starlette.background import BackgroundTask
from starlette.responses import HTMLResponse, RedirectResponse, Response

from models.ids import PersonId
from models.tables import Person
from notify.channels import ChannelError
from notify.compose import compose
from notify.facts import FactsError
from portal import codes, leftovers, sessions
from portal.access import ANYONE
from portal.cookies import ATTEMPT, give, take
from portal.forms import Bound, Form, bind
from portal.onward import going_on_to
from portal.pages import go_to, local, render
from portal.rates import (
    CHECK_FROM_CALLER,
    SEND_FROM_CALLER,
    SEND_FROM_CALLER_TO_ADDRESS,
    SEND_TO_ADDRESS,
    caller_of,
)
from portal.routing import area
from portal.services import Services, Surroundings, services_of
from portal.sessions import COOKIE
from portal.sign_in.letters import code_letter
from portal.sign_in.roles import home_of

routes = area()
_log = structlog.get_logger(__name__)
_NOBODY = Person(full_name="Nobody Known Here", email="nobody@example.nhs.test")
_WRONG_CODE = (
    "This code is wrong, has been used, or is more than 10 minutes old. Check the newest message, open its link "
    "instead, or ask for a new code"
)


class AddressForm(Form):
    """An address to send a code to; ``next``: where to go on afterwards."""

    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254)]
    next: str = "/"
    sentences: ClassVar = {"email": "Enter an email address, such as name@example.nhs.uk"}


class CodeForm(Form):
    """A code that was sent."""

    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
    next: str = "/"
    sentences: ClassVar = {"code": "Enter the 6 digits of the code"}

    @field_validator("code", mode="before")
    @classmethod
    def _without_spaces(cls, code: object) -> object:
        return re.sub(r"[\s-]", "", code) if isinstance(code, str) else code


class LinkForm(Form):
    """What a link in a letter carries."""

    key: Annotated[str, StringConstraints(max_length=80)]


@routes.get("/sign-in", dependencies=[ANYONE])
async def ask_address(request: Request) -> Response:
    """Asks for the address."""
    form = Bound[AddressForm](typed={"next": local(request.query_params.get("next"))})
    return await _address_page(request, form)


@routes.post("/sign-in", dependencies=[ANYONE])
async def send_code(request: Request, services: Surroundings) -> Response:
    """Sends a code to an address that is known; the answer is the same for every other one."""
    form = await bind(request, AddressForm)
    if form.value is None:
        return await _address_page(request, form, status=422)
    caller, address = caller_of(request), form.value.email.lower()
    await services.rates.count(SEND_FROM_CALLER, caller)
    await services.rates.count(SEND_FROM_CALLER_TO_ADDRESS, f"{caller} {address}")
    await services.rates.count(SEND_TO_ADDRESS, address)
    async with services.acts.desk.transaction() as session:
        asked = await codes.ask(session, form.value.email, services.clock())
    response = go_to(going_on_to("/sign-in/code", form.value.next))
    give(response, ATTEMPT, asked.handle, codes.GOOD_FOR)
    # After the answer: whether there is somebody to write to must not show in how long it takes.
    response.background = BackgroundTask(_afterwards, services, asked, str(request.base_url))
    return response


@routes.get("/sign-in/code", dependencies=[ANYONE])
async def ask_code(request: Request) -> Response:
    """Asks for the code."""
    return await _code_page(request, Bound[CodeForm](typed={"next": local(request.query_params.get("next"))}))


@routes.post("/sign-in/code", dependencies=[ANYONE])
async def check_code(request: Request, services: Surroundings) -> Response:
    """Signs in whoever has the code."""
    form = await bind(request, CodeForm)
    if form.value is None:
        return await _code_page(request, form, status=422)
    await services.rates.count(CHECK_FROM_CALLER, caller_of(request))
    handle = request.cookies.get(ATTEMPT, "")
    async with services.acts.desk.transaction() as session:
        person = await codes.check(session, handle, form.value.code, services.clock())
    if person is None:
        form.refuse("code", _WRONG_CODE)
        return await _code_page(request, form, status=422)
    return await signed_in(request, person, "code", form.value.next)


@routes.get("/sign-in/link", dependencies=[ANYONE])
async def ask_link(request: Request, services: Surroundings) -> HTMLResponse:
    """A page with a button: mail programs that open links to look at them sign nobody in.

    It says whom the link signs in, and warns where another browser asked: somebody may send their own link, so that
    what is typed afterwards is typed into their account.
    """
    await services.rates.count(CHECK_FROM_CALLER, caller_of(request))
    key = request.query_params.get("key", "")[:80]
    async with services.acts.desk.sessions() as session:
        opened = await codes.peek(session, key, services.clock())
    if opened is None:
        return await _expired_link(request)
    elsewhere = codes.hash_of(request.cookies.get(ATTEMPT, "")) != opened.asked_by
    return await render(
        request,
        "sign_in/link.html",
        title="Sign in",
        key=key,
        address=opened.address,
        elsewhere=elsewhere,
        expired=False,
    )


@routes.post("/sign-in/link", dependencies=[ANYONE])
async def check_link(request: Request, services: Surroundings) -> Response:
    """Signs in whoever has the link."""
    form = await bind(request, LinkForm)
    await services.rates.count(CHECK_FROM_CALLER, caller_of(request))
    async with services.acts.desk.transaction() as session:
        person = await codes.check_link(session, form.typed["key"], services.clock())
    if person is None:
        return await _expired_link(request)
    return await signed_in(request, person, "link", "/")


@routes.post("/sign-out", dependencies=[ANYONE])
async def sign_out(request: Request, services: Surroundings) -> RedirectResponse:
    """Signs out in this browser; harmless to repeat."""
    async with services.acts.desk.transaction() as session:
        await sessions.end(session, request.cookies.get(COOKIE, ""), services.clock())
    response = go_to("/signed-out")
    take(response)
    return response


@routes.get("/signed-out", dependencies=[ANYONE])
async def signed_out(request: Request) -> HTMLResponse:
    """Says so."""
    return await render(request, "sign_in/signed_out.html", title="You have signed out")


async def signed_in(
    request: Request, person: PersonId, way: str, onward: str, *, in_any_role: bool = False
) -> RedirectResponse:
    """Begins a session in the place of the browser's last, and leads on: as they wanted, or to choose a role.

    Args:
        request: From the browser that signs in.
        person: Who signs in.
        way: How, for the list of where they are signed in.
        onward: The path they wanted.
        in_any_role: Whether that is a page for which no role need be chosen first.
    """
    services = services_of(request)
    async with services.acts.desk.transaction() as session:
        # Whoever kept the old cookie's token must not be left with a session that nobody can see or end here.
        await sessions.end(session, request.cookies.get(COOKIE, ""), services.clock())
        token = await sessions.begin(session, person, way, services.clock())
        hats = await sessions.hats_of(session, person)
    wanted = local(onward)
    path = wanted if wanted != "/" else home_of(hats)
    if len(hats) > 1 and not in_any_role:
        path = going_on_to("/roles", wanted)
    response = go_to(path)
    take(response, ATTEMPT)
    give(response, COOKIE, token)
    return response


async def _afterwards(services: Services, asked: codes.Asked, base: str) -> None:
    await _send(services, asked, base)
    try:
        async with services.acts.desk.transaction() as session:
            await leftovers.clear(session, services.limits, services.clock())
    except SQLAlchemyError:
        _log.warning("what is left over of signing in was not cleared")


async def _send(services: Services, asked: codes.Asked, base: str) -> None:
    """Writes the letter and sends it to a known person; to nobody it is written as well, and dropped.

    Writing takes this process a moment in which it answers nobody else: that moment must not tell who is known.
    """
    reader = asked.person or _NOBODY
    address = (services.sender.service or base).rstrip("/")
    letter = code_letter(
        asked.code,
        f"{address}/sign-in/link?key={asked.link}",
        service=services.branding.service_name,
        minutes=int(codes.GOOD_FOR.total_seconds() // 60),
    )
    # The letter's own id is not secret, unlike the handle.
    number = f"sign-in/{codes.hash_of(asked.handle)[:24]}"
    try:
        message = compose(
            letter,
            sender=services.sender,
            name=reader.full_name,
            address=reader.email,
            at=services.clock(),
            message_id=number,
        )
        if asked.person is not None:
            await services.channel.send(message, number)
    except (ChannelError, FactsError) as error:
        _log.warning("a code was not sent", reason=getattr(error, "code", "unknown"))


async def _address_page(request: Request, form: Bound[AddressForm], *, status: int = 200) -> HTMLResponse:
    services: Services = request.app.state.services
    return await render(
        request,
        "sign_in/address.html",
        title="Sign in",
        status=status,
        errors=form.problems,
        form=form,
        personas=services.personas,
        provider=services.provider.name if services.provider else "",
    )


async def _code_page(request: Request, form: Bound[CodeForm], *, status: int = 200) -> HTMLResponse:
    if ATTEMPT not in request.cookies:
        return await render(request, "sign_in/no_attempt.html", title="Ask for a code", status=422)
    services: Services = request.app.state.services
    return await render(
        request,
        "sign_in/code.html",
        title="Enter your code",
        status=status,
        errors=form.problems,
        form=form,
        mailbox=services.branding.development,
    )


async def _expired_link(request: Request) -> HTMLResponse:
    return await render(request, "sign_in/link.html", title="Sign in", status=422, key="", expired=True)

"""Showing that an address is one's own, by a code or a link: nobody can nominate themselves by another's address."""

import re
from typing import Annotated, ClassVar

import structlog
from fastapi import Request
from pydantic import AfterValidator, StringConstraints, field_validator
from sqlalchemy.exc import SQLAlchemyError
from starlette.background import BackgroundTask
from starlette.responses import HTMLResponse, Response

from intake.cells import address
from intake.characters import CellError
from notify.channels import ChannelError
from notify.compose import compose
from notify.facts import FactsError
from portal import codes, leftovers
from portal.access import ANYONE, visitor_at
from portal.cookies import ATTEMPT, give
from portal.failures import TooManyError
from portal.forms import Bound, Form, bind
from portal.nominees.oneself.entry import AREA, HOME, ROOT, lines
from portal.pages import go_to, render
from portal.rates import (
    CHECK_FROM_CALLER,
    SEND_FROM_CALLER,
    SEND_FROM_CALLER_TO_ADDRESS,
    SEND_TO_ADDRESS,
    caller_of,
)
from portal.routing import area
from portal.services import Services, Surroundings
from portal.sign_in import newcomers
from portal.sign_in.letters import newcomer_letter
from portal.sign_in.routes import signed_in

routes = area()
_log = structlog.get_logger(__name__)
_BEGIN = f"{ROOT}/begin"
_NOT_ONE = "Enter an email address, such as name@example.nhs.uk"
_WRONG_CODE = (
    "This code is wrong, has been used, or is more than 10 minutes old. Check the newest message, open its link "
    "instead, or ask for a new code"
)


def _address(text: str) -> str:
    try:
        return address(text)
    except CellError:
        raise ValueError(_NOT_ONE) from None


class OwnAddressForm(Form):
    """The address of somebody who wants to nominate themselves, as a nomination may have it."""

    email: Annotated[str, StringConstraints(min_length=3, max_length=254), AfterValidator(_address)]
    sentences: ClassVar = {"email": _NOT_ONE}


class OwnCodeForm(Form):
    """A code that was sent."""

    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
    sentences: ClassVar = {"code": "Enter the 6 digits of the code"}

    @field_validator("code", mode="before")
    @classmethod
    def _without_spaces(cls, code: object) -> object:
        return re.sub(r"[\s-]", "", code) if isinstance(code, str) else code


class OwnLinkForm(Form):
    """What a link in a letter carries."""

    key: Annotated[str, StringConstraints(max_length=80)]


@routes.get("/nominate-yourself/email", dependencies=[ANYONE])
async def ask_address(request: Request, services: Surroundings) -> Response:
    """Asks for the address, while a round is open; who is signed in has shown theirs already."""
    if await visitor_at(request) is not None:
        return go_to(_BEGIN)
    if not await _is_open(services):
        return go_to(ROOT)
    return await _address_page(request, Bound[OwnAddressForm]())


@routes.post("/nominate-yourself/email", dependencies=[ANYONE])
async def send_code(request: Request, services: Surroundings) -> Response:
    """Sends a code to the address, whether or not anybody is known by it."""
    form = await bind(request, OwnAddressForm)
    if form.value is None:
        return await _address_page(request, form, status=422)
    if not await _is_open(services):
        return go_to(ROOT)
    email, caller = form.value.email, caller_of(request)
    await services.rates.count(SEND_FROM_CALLER, caller)
    await services.rates.count(SEND_FROM_CALLER_TO_ADDRESS, f"{caller} {email.lower()}")
    await services.rates.count(SEND_TO_ADDRESS, email.lower())
    async with services.acts.desk.transaction() as session:
        asked = await newcomers.ask(session, email, caller, services.clock())
    if asked is None:
        raise TooManyError(wait="until tomorrow")
    response = go_to(f"{ROOT}/code")
    give(response, ATTEMPT, asked.handle, codes.GOOD_FOR)
    # After the answer: how long it takes must not show who is known.
    response.background = BackgroundTask(_afterwards, services, asked, email, str(request.base_url))
    return response


@routes.get("/nominate-yourself/code", dependencies=[ANYONE])
async def ask_code(request: Request) -> Response:
    """Asks for the code."""
    return await _code_page(request, Bound[OwnCodeForm]())


@routes.post("/nominate-yourself/code", dependencies=[ANYONE])
async def check_code(request: Request, services: Surroundings) -> Response:
    """Signs in whoever has the code, and leads to the first question."""
    form = await bind(request, OwnCodeForm)
    if form.value is None:
        return await _code_page(request, form, status=422)
    await services.rates.count(CHECK_FROM_CALLER, caller_of(request))
    handle = request.cookies.get(ATTEMPT, "")
    async with services.acts.desk.transaction() as session:
        person = await newcomers.check(session, handle, form.value.code, services.clock())
    if person is None:
        form.refuse("code", _WRONG_CODE)
        return await _code_page(request, form, status=422)
    return await signed_in(request, person, "code", _BEGIN, in_any_role=True)


@routes.get("/nominate-yourself/link", dependencies=[ANYONE])
async def ask_link(request: Request, services: Surroundings) -> HTMLResponse:
    """A page with a button: mail programs that open links to look at them use none up."""
    await services.rates.count(CHECK_FROM_CALLER, caller_of(request))
    key = request.query_params.get("key", "")[:80]
    async with services.acts.desk.sessions() as session:
        opened = await newcomers.peek(session, key, services.clock())
    if opened is None:
        return await _link_page(request, status=422)
    elsewhere = codes.hash_of(request.cookies.get(ATTEMPT, "")) != opened.asked_by
    return await _link_page(request, key, opened.address, elsewhere=elsewhere)


@routes.post("/nominate-yourself/link", dependencies=[ANYONE])
async def check_link(request: Request, services: Surroundings) -> Response:
    """Signs in whoever has the link, and leads to the first question."""
    form = await bind(request, OwnLinkForm)
    await services.rates.count(CHECK_FROM_CALLER, caller_of(request))
    async with services.acts.desk.transaction() as session:
        person = await newcomers.check_link(session, form.typed["key"][:80], services.clock())
    if person is None:
        return await _link_page(request, status=422)
    return await signed_in(request, person, "link", _BEGIN, in_any_role=True)


async def _is_open(services: Services) -> bool:
    return any(one.is_open for one in await lines(services))


async def _afterwards(services: Services, asked: codes.Asked, email: str, base: str) -> None:
    await _send(services, asked, email, base)
    try:
        async with services.acts.desk.transaction() as session:
            await leftovers.clear(session, services.limits, services.clock())
    except SQLAlchemyError:
        _log.warning("what is left over of signing in was not cleared")


async def _send(services: Services, asked: codes.Asked, email: str, base: str) -> None:
    """Writes the letter and sends it; it is to the address that was typed, and names nobody."""
    service = (services.sender.service or base).rstrip("/")
    letter = newcomer_letter(
        asked.code,
        f"{service}{ROOT}/link?key={asked.link}",
        service=services.branding.service_name,
        minutes=int(codes.GOOD_FOR.total_seconds() // 60),
    )
    # The letter's own id is not secret, unlike the handle.
    number = f"sign-in/{codes.hash_of(asked.handle)[:24]}"
    try:
        message = compose(
            letter, sender=services.sender, name="", address=email, at=services.clock(), message_id=number
        )
        await services.channel.send(message, number)
    except (ChannelError, FactsError) as error:
        _log.warning("a code was not sent", reason=getattr(error, "code", "unknown"))


async def _address_page(request: Request, form: Bound[OwnAddressForm], *, status: int = 200) -> HTMLResponse:
    return await render(
        request,
        "nominees/oneself/email.html",
        title="What is your email address?",
        area=AREA,
        crumbs=[HOME],
        status=status,
        errors=form.problems,
        form=form,
    )


async def _code_page(request: Request, form: Bound[OwnCodeForm], *, status: int = 200) -> HTMLResponse:
    services: Services = request.app.state.services
    asked = ATTEMPT in request.cookies
    return await render(
        request,
        "nominees/oneself/code.html",
        title="Enter your code" if asked else "Ask for a code",
        area=AREA,
        crumbs=[HOME],
        status=status if asked else 422,
        errors=form.problems if asked else (),
        form=form,
        asked=asked,
        mailbox=services.branding.development,
    )


async def _link_page(
    request: Request, key: str = "", address: str = "", *, elsewhere: bool = False, status: int = 200
) -> HTMLResponse:
    return await render(
        request,
        "nominees/oneself/link.html",
        title="Nominate yourself",
        area=AREA,
        status=status,
        key=key,
        address=address,
        elsewhere=elsewhere,
    )

"""Choosing the role one acts in, and the account: where one is signed in."""

from typing import Annotated, ClassVar

from fastapi import Request
from sqlmodel import col, select
from starlette.responses import HTMLResponse, RedirectResponse, Response

from models.enums import Role
from models.tables import Passkey
from portal import sessions
from portal.access import SIGNED_IN
from portal.cookies import take
from portal.failures import NotAllowedError
from portal.forms import Bound, Form, bind
from portal.pages import Notice, go_to, local, render
from portal.routing import area
from portal.services import Services, Surroundings
from portal.sessions import COOKIE
from portal.visitors import HOMES, ROLE_WORDS, Hat, Visitor
from portal.words import day, moment

routes = area()
SignedIn = Annotated[Visitor, SIGNED_IN]
_FOR_EVERYBODY = "/nominate-yourself"
"""What begins the pages that somebody can go on with in whatever role."""


class RoleForm(Form):
    """A role, with its place after a colon."""

    hat: str
    next: str = "/"
    sentences: ClassVar = {"hat": "Choose the role you want to act in"}


def home_of(hats: tuple[Hat, ...]) -> str:
    """Where somebody begins who holds these roles."""
    return HOMES[hats[0].role] if len(hats) == 1 else "/roles"


@routes.get("/roles")
async def ask_role(request: Request, visitor: SignedIn, services: Surroundings) -> HTMLResponse:
    """Shows everything the person could act as."""
    typed = {"next": local(request.query_params.get("next"))}
    if visitor.hat:
        typed["hat"] = _word(visitor.hat)
    return await _page(request, visitor, services, Bound[RoleForm](typed=typed))


@routes.post("/roles")
async def choose_role(request: Request, visitor: SignedIn, services: Surroundings) -> Response:
    """Lets the person act in another role from now on, in this browser."""
    form = await bind(request, RoleForm)
    chosen = next((hat for hat in visitor.hats if form.value and _word(hat) == form.value.hat), None)
    if form.value is None or chosen is None:
        form.refuse("hat", RoleForm.sentences["hat"])
        return await _page(request, visitor, services, form, status=422)
    token = request.cookies.get(COOKIE, "")
    async with services.acts.desk.transaction() as session:
        if not await sessions.choose(session, token, chosen, services.limits, services.clock()):
            raise NotAllowedError("You no longer hold this role.")
    wanted = local(form.value.next)
    home = HOMES[chosen.role]
    return go_to(wanted if wanted.startswith((f"{home}/", home, _FOR_EVERYBODY)) else home)


@routes.get("/account")
async def account(request: Request, visitor: SignedIn, services: Surroundings) -> HTMLResponse:
    """Where the person is signed in, and the roles they hold."""
    async with services.acts.desk.sessions() as session:
        rows = await sessions.open_sessions_of(session, visitor.person, services.limits, services.clock())
        keys = await session.exec(
            select(Passkey).where(col(Passkey.person_id) == visitor.person).order_by(col(Passkey.made_at))
        )
        passkeys = [{"id": one.id, "name": one.name, "added": day(one.made_at)} for one in keys]
    words = await _words_of(services, visitor.hats)
    signed_in = [
        {
            "way": _WAYS.get(row.way, row.way),
            "since": moment(row.started_at),
            "seen": moment(row.seen_at),
            "here": row.id[:16] == visitor.mark,
        }
        for row in rows
    ]
    done = _DONE.get(request.query_params.get("done", ""))
    return await render(
        request,
        "sign_in/account.html",
        title="Your account",
        notice=Notice(done) if done else None,
        signed_in=signed_in,
        roles=list(words.values()),
        passkeys=passkeys,
    )


@routes.post("/account/sign-out-everywhere")
async def sign_out_everywhere(visitor: SignedIn, services: Surroundings) -> RedirectResponse:
    """Signs the person out of every browser, this one too."""
    async with services.acts.desk.transaction() as session:
        await sessions.end_everywhere(session, visitor.person, services.clock())
    response = go_to("/signed-out")
    take(response)
    return response


_DONE = {"passkey-added": "The passkey was added", "passkey-removed": "The passkey was removed"}
_WAYS = {
    "code": "Code by email",
    "link": "Link by email",
    "oidc": "Your organisation’s sign-in",
    "passkey": "Passkey",
    "persona": "Made-up person",
}


async def _page(
    request: Request, visitor: Visitor, services: Services, form: Bound[RoleForm], *, status: int = 200
) -> HTMLResponse:
    words = await _words_of(services, visitor.hats)
    options = [{"value": _word(hat), "text": text} for hat, text in words.items()]
    return await render(
        request,
        "sign_in/roles.html",
        title="Choose a role",
        status=status,
        errors=form.problems,
        form=form,
        options=options,
    )


async def _words_of(services: Services, hats: tuple[Hat, ...]) -> dict[Hat, str]:
    async with services.acts.desk.transaction() as session:
        names = await sessions.organisation_names(session, [hat.place for hat in hats if hat.role is Role.NOMINATOR])
    return {hat: _in_words(hat, names) for hat in hats}


def _in_words(hat: Hat, names: dict[str, str]) -> str:
    words = ROLE_WORDS[hat.role]
    if hat.role is Role.NOMINATOR:
        return f"{words} for {names.get(hat.place, hat.place)}"
    return f"{words} {hat.place}" if hat.role is Role.ASSESSOR else words


def _word(hat: Hat) -> str:
    return f"{hat.role.value}:{hat.place}"

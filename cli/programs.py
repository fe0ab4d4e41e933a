"""Commands on what an organisation's programs have: tokens, and the addresses that events are sent to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from cli.failures import FailedError, run
from cli.reach import reached, stored
from cli.showing import say, show_json, show_table
from cli.terms import As, Json, RoleOption, command, room
from cli.who import acting, required
from models.enums import Role
from models.programs import DeliveryStatus, Scope

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

    from acts.programs import ProgramActs
    from models.ids import OrganisationCode
    from models.messages import By

# ruff: noqa: PLC0415, PLR0917 -- imported where needed, so that --help answers at once; options become parameters

tokens = room("Tokens with which an organisation's programs use the interface.")
webhooks = room("Addresses that an organisation's events are sent to.")

Organisation = Annotated[str, typer.Option("--organisation", metavar="CODE", help="The organisation's ODS code.")]
EndpointArgument = Annotated[str, typer.Argument(metavar="ENDPOINT", help="Its id, such as wh-0123456789ab.")]


@command(
    tokens,
    "make",
    example="token make --organisation R1D --for Staff-records --scope nominations:read --as nominator@r1d.example",
)
def make_token(
    organisation: Organisation,
    name: Annotated[str, typer.Option("--for", metavar="PROGRAM", help="What program it is for; its name in lists.")],
    scope: Annotated[
        list[Scope], typer.Option("--scope", help="What it may be used for; may be given several times.")
    ],
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="For how many days it can be used.")] = 90,
    who: As = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Make a token; it is shown once, and acts as the nominator who makes it, for as long as they are one."""
    run(_make(organisation.upper(), name, scope, days, who, role, as_json=as_json))


async def _make(
    organisation: str, name: str, scopes: list[Scope], days: int, who: str | None, role: Role | None, *, as_json: bool
) -> None:
    async with _at(organisation, who, role) as (acts, code, by):
        made = await acts.make_token(code, by, name, scopes, days=days)
    row = made.row
    if as_json:
        show_json({"id": row.id, "token": made.token, "scopes": row.scopes, "expires_at": row.expires_at})
    else:
        say(f"Token {row.id} for {organisation}, which expires on {row.expires_at:%Y-%m-%d}. Keep it where only the")
        say("program can read it: it is not shown again.")
        say(made.token)


@command(tokens, "list", example="token list --organisation R1D --as nominator@r1d.example")
def list_tokens(organisation: Organisation, who: As = None, role: RoleOption = None, as_json: Json = False) -> None:
    """List an organisation's tokens, without what is secret of them."""
    run(_tokens(organisation.upper(), who, role, as_json=as_json))


async def _tokens(organisation: str, who: str | None, role: Role | None, *, as_json: bool) -> None:
    from storage.programs import tokens_of

    async with stored() as sessions, sessions() as session:
        await _may_look(session, organisation, who, role)
        rows = await tokens_of(session, organisation)
    if as_json:
        show_json([row.model_dump(mode="json", exclude={"token_sha256"}) for row in rows])
    elif rows:
        show_table(
            ["token", "name", "scopes", "made by", "expires", "last used", "revoked"],
            [
                (
                    row.id,
                    row.name,
                    " ".join(row.scopes),
                    row.made_by,
                    f"{row.expires_at:%Y-%m-%d}",
                    f"{row.used_at:%Y-%m-%d %H:%M}" if row.used_at else "never",
                    f"{row.revoked_at:%Y-%m-%d}" if row.revoked_at else "",
                )
                for row in rows
            ],
        )
    else:
        say("This organisation has no token: make one with 'python starter.py token make'.")


@command(tokens, "revoke", example="token revoke tk-0123456789ab --as operations@example.nhs.test")
def revoke_token(
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="Its id, such as tk-0123456789ab.")],
    who: As = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """End a token's use at once; for a nominator of its organisation, and for operations."""
    run(_revoke(token, who, role, as_json=as_json))


async def _revoke(token: str, who: str | None, role: Role | None, *, as_json: bool) -> None:
    from acts.programs import ProgramActs

    async with stored() as sessions:
        async with sessions() as session:
            by = await acting(session, who, role, await _act_of(session, who, role))
        row = await ProgramActs(sessions).revoke_token(token, by)
    if as_json:
        show_json({"id": row.id, "organisation": row.organisation_code, "revoked_at": row.revoked_at})
    else:
        say(f"Token {row.id} of {row.organisation_code} can no longer be used.")


@command(
    webhooks,
    "add",
    example="webhook add https://hr.example.nhs.uk/pool --organisation R1D --as nominator@r1d.example",
)
def add_endpoint(
    url: Annotated[str, typer.Argument(metavar="URL", help="An address over https that takes POSTs.")],
    organisation: Organisation,
    who: As = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Send an organisation's events to an address from now on; its secret is shown once."""
    run(_add(url, organisation.upper(), who, role, as_json=as_json))


async def _add(url: str, organisation: str, who: str | None, role: Role | None, *, as_json: bool) -> None:
    from notify.settled import poster_of

    poster = poster_of(reached())
    async with _at(organisation, who, role) as (acts, code, by):
        row = await acts.add_endpoint(code, by, url, poster=poster)
    if as_json:
        show_json({"id": row.id, "url": row.url, "secret": row.secret})
    else:
        say(f"Endpoint {row.id}: events of {organisation} are sent to it from now on, signed with this secret:")
        say(row.secret)


@command(webhooks, "list", example="webhook list --organisation R1D --as nominator@r1d.example")
def list_endpoints(
    organisation: Organisation, who: As = None, role: RoleOption = None, as_json: Json = False
) -> None:
    """List the addresses that an organisation's events are sent to."""
    run(_endpoints(organisation.upper(), who, role, as_json=as_json))


async def _endpoints(organisation: str, who: str | None, role: Role | None, *, as_json: bool) -> None:
    from storage.programs import endpoints_of

    async with stored() as sessions, sessions() as session:
        await _may_look(session, organisation, who, role)
        rows = await endpoints_of(session, organisation)
    if as_json:
        show_json([{"id": row.id, "url": row.url, "kinds": row.kinds, "made_at": row.made_at} for row in rows])
    elif rows:
        show_table(["endpoint", "address", "made"], [(row.id, row.url, f"{row.made_at:%Y-%m-%d}") for row in rows])
    else:
        say("This organisation's events are sent nowhere: add an address with 'python starter.py webhook add'.")


@command(webhooks, "remove", example="webhook remove wh-0123456789ab --organisation R1D --as nominator@r1d.example")
def remove_endpoint(
    endpoint: EndpointArgument,
    organisation: Organisation,
    who: As = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Send nothing more to an address, not even what it was owed."""
    run(_remove(endpoint, organisation.upper(), who, role, as_json=as_json))


async def _remove(endpoint: str, organisation: str, who: str | None, role: Role | None, *, as_json: bool) -> None:
    async with _at(organisation, who, role) as (acts, code, by):
        await acts.remove_endpoint(code, by, endpoint)
    if as_json:
        show_json({"id": endpoint, "removed": True})
    else:
        say(f"Nothing more is sent to {endpoint}.")


@command(
    webhooks,
    "deliveries",
    example="webhook deliveries wh-0123456789ab --organisation R1D --as nominator@r1d.example",
)
def list_deliveries(
    endpoint: EndpointArgument,
    organisation: Organisation,
    status: Annotated[
        DeliveryStatus | None, typer.Option("--status", help="Only those of which this became.")
    ] = None,
    after: Annotated[str, typer.Option("--after", metavar="ID", help="Begin after this one.")] = "",
    who: As = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """List what was sent to an address or is owed to it, oldest first, 50 at a time."""
    run(_deliveries(endpoint, organisation.upper(), status, after, who, role, as_json=as_json))


async def _deliveries(
    endpoint: str,
    organisation: str,
    status: DeliveryStatus | None,
    after: str,
    who: str | None,
    role: Role | None,
    *,
    as_json: bool,
) -> None:
    from storage.programs import deliveries_of, endpoint_of

    async with stored() as sessions, sessions() as session:
        await _may_look(session, organisation, who, role)
        if await endpoint_of(session, organisation, endpoint) is None:
            raise FailedError(f"{organisation} has no endpoint '{endpoint}': look at 'webhook list'.")
        rows = await deliveries_of(session, endpoint, status=status, after=after)
    if as_json:
        show_json([row.model_dump(mode="json") for row in rows])
    elif rows:
        show_table(
            ["delivery", "status", "tries", "answered", "failure"],
            [(row.id, row.status, str(row.tries), str(row.answered or ""), row.failure or "") for row in rows],
        )
    else:
        say("Nothing was sent to this address yet, nor is anything owed to it.")


@command(
    webhooks,
    "replay",
    example="webhook replay wh-0123456789ab wh-0123456789ab.000000000042 --organisation R1D "
    "--as nominator@r1d.example",
)
def replay(
    endpoint: EndpointArgument,
    delivery: Annotated[str, typer.Argument(metavar="DELIVERY", help="Its id, as 'webhook deliveries' shows it.")],
    organisation: Organisation,
    who: As = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Send an event again under the same id, also one that was delivered or given up."""
    run(_replay(endpoint, delivery, organisation.upper(), who, role, as_json=as_json))


async def _replay(
    endpoint: str, delivery: str, organisation: str, who: str | None, role: Role | None, *, as_json: bool
) -> None:
    async with _at(organisation, who, role) as (acts, code, by):
        row = await acts.replay(code, by, endpoint, delivery)
    if as_json:
        show_json({"id": row.id, "status": row.status})
    else:
        say(f"{row.id} is sent again within seconds.")


@asynccontextmanager
async def _at(
    organisation: str, who: str | None, role: Role | None
) -> "AsyncIterator[tuple[ProgramActs, OrganisationCode, By]]":
    """The acts, the organisation and who acts for it."""
    from acts.programs import ProgramActs
    from models.ids import OrganisationCode
    from rules.permissions import Subject

    code = OrganisationCode(organisation)
    async with stored() as sessions:
        async with sessions() as session:
            act = await _act_of(session, who, role)
            by = await acting(session, who, role, act, subject=Subject(organisation=code))
        yield ProgramActs(sessions), code, by


async def _act_of(session: "AsyncSession", who: str | None, role: Role | None) -> str:
    """The act that lets this person keep tokens and endpoints: operations keep all, nominators their own."""
    from storage.lists import person_at, roles_of

    person = await person_at(session, who) if who else None
    held = {one for one, _ in await roles_of(session, person.id)} if person else set()
    operates = role is Role.OPERATIONS or (role is None and Role.OPERATIONS in held and Role.NOMINATOR not in held)
    return "import_register" if operates else "nominate"


async def _may_look(session: "AsyncSession", organisation: str, who: str | None, role: Role | None) -> None:
    asker = await required(session, who, role, await _act_of(session, who, role))
    if asker.role is not Role.OPERATIONS and organisation not in asker.places:
        raise FailedError("Tokens and endpoints are shown to nominators of the organisation and to operations.")

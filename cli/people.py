"""Commands on people's roles."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.failures import FailedError, run
from cli.reach import stored
from cli.showing import say, show_json, show_table
from cli.terms import AsOperations, AsReader, Json, RoleOption, command, room
from cli.who import asking
from models.enums import Role

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

# ruff: noqa: PLC0415, PLR0917 -- imported where needed, so that --help answers at once; options become parameters

app = room("Who holds which role.")


@command(
    app,
    "grant",
    example='user grant jo.field@example.nhs.test operations --name "Jo Field" --as ops@example.nhs.test',
)
def grant(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The person's e-mail address.")],
    granted: Annotated[Role, typer.Argument(metavar="ROLE", help="The role they are given.")],
    name: Annotated[str, typer.Option("--name", help="Their full name; needed for somebody new.")] = "",
    post: Annotated[str, typer.Option("--post", help="Their post.")] = "",
    organisation: Annotated[
        str, typer.Option("--organisation", metavar="CODE", help="The ODS code, for a nominator.")
    ] = "",
    who: AsOperations = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Give a person a role; the first operations person needs nobody's leave."""
    offices = (Role.MODERATOR, Role.BOARD, Role.OPERATIONS, Role.INCLUSION_ADVISER, Role.NOMINATOR)
    if granted not in offices:
        raise typer.BadParameter(f"A role that can be given is {', '.join(offices)}; the others follow from a case.")
    if (granted is Role.NOMINATOR) != bool(organisation):
        raise typer.BadParameter("Give --organisation for a nominator, and for nobody else.")
    run(_grant(email, granted, name, post, organisation.upper(), who, role, as_json=as_json))


async def _grant(
    email: str,
    granted: Role,
    name: str,
    post: str,
    organisation: str,
    who: str | None,
    role: Role | None,
    *,
    as_json: bool,
) -> None:
    from cli.imports import importer
    from intake.cells import CellError, address, person_name
    from intake.register import import_officers
    from intake.rows import OfficerRow
    from storage.lists import person_at

    async with stored() as sessions, sessions.begin() as session:
        by = await importer(session, who, role, "import_register")
        there = await person_at(session, email) if "@" in email else None
        try:
            written, full_name = address(email), person_name(name or (there.full_name if there else ""))
        except CellError as error:
            raise FailedError(f"{error} Give the address, and --name for somebody new.") from None
        row = OfficerRow(
            line=1, full_name=full_name, email=written, post=post, role=granted, organisation=organisation
        )
        result = await import_officers(session, [row], datetime.now(UTC), by=by)
        person = await person_at(session, written)
        identifier = person.id if person else ""
    if as_json:
        show_json({"person": identifier, "role": granted, "organisation": organisation, "new": bool(result.new)})
    else:
        say(f"{identifier} {'now holds' if result.new else 'held already'} the role {granted}.")


@command(
    app,
    "revoke",
    example="user revoke nominator --email jo.field@example.nhs.test --organisation RXX --as ops@example.nhs.test",
)
def revoke(
    revoked: Annotated[Role, typer.Argument(metavar="ROLE", help="The role they lose.")],
    email: Annotated[str, typer.Option("--email", metavar="EMAIL", help="The person's e-mail address or id.")],
    organisation: Annotated[
        str, typer.Option("--organisation", metavar="CODE", help="The ODS code, for a nominator.")
    ] = "",
    who: AsOperations = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Take a role from a person; the last one in operations stays."""
    if (revoked is Role.NOMINATOR) != bool(organisation):
        raise typer.BadParameter("Give --organisation for a nominator, and for nobody else.")
    run(_revoke(revoked, email, organisation.upper(), who, role, as_json=as_json))


async def _revoke(
    revoked: Role, email: str, organisation: str, who: str | None, role: Role | None, *, as_json: bool
) -> None:
    from cli.imports import importer
    from cli.who import person_id
    from intake.known import one_at_a_time
    from models.tables import RoleGrant
    from storage import audit

    async with stored() as sessions, sessions.begin() as session:
        # Two who take each other's role at the same moment must not both find the other still there.
        await one_at_a_time(session)
        by = await importer(session, who, role, "import_register")
        person = await person_id(session, email)
        held = await session.get(RoleGrant, (person, revoked, organisation))
        if held is None:
            raise FailedError(f"{person} was not given this role: look at 'python starter.py user list'.")
        if revoked is Role.OPERATIONS and await _is_last(session, person):
            raise FailedError(f"{person} is the last in operations: give the role to somebody else first.")
        await session.delete(held)
        await session.flush()
        await audit.append(
            session,
            at=datetime.now(UTC),
            actor=by.person,
            role=by.role,
            what="officer_revoked",
            subject=f"person/{person}",
            before={"role": revoked.value, "organisation": organisation},
        )
    if as_json:
        show_json({"person": person, "role": revoked, "organisation": organisation, "revoked": True})
    else:
        say(f"{person} no longer holds the role {revoked}.")


async def _is_last(session: "AsyncSession", person: str) -> bool:
    from sqlmodel import col, select

    from models.tables import RoleGrant

    others = select(RoleGrant.person_id).where(
        col(RoleGrant.role) == Role.OPERATIONS, col(RoleGrant.person_id) != person
    )
    return (await session.exec(others.limit(1))).first() is None


@command(app, "list", example="user list --only operations --as operations@example.nhs.test")
def list_people(
    only: Annotated[Role | None, typer.Option("--only", help="Only those who hold this role.")] = None,
    who: AsReader = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """List who was given which role; names and addresses for operations only."""
    run(_list(only, who, role, as_json=as_json))


async def _list(only: Role | None, who: str | None, role: Role | None, *, as_json: bool) -> None:
    from storage.lists import people_with_roles

    async with stored() as sessions, sessions() as session:
        asker = await asking(session, who, role, "import_register")
        found = await people_with_roles(session, only)
    if as_json:
        show_json(
            [
                {
                    "person": person.id,
                    "role": one.role,
                    "organisation": one.organisation_code,
                    "granted_at": one.granted_at,
                    **({"name": person.full_name, "email": person.email} if asker else {}),
                }
                for one, person in found
            ]
        )
    elif found:
        show_table(
            ["person", "role", "organisation", *(["name", "address"] if asker else [])],
            [
                [person.id, one.role, one.organisation_code, *([person.full_name, person.email] if asker else [])]
                for one, person in found
            ],
        )
    else:
        say("Nobody was given such a role yet: use 'python starter.py user grant' or 'import officers'.")

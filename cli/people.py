"""Commands on people's roles."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.failures import FailedError, run
from cli.forms import Field, Form, FormFile
from cli.reach import stored
from cli.showing import say, show_json, show_table
from cli.terms import AsOperations, Json, RoleOption, command, room
from cli.who import required
from models.enums import AddressReason, Role

# ruff: noqa: PLC0415, PLR0917 -- imported where needed, so that --help answers at once; options become parameters

app = room("Who holds which role.")


PERSON = Form(
    "user grant",
    (
        Field("full_name", "Their full name; may be left empty for somebody known.", "--name"),
        Field("email", "Their email address.", "--email"),
        Field("post", "Their post.", "--post"),
        Field("organisation", "For a nominator: the organisation's ODS code.", "--organisation"),
    ),
    before="ROLE ",
)
_GIVEN = (Role.MODERATOR, Role.BOARD, Role.OPERATIONS, Role.INCLUSION_ADVISER, Role.NOMINATOR)


@command(app, "grant", example="user grant operations --from person.toml --as operations@example.nhs.test")
def grant(
    granted: Annotated[Role, typer.Argument(metavar="ROLE", help="The role they are given.")],
    source: FormFile = None,
    blank: Annotated[bool, PERSON.on_paper()] = False,
    email: Annotated[str, typer.Option("--email", metavar="EMAIL", help="The person's email address.")] = "",
    name: Annotated[str, typer.Option("--name", help="Their full name; needed for somebody new.")] = "",
    post: Annotated[str, typer.Option("--post", help="Their post.")] = "",
    organisation: Annotated[
        str, typer.Option("--organisation", metavar="CODE", help="The ODS code, for a nominator.")
    ] = "",
    who: AsOperations = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Give a person a role; the first operations person needs nobody's leave.

    Write who they are into a form, 'user grant --form > person.toml', or into the options below.
    """
    if granted not in _GIVEN:
        raise typer.BadParameter(f"A role that can be given is {', '.join(_GIVEN)}; the others follow from a case.")
    given = {"email": email, "full_name": name, "post": post, "organisation": organisation}
    written = {**PERSON.filled(source, given), "role": granted.value}
    run(_grant(written, who, role, as_json=as_json))


async def _grant(written: dict[str, str], who: str | None, role: Role | None, *, as_json: bool) -> None:
    from acts.people import grant_role
    from cli.imports import importer
    from intake.forms import read_officer
    from intake.problems import BadFile, BadForm
    from storage.lists import person_at

    async with stored() as sessions, sessions.begin() as session:
        by = await importer(session, who, role, "import_register")
        known = await person_at(session, written["email"]) if "@" in written.get("email", "") else None
        try:
            row = read_officer({**({"full_name": known.full_name} if known else {}), **_said(written)})
        except BadForm as bad:
            PERSON.refuse(bad)
        try:
            granted = await grant_role(session, row, by, datetime.now(UTC))
        except BadFile as bad:
            raise FailedError("\n".join(f"{one.column}: {one.sentence}" for one in bad.problems)) from None
    if as_json:
        show_json({"person": granted.person, "role": row.role, "organisation": row.organisation, "new": granted.new})
    else:
        say(f"{granted.person} {'now holds' if granted.new else 'held already'} the role {row.role}.")


def _said(written: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in written.items() if text.strip()}


@command(
    app,
    "revoke",
    example="user revoke nominator --person p-0123456789ab --organisation R1D --as operations@example.nhs.test",
)
def revoke(
    revoked: Annotated[Role, typer.Argument(metavar="ROLE", help="The role they lose.")],
    email: Annotated[
        str,
        typer.Option(
            "--person", "--email", metavar="PERSON", help="A person's id, as 'user list' shows it, or email address."
        ),
    ],
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
    from acts.people import withdraw_role
    from cli.imports import importer
    from cli.who import person_id
    from intake.known import one_at_a_time

    async with stored() as sessions, sessions.begin() as session:
        # Whether they still hold the role in which they act must not change while they do.
        await one_at_a_time(session)
        by = await importer(session, who, role, "import_register")
        person = await person_id(session, email)
        await withdraw_role(session, person, revoked, organisation, by=by, at=datetime.now(UTC))
    if as_json:
        show_json({"person": person, "role": revoked, "organisation": organisation, "revoked": True})
    else:
        say(f"{person} no longer holds the role {revoked}.")


@command(
    app,
    "address",
    example="user address p-0123456789ab --reason address_mistyped --as operations@example.nhs.test",
)
def address(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="A person's id, or their present email address.")],
    reason: Annotated[AddressReason, typer.Option("--reason", help="Why, as one of these codes.")],
    email: Annotated[
        str,
        typer.Option(
            "--email", metavar="EMAIL", prompt="Their new email address", help="The new one; asked for without it."
        ),
    ],
    who: AsOperations = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Correct a person's email address, also that of a moderator, the board or operations; both addresses are told.

    They are signed out everywhere, and their passkeys, and codes and links sent before, work no more.
    """
    run(_address(person, email, reason, who, role, as_json=as_json))


async def _address(
    who_is: str, email: str, reason: AddressReason, who: str | None, role: Role | None, *, as_json: bool
) -> None:
    from acts.addresses import AddressActs, Post
    from cli.reach import at_desk, reached
    from cli.who import acting, person_id
    from intake.cells import address as read_address
    from intake.characters import CellError
    from notify.settled import channel_of, sender_of

    settings = reached()
    try:
        new = read_address(email.strip())
    except CellError as error:
        raise FailedError(str(error)) from None
    async with at_desk() as acts:
        async with acts.desk.sessions() as session:
            by = await acting(session, who, role, "import_register")
            person = await person_id(session, who_is)
        post = Post(channel_of(settings), sender_of(settings), settings.service_name)
        told = await AddressActs(acts.desk, post).correct(person, new, reason, by, officers=True)
    if as_json:
        show_json({"person": person, "corrected": True, "old_address_told": told})
    else:
        say(f"{person} has another address, and was told at it.")
        say("The old address was told too." if told else "The old address could not be told.")


@command(app, "list", example="user list --only operations --as operations@example.nhs.test")
def list_people(
    only: Annotated[Role | None, typer.Option("--only", help="Only those who hold this role.")] = None,
    who: AsOperations = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """List who was given which role, for operations."""
    run(_list(only, who, role, as_json=as_json))


async def _list(only: Role | None, who: str | None, role: Role | None, *, as_json: bool) -> None:
    from storage.lists import people_with_roles

    async with stored() as sessions, sessions() as session:
        await required(session, who, role, "import_register")
        found = await people_with_roles(session, only)
    if as_json:
        show_json(
            [
                {
                    "person": person.id,
                    "role": one.role,
                    "organisation": one.organisation_code,
                    "granted_at": one.granted_at,
                    "name": person.full_name,
                    "email": person.email,
                }
                for one, person in found
            ]
        )
    elif found:
        show_table(
            ["person", "role", "organisation", "name", "address"],
            [(person.id, one.role, one.organisation_code, person.full_name, person.email) for one, person in found],
        )
    else:
        say("Nobody was given such a role yet: use 'python starter.py user grant' or 'import officers'.")

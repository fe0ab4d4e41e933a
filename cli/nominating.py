"""Commands that nominate: putting a person forward, letting a late nomination in, endorsing."""

import os
from typing import Annotated

import typer

from cli.failures import run
from cli.reach import at_desk
from cli.showing import say, show_json
from cli.steering import on_nomination, the_cohort
from cli.terms import As, CohortOption, Json, NominationArgument, RoleOption, command
from cli.who import acting
from models.enums import EndorserPost, NominationRoute, Readiness, Role, SteerReason

# ruff: noqa: PLC0415, PLR0917 -- imported where needed, so that --help answers at once; options become parameters

app = typer.Typer()

EndorserName = Annotated[str, typer.Option("--endorser-name", help="The endorser's full name.")]
EndorserEmail = Annotated[str, typer.Option("--endorser-email", help="The endorser's e-mail address.")]
EndorserOrganisation = Annotated[str, typer.Option("--endorser-organisation", help="The endorser's ODS code.")]
Statement = Annotated[str, typer.Option("--endorsement", help="What the endorser says.")]


@command(
    app,
    "nominate",
    example='nominate --organisation R1D --name "Sam Okoro" --email sam.okoro@example.nhs.test '
    '--readiness ready_now --endorser-name "Ann Lee" --endorser-email ann.lee@example.nhs.test '
    "--endorser-post chief_executive --as nominator@example.nhs.test",
)
def nominate(
    organisation: Annotated[str, typer.Option("--organisation", metavar="CODE", help="The ODS code.")],
    name: Annotated[str, typer.Option("--name", help="The nominee's full name.")],
    email: Annotated[str, typer.Option("--email", help="The nominee's e-mail address.")],
    readiness: Annotated[Readiness, typer.Option("--readiness", help="How soon they are ready.")],
    post: Annotated[str, typer.Option("--post", help="The nominee's present post.")] = "",
    interest: Annotated[
        list[str] | None,
        typer.Option("--interest", metavar="INTEREST", help="An interest; may be given several times."),
    ] = None,
    previous: Annotated[
        list[str] | None,
        typer.Option("--previous", metavar="CODE:DAY", help="An organisation left, as R1D:2016-03-31; several."),
    ] = None,
    themselves: Annotated[bool, typer.Option("--self", help="The nominee nominates themselves.")] = False,
    endorser_name: EndorserName = "",
    endorser_email: EndorserEmail = "",
    endorser_post: Annotated[
        EndorserPost | None, typer.Option("--endorser-post", help="The endorser's post.")
    ] = None,
    endorser_organisation: EndorserOrganisation = "",
    endorsement: Statement = "",
    reference: Annotated[str, typer.Option("--reference", help="Your own reference, such as R1D-1.")] = "",
    late_reason: Annotated[
        SteerReason | None,
        typer.Option("--late-reason", help="Why operations let it in, after the window and its grace."),
    ] = None,
    let_in_by: Annotated[
        str | None,
        typer.Option(
            "--let-in-by",
            metavar="PERSON",
            help="Who of operations lets it in; by default TALENT_POOL_AS, or --as beside --nominator.",
        ),
    ] = None,
    nominator: Annotated[
        str | None,
        typer.Option(
            "--nominator", metavar="PERSON", help="Who nominates, where --as is operations and lets it in late."
        ),
    ] = None,
    cohort: CohortOption = None,
    who: As = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Nominate somebody for the pool; their workflow starts at once.

    After the window, operations can let a nomination in with --late-reason.
    """
    from intake.cells import CellError, address, day, interests, organisation_code, person_name

    try:
        code = organisation_code(organisation)
        fields: dict[str, object] = {
            "organisation": code,
            "route": NominationRoute.SELF if themselves else NominationRoute.ORGANISATION,
            "full_name": person_name(name),
            "email": address(email),
            "readiness": readiness,
            "post": post,
            "interests": interests(";".join(interest or [])),
            "earlier_posts": tuple(
                (organisation_code(left.partition(":")[0]), day(left.partition(":")[2])) for left in previous or []
            ),
            "reference": reference,
            "late_reason": late_reason,
        }
        endorsing = _endorsing(
            endorser_name, endorser_email, endorser_post, endorser_organisation or code, endorsement
        )
    except CellError as error:
        raise typer.BadParameter(str(error)) from None
    if not themselves and endorsing is None:
        raise typer.BadParameter(
            "An organisation's nomination needs its endorser: give --endorser-name and the rest."
        )
    if late_reason is None and (let_in_by or nominator):
        raise typer.BadParameter("Give --let-in-by and --nominator with --late-reason, and only then.")
    letting = (let_in_by or _letting(who, nominator)) if late_reason else None
    # Who lets it in does not nominate as well; a nominee who puts themselves forward need not be known before.
    nominating = nominator or (None if letting is not None and letting == who else who)
    if letting is not None and nominating is None and not themselves:
        raise typer.BadParameter(
            "Two people are needed: who nominates, and who of operations lets it in. Give --as with --let-in-by, "
            "or --nominator with --as of operations."
        )
    run(_nominate(fields, endorsing, cohort, nominating, letting, role, themselves=themselves, as_json=as_json))


def _letting(who: str | None, nominator: str | None) -> str:
    """Who lets a late nomination in, where --let-in-by does not say it."""
    found = who if nominator and who else os.environ.get("TALENT_POOL_AS") or who
    if found is None:
        raise typer.BadParameter("Who of operations lets it in late? Give --let-in-by, or set TALENT_POOL_AS.")
    return found


def _endorsing(
    name: str, email: str, post: EndorserPost | None, organisation: str, statement: str
) -> dict[str, object] | None:
    from intake.cells import CellError, address, organisation_code, person_name

    if not (name or email or post):
        return None
    if not (name and email and post):
        raise CellError("The endorser is half given: give --endorser-name, --endorser-email and --endorser-post.")
    return {
        "full_name": person_name(name),
        "email": address(email),
        "post": post,
        "organisation": organisation_code(organisation),
        "statement": statement,
    }


async def _nominate(
    fields: dict[str, object],
    endorsing: dict[str, object] | None,
    cohort: str | None,
    who: str | None,
    letting: str | None,
    role: Role | None,
    *,
    themselves: bool,
    as_json: bool,
) -> None:
    from pydantic import TypeAdapter

    from acts.nominations import Nominating
    from models.ids import OrganisationCode
    from rules.permissions import Subject

    async with at_desk() as acts:
        async with acts.desk.sessions() as session:
            there = await the_cohort(session, cohort)
            by = None
            if not themselves or who is not None:
                subject = Subject(organisation=OrganisationCode(str(fields["organisation"])))
                wanted = role or (Role.NOMINEE if themselves else None)
                by = await acting(session, who, wanted, "nominate", subject=subject)
            let_in_by = None if letting is None else await acting(session, letting, None, "let_in_late")
        said = TypeAdapter(Nominating).validate_python({**fields, "cohort": there.id, "endorsement": endorsing})
        nomination = await acts.nominations.nominate(said, by, let_in_by=let_in_by)
    if as_json:
        show_json({"nomination": nomination, "cohort": there.id})
    else:
        say(f"{nomination}: nominated. Follow it with 'python starter.py status {nomination}'.")


@command(
    app,
    "endorse",
    example='endorse pilot-0042 --endorser-name "Ann Lee" --endorser-email ann.lee@example.nhs.test '
    "--endorser-post chief_executive --endorser-organisation R1D --as nominator@example.nhs.test",
)
def endorse(
    nomination: NominationArgument,
    endorser_name: EndorserName,
    endorser_email: EndorserEmail,
    endorser_post: Annotated[EndorserPost, typer.Option("--endorser-post", help="The endorser's post.")],
    endorser_organisation: EndorserOrganisation,
    endorsement: Statement = "",
    who: As = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Endorse a self-nomination, for the nominee's organisation."""
    from pydantic import TypeAdapter

    from acts.nominations import Endorsing
    from intake.cells import CellError

    try:
        stated = _endorsing(endorser_name, endorser_email, endorser_post, endorser_organisation, endorsement)
    except CellError as error:
        raise typer.BadParameter(str(error)) from None
    said = TypeAdapter(Endorsing).validate_python(stated)
    on_nomination(
        nomination,
        who,
        role,
        "endorse",
        lambda acts, one, by: acts.nominations.endorse(one, by, said),
        as_json=as_json,
    )

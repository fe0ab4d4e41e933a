"""Commands that nominate: putting a person forward, letting a late nomination in, endorsing."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.failures import run
from cli.forms import Field, Form, FormFile
from cli.reach import at_desk
from cli.showing import say, show_json
from cli.steering import on_nomination, the_cohort
from cli.terms import As, CohortOption, Json, NominationArgument, RoleOption, command
from cli.who import acting
from models.enums import EndorserPost, NominationRoute, Readiness, Role, SteerReason

if TYPE_CHECKING:
    from intake.rows import NominationRow

# ruff: noqa: PLC0415, PLR0917 -- imported where needed, so that --help answers at once; options become parameters

app = typer.Typer()

EndorserName = Annotated[str, typer.Option("--endorser-name", help="The endorser's full name.")]
EndorserEmail = Annotated[str, typer.Option("--endorser-email", help="The endorser's email address.")]
EndorserPostOption = Annotated[EndorserPost | None, typer.Option("--endorser-post", help="The endorser's post.")]
EndorserOrganisation = Annotated[str, typer.Option("--endorser-organisation", help="The endorser's ODS code.")]
Statement = Annotated[str, typer.Option("--endorsement", help="What the endorser says.")]

_ENDORSER = (
    Field("endorser_name", "Who endorses: their full name.", "--endorser-name"),
    Field("endorser_email", "Their email address.", "--endorser-email"),
    Field("endorser_post", f"Their post: {', '.join(EndorserPost)}.", "--endorser-post"),
    Field("endorser_organisation", "Their organisation's ODS code.", "--endorser-organisation"),
    Field("endorsement", "What they say about the nominee.", "--endorsement", is_long=True),
)
NOMINATION = Form(
    "nominate",
    (
        Field("organisation", "The nominee's organisation: its ODS code, such as R1D.", "--organisation"),
        Field(
            "route",
            "Who nominates: organisation, or self if it is your own nomination.",
            "--self",
            usually="organisation",
        ),
        Field("nominee_name", "The nominee's full name.", "--name"),
        Field("nominee_email", "Their email address.", "--email"),
        Field("current_post", "Their present post.", "--post"),
        Field("readiness", f"How soon they are ready: {', '.join(Readiness)}.", "--readiness"),
        Field("interests", "Interests, with semicolons between them.", "--interest"),
        Field(
            "previous_organisations",
            "Organisations left and the last day there, such as R1D 2016-03-31;05A 2014-06-30.",
            "--previous",
        ),
        Field("reference", "Your own reference, such as R1D-1.", "--reference"),
        *_ENDORSER,
    ),
)
ENDORSEMENT = Form("endorse", _ENDORSER, before="NOMINATION ")


@command(app, "nominate", example="nominate --from nomination.toml --as nominator@example.nhs.test")
def nominate(
    source: FormFile = None,
    blank: Annotated[bool, NOMINATION.on_paper()] = False,
    organisation: Annotated[str, typer.Option("--organisation", metavar="CODE", help="The ODS code.")] = "",
    name: Annotated[str, typer.Option("--name", help="The nominee's full name.")] = "",
    email: Annotated[str, typer.Option("--email", help="The nominee's email address.")] = "",
    readiness: Annotated[Readiness | None, typer.Option("--readiness", help="How soon they are ready.")] = None,
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
    endorser_post: EndorserPostOption = None,
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

    Write the nomination into a form, 'nominate --form > nomination.toml', or into the options below. After the
    window, operations can let a nomination in with --late-reason.
    """
    row = _row(
        source,
        {
            "organisation": organisation,
            "route": NominationRoute.SELF.value if themselves else "",
            "nominee_name": name,
            "nominee_email": email,
            "current_post": post,
            "readiness": readiness.value if readiness else "",
            "interests": interest,
            "previous_organisations": [left.replace(":", " ", 1) for left in previous or []],
            "reference": reference,
            "endorser_name": endorser_name,
            "endorser_email": endorser_email,
            "endorser_post": endorser_post.value if endorser_post else "",
            "endorser_organisation": endorser_organisation,
            "endorsement": endorsement,
        },
    )
    if late_reason is None and (let_in_by or nominator):
        raise typer.BadParameter("Give --let-in-by and --nominator with --late-reason, and only then.")
    letting = (let_in_by or _letting(who, nominator)) if late_reason else None
    # Who lets it in does not nominate as well; a nominee who puts themselves forward need not be known before.
    nominating = nominator or (None if letting is not None and letting == who else who)
    if letting is not None and nominating is None and row.route is not NominationRoute.SELF:
        raise typer.BadParameter(
            "Two people are needed: who nominates, and who of operations lets it in. Give --as with --let-in-by, "
            "or --nominator with --as of operations."
        )
    run(_nominate(row, late_reason, cohort, nominating, letting, role, as_json=as_json))


def _row(source: Path | None, given: dict[str, str | list[str] | None]) -> "NominationRow":
    from intake.forms import read_nomination
    from intake.problems import BadForm

    try:
        return read_nomination(NOMINATION.filled(source, given))
    except BadForm as bad:
        NOMINATION.refuse(bad)


def _letting(who: str | None, nominator: str | None) -> str:
    """Who lets a late nomination in, where --let-in-by does not say it."""
    found = who if nominator and who else os.environ.get("TALENT_POOL_AS") or who
    if found is None:
        raise typer.BadParameter("Who of operations lets it in late? Give --let-in-by, or set TALENT_POOL_AS.")
    return found


async def _nominate(
    row: "NominationRow",
    late_reason: SteerReason | None,
    cohort: str | None,
    who: str | None,
    letting: str | None,
    role: Role | None,
    *,
    as_json: bool,
) -> None:
    from acts.importing import nominating
    from models.ids import OrganisationCode
    from rules.permissions import Subject

    themselves = row.route is NominationRoute.SELF
    async with at_desk() as acts:
        async with acts.desk.sessions() as session:
            there = await the_cohort(session, cohort)
            by = None
            if not themselves or who is not None:
                subject = Subject(organisation=OrganisationCode(row.organisation))
                wanted = role or (Role.NOMINEE if themselves else None)
                by = await acting(session, who, wanted, "nominate", subject=subject)
            let_in_by = None if letting is None else await acting(session, letting, None, "let_in_late")
        said = nominating(row, there.id, late_reason)
        nomination = await acts.nominations.nominate(said, by, let_in_by=let_in_by)
    if as_json:
        show_json({"nomination": nomination, "cohort": there.id})
    else:
        say(f"{nomination}: nominated. Follow it with 'python starter.py status {nomination}'.")


@command(app, "endorse", example="endorse pilot-0042 --from endorsement.toml --as nominator@example.nhs.test")
def endorse(
    nomination: NominationArgument,
    source: FormFile = None,
    blank: Annotated[bool, ENDORSEMENT.on_paper()] = False,
    endorser_name: EndorserName = "",
    endorser_email: EndorserEmail = "",
    endorser_post: EndorserPostOption = None,
    endorser_organisation: EndorserOrganisation = "",
    endorsement: Statement = "",
    who: As = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Endorse a self-nomination, for the nominee's organisation.

    Write the endorsement into a form, 'endorse --form > endorsement.toml', or into the options below.
    """
    from acts.importing import endorsing
    from intake.forms import read_endorsement
    from intake.problems import BadForm

    given = {
        "endorser_name": endorser_name,
        "endorser_email": endorser_email,
        "endorser_post": endorser_post.value if endorser_post else "",
        "endorser_organisation": endorser_organisation,
        "endorsement": endorsement,
    }
    try:
        said = endorsing(read_endorsement(ENDORSEMENT.filled(source, given)))
    except BadForm as bad:
        ENDORSEMENT.refuse(bad)
    if said is None:
        raise typer.BadParameter("Who endorses? Give --from, or --endorser-name and the rest.")
    on_nomination(
        nomination,
        who,
        role,
        "endorse",
        lambda acts, one, by: acts.nominations.endorse(one, by, said),
        as_json=as_json,
    )

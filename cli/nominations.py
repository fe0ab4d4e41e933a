"""Commands on one nomination: nominating, withdrawing, and what operations do to steer it."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.failures import WrongUseError, run
from cli.moments import moment
from cli.reach import at_desk
from cli.showing import say, show_json
from cli.steering import actor_on, on_assessment, on_nomination, the_cohort
from cli.terms import (
    WHEN,
    As,
    AsOperations,
    AssessmentArgument,
    CohortOption,
    Json,
    NominationArgument,
    Reason,
    RoleOption,
    command,
)
from cli.who import acting
from models.enums import EndorserPost, NominationRoute, Readiness, Role, SteerReason, WayOut, WithdrawReason

# ruff: noqa: PLC0415, PLR0917 -- imported where needed, so that --help answers at once; options become parameters

app = typer.Typer()

Until = Annotated[str, typer.Option("--until", metavar="WHEN", help=f"The new deadline: {WHEN}")]
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
        list[str] | None, typer.Option("--interest", help="An interest; may be given several times.")
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
        SteerReason | None, typer.Option("--late-reason", help="Why operations let it in late.")
    ] = None,
    cohort: CohortOption = None,
    who: As = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Nominate somebody for the pool; their workflow starts at once."""
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
    run(_nominate(fields, endorsing, cohort, who, role, themselves=themselves, as_json=as_json))


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
        said = TypeAdapter(Nominating).validate_python({**fields, "cohort": there.id, "endorsement": endorsing})
        nomination = await acts.nominations.nominate(said, by)
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


@command(app, "withdraw", example="withdraw pilot-0042 --reason new_post --as sam.okoro@example.nhs.test")
def withdraw(
    nomination: NominationArgument,
    reason: Annotated[WithdrawReason, typer.Option("--reason", help="Why, as one of these codes.")],
    who: As = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Take a nomination back, as the nominee or the organisation."""
    on_nomination(
        nomination,
        who,
        role,
        "withdraw",
        lambda acts, one, by: acts.nominations.withdraw(one, by, reason),
        as_json=as_json,
    )


@command(app, "pause", example="pause pilot-0042 --reason illness --as operations@example.nhs.test")
def pause(
    nomination: NominationArgument,
    reason: Reason,
    who: AsOperations = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Stop the clock on a nomination."""
    on_nomination(
        nomination,
        who,
        role,
        "pause",
        lambda acts, one, by: acts.nominations.pause(one, by, reason),
        as_json=as_json,
    )


@command(app, "resume", example="resume pilot-0042 --as operations@example.nhs.test")
def resume(
    nomination: NominationArgument, who: AsOperations = None, role: RoleOption = None, as_json: Json = False
) -> None:
    """Let the clock run again; deadlines move by the time it stood still."""
    on_nomination(
        nomination, who, role, "resume", lambda acts, one, by: acts.nominations.resume(one, by), as_json=as_json
    )


@command(app, "extend", example='extend pilot-0042.A-017 --until "+3 working days" --reason workload')
def extend(
    subject: Annotated[str, typer.Argument(metavar="NOMINATION|ASSESSMENT", help="Whose deadline moves.")],
    until: Until,
    reason: Reason,
    who: AsOperations = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Give a nominee longer to consent or apply, or an assessor longer to answer or score."""
    later = _until(until)
    if "." in subject:
        on_assessment(
            subject,
            who,
            role,
            "extend",
            lambda acts, one, by: acts.assessments.extend(one, by, later, reason),
            as_json=as_json,
        )
        return
    on_nomination(
        subject,
        who,
        role,
        "extend",
        lambda acts, one, by: acts.nominations.extend(one, by, later, reason),
        as_json=as_json,
    )


def _until(written: str) -> datetime:
    try:
        return moment(written, datetime.now(UTC))
    except WrongUseError as error:
        raise typer.BadParameter(str(error)) from None


@command(app, "defer", example="defer pilot-0042 --reason leave --as sam.okoro@example.nhs.test")
def defer(
    nomination: NominationArgument,
    reason: Reason,
    who: AsOperations = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Put a nomination off to a later cohort."""
    on_nomination(
        nomination,
        who,
        role,
        "defer",
        lambda acts, one, by: acts.nominations.defer(one, by, reason),
        as_json=as_json,
    )


@command(app, "readmit", example='readmit pilot-0042 --until "+2 days" --reason technical_fault')
def readmit(
    nomination: NominationArgument,
    until: Until,
    reason: Reason,
    who: AsOperations = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Let a lapsed nomination back in, with a new deadline for its application."""
    run(_readmit(nomination, _until(until), reason, who, role, as_json=as_json))


async def _readmit(
    nomination: str, until: datetime, reason: SteerReason, who: str | None, role: Role | None, *, as_json: bool
) -> None:
    from models.ids import NominationId
    from rules.calendar import in_words

    async with at_desk() as acts:
        by = await actor_on(acts, nomination, who, role, "readmit")
        await acts.nominations.readmit(NominationId(nomination), by, until, reason)
    if as_json:
        show_json({"nomination": nomination, "due_at": until})
    else:
        say(f"{nomination}: let back in; the application is due by {in_words(until)}.")


@command(app, "reassign", example="reassign pilot-0042.A-017 --reason illness --as operations@example.nhs.test")
def reassign(
    assessment: AssessmentArgument,
    reason: Reason,
    who: AsOperations = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Take an assessment from its assessor; another one is asked."""
    on_nomination(
        assessment.split(".", 1)[0],
        who,
        role,
        "reassign",
        lambda acts, one, by: acts.nominations.reassign(one, by, assessment, reason),
        as_json=as_json,
    )


@command(app, "unblock", example="unblock pilot-0042 --way retry --reason technical_fault")
def unblock(
    nomination: NominationArgument,
    way: Annotated[WayOut, typer.Option("--way", help="How it goes on.")],
    reason: Reason,
    to: Annotated[
        str | None, typer.Option("--to", metavar="PERSON", help="To whom it is handed over: an address or id.")
    ] = None,
    who: AsOperations = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Give a nomination that needs attention its way out: try again, skip the step, or hand it to a person."""
    if (way is WayOut.HAND_OVER) != (to is not None):
        raise typer.BadParameter("Give --to with --way hand_over, and only then.")
    run(_unblock(nomination, way, reason, to, who, role, as_json=as_json))


async def _unblock(
    nomination: str,
    way: WayOut,
    reason: SteerReason,
    to: str | None,
    who: str | None,
    role: Role | None,
    *,
    as_json: bool,
) -> None:
    from cli.steering import tell_nomination
    from cli.who import person_id
    from models.ids import NominationId

    async with at_desk() as acts:
        by = await actor_on(acts, nomination, who, role, "unblock")
        async with acts.desk.sessions() as session:
            receiver = await person_id(session, to) if to else None
        state = await acts.nominations.unblock(NominationId(nomination), by, way, reason, receiver)
    tell_nomination(state, as_json=as_json)

"""Commands on one nomination: withdrawing, and what operations do to steer it."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.acting import nomination_act
from cli.failures import WrongUseError, run
from cli.moments import moment
from cli.reach import at_desk
from cli.showing import say, show_json
from cli.steering import actor_on, on_assessment, on_nomination
from cli.terms import (
    WHEN,
    AsOperations,
    AssessmentArgument,
    Json,
    NominationArgument,
    Reason,
    RoleOption,
    command,
)
from models.enums import Role, SteerReason, WayOut, WithdrawReason

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from acts import Acts
    from models.ids import NominationId
    from models.messages import By, NominationState

# ruff: noqa: PLC0415, PLR0917 -- imported where needed, so that --help answers at once; options become parameters

app = typer.Typer()

Until = Annotated[str, typer.Option("--until", metavar="WHEN", help=f"The new deadline: {WHEN}")]


@nomination_act(
    app,
    "withdraw",
    act="withdraw",
    example="withdraw pilot-0042 --reason new_post --as sam.okoro@example.nhs.test",
)
def withdraw(
    acts: "Acts",
    one: "NominationId",
    by: "By",
    reason: Annotated[WithdrawReason, typer.Option("--reason", help="Why, as one of these codes.")],
) -> "Awaitable[NominationState]":
    """Take a nomination back, as the nominee or the organisation."""
    return acts.nominations.withdraw(one, by, reason)


@nomination_act(
    app,
    "pause",
    act="pause",
    example="pause pilot-0042 --reason illness --as operations@example.nhs.test",
    who=AsOperations,
)
def pause(acts: "Acts", one: "NominationId", by: "By", reason: Reason) -> "Awaitable[NominationState]":
    """Stop the clock on a nomination."""
    return acts.nominations.pause(one, by, reason)


@nomination_act(
    app, "resume", act="resume", example="resume pilot-0042 --as operations@example.nhs.test", who=AsOperations
)
def resume(acts: "Acts", one: "NominationId", by: "By") -> "Awaitable[NominationState]":
    """Let the clock run again; deadlines move by the time it stood still."""
    return acts.nominations.resume(one, by)


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


@nomination_act(
    app,
    "defer",
    act="defer",
    example="defer pilot-0042 --reason leave --as sam.okoro@example.nhs.test",
    who=AsOperations,
)
def defer(acts: "Acts", one: "NominationId", by: "By", reason: Reason) -> "Awaitable[NominationState]":
    """Put a nomination off to a later cohort."""
    return acts.nominations.defer(one, by, reason)


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
        str | None,
        typer.Option("--to", metavar="PERSON", help="To whom it is handed over: an id, or an email address."),
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

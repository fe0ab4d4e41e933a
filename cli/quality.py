"""Commands of a moderator: screening, the open flags, and settling them."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.acting import nomination_act
from cli.failures import FailedError, run
from cli.forms import Field, Form, FormFile
from cli.reach import stored
from cli.showing import say, show_json, show_table
from cli.steering import on_nomination
from cli.terms import As, CohortOption, Json, NominationArgument, RoleOption, command
from cli.who import required
from models.enums import Resolution, Role, ScoreChangeReason, ScreeningReason, Stage

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from acts import Acts
    from models.ids import NominationId
    from models.messages import By, NominationState

# ruff: noqa: PLC0415, PLR0917 -- imported where needed, so that --help answers at once; options become parameters

app = typer.Typer()

NOTE = Form(
    "moderate",
    (Field("note", "Why the scores change, in words.", "--note", is_long=True),),
    before="NOMINATION --flag FLAG --resolution moderate --change CHANGE ",
)


@command(app, "flags", example="flags --cohort pilot --as moderator@example.nhs.test")
def flags(
    nomination: Annotated[str | None, typer.Argument(metavar="[NOMINATION]", help="Only those of this one.")] = None,
    cohort: CohortOption = None,
    who: As = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """List what waits for a moderator: open flags with what raised them, and nominations to screen, and why."""
    run(_flags(nomination, cohort, who, role, as_json=as_json))


async def _flags(
    nomination: str | None, cohort: str | None, who: str | None, role: Role | None, *, as_json: bool
) -> None:
    from rules.permissions import Act, may
    from storage.lists import open_flags, unmet_findings

    async with stored() as sessions, sessions() as session:
        asker = await required(session, who, role, "read_panel_scores")
        if not may(asker.role, Act.READ_PANEL):
            raise FailedError("Flags are for moderators and the board.")
        found = [one for one in await open_flags(session, cohort) if nomination in {None, one.nomination_id}]
        unmet = await unmet_findings(session, cohort, nomination)
    if as_json:
        show_json(
            [
                flag.model_dump(include={"nomination_id", "number", "rule", "subject", "reason", "raised_at"})
                for flag in found
            ]
            + [
                {
                    "nomination_id": one.nomination_id,
                    "number": None,
                    "rule": one.rule,
                    "subject": "screening",
                    "reason": one.reason,
                    "raised_at": one.found_at,
                }
                for one in unmet
            ]
        )
        return
    if found:
        show_table(
            ["nomination", "flag", "rule", "about", "why", "since"],
            [(one.nomination_id, one.number, one.rule, one.subject, one.reason, one.raised_at) for one in found],
        )
        say("The scores are in 'python starter.py status NOMINATION --evidence'.")
    else:
        say("No flag waits for a moderator.")
    if unmet:
        show_table(
            ["to screen", "rule not met", "why", "since"],
            [(one.nomination_id, one.rule.replace("_", " "), one.reason, one.found_at) for one in unmet],
        )


@command(
    app,
    "moderate",
    example="moderate pilot-0042 --flag 1 --resolution moderate --from note.toml "
    "--change pilot-0042.A-017:partnerships=4:moderation --as moderator@example.nhs.test",
)
def moderate(
    nomination: NominationArgument,
    flag: Annotated[list[int], typer.Option("--flag", help="A flag's number; may be given several times.")],
    resolution: Annotated[Resolution, typer.Option("--resolution", help="How the flags are settled.")],
    change: Annotated[
        list[str] | None,
        typer.Option(
            "--change",
            metavar="ASSESSMENT:CRITERION=POINTS:REASON",
            help="A changed score, with --resolution moderate; may be given several times.",
        ),
    ] = None,
    source: FormFile = None,
    blank: Annotated[bool, NOTE.on_paper()] = False,
    note: Annotated[str, typer.Option("--note", help="Why the scores change, in words.")] = "",
    assessment: Annotated[
        str | None, typer.Option("--assessment", help="Of whom more evidence is asked, with more_evidence.")
    ] = None,
    who: As = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Settle flags: confirm the scores, change them, ask for more evidence, or for another assessor.

    Write the note, if there is one, into a form: 'moderate --form > note.toml'.
    """
    from acts.board import ChangedScore
    from models.ids import AssessmentId

    if (resolution is Resolution.MORE_EVIDENCE) != (assessment is not None):
        raise typer.BadParameter("Give --assessment with --resolution more_evidence, and only then.")
    words = NOTE.filled(source, {"note": note}).get("note", "")
    changes = [
        ChangedScore(AssessmentId(where), criterion, points, reason, words)
        for where, criterion, points, reason in (_change(one) for one in change or [])
    ]
    of_whom = AssessmentId(assessment) if assessment else None

    async def settle(acts: "Acts", one: "NominationId", by: "By") -> "NominationState":
        state = await acts.board.resolve_flags(one, by, flag, resolution, assessment=of_whom, changes=changes)
        return await _as_it_goes_on(acts, state)

    on_nomination(nomination, who, role, "resolve_flags", settle, as_json=as_json)


async def _as_it_goes_on(acts: "Acts", state: "NominationState") -> "NominationState":
    """The state, and what comes next: the workflow leaves the stage only after it has answered."""
    from storage.lists import open_flags

    if state.stage is not Stage.QUALITY_ASSURANCE:
        return state
    async with acts.desk.sessions() as session:
        if any(one.nomination_id == state.nomination for one in await open_flags(session, None)):
            return state
    return state.model_copy(update={"waits_for": "all flags are settled; it goes on to the board"})


def _change(written: str) -> tuple[str, str, int, ScoreChangeReason]:
    where, _, rest = written.partition(":")
    score, _, reason = rest.partition(":")
    criterion, _, points = score.partition("=")
    known = [one.value for one in ScoreChangeReason]
    if not (where and criterion and points.isdecimal() and reason in known):
        raise typer.BadParameter(
            f"'{written}' is not a change: write ASSESSMENT:CRITERION=POINTS:REASON, with {' or '.join(known)} "
            "as the reason."
        )
    return where, criterion, int(points), ScoreChangeReason(reason)


@nomination_act(
    app,
    "screen",
    act="screen",
    example="screen pilot-0042 --not-eligible --reason rule_not_met --as moderator@example.nhs.test",
)
def screen(
    acts: "Acts",
    one: "NominationId",
    by: "By",
    *,
    eligible: Annotated[bool, typer.Option("--eligible/--not-eligible", help="What screening comes to.")],
    reason: Annotated[ScreeningReason, typer.Option(help="Why.")],
) -> "Awaitable[NominationState]":
    """Settle screening where the rules did not pass a nomination."""
    return acts.nominations.screen(one, by, eligible=eligible, reason=reason)

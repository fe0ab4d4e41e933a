"""Commands of an assessor: accepting, declining, scoring, submitting."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.acting import assessment_act
from cli.failures import run
from cli.forms import from_file, read_document
from cli.reach import at_desk
from cli.showing import say, show_json
from cli.steering import assessor_on, on_assessment
from cli.terms import As, AssessmentArgument, Json, RoleOption, command, room
from models.enums import AssessorDeclineReason, ConflictKind, Role

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from acts import Acts
    from models.ids import AssessmentId
    from models.messages import AssessmentState, By

# ruff: noqa: PLC0415, PLR0917 -- imported where needed, so that --help answers at once; options become parameters

app = room("What an assessor does with a task.")


@assessment_act(app, "accept", act="accept", example="assess accept pilot-0042.A-017 --as assessor@example.nhs.test")
def accept(acts: "Acts", one: "AssessmentId", by: "By") -> "Awaitable[AssessmentState]":
    """Take the task."""
    return acts.assessments.accept(one, by)


@command(
    app,
    "decline",
    example="assess decline pilot-0042.A-017 --reason conflict --conflict mentoring --as assessor@example.nhs.test",
)
def decline(
    assessment: AssessmentArgument,
    reason: Annotated[AssessorDeclineReason, typer.Option("--reason", help="Why, as one of these codes.")],
    conflict: Annotated[
        ConflictKind | None, typer.Option("--conflict", help="The relationship, with --reason conflict.")
    ] = None,
    who: As = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Do not take the task, or give it back; another assessor is asked."""
    if conflict is not None and reason is not AssessorDeclineReason.CONFLICT:
        raise typer.BadParameter("Give --conflict with --reason conflict only.")
    on_assessment(
        assessment,
        who,
        role,
        "decline_assessment",
        lambda acts, one, by: acts.assessments.decline(one, by, reason, conflict),
        as_json=as_json,
    )


@command(
    app,
    "score",
    example="assess score pilot-0042.A-017 --from scores.toml --as assessor@example.nhs.test",
)
def score(
    assessment: AssessmentArgument,
    source: Annotated[Path | None, from_file("for each criterion a table with value and evidence")] = None,
    given: Annotated[
        list[str] | None, typer.Option("--score", metavar="CRITERION=POINTS", help="One score; several times.")
    ] = None,
    evidence: Annotated[
        list[str] | None, typer.Option("--evidence", metavar="CRITERION=TEXT", help="Its evidence; several times.")
    ] = None,
    who: As = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Save scores with evidence, complete or not; they are not submitted yet."""
    scores = _scores(source, given or [], evidence or [])
    if not scores:
        raise typer.BadParameter("Give at least one score, by --score or --from.")
    run(_score(assessment, scores, who, role, as_json=as_json))


async def _score(
    assessment: str, scores: dict[str, tuple[int, str]], who: str | None, role: Role | None, *, as_json: bool
) -> None:
    from acts.assessments import Scoring
    from models.ids import AssessmentId

    said = [Scoring(criterion, value, evidence) for criterion, (value, evidence) in scores.items()]
    async with at_desk() as acts:
        by = await assessor_on(acts, assessment, who, role, "save_score")
        saved_at = await acts.assessments.save_scores(AssessmentId(assessment), by, said)
    if as_json:
        show_json({"assessment": assessment, "saved_at": saved_at, "saved": sorted(scores)})
    else:
        say(f"{assessment}: {len(scores)} saved. Send all with 'python starter.py assess submit {assessment}'.")


def _scores(source: Path | None, given: list[str], evidence: list[str]) -> dict[str, tuple[int, str]]:
    scores: dict[str, tuple[int, str]] = {}
    for criterion, stated in (read_document(source) if source else {}).items():
        value = stated.get("value") if isinstance(stated, dict) else None
        words = stated.get("evidence", "") if isinstance(stated, dict) else None
        if type(value) is not int or not isinstance(words, str):
            raise typer.BadParameter(f"'{criterion}' needs value (a whole number) and evidence (text).")
        scores[criterion] = (value, words)
    texts = dict(_pair(one, "--evidence") for one in evidence)
    for criterion, points in (_pair(one, "--score") for one in given):
        if not points.strip().isdecimal():
            raise typer.BadParameter("Write a score as CRITERION=POINTS, such as --score partnerships=5.")
        scores[criterion] = (int(points), texts.pop(criterion, ""))
    if texts:
        raise typer.BadParameter(f"There is evidence for '{min(texts)}' and no --score for it.")
    return scores


def _pair(written: str, option: str) -> tuple[str, str]:
    name, equals, value = written.partition("=")
    if not equals:
        raise typer.BadParameter(f"Write {option} as CRITERION=…, such as {option} partnerships=…")
    return name.strip(), value


@assessment_act(
    app, "submit", act="submit_scores", example="assess submit pilot-0042.A-017 --as assessor@example.nhs.test"
)
def submit(acts: "Acts", one: "AssessmentId", by: "By") -> "Awaitable[AssessmentState]":
    """Submit the scores as they stand; refused, with every point, while they are not complete."""
    return acts.assessments.submit_scores(one, by)

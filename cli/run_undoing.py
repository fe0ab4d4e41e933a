"""Undoing a released run from the command line: first what it takes back, then doing it for a reason."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.allocation_runs import Number
from cli.failures import FailedError, WrongUseError, run
from cli.reach import at_desk
from cli.run_questions import runs
from cli.showing import say, show_json, show_table
from cli.steering import the_cohort
from cli.terms import AsOperations, CohortOption, Json, RoleOption, command
from cli.who import acting
from models.enums import Role, SteerReason

if TYPE_CHECKING:
    from acts.undoing import UndoPreview
    from models.messages import RunUndone
    from storage.undoing import ReleasedPanel

# ruff: noqa: PLC0415, PLR0917 -- imported where needed, so that --help answers at once; options become parameters

__all__ = ["runs"]

Why = Annotated[SteerReason | None, typer.Option("--reason", help="Why, as one of these codes; needed to do it.")]
Preview = Annotated[bool, typer.Option("--preview", help="Only show what it would take back, and what stays.")]


@command(runs, "undo", example="run undo 1 --cohort pilot --reason board_request --as operations@example.nhs.test")
def undo(
    number: Number,
    cohort: CohortOption = None,
    reason: Why = None,
    preview: Preview = False,
    who: AsOperations = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Undo a released run: panels on which nobody has answered are taken back, and wait again."""
    run(_undo(number, cohort, reason, who, role, preview=preview, as_json=as_json))


async def _undo(
    number: int,
    cohort: str | None,
    reason: SteerReason | None,
    who: str | None,
    role: Role | None,
    *,
    preview: bool,
    as_json: bool,
) -> None:
    if preview is (reason is not None):
        raise WrongUseError("Give --preview to see what it would take back, or --reason to do it.")
    from acts.errors import NotKnownError
    from acts.undoing import UndoActs
    from models.ids import CohortId

    async with at_desk() as acts:
        async with acts.desk.sessions() as session:
            found = CohortId((await the_cohort(session, cohort)).id)
            by = await acting(session, who, role, "undo_run")
        undoing = UndoActs(acts.desk)
        try:
            if reason is None:
                _tell_preview(found, await undoing.preview(found, by, number), as_json=as_json)
            else:
                _tell_undone(found, await undoing.undo(found, by, number, reason), as_json=as_json)
        except NotKnownError as error:
            raise FailedError(str(error)) from error


def _tell_preview(cohort: str, preview: "UndoPreview", *, as_json: bool) -> None:
    if as_json:
        show_json(
            {
                "cohort": cohort,
                "run": preview.run,
                "refusal": preview.refusal,
                "panels": preview.panels,
                "kept": preview.kept,
                "taken_back": [_panel(one) for one in preview.taken_back],
                "stay": [_panel(one) for one in preview.stay],
                "told": preview.people,
            }
        )
        return
    if preview.refusal:
        say(preview.refusal)
    else:
        say(f"Undoing run {preview.run} of {cohort} would take {_panels(preview.panels)} back; nothing is done yet.")
        say(f"Told that the request is taken back: {', '.join(preview.people) or 'nobody, as nobody was asked yet'}.")
    if preview.taken_back:
        show_table(
            ["panel of", "taken back from"],
            [(one.nomination, ", ".join(map(preview.named, one.seats))) for one in preview.taken_back],
        )
    if preview.stay:
        show_table(
            ["panel of", "stays, since somebody has answered"],
            [(one.nomination, preview.answers(one)) for one in preview.stay],
        )


def _panel(panel: "ReleasedPanel") -> dict[str, object]:
    return {
        "nomination": panel.nomination,
        "seats": [
            {"assessor": one.assessor, "stage": one.stage, "conflict_declared": one.declared} for one in panel.seats
        ],
    }


def _tell_undone(cohort: str, undone: "RunUndone", *, as_json: bool) -> None:
    if as_json:
        show_json({"cohort": cohort, **undone.model_dump()})
        return
    stays = (
        f" {_panels(undone.kept)} {'stays' if undone.kept == 1 else 'stay'}, since somebody has answered."
        if undone.kept
        else ""
    )
    say(f"Run {undone.run} of {cohort} is undone: {_panels(undone.panels)} taken back.{stays}")
    say(f"Change what was wrong, then ask for another run: python starter.py run solve --cohort {cohort}")


def _panels(count: int) -> str:
    return f"{count} {'panel' if count == 1 else 'panels'}"

"""Commands that ask the engine about panels: why somebody sits where they do or not, and what would mend a panel."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from cli.allocation_runs import Number
from cli.allocation_runs import app as runs
from cli.failures import FailedError, run
from cli.reach import stored
from cli.showing import say, show_json, show_table
from cli.steering import the_cohort
from cli.terms import AsOperations, CohortOption, Json, NominationArgument, RoleOption, command
from cli.who import required
from models.enums import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allocation.asked import Reply
    from allocation.mending import Mending, State, Untenable
    from allocation.seat_cost import Cost

# ruff: noqa: PLC0415, PLR0917 -- imported where needed, so that --help answers at once; options become parameters

__all__ = ["runs"]

Assessor = Annotated[
    str | None, typer.Argument(metavar="[ASSESSOR]", help="Their reference; without it, everybody the run seats.")
]


@command(runs, "why", example="run why 1 pilot-0042 A-017 --cohort pilot --as operations@example.nhs.test")
def why(
    number: Number,
    nomination: NominationArgument,
    assessor: Assessor = None,
    cohort: CohortOption = None,
    who: AsOperations = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Say why an assessor sits on a panel, or why not: the rule that bars them, or what it would cost."""
    run(_why(number, nomination, assessor, cohort, who, role, as_json=as_json))


async def _why(
    number: int,
    nomination: str,
    assessor: str | None,
    cohort: str | None,
    who: str | None,
    role: Role | None,
    *,
    as_json: bool,
) -> None:
    from acts.asking import why
    from acts.errors import ActError
    from storage.kept_runs import UnreadableRunError

    async with stored() as sessions:
        async with sessions() as session:
            asker = await required(session, who, role, "read_run")
            found = await the_cohort(session, cohort)
        try:
            told = await why(
                sessions, asker=asker, cohort=found.id, run=number, nomination=nomination, assessor=assessor
            )
        except (UnreadableRunError, ActError) as error:
            raise FailedError(str(error)) from error
    if as_json:
        answers = [_document(one) for one in told.replies]
        document = {"cohort": found.id, "run": number, "nomination": nomination}
        show_json({**document, "unstaffed": told.unstaffed, "answers": answers})
        return
    if not told.replies:
        reasons = "; ".join(told.unstaffed)
        say(f"Run {number} seats nobody for {nomination}: {reasons or 'its panel was whole'}.")
    for one in told.replies:
        _say(one)


def _document(reply: "Reply") -> dict[str, object]:
    cost = reply.cost
    return {
        "assessor": reply.assessor,
        "seated": reply.seated,
        "reasons": reply.reasons,
        "cost": None
        if cost is None
        else {
            "total": cost.total,
            "floor": cost.floor,
            "floor_now": cost.floor_now,
            "exact": cost.exact,
            "gives_way": cost.gives_way,
            "moves": [
                {"nomination": one.nomination, "assessor": one.assessor, "comes": one.comes} for one in cost.moves
            ],
        },
    }


def _say(reply: "Reply") -> None:
    if reply.cost is None:
        sits = "sits" if reply.seated else "does not sit"
        say(f"{reply.assessor} {sits} on the panel of {reply.nomination}:")
        for reason in reply.reasons:
            say(f"  {reason.replace('_', ' ')}")
        return
    for sentence in reply.cost.words(reply.nomination, reply.assessor):
        say(sentence)
    show_table(["panel of", "comes", "goes"], _by_panel(reply.cost))


def _by_panel(cost: "Cost") -> "Sequence[tuple[str, str, str]]":
    return [(nomination, ", ".join(come), ", ".join(go)) for nomination, (come, go) in sorted(cost.by_panel.items())]


@command(runs, "repair", example="run repair --cohort pilot --as operations@example.nhs.test")
def repair(
    cohort: CohortOption = None, who: AsOperations = None, role: RoleOption = None, as_json: Json = False
) -> None:
    """Show the fewest changed seats that would make every panel whole as things stand; nothing is changed."""
    run(_repair(cohort, who, role, as_json=as_json))


async def _repair(cohort: str | None, who: str | None, role: Role | None, *, as_json: bool) -> None:
    from acts.asking import mending_of

    async with stored() as sessions:
        async with sessions() as session:
            await required(session, who, role, "read_run")
            found = await the_cohort(session, cohort)
        mending = await mending_of(sessions, cohort=found.id)
    if as_json:
        show_json(_mending(found.id, mending))
    else:
        _say_mending(mending)


def _mending(cohort: str, mending: "Mending") -> dict[str, object]:
    return {
        "cohort": cohort,
        "words": mending.words,
        "panels": [{"nomination": one.nomination, "came": one.came, "went": one.went} for one in mending.panels],
        "given_up": [{"nomination": nomination, "assessor": name} for nomination, name in mending.given_up],
        "fewest": mending.fewest,
        "untenable": [_seat(one) for one in mending.untenable],
        "by_hand": [_seat(one) for one in mending.by_hand],
        "unstaffed": mending.unstaffed,
        "before": asdict(mending.before),
        "after": asdict(mending.after),
    }


def _seat(one: "Untenable") -> dict[str, object]:
    return {"nomination": one.nomination, "assessor": one.assessor, "reasons": one.reasons}


def _say_mending(mending: "Mending") -> None:
    say(mending.words)
    if mending.panels:
        show_table(
            ["panel of", "would come", "would go"],
            [(one.nomination, ", ".join(one.came), ", ".join(one.went)) for one in mending.panels],
        )
        show_table(["", "now", "then"], _states(mending.before, mending.after))
    for title, seats in (
        ("cannot stay", mending.untenable),
        ("to settle by hand, as the panel has begun", mending.by_hand),
    ):
        if seats:
            rows = [(one.assessor, one.nomination, "; ".join(one.reasons)) for one in seats]
            show_table(["assessor", "panel of", title], rows)
    if mending.unstaffed:
        say(f"Nobody in the register can fill these panels as things stand: {', '.join(mending.unstaffed)}.")
        say("Ask for a run: 'run show' says what would help, each way tried.")


def _states(before: "State", after: "State") -> "Sequence[tuple[str, int | None, int | None]]":
    return [
        ("seats held", before.seats, after.seats),
        ("panels that lack a member", before.lacking, after.lacking),
        ("fit of the worst-off whole panel, points", before.floor, after.floor),
        ("fit of all seats, points", before.fit, after.fit),
        ("highest load", before.most, after.most),
    ]

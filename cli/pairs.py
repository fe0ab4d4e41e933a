"""Commands on pairs: an assessor is pinned to a nomination, kept from it, or swapped for another, at a price."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.failures import WrongUseError, run
from cli.reach import at_desk, stored
from cli.showing import say, show_json, show_table
from cli.steering import actor_on, the_cohort
from cli.terms import AsOperations, CohortOption, Json, NominationArgument, Reason, RoleOption, command, room
from cli.who import required
from models.enums import Role, SteerReason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acts.pairs import PairChange, Priced
    from storage.pairs import PairFacts

# ruff: noqa: PLC0415, PLR0917 -- imported where needed, so that --help answers at once; options become parameters

app = room("Pairs that operations set: who must or must not assess whom, which every run keeps to.")

AssessorArgument = Annotated[str, typer.Argument(metavar="ASSESSOR", help="Their reference, such as A-017.")]
Goes = Annotated[str, typer.Option("--goes", metavar="ASSESSOR", help="Who is kept from the panel.")]
Comes = Annotated[str, typer.Option("--comes", metavar="ASSESSOR", help="Who sits on it instead.")]
_AT_ONCE = 1000


@command(app, "pin", example="pair pin pilot-0042 A-017 --reason board_request --as operations@example.nhs.test")
def pin(
    nomination: NominationArgument,
    assessor: AssessorArgument,
    reason: Reason,
    who: AsOperations = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Have an assessor sit on a nomination's panel in every run from now on."""
    run(_change(nomination, who, role, reason, as_json=as_json, pinned=assessor))


@command(app, "forbid", example="pair forbid pilot-0042 A-017 --reason other --as operations@example.nhs.test")
def forbid(
    nomination: NominationArgument,
    assessor: AssessorArgument,
    reason: Reason,
    who: AsOperations = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Keep an assessor from a nomination's panel in every run from now on."""
    run(_change(nomination, who, role, reason, as_json=as_json, forbidden=assessor))


@command(app, "lift", example="pair lift pilot-0042 A-017 --reason other --as operations@example.nhs.test")
def lift(
    nomination: NominationArgument,
    assessor: AssessorArgument,
    reason: Reason,
    who: AsOperations = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Let the allocation choose freely about a pair again."""
    run(_change(nomination, who, role, reason, as_json=as_json, lifted=assessor))


@command(app, "swap", example="pair swap pilot-0042 --goes A-017 --comes A-021 --reason board_request")
def swap(
    nomination: NominationArgument,
    goes: Goes,
    comes: Comes,
    reason: Reason,
    who: AsOperations = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Put one assessor in another's place: one is pinned, the other kept away; then ask for another run."""
    run(_change(nomination, who, role, reason, as_json=as_json, pinned=comes, forbidden=goes))


@command(app, "price", example="pair price pilot-0042 --pin A-017 --forbid A-021 --as operations@example.nhs.test")
def price(
    nomination: NominationArgument,
    pinned: Annotated[str | None, typer.Option("--pin", metavar="ASSESSOR", help="Who would be pinned.")] = None,
    forbidden: Annotated[
        str | None, typer.Option("--forbid", metavar="ASSESSOR", help="Who would be kept away.")
    ] = None,
    lifted: Annotated[
        str | None, typer.Option("--lift", metavar="ASSESSOR", help="Whose pair would be lifted.")
    ] = None,
    who: AsOperations = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Say what pinning, forbidding, lifting or a swap would cost all panels that wait; nothing is changed."""
    run(_price(nomination, who, role, as_json=as_json, pinned=pinned, forbidden=forbidden, lifted=lifted))


@command(app, "list", example="pair list --cohort pilot --as operations@example.nhs.test")
def list_pairs(
    cohort: CohortOption = None, who: AsOperations = None, role: RoleOption = None, as_json: Json = False
) -> None:
    """List the pairs of a cohort, by nomination and assessor."""
    run(_list(cohort, who, role, as_json=as_json))


async def _change(
    nomination: str, who: str | None, role: Role | None, reason: SteerReason, *, as_json: bool, **named: str | None
) -> None:
    from acts.pairs import PairActs

    change = _meant(nomination, named)
    async with at_desk() as acts:
        by = await actor_on(acts, nomination, who, role, "solve")
        await PairActs(acts.desk).change(change, by, reason)
    if as_json:
        show_json({"nomination": nomination, **named, "reason": reason})
        return
    for what, assessor in named.items():
        if assessor is not None:
            say(f"{assessor}: {what} for {nomination}.")
    say("It counts from the next run on: ask for one with 'python starter.py run solve'.")


async def _price(nomination: str, who: str | None, role: Role | None, *, as_json: bool, **named: str | None) -> None:
    from acts.pairs import priced

    change = _meant(nomination, named)
    async with at_desk() as acts:
        by = await actor_on(acts, nomination, who, role, "solve")
        told = await priced(acts.desk.sessions, change=change, by=by)
    if as_json:
        show_json({"nomination": nomination, **named, **_document(told)})
        return
    for sentence in told.words:
        say(sentence)


def _meant(nomination: str, named: dict[str, str | None]) -> "PairChange":
    from acts.pairs import PairChange
    from models.ids import AssessorId, NominationId

    if not any(named.values()):
        raise WrongUseError("Whom do you ask about? Give --pin, --forbid or --lift.")
    given = {what: AssessorId(assessor) for what, assessor in named.items() if assessor is not None}
    return PairChange(NominationId(nomination), **given)


def _document(told: "Priced") -> dict[str, object]:
    price = told.price
    if price is None:
        return {"price": None, "words": told.words}
    return {
        "price": {
            "floor_before": price.before.floor,
            "floor_after": price.after.floor,
            "total_before": price.before.total,
            "total_after": price.after.total,
            "without_a_panel_then": price.opened,
            "with_a_panel_then": price.closed,
            "without_a_panel_either_way": price.stays,
            "panels_changed": price.changed,
            "exact": price.exact,
        },
        "words": told.words,
    }


async def _list(cohort: str | None, who: str | None, role: Role | None, *, as_json: bool) -> None:
    from storage.pairs import pairs_of_cohort

    async with stored() as sessions, sessions() as session:
        asker = await required(session, who, role, "read_run")
        found = await the_cohort(session, cohort)
        pairs: list[PairFacts] = []
        while page := await pairs_of_cohort(session, asker, found.id, after=_last(pairs), limit=_AT_ONCE):
            pairs += page
    if as_json:
        show_json(
            [
                {
                    "nomination": one.nomination,
                    "assessor": one.assessor,
                    "kind": one.kind,
                    "reason": one.reason,
                    "set_at": one.set_at,
                    "asked": one.asked,
                }
                for one in pairs
            ]
        )
    elif pairs:
        show_table(
            ["nomination", "assessor", "pair", "reason", "set", "the assessor’s task"],
            [(one.nomination, one.assessor, one.kind, one.reason, one.set_at, one.asked) for one in pairs],
        )
    else:
        say(f"No pair is pinned or forbidden in {found.id}.")


def _last(pairs: "Sequence[PairFacts]") -> tuple[str, str]:
    return (pairs[-1].nomination, pairs[-1].assessor) if pairs else ("", "")

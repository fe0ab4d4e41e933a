"""Commands on allocation runs: proposals to look at, compare, release or discard."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from cli.acting import cohort_act
from cli.failures import FailedError, run
from cli.reach import at_desk, stored
from cli.showing import say, show_json, show_table
from cli.steering import the_cohort
from cli.terms import AsOperations, CohortOption, Json, Reason, RoleOption, command, room
from cli.who import acting, required
from models.enums import Role

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from sqlmodel.ext.asyncio.session import AsyncSession

    from acts import Acts
    from allocation.compare import RunFigures
    from models.ids import CohortId
    from models.messages import AllocationState, By
    from models.tables import AllocationRun, Cohort
    from storage.runs import RunLine

# ruff: noqa: PLC0415, PLR0917 -- imported where needed, so that --help answers at once; options become parameters

app = room("Allocation runs: who is proposed to assess whom, and why.")

Number = Annotated[int, typer.Argument(metavar="RUN", min=1, help="The run's number within its cohort.")]


@command(app, "list", example="run list --cohort pilot --as operations@example.nhs.test")
def list_runs(
    cohort: CohortOption = None, who: AsOperations = None, role: RoleOption = None, as_json: Json = False
) -> None:
    """List the runs of a cohort, newest first."""
    run(_list(cohort, who, role, as_json=as_json))


async def _list(cohort: str | None, who: str | None, role: Role | None, *, as_json: bool) -> None:
    from storage.runs import runs_of

    async with stored() as sessions, sessions() as session:
        found = await _allowed(session, cohort, who, role)
        runs = await runs_of(session, found.id)
    if as_json:
        show_json(
            [
                {
                    "run": one.number,
                    "kind": one.kind,
                    "status": one.status,
                    "seats": one.seats,
                    "unstaffed": one.unstaffed,
                    "made_at": one.made_at,
                    "settled_at": one.settled_at,
                    "settled_by": one.settled_by,
                    "settled_by_name": one.settled_name or None,
                    "undone": asdict(one.undone) if one.undone else None,
                }
                for one in runs
            ]
        )
    elif runs:
        show_table(
            ["run", "kind", "status", "seats", "unstaffed", "made", "settled", "by", "undone"],
            [
                (
                    one.number,
                    one.kind,
                    one.status,
                    one.seats,
                    one.unstaffed,
                    one.made_at,
                    one.settled_at,
                    one.settled_name or one.settled_by,
                    _undone(one),
                )
                for one in runs
            ],
        )
    else:
        say(f"There is no allocation run in {found.id} yet.")


def _undone(one: "RunLine") -> str:
    """Who undid a run and why; empty where nobody has."""
    if one.undone is None:
        return ""
    stays = (
        f", {one.undone.kept} {'panel stays' if one.undone.kept == 1 else 'panels stay'}" if one.undone.kept else ""
    )
    return f"by {one.undone.name or one.undone.by}: {one.undone.reason.replace('_', ' ')}{stays}"


async def _allowed(session: "AsyncSession", cohort: str | None, who: str | None, role: Role | None) -> "Cohort":
    """The cohort, if the person may read its runs; who assesses whom is shown to nobody who is not named."""
    await required(session, who, role, "read_run")
    return await the_cohort(session, cohort)


async def _run(session: "AsyncSession", cohort: str, number: int) -> "AllocationRun":
    from models.tables import AllocationRun

    row = await session.get(AllocationRun, (cohort, number))
    if row is None:
        raise FailedError(f"There is no run {number} in {cohort}: look at 'python starter.py run list'.")
    return row


@command(app, "show", example="run show 1 --cohort pilot --as operations@example.nhs.test")
def show(
    number: Number,
    cohort: CohortOption = None,
    who: AsOperations = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Show who a run proposes for whom and why, everybody's load, and which panels it leaves open and why."""
    run(_show(number, cohort, who, role, as_json=as_json))


async def _show(number: int, cohort: str | None, who: str | None, role: Role | None, *, as_json: bool) -> None:
    from allocation.expected import NOTHING_HELPS
    from allocation.explain import run_words
    from storage.allocations import RESULT, seats_of
    from storage.runs import undone_in, unstaffed_of

    async with stored() as sessions, sessions() as session:
        found = await _allowed(session, cohort, who, role)
        row = await _run(session, found.id, number)
        seats = await seats_of(session, found.id, number)
        open_panels = await unstaffed_of(session, found.id, number)
        undone = await undone_in(session, found.id, number)
    result = RESULT.validate_python(row.result)
    if as_json:
        show_json(
            {
                "cohort": found.id,
                "run": number,
                "kind": row.kind,
                "status": row.status,
                "undone": asdict(undone) if undone else None,
                "proved": result.certificate.proved,
                "certificate": asdict(result.certificate),
                "seats": [
                    {"nomination": one.nomination, "assessor": one.assessor, "cost": one.cost, "reasons": one.reasons}
                    for one in seats
                ],
                "unstaffed": [
                    {"nomination": one.nomination_id, "missing": one.missing, "reasons": one.reasons}
                    for one in open_panels
                ],
                "clashing": result.clashing,
                "mends": [one.words for one in result.mends],
                "loads": dict(result.loads),
            }
        )
        return
    made = f"{row.kind}, {row.status}"
    say(f"Run {number} of {found.id} ({made}): {len(seats)} {'seat' if len(seats) == 1 else 'seats'}.")
    if undone:
        taken = f"{undone.panels} {'panel was' if undone.panels == 1 else 'panels were'} taken back"
        stays = f", {undone.kept} {'stays' if undone.kept == 1 else 'stay'}" if undone.kept else ""
        say(f"  Undone by {undone.name or undone.by} ({undone.reason.replace('_', ' ')}): {taken}{stays}.")
    for sentence in run_words(result.certificate, len(open_panels)):
        say(f"  {sentence}")
    if seats:
        show_table(
            ["nomination", "assessor", "cost", "why"],
            # Interests are codes in the reasons.
            [(one.nomination, one.assessor, one.cost, "; ".join(one.reasons).replace("_", " ")) for one in seats],
        )
    if open_panels:
        show_table(
            ["without a panel", "missing", "why"],
            [(one.nomination_id, one.missing, "; ".join(one.reasons)) for one in open_panels],
        )
        say("These rules cannot all hold: " + "; ".join(result.clashing) + ".")
        if result.mends:
            show_table(["what would help, each proved by solving"], [(one.words,) for one in result.mends])
        else:
            say(NOTHING_HELPS)
    show_table(["assessor", "load with these seats"], _by_load(result.loads))


def _by_load(loads: "Sequence[tuple[str, int]]") -> list[tuple[str, int]]:
    return sorted(loads, key=lambda one: (-one[1], one[0]))


async def _figures(session: "AsyncSession", cohort: str, number: int) -> "RunFigures":
    from allocation.compare import RunFigures
    from storage.allocations import RESULT, seats_of
    from storage.runs import unstaffed_of

    row = await _run(session, cohort, number)
    seats = await seats_of(session, cohort, number)
    claim = RESULT.validate_python(row.result).certificate
    left = await unstaffed_of(session, cohort, number)
    return RunFigures(number, len({one.nomination for one in seats}), len(seats), len(left), claim.floor, claim.total)


@command(app, "compare", example="run compare 1 2 --cohort pilot --as operations@example.nhs.test")
def compare_runs(
    before: Number,
    after: Annotated[int, typer.Argument(metavar="RUN", min=1, help="The run it is compared to.")],
    cohort: CohortOption = None,
    who: AsOperations = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Show what changes from one run to another."""
    run(_compare(before, after, cohort, who, role, as_json=as_json))


async def _compare(
    before: int, after: int, cohort: str | None, who: str | None, role: Role | None, *, as_json: bool
) -> None:
    from allocation.compare import better, compare, figures
    from storage.allocations import seats_of

    async with stored() as sessions, sessions() as session:
        found = await _allowed(session, cohort, who, role)
        both = [await _figures(session, found.id, number) for number in (before, after)]
        change = compare(await seats_of(session, found.id, before), await seats_of(session, found.id, after))
    earlier, later = both
    if as_json:
        show_json(
            {
                "before": before,
                "after": after,
                "verdict": better(earlier, later),
                "seats_before": earlier.seats,
                "seats_after": later.seats,
                "panels_before": earlier.panels,
                "panels_after": later.panels,
                "unstaffed_before": earlier.unstaffed,
                "unstaffed_after": later.unstaffed,
                "floor_before": earlier.floor,
                "floor_after": later.floor,
                "floor_change": later.floor - earlier.floor,
                "total_before": earlier.total,
                "total_after": later.total,
                "total_change": later.total - earlier.total,
                "panels": [
                    {
                        "nomination": one.nomination,
                        "came": one.came,
                        "went": one.went,
                        "fit_change": one.fit_change,
                        "verdict": one.words(before, after),
                    }
                    for one in change.panels
                ],
                "loads": dict(change.loads),
            }
        )
        return
    say(better(earlier, later))
    show_table(["what", f"run {before}", f"run {after}"], figures(earlier, later))
    if change.panels:
        say(f"Panels that differ: {len(change.panels)}.")
        show_table(
            ["nomination", f"only in run {after}", f"only in run {before}", "for this nomination"],
            [
                (one.nomination, ", ".join(one.came), ", ".join(one.went), one.words(before, after))
                for one in change.panels
            ],
        )
    if change.loads:
        show_table(["assessor", "seats more or fewer"], [(one, f"{seats:+d}") for one, seats in change.loads])


@cohort_act(
    app,
    "release",
    act="release_run",
    example="run release 1 --cohort pilot --as operations@example.nhs.test",
    cohort=CohortOption,
)
def release(acts: "Acts", one: "CohortId", by: "By", number: Number) -> "Awaitable[AllocationState]":
    """Release a proposed run: its seats are given out and offers go to the assessors."""
    return acts.cohorts.release_run(one, by, number)


@cohort_act(
    app,
    "discard",
    act="discard_run",
    example="run discard 1 --cohort pilot --reason board_request",
    cohort=CohortOption,
)
def discard(acts: "Acts", one: "CohortId", by: "By", number: Number, reason: Reason) -> "Awaitable[AllocationState]":
    """Discard a proposed run."""
    return acts.cohorts.discard_run(one, by, number, reason)


@command(app, "solve", example="run solve --cohort pilot")
def solve(
    cohort: CohortOption = None, who: AsOperations = None, role: RoleOption = None, as_json: Json = False
) -> None:
    """Ask for another run, to compare."""
    run(_solve(cohort, who, role, as_json=as_json))


async def _solve(cohort: str | None, who: str | None, role: Role | None, *, as_json: bool) -> None:
    from models.ids import CohortId

    async with at_desk() as acts:
        async with acts.desk.sessions() as session:
            found = CohortId((await the_cohort(session, cohort)).id)
            by = await acting(session, who, role, "solve")
        state = await acts.cohorts.solve(found, by)
    if as_json:
        show_json({**state.model_dump(), "solve_asked": True})
        return
    before = f" after run {state.runs}" if state.runs else ""
    say(f"Another run of {found} was asked for. It comes{before}, and stands in the list once it is solved:")
    say(f"  python starter.py run list --cohort {found}")

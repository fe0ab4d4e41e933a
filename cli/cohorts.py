"""Commands on a cohort: opening it, moving and closing its window, and how it stands."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cli.acting import cohort_act
from cli.failures import run
from cli.moments import moment
from cli.reach import at_desk, reached, stored
from cli.showing import in_cell, note, say, show_json, show_table
from cli.terms import WHEN, AsOperations, CohortArgument, Json, Reason, RoleOption, command, room
from cli.who import acting
from models.enums import CohortPhase, Role, Stage, WayOut

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from acts import Acts
    from models.ids import CohortId
    from models.messages import AllocationState, By, CohortState

# ruff: noqa: PLC0415, PLR0917 -- imported where needed, so that --help answers at once; options become parameters

_STUCK = "needs attention"
_SOON = 5
"""Seconds within which a worker answers a query, or is taken to be away."""

app = room("Opens, steers and shows cohorts.")


@command(app, "open", example="cohort open --policy data/pilot/policy.toml --as operations@example.nhs.test")
def open_cohort(
    policy: Annotated[
        Path, typer.Option("--policy", metavar="FILE", exists=True, dir_okay=False, help="The cohort's policy.")
    ],
    who: AsOperations = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Schedule a cohort by its policy; its window opens and closes by itself."""
    run(_open(policy, who, role, as_json=as_json))


async def _open(policy: Path, who: str | None, role: Role | None, *, as_json: bool) -> None:
    from acts.desk import cohort_row
    from rules.calendar import in_words
    from rules.policies import read_policy

    stated = read_policy(policy, created_at=datetime.now(UTC))
    async with at_desk() as acts:
        async with acts.desk.sessions() as session:
            by = await acting(session, who, role, "open_cohort")
        cohort = await acts.cohorts.open(stated, by)
        async with acts.desk.sessions() as session:
            row = await cohort_row(session, cohort)
    if as_json:
        show_json({"cohort": cohort, "opens_at": row.opens_at, "closes_at": row.closes_at})
    else:
        say(f"{cohort}: open from {in_words(row.opens_at)} to {in_words(row.closes_at)}.")


@cohort_act(
    app,
    "extend",
    act="move_window",
    example='cohort extend pilot --closes "2018-10-05 17:00" --reason board_request',
)
def extend(
    acts: "Acts",
    one: "CohortId",
    by: "By",
    closes: Annotated[str, typer.Option("--closes", metavar="WHEN", help=f"The new closing: {WHEN}")],
    reason: Reason,
    opens: Annotated[
        str | None, typer.Option("--opens", metavar="WHEN", help="A new opening too, while it lies ahead.")
    ] = None,
) -> "Awaitable[CohortState]":
    """Move the closing of the window, later or earlier; whoever is applying is told."""
    now = datetime.now(UTC)
    opening = moment(opens, now) if opens else None
    return acts.cohorts.move_window(one, by, reason, opens_at=opening, closes_at=moment(closes, now))


@cohort_act(app, "close", act="close_now", example="cohort close pilot --reason board_request")
def close(acts: "Acts", one: "CohortId", by: "By", reason: Reason) -> "Awaitable[CohortState]":
    """Close the window now; the policy's grace still holds."""
    return acts.cohorts.close_now(one, by, reason)


@cohort_act(app, "roll-call", act="roll_call", example="cohort roll-call pilot")
def roll_call(acts: "Acts", one: "CohortId", by: "By") -> "Awaitable[CohortState]":
    """Ask the cohort to look at once whether its phase is over."""
    return acts.cohorts.roll_call(one, by)


@cohort_act(
    app,
    "unblock",
    act="unblock",
    example="cohort unblock pilot --allocation --way retry --reason technical_fault",
)
def unblock(
    acts: "Acts",
    one: "CohortId",
    by: "By",
    way: Annotated[Literal["retry", "skip"], typer.Option("--way", help="Try the step again, or go on without it.")],
    reason: Reason,
    *,
    allocation: Annotated[
        bool, typer.Option("--allocation", help="The cohort's allocation is stuck, not the cohort itself.")
    ] = False,
) -> "Awaitable[CohortState | AllocationState]":
    """Give a cohort that needs attention, or its allocation, its way out; 'cohort status' says which."""
    if allocation:
        return acts.cohorts.unblock_allocation(one, by, WayOut(way), reason)
    return acts.cohorts.unblock(one, by, WayOut(way), reason)


@command(app, "status", example="cohort status pilot --json")
def status(cohort: CohortArgument, as_json: Json = False) -> None:
    """Show a cohort's phase, how many nominations stand where, and what it waits for."""
    run(_status(cohort, as_json=as_json))


async def _as_workflows_say(cohort: str) -> dict[str, str] | None:
    """What the cohort and its allocation wait for, by their own word; None if Temporal does not answer soon.

    The database does not keep this: only nominations have a row that says so. A workflow that is not there, as after
    its end, is left out.
    """
    from datetime import timedelta

    from temporalio.service import RPCError, RPCStatusCode

    from models.ids import CohortId, allocation_workflow, cohort_workflow
    from models.messages import AllocationState, CohortState
    from stack.client import connect
    from stack.errors import StackError

    settings = reached()
    if settings.temporal_address is None:
        return None
    one = CohortId(cohort)
    asked: dict[str, tuple[str, type[CohortState | AllocationState]]] = {
        "cohort": (cohort_workflow(one), CohortState),
        "allocation": (allocation_workflow(one), AllocationState),
    }
    said: dict[str, str] = {}
    try:
        client = await connect(settings, attempts=1)
        for name, (workflow, kind) in asked.items():
            try:
                state = await client.get_workflow_handle(workflow).query(
                    "state", result_type=kind, rpc_timeout=timedelta(seconds=_SOON)
                )
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
            else:
                said[name] = state.waits_for
    except (RPCError, StackError):
        return None
    return said


async def _status(cohort: str, *, as_json: bool) -> None:
    from acts.desk import cohort_row
    from rules.stages import WORDS
    from storage.lists import standing_of
    from workflows.cohort import WAITS_FOR

    async with stored() as sessions, sessions() as session:
        row = await cohort_row(session, cohort)
        standing = await standing_of(session, cohort, now=datetime.now(UTC))
    workflows = await _as_workflows_say(row.id)
    total = sum(standing.counts.values())
    if as_json:
        show_json(
            {
                "cohort": row.id,
                "name": row.name,
                "phase": row.phase,
                "waits_for": WAITS_FOR[row.phase],
                "workflows": workflows,
                "opens_at": row.opens_at,
                "closes_at": row.closes_at,
                "due_at": row.due_at,
                "released_at": row.released_at,
                "nominations": total,
                "stages": {stage.value: standing.counts.get(stage, 0) for stage in Stage},
                "overdue": standing.overdue,
                "needs_attention": standing.needs_attention,
                "paused": standing.paused,
                "to_screen": standing.to_screen,
            }
        )
        return
    until = f", until {in_cell(row.due_at)}" if row.due_at else ""
    ended = row.phase is CohortPhase.ENDED
    say(f"{row.id}, {row.name}: {in_cell(row.phase)}." + ("" if ended else f" It {WAITS_FOR[row.phase]}{until}."))
    say(f"Window from {in_cell(row.opens_at)} to {in_cell(row.closes_at)}.")
    for name, words in (workflows or {}).items():
        if words.lower().startswith(_STUCK):
            option = " --allocation" if name == "allocation" else ""
            say(
                f"The {name} {words[0].lower()}{words[1:]}. Operations: 'python starter.py cohort unblock {row.id}"
                f"{option} --way retry --reason …'."
            )
    if workflows is None:
        note("Temporal cannot be reached: whether the cohort or its allocation needs attention is not known.")
    counted = [(stage, WORDS[stage], standing.counts[stage]) for stage in Stage if standing.counts.get(stage)]
    if counted:
        show_table(["stage", "meaning", "nominations"], counted)
    say(
        f"{total} nominations; {standing.overdue} overdue, {standing.needs_attention} need attention, "
        f"{standing.paused} paused."
    )
    if standing.to_screen:
        wait = "waits" if standing.to_screen == 1 else "wait"
        say(
            f"{standing.to_screen} {wait} for a moderator to screen them: "
            f"'python starter.py flags --cohort {row.id} --as …'."
        )

"""Commands that bring files into the register: all of a file or nothing, and the same file twice changes nothing."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.failures import FailedError, run
from cli.reach import at_desk, stored
from cli.showing import note, progress, say, show_json
from cli.steering import the_cohort
from cli.terms import AsOperations, CohortOption, Json, RoleOption, command, room
from cli.who import acting, anybody_is_operations
from models.enums import Role

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator, Sequence

    from sqlmodel.ext.asyncio.session import AsyncSession

    from acts import Acts
    from acts.importing import Brought
    from intake.problems import RowProblem
    from intake.rows import NominationRow
    from models.messages import By
    from models.tables import Cohort

# ruff: noqa: PLC0415, PLR0917 -- imported where needed, so that --help answers at once; options become parameters

app = room("Imports CSV files: every bad row is named, and nothing is taken until all is right.")

File = Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A CSV file, in UTF-8.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Check everything and say what would change; change nothing.")
]

Every = Annotated[bool, typer.Option("--all", help="Show every problem, and not only the first 20.")]

_SHOWN = 20
"""Problems shown where --all is not given: enough to see what is wrong, few enough to be read."""

Bring = Callable[["AsyncSession", datetime, "By"], Awaitable["Brought"]]


def _register(name: str, sentence: str) -> None:
    """Add the import of a file that is the same for all cohorts."""

    def import_file(
        file: File,
        dry_run: DryRun = False,
        every: Every = False,
        who: AsOperations = None,
        role: RoleOption = None,
        as_json: Json = False,
    ) -> None:
        async def work() -> None:
            from acts.importing import Kind, bring_in, read

            rows = read(Kind(name), file)

            async def bring(session: "AsyncSession", at: datetime, by: "By") -> "Brought":
                return await bring_in(session, rows, at, by)

            await _bring(bring, who, role, dry_run=dry_run, as_json=as_json)

        _run(work, every=every, as_json=as_json)

    import_file.__doc__ = sentence
    command(app, name, example=f"import {name} data/pilot/{name}.csv --dry-run")(import_file)


_register("organisations", "Import the region's organisations.")
_register("officers", "Import the people who hold roles: nominators, moderators, the board, operations.")


@command(app, "assessors", example="import assessors data/pilot/assessors.csv --cohort pilot")
def assessors(
    file: File,
    cohort: CohortOption = None,
    dry_run: DryRun = False,
    every: Every = False,
    who: AsOperations = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Import a cohort's assessors, and the conflicts they declare with nominations that are there."""

    async def work() -> None:
        from acts.importing import Kind, bring_in, read
        from intake.problems import shortened

        rows = read(Kind.ASSESSORS, file)

        async def bring(session: "AsyncSession", at: datetime, by: "By") -> "Brought":
            there = await the_cohort(session, cohort)
            brought = await bring_in(session, rows, at, by, cohort=there.id)
            if brought.conflicts.new + brought.conflicts.changed:
                note(f"Declared conflicts: {brought.conflicts.new} new, {brought.conflicts.changed} changed.")
            return brought

        brought = await _bring(bring, who, role, dry_run=dry_run, as_json=as_json, more=_conflicts_waiting)
        waiting = brought.waiting
        if waiting:
            note("Declared conflicts that wait for a nomination which is not there yet:")
            for sentence in shortened(waiting, None if every else _SHOWN):
                note(f"  {sentence}")
            note("Import this file again once they are nominated.")

    _run(work, every=every, as_json=as_json)


def _conflicts_waiting(brought: "Brought") -> dict[str, object]:
    return {
        "conflicts_waiting": len(brought.waiting),
        "conflicts_waiting_for": [one._asdict() for one in brought.waiting],
    }


@command(app, "applications", example="import applications data/pilot/applications.csv --cohort pilot")
def applications(
    file: File,
    cohort: CohortOption = None,
    dry_run: DryRun = False,
    every: Every = False,
    who: AsOperations = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Import what nominees wrote, as drafts; each nominee still submits their own."""

    async def work() -> None:
        from acts.importing import Kind, bring_in, criteria_of, read

        async def bring(session: "AsyncSession", at: datetime, by: "By") -> "Brought":
            there = await the_cohort(session, cohort)
            rows = read(Kind.APPLICATIONS, file, await criteria_of(session, there.id))
            return await bring_in(session, rows, at, by, cohort=there.id)

        await _bring(bring, who, role, dry_run=dry_run, as_json=as_json)

    _run(work, every=every, as_json=as_json)


@command(app, "nominations", example="import nominations data/pilot/nominations.csv --cohort pilot")
def nominations(
    file: File,
    cohort: CohortOption = None,
    dry_run: DryRun = False,
    every: Every = False,
    who: AsOperations = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Import nominations: each is made and its workflow started; after an interruption, run it again to go on.

    A row that is refused only when it is made, as when its nominee was nominated meanwhile, is named; the others are
    made.
    """

    async def work() -> None:
        from intake.files import read_nominations

        rows = read_nominations(file)
        if dry_run:
            async with stored() as sessions, sessions() as session:
                await importer(session, who, role, "import_nominations")
                _, to_make, unchanged = await _plan(session, cohort, rows)
            _tell(len(to_make), 0, unchanged, dry_run=True, as_json=as_json, more={})
            return
        async with at_desk() as acts:
            async with acts.desk.sessions() as session:
                await importer(session, who, role, "import_nominations")
                there, to_make, unchanged = await _plan(session, cohort, rows)
            refused = await _make(acts, there, to_make)
        problems = [problem.model_dump() for problem in refused]
        made = len(to_make) - len(refused)
        _tell(made, 0, unchanged, dry_run=False, as_json=as_json, more={"problems": problems} if problems else {})
        if refused:
            from intake.problems import shortened

            for sentence in shortened(refused, None if every else _SHOWN):
                note(sentence)
            note(f"{len(refused)} rows were refused; the others are made. Mend these and import the file again.")
            raise typer.Exit(1)

    _run(work, every=every, as_json=as_json)


async def _plan(
    session: "AsyncSession", cohort: str | None, rows: "Sequence[NominationRow]"
) -> "tuple[Cohort, Sequence[NominationRow], int]":
    from intake.nominations import plan_nominations

    there = await the_cohort(session, cohort)
    plan = await plan_nominations(session, there, rows)
    return there, plan.to_make, plan.unchanged


async def _make(acts: "Acts", cohort: "Cohort", rows: "Sequence[NominationRow]") -> "list[RowProblem]":
    """Nominate row by row, in the file's order; which rows were refused. Each is made whole or not at all."""
    from acts.importing import nominate_rows

    tried = 0
    refused: list[RowProblem] = []

    def counted() -> "Iterator[NominationRow]":
        nonlocal tried
        for row in progress(rows, "Nominating"):
            yield row
            tried += 1

    try:
        await nominate_rows(acts, cohort.id, counted(), refused)
    finally:
        if tried < len(rows):
            note(_broken_off(tried - len(refused), len(rows)))
    return refused


def _broken_off(made: int, wanted: int) -> str:
    return (
        f"Broken off: {made} of {wanted} nominations were made. Import the file again: it goes on where it stopped."
    )


async def _bring(
    bring: Bring,
    who: str | None,
    role: Role | None,
    *,
    dry_run: bool,
    as_json: bool,
    more: "Callable[[Brought], dict[str, object]]" = lambda _: {},
) -> "Brought":
    """Bring rows in, in one transaction that a dry run takes back, and say how many changed something."""
    from asyncio import CancelledError

    from acts.importing import in_one_transaction

    async def work(session: "AsyncSession") -> "Brought":
        by = await importer(session, who, role, "import_register")
        return await bring(session, datetime.now(UTC), by)

    async with stored() as sessions:
        try:
            brought = await in_one_transaction(sessions, work, keep=not dry_run)
        except CancelledError:
            note("Broken off. Import the file again: what is in already stays as it is.")
            raise
    counts = brought.counts
    _tell(counts.new, counts.changed, counts.unchanged, dry_run=dry_run, as_json=as_json, more=more(brought))
    return brought


async def importer(session: "AsyncSession", who: str | None, role: Role | None, act: str) -> "By":
    """Who imports: operations, or whoever sets the system up while nobody holds that role."""
    from acts.desk import require
    from models.messages import THE_SYSTEM
    from rules.permissions import Act, Subject

    if who is None and not await anybody_is_operations(session):
        return THE_SYSTEM
    by = await acting(session, who, role, act)
    await require(session, by, Act(act), Subject())
    return by


def _tell(new: int, changed: int, unchanged: int, *, dry_run: bool, as_json: bool, more: dict[str, object]) -> None:
    if as_json:
        counts: dict[str, object] = {"new": new, "changed": changed, "unchanged": unchanged, "dry_run": dry_run}
        show_json({**counts, "problems": [], **more})
        return
    prefix = "Would be: " if dry_run else ""
    say(
        f"{prefix}{new} new, {changed} changed, {unchanged} unchanged." + (" Nothing was changed." if dry_run else "")
    )


def _run(work: Callable[[], "Coroutine[None, None, None]"], *, every: bool, as_json: bool) -> None:
    """Run an import; with ``as_json`` a bad file's problems are the answer, and the status is still 1."""

    async def told() -> None:
        from intake.problems import BadFile

        try:
            await work()
        except BadFile as bad:
            if not as_json:
                raise FailedError(bad.told(None if every else _SHOWN)) from None
            problems = [problem.model_dump() for problem in bad.problems]
            show_json({"new": 0, "changed": 0, "unchanged": 0, "problems": problems})
            raise typer.Exit(1) from None

    run(told())

"""Commands that bring files into the register: all of a file or nothing, and the same file twice changes nothing."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from cli.failures import FailedError, run
from cli.nominating import nominating
from cli.reach import at_desk, stored
from cli.showing import note, progress, say, show_json
from cli.steering import the_cohort
from cli.terms import AsOperations, CohortOption, Json, RoleOption, command, room
from cli.who import acting, anybody_is_operations
from models.enums import Role

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from sqlmodel.ext.asyncio.session import AsyncSession

    from acts import Acts
    from intake.problems import RowProblem
    from intake.register import Imported
    from intake.rows import AssessorRow, NominationRow
    from models.messages import By
    from models.tables import Cohort

# ruff: noqa: PLC0415, PLR0917 -- imported where needed, so that --help answers at once; options become parameters

app = room("Imports CSV files: every bad row is named, and nothing is taken until all is right.")

File = Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A CSV file, in UTF-8.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Check everything and say what would change; change nothing.")
]

Every = Annotated[bool, typer.Option("--all", help="Show every problem, and not only the first 20.")]

_ATTEMPTS = 5
_SHOWN = 20
"""Problems shown where --all is not given: enough to see what is wrong, few enough to be read."""

Bring = Callable[["AsyncSession", datetime, "By"], Awaitable["Imported"]]
Reading = Callable[[Path], Bring]


def _register(name: str, sentence: str, reading: Reading) -> None:
    """Add the import of a file that is the same for all cohorts."""

    def bring_in(
        file: File,
        dry_run: DryRun = False,
        every: Every = False,
        who: AsOperations = None,
        role: RoleOption = None,
        as_json: Json = False,
    ) -> None:
        async def work() -> None:
            await _bring(reading(file), who, role, dry_run=dry_run, as_json=as_json)

        _run(work, every=every, as_json=as_json)

    bring_in.__doc__ = sentence
    command(app, name, example=f"import {name} data/pilot/{name}.csv --dry-run")(bring_in)


def _organisations(file: Path) -> Bring:
    from intake.files import read_organisations
    from intake.register import import_organisations

    rows = read_organisations(file)
    return lambda session, at, by: import_organisations(session, rows, at, by=by)


def _officers(file: Path) -> Bring:
    from intake.files import read_officers
    from intake.register import import_officers

    rows = read_officers(file)
    return lambda session, at, by: import_officers(session, rows, at, by=by)


_register("organisations", "Import the region's organisations.", _organisations)
_register("officers", "Import the people who hold roles: nominators, moderators, the board, operations.", _officers)


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
        from intake.files import read_assessors
        from intake.nominations import import_declared_conflicts
        from intake.problems import shortened
        from intake.register import Events, import_assessors

        rows = read_assessors(file)
        waiting: list[WaitingConflict] = []

        async def bring(session: "AsyncSession", at: datetime, by: "By") -> "Imported":
            nonlocal waiting
            there = await the_cohort(session, cohort)
            events = Events()
            register = await import_assessors(session, there.id, rows, at, by=by, events=events)
            ready, waiting = await _conflicts_ready(session, there.id, rows)
            conflicts = await import_declared_conflicts(session, there.id, ready, at, by=by, events=events)
            await events.write(session, at, by)
            if conflicts.new + conflicts.changed:
                note(f"Declared conflicts: {conflicts.new} new, {conflicts.changed} changed.")
            return register

        await _bring(
            bring,
            who,
            role,
            dry_run=dry_run,
            as_json=as_json,
            more=lambda: {
                "conflicts_waiting": len(waiting),
                "conflicts_waiting_for": [one._asdict() for one in waiting],
            },
        )
        if waiting:
            note("Declared conflicts that wait for a nomination which is not there yet:")
            for sentence in shortened(waiting, None if every else _SHOWN):
                note(f"  {sentence}")
            note("Import this file again once they are nominated.")

    _run(work, every=every, as_json=as_json)


class WaitingConflict(NamedTuple):
    """A declared conflict with the nominee of a nomination that is not there yet."""

    line: int
    assessor: str
    nomination: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.assessor} with {self.nomination}"


async def _conflicts_ready(
    session: "AsyncSession", cohort: str, rows: "Sequence[AssessorRow]"
) -> "tuple[list[AssessorRow], list[WaitingConflict]]":
    """The rows with those conflicts whose nominations are there, and the conflicts that wait."""
    from sqlmodel import col, select

    from models.tables import Nomination

    known = set((await session.exec(select(Nomination.reference).where(col(Nomination.cohort_id) == cohort))).all())
    ready, waiting = [], []
    for row in rows:
        kept = tuple(one for one in row.declared_conflicts if one.nomination in known)
        waiting += [
            WaitingConflict(row.line, row.reference, one.nomination)
            for one in row.declared_conflicts
            if one.nomination not in known
        ]
        if kept:
            ready.append(row.model_copy(update={"declared_conflicts": kept}))
    return ready, waiting


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
        from intake.files import read_applications
        from intake.nominations import import_applications
        from storage.policies import policy_of

        async def bring(session: "AsyncSession", at: datetime, by: "By") -> "Imported":
            there = await the_cohort(session, cohort)
            policy = await policy_of(session, there.id)
            rows = read_applications(file, [criterion.code for criterion in policy.scoring.criteria])
            return await import_applications(session, there.id, rows, at, by=by)

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
    from acts.errors import NotKnownError, RefusedError
    from intake.known import people_at
    from intake.problems import RowProblem
    from models.ids import PersonId
    from models.messages import By

    async with acts.desk.sessions() as session:
        nominators = await people_at(session, [row.nominator_email for row in rows if row.nominator_email])
    refused: list[RowProblem] = []
    tried = 0
    try:
        for row in progress(rows, "Nominating"):
            nominator = nominators.get(row.nominator_email.lower())
            themselves = row.nominator_email.lower() in {"", row.nominee_email.lower()}
            by = None if themselves or nominator is None else By(person=PersonId(nominator.id), role=Role.NOMINATOR)
            try:
                await acts.nominations.nominate(nominating(row, cohort.id), by)
            except (RefusedError, NotKnownError) as error:
                refused.append(RowProblem(line=row.line, column="", value_shown="", sentence=str(error)))
            tried += 1
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
    more: Callable[[], dict[str, object]] = dict,
) -> None:
    """Bring rows in, in one transaction that a dry run takes back, and say how many changed something.

    A transaction that the database gave up for another's sake, a deadlock, is tried again as a whole.
    """
    from asyncio import CancelledError

    from psycopg.errors import DeadlockDetected
    from sqlalchemy.exc import OperationalError

    async with stored() as sessions:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                async with sessions() as session:
                    by = await importer(session, who, role, "import_register")
                    result = await bring(session, datetime.now(UTC), by)
                    await (session.rollback() if dry_run else session.commit())
                break
            except OperationalError as error:
                if not isinstance(error.orig, DeadlockDetected) or attempt == _ATTEMPTS:
                    raise
            except CancelledError:
                note("Broken off. Import the file again: what is in already stays as it is.")
                raise
    _tell(result.new, result.changed, result.unchanged, dry_run=dry_run, as_json=as_json, more=more())


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

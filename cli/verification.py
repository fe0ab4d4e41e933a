"""Commands that verify what is stored: status 1 when something is wrong."""

from typing import Annotated

import typer

from cli.failures import FailedError, WrongUseError, run
from cli.reach import at_desk, stored
from cli.showing import note, say, show_json
from cli.steering import the_cohort
from cli.terms import AsOperations, CohortOption, Json, RoleOption, command, room
from cli.who import acting
from models.enums import Role

# ruff: noqa: PLC0415 -- imported where needed, so that --help answers at once

app = room("Verifies what is stored; the exit status is 1 when something is wrong.")


@command(app, "audit", example="verify audit --anchor 1042:9f2c…")
def audit(
    anchor: Annotated[
        str | None,
        typer.Option("--anchor", metavar="EVENTS:HASH", help="An anchor that was kept: finds a cut end as well."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Reckon the audit chain again; print an anchor to keep elsewhere."""
    run(_audit(anchor, as_json=as_json))


async def _audit(anchor: str | None, *, as_json: bool) -> None:
    from storage.audit import Anchor, verify

    kept = None
    if anchor is not None:
        events, _, last = anchor.partition(":")
        if not (events.isdecimal() and len(last) == 64):
            raise WrongUseError("An anchor is EVENTS:HASH, as 'verify audit' printed it.")
        kept = Anchor(int(events), last)
    async with stored() as sessions, sessions() as session:
        verdict = await verify(session, kept)
    found = f"{verdict.events}:{verdict.last_hash}"
    if as_json:
        show_json(
            {
                "verified": verdict.whole,
                "events": verdict.events,
                "broken_at": verdict.broken_at,
                "reason": verdict.reason,
                "anchor": found,
            }
        )
    elif verdict.whole:
        say(f"The audit chain is whole: {verdict.events} events. Anchor: {found}")
    _fail_if(not verdict.whole, f"The audit chain is broken at event {verdict.broken_at}: {verdict.reason}", as_json)


@command(app, "allocation", example="verify allocation --cohort pilot")
def allocation(cohort: CohortOption = None, as_json: Json = False) -> None:
    """Check every panel that is held and every run that is kept, by other code than the solver's."""
    run(_allocation(cohort, as_json=as_json))


async def _allocation(cohort: str | None, *, as_json: bool) -> None:
    from proof.panels import broken_rules, incomplete_panels, run_faults
    from storage.allocations import problem_as_held
    from storage.kept_runs import kept_runs

    async with stored() as sessions, sessions() as session:
        found = await the_cohort(session, cohort)
        problem, seats = await problem_as_held(session, found.id)
        verdicts = [run_faults(one) async for one in kept_runs(session, found.id)]
    incomplete, broken = incomplete_panels(problem), broken_rules(problem, seats)
    faults = [fault for verdict in verdicts for fault in verdict]
    if as_json:
        show_json(
            {
                "verified": not broken and not faults,
                "panels": len(problem.nominations),
                "incomplete": len(incomplete),
                "seats": len(seats),
                "violations": [
                    {"rule": one.rule, "nomination": one.nomination, "assessor": one.assessor} for one in broken
                ],
                "runs": len(verdicts),
                "run_faults": [{"run": one.run, "fault": one.fault} for one in faults],
            }
        )
    elif not broken and not faults:
        say(
            f"Every rule is kept: {len(problem.nominations)} panels, {len(seats)} seats; "
            f"{len(incomplete)} panels still lack an assessor. Runs certified again: {len(verdicts)}."
        )
    lines = [f"{one.rule}: {one.nomination or 'any nomination'}, {one.assessor or 'any assessor'}" for one in broken]
    if broken:
        lines.insert(0, f"{len(broken)} rules are broken:")
    if faults:
        lines += [f"{len(faults)} faults in runs:", *(f"run {one.run}: {one.fault}" for one in faults)]
    _fail_if(bool(lines), "\n".join(lines), as_json)


@command(app, "projection", example="verify projection --cohort pilot")
def projection(
    cohort: CohortOption = None,
    mend: Annotated[bool, typer.Option("--rebuild", help="Write anew what differs, as operations.")] = False,
    who: AsOperations = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Compare what is stored with what the workflows say, and mend it with --rebuild."""
    run(_projection(cohort, who, role, mend=mend, as_json=as_json))


async def _projection(cohort: str | None, who: str | None, role: Role | None, *, mend: bool, as_json: bool) -> None:
    from acts.desk import require
    from models.ids import CohortId
    from proof.projection import check_projection, rebuild
    from rules.permissions import Act, Subject

    async with at_desk() as acts:
        async with acts.desk.sessions() as session:
            found = await the_cohort(session, cohort)
            if mend:
                by = await acting(session, who, role, Act.UNBLOCK)
                await require(session, by, Act.UNBLOCK, Subject())
        if mend:
            written = await rebuild(acts.desk.sessions, acts.desk.client, CohortId(found.id), by)
            note(f"{written} rows were written anew.")
        verdict = await check_projection(acts.desk.sessions, acts.desk.client, CohortId(found.id))
    lines = [
        f"{one.subject}, {one.field}: stored {one.stored}, the workflow says {one.known}"
        for one in verdict.differences
    ]
    if as_json:
        differences = [
            {"subject": one.subject, "field": one.field, "stored": one.stored, "known": one.known}
            for one in verdict.differences
        ]
        show_json({"verified": not lines, "cohort": found.id, "differences": differences})
    elif not lines:
        say(f"What is stored of {found.id} is what its workflows say.")
    _fail_if(bool(lines), "\n".join([f"{len(lines)} differences:", *lines]), as_json)


@command(app, "privacy", example="verify privacy --cohort pilot")
def privacy(cohort: CohortOption = None, as_json: Json = False) -> None:
    """Search the workflows' histories for every name, address and text that is stored."""
    run(_privacy(cohort, as_json=as_json))


async def _privacy(cohort: str | None, *, as_json: bool) -> None:
    from models.ids import CohortId
    from proof.privacy import search_histories

    async with at_desk() as acts:
        async with acts.desk.sessions() as session:
            found = await the_cohort(session, cohort)
        verdict = await search_histories(acts.desk.sessions, acts.desk.client, CohortId(found.id))
    lines = [f"{one.workflow_id}: a value of {one.kind}, {one.column}" for one in verdict.found]
    if as_json:
        values = [{"workflow": one.workflow_id, "kind": one.kind, "column": one.column} for one in verdict.found]
        show_json({"verified": not lines, "cohort": found.id, "found": values})
    elif not lines:
        say(f"No personal value stands in the histories of {found.id}.")
    _fail_if(bool(lines), "\n".join([f"{len(lines)} personal values stand in histories:", *lines]), as_json)


def _fail_if(wrong: bool, sentence: str, as_json: bool) -> None:
    if not wrong:
        return
    if as_json:
        note(sentence.split("\n", 1)[0])
        raise typer.Exit(1)
    raise FailedError(sentence)

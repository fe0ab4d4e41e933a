"""Commands that play a cohort through before it happens, or while it runs: nothing is changed by them."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.failures import FailedError, run, stop
from cli.reach import stored
from cli.showing import note, say, show_json, show_table
from cli.steering import the_cohort
from cli.terms import AsOperations, Json, RoleOption, command, room
from cli.who import required
from models.enums import Role

if TYPE_CHECKING:
    from acts.asking import Change, Play
    from allocation.expected import Outlook

# ruff: noqa: PLC0415, PLR0917 -- imported where needed, so that --help answers at once; options become parameters

app = room("Plays a cohort through, before a window opens or while it runs; nothing is changed.")

_MOST = 20_000
_SEARCHED = 400
"""Up to so many nominations, the most that the assessors can carry is sought as well."""


@command(app, "cohort", example="simulate cohort --nominations 120 --assessors 81 --policy data/pilot/policy.toml")
def cohort(
    nominations: Annotated[
        int | None, typer.Option("--nominations", min=1, max=_MOST, help="How many nominations, of made-up people.")
    ] = None,
    assessors: Annotated[
        int | None, typer.Option("--assessors", min=1, max=_MOST, help="How many assessors, made up as in the pilot.")
    ] = None,
    policy: Annotated[
        Path | None, typer.Option("--policy", metavar="FILE", exists=True, dir_okay=False, help="The rules to try.")
    ] = None,
    live: Annotated[
        str | None, typer.Option("--cohort", metavar="COHORT", help="A cohort that runs, instead of made-up people.")
    ] = None,
    withdraw: Annotated[int, typer.Option("--withdraw", min=0, help="How many of its nominations withdraw.")] = 0,
    nominate: Annotated[int, typer.Option("--nominate", min=0, max=_MOST, help="How many more come.")] = 0,
    leave: Annotated[int, typer.Option("--leave", min=0, help="How many of its assessors leave.")] = 0,
    accept: Annotated[
        float | None,
        typer.Option("--accept", min=0.01, max=1, help="Share of offers accepted; the policy's unless given."),
    ] = None,
    trials: Annotated[int, typer.Option("--trials", min=1, max=10_000, help="How often it is played.")] = 200,
    seed: Annotated[int, typer.Option("--seed", help="Settles every draw.")] = 1,
    chart: Annotated[
        Path | None, typer.Option("--chart", metavar="FILE.svg", dir_okay=False, help="Draw it into this file.")
    ] = None,
    who: AsOperations = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Say whether every panel can be staffed, how long it takes, and what breaks first."""
    from acts.asking import Change, Play

    play = Play(accept, trials, seed)
    if live is None:
        if withdraw or nominate or leave:
            stop("--withdraw, --nominate and --leave change a cohort that runs: name it with --cohort.", 2)
        if nominations is None or assessors is None or policy is None:
            stop("Give --nominations, --assessors and --policy, or a cohort that runs with --cohort.", 2)
        work = _made_up(nominations, assessors, policy, play)
    else:
        if nominations is not None or assessors is not None:
            stop("A cohort that runs has its own people: use --nominate, --withdraw and --leave.", 2)
        work = _live(live, policy, Change(withdraw, nominate, leave), play, who, role)
    _show(run(work), chart, as_json=as_json)


async def _made_up(nominations: int, assessors: int, file: Path, play: "Play") -> "Outlook":
    from acts.asking import made_up_outlook
    from rules.policies import read_policy

    policy = read_policy(file)
    return made_up_outlook(policy, nominations=nominations, assessors=assessors, searched=_SEARCHED, play=play)


async def _live(
    name: str,
    file: Path | None,
    change: "Change",
    play: "Play",
    who: str | None,
    role: Role | None,
) -> "Outlook":
    from acts.asking import outlook_of
    from acts.errors import ActError
    from rules.policies import read_policy

    async with stored() as sessions:
        async with sessions() as session:
            await required(session, who, role, "read_run")
            found = await the_cohort(session, name)
        policy = read_policy(file) if file else None
        try:
            return await outlook_of(sessions, cohort=found.id, change=change, play=play, policy=policy)
        except ActError as error:
            raise FailedError(str(error)) from error


def _show(seen: "Outlook", chart: Path | None, *, as_json: bool) -> None:
    from portal.forecasts import FIGURES, loads_drawn, one_above_the_other, weeks_drawn, weeks_rows

    if chart is not None:
        try:
            chart.write_text(one_above_the_other(weeks_drawn(seen), loads_drawn(seen)), encoding="utf-8")
        except OSError as error:
            stop(f"{chart} cannot be written: {error.strerror}.", 1)
        note(f"Drawn into {chart}.")
    if as_json:
        show_json(_document(seen))
        return
    for sentence in seen.words:
        say(sentence)
    show_table(["", *(head.lower() for head in FIGURES)], weeks_rows(seen))
    show_table(["assessments of one assessor", "assessors"], seen.forecast.loads)
    if seen.mends:
        show_table(["what would help, each proved by solving"], [(one,) for one in seen.mends])


def _document(seen: "Outlook") -> dict[str, object]:
    found = seen.forecast
    return {
        "nominations": seen.nominations,
        "assessors": seen.assessors,
        "seats": seen.seats,
        "places": seen.places,
        "feasible": found.feasible,
        "unstaffed": len(found.proposal.unstaffed),
        "clashing": seen.clashing,
        "mends": seen.mends,
        "holds_for": seen.holds_for,
        "breaks_by": seen.breaks_by,
        "weeks_of_panels": seen.panels,
        "weeks": dict(zip(("p10", "p50", "p90"), found.weeks, strict=True)),
        "weeks_to_half": dict(zip(("p10", "p50", "p90"), found.half, strict=True)),
        "loads": [{"assessments": load, "assessors": people} for load, people in found.loads],
        "most_loaded": found.most_loaded,
        "declines": found.declines,
        "without_stand_in": found.stuck,
        "breaks_first": [{"what": what, "trials": times} for what, times in found.breaks_first],
        "trials": found.runs,
        "certificate": asdict(found.proposal.certificate),
    }

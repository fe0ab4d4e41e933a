"""Commands that try the system on servers of its own: measuring it, and killing its parts while it works."""

from dataclasses import replace
from typing import Annotated

import typer

from cli.failures import FailedError, run
from cli.terms import command

# ruff: noqa: PLC0415, PLR0917 -- imported where needed, so that --help answers at once

app = typer.Typer()


@command(app, "bench", example="bench --pairs 1 --nominations 20 --open 10 --open 100")
def bench(
    pairs: Annotated[
        int | None, typer.Option("--pairs", min=1, help="Pairs of runs to take the medians of; by default 3.")
    ] = None,
    nominations: Annotated[
        int | None, typer.Option("--nominations", min=1, help="Complete nominations in a run; by default 40.")
    ] = None,
    acts: Annotated[
        int | None, typer.Option("--acts", min=1, help="Acts whose answer is waited for; by default 200.")
    ] = None,
    open_: Annotated[
        list[int] | None,
        typer.Option("--open", min=1, help="How many open nominations; several times. By default 10, 100, 1000."),
    ] = None,
    pages: Annotated[
        int | None, typer.Option("--pages", min=0, help="Nominations stored behind pages; by default 10000, 0: none.")
    ] = None,
    panels: Annotated[
        int | None, typer.Option("--panels", min=0, help="Cohorts of each size to form panels for; by default 3.")
    ] = None,
) -> None:
    """Measure history, throughput, latency, memory, pages and panels; print a table and JSON lines."""
    run(_bench(pairs, nominations, acts, tuple(open_ or ()), pages, panels))


async def _bench(
    pairs: int | None,
    nominations: int | None,
    acts: int | None,
    open_: tuple[int, ...],
    pages: int | None,
    panels: int | None,
) -> None:
    try:
        from bench.__main__ import Counts, run_bench
    except ModuleNotFoundError as error:
        raise FailedError(
            f"Measuring needs '{error.name}', which is not installed here: run 'make bench' in a checkout."
        ) from error
    usual = Counts()
    load = usual.pages if pages is None else replace(usual.pages, nominations=pages)
    await run_bench(
        Counts(
            pairs or usual.pairs,
            nominations or usual.nominations,
            acts or usual.acts,
            open_ or usual.open,
            load,
            usual.panels if panels is None else panels,
        )
    )


@command(app, "chaos", example="chaos --seed 809042 --kills 30")
def chaos(
    seed: Annotated[int | None, typer.Option("--seed", help="Repeats the kills of an earlier run.")] = None,
    kills: Annotated[int | None, typer.Option("--kills", min=1, help="Fewest kills; by default 20.")] = None,
    nominations: Annotated[int | None, typer.Option("--nominations", min=1, help="Only so many of them.")] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, max=16, help="How many workers to start.")] = 1,
) -> None:
    """Run the pilot cohort while killing worker, Temporal and PostgreSQL at random; fail if a promise breaks."""
    raise typer.Exit(run(_chaos(seed, kills, nominations, workers)))


async def _chaos(seed: int | None, kills: int | None, nominations: int | None, workers: int) -> int:
    from simulation.chaos import KILLS, report, run_chaos

    _, havoc, broken = await run_chaos(seed=seed, kills=kills or KILLS, nominations=nominations, workers=workers)
    return report(havoc, broken)

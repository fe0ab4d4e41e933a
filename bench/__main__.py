"""``python -m bench``: measures everything, shows a table, and writes JSON lines; nothing is asserted."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.measures import (
    Event,
    Figure,
    demo_figures,
    events_of,
    history_figures,
    latency_figures,
    open_figures,
    pair,
    throughput_figures,
)
from bench.pages import USUAL_LOAD, Load, pages_figures
from bench.panels import panel_figures
from bench.stage import staged
from stack.errors import StackError
from stack.settings import Settings, load_settings


@dataclass(frozen=True)
class Counts:
    """How much is measured.

    Pairs of runs, nominations in each, acts of one person, open nominations, pages, and cohorts of each size whose
    panels are formed; 0 cohorts: none.
    """

    pairs: int = 3
    nominations: int = 40
    acts: int = 200
    open: tuple[int, ...] = (10, 100, 1000)
    pages: Load = USUAL_LOAD
    panels: int = 3


async def measure(counts: Counts, settings: Settings | None = None) -> tuple[list[Figure], list[Event]]:
    """Every figure, on servers started for it; and where the events of a nomination go."""
    chosen = settings or load_settings()
    async with staged(chosen) as stage:
        latency = await latency_figures(stage, counts.acts)
        pairs = [(await pair(stage, run, counts.nominations))[0] for run in range(1, counts.pairs + 1)]
        history = await history_figures(stage.client, "bench-1")
        events = await events_of(stage.client, "bench-1")
        open_ = await open_figures(stage, counts.open)
    pages = await pages_figures(chosen, counts.pages) if counts.pages.nominations else []
    panels = await panel_figures(counts.panels) if counts.panels else []
    demo = demo_figures(chosen.folder / "demo" / "summary.json")
    return [*history, *throughput_figures(pairs), *latency, *open_, *pages, *panels, *demo], events


def show(figures: Sequence[Figure], events: Sequence[Event], console: Console) -> None:
    """The figures as tables."""
    table = Table(title="Figures (medians where there are several runs)")
    for heading, justify in (("figure", "left"), ("value", "right"), ("unit", "left"), ("target", "left")):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for one in figures:
        mark = "" if one.met is None else (" ✓" if one.met else " ✗")
        value = "not run" if one.value is None else f"{one.value:,.2f}"
        table.add_row(one.name, value, one.unit, f"{one.target or ''}{mark}")
    console.print(table)
    where = Table(title="Where the events of a nomination go (medians)")
    for heading in ("workflow", "event", "count"):
        where.add_column(heading)
    for event in events:
        where.add_row(event.workflow, event.kind, f"{event.count:g}")
    console.print(where)


def write(figures: Sequence[Figure], events: Sequence[Event], path: Path) -> None:
    """One JSON object in each line."""
    lines = [json.dumps({"figure": one.name, **asdict(one)}) for one in figures]
    lines += [json.dumps({"figure": "history events by type", **asdict(event)}) for event in events]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


async def run_bench(counts: Counts, settings: Settings | None = None) -> None:
    """Measure, show the figures, write them below the settings' folder, and print the lines.

    Raises:
        StackError: The servers cannot run, so nothing could be measured.
    """
    chosen = settings or load_settings()
    figures, events = await measure(counts, chosen)
    path = chosen.folder / "bench" / "figures.jsonl"
    show(figures, events, Console())
    write(figures, events, path)
    sys.stdout.write(path.read_text(encoding="utf-8"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, show and write; the exit status is 0 unless nothing could be measured."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--pairs", type=int, default=Counts.pairs, help="pairs of runs to take the medians of")
    parser.add_argument("--nominations", type=int, default=Counts.nominations, help="complete nominations in a run")
    parser.add_argument("--acts", type=int, default=Counts.acts, help="acts whose answer is waited for")
    parser.add_argument("--open", type=int, nargs="*", default=Counts.open, help="how many open nominations")
    parser.add_argument("--pages", type=int, default=Load.nominations, help="nominations behind pages; 0: none")
    parser.add_argument("--seconds", type=int, default=Load.seconds, help="how long pages are asked for")
    parser.add_argument("--panels", type=int, default=Counts.panels, help="cohorts to form panels for; 0: none")
    given = parser.parse_args(arguments)
    load = Load(nominations=given.pages, seconds=given.seconds)
    counts = Counts(given.pairs, given.nominations, given.acts, tuple(given.open), load, given.panels)
    try:
        asyncio.run(run_bench(counts))
    except StackError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

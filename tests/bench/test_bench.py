"""The bench runs with tiny counts and measures what it says; no figure is asserted against its target."""

import json
from pathlib import Path

from rich.console import Console

from bench.__main__ import Counts, measure, show, write
from bench.measures import demo_figures
from bench.pages import Load
from stack.settings import Settings


async def test_bench_with_tiny_counts_measures_everything(tmp_path: Path) -> None:
    settings = Settings(folder=tmp_path)
    console = Console(record=True, width=120)

    counts = Counts(pairs=1, nominations=2, acts=4, open=(2,), pages=Load(60, 20, 2))

    figures, events = await measure(counts, settings)
    show(figures, events, console)
    write(figures, events, tmp_path / "bench" / "figures.jsonl")

    values = {one.name: one.value for one in figures}
    counted = sum(event.count for event in events if "transitions" not in event.kind)
    assert values["history events per nomination"] == counted
    assert all(value is not None and value >= 0 for name, value in values.items() if name != "make demo")
    assert values["make demo"] is None
    assert values["complete nominations"]
    assert values["bare nominations"]
    assert values["bare writing nominations"]
    assert values["processor time per bare writing nomination, PostgreSQL"]
    lines = [json.loads(line) for line in (tmp_path / "bench" / "figures.jsonl").read_text().splitlines()]
    assert len(lines) == len(figures) + len(events)
    assert "ratio of complete to bare" in console.export_text()
    assert not [one for one in figures if one.name.startswith("bench-")]


def test_demo_figures_come_from_the_last_demo(tmp_path: Path) -> None:
    summary = tmp_path / "summary.json"
    summary.write_text('{"seconds": {"total": 61.5, "quality_assurance": 8.25}}', encoding="utf-8")

    figures = demo_figures(summary)

    assert [(one.name, one.value, one.met) for one in figures] == [
        ("make demo", 61.5, True),
        ("make demo, quality assurance", 8.25, None),
    ]

"""The bench runs with tiny counts and measures what it says; no figure is asserted against its target."""

import json
from pathlib import Path

from rich.console import Console

from bench.__main__ import Counts, measure, show, write
from bench.allocating import Size, stand_ins, whole_cohorts
from bench.measures import demo_figures
from bench.pages import Load
from bench.panels import figures_of
from bench.rolling import one_at_a_time, rolling_runs
from stack.settings import Settings


async def test_bench_with_tiny_counts_measures_everything(tmp_path: Path) -> None:
    settings = Settings(folder=tmp_path)
    console = Console(record=True, width=120)

    counts = Counts(pairs=1, nominations=2, acts=4, open=(2,), pages=Load(60, 20, 2), panels=0)

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
    # Counted in ticks of ten milliseconds: so few nominations may take none.
    assert "processor time per bare writing nomination, PostgreSQL" in values
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


def test_panels_are_measured_against_their_targets() -> None:
    sizes: list[Size] = [("pilot, small", 12, 9, 0.8, {"pair_most": 3}), ("larger", 24, 18, 0.8, {"pair_most": 3})]
    rows = [*whole_cohorts(1, large=False, sizes=sizes), *one_at_a_time((1,), (0.8,)), stand_ins()]

    figures = {one.name: one for one in figures_of(rows)}

    assert figures["panels, pilot, small"].unit == "s"
    assert figures["panels, pilot, small, memory"].target == "at most 300"
    assert figures["panels, larger, gap"].target == "at most 0.01"
    assert figures["panels, larger, rules broken"].value == 0
    assert figures["panels, one nomination at a time, 80% used, all registered, 95th percentile"].unit == "ms"
    assert figures["panels, one replacement after a decline, pilot, seats changed"].met
    assert all(one.value is not None and one.value >= 0 for one in figures.values())
    # A figure above its target is told as missed.
    late = dict(rows[0], seconds=4.5)
    assert figures_of([late])[0].met is False


def test_rolling_runs_plan_beside_those_to_come_and_seat_everybody() -> None:
    rows = rolling_runs((1,), at_once=60)

    assert [one["case"] for one in rows] == [
        "rolling runs of 60, 90% used, all registered",
        "rolling runs of 60, 90% used, 15% in vain, 15% late",
    ]
    # Nobody who comes as registered moves the plan: what is seated in two halves is the best there is.
    assert rows[0]["of_batch_percent"] == 100
    assert 95 < float(str(rows[1]["of_batch_percent"])) <= 100

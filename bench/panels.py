"""The allocation's figures, measured in a process of its own, so that its memory is its own."""

import asyncio
import json
import sys

from bench.allocating import Row
from bench.measures import Figure

_PILOT_SECONDS, _PILOT_MEGABYTES = 4.0, 300.0
_LARGER_SECONDS, _LARGER_GAP = 5.0, 0.01
_FAIRNESS_PERCENT, _OF_BATCH_PERCENT = 0.1, 99.0
_SEAT_MS, _STAND_IN_MS, _WHY_NOT_MS = 10.0, 1.0, 50.0


async def panel_figures(runs: int) -> list[Figure]:
    """Cohorts of pilot and larger size, one nomination at a time, stand-ins, why not: medians over ``runs`` cohorts.

    Raises:
        RuntimeError: The measuring process ended with an error.
    """
    rows = await _rows("bench.allocating", "--quick", "--runs", str(runs))
    return figures_of([*rows, *await _rows("bench.rolling", "--quick")])


async def _rows(module: str, *arguments: str) -> list[Row]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"python -m {module} ended with status {process.returncode}")
    return [json.loads(line) for line in said.decode().splitlines() if line.startswith("{")]


def figures_of(rows: list[Row]) -> list[Figure]:
    """The rows of ``bench.allocating`` and ``bench.rolling`` as figures, each with its target where one was set."""
    return [figure for row in rows for figure in _figures(row)]


def _figures(row: Row) -> list[Figure]:
    name = f"panels, {row['case']}"
    if "peak_megabytes" in row:
        return _cohort(name, row)
    if "percent" in row:
        return [_most(name, row["percent"], "%", _FAIRNESS_PERCENT)]
    if "of_batch_percent" in row:
        share, lowest = _number(row["of_batch_percent"]), _number(row["lowest_percent"])
        least = f"at least {_OF_BATCH_PERCENT:g}"
        return [
            _most(f"{name}, 95th percentile", row["p95_ms"], "ms", _SEAT_MS),
            Figure(
                f"{name}, share of the batch",
                share,
                "%",
                least,
                share >= _OF_BATCH_PERCENT,
                f"lowest {lowest:g}, {_number(row['unfilled']):g} seats unfilled",
            ),
        ]
    if "declines" in row:
        declines, changed = _number(row["declines"]), _number(row["seats_changed"])
        return [
            _most(f"{name}, 95th percentile", row["p95_ms"], "ms", _STAND_IN_MS),
            Figure(f"{name}, seats changed", changed, "seats", f"{declines:g} declines", changed == declines),
        ]
    exact, asked = _number(row["exact"]), _number(row["of"])
    return [
        _most(f"{name}, median", row["p50_ms"], "ms", _WHY_NOT_MS),
        Figure(f"{name}, 95th percentile", _number(row["p95_ms"]), "ms"),
        Figure(f"{name}, exact", exact, "answers", f"all of {asked:g}", exact == asked),
    ]


def _cohort(name: str, row: Row) -> list[Figure]:
    pilot = name.startswith("panels, pilot")
    broken, unstaffed = _number(row["rules_broken"]), _number(row["unstaffed"])
    gap = _most(f"{name}, gap", row["gap_percent"], "%", 0.0 if pilot else _LARGER_GAP)
    figures = [
        _most(name, row["seconds"], "s", _PILOT_SECONDS if pilot else _LARGER_SECONDS),
        gap,
        Figure(f"{name}, rules broken", broken, "rules", "0", broken == 0, f"{unstaffed:g} panels unstaffed"),
    ]
    if pilot:
        figures.append(_most(f"{name}, memory", row["peak_megabytes"], "MB", _PILOT_MEGABYTES))
    return figures


def _most(name: str, value: object, unit: str, most: float) -> Figure:
    measured = _number(value)
    return Figure(name, measured, unit, f"at most {most:g}", measured <= most)


def _number(value: object) -> float:
    if not isinstance(value, int | float):
        raise TypeError(f"{value!r} is not a figure")
    return float(value)

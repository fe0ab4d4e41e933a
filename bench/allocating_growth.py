"""How the allocation's time and memory grow with the cohort: measured as JSON lines, and drawn from them.

``python -m bench.allocating_growth measure > growth.jsonl`` measures each size in a process of its own;
``python -m bench.allocating_growth draw growth.jsonl growth.svg`` draws what was measured.
"""

import json
import resource
import subprocess
import sys
from collections.abc import Sequence
from math import log10
from pathlib import Path
from time import process_time

from allocation.propose import propose
from bench.allocating import Row, cohort

SIZES = ((120, 81), (250, 150), (500, 275), (1_000, 500), (2_000, 900), (5_000, 1_800), (10_000, 3_000))
_PARTS = (("cpu_seconds", "seconds of one processor"), ("peak_megabytes", "megabytes at most"))
_WIDTH, _HEIGHT, _LEFT, _TOP, _APART = 300, 220, 64, 44, 420
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#212b32}.line{fill:none;stroke:#005eb8;stroke-width:2}"
    ".dot{fill:#005eb8}.grid{stroke:#d8dde0}.small{font-size:11px}"
    "@media(prefers-color-scheme:dark){text{fill:#f0f4f5}.line{stroke:#7cc0ff}.dot{fill:#7cc0ff}.grid{stroke:#4c6272}}"
)


def measured(nominations: int, assessors: int) -> Row:
    """One cohort, total first, all hard rules: processor time, peak memory of this process, gap."""
    problem = cohort(nominations, assessors, use=0.8, seed=1, pair_most=3)
    begun = process_time()
    claim = propose(problem, aim="total", seconds=600).certificate
    return {
        "nominations": nominations,
        "assessors": assessors,
        "cpu_seconds": round(process_time() - begun, 3),
        "peak_megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "gap_percent": round(100 * claim.gap, 5),
        "rules_broken": claim.broken,
    }


def drawn(rows: Sequence[dict[str, float]]) -> str:
    """The measured sizes as a picture: one curve for time and one for memory, both scales by powers of ten."""
    parts = [_curve(rows, figure, words, at * _APART) for at, (figure, words) in enumerate(_PARTS)]
    width, height = _APART + _LEFT + _WIDTH + 40, _TOP + _HEIGHT + 56
    words = "; ".join(
        f"{row['nominations']:,.0f} nominations: {row['cpu_seconds']:g} seconds, {row['peak_megabytes']:g} megabytes"
        for row in rows
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-labelledby="title words">\n<title id="title">Time and memory by nominations</title>\n'
        f'<desc id="words">{words}</desc>\n<style>{_STYLE}</style>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _curve(rows: Sequence[dict[str, float]], figure: str, words: str, shift: int) -> str:
    across = [log10(row["nominations"]) for row in rows]
    up = [log10(max(row[figure], 1e-3)) for row in rows]
    low, high = int(min(up) // 1), int(-(-max(up) // 1))
    first, last = int(min(across) // 1), int(-(-max(across) // 1))

    def x(value: float) -> float:
        return shift + _LEFT + _WIDTH * (value - first) / max(last - first, 1)

    def y(value: float) -> float:
        return _TOP + _HEIGHT * (high - value) / max(high - low, 1)

    lines = [f'<text x="{shift + _LEFT}" y="{_TOP - 20}">{words}</text>']
    for power in range(low, high + 1):
        lines += [
            f'<line class="grid" x1="{x(first):.1f}" x2="{x(last):.1f}" y1="{y(power):.1f}" y2="{y(power):.1f}"/>',
            f'<text x="{x(first) - 8:.1f}" y="{y(power) + 4:.1f}" text-anchor="end">{10.0**power:,g}</text>',
        ]
    for power in range(first, last + 1):
        lines.append(f'<text x="{x(power):.1f}" y="{y(low) + 20:.1f}" text-anchor="middle">{10**power:,}</text>')
    lines.append(
        f'<text x="{x((first + last) / 2):.1f}" y="{y(low) + 40:.1f}" text-anchor="middle">nominations</text>'
    )
    points = [(x(a), y(b)) for a, b in zip(across, up, strict=True)]
    path = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
    lines.append(f'<polyline class="line" points="{path}"/>')
    for row, (a, b) in zip(rows, points, strict=True):
        lines.append(f'<circle class="dot" cx="{a:.1f}" cy="{b:.1f}" r="4"/>')
        lines.append(
            f'<text class="small" x="{a:.1f}" y="{b - 9:.1f}" text-anchor="middle">{row[figure]:,.3g}</text>'
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, or draws: see the module."""
    match list(sys.argv[1:] if arguments is None else arguments):
        case ["measure"]:
            for size in SIZES:
                # A process for each size, so that each one's highest memory is its own; the words are this module's.
                again = [sys.executable, "-m", "bench.allocating_growth", "one", *map(str, size)]
                sys.stdout.write(subprocess.run(again, check=True, capture_output=True, text=True).stdout)  # noqa: S603
                sys.stdout.flush()
        case ["one", nominations, assessors]:
            sys.stdout.write(json.dumps(measured(int(nominations), int(assessors))) + "\n")
        case ["draw", lines, picture]:
            rows = [json.loads(line) for line in Path(lines).read_text(encoding="utf-8").splitlines()]
            Path(picture).write_text(drawn(rows), encoding="utf-8")
        case _:
            sys.stderr.write("Say measure, or draw LINES.jsonl PICTURE.svg.\n")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

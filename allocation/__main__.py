"""For anyone with a matrix: `python -m allocation solve AFFINITIES.csv --demand 3 --max-load 12`."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from allocation.affinities import Affinities, AffinityFileError, read_affinities, read_assignment, write_assignment
from allocation.matrix import MatrixAnswer, solve_matrix
from allocation.matrix_check import check_matrix

SOUND, UNSOUND, UNREADABLE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Solves or checks; gives 0 when all is well, 1 for an unsound assignment, 2 for what cannot be read."""
    given = _parser().parse_args(arguments)
    try:
        affinities = read_affinities(given.affinities)
        return _solve(affinities, given) if given.command == "solve" else _check(affinities, given)
    except (AffinityFileError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return UNREADABLE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m allocation", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    solve = commands.add_parser("solve", help="assign assessors to items, proved best")
    check = commands.add_parser("check", help="verify an assignment, independently of the solver")
    for command in (solve, check):
        command.add_argument("affinities", type=Path, metavar="AFFINITIES.csv", help="items down, assessors across")
    check.add_argument("assignment", type=Path, metavar="ASSIGNMENT.csv", help="item,assessor with a header")
    for command in (solve, check):
        command.add_argument("--demand", type=int, required=True, help="assessors for each item")
        command.add_argument("--max-load", type=int, required=True, help="most items of an assessor")
        command.add_argument("--min-load", type=int, default=0, help="fewest items of an assessor (0)")
        command.add_argument("--json", action="store_true", help="print one JSON object")
    solve.add_argument("--objective", choices=("floor", "total"), default="total", help="what comes first (total)")
    solve.add_argument("--seed", type=int, default=1, help="published number that settles ties (1)")
    solve.add_argument("--seconds", type=float, default=60.0, help="time allowed to each branch and bound (60)")
    solve.add_argument("--out", type=Path, metavar="FILE", help="write the assignment as CSV")
    return parser


def _solve(affinities: Affinities, given: argparse.Namespace) -> int:
    answer = solve_matrix(
        affinities,
        demand=given.demand,
        most=given.max_load,
        least=given.min_load,
        objective=given.objective,
        seed=given.seed,
        seconds=given.seconds,
    )
    if given.out is not None:
        write_assignment(given.out, answer.chosen)
    figures = _figures(answer)
    if given.json:
        sys.stdout.write(json.dumps(figures) + "\n")
    else:
        sys.stdout.write("".join(f"{name.replace('_', ' '):<13}{_word(value)}\n" for name, value in figures.items()))
        if given.out is None:
            sys.stdout.write("\nitem,assessor\n" + "".join(f"{item},{who}\n" for item, who in answer.chosen))
    if answer.status == "short":
        sys.stderr.write(
            f"{answer.shortfall} seats cannot be filled and least loads lack {answer.unmet} items: "
            "raise --max-load, lower --min-load or --demand, or remove conflicts.\n"
        )
    return SOUND


def _figures(answer: MatrixAnswer) -> dict[str, float | int | str]:
    return {
        "floor": round(answer.floor, 9),
        "floor_bound": round(answer.floor_bound, 9),
        "total": round(answer.total, 9),
        "total_bound": round(answer.total_bound, 9),
        "gap": round(answer.gap, 9),
        "load_min": min(answer.loads),
        "load_max": max(answer.loads),
        "shortfall": answer.shortfall,
        "seconds": round(answer.seconds, 6),
        "status": answer.status,
    }


def _check(affinities: Affinities, given: argparse.Namespace) -> int:
    pairs = read_assignment(given.assignment, affinities)
    verdict = check_matrix(affinities, pairs, demand=given.demand, most=given.max_load, least=given.min_load)
    figures: dict[str, float | int | str] = {
        "floor": round(verdict.floor, 9),
        "total": round(verdict.total, 9),
        "load_min": verdict.load_min,
        "load_max": verdict.load_max,
        "shortfall": verdict.shortfall,
        "status": "unsound" if verdict.faults else "sound",
    }
    if given.json:
        sys.stdout.write(json.dumps({**figures, "faults": verdict.faults}) + "\n")
    else:
        sys.stdout.write("".join(f"{name.replace('_', ' '):<13}{_word(value)}\n" for name, value in figures.items()))
        sys.stdout.write("".join(f"{fault}\n" for fault in verdict.faults))
    return UNSOUND if verdict.faults else SOUND


def _word(value: float | int | str) -> str:
    return f"{value:.6f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main())

"""For anyone with a matrix: `python -m allocation solve AFFINITIES.csv --demand 3 --max-load 12`."""

import argparse
import json
import math
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from allocation.affinities import (
    LARGEST,
    NUMBER,
    Affinities,
    AffinityFileError,
    read_affinities,
    read_assignment,
    write_assignment,
)
from allocation.matrix import MatrixAnswer, solve_matrix
from allocation.matrix_check import check_matrix
from allocation.sizes import places

SOUND, UNSOUND, UNREADABLE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Solves or checks; gives 0 when all is well, 1 when short or unsound, 2 for what cannot be read."""
    given = _parser().parse_args(arguments)
    try:
        _agree(given)
        affinities = read_affinities(given.affinities)
        return _solve(affinities, given) if given.command == "solve" else _check(affinities, given)
    except (AffinityFileError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return UNREADABLE
    except OSError as error:
        sys.stderr.write(f"{error.filename}: cannot be written: {error.strerror}\n")
        return UNREADABLE


def _agree(given: argparse.Namespace) -> None:
    """Refuses, before anything is read, what no assignment could keep and a folder that is not there."""
    if given.demand < 1:
        raise ValueError(f"--demand is {given.demand}; an item needs at least 1 assessor")
    if given.min_load < 0:
        raise ValueError(f"--min-load is {given.min_load}; the fewest items of an assessor are 0 or more")
    if given.min_load > given.max_load:
        raise ValueError(
            f"--min-load is {given.min_load} and --max-load {given.max_load}; the fewest items of an assessor "
            "cannot be more than the most"
        )
    if given.command == "solve" and given.out is not None and not given.out.parent.is_dir():
        raise ValueError(f"{given.out}: cannot be written: there is no folder {given.out.parent}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m allocation", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    solve = commands.add_parser("solve", help="assign assessors to items, proved best")
    check = commands.add_parser("check", help="verify an assignment, independently of the solver")
    for command in (solve, check):
        command.add_argument("affinities", type=Path, metavar="AFFINITIES.csv", help="items down, assessors across")
    check.add_argument("assignment", type=Path, metavar="ASSIGNMENT.csv", help="item,assessor with a header")
    for command in (solve, check):
        command.add_argument("--demand", type=_count, required=True, help="assessors for each item")
        command.add_argument("--max-load", type=_count, required=True, help="most items of an assessor")
        command.add_argument("--min-load", type=_count, default=0, help="fewest items of an assessor (0)")
        command.add_argument("--json", action="store_true", help="print one JSON object")
    solve.add_argument("--objective", choices=("floor", "total"), default="total", help="what comes first (total)")
    solve.add_argument("--seed", type=_whole, default=1, help="published number that settles ties (1)")
    solve.add_argument("--seconds", type=_seconds, default=60.0, help="time allowed to each branch and bound (60)")
    solve.add_argument("--out", type=Path, metavar="FILE", help="write the assignment as CSV")
    return parser


def _whole(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,40}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number written in the digits 0 to 9")
    return int(text)


def _count(text: str) -> int:
    number = _whole(text)
    if abs(number) > LARGEST:
        raise argparse.ArgumentTypeError(f"{text} is too large; {LARGEST} is the most that can be asked")
    return number


def _seconds(text: str) -> float:
    if not re.fullmatch(NUMBER, text) or not math.isfinite(number := float(text)) or number < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds, 0 or more")
    return number


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
    figures = _figures(answer, places(affinities.fits))
    if given.json:
        sys.stdout.write(json.dumps(figures) + "\n")
    else:
        sys.stdout.write("".join(f"{name.replace('_', ' '):<13}{_word(value)}\n" for name, value in figures.items()))
        if given.out is None:
            sys.stdout.write("\nitem,assessor\n" + "".join(f"{item},{who}\n" for item, who in answer.chosen))
    if answer.status == "short":
        sys.stderr.write(_short(answer))
        return UNSOUND
    return SOUND


def _short(answer: MatrixAnswer) -> str:
    seats = f"{answer.shortfall} {'seat' if answer.shortfall == 1 else 'seats'} cannot be filled"
    loads = f"least loads lack {answer.unmet} {'item' if answer.unmet == 1 else 'items'}"
    lacking = [words for words, count in ((seats, answer.shortfall), (loads, answer.unmet)) if count]
    mends = ["raise --max-load"] if answer.shortfall else []
    mends += ["lower --min-load"] if answer.unmet else []
    mends += ["lower --demand"] if answer.shortfall else ["raise --demand"]
    return f"{' and '.join(lacking)}: {', '.join(mends)} or remove conflicts.\n"


def _figures(answer: MatrixAnswer, decimals: int) -> dict[str, float | int | str]:
    return {
        "floor": round(answer.floor, decimals),
        "floor_bound": round(answer.floor_bound, decimals),
        "total": round(answer.total, decimals),
        "total_bound": round(answer.total_bound, decimals),
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
    decimals = places(affinities.fits)
    figures: dict[str, float | int | str] = {
        "floor": round(verdict.floor, decimals),
        "total": round(verdict.total, decimals),
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
    if not isinstance(value, float):
        return str(value)
    return f"{value:.6g}" if 0 < abs(value) < 1e-3 else f"{value:.6f}"


if __name__ == "__main__":
    sys.exit(main())

import itertools
import json
import math
import random

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from allocation.__main__ import main
from allocation.affinities import Affinities, AffinityFileError, read_affinities
from allocation.matrix import solve_matrix
from allocation.matrix_check import check_matrix


def affinities(rows, items=None, assessors=None):
    fits = np.array([[math.nan if cell == "C" else float(cell) for cell in row] for row in rows])
    return Affinities(
        tuple(items or (f"p{n}" for n in range(fits.shape[0]))),
        tuple(assessors or (f"r{n}" for n in range(fits.shape[1]))),
        fits,
    )


def small_matrix(seed):
    draw = random.Random(seed)
    items, assessors = draw.randint(1, 4), draw.randint(3, 5)
    values = draw.choice([(0, 1), (0, 0.25, 0.5, 1), tuple(round(draw.uniform(-1, 1), 3) for _ in range(30))])
    cells = [["C" if draw.random() < 0.12 else draw.choice(values) for _ in range(assessors)] for _ in range(items)]
    most = draw.randint(1, items)
    return affinities(cells), {"demand": draw.randint(1, 3), "most": most, "least": draw.choice([0, 0, 0, 1])}


def every_assignment(matrix, demand, most, least):
    """Floor and total of each sound assignment, found by trying all."""
    columns = range(len(matrix.assessors))
    panels = [
        [panel for panel in itertools.combinations(columns, demand) if not np.isnan(row[list(panel)]).any()]
        for row in matrix.fits
    ]
    for chosen in itertools.product(*panels):
        loads = np.bincount([who for panel in chosen for who in panel], minlength=len(matrix.assessors))
        if loads.max() <= most and loads.min() >= least:
            sums = [matrix.fits[item][list(panel)].sum() for item, panel in enumerate(chosen)]
            yield min(sums), sum(sums)


def positions(matrix, answer):
    items = {name: at for at, name in enumerate(matrix.items)}
    assessors = {name: at for at, name in enumerate(matrix.assessors)}
    return [(items[item], assessors[assessor]) for item, assessor in answer.chosen]


@settings(max_examples=250, deadline=None)
@given(st.integers(0, 2**32))
def test_total_equals_the_best_of_all_assignments(seed):
    matrix, terms = small_matrix(seed)

    answer = solve_matrix(matrix, **terms)

    every = list(every_assignment(matrix, **terms))
    verdict = check_matrix(matrix, positions(matrix, answer), **terms)
    assert (answer.status == "optimal") == bool(every) == (not verdict.faults)
    if every:
        assert answer.total == pytest.approx(max(total for _, total in every), abs=1e-6)
        assert answer.total_bound == pytest.approx(answer.total, abs=1e-6)


@settings(max_examples=250, deadline=None)
@given(st.integers(0, 2**32))
@example(2854184)
def test_floor_equals_the_highest_and_total_the_best_at_it(seed):
    matrix, terms = small_matrix(seed)

    answer = solve_matrix(matrix, objective="floor", **terms)

    every = list(every_assignment(matrix, **terms))
    if every:
        floor = max(lowest for lowest, _ in every)
        assert answer.floor == pytest.approx(floor, abs=1e-5)
        assert answer.total == pytest.approx(max(t for f, t in every if f >= floor - 1e-6), abs=1e-5)
        assert answer.floor_bound == pytest.approx(floor, abs=1e-5)
        assert not check_matrix(matrix, positions(matrix, answer), **terms).faults
    else:
        assert answer.status == "short"
        assert answer.shortfall + answer.unmet > 0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(["floor", "total"]))
def test_assignment_is_the_same_in_any_order_of_the_input(seed, objective):
    matrix, terms = small_matrix(seed)
    draw = random.Random(seed)
    down = draw.sample(range(len(matrix.items)), len(matrix.items))
    across = draw.sample(range(len(matrix.assessors)), len(matrix.assessors))
    permuted = Affinities(
        tuple(matrix.items[at] for at in down),
        tuple(matrix.assessors[at] for at in across),
        matrix.fits[np.ix_(down, across)],
    )

    first = solve_matrix(matrix, objective=objective, seed=7, **terms)
    second = solve_matrix(permuted, objective=objective, seed=7, **terms)

    assert second.chosen == first.chosen


def test_larger_matrix_is_proved_at_floor_and_total():
    draw = np.random.default_rng(5)
    fits = np.round(draw.beta(0.6, 2.0, (60, 40)), 4)
    fits[draw.random(fits.shape) < 0.03] = math.nan
    matrix = affinities(fits)

    answer = solve_matrix(matrix, demand=3, most=6, least=3, objective="floor")

    assert not check_matrix(matrix, positions(matrix, answer), demand=3, most=6, least=3).faults
    assert answer.floor_bound - answer.floor < 1e-5
    assert answer.gap < 1e-3


def test_shortfall_is_counted_and_never_silent():
    matrix = affinities([[1, 1], [1, 1]])

    answer = solve_matrix(matrix, demand=2, most=1)

    assert (answer.status, answer.shortfall) == ("short", 2)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "line 1, column 1"),
        ("item,a,b\np,1\n", "line 2, column 3"),
        ("item,a,b\np,1,x\n", "line 2, column 3"),
        ("item,a,b\np,nan,1\n", "line 2, column 2"),
        ("item,a,a\np,1,1\n", "line 1, column 3"),
        ("item,a,b\np,1,1\np,1,1\n", "line 3, column 1"),
        ("item,a,b\n", "line 2, column 1"),
        ("item,a,b\np,1,1,1\n", "line 2, column 4"),
    ],
)
def test_bad_file_is_told_with_line_and_column(tmp_path, text, where):
    path = tmp_path / "bad.csv"
    path.write_text(text)

    with pytest.raises(AffinityFileError, match=where):
        read_affinities(path)


def test_every_fault_of_a_file_is_told_at_once(tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text("item,a,b\np,x,1\nq,1,y\n")

    with pytest.raises(AffinityFileError) as raised:
        read_affinities(path)

    assert [(fault.line, fault.column) for fault in raised.value.faults] == [(2, 2), (3, 3)]


def test_command_line_solves_writes_and_checks(tmp_path, capsys):
    source, out = tmp_path / "fits.csv", tmp_path / "out.csv"
    source.write_text("paper,ann,bob,cyd\np1,0.5,C,1\np2,1,1,1\n")
    terms = ["--demand", "2", "--max-load", "2"]

    solved = main(["solve", str(source), *terms, "--objective", "floor", "--json", "--out", str(out)])
    figures = json.loads(capsys.readouterr().out)
    checked = main(["check", str(source), str(out), *terms, "--json"])
    verdict = json.loads(capsys.readouterr().out)

    assert (solved, checked) == (0, 0)
    assert set(figures) == {
        "floor", "floor_bound", "total", "total_bound", "gap",
        "load_min", "load_max", "shortfall", "seconds", "status",
    }  # fmt: skip
    assert (figures["floor"], figures["total"], figures["status"]) == (1.5, 3.5, "optimal")
    assert out.read_text().splitlines()[:3] == ["item,assessor", "p1,ann", "p1,cyd"]
    assert (verdict["status"], verdict["total"]) == ("sound", 3.5)


def test_command_line_check_refuses_an_unsound_assignment(tmp_path, capsys):
    source, out = tmp_path / "fits.csv", tmp_path / "out.csv"
    source.write_text("paper,ann,bob\np1,0.5,C\n")
    out.write_text("item,assessor\np1,bob\n")

    code = main(["check", str(source), str(out), "--demand", "1", "--max-load", "1"])

    assert code == 1
    assert "p1 and bob have a conflict" in capsys.readouterr().out


def test_command_line_names_line_and_column_of_a_bad_file(tmp_path, capsys):
    source = tmp_path / "fits.csv"
    source.write_text("paper,ann\np1,oops\n")

    code = main(["solve", str(source), "--demand", "1", "--max-load", "1"])

    assert code == 2
    assert "line 2, column 2: 'oops' is neither a number nor C" in capsys.readouterr().err

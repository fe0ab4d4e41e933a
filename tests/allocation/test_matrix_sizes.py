import json
import math
import random

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_matrix import affinities, every_assignment

from allocation.__main__ import main
from allocation.affinities import AffinityFileError, read_affinities
from allocation.matrix import solve_matrix
from allocation.sizes import power_of_ten


def drawn(seed, size):
    draw = random.Random(seed)
    items, assessors = draw.randint(1, 4), draw.randint(3, 5)
    cells = [
        ["C" if draw.random() < 0.1 else round(draw.uniform(0, 10), 2) * 10.0**size for _ in range(assessors)]
        for _ in range(items)
    ]
    return affinities(cells), {"demand": draw.randint(1, 3), "most": draw.randint(1, items)}


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 2**32), st.integers(-12, 13))
def test_tiny_and_huge_fits_are_solved_as_ordinary_ones_are(seed, size):
    matrix, terms = drawn(seed, size)

    total, floor = (solve_matrix(matrix, objective=objective, **terms) for objective in ("total", "floor"))

    every = list(every_assignment(matrix, **terms, least=0))
    assert {total.status, floor.status} == {"optimal" if every else "short"}
    if every:
        highest = max(lowest for lowest, _ in every)
        assert total.total == pytest.approx(max(sum_ for _, sum_ in every), rel=1e-9, abs=0)
        assert floor.floor == pytest.approx(highest, rel=1e-6, abs=0)
        assert total.gap <= 1e-6


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 2**32))
def test_fits_far_apart_are_still_told_apart_to_the_smallest(seed):
    draw = random.Random(seed)
    cells = [[draw.randint(1, 9) * 10.0 ** draw.randint(-6, 5) for _ in range(4)] for _ in range(3)]
    matrix, terms = affinities(cells), {"demand": draw.randint(1, 2), "most": draw.randint(2, 3)}

    answer = solve_matrix(matrix, **terms)

    best = max(total for _, total in every_assignment(matrix, **terms, least=0))
    assert answer.status == "optimal"
    assert best - answer.total < answer.finest / 1000


def test_optimal_never_stands_beside_a_floor_below_its_bound():
    fits = np.random.default_rng(3).uniform(0.5, 1.0, (8, 6)) * 1e-7
    matrix = affinities(fits)

    answer = solve_matrix(matrix, demand=2, most=3, objective="floor")
    ordinary = solve_matrix(affinities(fits * 1e7), demand=2, most=3, objective="floor")

    assert answer.status == "optimal"
    assert answer.floor == pytest.approx(ordinary.floor * 1e-7, rel=1e-6, abs=0)
    assert answer.floor_bound == pytest.approx(answer.floor, rel=1e-5, abs=0)


def test_command_line_prints_tiny_figures_in_full(tmp_path, capsys):
    source = tmp_path / "fits.csv"
    source.write_text("item,a,b\nx,1e-12,2e-12\ny,3e-12,1e-12\n")

    main(["solve", str(source), "--demand", "1", "--max-load", "2", "--json"])
    figures = json.loads(capsys.readouterr().out)
    main(["solve", str(source), "--demand", "1", "--max-load", "2"])
    text = capsys.readouterr().out

    assert (figures["floor"], figures["total"], figures["gap"]) == (2e-12, 5e-12, 0.0)
    assert "total        5e-12\n" in text


@pytest.mark.parametrize(
    ("rows", "where"),
    [
        ("x,1e15,1e15\ny,1,3\nz,1e-9,2\n", "line 4, column 2: 1e-09 is lost beside 1e+15, which is more than 1e"),
        ("x,1,2\n\ny,1,1.7e308\n", "line 4, column 3: 1.7e+308 is beyond 1e"),
        ("x,1,2\ny,-1e-300,2\n", "line 3, column 2: -1e-300 is closer to 0 than 1e-15; write 0"),
    ],
)
def test_fits_that_cannot_be_added_exactly_are_refused_with_line_and_column(tmp_path, rows, where):
    path = tmp_path / "fits.csv"
    path.write_text(f"item,a,b\n{rows}")

    with pytest.raises(AffinityFileError) as raised:
        read_affinities(path)

    assert where in str(raised.value)


def test_solver_refuses_fits_too_far_apart_by_name():
    with pytest.raises(ValueError, match=r"p1 and r0: 1e-09 is lost beside 1e\+15"):
        solve_matrix(affinities([[1e15, 1], [1e-9, 2]]), demand=1, most=2)


@pytest.mark.parametrize("rows", [[[0.97, 0.0, math.nan]], [[250.0, 1e-4]], [[0.0, math.nan]]])
def test_ordinary_fits_are_solved_as_they_are(rows):
    assert power_of_ten(np.array(rows)) == 0


def test_floors_between_coarse_steps_are_found():
    # All fits are close to whole hundreds, yet the highest floor is not on any grid of hundreds.
    matrix = affinities([[100.0004, 200.0004, 300.0002], [200.0004, 100.0002, 300.0004]])

    answer = solve_matrix(matrix, demand=1, most=1, objective="floor")

    assert answer.floor == pytest.approx(200.0004, abs=1e-6)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32))
@example(1646)
def test_no_floor_exceeds_its_bound_however_far_apart_fits_are(seed):
    draw = random.Random(seed)
    cells = [[draw.randint(1, 9) * 10.0 ** draw.randint(-6, 5) for _ in range(4)] for _ in range(4)]
    matrix, terms = affinities(cells), {"demand": draw.randint(1, 2), "most": draw.randint(2, 3)}

    answer = solve_matrix(matrix, objective="floor", **terms)

    highest = max(floor for floor, _ in every_assignment(matrix, **terms, least=0))
    assert answer.floor_bound >= highest * (1 - 1e-9)
    assert answer.status != "optimal" or answer.floor == pytest.approx(highest, rel=1e-6, abs=0)

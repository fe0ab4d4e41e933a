import itertools
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_matrix import affinities

from allocation.matrix import solve_matrix


def every_short_assignment(matrix, demand, most, least):
    """Missing seats and items, floor and total of each assignment that meets no conflict, found by trying all."""
    columns = range(len(matrix.assessors))
    panels = [
        [
            panel
            for size in range(demand + 1)
            for panel in itertools.combinations(columns, size)
            if not np.isnan(row[list(panel)]).any()
        ]
        for row in matrix.fits
    ]
    for chosen in itertools.product(*panels):
        loads = np.bincount([who for panel in chosen for who in panel], minlength=len(matrix.assessors))
        if loads.max() <= most:
            sums = [matrix.fits[item][list(panel)].sum() for item, panel in enumerate(chosen)]
            missing = demand * len(chosen) - sum(map(len, chosen)) + np.maximum(least - loads, 0).sum()
            yield int(missing), min(sums), sum(sums)


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 2**32))
def test_short_floor_lacks_fewest_then_is_highest_then_best(seed):
    draw = random.Random(seed)
    items, assessors = draw.randint(1, 3), draw.randint(2, 4)
    cells = [
        ["C" if draw.random() < 0.3 else round(draw.uniform(-0.3, 1), 2) for _ in range(assessors)]
        for _ in range(items)
    ]
    most = draw.randint(1, 2)
    matrix, terms = affinities(cells), {"demand": draw.randint(1, 3), "most": most, "least": draw.randint(0, most)}

    answer = solve_matrix(matrix, objective="floor", **terms)

    best = max((-missing, round(floor, 6), round(total, 6)) for missing, floor, total in
               every_short_assignment(matrix, **terms))  # fmt: skip
    found = -(answer.shortfall + answer.unmet), round(answer.floor, 6), round(answer.total, 6)
    assert found == pytest.approx(best, abs=2e-6)
    assert answer.floor_bound == pytest.approx(answer.floor, abs=2e-6)
    assert answer.total_bound == pytest.approx(answer.total, abs=2e-6)


def test_everybody_gets_one_where_two_each_cannot_be():
    matrix = affinities([[1, 1, 1]] * 3)

    answer = solve_matrix(matrix, demand=2, most=1, objective="floor")

    assert (answer.status, answer.shortfall) == ("short", 3)
    assert (answer.floor, answer.floor_bound) == (1.0, pytest.approx(1.0))


def test_time_that_ends_leaves_a_bound_that_holds():
    fits = np.round(np.random.default_rng(2).uniform(0, 1, (30, 12)), 2)

    answer = solve_matrix(affinities(fits), demand=3, most=4, objective="floor", seconds=0.0)

    assert (answer.status, answer.shortfall) == ("short", 42)
    assert answer.floor_bound >= answer.floor
    assert answer.total_bound >= answer.total

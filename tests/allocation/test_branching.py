"""Branch and bound over the columns of a solved programme, against every answer tried."""

import itertools
import random

import highspy
import numpy as np
import pytest

from allocation.branching import Branching, split_most_open


def knapsack(seed, columns=7):
    """Columns of worth and two weights each, with a share of one column that need not be whole before them."""
    draw = random.Random(seed)
    worth = np.array([draw.randint(1, 20) for _ in range(columns)], dtype=np.float64)
    weights = np.array([[draw.randint(1, 9) for _ in range(columns)] for _ in range(2)], dtype=np.float64)
    room = weights.sum(axis=1) // 2
    return worth, weights, room


def programme(worth, weights, room):
    """The knapsack without whole numbers, solved; column 0 is a spare that costs nothing and is worth nothing."""
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.addVar(0.0, 1.0)
    for one in worth:
        highs.addVar(0.0, 1.0)
        highs.changeColCost(highs.getNumCol() - 1, -one)
    places = np.arange(1, len(worth) + 1, dtype=np.int32)
    for row, most in zip(weights, room, strict=True):
        highs.addRow(-highspy.kHighsInf, most, len(places), places, row)
    highs.run()
    return highs


def best_of_all(worth, weights, room):
    answers = itertools.product((0, 1), repeat=len(worth))
    return max(float(worth @ one) for one in answers if np.all(weights @ np.array(one) <= room))


def limits(columns):
    return np.zeros(columns), np.ones(columns)


@pytest.mark.parametrize("seed", range(40))
def test_search_finds_what_is_best_of_all_answers(seed):
    worth, weights, room = knapsack(seed)

    found = Branching(programme(worth, weights, room), 1, split_most_open).best(limits(7), -1.0, 10_000)

    assert found.ended
    assert found.values is not None
    assert np.all(weights @ found.values <= room)
    assert found.total == pytest.approx(best_of_all(worth, weights, room))
    assert worth @ found.values == pytest.approx(found.total)


@pytest.mark.parametrize("seed", range(10))
def test_nothing_is_found_that_only_equals_what_is_to_be_beaten(seed):
    worth, weights, room = knapsack(seed)
    best = best_of_all(worth, weights, room)

    found = Branching(programme(worth, weights, room), 1, split_most_open).best(limits(7), best, 10_000)

    assert (found.values, found.total, found.ended) == (None, best, True)


def test_search_that_is_stopped_does_not_claim_to_have_ended():
    worth, weights, room = knapsack(1)

    found = Branching(programme(worth, weights, room), 1, split_most_open).best(limits(7), -1.0, 1)

    assert not found.ended


def test_limits_are_given_back():
    worth, weights, room = knapsack(2)
    highs = programme(worth, weights, room)
    before = highs.getInfo().objective_function_value
    search = Branching(highs, 1, split_most_open)

    search.best(limits(7), -1.0, 10_000)
    search.close(limits(7))
    highs.run()

    assert highs.getInfo().objective_function_value == pytest.approx(before)

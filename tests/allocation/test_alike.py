"""Assessors alike counted as one, and their seats handed out again."""

import itertools
import random

import numpy as np
import pytest

from allocation.alike import grouped
from allocation.transport import Terms


def drawn(seed):
    """A few items; some assessors fit all of them alike, with conflicts here and there."""
    draw = random.Random(seed)
    items, people = draw.randint(2, 4), draw.randint(3, 6)
    columns = []
    for _ in range(people):
        same = draw.choice([None, 1.0, 2.0])
        column = [draw.randint(0, 5) if same is None else same for _ in range(items)]
        columns.append([np.nan if draw.random() < 0.2 else one for one in column])
    least = draw.randint(0, 1)
    return Terms.alike(np.array(columns, dtype=np.float64).T, draw.randint(1, 2), least, least + draw.randint(1, 2))


def some_way(whole, members, wanted):
    """Whether members can take as many seats at each item as are wanted, within their limits; all ways tried."""
    choices = [
        list(itertools.combinations([one for one in members if whole.allowed[item, one]], int(many)))
        for item, many in enumerate(wanted)
    ]
    for chosen in itertools.product(*choices):
        loads = np.array([sum(one in panel for panel in chosen) for one in members])
        if np.all(loads >= whole.least[members]) and np.all(loads <= whole.most[members]):
            return True
    return False


@pytest.mark.parametrize("seed", range(150))
def test_groups_are_alike_and_hold_everybody_once(seed):
    whole = drawn(seed)

    alike = grouped(whole)

    assert sorted(int(one) for mine in alike.members for one in mine) == list(range(len(whole.least)))
    for group, mine in enumerate(alike.members):
        for item in range(len(whole.fits)):
            fits = {float(whole.fits[item, one]) for one in mine if whole.allowed[item, one]}
            assert len(fits) <= 1
            assert not fits or fits == {float(alike.terms.fits[item, group])}
        assert alike.terms.most[group] == whole.most[mine].sum()
        assert alike.terms.least[group] == whole.least[mine].sum()


@pytest.mark.parametrize("seed", range(150))
def test_seats_of_a_group_are_handed_out_whenever_there_is_a_way(seed):
    whole, draw = drawn(seed), random.Random(seed)
    alike = grouped(whole)
    taken = np.array([[draw.randint(0, int(one)) for one in row] for row in alike.terms.spaces], dtype=np.float64)
    possible = all(
        some_way(whole, mine, taken[:, group]) for group, mine in enumerate(alike.members) if len(mine) > 1
    )

    found = alike.handed_out(taken)

    assert (found is not None) == possible
    if found is not None:
        assert np.all(found <= np.where(whole.allowed, 1, taken.max()))
        for group, mine in enumerate(alike.members):
            assert np.array_equal(found[:, mine].sum(axis=1), taken[:, group])
            if len(mine) > 1:
                assert np.all(found[:, mine].sum(axis=0) <= whole.most[mine])
                assert np.all(found[:, mine].sum(axis=0) >= whole.least[mine])


def test_nobody_alike_is_said():
    assert not grouped(Terms.alike(np.array([[1.0, 2.0], [3.0, 1.0]]), 1, 0, 2)).some
    assert grouped(Terms.alike(np.array([[1.0, 1.0], [1.0, 1.0]]), 1, 0, 2)).some

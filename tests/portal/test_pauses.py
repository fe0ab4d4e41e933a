"""The collector goes over what is there once."""

import gc
from collections.abc import Iterator

import pytest

from portal import pauses
from portal.pauses import keep_pauses_short


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Leaves the collector as it was."""
    before = list(gc.callbacks)
    yield
    gc.callbacks[:] = before
    gc.unfreeze()


class Kept:
    """Something that stays."""


def test_what_a_full_collection_leaves_is_not_looked_through_again() -> None:
    keep_pauses_short()
    before = gc.get_freeze_count()
    kept = [Kept() for _ in range(1000)]

    gc.collect()

    assert gc.get_freeze_count() >= before + 1000
    assert not any(one in gc.get_objects() for one in kept[:3])


def test_what_nobody_uses_any_more_is_still_collected() -> None:
    keep_pauses_short()
    one, other = [], []
    one.append(other)
    other.append(one)
    del one, other

    assert gc.collect() >= 2


def test_asking_twice_counts_once() -> None:
    keep_pauses_short()
    keep_pauses_short()

    assert gc.callbacks.count(pauses._set_aside) == 1

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.moderators.apart import far_in_words, furthest


@pytest.mark.parametrize(
    ("values", "far"),
    [
        ([1, 5, 5], [-4, None, None]),
        ([5, 1, 7], [None, -5, None]),
        ([4, 1, 7], [None, -4.5, 4.5]),
        ([2, 3, 5], [None, None, 2.5]),
        ([2, 2, 5, 5], [-2, -2, 2, 2]),
        ([3, 5, 5], [None, None, None]),
        ([1], [None]),
        ([], []),
    ],
)
def test_furthest_from_the_others_is_marked_where_scores_lie_apart(
    values: list[float], far: list[float | None]
) -> None:
    assert furthest(values, 3) == tuple(far)


@given(st.lists(st.integers(1, 7), min_size=2, max_size=9))
def test_something_is_marked_just_when_scores_lie_apart(values: list[int]) -> None:
    marked = furthest(values, 3)

    assert (max(values) - min(values) >= 3) == any(mark is not None for mark in marked)


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (None, ""),
        (-4.0, "4 points below the others"),
        (2.5, "2.5 points above the others"),
        (1.0, "1 point above the others"),
    ],
)
def test_distance_is_said_in_words(distance: float | None, words: str) -> None:
    assert far_in_words(distance) == words

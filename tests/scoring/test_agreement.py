import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.agreement import AgreementUndefinedError, icc_mean, icc_single, one_way, within_panels

# Shrout and Fleiss 1979, table 2: four judges' ratings of six targets.
SHROUT_FLEISS = (
    (9, 2, 5, 8),
    (6, 1, 3, 2),
    (8, 4, 6, 8),
    (7, 1, 2, 6),
    (10, 5, 6, 9),
    (6, 2, 4, 7),
)

panels = st.lists(st.lists(st.integers(1, 7), min_size=2, max_size=4), min_size=2, max_size=12)


def test_mean_squares_are_the_published_ones():
    variance = one_way(SHROUT_FLEISS)

    # Shrout and Fleiss 1979, table 3: BMS 11.24, WMS 6.26 with 18 degrees of freedom.
    assert round(variance.between, 2) == 11.24
    assert round(variance.within, 2) == 6.26
    assert variance.within_degrees == 18
    assert variance.typical_size == 4


def test_intraclass_correlations_are_the_published_ones():
    # Shrout and Fleiss 1979, table 4: ICC(1,1) .17 and ICC(1,4) .44.
    assert round(icc_single(SHROUT_FLEISS), 2) == 0.17
    assert round(icc_mean(SHROUT_FLEISS), 2) == 0.44


def test_full_agreement_is_one():
    assert icc_single([(2, 2, 2), (5, 5, 5)]) == 1.0
    assert icc_mean([(2, 2, 2), (5, 5, 5)]) == 1.0


def test_typical_size_of_unequal_panels_is_below_their_mean():
    # Searle, Casella and McCulloch 1992, section 3.6: (N - sum of n_i squared / N) / (a - 1).
    assert one_way([(1, 2), (3, 4, 5, 6)]).typical_size == pytest.approx(6 - 20 / 6)


@pytest.mark.parametrize("ratings", [[], [(1, 2)], [(1, 2), ()], [(1,), (2,)], [(3, 3), (3, 3)]])
def test_ratings_that_say_nothing_are_refused(ratings):
    with pytest.raises(AgreementUndefinedError):
        icc_single(ratings)


@given(ratings=panels, seed=st.randoms(use_true_random=False))
def test_variance_within_panels_does_not_depend_on_order(ratings, seed):
    shuffled = [seed.sample(one, len(one)) for one in seed.sample(ratings, len(ratings))]

    assert within_panels(shuffled) == within_panels(ratings)


@given(ratings=panels)
def test_single_and_mean_reliability_are_tied_by_spearman_and_brown(ratings):
    try:
        single, mean = icc_single(ratings), icc_mean(ratings)
    except AgreementUndefinedError:
        return

    size = one_way(ratings).typical_size
    assert single <= 1
    assert mean * (1 + (size - 1) * single) == pytest.approx(size * single, abs=1e-9)

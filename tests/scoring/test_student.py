from itertools import pairwise
from statistics import NormalDist

import pytest

from scoring.student import two_sided_quantile


@pytest.mark.parametrize(
    ("confidence", "degrees", "quantile"),
    [
        # Pearson and Hartley, Biometrika Tables for Statisticians, table 12.
        (0.95, 1, 12.706),
        (0.95, 2, 4.303),
        (0.95, 3, 3.182),
        (0.95, 10, 2.228),
        (0.95, 30, 2.042),
        (0.95, 120, 1.980),
        (0.99, 9, 3.250),
        (0.80, 5, 1.476),
        (0.80, 40, 1.303),
        (0.90, 60, 1.671),
    ],
)
def test_quantile_is_the_tabulated_one(confidence, degrees, quantile):
    assert round(two_sided_quantile(confidence, degrees), 3) == quantile


@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.95, 0.999])
def test_quantile_falls_smoothly_with_degrees_to_the_normal_one(confidence):
    quantiles = [two_sided_quantile(confidence, degrees) for degrees in range(1, 260)]
    falls = [one - other for one, other in pairwise(quantiles)]

    assert all(fall > 0 for fall in falls)
    assert all(one > other for one, other in pairwise(falls))  # so no step at 200 either
    assert two_sided_quantile(confidence, 10**9) == pytest.approx(NormalDist().inv_cdf((1 + confidence) / 2))


@pytest.mark.parametrize(("confidence", "degrees"), [(0.8, 0), (0.0, 5), (1.0, 5)])
def test_impossible_question_is_refused(confidence, degrees):
    with pytest.raises(ValueError, match="at least 1 degree of freedom"):
        two_sided_quantile(confidence, degrees)

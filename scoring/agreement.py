"""How far assessors agree: the one-way analysis of variance and the intraclass correlations that follow from it.

Each panel has its own assessors, so the model is the one-way random effects model: y_ij = mu + n_i + e_ij, where
n_i is what is true of nomination i and e_ij holds everything else, an assessor's severity included. Sources:
Shrout and Fleiss, Intraclass correlations: uses in assessing rater reliability, Psychological Bulletin 86 (1979)
420-428, case 1; for panels of unequal size Searle, Casella and McCulloch, Variance Components (1992), section 3.6.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum

from scoring.aggregate import mean


class AgreementUndefinedError(ValueError):
    """The ratings are too few, or too much alike, to say anything about agreement."""


@dataclass(frozen=True)
class OneWay:
    """A one-way analysis of variance of panels.

    Attributes:
        between: Mean square between panels (BMS), in squared points.
        within: Mean square within panels (WMS), in squared points; 0 without degrees of freedom.
        within_degrees: Degrees of freedom within panels: ratings less panels.
        typical_size: The panel size the expected mean squares hold for; the size itself if all are equal.
    """

    between: float
    within: float
    within_degrees: int
    typical_size: float


def within_panels(ratings: Sequence[Sequence[float]]) -> tuple[float, int]:
    """The pooled variance within panels (WMS), in squared points, and its degrees of freedom.

    WMS = sum over panels i and ratings j of (y_ij - mean_i)^2, divided by sum of (k_i - 1). Without degrees of
    freedom, that is with one rating a panel, the variance is given as 0 and means nothing.
    """
    degrees = sum(len(panel) - 1 for panel in ratings)
    squares = fsum((rating - mean(panel)) ** 2 for panel in ratings for rating in panel)
    return (squares / degrees if degrees else 0.0), degrees


def one_way(ratings: Sequence[Sequence[float]]) -> OneWay:
    """The one-way analysis of variance of ``ratings``, one sequence for each panel.

    Raises:
        AgreementUndefinedError: there are fewer than two panels, an empty one, or none with two ratings.
    """
    if len(ratings) < 2 or any(not panel for panel in ratings):
        raise AgreementUndefinedError("agreement needs at least two panels, each with a rating")
    within, degrees = within_panels(ratings)
    if degrees == 0:
        raise AgreementUndefinedError("agreement needs a panel with at least two ratings")
    sizes = [len(panel) for panel in ratings]
    everything = sum(sizes)
    grand = fsum(rating for panel in ratings for rating in panel) / everything
    between = fsum(len(panel) * (mean(panel) - grand) ** 2 for panel in ratings) / (len(ratings) - 1)
    typical = (everything - sum(size**2 for size in sizes) / everything) / (len(ratings) - 1)
    return OneWay(between=between, within=within, within_degrees=degrees, typical_size=typical)


def icc_single(ratings: Sequence[Sequence[float]]) -> float:
    """ICC(1,1): the reliability of a single assessor, (BMS - WMS) / (BMS + (k - 1) WMS); at most 1.

    Raises:
        AgreementUndefinedError: too few ratings, or all ratings equal.
    """
    variance = one_way(ratings)
    below = variance.between + (variance.typical_size - 1) * variance.within
    return _ratio(variance.between - variance.within, below)


def icc_mean(ratings: Sequence[Sequence[float]]) -> float:
    """ICC(1,k): the reliability of a panel's mean, (BMS - WMS) / BMS; at most 1.

    Raises:
        AgreementUndefinedError: too few ratings, or all panel means equal.
    """
    variance = one_way(ratings)
    return _ratio(variance.between - variance.within, variance.between)


def _ratio(above: float, below: float) -> float:
    if below <= 0:
        raise AgreementUndefinedError("all ratings are the same, so agreement cannot be told from chance")
    return above / below

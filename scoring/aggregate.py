"""A panel's scores brought together: means weighted by the policy, and how far assessors lie apart.

Sums are exactly rounded (math.fsum), so no result depends on the order in which scores come in. No score is
adjusted for an assessor's severity; the package's own page says why.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum

from models.ids import AssessmentId, NominationId
from models.policy import Policy


class IncompleteScoresError(ValueError):
    """Scores that a mean needs are missing."""


@dataclass(frozen=True)
class CriterionScore:
    """One criterion's score, on the policy's scale, with the number of words of its evidence."""

    criterion: str
    value: float
    evidence_words: int


@dataclass(frozen=True)
class SubmittedAssessment:
    """The scores of one assessor on one nomination."""

    assessment: AssessmentId
    scores: tuple[CriterionScore, ...]


@dataclass(frozen=True)
class Panel:
    """The submitted assessments of one nomination."""

    nomination: NominationId
    assessments: tuple[SubmittedAssessment, ...]


def assessment_mean(assessment: SubmittedAssessment, policy: Policy) -> float:
    """The mean of one assessment's scores, weighted by the policy's criteria, in points of the scale.

    Raises:
        IncompleteScoresError: a criterion of the policy has no score.
    """
    values = {score.criterion: score.value for score in assessment.scores}
    missing = [criterion.code for criterion in policy.scoring.criteria if criterion.code not in values]
    if missing:
        raise IncompleteScoresError(
            f"assessment {assessment.assessment} has no score for {', '.join(missing)}: it has no mean yet"
        )
    weighted = fsum(values[criterion.code] * criterion.weight for criterion in policy.scoring.criteria)
    return weighted / fsum(criterion.weight for criterion in policy.scoring.criteria)


def assessment_means(panel: Panel, policy: Policy) -> tuple[float, ...]:
    """The mean of each of a panel's assessments, in ascending order.

    Raises:
        IncompleteScoresError: the panel has no assessment, or a criterion has no score.
    """
    if not panel.assessments:
        raise IncompleteScoresError(f"nomination {panel.nomination} has no submitted assessment: it has no mean yet")
    return tuple(sorted(assessment_mean(assessment, policy) for assessment in panel.assessments))


def panel_mean(panel: Panel, policy: Policy) -> float:
    """The mean of the panel's assessment means, in points of the scale; every assessor counts the same.

    Raises:
        IncompleteScoresError: the panel has no assessment, or a criterion has no score.
    """
    return mean(assessment_means(panel, policy))


def criterion_means(panel: Panel, policy: Policy) -> dict[str, float]:
    """For each of the policy's criteria that anybody scored, the mean of its scores, in the policy's order."""
    return {criterion: mean(values) for criterion, values in _by_criterion(panel, policy).items()}


def criterion_spreads(panel: Panel, policy: Policy) -> dict[str, float]:
    """For each of the policy's criteria that anybody scored, its highest score less its lowest, in points."""
    return {criterion: max(values) - min(values) for criterion, values in _by_criterion(panel, policy).items()}


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean of at least one value, the same in whatever order they come."""
    return fsum(values) / len(values)


def _by_criterion(panel: Panel, policy: Policy) -> dict[str, list[float]]:
    scored: dict[str, list[float]] = {criterion.code: [] for criterion in policy.scoring.criteria}
    for assessment in panel.assessments:
        for score in assessment.scores:
            if score.criterion in scored:
                scored[score.criterion].append(score.value)
    return {criterion: values for criterion, values in scored.items() if values}

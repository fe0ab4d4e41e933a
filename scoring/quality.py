"""Quality assurance, rules first: what a moderator must look at before a nomination goes to the board."""

from dataclasses import dataclass

from models.enums import FlagRule
from models.ids import NominationId
from models.policy import Policy
from scoring.aggregate import (
    IncompleteScoresError,
    Panel,
    SubmittedAssessment,
    assessment_mean,
    criterion_spreads,
)
from scoring.sample import in_audit_sample

_TINY = 1e-9  # a spread that reaches the threshold but for rounding has reached it


@dataclass(frozen=True)
class RaisedFlag:
    """Something a moderator must look at.

    ``subject`` is what it is about: a criterion, ``<assessment>`` or ``<assessment>/<criterion>``, or empty for
    the nomination as a whole. ``reason`` is a sentence without names or quotations.
    """

    rule: FlagRule
    subject: str
    reason: str


def flags(panel: Panel, policy: Policy, nomination: NominationId) -> tuple[RaisedFlag, ...]:
    """The flags a panel's scores raise, the same in whatever order scores and assessments come.

    In turn: scores that are missing or off the scale; evidence shorter than the policy asks; a criterion on which
    assessors lie the policy's spread or more apart; assessment means that do; the audit sample.
    """
    assessments = sorted(panel.assessments, key=lambda assessment: assessment.assessment)
    return (
        *_incomplete(assessments, policy),
        *_thin(assessments, policy),
        *_apart_on_a_criterion(panel, policy),
        *_apart_on_the_mean(assessments, policy),
        *_audited(nomination, policy),
    )


def _incomplete(assessments: list[SubmittedAssessment], policy: Policy) -> list[RaisedFlag]:
    raised = []
    if len(assessments) < policy.panel.size:
        reason = f"{len(assessments)} of {policy.panel.size} assessments have been submitted."
        raised.append(RaisedFlag(FlagRule.INCOMPLETE, "", reason))
    lowest, highest = policy.scoring.lowest, policy.scoring.highest
    for assessment in assessments:
        values = {score.criterion: score.value for score in assessment.scores}
        for criterion in policy.scoring.criteria:
            subject = f"{assessment.assessment}/{criterion.code}"
            if criterion.code not in values:
                reason = f"'{criterion.name}' has no score."
                raised.append(RaisedFlag(FlagRule.INCOMPLETE, subject, reason))
            elif not lowest <= values[criterion.code] <= highest:
                reason = f"'{criterion.name}' has a score outside {lowest} to {highest}."
                raised.append(RaisedFlag(FlagRule.INCOMPLETE, subject, reason))
    return raised


def _thin(assessments: list[SubmittedAssessment], policy: Policy) -> list[RaisedFlag]:
    least = policy.scoring.evidence_min_words
    names = {criterion.code: criterion.name for criterion in policy.scoring.criteria}
    order = {code: place for place, code in enumerate(names)}
    return [
        RaisedFlag(
            FlagRule.EVIDENCE_THIN,
            f"{assessment.assessment}/{score.criterion}",
            f"The evidence on '{names[score.criterion]}' has {_words(score.evidence_words)}; the policy asks for "
            f"{least}.",
        )
        for assessment in assessments
        for score in sorted(assessment.scores, key=lambda score: order.get(score.criterion, len(order)))
        if score.criterion in names and score.evidence_words < least
    ]


def _apart_on_a_criterion(panel: Panel, policy: Policy) -> list[RaisedFlag]:
    spreads = criterion_spreads(panel, policy)
    threshold = policy.quality.criterion_spread
    return [
        RaisedFlag(
            FlagRule.CRITERION_SPREAD,
            criterion.code,
            f"The scores on '{criterion.name}' lie {spreads[criterion.code]:g} points apart; "
            f"from {threshold:g} on a moderator looks.",
        )
        for criterion in policy.scoring.criteria
        if spreads.get(criterion.code, 0.0) >= threshold - _TINY
    ]


def _apart_on_the_mean(assessments: list[SubmittedAssessment], policy: Policy) -> list[RaisedFlag]:
    means = []
    for assessment in assessments:
        try:
            means.append(assessment_mean(assessment, policy))
        except IncompleteScoresError:
            continue  # flagged as incomplete already
    threshold = policy.quality.mean_spread
    if len(means) < 2 or max(means) - min(means) < threshold - _TINY:
        return []
    spread = f"The assessors' means lie {max(means) - min(means):.2f} points apart"
    reason = f"{spread}; from {threshold:g} on a moderator looks."
    return [RaisedFlag(FlagRule.MEAN_SPREAD, "", reason)]


def _audited(nomination: NominationId, policy: Policy) -> list[RaisedFlag]:
    if not in_audit_sample(nomination, policy.quality.audit_seed, policy.quality.audit_share):
        return []
    reason = f"In the audit sample of {policy.quality.audit_share:.0%}, drawn by the published seed."
    return [RaisedFlag(FlagRule.AUDIT_SAMPLE, "", reason)]


def _words(count: int) -> str:
    return "1 word" if count == 1 else f"{count} words"

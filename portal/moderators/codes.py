"""Coded words of quality assurance as moderators read them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from models.enums import AssessorRole, FlagRule, Resolution, ScoreChangeReason

RULES: Mapping[FlagRule, str] = MappingProxyType(
    {
        FlagRule.INCOMPLETE: "Something is missing",
        FlagRule.EVIDENCE_THIN: "Little evidence",
        FlagRule.CRITERION_SPREAD: "Scores far apart",
        FlagRule.MEAN_SPREAD: "Means far apart",
        FlagRule.AUDIT_SAMPLE: "Audit sample",
    }
)
RESOLUTIONS: Mapping[Resolution, str] = MappingProxyType(
    {
        Resolution.CONFIRM: "Scores confirmed",
        Resolution.MODERATE: "Scores changed",
        Resolution.MORE_EVIDENCE: "More evidence asked for",
        Resolution.ANOTHER_ASSESSOR: "One more assessor asked for",
    }
)
REASONS: Mapping[ScoreChangeReason, str] = MappingProxyType(
    {
        ScoreChangeReason.MODERATION: "Moderation",
        ScoreChangeReason.HUMAN_ERROR: "Human error",
        ScoreChangeReason.FURTHER_EVIDENCE: "Further evidence",
    }
)
REASON_HINTS: Mapping[ScoreChangeReason, str] = MappingProxyType(
    {
        ScoreChangeReason.MODERATION: "The evidence does not support the score",
        ScoreChangeReason.HUMAN_ERROR: "The assessor meant another score",
        ScoreChangeReason.FURTHER_EVIDENCE: "Evidence came to light after the score was given",
    }
)
POSTS: Mapping[AssessorRole, str] = MappingProxyType(
    {
        AssessorRole.CHIEF_EXECUTIVE: "chief executive",
        AssessorRole.ACCOUNTABLE_OFFICER: "accountable officer",
        AssessorRole.NON_EXECUTIVE_DIRECTOR: "non-executive director",
        AssessorRole.CHAIR: "chair",
    }
)


def waited(since: datetime, now: datetime) -> str:
    """How long something has waited: ``3 days``, ``5 hours``, ``less than an hour``."""
    length = now - since
    for unit, span in (("day", timedelta(days=1)), ("hour", timedelta(hours=1))):
        count = length // span
        if count >= 1:
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "less than an hour"

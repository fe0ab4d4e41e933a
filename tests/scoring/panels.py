"""Panels made of numbers, for the tests of scoring."""

from collections.abc import Sequence
from pathlib import Path

from models.ids import AssessorId, NominationId, assessment_id
from models.policy import Policy
from rules.policies import parse_policy
from scoring.aggregate import CriterionScore, Panel, SubmittedAssessment

PILOT = parse_policy((Path(__file__).parents[2] / "data/pilot/policy.toml").read_text(encoding="utf-8"))
CODES = tuple(criterion.code for criterion in PILOT.scoring.criteria)
ENOUGH = PILOT.scoring.evidence_min_words


def policy_with(part: str, **changes: object) -> Policy:
    return PILOT.model_copy(update={part: getattr(PILOT, part).model_copy(update=changes)})


def panel(nomination: str, *assessments: Sequence[float], words: int = ENOUGH) -> Panel:
    """A panel with one sequence of scores for each assessor, in the order of the pilot's criteria."""
    return Panel(
        nomination=NominationId(nomination),
        assessments=tuple(
            SubmittedAssessment(
                assessment=assessment_id(NominationId(nomination), AssessorId(f"A-{number:03}")),
                scores=tuple(
                    CriterionScore(criterion=code, value=value, evidence_words=words)
                    for code, value in zip(CODES, values, strict=False)
                ),
            )
            for number, values in enumerate(assessments, start=1)
        ),
    )


def flat(nomination: str, *means: float) -> Panel:
    """A panel whose assessors each gave the same score on every criterion."""
    return panel(nomination, *([value] * len(CODES) for value in means))

"""Screening: which of the policy's eligibility rules an application does not meet, and why.

Source: the four tests of the closest documented scheme (HEIW, Aspiring Executive Talent Pool, NHS Wales), as
docs/policy.md states them. Each can be switched off in the policy.
"""

from dataclasses import dataclass
from enum import StrEnum

from models.enums import EndorserPost
from models.policy import Policy


class EligibilityRule(StrEnum):
    """The eligibility rules, by the names the policy switches them with."""

    EMPLOYED_IN_REGION = "employed_in_region"
    REPORTS_TO_BOARD = "reports_to_board"
    NEXT_STEP_EXECUTIVE = "next_step_executive"
    ENDORSED = "endorsed"


@dataclass(frozen=True)
class EligibilityFacts:
    """What an application says, as far as eligibility needs it; ``endorser_post`` is None without endorsement."""

    employed_in_region_organisation: bool
    reports_to_board: bool
    next_step_executive: bool
    endorser_post: EndorserPost | None


@dataclass(frozen=True)
class Unmet:
    """An eligibility rule that is not met, with a sentence for the nominee."""

    rule: EligibilityRule
    reason: str


def unmet(facts: EligibilityFacts, policy: Policy) -> tuple[Unmet, ...]:
    """The rules the application does not meet, in the order the policy lists them; empty if it is eligible.

    This proposes: a named person settles what the rules did not pass.
    """
    rules = policy.eligibility
    checks = (
        (
            EligibilityRule.EMPLOYED_IN_REGION,
            rules.employed_in_region,
            facts.employed_in_region_organisation,
            f"The nominee is not employed by an NHS organisation in {policy.cohort.region}.",
        ),
        (
            EligibilityRule.REPORTS_TO_BOARD,
            rules.reports_to_board,
            facts.reports_to_board,
            "The nominee does not report to a board member or an equivalent.",
        ),
        (
            EligibilityRule.NEXT_STEP_EXECUTIVE,
            rules.next_step_executive,
            facts.next_step_executive,
            "The nominee's next step is not an executive director post.",
        ),
        (
            EligibilityRule.ENDORSED,
            rules.endorsed,
            facts.endorser_post is not None,
            "The nomination has no endorsement by a chief executive, an accountable officer or another "
            "executive director.",
        ),
    )
    return tuple(Unmet(rule, reason) for rule, applies, met, reason in checks if applies and not met)

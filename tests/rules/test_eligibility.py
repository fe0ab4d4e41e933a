from itertools import product
from pathlib import Path

import pytest

from models.enums import EndorserPost
from models.policy import EligibilityPolicy
from rules.eligibility import EligibilityFacts, EligibilityRule, unmet
from rules.policies import parse_policy

POLICY = parse_policy((Path(__file__).parents[2] / "data/pilot/policy.toml").read_text(encoding="utf-8"))
RULES = list(EligibilityRule)


def facts(met: tuple[bool, ...]) -> EligibilityFacts:
    return EligibilityFacts(
        employed_in_region_organisation=met[0],
        reports_to_board=met[1],
        next_step_executive=met[2],
        endorser_post=EndorserPost.EXECUTIVE_DIRECTOR if met[3] else None,
    )


@pytest.mark.parametrize("met", list(product([True, False], repeat=4)))
def test_unmet_rules_are_exactly_those_the_facts_do_not_show(met):
    found = unmet(facts(met), POLICY)

    assert [one.rule for one in found] == [rule for rule, holds in zip(RULES, met, strict=True) if not holds]
    assert all(one.reason.endswith(".") for one in found)


@pytest.mark.parametrize("switched_off", RULES)
def test_rule_that_is_switched_off_is_not_asked(switched_off):
    eligibility = EligibilityPolicy(**{rule.value: rule is not switched_off for rule in RULES})
    policy = POLICY.model_copy(update={"eligibility": eligibility})

    found = unmet(facts((False, False, False, False)), policy)

    assert [one.rule for one in found] == [rule for rule in RULES if rule is not switched_off]


@pytest.mark.parametrize("post", list(EndorserPost))
def test_endorsement_by_any_of_the_posts_counts(post):
    shown = EligibilityFacts(
        employed_in_region_organisation=True, reports_to_board=True, next_step_executive=True, endorser_post=post
    )

    assert unmet(shown, POLICY) == ()


def test_rules_have_the_names_the_policy_switches_them_with():
    assert [rule.value for rule in EligibilityRule] == list(EligibilityPolicy.model_fields)


def test_reason_names_the_region_of_the_cohort():
    (found,) = unmet(facts((False, True, True, True)), POLICY)

    assert found.reason == "The nominee is not employed by an NHS organisation in Midlands and East."

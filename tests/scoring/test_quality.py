from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.enums import FlagRule
from models.ids import NominationId
from scoring.aggregate import Panel
from scoring.quality import RaisedFlag, flags
from tests.scoring.panels import CODES, ENOUGH, PILOT, panel, policy_with

NAME = NominationId("pilot-0001")
NOT_AUDITED = policy_with("quality", audit_share=0.0)


def rules_of(scored: Panel) -> list[FlagRule]:
    return [flag.rule for flag in flags(scored, NOT_AUDITED, NAME)]


def test_panel_in_agreement_with_enough_evidence_raises_nothing():
    assert flags(panel(NAME, [4] * 6, [5] * 6, [4] * 6), NOT_AUDITED, NAME) == ()


def test_missing_assessment_is_incomplete():
    assert flags(panel(NAME, [4] * 6, [5] * 6), NOT_AUDITED, NAME) == (
        RaisedFlag(FlagRule.INCOMPLETE, "", "2 of 3 assessments have been submitted."),
    )


def test_missing_score_is_incomplete_and_names_assessment_and_criterion():
    assert flags(panel(NAME, [4] * 6, [5] * 6, [4] * 5), NOT_AUDITED, NAME) == (
        RaisedFlag(
            FlagRule.INCOMPLETE,
            "pilot-0001.A-003/partnerships",
            "'Building a trusted relationship with partners and communities' has no score.",
        ),
    )


@pytest.mark.parametrize("value", [0, 8])
def test_score_off_the_scale_is_incomplete(value):
    raised = flags(panel(NAME, [value, 4, 4, 4, 4, 4], [4] * 6, [4] * 6), NOT_AUDITED, NAME)

    assert (raised[0].rule, raised[0].subject) == (FlagRule.INCOMPLETE, f"pilot-0001.A-001/{CODES[0]}")
    assert raised[0].reason.endswith("has a score outside 1 to 7.")


def test_evidence_is_thin_below_the_policys_words_and_not_at_them():
    enough = panel(NAME, [4] * 6, [4] * 6, [4] * 6, words=ENOUGH)
    thin = panel(NAME, [4] * 6, [4] * 6, [4] * 6, words=ENOUGH - 1)

    assert rules_of(enough) == []
    assert rules_of(thin) == [FlagRule.EVIDENCE_THIN] * 18


def test_spread_on_a_criterion_is_flagged_from_the_threshold_on():
    below = panel(NAME, [3, 4, 4, 4, 4, 4], [5, 4, 4, 4, 4, 4], [4] * 6)
    reached = panel(NAME, [3, 4, 4, 4, 4, 4], [6, 4, 4, 4, 4, 4], [4] * 6)

    assert flags(below, NOT_AUDITED, NAME) == ()
    assert flags(reached, NOT_AUDITED, NAME) == (
        RaisedFlag(
            FlagRule.CRITERION_SPREAD,
            CODES[0],
            "The scores on 'Driving high-quality and sustainable outcomes' lie 3 points apart; "
            "from 3 on a moderator looks.",
        ),
    )


def test_spread_of_means_is_flagged_from_the_threshold_on():
    below = panel(NAME, [4] * 6, [5, 5, 5, 5, 6, 6], [4] * 6)
    reached = panel(NAME, [4] * 6, [5, 5, 5, 6, 6, 6], [4] * 6)

    assert rules_of(below) == []
    assert flags(reached, NOT_AUDITED, NAME) == (
        RaisedFlag(
            FlagRule.MEAN_SPREAD, "", "The assessors' means lie 1.50 points apart; from 1.5 on a moderator looks."
        ),
    )


def test_spread_that_misses_the_threshold_by_rounding_alone_is_flagged():
    policy = policy_with("quality", audit_share=0.0, mean_spread=0.1)
    means = panel(NAME, [4.3] * 6, [4.2] * 6, [4.2] * 6)  # 4.3 - 4.2 is 0.09999999999999964

    assert [flag.rule for flag in flags(means, policy, NAME)] == [FlagRule.MEAN_SPREAD]


def test_audit_sample_flags_a_nomination_nothing_else_flags():
    everybody = policy_with("quality", audit_share=1.0)

    assert flags(panel(NAME, [4] * 6, [4] * 6, [4] * 6), everybody, NAME) == (
        RaisedFlag(FlagRule.AUDIT_SAMPLE, "", "In the audit sample of 100%, drawn by the published seed."),
    )


@given(
    values=st.lists(st.lists(st.integers(1, 7), max_size=6), max_size=4),
    words=st.integers(0, 30),
    seed=st.randoms(use_true_random=False),
)
def test_flags_do_not_depend_on_the_order_of_scores_or_assessors(values, words, seed):
    original = panel(NAME, *values, words=words)
    assessments = [
        replace(one, scores=tuple(seed.sample(one.scores, len(one.scores)))) for one in original.assessments
    ]
    seed.shuffle(assessments)

    raised = flags(Panel(NAME, tuple(assessments)), PILOT, NAME)

    assert raised == flags(original, PILOT, NAME)
    assert len({(flag.rule, flag.subject) for flag in raised}) == len(raised)
    assert all(len(flag.reason) <= 300 and len(flag.subject) <= 96 for flag in raised)

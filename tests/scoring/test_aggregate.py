import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.aggregate import (
    IncompleteScoresError,
    Panel,
    assessment_mean,
    assessment_means,
    criterion_means,
    criterion_spreads,
    panel_mean,
)
from tests.scoring.panels import CODES, PILOT, panel, policy_with

scores = st.lists(st.integers(1, 7), min_size=6, max_size=6)


def test_assessment_mean_with_equal_weights_is_the_plain_mean():
    (assessment,) = panel("pilot-0001", (1, 2, 3, 4, 5, 6)).assessments

    assert assessment_mean(assessment, PILOT) == 3.5


def test_assessment_mean_follows_the_policys_weights():
    criteria = tuple(
        criterion.model_copy(update={"weight": 5.0 if criterion.code == CODES[0] else 1.0})
        for criterion in PILOT.scoring.criteria
    )
    (assessment,) = panel("pilot-0001", (7, 1, 1, 1, 1, 1)).assessments

    assert assessment_mean(assessment, policy_with("scoring", criteria=criteria)) == 4.0


def test_panel_mean_counts_every_assessor_the_same():
    assert panel_mean(panel("pilot-0001", [2] * 6, [4] * 6, [6] * 6), PILOT) == 4.0
    assert assessment_means(panel("pilot-0001", [6] * 6, [2] * 6), PILOT) == (2.0, 6.0)


def test_criteria_have_their_means_and_spreads_in_the_policys_order():
    scored = panel("pilot-0001", (1, 2, 3, 4, 5, 6), (3, 2, 3, 4, 5, 1))

    assert list(criterion_means(scored, PILOT).items()) == list(zip(CODES, (2, 2, 3, 4, 5, 3.5), strict=True))
    assert criterion_spreads(scored, PILOT) == dict(zip(CODES, (2, 0, 0, 0, 0, 5), strict=True))


def test_missing_scores_have_no_mean_and_the_error_names_them():
    unfinished = panel("pilot-0001", (1, 2, 3, 4))

    with pytest.raises(
        IncompleteScoresError, match=r"pilot-0001\.A-001 has no score for compassionate_culture, partn"
    ):
        panel_mean(unfinished, PILOT)
    with pytest.raises(IncompleteScoresError, match="pilot-0001 has no submitted assessment"):
        panel_mean(panel("pilot-0001"), PILOT)
    assert list(criterion_means(unfinished, PILOT)) == list(CODES[:4])


@given(values=st.lists(scores, min_size=1, max_size=5), seed=st.randoms(use_true_random=False))
def test_means_do_not_depend_on_the_order_of_scores_or_assessors(values, seed):
    original = panel("pilot-0001", *values)
    assessments = list(original.assessments)
    seed.shuffle(assessments)
    shuffled = Panel(original.nomination, tuple(assessments))

    assert panel_mean(shuffled, PILOT) == panel_mean(original, PILOT)
    assert criterion_means(shuffled, PILOT) == criterion_means(original, PILOT)
    assert 1 <= panel_mean(original, PILOT) <= 7

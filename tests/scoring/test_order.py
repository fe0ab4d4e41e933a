from hashlib import sha256
from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.enums import Outcome
from scoring.aggregate import IncompleteScoresError, panel_mean
from scoring.order import admission_cuts, propose_order
from scoring.student import two_sided_quantile
from tests.scoring.panels import PILOT, flat, panel, policy_with
from tests.scoring.test_agreement import SHROUT_FLEISS

TWO_AND_ONE = policy_with("admission", places=2, reserve_places=1)

scores = st.lists(st.integers(1, 7), min_size=6, max_size=6)
cohorts = st.lists(st.lists(scores, min_size=1, max_size=4), max_size=14)


def test_order_is_by_mean_and_suggestions_follow_places_reserve_places_and_standard():
    cohort = [
        flat("a-1", 4, 4, 4),
        flat("a-2", 7, 7, 7),
        flat("a-3", 5, 5, 5),
        flat("a-4", 6, 6, 6),
        flat("a-5", 2, 2),
    ]

    order = propose_order(cohort, TWO_AND_ONE)

    assert [(one.place, one.nomination, one.mean, one.suggestion) for one in order] == [
        (1, "a-2", 7.0, Outcome.ADMITTED),
        (2, "a-4", 6.0, Outcome.ADMITTED),
        (3, "a-3", 5.0, Outcome.RESERVED),
        (4, "a-1", 4.0, Outcome.NOT_ADMITTED),
        (5, "a-5", 2.0, Outcome.NOT_ADMITTED),
    ]
    assert "Among the first 2 of the 4 that reach the standard." in order[0].why


def test_places_stay_empty_where_the_standard_is_not_reached():
    order = propose_order([flat("a-1", 3.9, 3.9), flat("a-2", 4.0, 4.0), flat("a-3", 3.0, 3.0)], TWO_AND_ONE)

    assert [one.suggestion for one in order] == [Outcome.ADMITTED, Outcome.NOT_ADMITTED, Outcome.NOT_ADMITTED]
    assert "The standard of 4 is reached, and there is a place for all that reach it (1; places: 2)." in order[0].why
    assert "The mean is below the standard of 4." in order[1].why


def test_interval_is_students_about_the_mean_with_the_published_variance_within():
    # Shrout and Fleiss 1979: variance within targets 6.26 with 18 degrees of freedom, four judges each.
    scale = policy_with("scoring", lowest=-20, highest=30)
    cohort = [flat(f"a-{number}", *ratings) for number, ratings in enumerate(SHROUT_FLEISS)]

    order = propose_order(cohort, scale)

    margin = two_sided_quantile(0.8, 18) * sqrt(6.26 / 4)
    assert all(one.high - one.mean == pytest.approx(margin, abs=1e-3) for one in order)
    assert all(one.mean - one.low == pytest.approx(margin, abs=1e-3) for one in order)
    assert [one.mean for one in order] == [7.5, 6.5, 6.0, 4.75, 4.0, 3.0]


def test_interval_of_a_larger_panel_is_narrower():
    first, second = propose_order([flat("a-1", 4, 5, 4, 5), flat("a-2", 4, 5)], PILOT)

    widths = {one.nomination: one.high - one.low for one in (first, second)}
    assert widths["a-2"] == pytest.approx(widths["a-1"] * sqrt(2), abs=1e-6)


def test_interval_is_the_whole_scale_where_no_panel_has_two_assessments():
    order = propose_order([flat("a-1", 6), flat("a-2", 2)], PILOT)

    assert {(one.low, one.high) for one in order} == {(1.0, 7.0)}
    assert all(one.too_close for one in order)


def test_too_close_are_exactly_those_whose_interval_holds_a_cut():
    # Variance within: every panel is one point above and below its mean, so 1; the margin is 0.69 at 20 degrees.
    means = (6, 5.5, 5.2, 4.9, 4.5, 3.0, 2.0, 5.9, 5.8, 2.5)
    cohort = [flat(f"a-{number}", mean - 1, mean, mean + 1) for number, mean in enumerate(means)]
    policy = policy_with("admission", places=4, reserve_places=2, standard=2.2)

    order = propose_order(cohort, policy)

    margin = two_sided_quantile(0.8, 20) / sqrt(3)
    cuts = ((5.5 + 5.2) / 2, (4.9 + 4.5) / 2)
    assert [one.too_close for one in order] == [any(abs(one.mean - cut) <= margin for cut in cuts) for one in order]
    assert {one.too_close for one in order} == {True, False}
    assert "Too close to call between admitted and reserved: the cut is 5.35." in order[3].why
    assert "Too close to call between reserved and not admitted: the cut is 4.70." in order[5].why


@pytest.mark.parametrize(
    ("places", "reserve_places", "means", "cuts"),
    [
        (2, 1, [7, 6, 5, 4], [5.5, 4.5]),  # places and reserve places are both taken
        (2, 2, [7, 6, 5, 3], [5.5, 4.0]),  # the standard ends the reserve list
        (3, 2, [7, 6, 3], [4.0]),  # the standard ends the places
        (2, 0, [7, 6, 5], [5.5]),  # no reserve list
        (0, 2, [7, 6, 5], [5.5]),  # a reserve list alone
        (0, 0, [7, 6, 5], []),  # nothing to give
        (9, 9, [], [4.0]),
    ],
)
def test_cuts_are_where_the_suggestion_changes(places, reserve_places, means, cuts):
    policy = policy_with("admission", places=places, reserve_places=reserve_places, standard=4.0)

    assert [cut.at for cut in admission_cuts(means, policy)] == cuts


def test_equal_means_are_ordered_by_the_published_seed():
    names = [f"a-{number}" for number in range(12)]

    order = propose_order([flat(name, 5, 5, 5) for name in names], TWO_AND_ONE)

    seed = TWO_AND_ONE.admission.tie_seed
    assert [one.nomination for one in order] == sorted(
        names, key=lambda name: sha256(f"{seed}:{name}".encode()).hexdigest()
    )
    assert all("the published seed orders them" in one.why for one in order)


def test_nobody_nominated_makes_an_empty_order():
    assert propose_order([], PILOT) == ()


def test_unfinished_panel_or_nomination_given_twice_is_refused():
    with pytest.raises(IncompleteScoresError):
        propose_order([panel("a-1", [4] * 3)], PILOT)
    with pytest.raises(ValueError, match="a-1 comes twice"):
        propose_order([flat("a-1", 4), flat("a-1", 5)], PILOT)


@settings(max_examples=60, deadline=None)
@given(values=cohorts, seed=st.randoms(use_true_random=False))
def test_order_does_not_depend_on_the_order_of_panels_or_assessors(values, seed):
    cohort = [panel(f"a-{number}", *scored) for number, scored in enumerate(values)]
    shuffled = [
        type(one)(one.nomination, tuple(seed.sample(one.assessments, len(one.assessments))))
        for one in seed.sample(cohort, len(cohort))
    ]

    assert propose_order(shuffled, TWO_AND_ONE) == propose_order(cohort, TWO_AND_ONE)


@settings(max_examples=60, deadline=None)
@given(values=cohorts)
def test_order_holds_everybody_once_and_never_suggests_more_than_there_is(values):
    cohort = [panel(f"a-{number}", *scored) for number, scored in enumerate(values)]

    order = propose_order(cohort, TWO_AND_ONE)

    suggestions = [one.suggestion for one in order]
    means = {one.nomination: panel_mean(one, TWO_AND_ONE) for one in cohort}
    assert [one.place for one in order] == list(range(1, len(cohort) + 1))
    assert {one.nomination: one.mean for one in order} == pytest.approx(means, abs=1e-9)
    assert [one.mean for one in order] == sorted((one.mean for one in order), reverse=True)
    assert suggestions.count(Outcome.ADMITTED) <= 2
    assert suggestions.count(Outcome.RESERVED) <= 1
    assert suggestions == sorted(suggestions, key=list(Outcome).index)
    assert all(1 <= one.low <= one.mean <= one.high <= 7 for one in order)

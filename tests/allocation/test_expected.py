"""What may be expected of a cohort: feasible or not, how far it holds, and in words."""

import itertools
from dataclasses import replace
from xml.etree import ElementTree

from allocation_cases import assessor, four_of_each_role, nomination, panel_rules, problem

from allocation.clashes import clash, staffable
from allocation.expected import NOTHING_HELPS, habits_of, outlook
from allocation.made_up import made_up
from allocation.what_if import Habits
from portal.forecasts import loads_drawn, one_above_the_other, weeks_drawn, weeks_rows
from rules.policies import read_policy
from tests.workflows.rig import PILOT


def cohort(nominations, assessors=14, seed="e"):
    return made_up(panel_rules(), nominations=nominations, assessors=assessors, capacity=6, seed=seed)


def test_outlook_of_a_cohort_that_fits_says_how_far_it_holds():
    one = cohort(12)

    seen = outlook(one, Habits(), runs=20, larger=cohort)

    assert seen.forecast.feasible
    assert (seen.nominations, seen.seats, seen.assessors) == (12, 36, 14)
    assert seen.holds_for is not None
    assert 12 <= seen.holds_for <= seen.places // 3
    assert outlook(cohort(seen.holds_for), Habits(), runs=1).forecast.feasible
    assert not outlook(cohort(seen.holds_for + 1), Habits(), runs=1).forecast.feasible
    assert seen.breaks_by
    low, middle, high = seen.forecast.weeks
    assert 0 < low <= middle <= high
    assert sum(count for _, count in seen.forecast.loads) == 14
    assert seen.words[0] == "12 nominations, 14 assessors: every panel can be staffed."
    assert f"enough for up to {seen.holds_for} nominations" in " ".join(seen.words)


def test_outlook_of_a_cohort_that_does_not_fit_names_the_rules_and_what_helps():
    seen = outlook(cohort(40), Habits(), runs=5)

    assert not seen.forecast.feasible
    assert seen.holds_for is None
    assert seen.clashing
    assert seen.mends
    assert "cannot be staffed" in seen.words[0]
    assert "These rules cannot all hold" in " ".join(seen.words)


def test_fewer_who_accept_take_longer_for_the_same_seed():
    one = cohort(12)

    eager = outlook(one, replace(Habits(), accept=1.0), runs=40)
    hesitant = outlook(one, replace(Habits(), accept=0.6), runs=40)

    assert eager.forecast.declines == 0
    assert hesitant.forecast.weeks[1] > eager.forecast.weeks[1]
    assert outlook(one, replace(Habits(), accept=0.6), runs=40) == hesitant


def test_habits_follow_the_policy():
    policy = read_policy(PILOT)

    habits = habits_of(policy, accept=0.9)

    assert (habits.accept, habits.answer_within, habits.assess_days) == (0.9, 3.0, 7.0)


def test_habits_are_the_policys_own():
    policy = read_policy(PILOT)
    stated = policy.habits.model_copy(update={"accept": 0.5, "silent": 0.1, "answer_days": 2.0, "time_used": 1.0})

    usual, other = habits_of(policy), habits_of(policy.model_copy(update={"habits": stated}))

    assert usual == Habits(accept=0.85, silent=0.3, answer_days=1.5, answer_within=3.0, assess_days=7.0)
    assert other == Habits(accept=0.5, silent=0.1, answer_days=2.0, answer_within=3.0, assess_days=10.0)


def test_cohort_that_lacks_two_kinds_is_told_two_changes_together():
    seen = outlook(made_up(panel_rules(), nominations=20, assessors=6, capacity=2, seed="two"), Habits(), runs=2)

    assert seen.mends
    assert all(", and " in one for one in seen.mends)
    assert NOTHING_HELPS not in seen.words


def test_people_who_are_never_free_are_freed_together():
    people = [assessor(f"a{n}", role, available=()) for n, role in enumerate(["chief_executive", "chair", "chair"])]
    one = problem([nomination("n0"), nomination("n1")], people)

    found = clash(one)

    assert found is not None
    assert found.mends[0].words == "everybody available in the whole window, with training that holds"
    assert staffable(found.mends[0].problem)


def test_clash_names_the_role_that_lacks():
    chairs = [assessor(f"a{n}", "chair") for n in range(4)]

    found = clash(problem([nomination("n")], chairs))

    assert found is not None
    assert found.words == ("every panel has the roles it needs: at least 1 counting as executive",)
    assert found.mends[0].words.startswith("1 more assessor who counts as executive")


def test_cohort_without_a_panel_says_nothing_of_weeks_or_declines():
    seen = outlook(problem([nomination("n", barred=frozenset({"a0"}))], [assessor("a0")]), Habits(), runs=2)

    assert seen.panels == 0
    assert not any("trials" in one for one in seen.words)
    assert any("Nobody is asked" in one for one in seen.words)
    assert {cells[1] for cells in weeks_rows(seen)} == {"none"}


def test_cohort_that_nothing_mends_is_told_so():
    barred = nomination("n", barred=frozenset({"chair-0", "chair-1"}))
    pins = frozenset({("n", "chair-0"), ("n", "chair-1")})

    seen = outlook(problem([barred], four_of_each_role(), pinned=pins), Habits(), runs=2)

    assert seen.mends == ()
    assert NOTHING_HELPS in seen.words


def test_weeks_are_of_the_panels_with_members_and_every_load_is_drawn():
    seen = outlook(cohort(40), Habits(), runs=2)
    loads = dict(seen.forecast.loads)

    rows = loads_drawn(seen).rows

    assert seen.panels == 40 - len(seen.forecast.proposal.unstaffed) > 0
    assert weeks_rows(seen)[1][0] == f"Weeks until the {seen.panels} with a panel are assessed"
    assert rows == tuple((str(load), loads.get(load, 0)) for load in range(max(loads) + 1))


def test_pictures_say_in_words_whose_they_are_and_how_they_are_read():
    seen = outlook(cohort(40), Habits(), runs=2)

    file = ElementTree.fromstring(one_above_the_other(weeks_drawn(seen), loads_drawn(seen)))  # noqa: S314 -- ours

    read = " ".join(one.text or "" for one in file.iter("{http://www.w3.org/2000/svg}text"))
    assert "Weeks until the assessments are in" in read
    assert "How many assessors have how many assessments" in read
    assert read.count(f"40 nominations without a whole panel, and {seen.assessors} assessors.") == 2
    assert "Played 2 times. Each bar begins when 10 in 100 trials are over, and ends when 90 are; the dot is" in read
    assert "Each column: how many assessors have so many when the panels are released" in read
    svg = "{http://www.w3.org/2000/svg}"
    drawings = [one for one in file if one.tag == f"{svg}svg"]
    assert len(drawings) == 2
    for drawing in drawings:
        assert max(float(one.get("y")) for one in drawing.iter(f"{svg}text")) <= float(drawing.get("height")) - 4
        assert float(drawing.get("y")) + float(drawing.get("height")) <= float(file.get("height"))


def test_every_step_of_the_weeks_is_as_wide_as_the_next():
    drawn = ElementTree.fromstring(str(weeks_drawn(outlook(cohort(40), Habits(), runs=2)).svg))  # noqa: S314 -- ours

    labels = [one for one in drawn.iter("{http://www.w3.org/2000/svg}text") if (one.text or "").isdigit()]

    steps = {
        (round(float(right.get("x")) - float(left.get("x"))), int(right.text) - int(left.text))
        for left, right in itertools.pairwise(labels)
    }
    assert len({numbers for _, numbers in steps}) == 1
    assert max(wide for wide, _ in steps) - min(wide for wide, _ in steps) <= 1

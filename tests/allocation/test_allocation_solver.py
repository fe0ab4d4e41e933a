from collections import Counter
from dataclasses import replace
from itertools import combinations, product

import pytest
from allocation_cases import (
    EXECUTIVE,
    NON_EXECUTIVE,
    ROLE_WORDS,
    assessor,
    cohort,
    four_of_each_role,
    nomination,
    panel_rules,
    problem,
    problems,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from allocation import AllocationProblem, CompositionRule, Weights, bars, solve, violations
from allocation.explain import seat_reasons


def panels_of(result):
    panels = {}
    for seat in result.seats:
        panels.setdefault(seat.nomination, set()).add(seat.assessor)
    return panels


def left_out(result):
    return {entry.nomination for entry in result.unstaffed}


def carry_over(question, result, nominations):
    """The next run's problem: the loads as the result leaves them."""
    loads = dict(result.loads)
    people = tuple(replace(person, load=loads[person.id]) for person in question.assessors)
    return AllocationProblem(tuple(nominations), people, question.rules)


def least_by_enumeration(question):
    """(most staffed panels, least cost) by trying every combination of panels."""
    rules, weights = question.rules, question.rules.weights
    people = {person.id: person for person in question.assessors}
    choices = []
    for demand in question.nominations:
        missing = (demand.seats or rules.size) - len(demand.seated)
        eligible = [person.id for person in question.assessors if not bars(demand, person, rules)]
        allowed = [None]
        for chosen in combinations(eligible, max(missing, 0)):
            roles = [people[id_].role for id_ in (*demand.seated, *chosen)]
            counts = [(rule, sum(role in rule.roles for role in roles)) for rule in rules.composition]
            kept = all(r.at_least <= n <= (len(roles) if r.at_most is None else r.at_most) for r, n in counts)
            if missing >= 0 and kept:
                allowed.append(chosen)
        choices.append(allowed)
    best = (0, 0)
    for pick in product(*choices):
        new = Counter(id_ for chosen in pick for id_ in chosen or ())
        if any(people[id_].load + n > people[id_].capacity for id_, n in new.items()):
            continue
        cost = sum(
            weights.load * (2 * load - 1) // people[id_].capacity
            for id_, n in new.items()
            for load in range(people[id_].load + 1, people[id_].load + n + 1)
        )
        for demand, chosen in zip(question.nominations, pick, strict=True):
            for person in map(people.get, chosen or ()):
                if demand.interests:
                    share = len(demand.interests - person.interests)
                    cost += weights.interest * share // len(demand.interests)
                cost += weights.same_system * (person.system == demand.system != "")
        best = min(best, (-sum(chosen is not None for chosen in pick), cost))
    return -best[0], best[1]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(problems())
def test_result_never_breaks_a_hard_rule(question):
    result = solve(question)

    assert violations(question, result.seats, left_out(result)) == ()


@settings(max_examples=200, deadline=None, derandomize=True)
@given(problems(max_nominations=3, max_assessors=6))
def test_result_is_the_best_of_all_combinations(question):
    result = solve(question)

    staffed = len(question.nominations) - len(result.unstaffed)
    assert (staffed, result.total_cost) == least_by_enumeration(question)
    assert result.proved
    assert (result.bound, result.gap) == (result.total_cost, 0.0)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(problems(), st.randoms(use_true_random=False))
def test_result_does_not_depend_on_input_order(question, shuffler):
    nominations, people = list(question.nominations), list(question.assessors)
    shuffler.shuffle(nominations)
    shuffler.shuffle(people)

    assert solve(AllocationProblem(tuple(nominations), tuple(people), question.rules)) == solve(question)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(problems())
def test_result_adds_up(question):
    result = solve(question)

    new = Counter(seat.assessor for seat in result.seats)
    expected = tuple(sorted((person.id, person.load + new[person.id]) for person in question.assessors))
    assert result.loads == expected
    assert result.total_cost == sum(seat.cost for seat in result.seats)
    assert all(seat.reasons for seat in result.seats)
    assert all(entry.reasons for entry in result.unstaffed)
    assert (result.status == "partial") == bool(result.unstaffed)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(problems(), st.data())
def test_replacement_leaves_every_kept_seat_untouched(question, data):
    first = solve(question)
    panels = panels_of(first)
    if not panels:
        return
    chosen = data.draw(st.sampled_from(sorted(panels)))
    gone = data.draw(st.sampled_from(sorted(panels[chosen])))
    demand = next(entry for entry in question.nominations if entry.id == chosen)
    kept = tuple(sorted({*demand.seated, *panels[chosen]} - {gone}))
    asked = replace(demand, seated=kept, barred=demand.barred | {gone})
    after = carry_over(question, first, [asked])
    freed = tuple(replace(p, load=p.load - (p.id == gone)) for p in after.assessors)

    second = solve(replace(after, assessors=freed))

    assert len(second.seats) == 1 - len(second.unstaffed)
    assert not {seat.assessor for seat in second.seats} & {*kept, gone}
    assert violations(replace(after, assessors=freed), second.seats, left_out(second)) == ()


def test_replacement_restores_the_role_that_left():
    people = [*four_of_each_role(load=0), assessor("spare", "accountable_officer", load=5)]
    asked = nomination(
        "n",
        seated=("chair-0", "non_executive_director-0"),
        barred=frozenset(f"chief_executive-{n}" for n in range(4)) | {"accountable_officer-0"},
    )

    result = solve(problem([asked], people))

    assert result.status == "optimal"
    assert len(result.seats) == 1
    assert result.seats[0].assessor in {"accountable_officer-1", "accountable_officer-2", "accountable_officer-3"}


def test_second_run_counts_what_the_first_gave():
    first_question = cohort(20, 81, [1] * 81, seed=3)
    later = [replace(demand, id=f"later {demand.id}") for demand in first_question.nominations[:4]]

    first = solve(first_question)
    second = solve(carry_over(first_question, first, later))

    assert (first.status, second.status) == ("optimal", "optimal")
    assert not {seat.assessor for seat in first.seats} & {seat.assessor for seat in second.seats}


def test_rise_in_seats_keeps_the_seated_and_fills_the_rest():
    people = four_of_each_role()
    first_question = problem([nomination(f"n{n}") for n in range(10)], people)
    first = panels_of(solve(first_question))
    raised = [nomination(id_, seats=5, seated=tuple(sorted(panel))) for id_, panel in first.items()]
    held = [replace(p, load=sum(p.id in panel for panel in first.values())) for p in people]

    result = solve(problem(raised, held))

    assert {len(first[id_] | added) for id_, added in panels_of(result).items()} == {5}
    assert all(not first[id_] & added for id_, added in panels_of(result).items())
    assert {load for _, load in result.loads} <= {3, 4}


def test_complete_panel_gets_nothing():
    seated = ("chief_executive-0", "chair-0", "chair-1")

    result = solve(problem([nomination("n", seated=seated)], four_of_each_role()))

    assert (result.seats, result.unstaffed, result.status) == ((), (), "optimal")


def test_nothing_asked_is_answered():
    result = solve(problem([], []))

    assert (result.status, result.proved, result.total_cost, result.gap) == ("optimal", True, 0, 0.0)


def test_wanted_pairs_are_all_taken_when_they_fit():
    people = [assessor(f"a{n}", ROLE_WORDS[n % 4], interests=frozenset({f"s{n}"}), capacity=3) for n in range(12)]
    wanted = {f"n{n}": {f"a{(n + step) % 12}" for step in range(3)} for n in range(12)}
    nominees = [
        nomination(id_, interests=frozenset(a.replace("a", "s") for a in pair)) for id_, pair in wanted.items()
    ]

    result = solve(problem(nominees, people))

    assert panels_of(result) == wanted


@pytest.mark.parametrize("held", [(0,) * 16, (3, 2, 1, 0) * 4])
def test_loads_are_even_when_nothing_else_matters(held):
    people = [replace(p, load=load) for p, load in zip(four_of_each_role(), held, strict=True)]

    result = solve(problem([nomination(f"n{n:02}") for n in range(16)], people))

    total = sum(held) + 48
    assert {load for _, load in result.loads} <= {total // 16, total // 16 + 1}


def test_load_is_even_by_share_of_capacity():
    people = [assessor("small", capacity=2), assessor("large", capacity=6)]

    result = solve(problem([nomination(f"n{n}") for n in range(4)], people, size=1, composition=()))

    assert dict(result.loads) == {"small": 1, "large": 3}


def test_ties_follow_the_seed_alone():
    def choice(seed):
        result = solve(problem([nomination("n")], four_of_each_role(), seed=seed))
        return frozenset(seat.assessor for seat in result.seats), result.total_cost

    repeated = {choice(7) for _ in range(10)}
    varied = [choice(seed) for seed in range(10)]

    assert len(repeated) == 1
    assert len({panel for panel, _ in varied}) >= 8
    assert len({cost for _, cost in varied}) == 1


def test_tie_break_never_outweighs_a_point():
    weights = replace(panel_rules().weights, interest=3, load=0)
    people = [assessor(f"a{n}", interests=frozenset({"x", "y", "z"} if n == 5 else {"x", "y"})) for n in range(9)]
    asked = [nomination(f"n{n}", interests=frozenset({"x", "y", "z"})) for n in range(6)]

    for seed in range(5):
        result = solve(problem(asked, people, size=1, composition=(), seed=seed, weights=weights))

        assert {seat.assessor for seat in result.seats} == {"a5"}


def test_at_most_is_kept_with_the_seated_counted():
    one_chair = CompositionRule("chair", frozenset({"chair"}), 0, 1)
    people = [assessor(f"chair-{n}", "chair", interests=frozenset({"x"})) for n in range(4)]
    people += [assessor(f"ceo-{n}") for n in range(4)]
    asked = nomination("n", seated=("chair-0",), interests=frozenset({"x"}))

    result = solve(problem([asked], people, composition=(one_chair,)))

    assert {seat.assessor[:3] for seat in result.seats} == {"ceo"}
    assert len(result.seats) == 2


def test_every_place_used_staffs_every_panel():
    result = solve(problem([nomination(f"n{n:02}") for n in range(16)], four_of_each_role(capacity=3)))

    assert result.status == "optimal"
    assert {load for _, load in result.loads} == {3}


def test_one_place_too_few_leaves_one_panel_whole_and_explained():
    people = four_of_each_role(capacity=3)
    people[0] = replace(people[0], capacity=2)

    result = solve(problem([nomination(f"n{n:02}") for n in range(16)], people))

    assert (result.status, result.proved) == ("partial", True)
    assert len(result.unstaffed) == 1
    assert len(result.seats) == 45
    assert result.unstaffed[0].seats_missing == 3
    assert "filled by other panels" in result.unstaffed[0].reasons[0]


def test_contested_role_goes_to_as_many_panels_as_it_can():
    executives = [assessor("ceo-0", capacity=2)]
    others = [assessor(f"chair-{n}", "chair") for n in range(6)]

    result = solve(problem([nomination(f"n{n}") for n in range(3)], executives + others))

    assert {len(panel) for panel in panels_of(result).values()} == {3}
    assert len(result.unstaffed) == 1
    assert result.unstaffed[0].reasons == (
        "1 may sit and count as executive: 1 filled by other panels, 0 left; 1 needed",
    )


def test_no_capacity_is_explained_in_counts():
    people = [
        assessor("a", organisation="HOME"),
        assessor("b", capacity=0),
        assessor("c", "chair", load=6),
        assessor("d", "chair", available=()),
    ]

    result = solve(problem([nomination("n", "HOME")], people))

    assert result.seats == ()
    assert result.unstaffed[0].reasons == (
        "4 assessors: 1 same organisation, 1 not available, 2 at capacity, 0 may sit; 3 needed",
        "2 who count as executive: 1 same organisation, 1 at capacity, 0 may sit; 1 needed",
        "2 who count as non-executive: 1 not available, 1 at capacity, 0 may sit; 1 needed",
    )


@pytest.mark.parametrize(
    ("seats", "seated", "sentence"),
    [
        (1, ("chair-0", "chair-1"), "2 assessors are seated on a panel of 1"),
        (2, ("chair-0", "chair-1"), "executive: 0 seated, room for 0 more, at least 1 needed"),
    ],
)
def test_kept_members_that_break_a_rule_are_reported_not_moved(seats, seated, sentence):
    asked = nomination("n", seats=seats, seated=seated)

    result = solve(problem([asked, nomination("other")], four_of_each_role()))

    assert sentence in result.unstaffed[0].reasons
    assert result.unstaffed[0].seats_missing == 0
    assert {seat.nomination for seat in result.seats} == {"other"}


def test_kept_members_above_a_limit_are_reported_not_moved():
    one_chair = CompositionRule("chair", frozenset({"chair"}), 0, 1)
    asked = nomination("n", seated=("chair-0", "chair-1"))

    result = solve(problem([asked], four_of_each_role(), composition=(one_chair,)))

    assert result.seats == ()
    assert result.unstaffed[0].seats_missing == 1
    assert result.unstaffed[0].reasons == ("2 chair seated, at most 1 allowed",)


def test_rules_that_tempt_with_half_seats_are_still_answered_whole():
    pairs = combinations(("chief_executive", "accountable_officer", "non_executive_director"), 2)
    overlapping = tuple(CompositionRule(f"pair {n}", frozenset(pair), 1) for n, pair in enumerate(pairs))
    people = [assessor(role, role, interests=frozenset({"acute"} if role == "chair" else ())) for role in ROLE_WORDS]
    question = problem([nomination("n", interests=frozenset({"acute"}))], people, size=2, composition=overlapping)

    result = solve(question)

    assert "chair" not in {seat.assessor for seat in result.seats}
    assert (1, result.total_cost) == least_by_enumeration(question)
    assert (result.status, result.bound) == ("optimal", result.total_cost)


def test_rules_on_roles_that_cannot_all_be_kept_are_explained():
    contrary = (EXECUTIVE, NON_EXECUTIVE, CompositionRule("chief executive", frozenset({"chief_executive"}), 2))

    result = solve(problem([nomination("n")], four_of_each_role(), size=2, composition=contrary))

    assert result.unstaffed[0].reasons == (
        "no panel that keeps every rule on roles at once was found among those who may sit",
    )


def test_no_time_still_staffs_panels_soundly_without_proof():
    question = cohort(120, 81, [6] * 81, seed=1)

    result = solve(question, seconds=0.0)

    assert (result.status, result.proved, len(result.seats)) == ("feasible", False, 360)
    assert result.bound <= solve(question).total_cost < result.total_cost
    assert result.gap > 0
    assert violations(question, result.seats) == ()


def test_no_time_and_too_few_places_says_that_the_search_was_stopped():
    question = cohort(40, 30, [3] * 30, seed=1)

    result = solve(question, seconds=0.0)

    assert (result.status, result.proved) == ("partial", False)
    assert result.seats
    assert violations(question, result.seats, left_out(result)) == ()
    assert all(entry.reasons[-1].startswith("the search was stopped") for entry in result.unstaffed)


@pytest.mark.parametrize("seed", [1, 2])
def test_pilot_cohort_is_proved_optimal(seed):
    question = cohort(120, 81, [6] * 81, seed=seed)

    result = solve(question)

    assert (result.status, result.proved, result.gap) == ("optimal", True, 0.0)
    assert result.bound == result.total_cost > 0
    assert len(result.seats) == 360
    assert violations(question, result.seats) == ()


def test_pilot_cohort_at_98_percent_of_capacity_is_proved_optimal():
    capacities = [5 if n < 43 else 4 for n in range(81)]
    question = cohort(120, 81, capacities, seed=5)

    result = solve(question)

    assert sum(capacities) == 367
    assert (result.status, result.bound, len(result.seats)) == ("optimal", result.total_cost, 360)
    assert violations(question, result.seats) == ()


def test_pilot_cohort_short_of_places_staffs_all_that_fit():
    question = cohort(120, 81, [4] * 81, seed=4)

    result = solve(question)

    assert (result.status, result.proved, len(result.unstaffed)) == ("partial", True, 12)
    assert violations(question, result.seats, left_out(result)) == ()


def test_seat_says_why():
    people = [
        assessor("a", interests=frozenset({"acute"}), system="S1", load=2),
        assessor("b", "chair", interests=frozenset({"finance"})),
    ]
    asked = nomination("n", system="S1", interests=frozenset({"acute", "finance"}), seats=2)

    result = solve(problem([asked], people))

    assert result.seats[0].reasons == (
        "counts as executive (chief executive)",
        "shares interests: acute",
        "same system as the nominee",
        "assessment 3 of at most 6",
    )
    assert result.seats[0].cost == 50 + 50 + 60 * 5 // 6


@pytest.mark.parametrize(
    ("who", "said"),
    [
        (
            {"sectors": frozenset({"mental_health_trust"}), "system": "S1"},
            (
                "has experience of the nominee's sector (mental health trust)",
                "line manages posts like the one sought (chief executive)",
                "same system as the nominee",
            ),
        ),
        (
            {"role": "chair", "office": "Q1", "region": "East"},
            (
                "has no experience of the nominee's sector (mental health trust)",
                "does not line manage posts like the one sought (chair)",
                "another system than the nominee's, the same local office",
            ),
        ),
        (
            {"region": "East"},
            (
                "has no experience of the nominee's sector (mental health trust)",
                "line manages posts like the one sought (chief executive)",
                "another local office than the nominee's, the same region",
            ),
        ),
        (
            {"region": "West"},
            (
                "has no experience of the nominee's sector (mental health trust)",
                "line manages posts like the one sought (chief executive)",
                "another region than the nominee's",
            ),
        ),
    ],
)
def test_seat_says_what_the_policy_weighs_of_sector_role_and_distance(who, said):
    asked = nomination(
        "n",
        system="S1",
        office="Q1",
        region="East",
        sector="mental_health_trust",
        line_managers=frozenset({"chief_executive"}),
    )
    weighed = panel_rules(weights=Weights(100, 50, 60, sector=10, role=10, same_office=5, same_region=5))

    assert seat_reasons(asked, assessor("a", **who), 1, weighed)[1:-1] == said
    unweighed = [words for words in said if words == "same system as the nominee"]
    assert list(seat_reasons(asked, assessor("a", **who), 1, panel_rules())[1:-1]) == unweighed

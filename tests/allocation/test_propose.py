import itertools
import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from allocation_cases import (
    WINDOW,
    assessor,
    cohort,
    four_of_each_role,
    nomination,
    placed,
    problem,
    problems,
    small_problem,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from allocation.certified import certified
from allocation.check import violations
from allocation.model import available_in, fit_points, weeks_of
from allocation.problem import AllocationProblem, Seat, Weights
from allocation.propose import propose
from allocation.rules import bars

FULL = settings(max_examples=300, deadline=None, derandomize=True)


def ruled(seed, **sizes):
    """A small problem with random rules of every kind switched on and off."""
    draw = random.Random(seed)
    given = small_problem(draw, sizes.get("nominations", 3), sizes.get("assessors", 6), 2)
    ids = [(n.id, a.id) for n in given.nominations for a in given.assessors]
    people = []
    for person in given.assessors:
        start = WINDOW[0] + timedelta(days=7 * draw.randint(0, 3))
        people.append(
            replace(
                person,
                properties=frozenset({"agreed"}) if draw.random() < 0.4 else frozenset(),
                available=person.available if draw.random() < 0.5 else ((start, start + timedelta(days=9)),),
            )
        )
    rules = replace(
        given.rules,
        min_days_available=3,
        together=draw.random() < 0.5,
        week_most=draw.choice([None, 1, 2]),
        pair_most=draw.choice([None, None, 1, 2]),
        forbidden=frozenset(draw.sample(ids, min(len(ids), draw.randint(0, 3)))),
        off=frozenset(draw.sample(["organisation", "declared", "training", "capacity"], draw.choice([0, 0, 1]))),
        mixed_properties=frozenset({"agreed"}) if draw.random() < 0.5 else frozenset(),
        weights=replace(given.rules.weights, mixed=draw.choice([0, 35])),
    )
    return placed(AllocationProblem(given.nominations, tuple(people), rules), random.Random(f"{seed}/places"))


def _options(one, nomination):
    """Every way to fill the panel alone, with its week: by trying all."""
    rules = one.rules
    switch = {
        "same_organisation": "organisation", "earlier_organisation_within_years": "organisation",
        "endorsers_organisation": "endorser", "declared_conflict": "declared", "already_asked": "",
        "unavailable": "availability", "training_expired": "training", "at_capacity": "",
    }  # fmt: skip
    may = [
        person
        for person in one.assessors
        if not [b for b in bars(nomination, person, rules) if switch[b.value] not in rules.off and b != "at_capacity"]
        and (nomination.id, person.id) not in rules.forbidden
    ]
    people = {person.id: person for person in one.assessors}
    seats = max((nomination.seats or rules.size) - len(nomination.seated), 0)
    kept = [people[name] for name in nomination.seated]
    for week, new in itertools.product(weeks_of(rules), itertools.combinations(may, seats)):
        if rules.together and not all(available_in(p, week, rules.min_days_available) for p in new):
            continue
        counts = [sum(rule.counts(p) for p in (*kept, *new)) for rule in rules.composition]
        if all(
            rule.at_least <= n and (rule.at_most is None or n <= rule.at_most)
            for rule, n in zip(rules.composition, counts, strict=True)
        ):
            fit = sum(fit_points(nomination, p, rules) for p in new)
            kinds = {bool(rules.mixed_properties & p.properties) for p in (*kept, *new)}
            yield week, [p.id for p in new], fit, fit + rules.weights.mixed * (len(kinds) == 2)


def best_of_all(one):
    """Panels staffed, floor and total of the best answer, found by trying every answer."""
    rules, people = one.rules, {person.id: person for person in one.assessors}
    lacking = [n for n in one.nominations if (n.seats or rules.size) > len(n.seated)]
    full = [n for n in one.nominations if n not in lacking]
    ways = [[None, *_options(one, nomination)] for nomination in lacking]
    best = None
    for chosen in itertools.product(*ways):
        loads, weekly, met, fresh = Counter({p: people[p].load for p in people}), Counter(), Counter(), set()
        taken = [(n, way) for n, way in zip(lacking, chosen, strict=True)]
        for asking, way in [*taken, *((n, None) for n in full)]:
            new = way[1] if way else []
            pairs = [frozenset(pair) for pair in itertools.combinations([*asking.seated, *new], 2)]
            met.update(pairs)
            fresh.update(pair for pair in pairs if not pair <= set(asking.seated))
            loads.update(new)
            weekly.update((name, way[0]) for name in new)
        if "capacity" not in rules.off and any(loads[p] > max(people[p].capacity, people[p].load) for p in people):
            continue
        if rules.week_most and rules.together and any(n > rules.week_most for n in weekly.values()):
            continue
        if rules.week_most and not rules.together and any(over_weeks(one, people[p], loads[p]) for p in people):
            continue
        if rules.pair_most and any(met[pair] > rules.pair_most for pair in fresh):
            continue
        sums = [way[2] for way in chosen if way]
        cost = sum(
            rules.weights.load * (2 * step - 1) // max(people[p].capacity, 1)
            for p in people
            for step in range(people[p].load + 1, loads[p] + 1)
        )
        key = (len(sums), min(sums, default=0), sum(way[3] for way in chosen if way) - cost)
        best = key if best is None else max(best, key)
    return best


def over_weeks(one, person, load):
    weekly = weeks_of(replace(one.rules, together=True))
    weeks = sum(available_in(person, week, one.rules.min_days_available) for week in weekly)
    return load > max(one.rules.week_most * weeks, person.load)


@FULL
@given(st.integers(0, 2**32))
def test_proposal_breaks_no_rule_and_its_figures_hold(seed):
    one = ruled(seed, nominations=5, assessors=9)

    proposal = propose(one)

    assert certified(one, proposal) == ()
    assert proposal.certificate.broken == 0


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_proposal_equals_the_best_of_all_answers(seed):
    one = ruled(seed)

    proposal = propose(one)

    staffed, floor, total = best_of_all(one)
    found = proposal.certificate
    assert found.staffed == staffed
    # Where not all can be staffed, too: of all ways to staff as many, the one with the best floor, then total.
    assert (found.floor, found.total) == (floor, total)
    assert found.floor_bound == floor
    assert found.total_bound >= found.total


@settings(max_examples=60, deadline=None, derandomize=True)
@given(problems())
def test_order_of_the_problem_changes_nothing(one):
    turned = AllocationProblem(one.nominations[::-1], one.assessors[::-1], one.rules)

    assert propose(turned) == propose(one)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(problems(), st.integers(0, 2**32))
def test_one_more_assessor_or_place_never_makes_it_worse(one, seed):
    draw = random.Random(seed)
    if not one.assessors:
        return
    chosen = draw.choice(one.assessors)
    if draw.random() < 0.5:
        more = replace(one, assessors=(*one.assessors, replace(chosen, id="A-new", load=0)))
    else:
        # With loads free of cost: the cost is measured against the capacity.
        one = replace(one, rules=replace(one.rules, weights=replace(one.rules.weights, load=0)))
        raised = tuple(replace(p, capacity=p.capacity + 1) if p.id == chosen.id else p for p in one.assessors)
        more = replace(one, assessors=raised)

    before, after = propose(one).certificate, propose(more).certificate

    assert after.staffed >= before.staffed
    if after.staffed == before.staffed == len(one.nominations):
        assert (after.floor, after.total) >= (before.floor, before.total)


def test_half_a_pilot_is_proved_optimal_with_every_rule():
    one = cohort(60, 41, [5] * 41, seed=3)
    one = replace(one, rules=replace(one.rules, pair_most=2, week_most=2))

    proposal = propose(one, seconds=600.0)

    assert proposal.optimal
    assert certified(one, proposal) == ()
    assert len(proposal.seats) == 180


@pytest.mark.parametrize(("load", "faults"), [(0, ["week: a, 3 of 1"]), (1, ["week: a, 4 of 1"])])
def test_checker_finds_more_in_the_only_free_week_than_it_holds(load, faults):
    days = ((WINDOW[0], WINDOW[0] + timedelta(6)),)
    one = problem([nomination(f"n{n}") for n in range(3)], [assessor("a", load=load, available=days)], size=1,
                  composition=())  # fmt: skip
    limited = replace(one, rules=replace(one.rules, week_most=1))
    proposal = propose(one)

    broken = violations(limited, [Seat(seat.nomination, seat.assessor, 0, ()) for seat in proposal.seats])

    assert certified(one, proposal) == ()
    assert list(certified(limited, proposal)) == faults
    assert [(found.rule, found.assessor) for found in broken] == [("week", "a")]


def test_checker_finds_who_got_fewer_than_agreed():
    free, away = assessor("free"), assessor("away", available=())
    one = problem([nomination("n0"), nomination("n1")], [free, away, assessor("b")], size=1, composition=())
    proposal = propose(replace(one, assessors=(replace(free, available=()), away, assessor("b"))))
    owing = replace(one, assessors=tuple(replace(person, least=1) for person in one.assessors))

    faults = certified(owing, proposal)

    assert {seat.assessor for seat in proposal.seats} == {"b"}
    assert faults == ("least: free, 0 of 1",)
    assert certified(replace(owing, rules=replace(one.rules, off=frozenset({"least"}))), proposal) == ()
    assert certified(owing, propose(owing)) == ()


def test_checker_finds_members_of_one_panel_in_two_weeks():
    one = problem([nomination("n")], [assessor("a"), assessor("b")], size=2, composition=(), together=True)
    proposal = propose(one)
    first, second = proposal.seats
    other = next(week for week in weeks_of(one.rules) if week != first.week)

    apart = certified(one, replace(proposal, seats=(first, replace(second, week=other))))

    assert certified(one, proposal) == ()
    assert apart == ("one week of the window: n",)


@pytest.mark.parametrize(
    ("claim", "fault"),
    [
        ({"repeats": 2}, "repeats: 1, not as certified"),
        ({"gap": 0.01}, "gap: 0.0, not as certified"),
        ({"total_bound": 10_000}, "gap: 0."),
        ({"staffed_bound": 0}, "staffed: above its bound"),
    ],
)
def test_checker_takes_no_figure_from_the_claim(claim, fault):
    one = problem(
        [nomination("m"), nomination("n")], four_of_each_role()[::4], weights=Weights(100, 50, 60, repeat=10)
    )
    proposal = propose(one)
    forged = replace(proposal, certificate=replace(proposal.certificate, **claim))

    faults = certified(one, forged)

    assert proposal.certificate.repeats == 1
    assert certified(one, proposal) == ()
    assert any(fault in words for words in faults)


@pytest.mark.parametrize("change", ["seat", "floor", "bound"])
def test_checker_finds_what_is_wrong(change):
    one = cohort(10, 12, [6] * 12, seed=4)
    proposal = propose(one)

    if change == "seat":
        first, second, *rest = proposal.seats
        broken = replace(proposal, seats=(replace(first, assessor=second.assessor), second, *rest))
    elif change == "floor":
        broken = replace(proposal, certificate=replace(proposal.certificate, floor=proposal.certificate.floor + 1))
    else:
        low = proposal.certificate.total - 1
        broken = replace(proposal, certificate=replace(proposal.certificate, total_bound=low))

    assert certified(one, broken) != ()

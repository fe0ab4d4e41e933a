"""Who would be the next best in a seat: only somebody who could take it, with figures that add up."""

from collections import Counter
from dataclasses import replace
from datetime import date

import numpy as np
from allocation_cases import EXECUTIVE, NON_EXECUTIVE, assessor, nomination, problem
from hypothesis import given, settings
from hypothesis import strategies as st
from test_propose import ruled

from allocation import Weights
from allocation.answer import answered
from allocation.certified import certified
from allocation.model import Ints, Model, compiled, weeks_of
from allocation.next_best import Swap, Swaps
from allocation.problem import AllocationProblem
from allocation.proposal import Proposal
from allocation.propose import placed, propose
from allocation.why import Whys
from allocation.worth import floor_of, worth_of


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32))
def test_swaps_are_those_that_break_no_rule_and_cost_what_is_told(seed: int) -> None:
    one = ruled(seed)
    weights = replace(one.rules.weights, repeat=15)
    one = replace(one, rules=replace(one.rules, weights=weights))
    found = propose(one)
    left = set(found.unstaffed)
    staffed = replace(one, nominations=tuple(each for each in one.nominations if each.id not in left))
    model = compiled(staffed)
    held = _held(found, model)
    swaps = Swaps(model, held, len(model.panel))

    for arc in held.tolist():
        panel, mine = int(model.panel[arc]), int(model.assessor[arc])
        offered = {swap.assessor: swap for swap in swaps._swaps(panel, mine, swaps._may(panel, mine))}
        for other in np.flatnonzero((model.panel == panel) & (model.week == model.week[arc])).tolist():
            name = model.assessors[model.assessor[other]].id
            then = np.sort(np.append(held[held != arc], other))
            if name in _panel(one, found, model.nominations[panel].id):
                continue
            kept = _keeps(staffed, found, model, then)
            assert (name in offered) == kept
            if kept:
                change = worth_of(model, then).total(model) - worth_of(model, held).total(model)
                assert (offered[name].total, offered[name].floor) == (change, floor_of(model, then))


def test_next_best_in_an_executives_seat_is_an_executive() -> None:
    people = [assessor("e1", interests=frozenset({"acute"})), assessor("e2")]
    people += [assessor(f"c{n}", "chair", interests=frozenset({"acute"})) for n in range(4)]
    one = problem([nomination("n", interests=frozenset({"acute"}))], people, composition=(EXECUTIVE, NON_EXECUTIVE))
    one = replace(one, rules=replace(one.rules, composition=(replace(EXECUTIVE, at_most=1), NON_EXECUTIVE)))

    seats = {seat.assessor: seat.reasons[-1] for seat in answered(one).seats}

    assert seats["e1"].startswith("the next best is e2: all panels together would be worth 100 points less")
    assert all(words.startswith("the next best is c") for name, words in seats.items() if name != "e1")


def test_seat_that_nobody_else_could_take_says_so() -> None:
    people = [assessor("e1"), *(assessor(f"c{n}", "chair") for n in range(4))]
    alone = problem([nomination("n")], people)
    taken = problem(
        [nomination("n"), nomination("m")],
        [replace(people[0], capacity=1), assessor("e2", capacity=1), *people[1:]],
        composition=(replace(EXECUTIVE, at_most=1), NON_EXECUTIVE),
    )

    only = {seat.assessor: seat.reasons[-1] for seat in answered(alone).seats}
    scarce = {seat.assessor: seat.reasons[-1] for seat in answered(taken).seats}

    assert only["e1"] == "nobody else who counts as executive could sit here"
    assert scarce["e1"] == "1 other who counts as executive could sit here, but not without changing another panel"


def test_pinned_seat_says_that_operations_pinned_it_and_what_the_pin_costs() -> None:
    people = [assessor("good", interests=frozenset({"acute"})), assessor("poor")]
    one = problem(
        [nomination("n", interests=frozenset({"acute"}))],
        people,
        composition=(),
        size=1,
        pinned=frozenset({("n", "poor")}),
    )
    off = replace(one, rules=replace(one.rules, off=frozenset({"pinned"}), pinned=frozenset({("n", "good")})))

    [seat], [free] = answered(one).seats, answered(off).seats

    assert seat.reasons[0] == "operations pinned poor to this panel"
    assert seat.reasons[-1] == (
        "without the pin, good could sit here: "
        "all panels together would be worth 100 points more (fits 100 points more)"
    )
    assert not any("pin" in reason for reason in free.reasons)


def test_next_best_agrees_with_why_not_where_the_swap_alone_is_the_answer() -> None:
    people = [assessor("a", load=1), assessor("b", load=3)]
    one = problem([nomination("n")], people, composition=(), size=1, weights=Weights(100, 50, 60))
    whys = Whys(one, propose(one))

    said, asked = whys.why("n", "a")[-1], whys.why_not("n", "b")

    assert asked.loss == 40
    assert said == (
        "the next best is b: all panels together would be worth 40 points less (the loads cost 40 points more)"
    )


def test_swap_worth_as_much_says_what_evens_out() -> None:
    swap = Swap("b", fit=35, load=35, mixed=0, repeats=0, floor=90, floor_now=90)

    assert swap.words == (
        "all panels together would be worth as much (fits 35 points more, the loads cost 35 points more)"
    )


def _held(found: Proposal, model: Model) -> Ints:
    starts = _weeks(model)
    seats = {(seat.nomination, seat.assessor, starts.index(seat.week)) for seat in found.seats}
    keys = zip(model.panel.tolist(), model.assessor.tolist(), model.week.tolist(), strict=True)
    return np.array(
        [
            at
            for at, (panel, who, week) in enumerate(keys)
            if (model.nominations[panel].id, model.assessors[who].id, week) in seats
        ],
        dtype=np.int64,
    )


def _weeks(model: Model) -> tuple[tuple[date, date], ...]:
    return weeks_of(model.rules) if model.weeks > 1 else (model.rules.window,)


def _panel(one: AllocationProblem, found: Proposal, panel: str) -> set[str]:
    kept = next(each.seated for each in one.nominations if each.id == panel)
    return {*kept, *(seat.assessor for seat in found.seats if seat.nomination == panel)}


def _keeps(one: AllocationProblem, found: Proposal, model: Model, arcs: Ints) -> bool:
    """Whether the checker, which knows nothing of swaps, finds no rule broken."""
    worth, seats = worth_of(model, arcs), placed(model, arcs)
    loads = Counter(seat.assessor for seat in seats)
    owed = all(loads[model.assessors[at].id] >= least for at, least in enumerate(model.owed))
    room = all(loads[model.assessors[at].id] <= most for at, most in enumerate(model.room))
    total, floor = worth.total(model), floor_of(model, arcs)
    bound = max(total, found.certificate.total_bound)
    claim = replace(
        found.certificate,
        floor=floor,
        floor_bound=max(found.certificate.floor_bound, floor),
        total=total,
        total_bound=bound,
        gap=(bound - total) / (abs(bound) or 1),
        fit=worth.fit,
        load_cost=worth.load_cost,
        mixed=worth.mixed,
        repeats=worth.repeats,
    )
    return owed and room and certified(one, Proposal(seats, (), claim)) == ()

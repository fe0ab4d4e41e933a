"""Why and why not, asked of a run: the rule that bars, or the exact loss with the fewest moves."""

import random
from dataclasses import replace

import pytest
from allocation_cases import assessor, cohort, nomination, problem

from allocation import propose
from allocation.answer import answered
from allocation.asked import NotInRunError, asked, members
from allocation.seat_cost import Cost, Move


def test_asked_about_a_seat_says_what_the_run_kept():
    one = cohort(10, 16, [3] * 16, seed=3)
    answer = answered(one)
    seat = answer.seats[0]

    reply = asked(one, answer, seat.nomination, seat.assessor)

    assert (reply.seated, reply.reasons, reply.cost) == (True, seat.reasons, None)
    assert seat.assessor in members(one, answer, seat.nomination)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"organisation": "RX1"}, "works for the nominee’s organisation"),
        ({"organisation": "RX2"}, "works for the endorser’s organisation"),
        ({"available": ()}, "is free on 0 of the days from 2018-10-01 to 2018-10-31; 5 needed"),
        ({"load": 6}, "has 6 of at most 6 assessments already"),
        ({}, "has a declared relationship with the nominee (mentoring)"),
    ],
)
def test_asked_about_somebody_barred_names_the_rule_with_its_figures(changes, words):
    people = [assessor("x", **changes), *(assessor(f"a{n}") for n in range(3))]
    tied = (("x", "mentoring"),) if not changes else ()
    ask = nomination("n", organisation="RX1", endorser_organisation="RX2", conflicts=tied)
    one = problem([ask], people, composition=())

    reply = asked(one, answered(one), "n", "x")

    assert (reply.seated, reply.reasons, reply.cost) == (False, (words,), None)


def test_rule_that_is_switched_off_does_not_bar():
    people = [assessor("x", organisation="RX1"), *(assessor(f"a{n}") for n in range(3))]
    one = problem([nomination("n", organisation="RX1")], people, composition=(), off=frozenset({"organisation"}))

    reply = asked(one, answered(one), "n", "x")

    assert reply.seated or reply.cost is not None


@pytest.mark.parametrize("rules", [{}, {"pair_most": 2}])
@pytest.mark.parametrize("aim", ["total", "floor"])
def test_cost_is_that_of_solving_again_with_the_pair_pinned(rules, aim):
    one = cohort(30, 24, [5] * 24, seed=11)
    one = replace(one, rules=replace(one.rules, **rules))
    answer = answered(one, aim=aim)
    before = answer.certificate
    draw, checked = random.Random(5), 0

    while checked < 6:
        pair = draw.choice(one.nominations).id, draw.choice(one.assessors).id
        reply = asked(one, answer, *pair, aim=aim)
        if reply.cost is None:
            continue
        pinned = replace(one, rules=replace(one.rules, pinned=frozenset({pair})))
        after = propose(pinned, aim=aim).certificate
        assert after.total == after.total_bound
        assert reply.cost.exact
        assert reply.cost.total == before.total - after.total
        assert (reply.cost.floor_now, aim == "total" or reply.cost.floor) == (
            before.floor,
            aim == "total" or after.floor,
        )
        assert Move(*pair, comes=True) in reply.cost.moves
        checked += 1


def test_moves_turn_the_run_into_panels_of_that_worth():
    one = cohort(30, 24, [5] * 24, seed=12)
    answer = answered(one)
    seats = {(seat.nomination, seat.assessor) for seat in answer.seats}
    away = next(
        reply
        for person in one.assessors
        if (reply := asked(one, answer, one.nominations[0].id, person.id)).cost is not None
    )
    assert away.cost is not None

    come = {(move.nomination, move.assessor) for move in away.cost.moves if move.comes}
    go = {(move.nomination, move.assessor) for move in away.cost.moves if not move.comes}

    assert go <= seats
    assert not come & seats
    after = (seats - go) | come
    assert {nomination: sum(one == nomination for one, _ in after) for nomination, _ in seats} == {
        nomination: 3 for nomination, _ in seats
    }
    assert set(away.cost.by_panel) == {move.nomination for move in away.cost.moves}


def test_member_from_before_the_run_is_told_as_kept():
    people = [assessor("old", load=1), *(assessor(f"a{n}") for n in range(3))]
    one = problem([nomination("n", seated=("old",))], people, composition=())
    answer = answered(one)

    reply = asked(one, answer, "n", "old")

    assert (reply.seated, reply.cost) == (True, None)
    assert reply.reasons == ("sat on this panel before the run, which keeps who sits there",)
    assert members(one, answer, "n")[0] == "old"
    assert len(members(one, answer, "n")) == 3


def test_asked_about_a_panel_without_seats_says_why_it_has_none():
    people = [assessor(f"a{n}") for n in range(2)]
    one = problem([nomination("n")], people, composition=())

    reply = asked(one, answered(one), "n", "a0")

    assert not reply.seated
    assert reply.reasons[0].startswith("the panel is left without seats: ")


def test_panel_that_is_left_is_priced_by_the_one_that_gives_way():
    people = [assessor("a", capacity=1, interests=frozenset({"x"})), assessor("b", capacity=1, organisation="RX1")]
    asks = [nomination("m", interests=frozenset({"x"})), nomination("n", organisation="RX1"), nomination("o")]
    one = problem(asks, people, composition=(), size=1)
    answer = answered(one)
    (left,) = answer.proposal.unstaffed
    other = "a" if left == "n" else "b"

    replies = {name: asked(one, answer, left, name) for name in ("a", "b") if not (left == "n" and name == "b")}

    assert other in replies
    for name, reply in replies.items():
        assert reply.cost is not None
        (gone,) = reply.cost.gives_way or ()
        lost = best_without(one, gone, (left, name))
        assert (reply.cost.total, reply.cost.exact) == (answer.proposal.certificate.total - lost, True)
        assert reply.cost.words(left, name)[0].startswith(
            f"{left} is left without a panel. With {name} on one, {gone} would be left without one instead. All"
        )


def best_without(one, gone, pair):
    """The best total of panels without one nomination, with a pair that sits."""
    rules = replace(one.rules, pinned=frozenset({pair}))
    rest = tuple(ask for ask in one.nominations if ask.id != gone)
    return propose(replace(one, nominations=rest, rules=rules)).certificate.total


def test_somebody_who_is_needed_elsewhere_cannot_be_had():
    people = [assessor("a", capacity=1), assessor("b", capacity=1, organisation="RX1")]
    asks = [nomination("n", organisation="RX1"), nomination("m")]
    one = problem(asks, people, composition=(), size=1)
    answer = answered(one)

    reply = asked(one, answer, "m", "a")

    assert answer.proposal.unstaffed == ()
    assert reply.reasons == ("cannot sit here unless another panel stays without members",)


def test_asked_about_strangers_says_so():
    one = problem([nomination("n")], [assessor(f"a{n}") for n in range(3)], composition=())
    answer = answered(one)

    with pytest.raises(NotInRunError, match="not asked about nomination m"):
        asked(one, answer, "m", "a0")
    with pytest.raises(NotInRunError, match="not asked about assessor z"):
        asked(one, answer, "n", "z")
    with pytest.raises(NotInRunError):
        members(one, answer, "m")


def test_cost_in_words_tells_loss_floor_moves_and_proof():
    moves = (Move("n", "x", comes=True), Move("n", "y", comes=False), Move("m", "y", comes=True))
    cost = Cost(1200, 30, 40, moves, exact=True)

    assert cost.words("n", "x") == (
        "No rule bars x from the panel of n, but all panels together would lose 1,200 points.",
        "The worst-off panel would fit with 30 points instead of 40.",
        "1 other panel would change.",
        "No way of doing it costs less.",
    )
    assert replace(cost, total=0, floor=40).words("n", "x")[:2] == (
        "All panels together would be worth as much as now with x on the panel of n.",
        "The worst-off panel would fit with 40 points, as now.",
    )

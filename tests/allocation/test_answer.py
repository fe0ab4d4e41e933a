"""A run's whole answer: its seats with why, its proof in words, and what would mend a shortfall."""

from dataclasses import replace

import pytest
from allocation_cases import assessor, cohort, four_of_each_role, nomination, problem
from pydantic import TypeAdapter

from allocation.answer import RunAnswer, answered, answered_now, as_likely
from allocation.asked import NotInRunError, asked, members
from allocation.certified import certified
from allocation.explain import run_words
from allocation.problem import AllocationProblem
from allocation.proposal import Certificate


def test_every_seat_says_why_and_every_load_counts() -> None:
    one = cohort(20, 24, [4] * 24, seed=5)

    answer = answered(one)

    assert {(seat.nomination, seat.assessor) for seat in answer.seats} == {
        (seat.nomination, seat.assessor) for seat in answer.proposal.seats
    }
    said = [seat.reasons[-1] for seat in answer.seats]
    assert all(one.startswith(("the next best is", "nobody else")) or "could sit here" in one for one in said)
    assert any(one.startswith("the next best is") for one in said)
    assert sum(load for _, load in answer.loads) == len(answer.seats) == 60
    assert certified(one, answer.proposal) == ()


def test_answer_is_kept_and_read_again_as_it_was() -> None:
    one = cohort(6, 12, [3] * 12, seed=6)
    kept = TypeAdapter(RunAnswer)

    answer = answered(one)

    assert kept.validate_python(kept.dump_python(answer, mode="json"), strict=False) == answer


def test_shortfall_names_the_rules_that_clash_and_mends_that_were_tried() -> None:
    one = cohort(8, 12, [2] * 12, seed=7)
    executives = [person for person in one.assessors if person.role in {"chief_executive", "accountable_officer"}]
    others = [person for person in one.assessors if person not in executives]
    one = replace(one, assessors=(*executives[:2], *others))

    answer = answered(one)

    assert answer.unstaffed
    assert len(answer.clashing) >= 1
    assert any("who count" in mend.words or "assessment more" in mend.words for mend in answer.mends)
    assert all(one.reasons for one in answer.unstaffed)


def test_pins_that_leave_a_panel_open_are_named_and_lifting_one_is_offered() -> None:
    pins = frozenset({("n", "chair-0"), ("n", "chair-1"), ("n", "chair-2")})
    one = problem([nomination("n"), nomination("m")], four_of_each_role(), pinned=pins)

    answer = answered(one)

    assert [left.reasons for left in answer.unstaffed] == [
        ("no panel with chair-0, chair-1, chair-2, whom operations pinned, keeps every rule at once",)
    ]
    assert answer.clashing == (
        "every panel has the roles it needs: at least 1 counting as executive",
        "the pairs fixed by operations",
    )
    assert answer.mends[0].words == "chair-0 no longer pinned to n"


def test_pair_that_operations_forbid_is_offered_to_be_allowed_where_that_mends_the_panel() -> None:
    people = [one for one in four_of_each_role() if one.role in {"chair", "chief_executive"}]
    forbidden = frozenset(("n", f"chief_executive-{number}") for number in range(4))
    one = problem([nomination("n"), nomination("m")], people, forbidden=forbidden)

    answer = answered(one)

    assert [left.nomination for left in answer.unstaffed] == ["n"]
    assert answer.mends[0].words == "chief_executive-0 no longer kept from n by operations"


def test_certificate_says_in_words_whether_it_is_proved() -> None:
    proved = Certificate(
        floor=40, floor_bound=40, total=900, total_bound=900, gap=0.0, fit=950, load_cost=50, mixed=0, repeats=0,
        broken=0, staffed=8, staffed_bound=8, seed=1, complete=True,
    )  # fmt: skip
    open_ = replace(proved, total_bound=910, broken=2)

    assert (proved.proved, open_.proved) == (True, False)
    assert "The worst-off panel fits with 40 points, and no more is possible." in proved.words
    assert "All panels are worth 900 points together; at most 910 would be possible." in open_.words
    assert "A second program found 2 faults: do not release this run." in open_.words


ROLES_OF = ("chief_executive", "chair", "accountable_officer", "non_executive_director")


def two_and_one_to_come() -> AllocationProblem:
    """One of two chief executives knows what both nominations are about; the one to come may have nobody else."""
    people = [
        assessor("expert", interests=frozenset({"mergers"}), capacity=1),
        assessor("other", capacity=1),
        *(assessor(f"chair-{n}", "chair", capacity=1) for n in range(4)),
    ]
    now = nomination("now", interests=frozenset({"mergers"}))
    later = nomination("later", interests=frozenset({"mergers"}), conflicts=(("other", "family"),))
    one: AllocationProblem = problem([now, later], people)
    return replace(one, expected=frozenset({"later"}))


def test_nobody_is_taken_now_whom_a_nomination_to_come_will_need_more() -> None:
    one = two_and_one_to_come()
    alone = replace(one, nominations=one.nominations[:1], expected=frozenset())

    solved, answer = answered_now(one)

    assert "expert" in {seat.assessor for seat in answered(alone).seats}
    assert solved == one
    assert {seat.nomination for seat in answer.seats} == {"now"}
    assert "other" in {seat.assessor for seat in answer.seats}
    assert answer.unstaffed == ()
    assert sum(load for _, load in answer.loads) == 3
    assert (answer.certificate.staffed, answer.certificate.planned) == (2, 1)
    assert answer.certificate.words[0].startswith("1 panel is staffed, beside 1 planned for nominations to come")
    assert certified(one, answer.proposal) == ()


def test_nobody_waits_for_the_sake_of_nominations_to_come() -> None:
    one = two_and_one_to_come()
    barred = replace(one.nominations[0], conflicts=(("other", "family"),))
    # Only one of the two can be staffed, and the one to come fits better.
    plain = replace(barred, interests=frozenset({"estates"}))
    one = replace(one, nominations=(plain, one.nominations[1]))

    solved, answer = answered_now(one)

    assert {seat.nomination for seat in answered(one).seats} == set()
    assert {seat.nomination for seat in answer.seats} == {"now"}
    assert solved.expected == frozenset()
    assert certified(solved, answer.proposal) == ()


def test_nomination_to_come_that_nobody_could_assess_keeps_nobody_waiting() -> None:
    one = two_and_one_to_come()
    everybody = tuple((each.id, "family") for each in one.assessors)
    one = replace(one, nominations=(one.nominations[0], replace(one.nominations[1], conflicts=everybody)))

    solved, answer = answered_now(one)

    assert solved == one
    assert len(answer.seats) == 3
    assert (answer.unstaffed, answer.clashing) == ((), ())
    assert (answer.certificate.staffed, answer.certificate.planned) == (1, 0)
    assert certified(one, answer.proposal) == ()


def test_run_is_not_asked_about_a_panel_that_was_whole() -> None:
    held = nomination("held", seats=1, seated=("chair-0",))
    one = problem([nomination("n"), held], four_of_each_role(), pair_most=1)
    answer = answered(one)

    assert {seat.nomination for seat in answer.seats} == {"n"}
    for ask in (lambda: asked(one, answer, "held", "chair-1"), lambda: members(one, answer, "held")):
        with pytest.raises(NotInRunError, match="nomination held"):
            ask()


def test_more_to_come_than_can_be_seated_are_planned_for_in_part_and_drawn_by_the_seed() -> None:
    people = four_of_each_role(capacity=3)
    names = ["now", *(f"later-{n:02}" for n in range(30))]
    one: AllocationProblem = problem([nomination(name) for name in names], people)
    one = replace(one, expected=frozenset(names[1:]))
    few = replace(one, nominations=one.nominations[:6], expected=frozenset(names[1:6]))
    other = replace(one, rules=replace(one.rules, seed=7))

    solved, answer = answered_now(one)

    # Nine tenths of 48 places are 14 panels.
    assert len(solved.expected) == 13
    assert {seat.nomination for seat in answer.seats} == {"now"}
    assert answer.certificate.staffed == 14
    assert as_likely(few) == few
    assert as_likely(replace(one, nominations=one.nominations[::-1])).expected == solved.expected
    assert as_likely(other).expected != solved.expected


def test_run_without_its_properties_is_checked_but_for_them_and_claims_no_exact_price() -> None:
    women = [assessor(f"woman-{n}", ROLES_OF[n % 4], properties=frozenset({"woman"})) for n in range(4)]
    men = [assessor(f"man-{n}", ROLES_OF[n % 4]) for n in range(4)]
    one = problem([nomination("n")], [*women, *men], mixed_properties=frozenset({"woman"}))
    one = replace(one, rules=replace(one.rules, weights=replace(one.rules.weights, mixed=40)))
    answer = answered(one)
    without = replace(
        one, assessors=tuple(replace(each, properties=frozenset()) for each in one.assessors), withheld=True
    )
    left = next(each.id for each in one.assessors if each.id not in {seat.assessor for seat in answer.seats})

    reply = asked(without, answer, "n", left)

    assert answer.certificate.mixed == 1
    assert certified(without, answer.proposal) == ()
    assert certified(replace(without, withheld=False), answer.proposal) != ()
    assert reply.cost is not None
    assert not reply.cost.exact


def test_run_is_not_asked_about_a_nomination_that_it_only_expects() -> None:
    one = two_and_one_to_come()
    _, answer = answered_now(one)

    with pytest.raises(NotInRunError, match="nomination later"):
        asked(one, answer, "later", "expert")


def test_run_with_nobody_to_staff_and_one_that_can_staff_nobody_say_which() -> None:
    nothing = answered(problem([], four_of_each_role()))
    nobody = answered(problem([nomination("n"), nomination("m")], [assessor("a")]))
    some = answered(problem([nomination("n")], four_of_each_role()))
    stopped = replace(nobody.certificate, staffed_bound=2)
    planned = replace(some.certificate, planned=1)

    assert run_words(nothing.certificate, 0) == (
        "No nomination waited for assessors when this run was made: there was nothing to staff.",
    )
    assert run_words(nobody.certificate, 2) == (
        "Nobody is seated. All 2 nominations that wait stay without a whole panel: "
        "it is proved that none can be staffed.",
    )
    assert run_words(stopped, 1)[0].endswith("none was found in the time there was, and at most 1 could be staffed.")
    assert run_words(planned, 0)[1] == "1 panel is planned for nominations to come."
    assert run_words(some.certificate, 0) == ("Proved to be the best.", *some.certificate.words)

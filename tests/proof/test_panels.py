"""Kept runs checked again: whatever is changed in one is named, and what is sound stays unnamed."""

from dataclasses import replace
from datetime import date

import pytest

from allocation.answer import RunAnswer, answered_now
from allocation.made_up import made_up
from allocation.problem import AllocationProblem, CompositionRule, PanelRules, Weights
from proof.panels import run_faults
from storage.kept_runs import KeptRun

RULES = PanelRules(
    size=3,
    composition=(CompositionRule("executive", frozenset({"chief_executive", "accountable_officer"}), 1),),
    conflict_years=3,
    window=(date(2018, 10, 1), date(2018, 10, 31)),
    min_days_available=5,
    weights=Weights(interest=100, same_system=50, load=60, repeat=5),
    seed=2018,
)


def kept(problem: AllocationProblem, answer: RunAnswer) -> KeptRun:
    return KeptRun(4, problem, answer, frozenset((one.nomination, one.assessor) for one in answer.proposal.seats))


def claiming(answer: RunAnswer, **figures: float) -> RunAnswer:
    claim = replace(answer.proposal.certificate, **figures)  # type: ignore[arg-type] -- of whatever kind the figure is
    return replace(answer, proposal=replace(answer.proposal, certificate=claim))


@pytest.mark.parametrize("nominations", [6, 12, 18])
def test_run_as_it_was_solved_has_no_fault(nominations: int) -> None:
    problem = made_up(RULES, nominations=nominations, assessors=14, capacity=3, seed="panels")

    asked, answer = answered_now(problem)

    assert run_faults(kept(asked, answer)) == ()
    assert bool(answer.unstaffed) == (nominations == 18)


@pytest.mark.parametrize(
    ("forged", "fault"),
    [
        (
            {"floor_bound": 9_999},
            "the floor is said to be 9,999 at most",
        ),
        ({"total_bound": 500_000, "gap": 1.0}, "the total is said to be 500,000 at most"),
        ({"staffed_bound": 7}, "the number of panels is said to be 7 at most"),
        ({"gap": 0.5}, "gap: 0.0, not as certified"),
        ({"repeats": 50}, "repeats: "),
        ({"floor_bound": 0}, "floor: above its bound"),
    ],
)
def test_run_with_another_figure_is_named(forged: dict[str, float], fault: str) -> None:
    problem, answer = answered_now(made_up(RULES, nominations=6, assessors=14, capacity=3, seed="panels"))

    faults = run_faults(kept(problem, claiming(answer, **forged)))

    assert {one.run for one in faults} == {4}
    assert any(fault in one.fault for one in faults)

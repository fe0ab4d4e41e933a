"""A run's whole answer: the proposal with its proof, why each seat, and what stands in the way where panels lack."""

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from allocation.clashes import clash
from allocation.explain import NO_COMBINATION, crowded_out, held_by_rule, kept_faults, shortages
from allocation.likely import likely
from allocation.model import compiled
from allocation.problem import AllocationProblem, AssessorSupply, NominationDemand, Seat, Unstaffed
from allocation.proposal import Aim, Certificate, Proposal
from allocation.propose import propose
from allocation.rules import bars
from allocation.why import Whys


@dataclass(frozen=True)
class Repairable:
    """What would mend a shortfall, in words, proved by solving; `price` ranks, lowest first."""

    words: str
    price: int


@dataclass(frozen=True)
class RunAnswer:
    """What a run keeps of its answer.

    Attributes:
        seats: New seats with why, by nomination and assessor. A seat's cost is what its fit lacks of the best.
            Those planned for nominations that are only expected are not among them.
        unstaffed: Nominations left out, and why; none that is only expected.
        clashing: Rules that cannot all hold, in words; empty when every panel is staffed.
        mends: What would help, cheapest first; each was solved.
        proposal: The proposal, as it was certified, with the panels that are only planned.
        loads: Every assessor's load with the new seats.
    """

    seats: tuple[Seat, ...]
    unstaffed: tuple[Unstaffed, ...]
    clashing: tuple[str, ...]
    mends: tuple[Repairable, ...]
    proposal: Proposal
    loads: tuple[tuple[str, int], ...]

    @property
    def certificate(self) -> Certificate:
        """What is proved."""
        return self.proposal.certificate


def answered(problem: AllocationProblem, *, aim: Aim = "floor", seconds: float = 60.0) -> RunAnswer:
    """Solves, and says why.

    Args:
        problem: Nominations, assessors and rules.
        aim: Whether the worst-off panel or the total comes first.
        seconds: Time allowed to the search.
    """
    return _told(problem, _proposed(problem, aim, seconds), aim, seconds)


def answered_now(
    problem: AllocationProblem, *, aim: Aim = "floor", seconds: float = 60.0
) -> tuple[AllocationProblem, RunAnswer]:
    """Solves beside those expected, and says why; without them where they would keep somebody who waits waiting.

    Args:
        problem: Nominations that wait, those expected, assessors and rules.
        aim: Whether the worst-off panel or the total comes first.
        seconds: Time allowed to each search.

    Returns:
        The problem that was answered, and its answer.
    """
    problem = as_likely(problem)
    beside = _proposed(problem, aim, seconds)
    if _left(problem, beside):
        waiting = tuple(one for one in problem.nominations if one.id not in problem.expected)
        alone = replace(problem, nominations=waiting, expected=frozenset())
        found = _proposed(alone, aim, seconds)
        if len(found.unstaffed) < len(_left(problem, beside)):
            return alone, _told(alone, found, aim, seconds)
    return problem, _told(problem, beside, aim, seconds)


def as_likely(problem: AllocationProblem) -> AllocationProblem:
    """The problem with as many of those expected as it is wise to plan for."""
    if not problem.expected:
        return problem
    model = compiled(problem)
    waits = np.array([one.id not in problem.expected for one in model.nominations], dtype=bool)
    nobody = np.zeros(len(model.assessors), dtype=np.int64)
    panels = likely(model, np.arange(len(model.nominations)), waits, nobody)
    left = {one.id for one in model.nominations} - {model.nominations[at].id for at in panels}
    nominations = tuple(one for one in problem.nominations if one.id not in left)
    return replace(problem, nominations=nominations, expected=problem.expected - left)


def _proposed(problem: AllocationProblem, aim: Aim, seconds: float) -> Proposal:
    found = propose(problem, aim=aim, seconds=seconds)
    planned = len({seat.nomination for seat in found.seats} & problem.expected)
    return replace(found, certificate=replace(found.certificate, planned=planned))


def _left(problem: AllocationProblem, proposal: Proposal) -> frozenset[str]:
    """The nominations that wait and are left out."""
    return frozenset(proposal.unstaffed) - problem.expected


def _told(problem: AllocationProblem, proposal: Proposal, aim: Aim, seconds: float) -> RunAnswer:
    whys = Whys(problem, proposal, aim=aim)
    best = problem.rules.weights.best
    seats = tuple(
        Seat(seat.nomination, seat.assessor, best - seat.fit, whys.why(seat.nomination, seat.assessor))
        for seat in proposal.seats
        if seat.nomination not in problem.expected
    )
    left = _left(problem, proposal)
    found = clash(problem, unstaffed=tuple(sorted(left)), seconds=seconds / 4) if left else None
    loads = Counter({one.id: one.load for one in problem.assessors})
    loads.update(seat.assessor for seat in seats)
    return RunAnswer(
        seats=seats,
        unstaffed=_unstaffed(problem, left, loads),
        clashing=found.words if found else (),
        mends=tuple(Repairable(mend.words, mend.price) for mend in found.mends) if found else (),
        proposal=proposal,
        loads=tuple(sorted(loads.items())),
    )


def _unstaffed(problem: AllocationProblem, left: frozenset[str], loads: Counter[str]) -> tuple[Unstaffed, ...]:
    return tuple(
        _why_unstaffed(one, problem, loads)
        for one in sorted(problem.nominations, key=lambda one: one.id)
        if one.id in left
    )


def _why_unstaffed(nomination: NominationDemand, problem: AllocationProblem, loads: Counter[str]) -> Unstaffed:
    """The counts that stand in the way: of the panel alone, else beside the others."""
    rules = problem.rules
    people = {one.id: one for one in problem.assessors}
    seats = nomination.seats or rules.size
    kept = [people[name].role for name in nomination.seated]
    missing = max(seats - len(kept), 0)
    faults = kept_faults(nomination, kept, seats, rules)
    if faults:
        return Unstaffed(nomination.id, missing, tuple(faults))
    others = {name: one for name, one in people.items() if name not in nomination.seated}
    barred = {name: next(iter(bars(nomination, one, rules)), None) for name, one in others.items()}
    roles = {name: one.role for name, one in others.items()}
    held = held_by_rule(kept, rules.composition)
    reasons = shortages(missing, held, barred, roles, rules)
    if not reasons:
        free = {name: _has_place(people[name], loads) for name, bar in barred.items() if bar is None}
        reasons = crowded_out(missing, held, free, roles, rules)
        pins = sorted(name for to, name in rules.pinned if to == nomination.id and name not in nomination.seated)
        if pins and reasons == [NO_COMBINATION]:
            reasons = [f"no panel with {', '.join(pins)}, whom operations pinned, keeps every rule at once"]
    return Unstaffed(nomination.id, missing, tuple(reasons))


def _has_place(assessor: AssessorSupply, loads: Counter[str]) -> bool:
    return loads[assessor.id] < assessor.capacity

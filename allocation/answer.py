"""A run's whole answer: the proposal with its proof, why each seat, and what stands in the way where panels lack."""

from collections import Counter
from dataclasses import dataclass

from allocation.clashes import clash
from allocation.explain import NO_COMBINATION, crowded_out, held_by_rule, kept_faults, shortages
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
        unstaffed: Nominations left out, and why.
        clashing: Rules that cannot all hold, in words; empty when every panel is staffed.
        mends: What would help, cheapest first; each was solved.
        proposal: The proposal, as it was certified.
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
    proposal = propose(problem, aim=aim, seconds=seconds)
    whys = Whys(problem, proposal)
    best = problem.rules.weights.interest + problem.rules.weights.same_system
    seats = tuple(
        Seat(seat.nomination, seat.assessor, best - seat.fit, whys.why(seat.nomination, seat.assessor))
        for seat in proposal.seats
    )
    found = clash(problem, unstaffed=proposal.unstaffed, seconds=seconds / 4) if proposal.unstaffed else None
    loads = Counter({one.id: one.load for one in problem.assessors})
    loads.update(seat.assessor for seat in proposal.seats)
    return RunAnswer(
        seats=seats,
        unstaffed=_unstaffed(problem, proposal, loads),
        clashing=found.words if found else (),
        mends=tuple(Repairable(mend.words, mend.price) for mend in found.mends) if found else (),
        proposal=proposal,
        loads=tuple(sorted(loads.items())),
    )


def _unstaffed(problem: AllocationProblem, proposal: Proposal, loads: Counter[str]) -> tuple[Unstaffed, ...]:
    left = set(proposal.unstaffed)
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

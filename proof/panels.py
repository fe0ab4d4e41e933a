"""Whether the panels, as they are held, keep every hard rule, and whether kept runs are what they claim."""

from dataclasses import dataclass
from heapq import nlargest

from allocation.certified import certified, seat_fit
from allocation.check import Violation, violations
from allocation.problem import AllocationProblem, NominationDemand, Seat
from allocation.proposal import Proposal
from storage.kept_runs import KeptRun


def incomplete_panels(problem: AllocationProblem) -> frozenset[str]:
    """The nominations whose panels lack an assessor: a seat is being filled, or the nomination has ended early."""
    return frozenset(one.id for one in problem.nominations if (one.seats or 0) < problem.rules.size)


def broken_rules(problem: AllocationProblem, seats: tuple[Seat, ...]) -> tuple[Violation, ...]:
    """Every hard rule that panels as held break; ``problem`` and ``seats`` as `storage.allocations` reads them.

    A panel that lacks an assessor cannot have its composition, and is judged by every other rule.
    """
    incomplete = incomplete_panels(problem)
    return tuple(
        one
        for one in violations(problem, seats)
        if not (one.rule.startswith("composition:") and one.nomination in incomplete)
    )


@dataclass(frozen=True)
class RunFault:
    """What is wrong with a kept run, as a sentence."""

    run: int
    fault: str


def run_faults(kept: KeptRun) -> tuple[RunFault, ...]:
    """What is wrong with a run as it is kept; its figures and rules are reckoned anew, without the solver.

    The seats that people are shown stand in rows of their own; they must be the proposal's.
    """
    if kept.problem is None or kept.answer is None:
        what = "question" if kept.problem is None else "answer"
        return (RunFault(kept.number, f"its {what} can no longer be read: it was changed since"),)
    names = {one.id for one in kept.problem.assessors}
    proposal = kept.answer.proposal
    strangers = sorted({seat.assessor for seat in proposal.seats} - names)
    if strangers:
        return (RunFault(kept.number, f"assessors who were not in the question are seated: {', '.join(strangers)}"),)
    faults = [*certified(kept.problem, proposal), *_impossible_bounds(kept.problem, proposal)]
    faults += [f"{one}: seated, though it was not in the question" for one in _unasked(kept.problem, proposal)]
    given = [seat for seat in proposal.seats if seat.nomination not in kept.problem.expected]
    proposed = {(seat.nomination, seat.assessor) for seat in given}
    faults += [f"{', '.join(pair)}: proposed, but not among the seats kept" for pair in sorted(proposed - kept.seats)]
    faults += [f"{', '.join(pair)}: among the seats kept, but not proposed" for pair in sorted(kept.seats - proposed)]
    return tuple(RunFault(kept.number, fault) for fault in faults)


def _impossible_bounds(problem: AllocationProblem, proposal: Proposal) -> list[str]:
    """Bounds of a certificate above what even the best-fitting assessors would reach, if nobody had other work.

    A bound below that, and not below what was found, is taken as the solver gave it: only solving again proves it.
    """
    claim, weights = proposal.certificate, problem.rules.weights
    lacking = [(one, (one.seats or problem.rules.size) - len(one.seated)) for one in problem.nominations]
    best = sorted((_best_fit(problem, one, seats) for one, seats in lacking if seats > 0), reverse=True)
    most = best[: claim.staffed]
    mixed = weights.mixed * len(most) if problem.rules.mixed_properties or problem.withheld else 0
    limits = {
        "floor": (claim.floor_bound, most[-1] if most else 0),
        "total": (claim.total_bound, sum(most) + mixed),
        "number of panels": (claim.staffed_bound, len(best)),
    }
    return [
        f"the {figure} is said to be {bound:,} at most, but even the best fits allow no more than {limit:,}"
        for figure, (bound, limit) in limits.items()
        if bound > limit
    ]


def _best_fit(problem: AllocationProblem, nomination: NominationDemand, seats: int) -> int:
    """The points of the assessors who fit best, whether or not a rule bars them."""
    weights = problem.rules.weights
    return sum(nlargest(seats, (seat_fit(weights, nomination, one) for one in problem.assessors)))


def _unasked(problem: AllocationProblem, proposal: Proposal) -> list[str]:
    return sorted({seat.nomination for seat in proposal.seats} - {one.id for one in problem.nominations})

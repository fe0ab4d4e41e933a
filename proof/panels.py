"""Whether the panels, as they are held, keep every hard rule."""

from allocation.check import Violation, violations
from allocation.problem import AllocationProblem, Seat


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

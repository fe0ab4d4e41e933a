"""What a seat costs, in whole points, and how ties are settled."""

from hashlib import sha256

from allocation.problem import AssessorSupply, NominationDemand, Weights


def pair_cost(nomination: NominationDemand, assessor: AssessorSupply, weights: Weights) -> int:
    """Points for the two meeting: interests not shared, and the same system."""
    cost = 0
    if nomination.interests:
        lacking = len(nomination.interests - assessor.interests)
        cost += weights.interest * lacking // len(nomination.interests)
    if nomination.system and nomination.system == assessor.system:
        cost += weights.same_system
    return cost


def load_step_cost(load: int, capacity: int, weights: Weights) -> int:
    """Points for taking the assessor from `load - 1` to `load` assessments.

    The step of load * l * l / c, rounded down; it never falls as the load grows, so the sum is convex.
    """
    return weights.load * (2 * load - 1) // capacity


def tie_break(seed: int, nomination: str, assessor: str) -> float:
    """A number in [0, 1) that only the seed and the two identifiers decide."""
    digest = sha256(f"{seed}\x1f{nomination}\x1f{assessor}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48

"""What a seat costs, in whole points, and how ties are settled."""

from hashlib import sha256

from allocation.problem import AssessorSupply, NominationDemand, Weights


def pair_cost(nomination: NominationDemand, assessor: AssessorSupply, weights: Weights) -> int:
    """Points that the two lack of the best: interests, experience of the sector, role, and distance."""
    cost = weights.best - weights.base + nearness_cost(nomination, assessor, weights)
    if nomination.interests:
        lacking = len(nomination.interests - assessor.interests)
        cost += weights.interest * lacking // len(nomination.interests)
    if nomination.sector and nomination.sector not in assessor.sectors:
        cost += weights.sector
    if nomination.line_managers and assessor.role not in nomination.line_managers:
        cost += weights.role
    return cost


def nearness_cost(nomination: NominationDemand, assessor: AssessorSupply, weights: Weights) -> int:
    """Points for the closest that the two share of system, local office and region; 0 where they share none."""
    if nomination.system and nomination.system == assessor.system:
        return weights.same_system
    if nomination.office and nomination.office == assessor.office:
        return weights.same_office
    if nomination.region and nomination.region == assessor.region:
        return weights.same_region
    return 0


def load_step_cost(load: int, capacity: int, weights: Weights) -> int:
    """Points for taking the assessor from `load - 1` to `load` assessments.

    The step of load * l * l / c, rounded down; it never falls as the load grows, so the sum is convex.
    """
    return weights.load * (2 * load - 1) // capacity


def tie_break(seed: int, nomination: str, assessor: str) -> float:
    """A number in [0, 1) that only the seed and the two identifiers decide."""
    digest = sha256(f"{seed}\x1f{nomination}\x1f{assessor}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48

"""Certificate checker: recomputes a proposal's figures and rules from the problem alone, without the solver."""

from collections import Counter
from datetime import date, timedelta
from itertools import combinations

from allocation.problem import AllocationProblem, AssessorSupply, NominationDemand
from allocation.proposal import Proposal


def certified(problem: AllocationProblem, proposal: Proposal) -> tuple[str, ...]:  # noqa: C901 - read top to bottom
    """What is wrong with a proposal, in sentences; empty when every figure and every rule holds."""
    rules, claim, people = problem.rules, proposal.certificate, {a.id: a for a in problem.assessors}
    faults, fits, mixed = list[str](), list[int](), 0
    loads, weekly = Counter({a.id: a.load for a in problem.assessors}), Counter[tuple[str, date]]()
    met, new_pairs = Counter[frozenset[str]](), set[frozenset[str]]()
    for n in problem.nominations:
        new = [seat for seat in proposal.seats if seat.nomination == n.id]
        panel = [*n.seated, *(seat.assessor for seat in new)]
        pairs = [frozenset(pair) for pair in combinations(panel, 2)]
        met.update(pairs)
        new_pairs.update(pair for pair in pairs if not pair <= set(n.seated))
        missing = 0 if n.id in proposal.unstaffed else max((n.seats or rules.size) - len(n.seated), 0)
        if len(new) != missing or len(set(panel)) < len(panel):
            faults.append(f"{n.id} has {len(new)} new seats of {missing}, or somebody twice")
        for seat in new:
            faults += [
                f"{n.id}, {seat.assessor}: {rule}" for rule in _bars(problem, n, people[seat.assessor], seat.week)
            ]
            loads[seat.assessor] += 1
            weekly[seat.assessor, seat.week[0]] += 1
        if new:
            fits.append(sum(_fit(problem, n, people[seat.assessor]) for seat in new))
            mixed += len({rules.mixed_properties.isdisjoint(people[i].properties) for i in panel}) == 2
            for rule in rules.composition if rules.on("composition") else ():
                count = sum(
                    people[i].role in rule.roles or bool(rule.properties & people[i].properties) for i in panel
                )
                if count < rule.at_least or (rule.at_most is not None and count > rule.at_most):
                    faults.append(f"{n.id}: {count} {rule.name}")
    cost = 0
    for a in problem.assessors:
        cost += sum(
            rules.weights.load * (2 * n - 1) // max(a.capacity, 1) for n in range(a.load + 1, loads[a.id] + 1)
        )
        if loads[a.id] > max(a.capacity, a.load) and rules.on("capacity"):
            faults.append(f"{a.id}: capacity {a.capacity}, load {loads[a.id]}")
    if rules.together and rules.week_most is not None and rules.on("week"):
        faults += [f"{who}: {n} in the week of {day}" for (who, day), n in weekly.items() if n > rules.week_most]
    if rules.pair_most is not None and rules.on("pairs"):
        faults += [f"{sorted(p)} meet {n} times" for p, n in met.items() if n > rules.pair_most and p in new_pairs]
    figures = (min(fits, default=0), sum(fits), cost, mixed, len(fits))
    if figures != (claim.floor, claim.fit, claim.load_cost, claim.mixed, claim.staffed):
        faults.append(f"floor, fit, cost of loads, mixed panels and panels are {figures}, not as certified")
    if claim.floor > claim.floor_bound or claim.total > claim.total_bound or claim.staffed > claim.staffed_bound:
        faults.append("a figure lies above its bound")
    return tuple(faults)


def _fit(problem: AllocationProblem, n: NominationDemand, a: AssessorSupply) -> int:
    points, shared = problem.rules.weights, len(n.interests) - len(n.interests & a.interests)
    far = points.same_system * (not n.system or n.system != a.system)
    return points.interest - points.interest * shared // max(len(n.interests), 1) + far


def _bars(problem: AllocationProblem, n: NominationDemand, a: AssessorSupply, week: tuple[date, date]) -> list[str]:
    rules, (opens, closes) = problem.rules, problem.rules.window
    since = (opens.year - rules.conflict_years, opens.month, opens.day)
    mine, theirs = (
        {one.organisation} | {code for code, left in one.earlier_organisations if left.timetuple()[:3] >= since}
        for one in (a, n)
    )
    days = [week[0] + timedelta(d) for d in range((week[1] - week[0]).days + 1)]
    found = {
        "organisation": bool(mine & theirs),
        "endorser": n.endorser_organisation == a.organisation,
        "declared": a.id in dict(n.conflicts),
        "forbidden": (n.id, a.id) in rules.forbidden,
        "training": a.training_expires is not None and a.training_expires < closes,
        "availability": sum(any(f <= day <= t for f, t in a.available) for day in days)
        < min(rules.min_days_available, len(days)),
    }
    return [rule for rule, broken in found.items() if broken and rules.on(rule)] + ["barred"] * (a.id in n.barred)

"""Certificate checker: recomputes a proposal's figures and rules from the problem alone, without the solver."""

from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations
from math import isclose

from allocation.problem import AllocationProblem, AssessorSupply, NominationDemand, PanelRules
from allocation.proposal import Proposal


def certified(problem: AllocationProblem, proposal: Proposal) -> tuple[str, ...]:
    """What is wrong with a proposal, in sentences; empty when every figure and every rule holds."""
    rules, claim, people = problem.rules, proposal.certificate, {a.id: a for a in problem.assessors}
    weekly = Counter((seat.assessor, seat.week) for seat in proposal.seats)
    loads, faults, fits, mixed = Counter({a.id: a.load for a in people.values()}), list[str](), list[int](), 0
    met, fresh = Counter[frozenset[str]](), Counter[frozenset[str]]()
    seated = dict[str, list[tuple[AssessorSupply, tuple[date, date]]]]()
    for seat in proposal.seats:
        seated.setdefault(seat.nomination, []).append((people[seat.assessor], seat.week))
    for n in problem.nominations:
        new = seated.get(n.id, [])
        panel = [*(people[name] for name in n.seated), *(a for a, _ in new)]
        loads.update(a.id for a, _ in new)
        met.update(pairs := {frozenset((a.id, b.id)) for a, b in combinations(panel, 2)})
        fresh.update(pair for pair in pairs if not pair <= set(n.seated))
        missing = 0 if n.id in proposal.unstaffed else max((n.seats or rules.size) - len(n.seated), 0)
        faults += [f"{n.id}: seats"] * (len(new) != missing or len({a.id for a in panel}) < len(panel))
        days = {week for _, week in new}
        faults += [f"{n.id}: does not sit in one week of the window"] * (
            len(days) > 1 or not days <= {*_weeks(rules)}
        )
        faults += [f"{n.id}, {a.id}: {rule}" for a, week in new for rule in _bars(problem, n, a, week)]
        pins = {name for to, name in rules.pinned if to == n.id and new and rules.on("pinned")}
        faults += [f"{n.id}, {name}: pinned, not seated" for name in sorted(pins - {a.id for a in panel})]
        fits += [sum(_fit(problem, n, a) for a, _ in new)] * bool(new)
        mixed += bool(new) and len({rules.mixed_properties.isdisjoint(a.properties) for a in panel}) == 2
        for rule in rules.composition if new and rules.on("composition") else ():
            count = sum(a.role in rule.roles or bool(rule.properties & a.properties) for a in panel)
            high = len(panel) if rule.at_most is None else rule.at_most
            faults += [f"{n.id}: {count} {rule.name}"] * (not rule.at_least <= count <= high)
    mixed = claim.mixed if problem.withheld else mixed
    steps = [(a, n) for a in people.values() for n in range(a.load + 1, loads[a.id] + 1)]
    cost = sum(rules.weights.load * (2 * n - 1) // max(a.capacity, 1) for a, n in steps)
    faults += [f"{a.id}: capacity" for a, n in steps if n > a.capacity and rules.on("capacity")]
    faults += [fault for a in people.values() for fault in _of_load(problem, a, loads[a.id], seated)]
    week = rules.week_most if rules.together and rules.on("week") else None
    pair = rules.pair_most if rules.on("pairs") else None
    faults += [f"{who}: {n} in a week" for (who, _), n in weekly.items() if week is not None and n > week]
    faults += [f"{sorted(two)}: meet {n} times" for two, n in met.items() if pair and n > pair and two in fresh]
    again = sum(often - (met[two] == often) for two, often in fresh.items())
    worth = sum(fits) - cost + rules.weights.mixed * mixed - rules.weights.repeat * again
    figures = (min(fits, default=0), sum(fits), cost, mixed, again, len(fits), worth)
    if figures != (claim.floor, claim.fit, claim.load_cost, claim.mixed, claim.repeats, claim.staffed, claim.total):
        faults.append(f"floor, fit, cost of loads, mixed, repeats, panels and total are {figures}, not as certified")
    if not isclose(claim.gap, (claim.total_bound - worth) / (abs(claim.total_bound) or 1), abs_tol=1e-9):
        faults.append("the gap is not the one between the total and its bound")
    if claim.floor > claim.floor_bound or claim.total > claim.total_bound or claim.staffed > claim.staffed_bound:
        faults.append("a figure lies above its bound")
    return tuple(faults)


def _of_load(problem: AllocationProblem, a: AssessorSupply, load: int, staffed: Collection[str]) -> list[str]:
    """Whether the weeks have room for what an assessor got, and whether they got the fewest they agreed to.

    Nobody is owed more than there are panels with new members on which they may sit.
    """
    rules, most, faults = problem.rules, a.capacity if problem.rules.on("capacity") else a.least, list[str]()
    if rules.week_most is not None and rules.on("week") and not rules.together:
        weeks = _weeks(replace(rules, together=True))
        within = rules.week_most * sum(_free(a, week, max(rules.min_days_available, 1)) for week in weeks)
        faults += [f"{a.id}: {load} in weeks that hold {within}"] * (a.load < load > within)
        most = min(most, within)
    if rules.on("least") and load < min(a.least, most):
        others = [n for n in problem.nominations if n.id in staffed and a.id not in n.seated]
        may = sum(not all(_bars(problem, n, a, week) for week in _weeks(rules)) for n in others)
        faults += [f"{a.id}: {load}, fewer than the {a.least} agreed"] * (load < min(a.least, most, a.load + may))
    return faults


def _weeks(rules: PanelRules) -> list[tuple[date, date]]:
    opens, closes = rules.window
    if not rules.together:
        return [rules.window]
    starts = [opens + timedelta(days) for days in range(0, (closes - opens).days + 1, 7)]
    return [(start, min(start + timedelta(6), closes)) for start in starts]


def _free(a: AssessorSupply, week: tuple[date, date], least: int) -> bool:
    days = [week[0] + timedelta(d) for d in range((week[1] - week[0]).days + 1)]
    return sum(any(first <= day <= last for first, last in a.available) for day in days) >= min(least, len(days))


def _fit(problem: AllocationProblem, n: NominationDemand, a: AssessorSupply) -> int:
    points, lacking = problem.rules.weights, len(n.interests - a.interests)
    far = points.same_system * (not n.system or n.system != a.system)
    return points.interest - points.interest * lacking // max(len(n.interests), 1) + far


def _bars(problem: AllocationProblem, n: NominationDemand, a: AssessorSupply, week: tuple[date, date]) -> list[str]:
    rules, opens = problem.rules, problem.rules.window[0]
    since = (opens.year - rules.conflict_years, opens.month, opens.day)
    posts = [[(x.organisation, opens), *x.earlier_organisations] for x in (a, n)]
    mine, theirs = ({code for code, left in own if left.timetuple()[:3] >= since} for own in posts)
    found = {
        "organisation": bool(mine & theirs),
        "endorser": n.endorser_organisation == a.organisation,
        "declared": a.id in dict(n.conflicts),
        "forbidden": (n.id, a.id) in rules.forbidden,
        "training": a.training_expires is not None and a.training_expires < rules.window[1],
        "availability": not _free(a, week, rules.min_days_available),
    }
    return [rule for rule, broken in found.items() if broken and rules.on(rule)] + ["barred"] * (a.id in n.barred)

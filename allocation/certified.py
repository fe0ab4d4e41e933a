"""Reckons a proposal anew from its problem alone: every rule, load and week, every figure, and the gap.

No solver has a part in it: of this room it imports the types of question and answer, and nothing else. Beside its
imports it has at most 60 lines of code, counted without blank lines, comments and sentences like these.
"""

from collections import Counter, defaultdict
from datetime import date
from itertools import combinations

from allocation.problem import AllocationProblem, AssessorSupply, NominationDemand, PanelRules, Weights
from allocation.proposal import Placed, Proposal


def certified(problem: AllocationProblem, proposal: Proposal) -> tuple[str, ...]:
    """What is wrong with a proposal, each as a rule or figure and where; empty when every one of them holds."""
    rules, claim, fits, cost = problem.rules, vars(proposal.certificate), list[int](), 0
    window, people, found = _days(*rules.window), {a.id: a for a in problem.assessors}, list[tuple[str, str]]()
    sevens, mixed = [window[at : at + 7] for at in range(0, len(window), 7)], claim["mixed"] * problem.withheld
    weeks, met, anew = sevens if rules.together else [window], Counter[frozenset[str]](), Counter[frozenset[str]]()
    panels, taken = defaultdict[str, list[Placed]](list), defaultdict[str, Counter[range]](Counter)
    for seat in proposal.seats:
        panels[seat.nomination].append(seat)
        taken[seat.assessor][_days(*seat.week)] += 1

    # Each panel: all its seats, nobody twice, in one week, with whoever is pinned, nobody barred, the roles it needs.
    for n in problem.nominations:
        new, when = [people[s.assessor] for s in panels.get(n.id, ())], {_days(*s.week) for s in panels.get(n.id, ())}
        panel = {name: people[name] for name in (*n.seated, *(a.id for a in new))}
        seats = 0 if n.id in proposal.unstaffed else max((n.seats or rules.size) - len(n.seated), 0)
        found += [("seats", n.id)] * (len(new) != seats or len(panel) < len(n.seated) + len(new))
        found += [("one week of the window", n.id)] * (len(when) > 1 or not when <= {*weeks})
        found += [("pinned", f"{n.id}, {who}") for to, who in rules.pinned if to == n.id and new and who not in panel]
        found += [(rule, f"{n.id}, {a.id}") for a in new for week in when for rule in _bars(rules, n, a, week)]
        for rule in rules.composition if new else ():
            count, most = sum(map(rule.counts, panel.values())), len(panel) if rule.at_most is None else rule.at_most
            found += [("composition", f"{n.id}, {count} {rule.name}")] * (not rule.at_least <= count <= most)
        fits += [sum(seat_fit(rules.weights, n, a) for a in new)] * bool(new)
        mixed += bool(new) and len({rules.mixed_properties.isdisjoint(a.properties) for a in panel.values()}) == 2
        met.update(pairs := {frozenset(pair) for pair in combinations(panel, 2)})
        anew.update(pair for pair in pairs if not pair <= {*n.seated})

    # Each assessor: no more than capacity and weeks hold; no fewer than agreed, if more staffed panels may have them.
    for a in people.values():
        load, limits = a.load + taken[a.id].total(), {"capacity": a.capacity}
        if rules.week_most is not None and not rules.together:
            limits["week"] = rules.week_most * sum(_free(a, week, rules.min_days_available or 1) for week in sevens)
        owed = min([a.least, *(most for rule, most in limits.items() if rules.on(rule))])
        others = [n for n in problem.nominations if load < owed and n.id in panels and a.id not in n.seated]
        may = a.load + sum(not all(_bars(rules, n, a, week) for week in weeks) for n in others)
        found += [(rule, f"{a.id}, {load} of {most}") for rule, most in limits.items() if a.load < load > most]
        found += [("least", f"{a.id}, {load} of {a.least}")] * (load < min(owed, may))
        found += [("week", a.id) for n in taken[a.id].values() if rules.together and n > (rules.week_most or n)]
        cost += sum(rules.weights.load * (2 * step - 1) // max(a.capacity, 1) for step in range(a.load + 1, load + 1))

    # All together: who meets whom how often, and every figure, the gap among them.
    found += [("pairs", f"{sorted(pair)}") for pair in anew if met[pair] > (rules.pair_most or met[pair])]
    again = sum(times - (met[pair] == times) for pair, times in anew.items())
    total, bound = sum(fits) - cost + rules.weights.mixed * mixed - rules.weights.repeat * again, claim["total_bound"]
    figures = {"floor": min(fits, default=0), "total": total, "staffed": len(fits), "fit": sum(fits)}
    figures |= {"load_cost": cost, "mixed": mixed, "repeats": again, "gap": (bound - total) / (abs(bound) or 1)}
    found += [(name, f"{n:,}, not as certified") for name, n in figures.items() if abs(n - claim[name]) > 1e-9]
    found += [(x, "above its bound") for x in ("floor", "total", "staffed") if claim[x] > claim[f"{x}_bound"]]
    return tuple(f"{rule}: {where}" for rule, where in found if rules.on(rule))


def _days(first: date, last: date) -> range:
    return range(first.toordinal(), last.toordinal() + 1)


def _free(a: AssessorSupply, week: range, least: int) -> bool:
    return len({day for span in a.available for day in _days(*span)}.intersection(week)) >= min(least, len(week))


def seat_fit(w: Weights, n: NominationDemand, a: AssessorSupply) -> int:
    """The points of an assessor's seat on the panel of a nomination: interests, sector, role and distance."""
    fit = w.base - w.interest * len(n.interests - a.interests) // max(len(n.interests), 1)
    fit -= w.sector * (n.sector not in {"", *a.sectors}) + w.role * (a.role not in (n.line_managers or {a.role}))
    near = (a.system == n.system != "", a.office == n.office != "", a.region == n.region != "", True)
    return fit - (w.same_system, w.same_office, w.same_region, 0)[near.index(True)]  # The closest that they share.


def _bars(rules: PanelRules, n: NominationDemand, a: AssessorSupply, week: range) -> list[str]:
    since = (rules.window[0].year - rules.conflict_years, *rules.window[0].timetuple()[1:3])
    left = [{code for code, day in x.earlier_organisations if day.timetuple()[:3] >= since} for x in (n, a)]
    broken = {"organisation": not {n.organisation, *left[0]}.isdisjoint({a.organisation, *left[1]}),
              "endorser": n.endorser_organisation == a.organisation, "forbidden": (n.id, a.id) in rules.forbidden,
              "declared": a.id in dict(n.conflicts), "availability": not _free(a, week, rules.min_days_available),
              "training": (a.training_expires or date.max) < rules.window[1], "barred": a.id in n.barred}  # fmt: skip
    return [rule for rule in broken if broken[rule] and rules.on(rule)]

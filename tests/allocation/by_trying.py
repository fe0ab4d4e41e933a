"""The best answer of a small problem, found by trying every answer: what the solvers are held against."""

import itertools
from collections import Counter
from dataclasses import dataclass

from allocation.model import available_in, fit_points, weeks_of
from allocation.rules import bars

SWITCH = {
    "same_organisation": "organisation", "earlier_organisation_within_years": "organisation",
    "endorsers_organisation": "endorser", "declared_conflict": "declared", "already_asked": "",
    "unavailable": "availability", "training_expired": "training", "at_capacity": "",
}  # fmt: skip
"""The switch of each bar; capacity is counted instead, and whoever was asked before is always barred."""


@dataclass(frozen=True)
class Way:
    """One way to fill a panel: the week, who comes, and what that is worth by itself."""

    nomination: str
    week: object
    new: tuple[str, ...]
    pairs: tuple[frozenset[str], ...]
    fit: int
    worth: int


def best_of_all(one):
    """Panels staffed, floor and total of the best answer: most panels, then the floor, then the total."""
    return Search(one, by_floor=True).best


def best_total(one):
    """Panels staffed and total of the best answer: most panels, then the total."""
    staffed, _, total = Search(one, by_floor=False).best
    return staffed, total


def ways_of(one, nomination):
    """Every way to fill a panel, were it the only one."""
    rules, people = one.rules, {person.id: person for person in one.assessors}
    kept = [people[name] for name in nomination.seated]
    seats = max((nomination.seats or rules.size) - len(kept), 0)
    pins = {name for to, name in rules.pinned if to == nomination.id and rules.on("pinned")} - set(nomination.seated)
    found = []
    for week, new in itertools.product(weeks_of(rules), itertools.combinations(able(one, nomination), seats)):
        if pins <= {person.id for person in new} and all(free(one, person, week) for person in new):
            panel = [*kept, *new]
            if rules.on("composition") and not all(_in_limits(rule, panel) for rule in rules.composition):
                continue
            fit = sum(fit_points(nomination, person, rules) for person in new)
            kinds = {rules.mixed_properties.isdisjoint(person.properties) for person in panel}
            pairs = [frozenset((a.id, b.id)) for a, b in itertools.combinations(panel, 2) if a in new or b in new]
            worth = fit + rules.weights.mixed * (len(kinds) == 2)
            found.append(Way(nomination.id, week, tuple(a.id for a in new), tuple(pairs), fit, worth))
    return found


def able(one, nomination):
    """Whom no rule bars from a panel."""
    off, forbidden = one.rules.off, one.rules.forbidden if one.rules.on("forbidden") else frozenset()
    return [
        person
        for person in one.assessors
        if all(bar == "at_capacity" or SWITCH[bar.value] in off for bar in bars(nomination, person, one.rules))
        and (nomination.id, person.id) not in forbidden
    ]


def free(one, person, week):
    """Whether somebody could sit in a week."""
    rules = one.rules
    return not (rules.together and rules.on("availability")) or available_in(person, week, rules.min_days_available)


def _in_limits(rule, panel):
    counted = sum(rule.counts(person) for person in panel)
    return rule.at_least <= counted <= (len(panel) if rule.at_most is None else rule.at_most)


class Search:
    """Panel after panel every way and none; a branch ends where a limit is passed."""

    def __init__(self, one, *, by_floor):
        self.one, self.rules, self.by_floor = one, one.rules, by_floor
        self.people = {person.id: person for person in one.assessors}
        self.most = {person.id: self._most(person) for person in one.assessors}
        lacking = [each for each in one.nominations if (each.seats or one.rules.size) > len(each.seated)]
        self.lacking, self.ways = lacking, [ways_of(one, each) for each in lacking]
        self.met = Counter(
            frozenset(pair) for each in one.nominations for pair in itertools.combinations(each.seated, 2)
        )
        self.owing = [
            (person, {each.id for each in lacking if self._may(person, each)})
            for person in one.assessors
            if person.least
        ]
        self.fresh, self.new, self.weekly, self.best = Counter(), Counter(), Counter(), (0, 0, 0)
        self._look(0, [])

    def _most(self, person):
        rules, most = self.rules, 99
        if rules.on("capacity"):
            most = person.capacity
        if rules.week_most is not None and rules.on("week") and not rules.together:
            opens, closes = rules.window
            starts = [opens.toordinal() + days for days in range(0, (closes - opens).days + 1, 7)]
            weeks = [(opens.fromordinal(at), min(opens.fromordinal(at + 6), closes)) for at in starts]
            free_in = sum(available_in(person, week, rules.min_days_available) for week in weeks)
            most = min(most, rules.week_most * free_in)
        return most

    def _look(self, at, taken):
        if len(taken) + len(self.ways) - at < self.best[0]:
            return
        if at == len(self.ways):
            self._judge(taken)
            return
        for way in self.ways[at]:
            self._add(way, 1)
            if self._holds(way):
                self._look(at + 1, [*taken, way])
            self._add(way, -1)
        self._look(at + 1, taken)

    def _add(self, way, times):
        for name in way.new:
            self.new[name] += times
            self.weekly[name, way.week] += times
        for pair in way.pairs:
            self.met[pair] += times
            self.fresh[pair] += times

    def _holds(self, way):
        rules = self.rules
        if any(self.people[name].load + self.new[name] > self.most[name] for name in way.new):
            return False
        week = rules.week_most if rules.together and rules.on("week") else None
        if week is not None and any(self.weekly[name, way.week] > week for name in way.new):
            return False
        return rules.pair_most is None or not rules.on("pairs") or all(
            self.met[pair] <= rules.pair_most for pair in way.pairs
        )  # fmt: skip

    def _judge(self, taken):
        weights = self.rules.weights
        if self.rules.on("least") and not all(self._enough(*each, taken) for each in self.owing):
            return
        cost = sum(
            weights.load * (2 * step - 1) // max(person.capacity, 1)
            for person in self.one.assessors
            for step in range(person.load + 1, person.load + self.new[person.id] + 1)
        )
        again = sum(often - (self.met[pair] == often) for pair, often in self.fresh.items() if often)
        floor = min((way.fit for way in taken), default=0) if self.by_floor else 0
        total = sum(way.worth for way in taken) - cost - weights.repeat * again
        found = (len(taken), floor, total)
        self.best = max(self.best, found) if self.best != (0, 0, 0) or taken else found

    def _may(self, person, each):
        weeks = any(free(self.one, person, week) for week in weeks_of(self.rules))
        return weeks and person.id not in each.seated and person in able(self.one, each)

    def _enough(self, person, may, taken):
        """Nobody is owed more than there are staffed panels on which they may sit."""
        most = self.most[person.id] if self.rules.on("capacity") else min(self.most[person.id], person.least)
        panels = person.load + sum(way.nomination in may for way in taken)
        return person.load + self.new[person.id] >= min(person.least, max(most, person.load), panels)

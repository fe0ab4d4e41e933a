"""The model of an allocation, in numbers: what every solver of this room works on.

A **seat** of a panel goes to an assessor; an **arc** says that an assessor may take a seat of a panel in a week, and
how well they fit. Where panels need not meet, there is one week, the whole window.

    maximise    sum of fit x  -  cost of the loads  +  worth of mixed panels
    such that   each panel sits in one week and has all its missing seats filled           (panel)
                each composition rule counts at least and at most so many, kept ones included (composition)
                each assessor has between least and most assessments                         (least, capacity)
                no assessor has more than so many in one week                                (week)
                no two assessors meet on more than so many panels                            (pairs)
                pinned arcs are taken                                                        (pinned)

What bars an assessor from a panel alone (conflicts, training, availability, forbidden pairs) simply has no arc. The
cost of a load is convex: each further assessment costs more than the one before. All figures are whole points.

Floor first: the fit of the worst-off panel (the sum over its new seats) is made as high as possible, then the total.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from allocation.cost import pair_cost
from allocation.problem import AllocationProblem, AssessorSupply, NominationDemand, PanelRules
from allocation.rules import days_available, recent_organisations

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

ALL_ARCS = 150_000  # Up to so many pairs every arc is listed; beyond, the best of each panel.
LISTED = 48  # Arcs listed for a panel of a large problem.


@dataclass(frozen=True, eq=False)
class Model:
    """See the module. Panels and assessors stand in the order of their seeded digests.

    Attributes:
        problem: What it was made from.
        nominations: One for each panel that lacks seats.
        assessors: All assessors.
        panel: For each arc its panel.
        week: For each arc its week.
        assessor: For each arc its assessor.
        fit: For each arc its points.
        missing: For each panel its seats to fill.
        held: Panels down, composition rules across: kept members who count.
        counts: Assessors down, composition rules across: whether they count.
        lowest: For each composition rule the fewest members.
        highest: For each composition rule the most members.
        room: For each assessor the most new seats.
        owed: For each assessor the fewest new seats.
        load: For each assessor the seats held.
        capacity: For each assessor the most seats, for the cost of loads.
        weeks: How many weeks a panel can choose from.
        week_most: Most seats of an assessor in a week, where panels meet; None for no limit.
        met: Pairs of assessors, by position, and on how many kept panels they meet.
        pinned: For each arc whether operations fixed it.
        complete: Whether every arc is listed.
    """

    problem: AllocationProblem
    nominations: tuple[NominationDemand, ...]
    assessors: tuple[AssessorSupply, ...]
    panel: Ints
    week: Ints
    assessor: Ints
    fit: Ints
    missing: Ints
    held: Ints
    counts: Bools
    lowest: Ints
    highest: Ints
    room: Ints
    owed: Ints
    load: Ints
    capacity: Ints
    weeks: int
    week_most: int | None
    met: dict[tuple[int, int], int]
    pinned: Bools
    complete: bool

    @property
    def rules(self) -> PanelRules:
        """The rules of the problem."""
        return self.problem.rules

    def step_cost(self, assessor: Ints, load: Ints) -> Ints:
        """Points for an assessor's step from one assessment less to `load`; never falls as the load grows."""
        cost: Ints = self.rules.weights.load * (2 * load - 1) // np.maximum(self.capacity[assessor], 1)
        return cost

    def cost_of_loads(self, new: Ints) -> int:
        """Points for the new seats of each assessor."""
        cost = 0
        for step in range(1, int(new.max(initial=0)) + 1):
            who = np.flatnonzero(new >= step)
            cost += int(self.step_cost(who, self.load[who] + step).sum())
        return cost


def with_spare(model: Model) -> Model:
    """The model with one arc more, the last: its figures may be set anew, for a pair that is not listed."""
    return replace(
        model,
        panel=np.append(model.panel, model.panel[:1]),
        week=np.append(model.week, model.week[:1]),
        assessor=np.append(model.assessor, model.assessor[:1]),
        fit=np.append(model.fit, model.fit[:1]),
        pinned=np.append(model.pinned, np.zeros(1, dtype=bool)),
    )


def weeks_of(rules: PanelRules) -> tuple[tuple[date, date], ...]:
    """The weeks of the window, the last one perhaps shorter; the whole window where panels need not meet."""
    opens, closes = rules.window
    if not rules.together:
        return (rules.window,)
    starts = [opens + timedelta(days=days) for days in range(0, (closes - opens).days + 1, 7)]
    return tuple((start, min(start + timedelta(days=6), closes)) for start in starts)


def available_in(assessor: AssessorSupply, week: tuple[date, date], least_days: int) -> bool:
    """Whether the assessor is available on so many days of the week, or on all of a shorter one."""
    days = {first + timedelta(days=n) for first, last in assessor.available for n in range((last - first).days + 1)}
    inside = sum(week[0] <= day <= week[1] for day in days)
    return inside >= min(max(least_days, 1), (week[1] - week[0]).days + 1)


def fit_points(nomination: NominationDemand, assessor: AssessorSupply, rules: PanelRules) -> int:
    """How well the two fit: interests, sector, role and distance; higher is better, never below 0."""
    return rules.weights.best - pair_cost(nomination, assessor, rules.weights)


def compiled(problem: AllocationProblem) -> Model:
    """The numbers of a problem; panels whose kept members fill every seat are left out."""
    rules = problem.rules
    nominations = tuple(
        sorted(
            (one for one in problem.nominations if missing_seats(one, rules) > 0),
            key=lambda one: digest(rules.seed, one.id),
        )
    )
    assessors = tuple(sorted(problem.assessors, key=lambda one: digest(rules.seed, one.id)))
    place = {one.id: at for at, one in enumerate(assessors)}
    composition = rules.composition if rules.on("composition") else ()
    counts = np.array([[rule.counts(one) for rule in composition] for one in assessors], dtype=bool)
    counts = counts.reshape(len(assessors), len(composition))
    held = np.array(
        [counts[[place[kept] for kept in one.seated]].sum(axis=0) for one in nominations], dtype=np.int64
    ).reshape(len(nominations), len(composition))
    weeks = weeks_of(rules)
    room, owed = _room(assessors, rules)
    complete = len(nominations) * len(assessors) <= ALL_ARCS
    panel, assessor, fit = _Pairs(assessors, rules, counts).arcs(nominations, complete=complete)
    weekly = rules.week_most is not None and rules.on("week")
    if rules.together and (weekly or rules.on("availability")):
        free = np.array([[_free(one, week, rules) for week in weeks] for one in assessors])
        at, week = np.nonzero(free.reshape(len(assessors), len(weeks))[assessor])
    else:
        weeks, at, week = weeks[:1], np.arange(len(panel)), np.zeros(len(panel), dtype=np.int64)
    if owed.any():
        # Nobody is owed more than there are panels on which they may sit.
        who = np.unique(panel[at] * len(assessors) + assessor[at]) % len(assessors)
        owed = np.minimum(owed, np.bincount(who, minlength=len(assessors)))
    pinned_pairs = rules.pinned if rules.on("pinned") else frozenset()
    pinned = np.zeros(len(at), dtype=bool)
    if pinned_pairs:
        names = zip((nominations[p].id for p in panel[at]), (assessors[a].id for a in assessor[at]), strict=True)
        pinned = np.array([pair in pinned_pairs for pair in names], dtype=bool)
    return Model(
        problem=problem,
        nominations=nominations,
        assessors=assessors,
        panel=panel[at],
        week=week.astype(np.int64),
        assessor=assessor[at],
        fit=fit[at],
        missing=np.array([missing_seats(one, rules) for one in nominations], dtype=np.int64),
        held=held,
        counts=counts,
        lowest=np.array([rule.at_least for rule in composition], dtype=np.int64),
        highest=np.array([99 if rule.at_most is None else rule.at_most for rule in composition], dtype=np.int64),
        room=room,
        owed=owed,
        load=np.array([one.load for one in assessors], dtype=np.int64),
        capacity=np.array([one.capacity for one in assessors], dtype=np.int64),
        weeks=len(weeks),
        week_most=rules.week_most if rules.together and rules.on("week") else None,
        met=_met(problem, place),
        pinned=pinned,
        complete=complete,
    )


def digest(seed: int, name: str) -> bytes:
    """What orders names: it depends on the seed and the name alone, never on the order of the input."""
    return sha256(f"{seed}\x1f{name}".encode()).digest()


def missing_seats(nomination: NominationDemand, rules: PanelRules) -> int:
    """Seats still to fill."""
    return max((nomination.seats or rules.size) - len(nomination.seated), 0)


def _room(assessors: tuple[AssessorSupply, ...], rules: PanelRules) -> tuple[Ints, Ints]:
    """The most and the fewest new seats of each assessor."""
    room, owed = [], []
    for one in assessors:
        most = one.capacity - one.load if rules.on("capacity") else 10**6
        if rules.week_most is not None and rules.on("week") and not rules.together:
            # Members assess apart: an assessor spreads the work over the weeks in which they are available.
            weekly = weeks_of(_together(rules))
            weeks = sum(available_in(one, week, rules.min_days_available) for week in weekly)
            most = min(most, rules.week_most * weeks - one.load)
        room.append(max(most, 0))
        owed.append(max(min(one.least - one.load, room[-1]), 0) if rules.on("least") else 0)
    return np.array(room, dtype=np.int64), np.array(owed, dtype=np.int64)


def _free(assessor: AssessorSupply, week: tuple[date, date], rules: PanelRules) -> bool:
    """Whether the assessor can sit in the week: in any where availability is switched off."""
    return not rules.on("availability") or available_in(assessor, week, rules.min_days_available)


def _together(rules: PanelRules) -> PanelRules:
    return PanelRules(
        size=rules.size,
        composition=(),
        conflict_years=rules.conflict_years,
        window=rules.window,
        min_days_available=rules.min_days_available,
        weights=rules.weights,
        seed=rules.seed,
        together=True,
    )


def _met(problem: AllocationProblem, place: dict[str, int]) -> dict[tuple[int, int], int]:
    met: defaultdict[tuple[int, int], int] = defaultdict(int)
    for one in problem.nominations:
        kept = sorted(place[name] for name in one.seated)
        for at, first in enumerate(kept):
            for second in kept[at + 1 :]:
                met[first, second] += 1
    return dict(met)


class _Pairs:
    """Who may sit where, and how well they fit, one panel at a time against all assessors at once."""

    def __init__(self, assessors: tuple[AssessorSupply, ...], rules: PanelRules, counts: Bools) -> None:
        self._assessors, self._rules = assessors, rules
        self._place = {one.id: at for at, one in enumerate(assessors)}
        self._recent, self._present = defaultdict[str, list[int]](list), defaultdict[str, list[int]](list)
        self._system, self._office = defaultdict[str, list[int]](list), defaultdict[str, list[int]](list)
        self._region, self._role = defaultdict[str, list[int]](list), defaultdict[str, list[int]](list)
        self._sector = defaultdict[str, list[int]](list)
        self._words = {word: at for at, word in enumerate(sorted({w for one in assessors for w in one.interests}))}
        self._interests = np.zeros((len(self._words), len(assessors)), dtype=np.int64)
        self._never = np.zeros(len(assessors), dtype=bool)
        for at, one in enumerate(assessors):
            for code in recent_organisations(one.organisation, one.earlier_organisations, rules):
                self._recent[code].append(at)
            self._present[one.organisation].append(at)
            self._system[one.system].append(at)
            self._office[one.office].append(at)
            self._region[one.region].append(at)
            self._role[one.role].append(at)
            for kind in one.sectors:
                self._sector[kind].append(at)
            for word in one.interests:
                self._interests[self._words[word], at] = 1
            self._never[at] = bool(self.own(one))
        # Assessors alike in what composition rules count stand together, so that every kind is among the listed.
        self._kind = np.unique(counts, axis=0, return_inverse=True)[1].ravel() if counts.size else self._never * 0
        self._shift = np.arange(len(assessors)) * 7919

    def own(self, assessor: AssessorSupply) -> list[str]:
        """The rules that keep an assessor from every panel."""
        rules, found = self._rules, []
        if rules.on("availability") and days_available(assessor, rules) < rules.min_days_available:
            found.append("availability")
        expires = assessor.training_expires
        if rules.on("training") and expires is not None and expires < rules.window[1]:
            found.append("training")
        return found

    def barred(self, nomination: NominationDemand) -> Bools:
        """Assessors whom a rule bars from the panel."""
        rules, barred = self._rules, self._never.copy()
        if rules.on("organisation"):
            for code in recent_organisations(nomination.organisation, nomination.earlier_organisations, rules):
                barred[self._recent.get(code, [])] = True
        if rules.on("endorser") and nomination.endorser_organisation is not None:
            barred[self._present.get(nomination.endorser_organisation, [])] = True
        names = [*nomination.barred, *nomination.seated]
        if rules.on("declared"):
            names += [name for name, _ in nomination.conflicts]
        if rules.on("forbidden"):
            names += [name for pair, name in rules.forbidden if pair == nomination.id]
        barred[[self._place[name] for name in names if name in self._place]] = True
        return barred

    def fits(self, nomination: NominationDemand) -> Ints:
        """What `fit_points` says of every assessor."""
        weights = self._rules.weights
        points = np.full(len(self._assessors), weights.base, dtype=np.int64)
        if nomination.interests:
            known = [self._words[word] for word in nomination.interests if word in self._words]
            lacking = len(nomination.interests) - self._interests[known].sum(axis=0)
            points -= weights.interest * lacking // len(nomination.interests)
        if nomination.sector and weights.sector:
            points -= weights.sector
            points[self._sector.get(nomination.sector, [])] += weights.sector
        if nomination.line_managers and weights.role:
            points -= weights.role
            for role in nomination.line_managers:
                points[self._role.get(role, [])] += weights.role
        near = np.zeros_like(points)
        for shared, of, cost in (
            (nomination.region, self._region, weights.same_region),
            (nomination.office, self._office, weights.same_office),
            (nomination.system, self._system, weights.same_system),
        ):
            # From far to near, so that the closest that they share is what counts.
            if shared:
                near[of.get(shared, [])] = cost
        fits: Ints = points - near
        return fits

    def arcs(self, nominations: tuple[NominationDemand, ...], *, complete: bool) -> tuple[Ints, Ints, Ints]:
        """Panels, assessors and fits of all arcs, or of each panel's best of every kind of assessor."""
        panels, assessors, fits = [], [], []
        pinned = defaultdict[str, list[int]](list)
        for pinned_to, name in self._rules.pinned:
            if name in self._place:
                pinned[pinned_to].append(self._place[name])
        for panel, nomination in enumerate(nominations):
            points = self.fits(nomination)
            may = np.flatnonzero(~self.barred(nomination))
            if not complete and len(may) > LISTED:
                may = np.union1d(self._best(panel, may, points), may[np.isin(may, pinned[nomination.id])])
            panels.append(np.full(len(may), panel))
            assessors.append(may)
            fits.append(points[may])
        none = np.zeros(0, dtype=np.int64)
        return (
            np.concatenate([none, *panels]),
            np.concatenate([none, *assessors]),
            np.concatenate([none, *fits]),
        )

    def _best(self, panel: int, may: Ints, points: Ints) -> Ints:
        """The best of each kind, and as many drawn by a fixed shuffle."""
        kinds, number = self._kind[may], int(self._kind.max()) + 1
        # Numbers that differ from panel to panel, so that equals are listed evenly and everybody is listed somewhere.
        shuffle = (self._shift[may] + panel * 104_729) % 65_521
        chosen = []
        for kind in range(number):
            of_kind = np.flatnonzero(kinds == kind)
            few = min(max(LISTED // (2 * number), 4), len(of_kind))
            orders = (points[may] * 65_536 - shuffle, shuffle) if few else ()
            chosen += [may[of_kind[np.argpartition(-worth[of_kind], few - 1)[:few]]] for worth in orders]
        return np.unique(np.concatenate(chosen))


class Barred:
    """Says of any panel of a model which assessors a rule that is switched on bars from it."""

    def __init__(self, model: Model) -> None:
        self._nominations = model.nominations
        self._pairs = _Pairs(model.assessors, model.rules, model.counts)

    def __call__(self, panel: int) -> Bools:
        """For each assessor whether they are barred."""
        return self._pairs.barred(self._nominations[panel])

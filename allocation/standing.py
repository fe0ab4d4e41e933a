"""Panels as they stand, one decision at a time: the best panel for one nomination, the best stand-in for one decline.

Nothing already seated moves. A panel is found by trying every combination of the most promising of each kind of
assessor, an assessor's price being what their next assessment costs; a stand-in by comparing everybody who may come.
Both keep every hard rule, and look at the loads and meetings of that moment.

Where the register already holds nominations that will be decided later, `expect` plans for them: all of them are
seated together on paper. A nomination that comes as expected gets its planned panel while that still keeps every
rule; whoever comes unexpected pays what a seat would be worth to those still expected. Nothing planned is promised.

Of what nobody knows yet, only this is used: somebody with one place left is missed more by whoever they fit best than
somebody with many. The last place of an assessor costs at least `LAST` of a perfect fit, the last but one half of it,
and so on: few have run out of places when a nomination comes that they fit best (the idea is inventory balancing;
Golrezaei, Nazerzadeh and Rusmevichientong, Management Science, 2014).
"""

from collections.abc import Iterable
from functools import cache
from itertools import combinations

import numpy as np

from allocation.likely import likely
from allocation.model import Bools, Ints, Model, compiled, weeks_of
from allocation.problem import AllocationProblem
from allocation.proposal import Placed
from allocation.seating import Around, Floats, Seating

PROMISING = 12  # Assessors of each kind that are tried together.
LAST = 0.2
"""What the last place of an assessor costs at least, as a share of a perfect fit; 0.15 to 0.3 do as well."""
_WHOLE = 1 - 1e-6  # The share from which the relaxation counts a seat as decided.


class Standing:
    """Who sits where now.

    Args:
        problem: Every nomination that may be decided on, with nobody seated whose seat could come free; the loads
            of assessors are those outside these panels.
        model: Its numbers, where they are known already.
        prices: What a seat of each assessor is worth to others at least; nothing where None.
    """

    def __init__(self, problem: AllocationProblem, model: Model | None = None, prices: Floats | None = None) -> None:
        self._model = compiled(problem) if model is None else model
        model = self._model
        self._panel_of = {one.id: at for at, one in enumerate(model.nominations)}
        self._assessor_of = {one.id: at for at, one in enumerate(model.assessors)}
        self._ends = np.searchsorted(model.panel, np.arange(len(model.nominations) + 1))
        self._loads = np.zeros(len(model.assessors), dtype=np.int64)
        self._in_weeks = np.zeros((len(model.assessors), model.weeks), dtype=np.int64)
        self._met = np.zeros((len(model.assessors), len(model.assessors)), dtype=np.int16)
        self._asked_before: dict[int, set[int]] = {}
        self._seated: dict[int, Ints] = {}
        for (first, second), times in model.met.items():
            self._met[first, second] = self._met[second, first] = times
        self._weeks = weeks_of(problem.rules)
        self._planned: dict[int, Ints] = {}
        self._prices: Floats = np.zeros(len(model.assessors)) if prices is None else prices.copy()
        self._last = LAST * model.rules.weights.best
        self._kind = np.zeros(len(model.assessors), dtype=np.int64)
        if model.counts.size:
            self._kind = np.unique(model.counts, axis=0, return_inverse=True)[1].ravel()
        self._pins = np.zeros(len(model.nominations), dtype=np.int64)
        if model.pinned.any():
            fixed = np.unique(np.stack([model.panel[model.pinned], model.assessor[model.pinned]]), axis=1)
            self._pins = np.bincount(fixed[0], minlength=len(model.nominations))

    @property
    def loads(self) -> dict[str, int]:
        """New seats of each assessor."""
        return {one.id: int(self._loads[at]) for at, one in enumerate(self._model.assessors)}

    @property
    def seats(self) -> tuple[Placed, ...]:
        """Everybody who sits, panel by panel."""
        return tuple(seat for panel in sorted(self._seated) for seat in self._placed(panel))

    @property
    def arcs(self) -> Ints:
        """The same as arcs of the model."""
        return np.sort(np.concatenate([np.zeros(0, dtype=np.int64), *self._seated.values()]))

    @property
    def model(self) -> Model:
        """The numbers of the problem."""
        return self._model

    def take_proposed(self, nomination: str, assessors: tuple[str, ...], week: int | None = None) -> None:
        """Notes a panel decided elsewhere; without a week, the first in which all its members can sit."""
        model, panel = self._model, self._panel_of[nomination]
        wanted = {self._assessor_of[name] for name in assessors}
        arcs = np.arange(self._ends[panel], self._ends[panel + 1])
        mine = arcs[np.isin(model.assessor[arcs], sorted(wanted))]
        possible = [at for at in range(model.weeks) if np.count_nonzero(model.week[mine] == at) == len(wanted)]
        chosen = week if week is not None else possible[0]
        self._sit(panel, mine[model.week[mine] == chosen])

    def take(self, arcs: Ints) -> None:
        """Notes panels decided elsewhere, as arcs of the model."""
        for mine in np.split(arcs, np.flatnonzero(np.diff(self._model.panel[arcs])) + 1):
            if len(mine):
                self._sit(int(self._model.panel[mine[0]]), mine)

    def seat(self, nomination: str) -> tuple[Placed, ...] | None:
        """The best panel as things stand, which then sits; None when no panel keeps every rule."""
        model, panel = self._model, self._panel_of[nomination]
        arcs, worth = self._open(panel, priced=True)
        planned = self._planned.pop(panel, None)
        if planned is not None and self._still_holds(panel, planned, arcs):
            self._sit(panel, planned)
            return self._placed(panel)
        best: Ints | None = None
        best_worth = -np.inf
        for week in range(model.weeks):
            mine = model.week[arcs] == week
            found = self._best_of(panel, arcs[mine], worth[mine])
            if found is not None and found[1] > best_worth:
                best, best_worth = found
        if best is None:
            return None
        self._sit(panel, best)
        return self._placed(panel)

    def expect(self, nominations: Iterable[str], *, now: Iterable[str] = (), seconds: float = 5.0) -> int:
        """Plans for nominations that are known but not decided yet, around everybody who sits now.

        The plan is the linear relaxation's: panels that it decides are kept in mind, the others find theirs at its
        prices when they come. Plan again when the register has changed, or now and then. Where they need more places
        than there are, only some are planned for (`likely`).

        Args:
            nominations: Their identifiers; those decided already are passed over.
            now: Those among them that are decided next, and so surely come.
            seconds: Time allowed.

        Returns:
            For how many of them a whole panel is planned.
        """
        model = self._model
        known = {self._panel_of[name] for name in nominations if name in self._panel_of}
        panels = np.array(sorted(known - set(self._seated)), dtype=np.int64)
        sure = [self._panel_of[name] for name in now if name in self._panel_of]
        panels = likely(model, panels, np.isin(panels, sure), self._loads)
        self._planned, self._prices = {}, np.zeros(len(model.assessors))
        if not len(panels):
            return 0
        programme = Seating(model, panels=panels, around=self._around())
        relaxed = programme.relaxed(seconds)
        if relaxed is None:
            relaxed = Seating(model, panels=panels, around=self._around(), optional=True).relaxed(seconds)
        if relaxed is not None:
            self._prices = np.minimum(relaxed.prices, float(model.fit.max(initial=0)))
            arcs = relaxed.arcs[relaxed.shares > _WHOLE]
            filled = np.bincount(model.panel[arcs], minlength=len(model.missing)) == model.missing
            self._planned = {int(panel): arcs[model.panel[arcs] == panel] for panel in panels[filled[panels]]}
        return len(self._planned)

    def stand_in(self, nomination: str, gone: str) -> Placed | None:
        """The best assessor for a seat given up, who then sits; None when nobody may take it alone."""
        model, panel, left = self._model, self._panel_of[nomination], self._assessor_of[gone]
        arcs = self._seated[panel]
        kept = arcs[model.assessor[arcs] != left]
        week = int(model.week[arcs[0]])
        self._leave(panel, left, week, kept)
        candidates, worth = self._open(panel)
        mine = model.week[candidates] == week
        candidates, worth = candidates[mine], worth[mine]
        members = model.assessor[kept]
        possible = ~np.isin(model.assessor[candidates], members)
        count = model.held[panel] + model.counts[members].sum(axis=0) + model.counts[model.assessor[candidates]]
        possible &= ((count >= model.lowest) & (count <= model.highest)).all(axis=1)
        limit = self._pair_limit()
        if limit is not None and len(members):
            possible &= (self._met[np.ix_(model.assessor[candidates], self._with_kept(panel, members))] < limit).all(
                axis=1
            )
        if not possible.any():
            return None
        chosen = candidates[np.flatnonzero(possible)[worth[possible].argmax()]]
        self._sit(panel, np.append(kept, chosen), new=np.array([chosen]))
        name = model.assessors[model.assessor[chosen]].id
        return Placed(nomination, name, int(model.fit[chosen]), self._weeks[week])

    def _pair_limit(self) -> int | None:
        return self._model.rules.pair_most if self._model.rules.on("pairs") else None

    def _with_kept(self, panel: int, members: Ints) -> Ints:
        kept = [self._assessor_of[name] for name in self._model.nominations[panel].seated]
        return np.append(members, np.array(kept, dtype=np.int64))

    def _around(self) -> Around:
        """What everybody who sits now uses."""
        met = {
            (int(first), int(second)): int(self._met[first, second])
            for first, second in np.argwhere(np.triu(self._met, 1))
        }
        for pair, times in self._model.met.items():
            met[pair] -= times
        return Around(self._loads.copy(), self._in_weeks.copy(), met)

    def _still_holds(self, panel: int, planned: Ints, arcs: Ints) -> bool:
        """Whether the planned members all have room and none would meet another too often."""
        everybody = np.arange(len(planned))[None, :]
        return bool(np.isin(planned, arcs).all() and self._apart(panel, self._model.assessor[planned], everybody)[0])

    def _open(self, panel: int, *, priced: bool = False) -> tuple[Ints, Floats]:
        """Arcs of the panel whose assessors have room, and what each is worth now."""
        model = self._model
        arcs = np.arange(self._ends[panel], self._ends[panel + 1])
        who = model.assessor[arcs]
        free = self._loads[who] < model.room[who]
        if model.week_most is not None:
            free &= self._in_weeks[who, model.week[arcs]] < model.week_most
        if panel in self._asked_before:
            free &= ~np.isin(who, list(self._asked_before[panel]))
        arcs, who = arcs[free], who[free]
        cost = model.step_cost(who, model.load[who] + self._loads[who] + 1).astype(np.float64)
        if priced:
            last = self._last / (model.room[who] - self._loads[who])
            cost = np.maximum(np.maximum(cost, self._prices[who]), last)
        return arcs, model.fit[arcs] - cost

    def _best_of(self, panel: int, arcs: Ints, worth: Floats) -> tuple[Ints, float] | None:
        model, seats = self._model, int(self._model.missing[panel])
        kinds = self._kind[model.assessor[arcs]]
        order = np.argsort(-worth, kind="stable")
        rank = np.zeros(len(arcs), dtype=np.int64)
        for kind in np.unique(kinds):
            of_kind = order[kinds[order] == kind]
            rank[of_kind] = np.arange(len(of_kind))
        pinned = model.pinned[arcs]
        few = order[(rank[order] < PROMISING) | pinned[order]]
        if len(few) < seats or np.count_nonzero(pinned) < self._pins[panel]:
            return None
        ways = _ways(len(few), seats)
        members = model.assessor[arcs[few]]
        count = model.held[panel] + model.counts[members].astype(np.int64)[ways].sum(axis=1)
        possible = ((count >= model.lowest) & (count <= model.highest)).all(axis=1) & self._apart(
            panel, members, ways
        )
        if self._pins[panel]:
            possible &= pinned[few][ways].sum(axis=1) == self._pins[panel]
        if not possible.any():
            return None
        total = worth[few][ways].sum(axis=1)
        best = np.flatnonzero(possible)[total[possible].argmax()]
        return arcs[few[ways[best]]], float(total[best])

    def _apart(self, panel: int, members: Ints, ways: Ints) -> Bools:
        """Which ways let nobody meet too often."""
        limit, fine = self._pair_limit(), np.ones(len(ways), dtype=bool)
        if limit is None:
            return fine
        among = self._met[np.ix_(members, members)] < limit
        for first, second in combinations(range(ways.shape[1]), 2):
            fine &= among[ways[:, first], ways[:, second]]
        kept = self._with_kept(panel, np.zeros(0, dtype=np.int64))
        if len(kept):
            single: Bools = np.all(self._met[np.ix_(members, kept)] < limit, axis=1)
            fine &= single[ways].all(axis=1)
        return fine

    def _sit(self, panel: int, arcs: Ints, new: Ints | None = None) -> None:
        model, coming = self._model, arcs if new is None else new
        for arc in coming:
            who, week = model.assessor[arc], model.week[arc]
            self._loads[who] += 1
            self._in_weeks[who, week] += 1
        self._seated[panel] = arcs
        everybody = self._with_kept(panel, model.assessor[arcs])
        came = set(model.assessor[coming].tolist())
        for first, second in combinations(everybody.tolist(), 2):
            if first in came or second in came:
                self._meet(first, second, 1)

    def _leave(self, panel: int, left: int, week: int, kept: Ints) -> None:
        self._loads[left] -= 1
        self._in_weeks[left, week] -= 1
        self._asked_before.setdefault(panel, set()).add(left)
        for other in self._with_kept(panel, self._model.assessor[kept]).tolist():
            self._meet(left, other, -1)
        self._seated[panel] = kept

    def _meet(self, first: int, second: int, times: int) -> None:
        self._met[first, second] += times
        self._met[second, first] += times

    def _placed(self, panel: int) -> tuple[Placed, ...]:
        model = self._model
        return tuple(
            Placed(
                model.nominations[panel].id,
                model.assessors[model.assessor[arc]].id,
                int(model.fit[arc]),
                self._weeks[model.week[arc]],
            )
            for arc in self._seated[panel]
        )


@cache
def _ways(of: int, seats: int) -> Ints:
    """Every choice of so many places."""
    return np.array(list(combinations(range(of), seats)), dtype=np.int64).reshape(-1, seats)

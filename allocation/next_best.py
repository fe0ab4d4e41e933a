"""Who would be the next best in a seat while every other seat stays as it is, and what that would change."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from allocation.model import Barred, Ints, Model, available_in, fit_points, weeks_of
from allocation.problem import NominationDemand
from allocation.proposal import Aim


@dataclass(frozen=True)
class Swap:
    """Somebody in another's seat, all other seats as they are; changes in points, which add up to `total`.

    Attributes:
        assessor: Who would come.
        fit: By how much the seat's fit would rise.
        load: By how much the cost of loads would rise.
        mixed: By how much the worth of mixed panels would rise.
        repeats: By how much the cost of meeting again would rise.
        floor: The fit of the worst-off panel then.
        floor_now: The same as it is.
    """

    assessor: str
    fit: int
    load: int
    mixed: int
    repeats: int
    floor: int
    floor_now: int

    @property
    def total(self) -> int:
        """By how much the worth of all panels together would rise."""
        return self.fit - self.load + self.mixed - self.repeats

    @property
    def words(self) -> str:
        """What would change, as the rest of a sentence."""
        worth = f"worth {_points(self.total)}" if self.total else "worth as much"
        parts = [
            f"{what} {_points(change)}"
            for what, change in (
                ("fits", self.fit),
                ("the loads cost", self.load),
                ("mixed panels are worth", self.mixed),
                ("meeting again costs", self.repeats),
            )
            if change
        ]
        why = f" ({', '.join(parts)})" if parts else ""
        floor = ""
        if self.floor < self.floor_now:
            floor = f", {'but' if self.total > 0 else 'and'} the worst-off panel would fit with {self.floor:,} points"
            floor += f" instead of {self.floor_now:,}"
        return f"all panels together would be {worth}{why}{floor}"


class Swaps:
    """Answers who could take a seat of a proposal, one seat at a time."""

    def __init__(self, model: Model, held: Ints, listed: int, others: Sequence[NominationDemand] = ()) -> None:
        """Counts what the proposal holds.

        Args:
            model: The panels that are staffed.
            held: The arcs of the proposal.
            listed: How many arcs of the model stand for pairs that are listed.
            others: Nominations whose panels were whole before or are left out: their kept members have met.
        """
        self._model, self._listed = model, listed
        place = {one.id: at for at, one in enumerate(model.assessors)}
        self._members = defaultdict[int, list[int]](list)
        for at, one in enumerate(model.nominations):
            self._members[at] += [place[name] for name in one.seated]
        self._arc: dict[tuple[int, int], int] = {}
        for arc in held.tolist():
            panel, who = int(model.panel[arc]), int(model.assessor[arc])
            self._members[panel].append(who)
            self._arc[panel, who] = arc
        self._new = np.bincount(model.assessor[held], minlength=len(model.assessors))
        self._in_week = Counter(zip(model.assessor[held].tolist(), model.week[held].tolist(), strict=True))
        self._fits = np.bincount(model.panel[held], model.fit[held], minlength=len(model.nominations)).astype(int)
        self._lowest = np.sort(self._fits)[:2].tolist()
        panels = [*self._members.values(), *([place[name] for name in one.seated] for one in others)]
        self._meets = Counter(pair for one in panels for pair in combinations(sorted(set(one)), 2))
        properties = model.rules.mixed_properties
        self._has = [not properties.isdisjoint(one.properties) for one in model.assessors]
        self._barred: Barred | None = None

    def words(self, panel: int, mine: int, *, aim: Aim, pinned: bool = False) -> str:
        """Who is the next best in a seat and what would change, or why there is nobody.

        Args:
            panel: Position of the panel.
            mine: Position of the assessor who has the seat.
            aim: Whether the worst-off panel or the total comes first.
            pinned: Whether operations pinned them.
        """
        roles = " and ".join(self._needed(panel, mine))
        may = self._may(panel, mine)
        found = self._swaps(panel, mine, may)
        if not found and not self._model.complete:
            may = self._everybody(panel, mine)
            found = self._swaps(panel, mine, may)
        if not len(may):
            return f"nobody else{f' who counts as {roles}' if roles else ''} could sit here"
        if not found:
            count = "counts" if len(may) == 1 else "count"
            who = (
                f"{len(may):,} {'other' if len(may) == 1 else 'others'}{f' who {count} as {roles}' if roles else ''}"
            )
            return f"{who} could sit here, but not without changing another panel"
        best = max(
            found, key=lambda one: (min(one.floor, one.floor_now) if aim == "floor" else 0, one.total, one.assessor)
        )
        if pinned:
            return f"without the pin, {best.assessor} could sit here: {best.words}"
        return f"the next best is {best.assessor}: {best.words}"

    def _others(self, panel: int, mine: int) -> list[int]:
        return [who for who in self._members[panel] if who != mine]

    def _counted(self, panel: int, mine: int) -> Ints:
        counted: Ints = self._model.counts[self._others(panel, mine)].sum(axis=0, dtype=np.int64)
        return counted

    def _needed(self, panel: int, mine: int) -> list[str]:
        """The names of the rules on roles for which whoever takes the seat must count."""
        short = self._counted(panel, mine) < self._model.lowest
        rules = self._model.rules
        composition = rules.composition if rules.on("composition") else ()
        return [rule.name for rule, lacks in zip(composition, short, strict=True) if lacks]

    def _suits(self, panel: int, mine: int, who: Ints) -> Ints:
        """Those with whom the panel keeps every rule on roles."""
        counted = self._counted(panel, mine) + self._model.counts[who]
        right = np.all((counted >= self._model.lowest) & (counted <= self._model.highest), axis=1)
        right &= ~np.isin(who, self._members[panel])
        return who[right]

    def _may(self, panel: int, mine: int) -> Ints:
        """Those listed who may sit on the panel, in its week, and suit the seat."""
        model, week = self._model, self._model.week[self._arc[panel, mine]]
        first, last = np.searchsorted(model.panel[: self._listed], (panel, panel + 1))
        return self._suits(panel, mine, model.assessor[first:last][model.week[first:last] == week])

    def _everybody(self, panel: int, mine: int) -> Ints:
        """The same among all assessors."""
        model = self._model
        self._barred = self._barred or Barred(model)
        who = self._suits(panel, mine, np.flatnonzero(~self._barred(panel)))
        if not model.rules.together or not model.rules.on("availability"):
            return who
        week = weeks_of(model.rules)[model.week[self._arc[panel, mine]]]
        days = model.rules.min_days_available
        return np.array([one for one in who if available_in(model.assessors[one], week, days)], dtype=np.int64)

    def _swaps(self, panel: int, mine: int, may: Ints) -> Sequence[Swap]:
        """What each would change who could take the seat with all other seats as they are."""
        model, arc = self._model, self._arc[panel, mine]
        if self._new[mine] - 1 < model.owed[mine]:
            return []
        others, week = self._others(panel, mine), int(model.week[arc])
        at_once, most = model.week_most, model.rules.pair_most if model.rules.on("pairs") else None
        may = may[self._new[may] < model.room[may]]
        if at_once is not None:
            may = may[np.array([self._in_week[who, week] < at_once for who in may.tolist()], dtype=bool)]
        if most is not None:
            kept = [all(self._met(who, other) < most for other in others) for who in may.tolist()]
            may = may[np.array(kept, dtype=bool)]
        return [self._swap(panel, mine, who, others) for who in may.tolist()]

    def _swap(self, panel: int, mine: int, who: int, others: Sequence[int]) -> Swap:
        model = self._model
        nomination, weights = model.nominations[panel], model.rules.weights
        both = np.array([who, mine])
        up, down = model.step_cost(both, model.load[both] + self._new[both] + np.array([1, 0]))
        fit = fit_points(nomination, model.assessors[who], model.rules) - int(model.fit[self._arc[panel, mine]])
        mixed = repeats = 0
        if model.rules.mixed_properties:
            mixed = self._mixed([*others, who]) - self._mixed([*others, mine])
        if weights.repeat:
            repeats = sum(self._met(who, other) >= 1 for other in others)
            repeats -= sum(self._met(mine, other) > 1 for other in others)
        floor, then = self._lowest[0], int(self._fits[panel]) + fit
        rest = self._lowest[1] if len(self._lowest) > 1 and self._fits[panel] == floor else floor
        return Swap(
            model.assessors[who].id,
            fit=fit,
            load=int(up - down),
            mixed=weights.mixed * mixed,
            repeats=weights.repeat * repeats,
            floor=then if len(self._lowest) == 1 else min(rest, then),
            floor_now=floor,
        )

    def _mixed(self, panel: Sequence[int]) -> int:
        return int(len({self._has[who] for who in panel}) == 2)

    def _met(self, one: int, other: int) -> int:
        return self._meets[(one, other) if one < other else (other, one)]


def _points(change: int) -> str:
    count = f"{abs(change):,} {'point' if abs(change) == 1 else 'points'}"
    return f"{count} {'more' if change > 0 else 'less'}"

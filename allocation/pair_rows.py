"""The rule on pairs, by rows that are added for what an answer breaks.

It would need a column for each panel and pair. Instead, where an answer lets two assessors meet too often, the panels
on which they do get one row: on n panels the two take at most n seats and as many more as they may meet. Every
allocation keeps that row, and it costs no column, so the relaxation stays nearly whole (a cutting plane; Dantzig,
Fulkerson and Johnson, 1954). In branch and bound, pairs that still meet too often are counted by panel. Leaving rows
out can only raise the bound, so it stays true.
"""

from collections import defaultdict

import highspy
import numpy as np

from allocation.around import Pair, pairs_met
from allocation.model import Ints, Model
from allocation.relaxation import Charges, no_charges
from allocation.seat_rows import Floats, SeatRows

_TINY = 1e-6


class PairRows:
    """Finds who meets too often in the answers of a programme, and adds rows that forbid it."""

    def __init__(self, model: Model, seats: SeatRows) -> None:
        self._model, self._seats = model, seats
        self._watched: set[Pair] = set()
        self._added: list[tuple[Ints, float]] = []
        self._place = {one.id: at for at, one in enumerate(model.assessors)}
        # Panels whose kept members newcomers could meet; one where others meet outside: no pair is then passed over.
        self._with_kept = [at for at, panel in enumerate(seats.panels) if model.nominations[panel].seated]
        if (model.met or seats.around.met) and not self._with_kept and len(seats.panels):
            self._with_kept = [0]

    def cut(self, highs: highspy.Highs) -> int:
        """Adds a row for every two assessors who meet too often in the last answer; says how many those were."""
        rules = self._model.rules
        if rules.pair_most is None or not rules.on("pairs") or self._model.weeks > 1:
            return 0
        added = 0
        for pair, meetings in sorted(self._meetings(highs).items()):
            allowed = max(rules.pair_most - self._before(pair), 0)
            if sum(share for share, _, _ in meetings) > allowed + 100 * _TINY:
                taken = np.array([at for _, columns, _ in meetings for at in columns], dtype=np.int32)
                most = float(sum(free for _, _, free in meetings) + allowed)
                highs.addRow(-np.inf, most, len(taken), taken, np.ones(len(taken)))
                # Wherever panels outside stand, the row holds for what is not fixed in the problem itself.
                free = most - allowed + max(rules.pair_most - self._model.met.get(pair, 0), 0)
                self._added.append((self._seats.arcs[taken], free))
                added += 1
        return added

    def charges(self, prices: Floats) -> Charges:
        """What rows on pairs charge at their prices; nothing where some were added and deleted again."""
        rows = zip(self._added, prices.tolist(), strict=True) if len(prices) == len(self._added) else ()
        paid = [(arcs, most, price) for (arcs, most), price in rows if price > 0]
        if not paid:
            return no_charges()
        return Charges(
            np.concatenate([arcs for arcs, _, _ in paid]),
            np.concatenate([np.full(len(arcs), price) for arcs, _, price in paid]),
            sum(most * price for _, most, price in paid),
        )

    def _meetings(self, highs: highspy.Highs) -> dict[Pair, list[tuple[float, list[int], int]]]:
        """For pairs that may meet too often, by panel: how far they meet, the columns, how many are free of meeting.

        Two of one panel whose shares sum to more than 1 surely meet in what is beyond; a kept member counts as 1.
        """
        shares = np.asarray(highs.getSolution().col_value)[: len(self._seats.arcs)]
        some = np.flatnonzero(shares > _TINY)
        order = np.lexsort((self._seats.assessor_of[some], self._seats.panel_of[some]))
        some = some[order]
        panel, who, share = self._seats.panel_of[some], self._seats.assessor_of[some], shares[some]
        firsts: list[Ints] = []
        seconds: list[Ints] = []
        for step in range(1, int(np.bincount(panel, minlength=1).max(initial=1))):
            same = np.flatnonzero(panel[:-step] == panel[step:])
            meets = same[share[same] + share[same + step] > 1 + _TINY]
            firsts.append(meets)
            seconds.append(meets + step)
        none = np.zeros(0, dtype=np.int64)
        first, second = np.concatenate([none, *firsts]), np.concatenate([none, *seconds])
        found = defaultdict[Pair, list[tuple[float, list[int], int]]](list)
        # Most pairs meet once: only those that could be too many are looked at one by one.
        _, which = np.unique(who[first] * len(self._place) + who[second], return_inverse=True)
        sums = np.bincount(which, share[first] + share[second] - 1)
        often = 0.0 if self._with_kept else float(self._model.rules.pair_most or 0)
        for at in (np.flatnonzero(sums[which] > often) if len(which) else none).tolist():
            one, other = int(first[at]), int(second[at])
            columns = [int(some[one]), int(some[other])]
            found[int(who[one]), int(who[other])].append((float(share[one] + share[other] - 1), columns, 1))
        for at in (np.flatnonzero(np.isin(panel, self._with_kept)) if self._with_kept else none).tolist():
            for name in self._model.nominations[self._seats.panels[panel[at]]].seated:
                pair = sorted((int(who[at]), self._place[name]))
                found[pair[0], pair[1]].append((float(share[at]), [int(some[at])], 0))
        return found

    def too_often(self, taken: Ints) -> list[Pair]:
        """Pairs not yet watched that meet more often than is allowed, or than is free."""
        model, rules = self._model, self._model.rules
        if rules.pair_most is None or not rules.on("pairs"):
            if not rules.weights.repeat:
                return []
            limit = 1
        else:
            limit = 1 if rules.weights.repeat else rules.pair_most
        panels = defaultdict[int, list[int]](list)
        for arc in self._seats.arcs[taken]:
            panels[int(model.panel[arc])].append(int(model.assessor[arc]))
        meetings = pairs_met(model, panels)
        return sorted(
            pair
            for pair, times in meetings.items()
            if pair not in self._watched and times + self._before(pair) > limit
        )

    def _before(self, pair: Pair) -> int:
        return self._seats.around.met.get(pair, 0) + self._model.met.get(pair, 0)

    def watch(self, highs: highspy.Highs, pair: Pair) -> None:
        """Adds the columns and rows that count on how many panels two assessors meet."""
        self._watched.add(pair)
        rules, model = self._model.rules, self._model
        arcs = [np.flatnonzero(self._seats.assessor_of == who) for who in pair]
        together = []
        kept_with = self._kept_beside(pair)
        for at in np.intersect1d(self._seats.panel_of[arcs[0]], self._seats.panel_of[arcs[1]]):
            both = np.concatenate([of_one[self._seats.panel_of[of_one] == at] for of_one in arcs])
            together.append(self._meets(highs, both, 1.0))
        for who, panels in kept_with:
            for at in panels:
                mine = arcs[who][self._seats.panel_of[arcs[who]] == at]
                if len(mine):
                    together.append(self._meets(highs, mine, 0.0))
        column = int(highs.getNumCol())
        hard = rules.pair_most if rules.pair_most is not None and rules.on("pairs") else len(model.nominations)
        free = 1 if rules.weights.repeat else hard
        before = self._before(pair)
        repeats = max(float(hard - max(free, before)), 0.0)
        highs.addCol(float(rules.weights.repeat), 0.0, repeats, 0, np.zeros(0, dtype=np.int32), np.zeros(0))
        columns = np.array([*together, column], dtype=np.int32)
        values = np.append(np.ones(len(together)), -1.0)
        highs.addRow(-np.inf, float(max(free - before, 0)), len(columns), columns, values)

    def _kept_beside(self, pair: Pair) -> list[tuple[int, list[int]]]:
        """Panels where one of the two is kept and the other could come: meetings that one seat decides."""
        found = []
        for who, other in ((0, 1), (1, 0)):
            name = self._model.assessors[pair[other]].id
            panels = [at for at, p in enumerate(self._seats.panels) if name in self._model.nominations[p].seated]
            found.append((who, panels))
        return found

    def _meets(self, highs: highspy.Highs, arcs: Ints, free: float) -> int:
        """A column that is 1 when more than `free` of the arcs are taken."""
        column = int(highs.getNumCol())
        highs.addCol(0.0, 0.0, 1.0, 0, np.zeros(0, dtype=np.int32), np.zeros(0))
        columns = np.append(arcs, column).astype(np.int32)
        highs.addRow(-np.inf, free, len(columns), columns, np.append(np.ones(len(arcs)), -1.0))
        return column

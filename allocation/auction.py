"""Seats sold to panels: how a very large cohort is seated whole, and nearly at its best, within seconds.

Every seat that a panel lacks is a bidder, and every assessor has places, the next one dearer than the one before. A
panel bids for the assessor it gains most from at the prices of the moment, as much as makes it indifferent between
that one and its next best, and a little more. Whoever is outbid bids again. When nobody bids any more, every panel
has what it likes best at the prices, but for that little, so the whole is as near to its best (auction algorithm;
Bertsekas, 1988). Panels that keep some members like these still, since prices only rise: that holds where seats are
chosen among kinds of assessors (they are gross substitutes; Kelso and Crawford, 1982), and is a good guess elsewhere.

The rule on pairs is kept at each bid: nobody bids for an assessor who met a member of the panel as often as is
allowed. What that costs is left to `contested.py`. All bidders of a round are looked at together, as arrays.
"""

from itertools import combinations, product
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from allocation.kinds import Kinds
from allocation.model import Bools, Ints, Model
from allocation.seat_rows import Floats

STEP = 0.003  # What is bid beyond indifference, as a share of the highest fit.
APART = 0.025  # What meeting once more weighs against somebody, as a share of the highest fit, within the limit.
HIGHEST = 4.0  # Above so many times the highest fit nobody bids: these panels are left to others.
_NEAR = 10  # Assessors who are looked at more closely, for whom they met.
_AT_ONCE = 8192  # Bidders whose offers are in memory at once.
_SMALL = 100  # Limits below this are counted in bytes.
_MOST_PLACES = 1000  # Of an assessor.
_MOST_STATES = 100_000  # Of panels that are filled in part.

Small = NDArray[np.int32]


class Auction:
    """An auction of all seats of a model of one week.

    Args:
        model: The model; panels need not meet in a week.
        prices: What a place of each assessor costs at least to begin with; the cost of loads where None.
    """

    def __init__(self, model: Model, prices: Floats | None = None) -> None:
        self._model = model
        panels, assessors = len(model.nominations), len(model.assessors)
        kinds = Kinds(model)
        self._kind = kinds.of
        self._fill(kinds)
        sizes = np.bincount(model.panel, minlength=panels)
        self._first = np.cumsum(sizes) - sizes
        column = np.arange(len(model.panel)) - np.repeat(self._first, sizes)
        shape = (panels, max(int(sizes.max(initial=0)), _NEAR + 1))
        self._who, self._fit = np.zeros(shape, dtype=np.int32), np.full(shape, -np.inf, dtype=np.float32)
        self._who[model.panel, column], self._fit[model.panel, column] = model.assessor, model.fit
        self._highest = float(model.fit.max(initial=1))
        self._places(np.zeros(assessors) if prices is None else prices)
        self._members = np.full((panels, int(model.missing.max(initial=1))), -1, dtype=np.int64)
        self._lacks = model.missing.copy()
        self._limit = model.rules.pair_most if model.rules.on("pairs") else None
        self._seated_before()
        if model.pinned.any():
            self._pin(np.flatnonzero(model.pinned))
        self.price = self._paid.min(axis=1)

    def _fill(self, kinds: Kinds) -> None:
        """Which kinds of assessors a panel may still take, whatever members it has."""
        most = int(self._model.missing.max(initial=1)) + 1
        states = most**kinds.number
        self._possible = states * len(kinds.ways) <= _MOST_STATES
        self._unit = most ** np.arange(kinds.number)
        self._state = kinds.pattern * states
        self._allowed = np.zeros((len(kinds.ways) * states if self._possible else 0, kinds.number), dtype=bool)
        for at, ways in enumerate(kinds.ways if self._possible else ()):
            for way in ways:
                for part in product(*(range(number + 1) for number in way)):
                    row = at * states + int(np.array(part) @ self._unit)
                    self._allowed[row] |= np.array(part) < np.array(way)

    def _places(self, prices: Floats) -> None:
        """What is paid for each place of each assessor, and which panel has it; owed places are nearly given away."""
        model = self._model
        listed = np.bincount(model.assessor, minlength=len(model.assessors))
        room = np.minimum(np.minimum(model.room, listed), _MOST_PLACES)
        places = int(room.max(initial=1))
        self._paid = np.full((len(room), places), np.inf)
        self._holder = np.full((len(room), places), -1, dtype=np.int64)
        for place in range(places):
            who = np.flatnonzero(room > place)
            cost = np.maximum(model.step_cost(who, model.load[who] + place + 1), prices[who])
            self._paid[who, place] = np.where(place < model.owed[who], cost - 2 * self._highest, cost)

    def _seated_before(self) -> None:
        """Kept members of panels, and how often assessors meet already."""
        model, place = self._model, {one.id: at for at, one in enumerate(self._model.assessors)}
        most = max((len(one.seated) for one in model.nominations), default=0)
        self._kept = np.full((len(model.nominations), most), -1, dtype=np.int64)
        for panel, one in enumerate(model.nominations if most else ()):
            self._kept[panel, : len(one.seated)] = [place[name] for name in one.seated]
        if self._limit is not None:
            number = np.int8 if self._limit < _SMALL else np.int16
            self._met = np.zeros((len(model.assessors),) * 2, dtype=number)
            for (first, second), times in model.met.items():
                self._met[first, second] = self._met[second, first] = times

    def _pin(self, arcs: Ints) -> None:
        """Gives pinned seats away for good."""
        model = self._model
        for panel, who in zip(model.panel[arcs].tolist(), model.assessor[arcs].tolist(), strict=True):
            place = int(self._paid[who].argmin())
            if self._lacks[panel] and np.isfinite(self._paid[who, place]):
                self._paid[who, place], self._holder[who, place] = np.inf, panel
                self._sit(np.array([panel]), np.array([who]))

    def held(self, deadline: float) -> tuple[Ints, Bools]:
        """Sells until nobody bids any more: the arcs of the panels that are full, and for each panel whether it is.

        Args:
            deadline: When to stop, by the process's performance counter.
        """
        step, out = STEP * self._highest, ~np.full(len(self._lacks), self._possible)
        while perf_counter() < deadline:
            bidders = np.flatnonzero((self._lacks > 0) & ~out)
            if not len(bidders):
                break
            out[self._round(bidders, step)] = True
        full = self._lacks == 0
        panels = np.repeat(np.flatnonzero(full), (self._members[full] >= 0).sum(axis=1))
        who = self._members[full][self._members[full] >= 0]
        key = self._model.panel * len(self._model.assessors) + self._model.assessor
        return np.searchsorted(key, np.sort(panels * len(self._model.assessors) + who)), full

    def _round(self, bidders: Ints, step: float) -> Ints:
        """One bid of each panel that lacks members; says which panels do not bid any more."""
        parts = [self._bids(some, step) for some in np.array_split(bidders, len(bidders) // _AT_ONCE + 1)]
        who, gain, bid = (np.concatenate(part) for part in zip(*parts, strict=True))
        bids = np.isfinite(gain) & (gain > -HIGHEST * self._highest)
        panel, who, bid = bidders[bids], who[bids], bid[bids]
        if self._limit is not None:
            apart = self._apart(panel, who, bid)
            panel, who, bid = panel[apart], who[apart], bid[apart]
        order = np.lexsort((panel, -bid, who))
        panel, who, bid = panel[order], who[order], bid[order]
        asked, rank = _ranked(who)
        # The highest bid takes an assessor's cheapest place, the next bid the next, as far as they reach.
        cheapest = np.argsort(self._paid[asked], axis=1, kind="stable")
        place = cheapest[np.searchsorted(asked, who), np.minimum(rank, cheapest.shape[1] - 1)]
        sold = (rank == 0) | ((rank < cheapest.shape[1]) & (bid >= self._paid[who, place] + step))
        panel, who, bid, place = panel[sold], who[sold], bid[sold], place[sold]
        outbid = self._holder[who, place]
        self._leave(outbid[outbid >= 0], who[outbid >= 0])
        self._paid[who, place], self._holder[who, place] = bid, panel
        self._sit(panel, who)
        self.price[asked] = self._paid[asked].min(axis=1)
        gone: Ints = bidders[~bids]
        return gone

    def _bids(self, panels: Ints, step: float) -> tuple[Ints, Floats, Floats]:
        """Whom each panel bids for, what it gains at today's price, and what it bids."""
        who = self._who[panels]
        gain: Floats = self._fit[panels] - self.price[who]
        gain[~self._allowed[self._state[panels][:, None], self._kind[who]]] = -np.inf
        for member in self._members[panels].T:
            gain[who == member[:, None]] = -np.inf
        if self._limit is not None:
            near = np.argpartition(-gain, _NEAR, axis=1)[:, :_NEAR]
            row = np.arange(len(panels))[:, None]
            close, close_gain = who[row, near], self._weighed(panels, who[row, near], gain[row, near])
            none = np.flatnonzero(np.count_nonzero(np.isfinite(close_gain), axis=1) < 2)
            found = _two_best(close, close_gain)
            if len(none):  # Nearly all of these met somebody too often: everybody is looked at.
                every = _two_best(who[none], self._weighed(panels[none], who[none], gain[none]))
                for kept, new in zip(found, every, strict=True):
                    kept[none] = new
        else:
            found = _two_best(who, gain)
        best, first, second = found
        most = np.where(np.isfinite(first), first, 0.0)  # Who can gain nothing bids nothing.
        second = np.where(np.isfinite(second), second, most - self._highest)
        return best, first, self.price[best] + most - second + step

    def _weighed(self, panels: Ints, who: Small, gain: Floats) -> Floats:
        """What is gained by assessors, less where they met members before; nothing where too often."""
        weigh = APART * self._highest
        for member in np.concatenate([self._members[panels], self._kept[panels]], axis=1).T:
            there = np.flatnonzero(member >= 0)
            met = self._met[member[there, None], who[there]]
            gain[there] -= np.where(met >= self._limit, np.inf, weigh * met)
        return gain

    def _apart(self, panel: Ints, who: Ints, bid: Floats) -> Bools:
        """Which bids together let nobody meet too often, the highest first."""
        keys, rows, left = [], [], []
        order = np.lexsort((panel, -bid))
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        for member in np.concatenate([self._members[panel], self._kept[panel]], axis=1).T:
            at = np.flatnonzero(member >= 0)
            one, other = np.minimum(member[at], who[at]), np.maximum(member[at], who[at])
            keys.append(one * len(self._met) + other)
            rows.append(at)
            left.append(self._limit - self._met[one, other].astype(np.int64))
        key, row, some = np.concatenate(keys), np.concatenate(rows), np.concatenate(left)
        by_pair = np.lexsort((place[row], key))
        _, rank = _ranked(key[by_pair])
        fine = np.ones(len(panel), dtype=bool)
        fine[row[by_pair][rank >= some[by_pair]]] = False
        return fine

    def _leave(self, panels: Ints, who: Ints) -> None:
        """Members who were outbid leave their panels, several of one panel perhaps."""
        some = np.unique(panels)
        self._meet(some, -1)
        at = (self._members[panels] == who[:, None]).argmax(axis=1)
        self._members[panels, at] = -1
        np.subtract.at(self._state, panels, self._unit[self._kind[who]])
        np.add.at(self._lacks, panels, 1)
        self._meet(some, 1)

    def _sit(self, panels: Ints, who: Ints) -> None:
        """One new member for each of the panels."""
        self._meet(panels, -1)
        self._members[panels, (self._members[panels] < 0).argmax(axis=1)] = who
        self._state[panels] += self._unit[self._kind[who]]
        self._lacks[panels] -= 1
        self._meet(panels, 1)

    def _meet(self, panels: Ints, times: int) -> None:
        """Counts the meetings on the panels, or takes them back."""
        if self._limit is None:
            return
        members, kept = self._members[panels].T, self._kept[panels].T
        for one, other in (*combinations(members, 2), *product(members, kept)):
            both = (one >= 0) & (other >= 0)
            np.add.at(self._met, (one[both], other[both]), times)
            np.add.at(self._met, (other[both], one[both]), times)


def _two_best(who: Small, gain: Floats) -> tuple[Ints, Floats, Floats]:
    """For each row the assessor with the highest gain, this gain, and the next one."""
    row, at = np.arange(len(who)), gain.argmax(axis=1)
    best, first = who[row, at].astype(np.int64), gain[row, at].copy()
    gain[row, at] = -np.inf
    return best, first, gain.max(axis=1)


def _ranked(group: Ints) -> tuple[Ints, Ints]:
    """The groups of sorted numbers, and each one's place within its group."""
    unique, first, sizes = np.unique(group, return_index=True, return_counts=True)
    return unique, np.arange(len(group)) - np.repeat(first, sizes)

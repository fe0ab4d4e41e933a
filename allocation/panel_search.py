"""The search among whole panels of three, and the proof for a floor where the plain programme leaves halves.

With a floor F under each panel, the plain programme may mix parts of strong and weak panels. Here a column is a
whole panel whose fits sum to at least F, so its bound is far tighter (Dantzig and Wolfe, 1960). Two steps:

1. Prices. For given prices of assessors, the best whole panel of each item is found exactly, which gives a bound.
   A master programme over the panels met so far proposes the next prices; halfway between the best prices and
   those is tried first, which steadies them (du Merle and others, 1999).
2. Proof. An answer less than a depth below the bound has only panels whose worth at the prices is less than that
   depth below their item's best. Those are listed, and branch and bound finds the best answer among them, or that
   there is none: then the depth is doubled.
"""

from dataclasses import dataclass
from time import perf_counter

import numpy as np

from allocation.branching import Branching, Limits
from allocation.panel_columns import SEATS, Master, PanelOracle, Panels
from allocation.transport import Floats, Terms

_CLOSE = 1e-7
_DEPTH = 2e-5  # The first depth, as a share of the bound.
_HASTE = 64  # So many times deeper where any answer will do.
_LISTED = 8000  # Beyond so many panels a depth is too much for the proof,
_NODES = 1500  # and so are more nodes than these; what branch and bound finds in the time allowed then stands.


@dataclass(frozen=True, eq=False)
class Answer:
    """A whole answer; `panels` is None when none was found, and the bound is -inf when it is proved there is none."""

    panels: Panels | None
    total: float
    bound: float


class PanelSearch:
    """One floor's search, from prices to the proof."""

    def __init__(self, terms: Terms, floor: float) -> None:
        self._terms = terms
        self._oracle = PanelOracle(terms, floor)
        self._bound = np.inf
        self._prices = np.zeros(terms.fits.shape[1])

    def best(self, start: Floats, seconds: float, *, any_one: bool = False) -> Answer:
        """The best total of whole panels at the floor, with its bound.

        Args:
            start: First prices of the assessors.
            seconds: Time allowed.
            any_one: Whether the first whole answer will do; it is then not the best.
        """
        deadline = perf_counter() + seconds
        if not self._oracle.staffable:
            return Answer(None, -np.inf, -np.inf)
        master = Master(self._terms, self._oracle)
        master.meet(self._value(start))
        if self._master_prices(master) > 1e-6:
            return Answer(None, -np.inf, -np.inf)
        master.without_shortage()
        scale, depth = max(1.0, abs(self._bound)), _CLOSE
        wider = _DEPTH * scale * (_HASTE if any_one else 1)
        while perf_counter() < deadline:
            listed = self._oracle.within(self._prices, wider)
            if len(listed.items) > _LISTED:
                break
            master.meet(listed)
            found, ended = self._among(master, wider, any_one=any_one)
            if found is not None and (ended or any_one):
                total = float(self._oracle.totals(found).sum())
                return Answer(found, total, total)
            if not ended:
                break
            if len(listed.items) == self._oracle.count:
                return Answer(None, -np.inf, -np.inf)
            depth, wider = wider, 2 * wider
        found, _ = master.whole(max(deadline - perf_counter(), 1.0))
        total = -np.inf if found is None else float(self._oracle.totals(found).sum())
        # No answer lies above the last depth that was looked through.
        return Answer(found, total, max(total, self._bound - depth) if depth > _CLOSE else self._bound)

    def _among(self, master: Master, depth: float, *, any_one: bool) -> tuple[Panels | None, bool]:
        """The best whole answer above the depth, from panels that are not farther below their item's best."""
        met = master.met
        worth = self._oracle.totals(met) - self._prices[met.assessors].sum(axis=1)
        highest, _ = self._oracle.best(self._prices)
        upper = np.where(worth >= highest[met.items] - depth - _CLOSE, np.inf, 0.0)
        search = Branching(master.highs, master.slacks, _Split(self._terms, met))
        limits = np.zeros(len(upper)), upper
        found = search.best(limits, self._bound - depth - _CLOSE, _NODES, any_one=any_one)
        search.close((limits[0], np.full(len(upper), np.inf)))
        if found.values is None:
            return None, found.ended
        taken = found.values > 0.5
        return Panels(met.items[taken], met.assessors[taken]), found.ended

    def _value(self, prices: Floats) -> Panels:
        """Bounds the total by the prices, remembers the best, and gives the panels they choose."""
        highest, panels = self._oracle.best(prices)
        places = np.where(prices > 0, self._terms.most, self._terms.least)
        value = float(highest.sum() + (prices * places).sum())
        if value < self._bound:
            self._bound, self._prices = value, prices.copy()
        return panels

    def _master_prices(self, master: Master, rounds: int = 300) -> float:
        """Panels and prices in turn until the bound meets the mixture; gives the shortage left."""
        shortage = 0.0
        for _ in range(rounds):
            total, shortage, prices = master.prices()
            if self._bound - total < 1e-5 * max(1.0, abs(total)) and shortage < 1e-6:
                break
            new = master.meet(self._value((self._prices + prices) / 2))
            if not new and not master.meet(self._value(prices)):
                break
        else:
            return 0.0  # Not ended: nothing is proved of a shortage.
        return shortage


class _Split:
    """Parts a mixture of panels by how often an assessor sits with an item, where that is farthest from whole."""

    def __init__(self, terms: Terms, met: Panels) -> None:
        self._met, self._width = met, terms.fits.shape[1]
        self._keys = met.items[:, None] * self._width + met.assessors
        self._size = terms.fits.size

    def __call__(self, shares: Floats, limits: Limits) -> tuple[Limits, Limits]:
        lower, upper = limits
        some = np.flatnonzero(shares > 1e-9)
        often = np.bincount(self._keys[some].ravel(), np.repeat(shares[some], SEATS), self._size)
        open_by = np.abs(often - np.round(often))
        at = int(np.argmax(open_by))
        mine = self._met.items == at // self._width
        if open_by[at] > 1e-6:
            more = (self._keys == at).sum(axis=1) > often[at]
        else:
            # Whole for every assessor, and yet several panels: one of them stands against all others.
            more = np.zeros(len(shares), dtype=bool)
            more[int(np.argmax(np.minimum(shares, 1 - shares)))] = True
            mine = self._met.items == self._met.items[more][0]
        without = np.where(mine & more, 0.0, upper), np.where(mine & ~more, 0.0, upper)
        return (lower, without[1]), (lower, without[0])

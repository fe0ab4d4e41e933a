"""Why, and why not: what decided a seat, and what another would cost, by solving again from the last answer."""

from dataclasses import dataclass, replace
from math import floor as rounded_down

import numpy as np

from allocation.explain import seat_reasons
from allocation.model import compiled
from allocation.problem import AllocationProblem
from allocation.proposal import Proposal
from allocation.propose import placed
from allocation.rules import bars
from allocation.seating import Seating, Warm


@dataclass(frozen=True)
class WhyNot:
    """Why an assessor does not sit on a panel.

    Attributes:
        barred: The rules that bar them, in words; empty when none does.
        loss: Points by which the best total with them lies below the best without that wish; None when they are
            barred or no allocation has them there.
        floor: The floor of the allocation with them there.
        moves: Who would come (True) and go (False) elsewhere: nomination, assessor.
        exact: Whether the loss is exact; else it is at least so much.
        most: No allocation with them there is worth more, in points; None without a loss.
    """

    barred: tuple[str, ...]
    loss: int | None
    floor: int | None
    moves: tuple[tuple[str, str, bool], ...]
    exact: bool
    most: int | None = None


class Whys:
    """Answers about one proposal; the programme is kept ready, so that each takes milliseconds."""

    def __init__(self, problem: AllocationProblem, proposal: Proposal) -> None:
        left = set(proposal.unstaffed)
        self._problem = problem
        self._model = compiled(
            replace(problem, nominations=tuple(one for one in problem.nominations if one.id not in left))
        )
        self._seats = {(seat.nomination, seat.assessor) for seat in proposal.seats}
        self._nominations = {one.id: one for one in problem.nominations}
        self._assessors = {one.id: one for one in problem.assessors}
        self._floor = proposal.certificate.floor
        self._warm: Warm = Seating(self._model).warm()
        self._places = {
            (int(panel), int(who)): at
            for at, (panel, who) in enumerate(zip(self._model.panel, self._model.assessor, strict=True))
        }
        self._panel = {one.id: at for at, one in enumerate(self._model.nominations)}
        self._who = {one.id: at for at, one in enumerate(self._model.assessors)}

    def why(self, nomination: str, assessor: str) -> tuple[str, ...]:
        """What a seated assessor fits, and what decided between them and the next best who may sit there."""
        one, person, model = self._nominations[nomination], self._assessors[assessor], self._model
        load = person.load + sum(name == assessor for _, name in self._seats)
        reasons = list(seat_reasons(one, person, load, self._problem.rules))
        panel, mine = self._panel[nomination], self._who[assessor]
        other = [
            at
            for at in np.flatnonzero(model.panel == panel)
            if (nomination, model.assessors[model.assessor[at]].id) not in self._seats
        ]
        if other and (panel, mine) in self._places:
            prices = self._warm.prices
            worth = [(int(model.fit[at]) - prices[model.assessor[at]], at) for at in other]
            _, at = max(worth)
            gap = int(model.fit[self._places[panel, mine]]) - int(model.fit[at])
            name = model.assessors[model.assessor[at]].id
            price = prices[model.assessor[at]] - prices[mine]
            reasons.append(
                f"the next best is {name}: fits {abs(gap)} points {'less' if gap >= 0 else 'more'}, and their time "
                f"is worth {abs(price):.0f} points {'more' if price >= 0 else 'less'} elsewhere"
            )
        return tuple(reasons)

    def why_not(self, nomination: str, assessor: str) -> WhyNot:
        """The rule that bars the assessor, or what putting them there would cost."""
        one, person = self._nominations[nomination], self._assessors[assessor]
        panel, who = self._panel.get(nomination), self._who[assessor]
        if panel is None or (panel, who) not in self._places:
            words = tuple(bar.words for bar in bars(one, person, self._problem.rules))
            if (nomination, assessor) in self._problem.rules.forbidden:
                words = (*words, "ruled out by operations")
            return WhyNot(words or ("not available when the panel could meet",), None, None, (), exact=True)
        arcs = np.flatnonzero((self._model.panel == panel) & (self._model.assessor == who))
        answers = [self._warm.forced(int(arc)) for arc in arcs]
        possible = [answer for answer in answers if answer is not None]
        if not possible:
            return WhyNot((), None, None, (), exact=True)
        best = max(possible, key=lambda answer: answer.bound)
        loss = max(round(self._warm.bound - best.bound), 0)
        taken = best.arcs[best.shares > 0.5]
        seats = {(seat.nomination, seat.assessor) for seat in placed(self._model, taken)}
        fits = np.bincount(self._model.panel[taken], self._model.fit[taken], minlength=len(self._model.nominations))
        moves = [(*pair, True) for pair in seats - self._seats] + [(*pair, False) for pair in self._seats - seats]
        return WhyNot(
            (),
            loss,
            int(fits.min()),
            tuple(sorted(moves)),
            exact=best.whole and self._warm.whole,
            most=rounded_down(best.bound + 1e-6),
        )

"""Why, and why not: what decided a seat, and what another would cost, by solving again from the last answer."""

from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from allocation.explain import seat_reasons
from allocation.fixing import around_of
from allocation.model import Barred, Ints, compiled, fit_points, weeks_of, with_spare
from allocation.next_best import Swaps
from allocation.problem import AllocationProblem
from allocation.proposal import Aim, Proposal
from allocation.relaxation import Relaxation
from allocation.rules import bars
from allocation.seating import Seating
from allocation.steady import steadied
from allocation.warm import Warm
from allocation.worth import worth_of


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
        total: What the panels with these moves are worth; None where no whole panels were found.
    """

    barred: tuple[str, ...]
    loss: int | None
    floor: int | None
    moves: tuple[tuple[str, str, bool], ...]
    exact: bool
    most: int | None = None
    total: int | None = None


class Whys:
    """Answers about one proposal; the programme is kept ready, so that each takes milliseconds."""

    def __init__(
        self, problem: AllocationProblem, proposal: Proposal, floor: int | None = None, *, aim: Aim = "floor"
    ) -> None:
        """Takes the proposal in; the relaxation is solved once, when somebody first asks why not.

        Args:
            problem: What was asked.
            proposal: What was proposed.
            floor: Points that each panel keeps, where the worst-off panel comes first.
            aim: What comes first where the next best is looked for.
        """
        left = set(proposal.unstaffed)
        self._problem = problem
        model = compiled(
            replace(problem, nominations=tuple(one for one in problem.nominations if one.id not in left))
        )
        self._listed = len(model.panel)
        spare = not model.complete and model.weeks == 1 and self._listed > 0
        self._plain = with_spare(model) if spare else model
        self._seats = {(seat.nomination, seat.assessor) for seat in proposal.seats}
        self._nominations = {one.id: one for one in problem.nominations}
        self._assessors = {one.id: one for one in problem.assessors}
        self._floor = floor
        weeks = list(weeks_of(problem.rules)) if model.weeks > 1 else []
        self._panel = {one.id: at for at, one in enumerate(model.nominations)}
        self._who = {one.id: at for at, one in enumerate(model.assessors)}
        self._places = {
            key: at
            for at, key in enumerate(
                zip(model.panel.tolist(), model.assessor.tolist(), model.week.tolist(), strict=True)
            )
        }
        self._held = np.array(
            sorted(
                self._places[self._panel[seat.nomination], self._who[seat.assessor],
                             weeks.index(seat.week) if weeks else 0]
                for seat in proposal.seats
            ),
            dtype=np.int64,
        )  # fmt: skip
        self._model = steadied(self._plain, self._held)
        least = None if floor is None else floor * self._model.scale
        shut = self._listed if spare else None
        self._barred = Barred(model)
        self._least, self._shut = least, shut
        self._aim: Aim = aim
        self._taken = Counter(name for _, name in self._seats)
        others = [one for one in problem.nominations if one.id not in self._panel]
        self._swaps = Swaps(self._plain, self._held, self._listed, others)

    @cached_property
    def _warm(self) -> Warm:
        """The programme, solved and kept."""
        return Seating(self._model, floor=self._least, shut=self._shut).warm(self._held)

    def why(self, nomination: str, assessor: str) -> tuple[str, ...]:
        """Whether a seated assessor was pinned, what they fit, and who else could sit there, at what loss."""
        one, person, rules = self._nominations[nomination], self._assessors[assessor], self._problem.rules
        load = person.load + self._taken[assessor]
        pinned = rules.on("pinned") and (nomination, assessor) in rules.pinned
        other = self._swaps.words(self._panel[nomination], self._who[assessor], aim=self._aim, pinned=pinned)
        fixed = (f"operations pinned {assessor} to this panel",) if pinned else ()
        return (*fixed, *seat_reasons(one, person, load, rules), other)

    def why_not(self, nomination: str, assessor: str) -> WhyNot:
        """The rule that bars the assessor, or what putting them there would cost."""
        one, person = self._nominations[nomination], self._assessors[assessor]
        panel, who = self._panel.get(nomination), self._who[assessor]
        arcs = [] if panel is None else self._arcs_of(panel, who)
        if panel is None or not arcs:
            words = tuple(bar.words for bar in bars(one, person, self._problem.rules))
            if (nomination, assessor) in self._problem.rules.forbidden:
                words = (*words, "ruled out by operations")
            return WhyNot(words or ("not available when the panel could meet",), None, None, (), exact=True)
        answers = [answer for arc in arcs if (answer := self._forced(arc)) is not None]
        if not answers:
            return WhyNot((), None, None, (), exact=True)
        best = max(answers, key=lambda answer: answer.bound)
        most = self._model.points(best.bound)
        taken = np.sort(best.arcs) if best.whole else self._whole_near(best, arcs[0])
        total = most if best.whole else None if taken is None else worth_of(self._plain, taken).total(self._plain)
        loss = max(self._model.points(self._warm.bound) - most, 0)
        if taken is None:
            taken = best.arcs[best.shares > 0.5]
        fits = np.bincount(self._plain.panel[taken], self._plain.fit[taken], minlength=len(self._plain.nominations))
        come, go = np.setdiff1d(taken, self._held), np.setdiff1d(self._held, taken)
        moves = [(*self._names(arc), True) for arc in come] + [(*self._names(arc), False) for arc in go]
        exact = total == most and self._warm.whole
        return WhyNot((), loss, int(fits.min()), tuple(sorted(moves)), exact=exact, most=most, total=total)

    def _names(self, arc: int) -> tuple[str, str]:
        model = self._plain
        return model.nominations[model.panel[arc]].id, model.assessors[model.assessor[arc]].id

    def _arcs_of(self, panel: int, who: int) -> list[int]:
        """The arcs of a pair; the spare one where none is listed though no rule bars them."""
        first, last = np.searchsorted(self._plain.panel[: self._listed], (panel, panel + 1))
        arcs = (first + np.flatnonzero(self._plain.assessor[first:last] == who)).tolist()
        if arcs or self._plain.complete or self._plain.weeks > 1 or self._barred(panel)[who]:
            return list(arcs)
        if self._plain.room[who] < 1:
            return []
        fit = fit_points(self._plain.nominations[panel], self._plain.assessors[who], self._problem.rules)
        for model, points in ((self._plain, fit), (self._model, fit * self._model.scale)):
            model.panel[self._listed], model.assessor[self._listed], model.fit[self._listed] = panel, who, points
        self._warm.stand_for(self._listed, panel, who, float(fit * self._model.scale))
        return [self._listed]

    def _forced(self, arc: int) -> Relaxation | None:
        """With the arc taken: at the floor, or at the highest floor that its own panel then allows."""
        if self._floor is None:
            return self._warm.forced(arc)
        panel = int(self._plain.panel[arc])
        mine = np.flatnonzero(self._plain.panel == panel)
        mine = mine if arc >= self._listed else mine[mine < self._listed]
        alone = Seating(
            self._plain, panels=np.array([panel]), arcs=mine, prices=np.zeros(len(self._plain.assessors)), taken=arc
        ).solved(1.0)
        if alone.arcs is None:
            return None
        short = max(self._floor - int(self._plain.fit[alone.arcs].sum()), 0)
        return self._warm.forced(arc, float(short * self._model.scale))

    def _whole_near(self, best: Relaxation, arc: int) -> Ints | None:
        """Whole panels where the relaxation has halves: those it would change are seated anew around the others."""
        if self._plain.weeks > 1:
            return None
        differs = np.setxor1d(best.arcs[best.shares > 1 - 1e-6], self._held)
        panels = np.union1d(np.unique(self._plain.panel[differs]), self._plain.panel[[arc]])
        mine, kept = np.isin(self._plain.panel[self._held], panels), self._held
        arcs = np.unique(np.concatenate([best.arcs, self._held, [arc]]))
        around = around_of(self._model, kept[~mine])
        floor = None if self._floor is None else self._floor * self._model.scale
        found = Seating(self._model, panels=panels, arcs=arcs, around=around, floor=floor, taken=arc).solved(2.0)
        return None if found.arcs is None else np.union1d(kept[~mine], found.arcs)

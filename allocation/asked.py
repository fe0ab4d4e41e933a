"""What a run answers when somebody asks: why does this assessor sit here, or why not, and what would it cost.

A rule that bars is said in words. Without one, the panels are solved again with the assessor there: first among the
seats that the relaxation would move, which takes milliseconds and is usually proved to be the best there is, else in
full. Of all allocations of that worth, the one that moves the fewest others is told.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from threading import Lock
from time import perf_counter

import numpy as np

from allocation.answer import RunAnswer
from allocation.model import Ints, Model, compiled, missing_seats, weeks_of
from allocation.problem import AllocationProblem, AssessorSupply, NominationDemand, PanelRules
from allocation.proposal import Aim, Certificate, Proposal
from allocation.propose import placed, propose, without, without_contradicted
from allocation.rules import Bar, bars, days_available
from allocation.seat_cost import Cost, Move
from allocation.seating import Seating
from allocation.steady import steadied
from allocation.why import WhyNot, Whys
from allocation.worth import floor_of, lowest_fit, worth_of

_OFF = {
    Bar.SAME_ORGANISATION: "organisation",
    Bar.EARLIER_ORGANISATION_WITHIN_YEARS: "organisation",
    Bar.ENDORSERS_ORGANISATION: "endorser",
    Bar.DECLARED_CONFLICT: "declared",
    Bar.UNAVAILABLE: "availability",
    Bar.TRAINING_EXPIRED: "training",
    Bar.AT_CAPACITY: "capacity",
}
"""The switch of each bar that has one."""

Pair = tuple[str, str]

_ONE_AT_A_TIME = Lock()


class NotInRunError(LookupError):
    """The nomination or the assessor is not part of what the run was asked."""


@dataclass(frozen=True)
class Reply:
    """What a run answers about one assessor and one nomination.

    Attributes:
        nomination: The nomination's identifier.
        assessor: The assessor's identifier.
        seated: Whether they sit on the panel, newly or from before.
        reasons: Why they sit there, or what keeps them away; empty where only the cost does.
        cost: What it would cost; None where they sit there already, or cannot.
    """

    nomination: str
    assessor: str
    seated: bool
    reasons: tuple[str, ...]
    cost: Cost | None


def asked(
    problem: AllocationProblem,
    answer: RunAnswer,
    nomination: str,
    assessor: str,
    *,
    aim: Aim = "floor",
    seconds: float = 30.0,
) -> Reply:
    """Why an assessor sits on a panel of a run, or why not.

    Args:
        problem: What the run was asked.
        answer: What it answered.
        nomination: The nomination's identifier.
        assessor: The assessor's identifier.
        aim: What came first in the run.
        seconds: Time allowed where the panels must be solved again in full.

    Raises:
        NotInRunError: The run was not asked about this nomination or this assessor.
    """
    demand = _asked_about(problem, nomination)
    person = next((one for one in problem.assessors if one.id == assessor), None)
    if demand is None or person is None:
        raise NotInRunError(_not_in(f"nomination {nomination}" if demand is None else f"assessor {assessor}"))
    for seat in answer.seats:
        if (seat.nomination, seat.assessor) == (nomination, assessor):
            return Reply(nomination, assessor, seated=True, reasons=seat.reasons, cost=None)
    if assessor in demand.seated:
        kept = "sat on this panel before the run, which keeps who sits there"
        return Reply(nomination, assessor, seated=True, reasons=(kept,), cost=None)
    words = standing_against(demand, person, problem.rules)
    if not words and nomination in answer.proposal.unstaffed:
        cost = _instead(problem, answer.proposal, (nomination, assessor), aim=aim, seconds=seconds)
        if cost is not None:
            return Reply(nomination, assessor, seated=False, reasons=(), cost=cost)
        words = tuple(
            f"the panel is left without seats: {reason}"
            for left in answer.unstaffed
            if left.nomination == nomination
            for reason in left.reasons
        )
    if words:
        return Reply(nomination, assessor, seated=False, reasons=words, cost=None)
    return _priced(problem, answer.proposal, (nomination, assessor), aim=aim, seconds=seconds)


def members(problem: AllocationProblem, answer: RunAnswer, nomination: str) -> tuple[str, ...]:
    """Everybody on a panel as the run leaves it, kept members first.

    Raises:
        NotInRunError: The run was not asked about this nomination.
    """
    demand = _asked_about(problem, nomination)
    if demand is None:
        raise NotInRunError(_not_in(f"nomination {nomination}"))
    return (*demand.seated, *(seat.assessor for seat in answer.seats if seat.nomination == nomination))


def _asked_about(problem: AllocationProblem, nomination: str) -> NominationDemand | None:
    """The nomination, where the run was to find somebody for it now: neither to come, nor with a whole panel."""
    return next(
        (
            one
            for one in problem.nominations
            if one.id == nomination and one.id not in problem.expected and missing_seats(one, problem.rules)
        ),
        None,
    )


def standing_against(nomination: NominationDemand, assessor: AssessorSupply, rules: PanelRules) -> tuple[str, ...]:
    """Every rule that is switched on and keeps the assessor from the nomination, each as a sentence's rest."""
    first, last = rules.window
    ties = dict(nomination.conflicts)
    days = days_available(assessor, rules)
    words = {
        Bar.SAME_ORGANISATION: "works for the nominee’s organisation",
        Bar.ENDORSERS_ORGANISATION: "works for the endorser’s organisation",
        Bar.EARLIER_ORGANISATION_WITHIN_YEARS: "and the nominee were in one organisation within the last "
        f"{rules.conflict_years} years",
        Bar.DECLARED_CONFLICT: f"has a declared relationship with the nominee ({ties.get(assessor.id, '')})",
        Bar.ALREADY_ASKED: "was asked before, and declined, did not answer or was taken off",
        Bar.UNAVAILABLE: f"is free on {days} of the days from {first} to {last}; {rules.min_days_available} needed",
        Bar.TRAINING_EXPIRED: f"has training that ends on {assessor.training_expires}, before {last}",
        Bar.AT_CAPACITY: f"has {assessor.load} of at most {assessor.capacity} assessments already",
    }
    found = [words[bar] for bar in bars(nomination, assessor, rules) if bar not in _OFF or rules.on(_OFF[bar])]
    if (nomination.id, assessor.id) in rules.forbidden and rules.on("forbidden"):
        found.append("is kept from this panel by operations")
    return tuple(found)


def _not_in(what: str) -> str:
    return f"This run was not asked about {what}: check the reference, or ask about a later run."


def _priced(problem: AllocationProblem, proposal: Proposal, pair: Pair, *, aim: Aim, seconds: float) -> Reply:
    if problem.withheld:
        proposal = _without_mixed(problem, proposal)
    claim = proposal.certificate
    # The programme of a run is shared by those who ask at once, and no solver may be asked two things at a time.
    with _ONE_AT_A_TIME:
        said = _ready(problem, proposal, claim.floor if aim == "floor" else None).why_not(*pair)
    if said.barred:
        return Reply(*pair, seated=False, reasons=said.barred, cost=None)
    cost: Cost | None = None
    if said.exact and said.total is not None and _settled(claim, aim):
        moves = tuple(sorted((Move(*move) for move in said.moves), key=_order))
        cost = Cost(claim.total - said.total, said.floor or 0, claim.floor, moves, exact=True)
    elif said.most is not None or aim == "floor":
        there = without(replace(problem, rules=with_pin(problem.rules, pair)), set(proposal.unstaffed))
        cost = None if said.most is None else _near(there, proposal, said, aim)
        if cost is None or not cost.exact:
            cost = _in_full(there, proposal, aim, seconds) or cost
    if cost is None:
        alone = "cannot sit here unless another panel stays without members"
        return Reply(*pair, seated=False, reasons=(alone,), cost=None)
    return Reply(*pair, seated=False, reasons=(), cost=cost)


def _instead(problem: AllocationProblem, proposal: Proposal, pair: Pair, *, aim: Aim, seconds: float) -> Cost | None:
    """What it would cost to have a panel that is left, with the assessor on it; None where it cannot be had at all.

    As many panels as possible are staffed with them there, then at the run's floor where the floor comes first, then
    with the best total.
    """
    if problem.withheld:
        proposal = _without_mixed(problem, proposal)
    claim, held, until = proposal.certificate, _pairs(proposal), perf_counter() + seconds
    model = compiled(without_contradicted(problem)[0])
    finer, proved = steadied(model, _arcs_of(model, held)), True

    def staffed(arcs: Ints | None) -> set[str]:
        return set() if arcs is None else {model.nominations[panel].id for panel in np.unique(model.panel[arcs])}

    def there(floor: int) -> Ints | None:
        nonlocal proved
        best, most = None, (0, 0)
        for arc in _arcs_of(model, {pair}):
            programme = Seating(finer, optional=True, floor=floor * finer.scale if floor else None, taken=int(arc))
            found = programme.solved(max(until - perf_counter(), 1.0))
            proved = proved and found.proved
            if found.arcs is None:
                continue
            worth = len(staffed(found.arcs)), worth_of(model, found.arcs).total(model)
            if worth > most:
                best, most = found.arcs, worth
        return best

    taken = there(0)
    if taken is None:
        return None
    low, high = lowest_fit(model, taken), claim.floor if aim == "floor" else 0
    asked_for = high
    while low < high and proved:
        found = there(asked_for)
        if found is not None and len(staffed(found)) == len(staffed(taken)):
            taken, low = found, max(lowest_fit(model, found), asked_for)
        else:
            high = asked_for - 1
        asked_for = (low + high + 1) // 2
    return Cost(
        claim.total - worth_of(model, taken).total(model),
        lowest_fit(model, taken),
        claim.floor,
        _moves(model, taken, held),
        exact=proved and _settled(claim, aim) and len(staffed(taken)) >= claim.staffed,
        gives_way=tuple(sorted({nomination for nomination, _ in held} - staffed(taken))),
    )


def with_pin(rules: PanelRules, pair: Pair) -> PanelRules:
    """The rules with one more pair that must sit; pins and bans that are switched off stay without effect."""
    pinned = rules.pinned if rules.on("pinned") else frozenset[Pair]()
    return replace(rules, pinned=pinned | {pair}, forbidden=rules.forbidden - {pair}, off=rules.off - {"pinned"})


def _without_mixed(problem: AllocationProblem, proposal: Proposal) -> Proposal:
    """The proposal without the worth of mixed panels, which cannot be reckoned anew; its bound stays as it is."""
    claim = proposal.certificate
    total = claim.total - problem.rules.weights.mixed * claim.mixed
    return replace(proposal, certificate=replace(claim, total=total, mixed=0))


@lru_cache(maxsize=2)
def _ready(problem: AllocationProblem, proposal: Proposal, floor: int | None) -> Whys:
    """The programmes of the runs asked about last: solving one takes a hundred times as long as asking it."""
    return Whys(problem, proposal, floor)


def _order(move: Move) -> tuple[str, bool, str]:
    return move.nomination, move.comes, move.assessor


def _near(there: AllocationProblem, proposal: Proposal, said: WhyNot, aim: Aim) -> Cost | None:
    """Among the seats of the run and those the relaxation would move; exact where that reaches the bound."""
    claim = proposal.certificate
    held = _pairs(proposal)
    model = compiled(there)
    arcs = _arcs_of(model, held | {(nomination, name) for nomination, name, comes in said.moves if comes})
    best: Cost | None = None
    for floor in (claim.floor, None) if aim == "floor" else (None,):
        taken = _steadiest(model, arcs, held, floor)
        if taken is None:
            continue
        total = worth_of(model, taken).total(model)
        proved = _settled(claim, aim) and total == said.most
        cost = Cost(
            claim.total - total, floor_of(model, taken), claim.floor, _moves(model, taken, held), exact=proved
        )
        if proved:
            return cost
        best = best or cost
    return best


def _in_full(there: AllocationProblem, proposal: Proposal, aim: Aim, seconds: float) -> Cost | None:
    claim, held = proposal.certificate, _pairs(proposal)
    found = propose(there, aim=aim, seconds=seconds)
    if found.unstaffed:
        return None
    model = compiled(there)
    arcs = _arcs_of(model, held | _pairs(found))
    floor = found.certificate.floor if aim == "floor" else None
    taken = _steadiest(model, arcs, held, floor)
    if taken is None or worth_of(model, taken).total(model) < found.certificate.total:
        taken = _arcs_of(model, _pairs(found), {(one.nomination, one.week[0].toordinal()) for one in found.seats})
    exact = _settled(claim, aim) and _settled(found.certificate, aim)
    total = worth_of(model, taken).total(model)
    return Cost(claim.total - total, floor_of(model, taken), claim.floor, _moves(model, taken, held), exact=exact)


def _settled(claim: Certificate, aim: Aim) -> bool:
    """Whether what comes first in the run, and after it the total, is proved best."""
    return (
        claim.proved if aim == "floor" else (claim.staffed, claim.total) == (claim.staffed_bound, claim.total_bound)
    )


def _steadiest(model: Model, arcs: Ints, held: set[Pair], floor: int | None) -> Ints | None:
    """The best choice of the arcs, and of all such the one that keeps the most seats."""
    finer = steadied(model, _arcs_of(model, held))
    return Seating(finer, arcs=arcs, floor=None if floor is None else floor * finer.scale).solved(5.0).arcs


def _moves(model: Model, taken: Ints, held: set[Pair]) -> tuple[Move, ...]:
    seats = {(seat.nomination, seat.assessor) for seat in placed(model, taken)}
    moves = [Move(*pair, comes=True) for pair in seats - held] + [Move(*pair, comes=False) for pair in held - seats]
    return tuple(sorted(moves, key=_order))


def _pairs(proposal: Proposal) -> set[Pair]:
    return {(seat.nomination, seat.assessor) for seat in proposal.seats}


def _arcs_of(model: Model, pairs: Iterable[Pair], weeks: set[tuple[str, int]] | None = None) -> Ints:
    """The arcs of pairs of nomination and assessor, in the weeks given for each nomination, or in any."""
    wanted, starts = set(pairs), [week[0].toordinal() for week in weeks_of(model.rules)]
    keys = zip(model.panel.tolist(), model.assessor.tolist(), model.week.tolist(), strict=True)
    return np.array(
        [
            at
            for at, (panel, who, week) in enumerate(keys)
            if (model.nominations[panel].id, model.assessors[who].id) in wanted
            and (weeks is None or (model.nominations[panel].id, starts[week]) in weeks)
        ],
        dtype=np.int64,
    )

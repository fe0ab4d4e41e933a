"""From a problem to a proposal."""

import math
from collections import Counter
from dataclasses import dataclass, replace
from time import perf_counter

from allocation.cost import load_step_cost, pair_cost
from allocation.explain import (
    STOPPED,
    crowded_out,
    held_by_rule,
    kept_faults,
    seat_reasons,
    shortages,
)
from allocation.problem import (
    AllocationProblem,
    AllocationResult,
    AssessorSupply,
    NominationDemand,
    PanelRules,
    Seat,
    Status,
    Unstaffed,
)
from allocation.programme import Arc, Programme, Solution
from allocation.rules import Bar, conflict_bars, own_bars, recent_organisations


@dataclass(frozen=True)
class _Request:
    """A nomination with what the register says about it.

    `barred` has the first bar of every assessor, None for those who may sit.
    """

    nomination: NominationDemand
    missing: int
    held: dict[str, int]
    barred: dict[str, Bar | None]
    against: tuple[str, ...]


def solve(problem: AllocationProblem, *, seconds: float = 60.0) -> AllocationResult:
    """Propose assessors for every nomination that lacks some.

    One function for a whole cohort, for what has gathered since the last run, and for a single replacement:
    assessors already seated stay, count towards the composition, and are never moved. As many panels as possible
    are staffed fully, then at least cost; the rest are left alone with reasons. Nothing is ever part-filled.
    The order of the problem's tuples changes nothing; ties are settled by the seed of the rules.

    Args:
        problem: The nominations, the assessors, the rules.
        seconds: Time allowed to the search. When it runs out, the best found stands, or panels staffed one
            after the other, which takes some milliseconds each on top. Only an answer with
            `proved` is sure to be the same on every machine.

    Returns:
        The proposal with its bound and its reasons; an infeasible problem is an answer, not an error.
    """
    assessors = tuple(sorted(problem.assessors, key=lambda assessor: assessor.id))
    requests = _requests(problem, assessors)
    hopeful = [request for request in requests if request.missing > 0 and not request.against]
    arcs = _arcs(problem, hopeful, assessors)
    panels = tuple(request.nomination for request in hopeful)
    solution = _best(problem, panels, assessors, arcs, seconds=seconds) if panels else _NOTHING
    seats = _seats(problem, assessors, [(arcs[arc], panels[arcs[arc].panel]) for arc in solution.chosen])
    loads = _loads(assessors, seats)
    staffed = {panel.id for panel, is_staffed in zip(panels, solution.staffed, strict=True) if is_staffed}
    unstaffed = tuple(
        _unstaffed(request, assessors, loads, problem.rules, solution)
        for request in requests
        if request.against or (request.missing and request.nomination.id not in staffed)
    )
    return _result(problem, seats, unstaffed, loads, solution)


_NOTHING = Solution(staffed=(), chosen=(), bound=0.0, proved=True)


def _requests(problem: AllocationProblem, assessors: tuple[AssessorSupply, ...]) -> list[_Request]:
    rules = problem.rules
    roles = {assessor.id: assessor.role for assessor in assessors}
    own = [(assessor, own_bars(assessor, rules), _recent(problem, assessor)) for assessor in assessors]
    requests = []
    for nomination in sorted(problem.nominations, key=lambda nomination: nomination.id):
        size = rules.size if nomination.seats is None else nomination.seats
        missing = max(size - len(nomination.seated), 0)
        recent = _recent(problem, nomination)
        barred = {
            assessor.id: next(iter(conflict_bars(nomination, assessor, recent, other) + always), None)
            for assessor, always, other in own
        }
        kept = [roles[seated] for seated in nomination.seated]
        held = held_by_rule(kept, rules.composition)
        against = kept_faults(nomination, kept, size, rules)
        if missing and not against:
            against = shortages(missing, held, barred, roles, rules)
        requests.append(_Request(nomination, missing, held, barred, tuple(against)))
    return requests


def _recent(problem: AllocationProblem, person: AssessorSupply | NominationDemand) -> frozenset[str]:
    return recent_organisations(person.organisation, person.earlier_organisations, problem.rules)


def _arcs(
    problem: AllocationProblem, hopeful: list[_Request], assessors: tuple[AssessorSupply, ...]
) -> tuple[Arc, ...]:
    weights = problem.rules.weights
    return tuple(
        Arc(panel, place, pair_cost(request.nomination, assessor, weights))
        for panel, request in enumerate(hopeful)
        for place, assessor in enumerate(assessors)
        if request.barred[assessor.id] is None
    )


def _best(
    problem: AllocationProblem,
    panels: tuple[NominationDemand, ...],
    assessors: tuple[AssessorSupply, ...],
    arcs: tuple[Arc, ...],
    *,
    seconds: float,
) -> Solution:
    """The cheapest answer among those that staff most panels; usually that is all of them."""
    programme = Programme(problem, panels, assessors, arcs)
    deadline = perf_counter() + seconds

    def left() -> float:
        return max(deadline - perf_counter(), 0.0)

    relaxed = programme.everyone(left())
    everyone = relaxed.solution
    if everyone is None and relaxed.possible:
        everyone = programme.cheapest(len(panels), left())
    if everyone is not None:
        return everyone
    most = programme.most_panels(left())
    if not most.proved:
        most = max(_one_by_one(problem, panels, assessors, arcs), most, key=lambda found: sum(found.staffed))
    cheapest = programme.cheapest(sum(most.staffed), left())
    if cheapest is None:
        return Solution(most.staffed, most.chosen, bound=0.0, proved=False)
    return Solution(cheapest.staffed, cheapest.chosen, cheapest.bound, proved=most.proved and cheapest.proved)


def _one_by_one(
    problem: AllocationProblem,
    panels: tuple[NominationDemand, ...],
    assessors: tuple[AssessorSupply, ...],
    arcs: tuple[Arc, ...],
) -> Solution:
    """A sound answer for when the search ran out of time: each panel alone, those with least choice first."""
    arcs_of: list[list[int]] = [[] for _ in panels]
    for position, arc in enumerate(arcs):
        arcs_of[arc.panel].append(position)
    current = list(assessors)
    staffed = [False] * len(panels)
    chosen: list[int] = []
    for panel in sorted(range(len(panels)), key=lambda panel: (len(arcs_of[panel]), panels[panel].id)):
        mine = [position for position in arcs_of[panel] if _has_place(current[arcs[position].assessor])]
        own_arcs = tuple(replace(arcs[position], panel=0) for position in mine)
        alone = Programme(problem, (panels[panel],), tuple(current), own_arcs)
        found = alone.everyone(seconds=1.0).solution or alone.cheapest(1, seconds=1.0)
        if found is None:
            continue
        staffed[panel] = True
        for taken in found.chosen:
            chosen.append(mine[taken])
            place = arcs[mine[taken]].assessor
            current[place] = replace(current[place], load=current[place].load + 1)
    return Solution(tuple(staffed), tuple(chosen), bound=-float(len(panels)), proved=False)


def _has_place(assessor: AssessorSupply) -> bool:
    return assessor.load < assessor.capacity


def _seats(
    problem: AllocationProblem,
    assessors: tuple[AssessorSupply, ...],
    chosen: list[tuple[Arc, NominationDemand]],
) -> tuple[Seat, ...]:
    loads = {assessor.id: assessor.load for assessor in assessors}
    seats = []
    for arc, nomination in sorted(chosen, key=lambda seat: (seat[1].id, seat[0].assessor)):
        assessor = assessors[arc.assessor]
        loads[assessor.id] += 1
        load = loads[assessor.id]
        cost = arc.cost + load_step_cost(load, assessor.capacity, problem.rules.weights)
        reasons = seat_reasons(nomination, assessor, load, problem.rules)
        seats.append(Seat(nomination.id, assessor.id, cost, reasons))
    return tuple(seats)


def _loads(assessors: tuple[AssessorSupply, ...], seats: tuple[Seat, ...]) -> dict[str, int]:
    new = Counter(seat.assessor for seat in seats)
    return {assessor.id: assessor.load + new[assessor.id] for assessor in assessors}


def _unstaffed(
    request: _Request,
    assessors: tuple[AssessorSupply, ...],
    loads: dict[str, int],
    rules: PanelRules,
    solution: Solution,
) -> Unstaffed:
    """Why this request got nothing: what the register lacks or, failing that, what the other panels took."""
    reasons = request.against
    if not reasons:
        roles = {assessor.id: assessor.role for assessor in assessors}
        free = {
            assessor.id: loads[assessor.id] < assessor.capacity
            for assessor in assessors
            if request.barred[assessor.id] is None
        }
        reasons = tuple(crowded_out(request.missing, request.held, free, roles, rules))
        if not solution.proved:
            reasons = (*reasons, STOPPED)
    return Unstaffed(request.nomination.id, request.missing, reasons)


def _result(
    problem: AllocationProblem,
    seats: tuple[Seat, ...],
    unstaffed: tuple[Unstaffed, ...],
    loads: dict[str, int],
    solution: Solution,
) -> AllocationResult:
    total = sum(seat.cost for seat in seats)
    # Tie-breaks add less than one point to any answer, so a bound with them, rounded down, is one without.
    bound = total if solution.proved else min(total, max(0, math.floor(solution.bound + 1e-6)))
    status: Status = "partial" if unstaffed else "optimal" if solution.proved else "feasible"
    return AllocationResult(
        seats=seats,
        unstaffed=unstaffed,
        status=status,
        proved=solution.proved,
        total_cost=total,
        bound=bound,
        gap=(total - bound) / total if total else 0.0,
        loads=tuple(loads.items()),
        seed=problem.rules.seed,
    )

"""A second opinion on a proposal: every hard rule recomputed, sharing no code with the solver."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations

from allocation.problem import AllocationProblem, AssessorSupply, NominationDemand, PanelRules, Seat


@dataclass(frozen=True)
class Violation:
    """A hard rule that a proposal breaks; nomination or assessor is None where the rule has none."""

    rule: str
    nomination: str | None
    assessor: str | None


def violations(
    problem: AllocationProblem, seats: Collection[Seat], unstaffed: Collection[str] = ()
) -> tuple[Violation, ...]:
    """Every hard rule the new seats break; empty for a sound proposal.

    `unstaffed` are the nominations reported as left out: they may have no new seat, and every other nomination
    must be complete. Kept members are counted, but not judged anew as pairs, nor is a panel that was whole before
    and gets nobody. Rules switched off are not looked at.
    """
    nominations = {nomination.id: nomination for nomination in problem.nominations}
    assessors = {assessor.id: assessor for assessor in problem.assessors}
    found = [
        Violation("unknown", seat.nomination, seat.assessor)
        for seat in seats
        if seat.nomination not in nominations or seat.assessor not in assessors
    ]
    if found:
        return tuple(found)
    for seat in seats:
        broken = _pair(nominations[seat.nomination], assessors[seat.assessor], problem.rules)
        found += [Violation(rule, seat.nomination, seat.assessor) for rule, breaks in broken.items() if breaks]
    for id_, count in Counter(seat.assessor for seat in seats).items():
        found += _too_many(assessors[id_], count, problem.rules)
    for nomination in problem.nominations:
        new = [seat.assessor for seat in seats if seat.nomination == nomination.id]
        panel = [*nomination.seated, *new]
        found += [Violation("duplicate", nomination.id, id_) for id_, n in Counter(panel).items() if n > 1]
        if nomination.id in unstaffed:
            found += [Violation("unstaffed_with_seats", nomination.id, id_) for id_ in new]
            continue
        if not new and len(nomination.seated) >= (nomination.seats or problem.rules.size):
            continue
        if len(panel) != (nomination.seats or problem.rules.size):
            found.append(Violation("seat_count", nomination.id, None))
        fixed = sorted(name for pair, name in problem.rules.pinned if pair == nomination.id)
        found += [Violation("pinned", nomination.id, id_) for id_ in fixed if id_ not in panel]
        for rule in problem.rules.composition:
            counted = [id_ for id_ in panel if assessors[id_].role in rule.roles]
            counted += [id_ for id_ in panel if id_ not in counted and rule.properties & assessors[id_].properties]
            count = len(counted)
            if count < rule.at_least or (rule.at_most is not None and count > rule.at_most):
                found.append(Violation(f"composition:{rule.name}", nomination.id, None))
    found += _meeting_too_often(problem, seats)
    return tuple(one for one in found if problem.rules.on(one.rule.split(":")[0]))


def _too_many(assessor: AssessorSupply, new: int, rules: PanelRules) -> list[Violation]:
    """More new assessments than the capacity leaves, or than the weeks of availability can hold.

    Where panels meet, the weeks of those held already are not known here: only the new ones must find room.
    """
    found = [Violation("capacity", None, assessor.id)] * (assessor.load + new > assessor.capacity)
    held = 0 if rules.together else assessor.load
    if rules.week_most is not None and held + new > rules.week_most * _weeks_free(assessor, rules):
        found.append(Violation("week", None, assessor.id))
    return found


def _weeks_free(assessor: AssessorSupply, rules: PanelRules) -> int:
    """The weeks of the window in which the assessor is available on enough days."""
    opens, closes = rules.window
    days = {first + timedelta(n) for first, last in assessor.available for n in range((last - first).days + 1)}
    free = 0
    for start in range(0, (closes - opens).days + 1, 7):
        week = {opens + timedelta(start + n) for n in range(7) if opens + timedelta(start + n) <= closes}
        any_week = rules.together and not rules.on("availability")
        free += any_week or len(week & days) >= min(max(rules.min_days_available, 1), len(week))
    return free


def _meeting_too_often(problem: AllocationProblem, seats: Collection[Seat]) -> list[Violation]:
    """New members who would meet another on more panels than is allowed; kept members alone are not judged anew."""
    new = {
        nomination.id: [one.assessor for one in seats if one.nomination == nomination.id]
        for nomination in problem.nominations
    }
    meets = Counter(
        frozenset(two) for one in problem.nominations for two in combinations({*one.seated, *new[one.id]}, 2)
    )
    most = problem.rules.pair_most
    return [
        Violation("pairs", one.id, name)
        for one in problem.nominations
        for name in new[one.id]
        if most is not None
        and any(meets[frozenset((name, other))] > most for other in {*one.seated, *new[one.id]} - {name})
    ]


def _pair(nomination: NominationDemand, assessor: AssessorSupply, rules: PanelRules) -> dict[str, bool]:
    opens, closes = rules.window
    since = (opens.year - rules.conflict_years, opens.month, opens.day)
    theirs, ours = (
        {person.organisation} | {c for c, d in person.earlier_organisations if (d.year, d.month, d.day) >= since}
        for person in (nomination, assessor)
    )
    window = set(range(opens.toordinal(), closes.toordinal() + 1))
    days = {day for first, last in assessor.available for day in range(first.toordinal(), last.toordinal() + 1)}
    return {
        "organisation": not theirs.isdisjoint(ours),
        "endorser": nomination.endorser_organisation == assessor.organisation,
        "declared": assessor.id in dict(nomination.conflicts),
        "barred": assessor.id in nomination.barred,
        "availability": len(days & window) < rules.min_days_available,
        "training": assessor.training_expires is not None and assessor.training_expires < closes,
        "forbidden": (nomination.id, assessor.id) in rules.forbidden,
    }

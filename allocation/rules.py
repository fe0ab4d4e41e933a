"""The hard rules that keep an assessor from a nomination."""

from datetime import date, timedelta
from enum import StrEnum

from allocation.problem import AssessorSupply, NominationDemand, PanelRules


class Bar(StrEnum):
    """A rule that bars an assessor from a nomination; the value is its stable code."""

    SAME_ORGANISATION = "same_organisation"
    ENDORSERS_ORGANISATION = "endorsers_organisation"
    EARLIER_ORGANISATION_WITHIN_YEARS = "earlier_organisation_within_years"
    DECLARED_CONFLICT = "declared_conflict"
    ALREADY_ASKED = "already_asked"
    UNAVAILABLE = "unavailable"
    TRAINING_EXPIRED = "training_expired"
    AT_CAPACITY = "at_capacity"

    @property
    def words(self) -> str:
        """The rule as a board secretary would say it after a number of assessors."""
        return _WORDS[self]


_WORDS = {
    Bar.SAME_ORGANISATION: "same organisation",
    Bar.ENDORSERS_ORGANISATION: "same organisation as the endorser",
    Bar.EARLIER_ORGANISATION_WITHIN_YEARS: "shared an organisation too recently",
    Bar.DECLARED_CONFLICT: "declared relationship",
    Bar.ALREADY_ASKED: "already asked or on the panel",
    Bar.UNAVAILABLE: "not available",
    Bar.TRAINING_EXPIRED: "training expired",
    Bar.AT_CAPACITY: "at capacity",
}


def bars(nomination: NominationDemand, assessor: AssessorSupply, rules: PanelRules) -> tuple[Bar, ...]:
    """Every rule that bars the assessor from the nomination, in the order of `Bar`; empty when none does.

    An earlier organisation counts on either side: whoever of the two was there within the period, and the
    other is there or was there within it. Training must hold to the window's last day.
    """
    recent = recent_organisations(nomination.organisation, nomination.earlier_organisations, rules)
    other = recent_organisations(assessor.organisation, assessor.earlier_organisations, rules)
    return conflict_bars(nomination, assessor, recent, other) + own_bars(assessor, rules)


def conflict_bars(
    nomination: NominationDemand,
    assessor: AssessorSupply,
    nominee_recent: frozenset[str],
    assessor_recent: frozenset[str],
) -> tuple[Bar, ...]:
    """The bars between the two, given the `recent_organisations` of each."""
    found = []
    if assessor.organisation == nomination.organisation:
        found.append(Bar.SAME_ORGANISATION)
    if assessor.organisation == nomination.endorser_organisation:
        found.append(Bar.ENDORSERS_ORGANISATION)
    shared = nominee_recent & assessor_recent
    if shared and (len(shared) > 1 or Bar.SAME_ORGANISATION not in found):
        found.append(Bar.EARLIER_ORGANISATION_WITHIN_YEARS)
    if any(tied == assessor.id for tied, _ in nomination.conflicts):
        found.append(Bar.DECLARED_CONFLICT)
    if assessor.id in nomination.barred or assessor.id in nomination.seated:
        found.append(Bar.ALREADY_ASKED)
    return tuple(found)


def own_bars(assessor: AssessorSupply, rules: PanelRules) -> tuple[Bar, ...]:
    """The bars that keep the assessor from every nomination."""
    found = []
    if days_available(assessor, rules) < rules.min_days_available:
        found.append(Bar.UNAVAILABLE)
    if assessor.training_expires is not None and assessor.training_expires < rules.window[1]:
        found.append(Bar.TRAINING_EXPIRED)
    if assessor.load >= assessor.capacity:
        found.append(Bar.AT_CAPACITY)
    return tuple(found)


def recent_organisations(present: str, earlier: tuple[tuple[str, date], ...], rules: PanelRules) -> frozenset[str]:
    """The present organisation and those left no longer ago than the conflict period, its first day included."""
    horizon = _years_before(rules.window[0], rules.conflict_years)
    return frozenset([present, *(code for code, left in earlier if left >= horizon)])


def days_available(assessor: AssessorSupply, rules: PanelRules) -> int:
    """Days of the window on which the assessor is available; overlapping ranges count once."""
    next_day, last = rules.window
    days = 0
    for start, end in sorted(assessor.available):
        first, until = max(start, next_day), min(end, last)
        if first <= until:
            days += (until - first).days + 1
            next_day = until + timedelta(days=1)
    return days


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        # 29 February without one that year: what ended on the 28th is more than the period ago.
        return date(day.year - years, 3, 1)

"""Why a seat, and why none: sentences for the people who read a proposal."""

from collections import Counter
from collections.abc import Mapping, Sequence

from allocation.problem import AssessorSupply, CompositionRule, NominationDemand, PanelRules
from allocation.proposal import Certificate
from allocation.rules import Bar

STOPPED = "the search was stopped before its end: allow it more time"
NO_COMBINATION = "no panel that keeps every rule on roles at once was found among those who may sit"


def seat_reasons(
    nomination: NominationDemand, assessor: AssessorSupply, load: int, rules: PanelRules
) -> tuple[str, ...]:
    """Why this assessor sits on this panel; `load` counts this seat."""
    reasons = [
        f"counts as {rule.name} ({assessor.role.replace('_', ' ')})"
        for rule in rules.composition
        if assessor.role in rule.roles
    ]
    shared = sorted(nomination.interests & assessor.interests)
    if shared:
        reasons.append(f"shares interests: {', '.join(shared)}")
    elif nomination.interests:
        reasons.append("shares no interest with the nominee")
    reasons += _of_posts(nomination, assessor, rules)
    reasons += _of_places(nomination, assessor, rules)
    reasons.append(f"assessment {load} of at most {assessor.capacity}")
    return tuple(reasons)


def _of_posts(nomination: NominationDemand, assessor: AssessorSupply, rules: PanelRules) -> list[str]:
    """What is said of sector and role, where the policy gives them a weight and they are known of the nominee."""
    reasons, sector = [], nomination.sector.replace("_", " ").replace("ccg", "CCG")
    if sector and rules.weights.sector:
        has = "has" if nomination.sector in assessor.sectors else "has no"
        reasons.append(f"{has} experience of the nominee's sector ({sector})")
    if nomination.line_managers and rules.weights.role:
        manages = "line manages" if assessor.role in nomination.line_managers else "does not line manage"
        reasons.append(f"{manages} posts like the one sought ({assessor.role.replace('_', ' ')})")
    return reasons


def _of_places(nomination: NominationDemand, assessor: AssessorSupply, rules: PanelRules) -> list[str]:
    """The closest that the two share: a system in any case, the others where the policy gives them a weight."""
    if nomination.system and nomination.system == assessor.system:
        return ["same system as the nominee"]
    if not (rules.weights.same_office or rules.weights.same_region):
        return []
    if nomination.office and nomination.office == assessor.office:
        return ["another system than the nominee's, the same local office"]
    if nomination.region and nomination.region == assessor.region:
        return ["another local office than the nominee's, the same region"]
    return ["another region than the nominee's"] * bool(nomination.region and assessor.region)


def run_words(claim: Certificate, unstaffed: int) -> tuple[str, ...]:
    """What a run proves of itself, in sentences; one that seats nobody says why instead of proving nothing best.

    Args:
        claim: What is proved.
        unstaffed: Nominations that the run leaves without a whole panel.
    """
    if claim.staffed > claim.planned or claim.broken:
        first = "Proved to be the best." if claim.proved else "Not proved to be the best in the time there was."
        return (first, *claim.words)
    planned: tuple[str, ...] = ()
    if claim.planned:
        panels = "1 panel is" if claim.planned == 1 else f"{claim.planned:,} panels are"
        planned = (f"{panels} planned for nominations to come.",)
    if not unstaffed:
        return ("No nomination waited for assessors when this run was made: there was nothing to staff.", *planned)
    left = "The nomination that waits" if unstaffed == 1 else f"All {unstaffed:,} nominations that wait"
    first = f"Nobody is seated. {left} {'stays' if unstaffed == 1 else 'stay'} without a whole panel"
    if claim.staffed_bound == 0:
        return (f"{first}: it is proved that none can be staffed.",)
    if claim.planned or claim.staffed_bound <= claim.staffed:
        return (f"{first}.", *planned)
    bound = min(claim.staffed_bound, unstaffed)
    return (f"{first}: none was found in the time there was, and at most {bound:,} could be staffed.",)


def kept_faults(nomination: NominationDemand, roles: Sequence[str], seats: int, rules: PanelRules) -> list[str]:
    """What is wrong with the kept members, whatever new seats bring; `roles` are theirs."""
    faults = []
    if len(nomination.seated) > seats:
        faults.append(f"{len(nomination.seated)} assessors are seated on a panel of {seats}")
    room = max(seats - len(nomination.seated), 0)
    for rule in rules.composition:
        held = sum(role in rule.roles for role in roles)
        if rule.at_most is not None and held > rule.at_most:
            faults.append(f"{held} {rule.name} seated, at most {rule.at_most} allowed")
        if held + room < rule.at_least:
            faults.append(f"{rule.name}: {held} seated, room for {room} more, at least {rule.at_least} needed")
    return faults


def shortages(
    missing: int,
    held: Mapping[str, int],
    barred: Mapping[str, Bar | None],
    roles: Mapping[str, str],
    rules: PanelRules,
) -> list[str]:
    """What keeps a panel from being staffed even if it were the only one.

    Args:
        missing: Seats to fill.
        held: Kept members that each composition rule counts, by its name.
        barred: For every assessor the first rule that bars, None for those who may sit.
        roles: Every assessor's role.
        rules: The cohort's rules.

    Returns:
        Sentences; empty when no single count stands in the way.
    """
    reasons = []
    if sum(bar is None for bar in barred.values()) < missing:
        reasons.append(f"{_tally(barred, 'assessor' if len(barred) == 1 else 'assessors')}; {missing} needed")
    for rule in rules.composition:
        needed = rule.at_least - held[rule.name]
        of_role = {assessor: bar for assessor, bar in barred.items() if roles[assessor] in rule.roles}
        if sum(bar is None for bar in of_role.values()) < needed:
            reasons.append(f"{_tally(of_role, f'who count as {rule.name}')}; {needed} needed")
    return reasons


def crowded_out(
    missing: int,
    held: Mapping[str, int],
    free: Mapping[str, bool],
    roles: Mapping[str, str],
    rules: PanelRules,
) -> list[str]:
    """Why a panel that could be staffed alone is not staffed beside the others.

    Args:
        missing: Seats to fill.
        held: Kept members that each composition rule counts, by its name.
        free: For every assessor who may sit, whether a place is left after the other panels.
        roles: Every assessor's role.
        rules: The cohort's rules.

    Returns:
        At least one sentence.
    """
    reasons = []
    if sum(free.values()) < missing:
        reasons.append(_taken(list(free.values()), "may sit", missing))
    for rule in rules.composition:
        needed = rule.at_least - held[rule.name]
        places = [left for assessor, left in free.items() if roles[assessor] in rule.roles]
        if sum(places) < needed:
            reasons.append(_taken(places, f"may sit and count as {rule.name}", needed))
    return reasons or [NO_COMBINATION]


def held_by_rule(roles: Sequence[str], composition: Sequence[CompositionRule]) -> dict[str, int]:
    """How many of the given members' roles each composition rule counts."""
    return {rule.name: sum(role in rule.roles for role in roles) for rule in composition}


def _tally(barred: Mapping[str, Bar | None], who: str) -> str:
    counts = Counter(barred.values())
    parts = [f"{counts[bar]} {bar.words}" for bar in Bar if counts[bar]]
    parts.append(f"{counts[None]} may sit")
    return f"{len(barred)} {who}: {', '.join(parts)}"


def _taken(places: Sequence[bool], who: str, needed: int) -> str:
    full = len(places) - sum(places)
    return f"{len(places)} {who}: {full} filled by other panels, {sum(places)} left; {needed} needed"

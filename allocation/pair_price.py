"""What it costs to pin, to forbid or to swap: the panels are solved without and with the pairs, and compared."""

from dataclasses import dataclass, replace
from time import perf_counter

from allocation.problem import AllocationProblem
from allocation.proposal import Aim, Certificate, Proposal
from allocation.propose import propose

Pair = tuple[str, str]


@dataclass(frozen=True)
class PairPrice:
    """The best panels without a change of pairs and with it; everything in points.

    Attributes:
        before: What is proved of the panels without the change.
        after: The same with the change.
        opened: Nominations that are left without a panel with the change, and are not without it.
        closed: Nominations that get a panel with the change, and get none without it.
        stays: Nominations of the change that have no panel either way.
        vain: Those of them to which somebody would be pinned.
        changed: How many panels the next run would seat otherwise; of runs as good, it moves the fewest.
        exact: Whether no search was stopped: neither side can be better than it is stated.
    """

    before: Certificate
    after: Certificate
    opened: tuple[str, ...]
    closed: tuple[str, ...]
    stays: tuple[str, ...]
    vain: tuple[str, ...]
    changed: int
    exact: bool

    @property
    def words(self) -> tuple[str, ...]:
        """The price, in sentences for a board secretary."""
        found = [f"With it, {one} would be left without a panel." for one in self.opened]
        found += [f"With it, {one} would get a panel, which it lacks now." for one in self.closed]
        for one in self.stays:
            nobody = ": the pin would seat nobody" if one in self.vain else ""
            found.append(f"{one} stays without a panel, with it as without it{nobody}.")
        if not self.opened and not self.closed:
            found += [_floor(self.before.floor, self.after.floor), _total(self.before.total, self.after.total)]
        found.append(_panels(self.changed))
        if self.exact:
            found.append("Both ways were solved to the end, so this is exact.")
        else:
            found.append("The search was stopped when its time was over, so the price may be a little more or less.")
        return tuple(found)


def with_pairs(
    problem: AllocationProblem,
    *,
    pinned: frozenset[Pair] = frozenset(),
    forbidden: frozenset[Pair] = frozenset(),
    lifted: frozenset[Pair] = frozenset(),
) -> AllocationProblem:
    """The problem with pairs of nomination and assessor pinned, forbidden or neither, whatever they were before."""
    rules = problem.rules
    return replace(
        problem,
        rules=replace(
            rules,
            pinned=(rules.pinned - forbidden - lifted) | pinned,
            forbidden=(rules.forbidden - pinned - lifted) | forbidden,
        ),
    )


def pair_price(
    before: AllocationProblem, after: AllocationProblem, *, aim: Aim = "floor", seconds: float = 10.0
) -> PairPrice:
    """What a change of pairs costs; of equals, panels after it are those that differ least from those before.

    Args:
        before: The problem as it stands.
        after: The same with the change, as `with_pairs` makes it.
        aim: Whether the floor or the total comes first.
        seconds: Time allowed to both searches together.
    """
    began = perf_counter()
    one = propose(before, aim=aim, seconds=seconds / 2)
    seats = frozenset((seat.nomination, seat.assessor) for seat in one.seats)
    other = propose(replace(after, preferred=seats), aim=aim, seconds=max(seconds - (perf_counter() - began), 1.0))
    members, then = _members(one), _members(other)
    stays = set(one.unstaffed) & set(other.unstaffed)
    rules, now = after.rules, before.rules
    pins = {nomination for nomination, _ in rules.pinned - now.pinned}
    meant = {nomination for nomination, _ in (rules.pinned ^ now.pinned) | (rules.forbidden ^ now.forbidden)}
    return PairPrice(
        one.certificate,
        other.certificate,
        tuple(sorted(set(other.unstaffed) - set(one.unstaffed))),
        tuple(sorted(set(one.unstaffed) - set(other.unstaffed))),
        tuple(sorted(stays & meant)),
        tuple(sorted(stays & pins)),
        sum(members.get(panel) != then.get(panel) for panel in members.keys() | then.keys()),
        all(_settled(found.certificate, aim) for found in (one, other)),
    )


def _members(proposal: Proposal) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for seat in proposal.seats:
        found.setdefault(seat.nomination, set()).add(seat.assessor)
    return {panel: frozenset(names) for panel, names in found.items()}


def _settled(claim: Certificate, aim: Aim) -> bool:
    if aim == "floor":
        return claim.proved
    return (claim.staffed, claim.total) == (claim.staffed_bound, claim.total_bound)


def _floor(before: int, after: int) -> str:
    if before == after:
        return f"The worst-off panel would fit with {after:,} points, as it does without."
    return f"The worst-off panel would fit with {after:,} points instead of {before:,}."


def _total(before: int, after: int) -> str:
    if before == after:
        return f"All panels together would be worth {after:,} points, as they are without."
    points = f"{abs(after - before):,} {'point' if abs(after - before) == 1 else 'points'}"
    return (
        f"All panels together would {'lose' if after < before else 'gain'} {points}: {after:,} instead of {before:,}."
    )


def _panels(changed: int) -> str:
    if changed == 0:
        return "The next run would propose the same panels."
    panels = "1 panel" if changed == 1 else f"{changed:,} panels"
    return f"The next run would give {panels} other members: it moves nobody whom it can leave at no loss."

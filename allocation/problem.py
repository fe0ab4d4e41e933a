"""What an allocation is asked and what it answers.

Everything is a frozen value made of plain types, so that a problem can be kept, compared and replayed. Costs
are whole points: a lower cost is a better seat.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

ROLES: Final = frozenset({"chief_executive", "accountable_officer", "non_executive_director", "chair"})
"""The roles an assessor can have."""

SWITCHES: Final = frozenset(
    {
        "organisation", "endorser", "declared", "availability", "training", "composition", "capacity", "least",
        "week", "pairs", "pinned", "forbidden",
    }
)  # fmt: skip
"""The names of the hard rules that a policy can switch off."""


def line_managers(sector: str) -> frozenset[str]:
    """The roles out of `ROLES` to which executive directors report in a kind of organisation; none if unknown.

    That is the next step of every nominee. Trusts are led by a chief executive, clinical commissioning groups by an
    accountable officer (National Health Service Act 2006, schedules 7 and 1A).
    """
    if not sector:
        return frozenset()
    return frozenset({"accountable_officer" if sector == "ccg" else "chief_executive"})


Status = Literal["optimal", "feasible", "partial"]
"""How far an answer goes: every panel staffed at proved least cost, every panel staffed, or some unstaffed."""


class MalformedProblemError(ValueError):
    """The question itself contradicts itself; nothing was allocated."""


def _require(holds: bool, sentence: str) -> None:
    if not holds:
        raise MalformedProblemError(sentence)


@dataclass(frozen=True)
class AssessorSupply:
    """An assessor of the cohort, as far as allocation needs to know one.

    Attributes:
        id: The assessor's identifier.
        role: One of `ROLES`.
        organisation: ODS code of the present organisation.
        system: STP code of the present organisation, empty when unknown.
        earlier_organisations: ODS codes of organisations left, each with the last day there.
        interests: Sector interests, in the words of the register.
        capacity: Most assessments in this cohort.
        load: Assessments already held in this cohort, those on kept panels included.
        available: Inclusive ranges of days; they may touch or overlap.
        training_expires: Last day on which the training holds; None when it does not expire.
        least: Fewest assessments in this cohort.
        properties: Words that composition rules and mixed panels may count, used only where the assessor agreed.
        sectors: Kinds of organisation of which they have experience: where they work and, as far as known, worked.
        office: Code of the local office of the present organisation, empty when unknown.
        region: Region of the present organisation, empty when unknown.
    """

    id: str
    role: str
    organisation: str
    system: str
    earlier_organisations: tuple[tuple[str, date], ...]
    interests: frozenset[str]
    capacity: int
    load: int
    available: tuple[tuple[date, date], ...]
    training_expires: date | None
    least: int = 0
    properties: frozenset[str] = frozenset()
    sectors: frozenset[str] = frozenset()
    office: str = ""
    region: str = ""

    def __post_init__(self) -> None:
        _require(self.role in ROLES, f"Assessor {self.id} has the role {self.role!r}; use one of {sorted(ROLES)}.")
        _require(bool(self.organisation), f"Assessor {self.id} has no organisation; give its ODS code.")
        _require(
            self.capacity >= 0 and self.load >= 0,
            f"Assessor {self.id} has capacity {self.capacity} and load {self.load}; neither may be negative.",
        )
        for first, last in self.available:
            _require(first <= last, f"Assessor {self.id} is available from {first} to {last}; swap the dates.")


@dataclass(frozen=True)
class NominationDemand:
    """A nomination that needs a panel, or the rest of one.

    Attributes:
        id: The nomination's identifier.
        organisation: ODS code of the nominee's present organisation.
        system: STP code of that organisation, empty when unknown.
        earlier_organisations: ODS codes of organisations left, each with the last day there.
        endorser_organisation: ODS code of the endorser's organisation; None without an endorser.
        interests: Sector interests of the nomination.
        seats: Seats of the whole panel, seated assessors included; None for the usual size of the rules.
        seated: Assessors already on the panel, who stay.
        barred: Assessors who must not be asked (again): declined, replaced, said there is a conflict.
        conflicts: Declared relationships, each an assessor and the word for the tie.
        begun: Whether assessing has begun: nobody seated is then ever moved.
        sector: Kind of the nominee's present organisation, empty when unknown.
        office: Code of the local office of that organisation, empty when unknown.
        region: Region of that organisation, empty when unknown.
        line_managers: Roles out of `ROLES` to which the post sought reports; empty when unknown.
    """

    id: str
    organisation: str
    system: str
    earlier_organisations: tuple[tuple[str, date], ...]
    endorser_organisation: str | None
    interests: frozenset[str]
    seats: int | None = None
    seated: tuple[str, ...] = ()
    barred: frozenset[str] = frozenset()
    conflicts: tuple[tuple[str, str], ...] = ()
    begun: bool = False
    sector: str = ""
    office: str = ""
    region: str = ""
    line_managers: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        _require(bool(self.organisation), f"Nomination {self.id} has no organisation; give its ODS code.")
        _require(
            self.seats is None or self.seats >= 1,
            f"Nomination {self.id} asks for {self.seats} seats; a panel has at least one.",
        )
        _require(
            len(set(self.seated)) == len(self.seated),
            f"Nomination {self.id} has the same assessor seated twice; list each once.",
        )


@dataclass(frozen=True)
class CompositionRule:
    """How many members of a panel have one of some roles.

    Attributes:
        name: What a board secretary calls the rule, for example "executive".
        roles: The roles that count, out of `ROLES`.
        at_least: Fewest members.
        at_most: Most members; None for no limit.
        properties: Whoever has one of these counts as well, whatever the role.
    """

    name: str
    roles: frozenset[str]
    at_least: int
    at_most: int | None = None
    properties: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        _require(
            bool(self.roles or self.properties) and self.roles <= ROLES,
            f"Composition rule {self.name!r} names the roles {sorted(self.roles)}; use some of {sorted(ROLES)}.",
        )
        _require(
            self.at_least >= 0 and (self.at_most is None or self.at_most >= self.at_least),
            f"Composition rule {self.name!r} asks for at least {self.at_least} and at most {self.at_most}.",
        )

    def counts(self, assessor: AssessorSupply) -> bool:
        """Whether the assessor counts for this rule."""
        return assessor.role in self.roles or not self.properties.isdisjoint(assessor.properties)


@dataclass(frozen=True)
class Weights:
    """What each wish is worth, in whole points.

    How near an assessor is to the nominee goes by the closest that they share: a system, else a local office, else a
    region; whoever shares none of these, as far as known, is far. To be near may be unwanted, where independence
    counts, or wanted: these costs alone may be negative.

    Attributes:
        interest: Cost of a seat that shares none of the nomination's interests; a part share costs in proportion.
        same_system: Cost of a seat within the nominee's own system.
        load: An assessor with load l of capacity c costs load * l * l / c, so even use is cheapest.
        mixed: Worth of a panel in which the properties of `mixed_properties` are neither absent nor held by all.
        repeat: Cost of two assessors meeting again on another panel, for each time.
        sector: Cost of a seat whose holder has no experience of the nominee's sector.
        role: Cost of a seat whose holder's role is none of those to which the post sought reports.
        same_office: Cost of a seat within another system of the nominee's local office.
        same_region: Cost of a seat within another local office of the nominee's region.
    """

    interest: int
    same_system: int
    load: int
    mixed: int = 0
    repeat: int = 0
    sector: int = 0
    role: int = 0
    same_office: int = 0
    same_region: int = 0

    def __post_init__(self) -> None:
        _require(
            min(self.interest, self.load, self.mixed, self.repeat, self.sector, self.role) >= 0,
            "Weights may not be negative, those of distance aside; use 0 to switch a wish off.",
        )

    @property
    def base(self) -> int:
        """The points of a far seat that lacks nothing; enough that no seat has less than 0."""
        return self.interest + self.sector + self.role + max(0, *self._near)

    @property
    def best(self) -> int:
        """The most points that a seat can have."""
        return self.base - min(0, *self._near)

    @property
    def _near(self) -> tuple[int, int, int]:
        return self.same_system, self.same_office, self.same_region


@dataclass(frozen=True)
class PanelRules:
    """The rules every panel of the cohort keeps; each number comes from the cohort's policy.

    Attributes:
        size: Usual number of seats.
        composition: Rules on roles; they may overlap.
        conflict_years: Years for which an organisation left still bars, counted back from the window's first day.
        window: First and last day, inclusive, on which the assessments take place.
        min_days_available: Fewest days within the window on which an assessor is available.
        weights: What the wishes are worth.
        seed: Published number that settles ties.
        together: Whether the members of a panel must all be available in one week of the window, and meet in it.
        week_most: Most assessments of an assessor in any week; None for no limit.
        pair_most: Most panels on which the same two assessors meet; None for no limit.
        pinned: Pairs of nomination and assessor that operations have fixed.
        forbidden: Pairs of nomination and assessor that operations have ruled out.
        mixed_properties: The properties of which a mixed panel holds some but not only.
        off: Rules switched off, by the names of `SWITCHES`.
    """

    size: int
    composition: tuple[CompositionRule, ...]
    conflict_years: int
    window: tuple[date, date]
    min_days_available: int
    weights: Weights
    seed: int
    together: bool = False
    week_most: int | None = None
    pair_most: int | None = None
    pinned: frozenset[tuple[str, str]] = frozenset()
    forbidden: frozenset[tuple[str, str]] = frozenset()
    mixed_properties: frozenset[str] = frozenset()
    off: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        first, last = self.window
        _require(self.size >= 1, f"The panel size is {self.size}; a panel has at least one seat.")
        _require(self.conflict_years >= 0, f"The conflict period is {self.conflict_years} years; use 0 or more.")
        _require(first <= last, f"The assessment window runs from {first} to {last}; swap the dates.")
        names = [rule.name for rule in self.composition]
        _require(len(set(names)) == len(names), f"Two composition rules share a name: {names}; rename one.")
        days = (last - first).days + 1
        _require(
            0 <= self.min_days_available <= days,
            f"{self.min_days_available} days of availability are asked for, but the window has {days}.",
        )
        for limit, words in ((self.week_most, "in a week"), (self.pair_most, "together for two assessors")):
            _require(limit is None or limit >= 1, f"At most {limit} assessments {words}; use 1 or more, or no limit.")
        _require(self.off <= SWITCHES, f"No rules are called {sorted(self.off - SWITCHES)}; see {sorted(SWITCHES)}.")
        both = sorted(self.pinned & self.forbidden)
        _require(not both, f"Pairs both pinned and forbidden: {both}; keep one of the two.")

    def on(self, rule: str) -> bool:
        """Whether a rule is switched on."""
        return rule not in self.off


@dataclass(frozen=True)
class AllocationProblem:
    """Who needs assessors, who can assess, and the rules; the order of either tuple changes nothing.

    Every seated assessor must be among the assessors, also one who takes no new work (capacity equal to load).

    Attributes:
        nominations: Those that need a panel; those whose panels are whole, and only count, may be among them.
        assessors: The register.
        rules: The rules.
        expected: Nominations, by identifier, that will need their panels later: they are planned for beside the
            others, so that nobody takes now whom they will need more, and are given nobody yet.
        preferred: Pairs of nomination and assessor that win ties: of allocations that are equally good, one that
            keeps the most of them is proposed.
        withheld: Whether the assessors' properties were taken out after it was solved: which panels were mixed can
            then no longer be reckoned.
    """

    nominations: tuple[NominationDemand, ...]
    assessors: tuple[AssessorSupply, ...]
    rules: PanelRules
    expected: frozenset[str] = frozenset()
    preferred: frozenset[tuple[str, str]] = frozenset()
    withheld: bool = False

    def __post_init__(self) -> None:
        known = {assessor.id for assessor in self.assessors}
        _require(len(known) == len(self.assessors), "Two assessors have the same identifier; list each once.")
        ids = {nomination.id for nomination in self.nominations}
        _require(len(ids) == len(self.nominations), "Two nominations have the same identifier; list each once.")
        for nomination in self.nominations:
            strangers = sorted(set(nomination.seated) - known)
            _require(
                not strangers,
                f"Nomination {nomination.id} has {strangers} seated, not among the assessors; add them.",
            )


@dataclass(frozen=True)
class Seat:
    """One new seat: an assessor proposed for a nomination.

    Attributes:
        nomination: The nomination's identifier.
        assessor: The assessor's identifier.
        cost: Points: the pair's own cost and the cost of the load it adds.
        reasons: Why this assessor, in words.
    """

    nomination: str
    assessor: str
    cost: int
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Unstaffed:
    """A nomination that gets no new seat, and why, in words a board secretary understands.

    Attributes:
        nomination: The nomination's identifier.
        seats_missing: Seats still to fill; 0 when the kept members themselves break a rule.
        reasons: Which rules stand in the way, with counts.
    """

    nomination: str
    seats_missing: int
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class AllocationResult:
    """A proposal: every nomination is either fully staffed or listed as unstaffed.

    Attributes:
        seats: New seats only, by nomination and assessor; kept members are not repeated.
        unstaffed: Nominations left out, by identifier.
        status: See `Status`.
        proved: Whether no answer staffs more panels, and none that staffs as many costs less.
        total_cost: Points; the sum over the seats.
        bound: Points; no answer with as many staffed panels costs less than this.
        gap: (total_cost - bound) / total_cost, 0 when they meet.
        loads: Every assessor's load with the new seats, by identifier.
        seed: The seed that settled ties.
    """

    seats: tuple[Seat, ...]
    unstaffed: tuple[Unstaffed, ...]
    status: Status
    proved: bool
    total_cost: int
    bound: int
    gap: float
    loads: tuple[tuple[str, int], ...]
    seed: int

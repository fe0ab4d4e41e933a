"""When not every panel can be staffed: which rules clash, and what would mend it, each mend proved by solving."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import chain, combinations, product
from statistics import median_high
from time import perf_counter
from typing import Protocol

from allocation.model import compiled, missing_seats, weeks_of
from allocation.problem import SWITCHES, AllocationProblem, AssessorSupply, CompositionRule, NominationDemand
from allocation.propose import propose, without_contradicted
from allocation.seating import Seating

_NEW = 5  # What a new assessor adds to the price of a mend.
_MOST_MORE = 3  # Assessments more for one person: beyond, others have to be asked.

Span = tuple[date, date]
_Change = tuple[str, int, AllocationProblem]

WORDS = {
    "organisation": "no assessor of the nominee's present or recent organisations",
    "endorser": "no assessor of the endorser's organisation",
    "declared": "no declared relationship",
    "availability": "assessors are available in the window",
    "training": "training holds to the window's last day",
    "composition": "every panel has the roles it needs",
    "capacity": "nobody has more assessments than agreed",
    "least": "everybody has the fewest assessments agreed",
    "week": "nobody has too many assessments in one week",
    "pairs": "the same two do not meet on too many panels",
    "pinned": "the pairs fixed by operations",
    "forbidden": "the pairs ruled out by operations",
}


@dataclass(frozen=True)
class Mend:
    """A change after which every panel can be staffed, proved by solving; `price` ranks, lowest first."""

    words: str
    price: int
    problem: AllocationProblem


@dataclass(frozen=True)
class Clash:
    """Why not every panel can be staffed.

    Attributes:
        unstaffed: Nominations left out when as many as possible are staffed.
        rules: Rules that cannot all hold: without any one of them, the others can.
        words: The rules in words, in the same order.
        mends: What would help, cheapest first.
    """

    unstaffed: tuple[str, ...]
    rules: tuple[str, ...]
    words: tuple[str, ...]
    mends: tuple[Mend, ...]


def staffable(problem: AllocationProblem, seconds: float = 10.0) -> bool:
    """Whether every panel can be staffed at once."""
    same, contradicted = without_contradicted(problem)
    if contradicted:
        return False
    model = compiled(same)
    return not len(model.nominations) or Seating(model).solved(seconds, gap=1.0).arcs is not None


def clash(
    problem: AllocationProblem,
    *,
    most_mends: int = 5,
    unstaffed: tuple[str, ...] | None = None,
    seconds: float = 120.0,
) -> Clash | None:
    """What stands in the way of staffing every panel; None when nothing does.

    Args:
        problem: Nominations, assessors and rules.
        most_mends: How many mends are shown.
        unstaffed: Nominations that a proposal left out, if one was made.
        seconds: Time allowed to the search for mends, after the rules that clash are found; those found by then are
            shown.
    """
    left = propose(problem).unstaffed if unstaffed is None else unstaffed
    if not left:
        return None
    found = _smallest(problem, sorted(SWITCHES - problem.rules.off), perf_counter() + seconds / 4)
    deadline, mends = perf_counter() + seconds, list[Mend]()
    for mend in _mends(problem, left, deadline):
        mends.append(mend)
        if perf_counter() > deadline:
            break
    if not mends and most_mends:
        mends += _two_kinds(problem, left, deadline)
    mends.sort(key=lambda mend: (mend.price, mend.words))
    return Clash(left, tuple(found), _in_words(problem, found), tuple(mends[:most_mends]))


def _smallest(problem: AllocationProblem, names: list[str], deadline: float) -> list[str]:
    """The fewest rules that clash; where time is over before that is proved, some that do, and none to spare.

    Every set of rules that can hold together, made as large as it gets, leaves rules out of which each clash must
    have one. The fewest rules that meet all of these either clash, and are the answer, or lead to another such set
    (Ignatiev, Previti, Liffiton and Marques-Silva, 2015).
    """
    must_meet = list[set[str]]()
    while perf_counter() < deadline:
        few = next(
            list(some)
            for many in range(len(names) + 1)
            for some in combinations(names, many)
            if all(one & set(some) for one in must_meet)
        )
        if not _hold(problem, few):
            return few
        for name in names:
            if name not in few and _hold(problem, [*few, name]):
                few.append(name)
        must_meet.append(set(names) - set(few))
    return _irreducible(problem, names)


def _irreducible(problem: AllocationProblem, names: list[str]) -> list[str]:
    """Leaves out one rule after another as long as the rest still clash (a deletion filter, Chinneck 1991)."""
    kept = list(names)
    for name in names:
        fewer = [one for one in kept if one != name]
        if not _hold(problem, fewer):
            kept = fewer
    return kept


def _hold(problem: AllocationProblem, names: Collection[str]) -> bool:
    """Whether every panel can be staffed by these rules alone."""
    return staffable(replace(problem, rules=replace(problem.rules, off=SWITCHES - frozenset(names))))


def _in_words(problem: AllocationProblem, found: list[str]) -> tuple[str, ...]:
    """The rules in words, with the roles that lack: those without which the others can hold."""
    if "composition" not in found:
        return tuple(WORDS[name] for name in found)
    rules, lacking = replace(problem.rules, off=SWITCHES - frozenset(found)), list(problem.rules.composition)
    for one in problem.rules.composition:
        fewer = tuple(rule for rule in lacking if rule is not one)
        if not staffable(replace(problem, rules=replace(rules, composition=fewer))):
            lacking = list(fewer)
    roles = " and ".join(_asked_of(rule) for rule in lacking)
    return tuple(f"{WORDS[name]}: {roles}" if name == "composition" else WORDS[name] for name in found)


def _asked_of(rule: CompositionRule) -> str:
    most = "" if rule.at_most is None else f"at most {rule.at_most}"
    least = f"at least {rule.at_least}" if rule.at_least or not most else ""
    return f"{' and '.join(filter(None, (least, most)))} counting as {rule.name}"


def _mends(problem: AllocationProblem, unstaffed: tuple[str, ...], deadline: float) -> Iterator[Mend]:
    left = [one for one in problem.nominations if one.id in unstaffed]
    seats = sum(missing_seats(one, problem.rules) for one in left)
    for rule in problem.rules.composition:
        if rule.roles:
            yield from _fewest(seats, rule.name, partial(_with_more, problem, min(rule.roles)))
    yield from _more_capacity(problem, deadline)
    for words, price, mended in chain(
        _lifted(problem, left), _fewer_ties(problem, left), _eased(problem), _freed(problem)
    ):
        if perf_counter() > deadline:
            return
        if staffable(mended):
            yield Mend(words, price, mended)


def _two_kinds(problem: AllocationProblem, unstaffed: tuple[str, ...], deadline: float) -> Iterator[Mend]:
    """Where no change is enough by itself: one for everybody, or new assessors and a second change beside them."""
    wide = _for_everybody(problem)
    for words, price, changed in wide[:1] if staffable(wide[0][2]) else wide[2:]:
        if perf_counter() <= deadline and staffable(changed):
            yield Mend(words, price, changed)
    seats = sum(missing_seats(one, problem.rules) for one in problem.nominations if one.id in unstaffed)
    kinds = [(rule.name, min(rule.roles)) for rule in problem.rules.composition if rule.roles]
    for (name, role), (words, price, changed) in product(kinds, wide[:2]):
        if perf_counter() <= deadline:
            for mend in _fewest(seats, name, partial(_with_more, changed, role)):
                yield Mend(f"{mend.words}, and {words}", mend.price + price, mend.problem)
    for (name, role), (other, second) in combinations(kinds, 2):
        if role == second or perf_counter() > deadline:
            continue
        for first in _fewest(seats, name, partial(_with_more, _with_more(problem, second, seats), role)):
            few = _with_more(problem, role, first.price // _NEW)
            for mend in _fewest(seats, other, partial(_with_more, few, second)):
                yield Mend(f"{first.words}, and {mend.words}", first.price + mend.price, mend.problem)


def _for_everybody(problem: AllocationProblem) -> list[_Change]:
    """Everybody free, everybody with one assessment more, and both."""
    everyone, window = {one.id for one in problem.assessors}, (problem.rules.window,)
    people = tuple(replace(one, available=window, training_expires=None) for one in problem.assessors)
    freed, many = replace(problem, assessors=people), 3 * len(everyone)
    free, more = (
        "everybody available in the whole window, with training that holds",
        "one assessment more for everybody",
    )
    return [
        (free, many, freed),
        (more, many, _raised(problem, everyone)),
        (f"{free}, and {more}", 2 * many, _raised(freed, everyone)),
    ]


def _more_capacity(problem: AllocationProblem, deadline: float) -> Iterator[Mend]:
    """So many assessments more for as few people as suffice: nobody of those named can be spared."""
    needed = {one.id for one in problem.assessors}
    for more in range(1, _MOST_MORE + 1):
        if perf_counter() > deadline:
            return
        if staffable(_raised(problem, needed, more)):
            break
    else:
        return
    for name in sorted(needed):
        if perf_counter() > deadline:
            return
        if staffable(_raised(problem, needed - {name}, more)):
            needed = needed - {name}
    words = "one assessment more" if more == 1 else f"{more} assessments more"
    people = ", ".join(sorted(needed))
    yield Mend(
        f"{words} for {people}" if len(needed) == 1 else f"{words} each for {people}",
        2 * more * len(needed),
        _raised(problem, needed, more),
    )


def _lifted(problem: AllocationProblem, left: list[NominationDemand]) -> Iterator[_Change]:
    """Operations can take back at once what they set: a pin anywhere, and who is kept from the panels left."""
    rules, open_panels = problem.rules, {one.id for one in left}
    for pair in sorted(rules.pinned, key=lambda pair: (pair[0] not in open_panels, pair)):
        words = f"{pair[1]} no longer pinned to {pair[0]}"
        yield words, 1, replace(problem, rules=replace(rules, pinned=rules.pinned - {pair}))
    for pair in sorted(pair for pair in rules.forbidden if pair[0] in open_panels):
        words = f"{pair[1]} no longer kept from {pair[0]} by operations"
        yield words, 1, replace(problem, rules=replace(rules, forbidden=rules.forbidden - {pair}))


def _fewer_ties(problem: AllocationProblem, left: list[NominationDemand]) -> Iterator[_Change]:
    for one in left:
        for name, kind in one.conflicts:
            spared = replace(one, conflicts=tuple(pair for pair in one.conflicts if pair[0] != name))
            changed = tuple(spared if other.id == one.id else other for other in problem.nominations)
            words = f"the declared relationship ({kind}) of {name} with {one.id} withdrawn"
            yield words, 6, replace(problem, nominations=changed)


def _eased(problem: AllocationProblem) -> Iterator[_Change]:
    rules = problem.rules
    if rules.pair_most is not None:
        words = f"the same two on {rules.pair_most + 1} panels instead of {rules.pair_most}"
        yield words, 4, replace(problem, rules=replace(rules, pair_most=rules.pair_most + 1))
    if rules.week_most is not None:
        words = f"{rules.week_most + 1} assessments in a week instead of {rules.week_most}"
        yield words, 4, replace(problem, rules=replace(rules, week_most=rules.week_most + 1))


def _freed(problem: AllocationProblem) -> Iterator[_Change]:
    for person in problem.assessors:
        freed = replace(person, available=(problem.rules.window,), training_expires=None)
        if freed != person:
            people = tuple(freed if one.id == person.id else one for one in problem.assessors)
            words = f"{person.id} available in the whole window, with training that holds"
            yield words, 3, replace(problem, assessors=people)


def _fewest(most: int, kind: str, change: "_More") -> Iterator[Mend]:
    """The fewest more assessors of a kind that suffice, by halving; in one week, where panels meet and it does."""
    low, high = 0, max(most, 1)
    if not staffable(change(high)):
        return
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if staffable(change(middle)) else (middle, high)
    rules, when, mended = change(0).rules, "in the whole window", change(high)
    for week in weeks_of(rules) if rules.together else ():
        if staffable(change(high, week)):
            when, mended = f"from {_day(week[0])} to {_day(week[1])}", change(high, week)
            break
    who = "assessor who counts" if high == 1 else "assessors who count"
    yield Mend(f"{high} more {who} as {kind}, free {when}", _NEW * high, mended)


def _day(day: date) -> str:
    return f"{day.day} {day:%B}"


class _More(Protocol):
    """The problem with so many more assessors, free in the whole window or in one span of days."""

    def __call__(self, many: int, free: Span | None = None, /) -> AllocationProblem:
        """The changed problem."""
        ...


def _with_more(problem: AllocationProblem, role: str, many: int, free: Span | None = None) -> AllocationProblem:
    usual = median_high([one.capacity for one in problem.assessors if one.capacity] or [1])
    more = tuple(
        AssessorSupply(
            id=f"(new {role} {n + 1})",
            role=role,
            organisation=f"(elsewhere {n + 1})",
            system="",
            earlier_organisations=(),
            interests=frozenset(),
            capacity=usual,
            load=0,
            available=(free or problem.rules.window,),
            training_expires=None,
        )
        for n in range(many)
    )
    return replace(problem, assessors=problem.assessors + more)


def _raised(problem: AllocationProblem, names: set[str], more: int = 1) -> AllocationProblem:
    people = tuple(
        replace(one, capacity=one.capacity + more) if one.id in names else one for one in problem.assessors
    )
    return replace(problem, assessors=people)

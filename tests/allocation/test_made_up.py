"""Made-up cohorts: distributed as the pilot's register, and a live cohort after a change."""

import csv
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

from allocation_cases import cohort, panel_rules
from hypothesis import given, settings
from hypothesis import strategies as st

from allocation.made_up import (
    CAPACITY_COUNTS,
    FREE_COUNTS,
    INTERESTS,
    LEFT_COUNTS,
    NAMED,
    NOMINATING,
    OFFICES,
    ORGANISATIONS,
    OWN_ENDORSER,
    ROLE_COUNTS,
    SECTOR_COUNTS,
    SYSTEMS,
    TIED,
    changed,
    made_up,
)

PILOT = Path(__file__).resolve().parents[2] / "data" / "pilot"
USUAL = 6


def rows(name):
    with (PILOT / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def words(cell):
    return [word for word in cell.split(";") if word]


def free(cell):
    if ";" in cell:
        return "but for a gap"
    first, _ = cell.split(" to ")
    return "always" if date.fromisoformat(first) <= date(2018, 10, 1) else "from the third week"


def test_shares_are_those_of_the_pilots_files():
    assessors, nominations, organisations = rows("assessors"), rows("nominations"), rows("organisations")

    assert Counter(one["role"] for one in assessors) == ROLE_COUNTS
    assert Counter(int(one["capacity"]) - USUAL for one in assessors) == CAPACITY_COUNTS
    assert Counter(free(one["availability"]) for one in assessors) == FREE_COUNTS
    left = {
        name: Counter(len(words(one["previous_organisations"])) for one in found)
        for name, found in (("assessors", assessors), ("nominations", nominations))
    }
    assert {name: tuple(count[n] for n in range(3)) for name, count in left.items()} == LEFT_COUNTS
    own = sum(one["endorser_organisation"] == one["organisation"] for one in nominations)
    assert (own, len(nominations)) == OWN_ENDORSER
    assert (len(organisations), len({one["system_code"] for one in organisations})) == (ORGANISATIONS, SYSTEMS)
    nominate = {one["organisation"] for one in nominations}
    assert len(nominate) == NOMINATING
    kinds = Counter((one["type"], one["code"] not in nominate) for one in organisations)
    assert {kind: (kinds[kind, False], kinds[kind, True]) for kind, _ in kinds} == SECTOR_COUNTS
    assert len({one["local_office_code"] for one in organisations}) == OFFICES
    named = [words(one["interests"]) for one in (*assessors, *nominations)]
    assert (len({word for one in named for word in one}), {len(one) for one in named}) == (INTERESTS, set(NAMED))
    assert (sum(bool(one["declared_conflicts"]) for one in assessors), len(assessors)) == TIED


def test_made_up_cohort_is_the_same_for_a_seed_and_holds_the_smaller_one():
    rules = panel_rules()
    small = made_up(rules, nominations=10, assessors=12, capacity=6, seed="s")
    large = made_up(rules, nominations=20, assessors=12, capacity=6, seed="s")

    assert made_up(rules, nominations=10, assessors=12, capacity=6, seed="s") == small
    assert made_up(rules, nominations=10, assessors=12, capacity=6, seed="t") != small
    assert large.assessors == small.assessors
    assert [replace(one, conflicts=()) for one in large.nominations[:10]] == [
        replace(one, conflicts=()) for one in small.nominations
    ]


def test_made_up_people_are_distributed_as_the_register():
    one = made_up(panel_rules(), nominations=10, assessors=4000, capacity=6, seed="s")

    shares = {role: count / 4000 for role, count in Counter(who.role for who in one.assessors).items()}
    assert all(abs(shares[role] - count / 81) < 0.03 for role, count in ROLE_COUNTS.items())
    assert abs(sum(who.capacity for who in one.assessors) / 4000 - 6) < 0.1


def test_made_up_people_have_sectors_and_places_as_their_organisations():
    one = made_up(panel_rules(), nominations=200, assessors=200, capacity=6, seed="s")

    kinds = {person.organisation: person.sector for person in one.nominations}
    assert set(kinds.values()) == set(SECTOR_COUNTS)
    assert all(kinds.get(person.organisation, "") in {"", *person.sectors} for person in one.assessors)
    assert {len(person.sectors) for person in one.assessors} == {1, 2, 3}
    assert {
        person.line_managers == {"accountable_officer"} for person in one.nominations if person.sector == "ccg"
    } == {True}
    assert len({person.office for person in one.assessors}) == OFFICES
    assert {person.region for person in (*one.assessors, *one.nominations)} == {"made-up"}


def test_who_comes_later_has_the_sector_and_place_of_their_organisation():
    one = made_up(panel_rules(), nominations=10, assessors=10, capacity=6, seed="s")
    known = {
        person.organisation: (person.sector, person.office, person.region, person.line_managers)
        for person in one.nominations
    }

    more = changed(one, nominate=12).nominations[10:]

    assert {known[person.organisation] for person in more} >= {
        (person.sector, person.office, person.region, person.line_managers) for person in more
    }
    assert all(person.sector for person in more)


def held(one, seats):
    """The problem with seats held."""
    return replace(
        one,
        nominations=tuple(
            replace(ask, seated=tuple(name for panel, name in seats if panel == ask.id)) for ask in one.nominations
        ),
        assessors=tuple(replace(who, load=sum(name == who.id for _, name in seats)) for who in one.assessors),
    )


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4), st.integers(0, 99))
def test_changed_cohort_has_so_many_fewer_and_more_and_loads_that_agree(withdraw, nominate, leave, seed):
    plain = cohort(6, 9, [3] * 9, seed=seed)
    names = [who.id for who in plain.assessors]
    seats = [
        (ask.id, names[(3 * at + seat) % 9]) for at, ask in enumerate(plain.nominations[:4]) for seat in range(3)
    ]
    one = held(plain, seats)
    free_seats = set(seats[::2])

    after = changed(one, withdraw=withdraw, nominate=nominate, leave=leave, free=free_seats, seed=str(seed))

    assert len(after.nominations) == 6 - withdraw + nominate
    kept = {ask.id for ask in after.nominations}
    held_now = Counter(name for ask in after.nominations for name in ask.seated)
    submitted = Counter(name for panel, name in seats if panel not in kept and (panel, name) not in free_seats)
    assert {who.id: who.load for who in after.assessors} == {name: held_now[name] + submitted[name] for name in names}
    gone = {who.id for who in after.assessors if not who.available and who.capacity == who.load}
    assert len(gone) >= leave
    assert all((ask.id, name) not in free_seats for ask in after.nominations for name in ask.seated if name in gone)

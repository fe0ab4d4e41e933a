"""What nominees and nominators set out to do, given what waits for them; nothing is done here."""

from datetime import UTC, datetime, timedelta
from typing import cast as as_type

import pytest

from acts import Acts
from models.enums import CohortPhase, Role, Stage
from models.ids import PersonId
from models.tables import Cohort, Nomination
from rules.policies import read_policy
from simulation.cast import Offices, read_cast
from simulation.demo import POLICY, SEED
from simulation.errands import World
from simulation.inbox import Inbox
from simulation.nominees import Nominees
from simulation.people import People, Temper

OPENS_AT = datetime(2018, 9, 1, 8, tzinfo=UTC)
WINDOW = timedelta(seconds=24)
GRACE = timedelta(seconds=4)


@pytest.fixture(scope="module")
def world() -> World:
    policy = read_policy(POLICY)
    cast = read_cast(policy)
    people = People(
        SEED,
        cast.nominations,
        cast.likely,
        [row.reference for row in cast.assessors],
        unendorsed=cast.unendorsed,
        named=cast.named,
    )
    nominators = {row.organisation: PersonId(f"p-{row.organisation}") for row in cast.officers}
    # Errands are listed and none is run, so nobody acts.
    return World(as_type("Acts", _NoActs()), people, cast, _offices(nominators), policy)


class _NoActs:
    """No act can be done."""


def _offices(nominators: dict[str, PersonId]) -> Offices:
    return Offices(holders={Role.OPERATIONS: (PersonId("p-ops"),)}, nominators=nominators, assessors={})


def inbox(after: timedelta, phase: CohortPhase, *rows: Nomination, there: tuple[str, ...] = ()) -> Inbox:
    cohort = Cohort(
        id="pilot",
        name="Pilot",
        phase=phase,
        opens_at=OPENS_AT,
        closes_at=OPENS_AT + WINDOW,
        policy_version=1,
    )
    references = {**{f"pilot-{one}": one for one in there}, **{row.id: row.reference for row in rows}}
    return Inbox(OPENS_AT + after, cohort, rows, (), references, {}, {}, {}, {}, {})


def keys(world: World, waiting: Inbox) -> list[str]:
    return [errand.key for errand in Nominees(world).errands(waiting)]


def of(world: World, temper: Temper) -> str:
    [one] = [one for one, plan in world.people.nominees.items() if plan.temper is temper]
    return one


def standing(world: World, temper: Temper, stage: Stage, since: timedelta) -> Nomination:
    reference = of(world, temper)
    row = world.cast.nominations[reference]
    return Nomination(
        id="pilot-0001",
        cohort_id="pilot",
        reference=reference,
        person_id="p-1",
        organisation_code=row.organisation,
        nominated_by="p-2",
        route=row.route,
        readiness=row.readiness,
        stage=stage,
        stage_since=OPENS_AT + since,
        created_at=OPENS_AT,
    )


def test_everybody_but_the_late_one_is_nominated_while_the_window_is_open(world: World):
    asked = keys(world, inbox(0.5 * WINDOW, CohortPhase.OPEN))

    late = of(world, Temper.IS_NOMINATED_LATE)
    assert sorted(asked) == sorted(f"nominate {one}" for one in world.people.nominees if one != late)


@pytest.mark.parametrize(
    ("after", "phase", "comes"),
    [
        (WINDOW + 0.5 * GRACE, CohortPhase.CLOSED, False),
        (WINDOW + GRACE, CohortPhase.CLOSED, False),
        (WINDOW + GRACE + WINDOW / 30, CohortPhase.CLOSED, True),
        (WINDOW + GRACE + WINDOW, CohortPhase.SCORING, True),
        (WINDOW + GRACE + 2 * WINDOW, CohortPhase.RELEASED, False),
    ],
)
def test_late_one_is_nominated_after_the_grace_until_the_release(
    world: World, after: timedelta, phase: CohortPhase, comes: bool
):
    late = of(world, Temper.IS_NOMINATED_LATE)
    others = tuple(one for one in world.people.nominees if one != late)

    asked = keys(world, inbox(after, phase, there=others))

    assert asked == ([f"nominate {late} late"] if comes else [])


def test_withdrawal_during_quality_assurance_comes_before_any_moderator(world: World):
    row = standing(world, Temper.WITHDRAWS_QUALITY_ASSURANCE, Stage.QUALITY_ASSURANCE, 2 * WINDOW)
    waiting = inbox(2 * WINDOW, CohortPhase.RELEASED, row)

    [errand] = Nominees(world).errands(waiting)

    assert errand.key == "withdraw pilot-0001 quality_assurance"
    assert errand.due == waiting.at


def test_withdrawal_during_screening_waits_a_moment(world: World):
    row = standing(world, Temper.WITHDRAWS_SCREENING, Stage.SCREENING, 0.8 * WINDOW)

    at_once, later = (
        keys(world, inbox(0.8 * WINDOW + wait, CohortPhase.SCHEDULED, row)) for wait in (timedelta(), WINDOW / 30)
    )

    assert at_once == []
    assert later == ["withdraw pilot-0001 screening"]

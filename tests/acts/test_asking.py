"""Questions about panels: what the policy says of them is what the engine is asked."""

import pytest

from acts.asking import Change, Play, mending_of, outlook_of
from models.tables import Assessor
from tests.activities.cohort import PILOT, CohortInRows, Sessions


@pytest.mark.parametrize(("keep_seat", "given_up"), [(None, 0), (0.0, 1), (50.0, 0)])
async def test_repair_gives_up_a_seat_where_that_pays_more_than_keeping_it_is_worth(
    sessions: Sessions, keep_seat: float | None, given_up: int
) -> None:
    allocation = PILOT.allocation.model_copy(update={"keep_seat": keep_seat})
    rows = CohortInRows(sessions, policy=PILOT.model_copy(update={"allocation": allocation}))
    await rows.begin(assessors=4)
    await rows.seat(1, 1)
    await rows.seat(1, 2)
    async with sessions.begin() as session:
        fourth = await session.get_one(Assessor, ("A-004", rows.id))
        fourth.interests = ["finance"]
        session.add(fourth)

    mending = await mending_of(sessions, cohort=rows.id)

    (panel,) = mending.panels
    assert "A-003" in panel.came
    assert len(mending.given_up) == given_up
    assert ("A-004" in panel.came) == bool(given_up)


async def test_cohort_is_played_through_with_the_habits_of_its_policy(sessions: Sessions) -> None:
    habits = PILOT.habits.model_copy(update={"accept": 1.0})
    rows = CohortInRows(sessions, policy=PILOT.model_copy(update={"habits": habits}))
    await rows.begin(nominations=2, assessors=9)

    by_policy = await outlook_of(sessions, cohort=rows.id, change=Change())
    by_hand = await outlook_of(sessions, cohort=rows.id, change=Change(), play=Play(accept=0.5))

    assert by_policy.forecast.declines == 0
    assert by_hand.forecast.declines > 0

"""Which cohorts pages offer to choose from, and by which names."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from models.enums import CohortPhase
from storage.cohort_pages import ENDED
from tests.portal.conftest import A_Visit
from tests.workflows.rig import CohortRig, Rig

MANY = 120
MAKE = """
    INSERT INTO cohort (id, name, region, policy_version, created_at, last_number, phase, opens_at, closes_at, steps)
    SELECT 'past-' || lpad(number::text, 4, '0'), 'Past round ' || number, region, 1, created_at, 0, :phase,
        timestamptz '2001-01-01' + number * interval '1 day', timestamptz '2001-02-01' + number * interval '1 day', 0
    FROM cohort, generate_series(1, :many) AS number WHERE cohort.id = :one
"""
PATHS = ("/operations?cohort={}", "/operations/nominations?cohort={}", "/operations/messages?cohort={}")


@asynccontextmanager
async def long_past(cohort: CohortRig) -> AsyncIterator[None]:
    """Many cohorts that ended long ago, as after years of rounds; gone again for the other tests."""
    rig = cohort.rig
    await rig.spoil(MAKE, phase=CohortPhase.ENDED.value, many=MANY, one=cohort.id)
    try:
        yield
    finally:
        await rig.spoil("DELETE FROM cohort WHERE id LIKE 'past-%'")


def offered(page: str) -> list[str]:
    return re.findall(r'<option value="(past-\d+)"', page)


async def test_only_the_newest_that_ended_are_offered_and_the_chosen_one(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    visit, oldest = await a_visit(rig.operations), "past-0001"
    newest = [f"past-{number:04d}" for number in range(MANY, MANY - ENDED, -1)]

    async with long_past(cohort):
        running = [await visit.get(path.format(cohort.id)) for path in PATHS]
        past = [await visit.get(path.format(oldest)) for path in PATHS]
        flags = await (await a_visit(rig.moderator)).get(f"/quality?cohort={oldest}")
        board = await (await a_visit(rig.chair)).get("/board")
        unknown = await visit.get("/operations?cohort=past-9999")

    assert [offered(page.text) for page in running] == [newest] * len(PATHS)
    assert [offered(page.text) for page in past] == [[*newest, oldest]] * len(PATHS)
    assert all(f'<option value="{oldest}" selected>Past round 1<' in page.text for page in past)
    assert offered(flags.text) == [*newest, oldest]
    assert sum("cohort=past-" in link for link in board.links) == ENDED
    assert unknown.status == 404


async def test_cohort_is_called_by_its_name_with_its_id_only_where_two_are_called_alike(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    other = await rig.cohort(allocating=False)
    visit = await a_visit(rig.operations)
    rename = "UPDATE cohort SET name = :name WHERE id = :one"

    await rig.spoil(rename, name="Autumn round", one=cohort.id)
    alone = await visit.get(f"/operations?cohort={cohort.id}")
    await rig.spoil(rename, name="Autumn round", one=other.id)
    alike = await visit.get(f"/operations?cohort={cohort.id}")

    assert f'<option value="{cohort.id}" selected>Autumn round</option>' in alone.text
    assert f'<option value="{cohort.id}" selected>Autumn round ({cohort.id})</option>' in alike.text
    assert f'<option value="{other.id}">Autumn round ({other.id})</option>' in alike.text

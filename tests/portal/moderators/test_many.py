"""A long queue: pages by key, a fixed number of queries, and a bounded page."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from models.enums import FlagRule, NominationRoute, Readiness, Stage
from models.tables import Flag, ModerationLock, Nomination, Person
from tests.portal.conftest import A_Visit
from tests.workflows.rig import HOME, CohortRig, Rig

REASON = "The scores on 'Promoting equality and inclusion, and reducing health inequalities' lie 4 points apart."


@contextmanager
def counted(rig: Rig) -> Iterator[list[str]]:
    """Every statement that the rig's engine runs meanwhile."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(rig.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(rig.engine.sync_engine, "before_cursor_execute", note)


async def plant_flagged(rig: Rig, cohort: CohortRig, count: int, *, flags: int = 6) -> list[str]:
    """Stored nominations in quality assurance with open flags, the first flagged longest ago; their numbers."""
    now = datetime.now(UTC)
    numbers = [f"{cohort.id}-{place:04d}" for place in range(1, count + 1)]
    async with rig.sessions.begin() as session:
        for place, number in enumerate(numbers):
            session.add(Person(id=f"p-{number}", full_name=f"Nominee {number}", email=f"{number}@example.nhs.test"))
            await session.flush()
            session.add(
                Nomination(
                    id=number,
                    cohort_id=cohort.id,
                    person_id=f"p-{number}",
                    organisation_code=HOME,
                    nominated_by=rig.nominator.person,
                    route=NominationRoute.ORGANISATION,
                    readiness=Readiness.READY_NOW,
                    created_at=now,
                    stage=Stage.QUALITY_ASSURANCE,
                    stage_since=now,
                )
            )
            await session.flush()
            # Two and two were flagged at the same moment, so that the number decides.
            raised = now - timedelta(days=count - place // 2)
            for flag in range(1, flags + 1):
                session.add(
                    Flag(
                        nomination_id=number,
                        number=flag,
                        rule=FlagRule.CRITERION_SPREAD,
                        subject=f"criterion{flag}",
                        reason=f"{REASON} ({flag})",
                        raised_at=raised,
                    )
                )
    return numbers


def shown_in(links: list[str], numbers: list[str]) -> list[str]:
    known = set(numbers)
    return [one for link in links if (one := link.removeprefix("/quality/")) in known]


async def test_queue_is_read_page_by_page_and_back(rig: Rig, a_visit: A_Visit) -> None:
    cohort = await rig.cohort(allocating=False)
    numbers = await plant_flagged(rig, cohort, 120, flags=1)
    visit = await a_visit(rig.moderator)
    pages = [await visit.get(f"/quality?cohort={cohort.id}")]
    for _ in range(2):
        (following,) = [link for link in pages[-1].links if "after=" in link]
        pages.append(await visit.get(following))
    (previous,) = [link for link in pages[2].links if "before=" in link]

    back = await visit.get(previous)

    read = [shown_in(page.links, numbers) for page in pages]
    assert [len(page) for page in read] == [50, 50, 20]
    assert list(itertools.chain(*read)) == numbers
    assert not any("after=" in link for link in pages[2].links)
    assert not any("before=" in link for link in pages[0].links)
    assert shown_in(back.links, numbers) == numbers[50:100]
    assert "120 waiting in all" in pages[0].words


async def test_queue_of_50_asks_no_more_than_a_queue_of_2_and_stays_small(rig: Rig, a_visit: A_Visit) -> None:
    few, many = await rig.cohort(allocating=False), await rig.cohort(allocating=False)
    for cohort, count in ((few, 2), (many, 60)):
        numbers = await plant_flagged(rig, cohort, count)
        async with rig.sessions.begin() as session:
            now = datetime.now(UTC)
            for number in numbers[:2]:
                session.add(
                    ModerationLock(
                        nomination_id=number,
                        person_id=rig.moderator.person,
                        taken_at=now,
                        ends_at=now + timedelta(minutes=30),
                    )
                )
    visit = await a_visit(rig.moderator)
    asked = []

    for cohort in (few, many):
        with counted(rig) as statements:
            page = await visit.get(f"/quality?cohort={cohort.id}")
        asked.append(len(statements))

    assert asked[0] == asked[1]
    assert len(page.text.encode()) < 100_000
    assert page.words.count("Scores far apart on 6 criteria.") == 50


@pytest.mark.parametrize("path", ["/quality/sample?cohort={}", "/quality/{}-0001"])
async def test_other_pages_ask_the_same_for_few_and_for_many(rig: Rig, a_visit: A_Visit, path: str) -> None:
    few = await rig.cohort({"quality.audit_share": 1.0}, allocating=False)
    many = await rig.cohort({"quality.audit_share": 1.0}, allocating=False)
    await plant_flagged(rig, few, 2, flags=1)
    await plant_flagged(rig, many, 60, flags=12)
    visit = await a_visit(rig.moderator)
    asked = []
    await visit.get(path.format(few.id))
    await visit.get(path.format(many.id))

    for cohort in (few, many):
        with counted(rig) as statements:
            page = await visit.get(path.format(cohort.id))
        asked.append(len(statements))

    assert page.status == 200
    assert asked[0] == asked[1]
    assert len(page.text.encode()) < 100_000

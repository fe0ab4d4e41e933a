from datetime import UTC, datetime, timedelta

import pytest

from models.enums import Role, Stage, SteerReason
from models.tables import BulkStep, Cohort
from storage.lists import Asker
from storage.watching_pages import Order, Sought, bulk_steps, page_of_nominations
from tests.portal.conftest import A_Visit
from tests.portal.visiting import Seen
from tests.workflows.rig import CohortRig

LIST = "/operations/nominations"


def numbers(page: Seen) -> list[str]:
    return [link.removeprefix(f"{LIST}/") for link in page.links if link.startswith(f"{LIST}/")]


async def test_list_narrows_to_paused_and_to_due(cohort: CohortRig, a_visit: A_Visit) -> None:
    case, other = await cohort.nominate(), await cohort.nominate()
    await cohort.rig.acts.nominations.pause(case.id, cohort.rig.operations, SteerReason.ILLNESS)
    visit = await a_visit(cohort.rig.operations)
    due_at = (await other.row()).due_at
    assert due_at is not None

    paused = await visit.get(f"{LIST}?cohort={cohort.id}&only=paused")
    before = due_at - timedelta(days=1)
    early = await visit.get(LIST, params={"cohort": cohort.id, "due_by": before.date().isoformat()})
    typed = {"cohort": cohort.id, "due_day": due_at.day, "due_month": due_at.month, "due_year": due_at.year}
    late = await visit.get(LIST, params=typed)

    assert numbers(paused) == [case.id]
    assert numbers(early) == []
    assert "Nothing found" in early.words
    assert numbers(late) == [case.id, other.id]


async def test_day_that_is_none_is_said_by_its_field(cohort: CohortRig, a_visit: A_Visit) -> None:
    visit = await a_visit(cohort.rig.operations)

    page = await visit.get(f"{LIST}?cohort={cohort.id}&due_day=31&due_month=2&due_year=2027")

    assert page.status == 422
    assert page.title.startswith("Error: ")
    assert "Enter a real day, such as 23 11 2026" in page.words
    assert "#due" in page.links


async def test_whole_number_leads_to_the_nomination_and_its_beginning_to_a_list(
    cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await cohort.nominate()
    visit = await a_visit(cohort.rig.operations)

    begun = await visit.get(f"{LIST}?cohort={cohort.id}&number=1")

    assert numbers(begun) == [case.id]


async def test_name_is_found_by_a_post_and_stands_in_no_address(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await cohort.nominate(full_name="Zoë Quillfeather")
    await cohort.nominate(full_name="Somebody Else")
    visit = await a_visit(cohort.rig.operations)
    page = await visit.get(f"{LIST}?cohort={cohort.id}")

    found = await page.submit("named", name="quillFEA")
    plain = await page.submit("named", name="zoe")
    none = await page.submit("named", name="%")

    assert numbers(found) == numbers(plain) == [case.id]
    assert not [link for link in found.links if "quill" in link.lower()]
    assert none.status == 422
    assert "Enter at least 2 letters of a name" in none.words


@pytest.mark.parametrize("sort", ["number", "due", "waiting"])
async def test_pages_by_key_show_each_nomination_once(cohort: CohortRig, a_visit: A_Visit, sort: str) -> None:
    await many(cohort, 120)
    visit = await a_visit(cohort.rig.operations)
    seen: list[str] = []
    page = await visit.get(f"{LIST}?cohort={cohort.id}&sort={sort}")
    first = numbers(page)

    pages = [page]
    while following := [link for link in page.links if "after=" in link and "tick=" not in link]:
        assert len(pages) < 3, "the last page leads on"
        seen += numbers(page)
        page = await visit.get(following[0])
        pages.append(page)
    seen += numbers(page)
    back = await visit.get(next(link for link in pages[1].links if "before=" in link))

    assert len(seen) == len(set(seen)) == 120
    assert [len(numbers(one)) for one in pages] == [50, 50, 20]
    assert "Showing 51 to 100 of 120" in pages[1].words
    assert numbers(back) == first
    assert max(len(one.response.content) for one in pages) < 100_000


async def many(cohort: CohortRig, count: int, stage: Stage = Stage.NOMINATED) -> None:
    """Stored nominations that no workflow carries: enough to page through."""
    await cohort.rig.spoil(
        """INSERT INTO person (id, full_name, email, post)
           SELECT 'p-' || :cohort || '-' || n, 'Person ' || n, :cohort || '.' || n || '@example.nhs.test', ''
           FROM generate_series(1, :count) AS n""",
        cohort=cohort.id,
        count=count,
    )
    await cohort.rig.spoil(
        """INSERT INTO nomination (id, cohort_id, reference, person_id, organisation_code, nominated_by, route,
               readiness, interests, created_at, stage, stage_since, due_at, paused, steps)
           SELECT :cohort || '-' || lpad(n::text, 4, '0'), :cohort, '', 'p-' || :cohort || '-' || n, 'R1D',
               'p-0000000000a5', 'organisation', 'ready_now', '[]', now(), :stage,
               now() - (n % 7) * interval '1 day',
               CASE WHEN n % 3 = 0 THEN NULL ELSE now() + (n % 5) * interval '1 day' END, false, 1
           FROM generate_series(1, :count) AS n""",
        cohort=cohort.id,
        count=count,
        stage=stage.value,
    )


async def test_key_that_is_not_the_askers_is_read_as_one_that_is_not_there(cohort: CohortRig) -> None:
    await many(cohort, 4)
    await cohort.rig.spoil(
        "UPDATE nomination SET organisation_code = '05A' WHERE cohort_id = :cohort AND id > :last",
        cohort=cohort.id,
        last=f"{cohort.id}-0002",
    )
    asker, sought = Asker("p-0000000000a5", Role.NOMINATOR, frozenset({"R1D"})), Sought(cohort.id)
    now = datetime.now(UTC)

    async with cohort.rig.sessions() as session:
        for order in (Order.DUE, Order.WAITING):
            read = [
                await page_of_nominations(session, asker, sought, order=order, now=now, after=one)
                for one in (f"{cohort.id}-0003", f"{cohort.id}-0004", f"{cohort.id}-9999")
            ]
            whole = await page_of_nominations(session, asker, sought, order=order, now=now)

            assert [len(page.lines) for page in read] == [0, 0, 0]
            assert len(whole.lines) == 2


async def test_key_of_another_cohorts_step_is_read_as_one_that_is_not_there(cohort: CohortRig) -> None:
    now = datetime.now(UTC)
    names = [f"b-{cohort.id}-{number}" for number in range(3)]
    async with cohort.rig.sessions.begin() as session:
        row = (await session.get_one(Cohort, cohort.id)).model_dump()
        session.add(Cohort.model_validate({**row, "id": f"{cohort.id}-b", "name": "Another one"}))
        await session.flush()
        for name, of in zip(names, (cohort.id, f"{cohort.id}-b", cohort.id), strict=True):
            by = cohort.rig.operations.person
            session.add(BulkStep(id=name, cohort_id=of, act="pause", reason="other", person_id=by, taken_at=now))

    async with cohort.rig.sessions() as session:
        own = await bulk_steps(session, cohort=cohort.id, before=names[2])
        foreign = await bulk_steps(session, cohort=cohort.id, before=names[1])
        absent = await bulk_steps(session, cohort=cohort.id, before="b-none")

    assert [step.id for step in own] == [names[0]]
    assert list(foreign) == list(absent) == []

"""What an assessor's pages cost, and what none of them shows, whatever is stored beside it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select

from models.enums import AssessmentStage
from models.tables import Assessment, Assessor, EqualityAnswer
from tests.portal.assessors.seats import accepted, seat
from tests.portal.conftest import A_Visit, assessor_of
from tests.workflows.rig import CohortRig


@contextmanager
def counting(engine: AsyncEngine) -> Iterator[list[str]]:
    """The statements that reach the database meanwhile, the workers' too: look while they rest."""
    seen: list[str] = []

    def note(*told: object) -> None:
        seen.append(str(told[2]))

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    ("path", "stage"),
    [
        ("/assessments", AssessmentStage.ACCEPTED),
        ("/assessments/history", AssessmentStage.SUBMITTED),
        ("/availability", AssessmentStage.ACCEPTED),
    ],
)
async def test_number_of_queries_does_not_grow_with_the_rows(
    cohort: CohortRig, a_visit: A_Visit, path: str, stage: AssessmentStage
) -> None:
    (row,) = await cohort.rig.all(select(Assessor).where(col(Assessor.cohort_id) == cohort.id).limit(1))
    visit = await a_visit(await assessor_of(cohort, row.id))
    await seat(cohort, row, 1, stage)
    await visit.get(path)
    with counting(cohort.rig.engine) as few:
        await visit.get(path)
    await seat(cohort, row, 120, stage)

    with counting(cohort.rig.engine) as many:
        page = await visit.get(path)

    assert len(many) == len(few) <= 12
    assert len(page.text) < 100_000


async def test_inbox_is_paged_by_due_date(cohort: CohortRig, a_visit: A_Visit) -> None:
    (row,) = await cohort.rig.all(select(Assessor).where(col(Assessor.cohort_id) == cohort.id).limit(1))
    await seat(cohort, row, 120, AssessmentStage.OFFERED)
    visit = await a_visit(await assessor_of(cohort, row.id))

    listed: list[str] = []
    path = "/assessments"
    for _ in range(3):
        page = await visit.get(path)
        listed += [link for link in page.links if link.startswith(f"/assessments/{cohort.id}")]
        path = next((link for link in page.links if "?after=" in link), "")

    assert path == ""
    assert len(listed) == len(set(listed)) == 120
    assert listed == sorted(listed, reverse=True)


async def test_no_page_shows_what_an_assessor_must_not_see(cohort: CohortRig, a_visit: A_Visit) -> None:
    case, one = await accepted(cohort, full_name="Maryam Visible")
    await accepted(cohort, full_name="Plantedother Nominee")
    rival = (await case.offered(2))[0]
    await case.accept(rival)
    await case.save_scores(
        rival, 7, "A plantedrival found a great deal more here than anybody else on this panel did."
    )
    await case.submit_scores(rival)
    async with cohort.rig.sessions.begin() as session:
        session.add(
            EqualityAnswer(
                person_id=case.nominee.person,
                cohort_id=cohort.id,
                question="plantedquestion",
                answers=["plantedanswer"],
                saved_at=datetime.now(UTC),
            )
        )
    visit = await a_visit(await case.assessor(one))

    paths = [f"/assessments/{one}{path}" for path in ("", "/application", "/scores", "/scores/check", "/decline")]
    paths += ["/assessments", "/assessments/history", "/availability", f"/assessments/{one}/deadline.ics", "/account"]
    pages = [await visit.get(path) for path in paths]
    seats = [seat.assessor_id for seat in await case.panel() if seat.id != one]

    planted = ["plantedrival", "plantedquestion", "plantedanswer", "Plantedother", "nominee.", *seats]
    assert [page.status for page in pages] == [200] * len(paths)
    assert [(page.path, word) for page in pages for word in planted if word in page.text] == []


@pytest.mark.parametrize(
    ("path", "stage"),
    [("/assessments", AssessmentStage.OFFERED), ("/assessments/history", AssessmentStage.SUBMITTED)],
)
async def test_key_of_anybody_elses_task_is_read_as_one_that_is_not_there(
    cohort: CohortRig, a_visit: A_Visit, path: str, stage: AssessmentStage
) -> None:
    own, other = await cohort.rig.all(select(Assessor).where(col(Assessor.cohort_id) == cohort.id).limit(2))
    await seat(cohort, own, 3, stage)
    await seat(cohort, other, 3, stage)
    visit = await a_visit(await assessor_of(cohort, own.id))
    theirs = select(Assessment.id).where(col(Assessment.assessor_id) == other.id, col(Assessment.stage) == stage)
    foreign = await cohort.rig.all(theirs.where(col(Assessment.cohort_id) == cohort.id))
    mine = select(Assessment.id).where(col(Assessment.assessor_id) == own.id, col(Assessment.stage) == stage)
    known = await cohort.rig.all(mine.where(col(Assessment.cohort_id) == cohort.id))

    absent = await visit.get(f"{path}?after={cohort.id}-0000.A-999")
    tried = [await visit.get(f"{path}?after={one}") for one in foreign]
    after_own = [await visit.get(f"{path}?after={one}") for one in known]

    listed = [[link for link in page.links if cohort.id in link] for page in tried]
    assert len(foreign) >= 3
    assert listed == [[link for link in absent.links if cohort.id in link]] * len(foreign)
    assert max(len([link for link in page.links if cohort.id in link]) for page in after_own) > 0

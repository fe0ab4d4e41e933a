"""What is stored equals what the workflows know: true of a clean cohort, and every planted fault is found."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from models.enums import AssessmentStage, Outcome, Role, Stage
from models.ids import PersonId
from models.messages import By
from models.tables import Assessment, AuditEvent, Cohort, Nomination
from proof.projection import Difference, check_projection, rebuild
from storage import audit
from storage.policies import CohortMissingError
from tests.proof.conftest import Proven
from workflows.attributes import COHORT

OPERATIONS = By(person=PersonId("p-000000c00000"), role=Role.OPERATIONS)


@pytest.mark.parametrize(("cohort", "rows"), [("ended", 1 + 2 + 6), ("open", 1 + 3)])
async def test_projection_of_a_clean_cohort_is_equal(proven: Proven, cohort: str, rows: int) -> None:
    verdict = await check_projection(proven.sessions, proven.client, cohort)

    assert verdict.differences == ()
    assert verdict.checked == rows
    assert verdict.words == "verified"


async def test_projection_of_a_cohort_nobody_knows_says_so(proven: Proven) -> None:
    with pytest.raises(CohortMissingError, match="There is no cohort 'nowhere'"):
        await check_projection(proven.sessions, proven.client, "nowhere")


async def test_changed_fields_of_a_nomination_are_found_and_rebuilt(proven: Proven) -> None:
    subject = proven.nominations[0]
    async with proven.sessions.begin() as session:
        row = await session.get_one(Nomination, subject)
        row.stage, row.paused, row.attention_code = Stage.SCREENING, True, "Planted"
        row.outcome, row.due_at = Outcome.RESERVED, datetime(2030, 1, 1, tzinfo=UTC)
        row.steps += 1

    found = await check_projection(proven.sessions, proven.client, "open")
    written = await rebuild(proven.sessions, proven.client, "open", OPERATIONS)

    steps = row.steps
    assert found.differences == tuple(
        Difference(f"nomination/{subject}", field, stored, known)
        for field, stored, known in (
            ("attention", "Planted", "None"),
            ("due_at", "2030-01-01T00:00:00+00:00", "None"),
            ("outcome", "reserved", "None"),
            ("paused", "True", "False"),
            ("stage", "screening", "awaiting_panel"),
            ("steps", str(steps), str(steps - 1)),
        )
    )
    assert found.words == "6 differences"
    assert written == 1
    assert (await check_projection(proven.sessions, proven.client, "open")).equal
    async with proven.sessions() as session:
        event = (await session.exec(select(AuditEvent).order_by(col(AuditEvent.position).desc()).limit(1))).one()
        chain = await audit.verify(session)
    assert (event.what, event.subject, event.actor) == ("rebuilt", subject, OPERATIONS.person)
    assert event.before is not None
    assert event.before["stage"] == "screening"
    assert event.after is not None
    assert event.after["stage"] == "awaiting_panel"
    assert chain.whole


async def test_changed_assessment_of_an_ended_workflow_is_found_and_rebuilt(proven: Proven) -> None:
    async with proven.sessions.begin() as session:
        query = select(Assessment).where(col(Assessment.cohort_id) == "ended").order_by(col(Assessment.id)).limit(1)
        row = (await session.exec(query)).one()
        row.stage = AssessmentStage.EXPIRED
        session.add(row)

    found = await check_projection(proven.sessions, proven.client, "ended")
    await rebuild(proven.sessions, proven.client, "ended", OPERATIONS)

    assert found.differences == (Difference(f"assessment/{row.id}", "stage", "expired", "submitted"),)
    assert (await check_projection(proven.sessions, proven.client, "ended")).equal


async def test_moved_window_that_the_cohort_does_not_know_is_found_and_rebuilt(proven: Proven) -> None:
    async with proven.sessions.begin() as session:
        row = await session.get_one(Cohort, "open")
        row.closes_at += timedelta(days=1)
        session.add(row)

    found = await check_projection(proven.sessions, proven.client, "open")
    await rebuild(proven.sessions, proven.client, "open", OPERATIONS)

    assert [(one.subject, one.field) for one in found.differences] == [("cohort/open", "closes_at")]
    assert (await check_projection(proven.sessions, proven.client, "open")).equal


async def test_row_without_a_workflow_is_found_and_left_to_a_person(proven: Proven) -> None:
    async with proven.sessions.begin() as session:
        model = await session.get_one(Nomination, proven.nominations[0])
        nobody = model.nominated_by
        session.add(Nomination(**{**model.model_dump(), "id": "open-9999", "person_id": nobody}))

    found = await check_projection(proven.sessions, proven.client, "open")
    written = await rebuild(proven.sessions, proven.client, "open", OPERATIONS)

    async with proven.sessions.begin() as session:
        await session.delete(await session.get_one(Nomination, "open-9999"))
    assert found.differences == (Difference("nomination/open-9999", "workflow", "awaiting_panel", "none"),)
    assert written == 0


async def test_workflow_without_a_row_is_found(proven: Proven) -> None:
    attributes = TypedSearchAttributes([SearchAttributePair(COHORT, "open")])
    stray = await proven.client.start_workflow(
        "nomination", id="nomination/open-8888", task_queue="nobody-listens", search_attributes=attributes
    )
    await _until_listed(proven, "nomination/open-8888")

    try:
        verdict = await check_projection(proven.sessions, proven.client, "open")
    finally:
        await stray.terminate()

    assert verdict.differences == (Difference("nomination/open-8888", "row", "none", "running"),)


async def test_seat_left_on_a_nomination_that_is_over_is_found(proven: Proven) -> None:
    async with proven.sessions.begin() as session:
        ended = (await session.exec(select(Nomination).where(col(Nomination.cohort_id) == "open"))).all()[2]
        stage, ended.stage = ended.stage, Stage.WITHDRAWN
        assessor = "A-000"
        session.add(ended)
        session.add(
            Assessment(
                id=f"{ended.id}.{assessor}",
                cohort_id="open",
                nomination_id=ended.id,
                assessor_id=assessor,
                run=1,
                seated_at=datetime.now(UTC),
                stage_since=datetime.now(UTC),
            )
        )

    found = await check_projection(proven.sessions, proven.client, "open")

    async with proven.sessions.begin() as session:
        await session.delete(await session.get_one(Assessment, f"{ended.id}.{assessor}"))
        row = await session.get_one(Nomination, ended.id)
        row.stage = stage
        session.add(row)
    assert Difference(f"assessment/{ended.id}.{assessor}", "workflow", "seated", "none") in found.differences


async def _until_listed(proven: Proven, workflow: str) -> None:
    async with asyncio.timeout(20):
        while not [one async for one in proven.client.list_workflows(f"WorkflowId = '{workflow}'")]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

"""Needs attention: a step that cannot be written waits, visibly, and each way out leads on; nothing ends by it."""

import asyncio

import pytest
from temporalio.client import WorkflowExecutionStatus

from models.enums import AssessmentStage, Stage, SteerReason, WayOut
from models.ids import PersonId
from models.messages import Consent
from stack.postgres import EmbeddedPostgres
from tests.workflows.rig import Case, CohortRig, eventually
from workflows.attributes import NEEDS_ATTENTION


async def _lose_application(case: Case) -> None:
    """Screening is to look again, and what it must read is gone."""
    await case.rig.spoil("UPDATE application SET nomination_id = 'lost' WHERE nomination_id = :id", id=case.id)
    await case.endorse()


async def _restore_application(case: Case) -> None:
    await case.rig.spoil("UPDATE application SET nomination_id = :id WHERE nomination_id = 'lost'", id=case.id)


async def _parked_in_screening(cohort: CohortRig) -> Case:
    case = await cohort.nominate(endorsed=False, by_self=True)
    await case.consent()
    await case.apply()
    await eventually(lambda: case.events("screened"))
    await _lose_application(case)
    await eventually(case.row, lambda row: row.attention_code)
    return case


async def _unblock(case: Case, way: WayOut, to: PersonId | None = None) -> None:
    await case.rig.acts.nominations.unblock(case.id, case.rig.operations, way, SteerReason.TECHNICAL_FAULT, to)


async def _flagged(case: Case) -> bool | None:
    return (await case.handle.describe()).typed_search_attributes.get(NEEDS_ATTENTION)


async def _details(case: Case) -> str:
    metadata = await case.handle.query("__temporal_workflow_metadata")
    return str(metadata)


async def test_parked_step_is_seen_everywhere(cohort: CohortRig) -> None:
    case = await _parked_in_screening(cohort)

    row, state = await case.row(), await case.state()
    assert (row.attention_code, row.attention_step) == ("ApplicationMissing", "screening")
    assert row.attention_since is not None
    assert state.attention is not None
    assert (state.attention.code, state.attention.step) == ("ApplicationMissing", "screening")
    assert await eventually(lambda: _flagged(case))
    assert state.waits_for.startswith("Needs attention since")
    assert state.waits_for in await _details(case)
    assert await case.status() is WorkflowExecutionStatus.RUNNING
    await _restore_application(case)


async def test_retry_goes_on_once_the_cause_is_mended(cohort: CohortRig) -> None:
    case = await _parked_in_screening(cohort)
    await _unblock(case, WayOut.RETRY)
    await eventually(lambda: case.events("needs attention"), lambda found: len(found) == 2)  # not mended yet

    await _restore_application(case)
    await _unblock(case, WayOut.RETRY)

    await case.until(Stage.AWAITING_PANEL)
    row = await eventually(case.row, lambda row: row.attention_code is None)
    assert row.attention_since is None
    assert not await eventually(lambda: _flagged(case), lambda flag: not flag)


async def test_skip_leaves_the_step_out(cohort: CohortRig) -> None:
    case = await _parked_in_screening(cohort)

    await _unblock(case, WayOut.SKIP)

    await case.until(Stage.AWAITING_PANEL)
    assert (await case.events("unblocked: skip"))[0].reason == SteerReason.TECHNICAL_FAULT
    await _restore_application(case)


async def test_handed_over_step_waits_for_whom_it_was_handed_to(cohort: CohortRig) -> None:
    case = await _parked_in_screening(cohort)
    to = cohort.rig.moderator.person

    await _unblock(case, WayOut.HAND_OVER, to)

    row = await eventually(case.row, lambda row: row.handed_to)
    assert (row.handed_to, row.attention_code) == (to, "ApplicationMissing")
    await _restore_application(case)
    await _unblock(case, WayOut.RETRY)
    await case.until(Stage.AWAITING_PANEL)


async def test_withdrawal_ends_a_parked_nomination(cohort: CohortRig) -> None:
    case = await _parked_in_screening(cohort)

    await case.withdraw()

    assert await case.until_closed() is WorkflowExecutionStatus.COMPLETED
    row = await case.row()
    assert (row.stage, row.attention_code) == (Stage.WITHDRAWN, None)
    assert not await eventually(lambda: _flagged(case), lambda flag: not flag)
    await _restore_application(case)


async def test_release_without_a_decision_waits_and_then_goes_on(cohort: CohortRig) -> None:
    case = await (await cohort.nominate()).reach(Stage.DECIDED)
    await cohort.rig.spoil("UPDATE decision SET nomination_id = 'lost' WHERE nomination_id = :id", id=case.id)

    await case.release()

    row = await eventually(case.row, lambda row: row.attention_code)
    assert (row.attention_code, row.stage) == ("DecisionMissing", Stage.DECIDED)
    await cohort.rig.spoil("UPDATE decision SET nomination_id = :id WHERE nomination_id = 'lost'", id=case.id)
    await _unblock(case, WayOut.RETRY)
    await case.until(Stage.IN_POOL)


async def _stuck_assessment(cohort: CohortRig) -> tuple[Case, str]:
    """An assessment whose reminder cannot be written, because its row is gone."""
    case = await (await cohort.nominate()).reach(Stage.SCORING)
    one = (await case.offered())[0]
    await cohort.rig.spoil("UPDATE assessment SET id = 'lost' WHERE id = :id", id=one)
    await case.skip_assessment(one, days=2)
    row = await eventually(case.row, lambda row: row.attention_code)
    assert row.attention_code == "AssessmentMissing"
    await cohort.rig.spoil("UPDATE assessment SET id = :id WHERE id = 'lost'", id=one)
    return case, one


async def test_stuck_assessment_shows_on_its_nomination_and_goes_on(cohort: CohortRig) -> None:
    case, one = await _stuck_assessment(cohort)

    await _unblock(case, WayOut.RETRY)

    await eventually(case.row, lambda row: row.attention_code is None)
    assert await eventually(lambda: case.events("reminded", workflow=f"assessment/{one}"))
    await case.score_all()
    await case.until(Stage.AWAITING_DECISION)


@pytest.mark.parametrize("how", ["withdrawn", "submitted"])
async def test_stuck_assessment_does_not_hold_up_what_people_do(cohort: CohortRig, how: str) -> None:
    case, one = await _stuck_assessment(cohort)

    if how == "withdrawn":
        await case.withdraw()
        assert await case.until_closed() is WorkflowExecutionStatus.COMPLETED
        assert len(await case.panel(AssessmentStage.STOOD_DOWN)) == 3
    else:
        await case.score_all()
        await case.until(Stage.AWAITING_DECISION)
    assert one
    assert (await eventually(case.row, lambda row: row.attention_code is None)).attention_step is None


async def test_nomination_goes_on_by_itself_when_the_database_comes_back(
    cohort: CohortRig, postgres_server: EmbeddedPostgres
) -> None:
    case = await cohort.nominate()

    await postgres_server.kill()
    consent = asyncio.ensure_future(case.update("consent", Consent(by=case.nominee)))
    await asyncio.sleep(0.3)  # so that it is tried, in vain, before the database comes back
    assert not consent.done()
    await postgres_server.start()

    assert (await consent).stage is Stage.APPLYING
    assert [event.what for event in await case.events()] == ["nominated", "consent"]
    assert (await case.row()).attention_code is None

"""Pairs that operations set, in real allocations: runs keep to them, and releases refuse what does not."""

import asyncio

import pytest
from sqlmodel import col, select

from acts.errors import RefusedError
from acts.pairs import PairActs
from models.enums import AssessmentStage, AssessorDeclineReason, RunStatus, Stage, SteerReason
from models.ids import AssessmentId, AssessorId
from models.messages import AllocationState
from models.tables import Assessor, ProposedSeat
from tests.workflows.opened import OpenedCohort, opened
from tests.workflows.rig import Case, Rig, eventually

BOARDS = SteerReason.BOARD_REQUEST
BY_HAND = {"allocation.released_by_operations": True}


async def waiting(cohort: OpenedCohort) -> Case:
    return await (await cohort.nominate()).reach(Stage.AWAITING_PANEL)


async def proposed(cohort: OpenedCohort, count: int) -> AllocationState:
    """Asks for another run, and waits until so many proposals stand."""
    await cohort.rig.acts.cohorts.solve(cohort.id, cohort.rig.operations)
    return await eventually(cohort.allocated, lambda state: len(state.proposals) == count)


async def seated(cohort: OpenedCohort, run: int, case: Case) -> set[AssessorId]:
    """Whom a run proposes for a nomination."""
    query = select(ProposedSeat.assessor_id).where(
        col(ProposedSeat.cohort_id) == cohort.id,
        col(ProposedSeat.run) == run,
        col(ProposedSeat.nomination_id) == case.id,
    )
    return {AssessorId(one) for one in await cohort.rig.all(query)}


async def register(cohort: OpenedCohort) -> set[AssessorId]:
    found = await cohort.rig.all(select(Assessor.id).where(col(Assessor.cohort_id) == cohort.id))
    return {AssessorId(one) for one in found}


async def test_pinned_assessor_is_proposed_released_and_offered_the_assessment(rig: Rig) -> None:
    cohort, pairs = await opened(rig, BY_HAND), PairActs(rig.acts.desk)
    case = await waiting(cohort)
    await proposed(cohort, 1)
    comes = min(await register(cohort) - await seated(cohort, 1, case))

    await pairs.pin(case.id, comes, rig.operations, BOARDS)
    await proposed(cohort, 2)
    await rig.acts.cohorts.release_run(cohort.id, rig.operations, 2)
    await case.offered(3)

    assert comes in await seated(cohort, 2, case)
    assert comes in {row.assessor_id for row in await case.panel(AssessmentStage.OFFERED)}


async def test_proposal_without_who_was_pinned_since_is_not_released(rig: Rig) -> None:
    cohort, pairs = await opened(rig, BY_HAND), PairActs(rig.acts.desk)
    case = await waiting(cohort)
    await proposed(cohort, 1)
    comes = min(await register(cohort) - await seated(cohort, 1, case))
    await pairs.pin(case.id, comes, rig.operations, BOARDS)

    with pytest.raises(
        RefusedError, match=rf"Run 1 no longer holds \({case.id}: {comes} is pinned to it and not among"
    ):
        await rig.acts.cohorts.release_run(cohort.id, rig.operations, 1)
    nobody = await case.panel()
    await pairs.lift(case.id, comes, rig.operations, BOARDS)
    await rig.acts.cohorts.release_run(cohort.id, rig.operations, 1)

    assert nobody == []
    assert len(await case.offered(3)) == 3


async def test_proposal_with_who_was_forbidden_since_is_not_released_and_the_next_does_without_them(rig: Rig) -> None:
    cohort, pairs = await opened(rig, BY_HAND), PairActs(rig.acts.desk)
    case = await waiting(cohort)
    await proposed(cohort, 1)
    goes = min(await seated(cohort, 1, case))
    await pairs.forbid(case.id, goes, rig.operations, BOARDS)

    with pytest.raises(
        RefusedError, match=rf"Run 1 no longer holds \({case.id}: {goes} is kept from this panel by operations\)"
    ):
        await rig.acts.cohorts.release_run(cohort.id, rig.operations, 1)
    await proposed(cohort, 2)
    await rig.acts.cohorts.release_run(cohort.id, rig.operations, 2)
    await case.offered(3)

    assert goes not in {row.assessor_id for row in await case.panel()}
    assert [run.status for run in await cohort.runs()] == [RunStatus.DISCARDED, RunStatus.RELEASED]


async def test_forbidding_or_releasing_whichever_comes_first_leaves_no_forbidden_pair_on_a_panel(rig: Rig) -> None:
    cohort, pairs = await opened(rig, BY_HAND), PairActs(rig.acts.desk)
    case = await waiting(cohort)
    await proposed(cohort, 1)
    goes = min(await seated(cohort, 1, case))

    answers = await asyncio.gather(
        pairs.forbid(case.id, goes, rig.operations, BOARDS),
        rig.acts.cohorts.release_run(cohort.id, rig.operations, 1),
        return_exceptions=True,
    )

    refused = [isinstance(one, RefusedError) for one in answers]
    sits = goes in {row.assessor_id for row in await case.panel()}
    assert refused.count(True) == 1
    assert sits == refused[0]


async def test_pin_of_an_assessor_who_declines_leaves_the_panel_to_somebody_else(rig: Rig) -> None:
    cohort, pairs = await opened(rig, assessors=12), PairActs(rig.acts.desk)
    case = await waiting(cohort)
    pinned = min(await register(cohort))
    await pairs.pin(case.id, pinned, rig.operations, BOARDS)
    await cohort.solve()
    seats = await case.offered(3)
    (task,) = [AssessmentId(row.id) for row in await case.panel() if row.assessor_id == pinned]
    stand_in = max(await register(cohort) - {AssessorId(row.assessor_id) for row in await case.panel()})
    await pairs.pin(case.id, stand_in, rig.operations, BOARDS)

    await rig.acts.assessments.decline(task, await case.assessor(task), AssessorDeclineReason.OVERLOADED)
    await eventually(case.panel, lambda found: len(found) == 4)
    now = await case.offered(3)

    assert task in seats
    assert task not in now
    assert stand_in in {row.assessor_id for row in await case.panel(AssessmentStage.OFFERED)}

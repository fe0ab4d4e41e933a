"""The allocation: proposals kept, compared, released, discarded; replacements; what cannot be staffed or solved."""

import asyncio
from collections import Counter
from datetime import timedelta
from itertools import combinations

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from acts.errors import RefusedError
from acts.pairs import PairActs
from models.enums import (
    AssessmentStage,
    AssessorDeclineReason,
    RunKind,
    RunStatus,
    Stage,
    SteerReason,
    WayOut,
)
from models.ids import AssessorId, assessor_of
from models.messages import AllocationState, Unblock
from models.tables import Assessor, ProposedSeat
from storage.allocations import PROBLEM, RESULT
from tests.workflows.opened import OpenedCohort, kept_waiting, opened
from tests.workflows.rig import Case, Rig, eventually

ILL = SteerReason.ILLNESS
BY_HAND = {"allocation.released_by_operations": True}


async def waiting(cohort: OpenedCohort, count: int = 2) -> list[Case]:
    """So many nominations that wait for a panel."""
    return list(await asyncio.gather(*(_waiting(cohort) for _ in range(count))))


async def _waiting(cohort: OpenedCohort) -> Case:
    return await (await cohort.nominate()).reach(Stage.AWAITING_PANEL)


async def proposed(cohort: OpenedCohort, count: int) -> AllocationState:
    """Waits until so many proposals stand."""
    return await eventually(cohort.allocated, lambda state: len(state.proposals) == count)


async def statuses(cohort: OpenedCohort) -> list[RunStatus]:
    return [run.status for run in await cohort.runs()]


async def test_proposal_is_kept_and_compared_until_operations_release_one(rig: Rig) -> None:
    cohort = await opened(rig, BY_HAND)
    cases = await waiting(cohort)
    await cohort.solve()
    await proposed(cohort, 1)
    await cohort.solve()
    await rig.acts.cohorts.solve(cohort.id, rig.operations)
    both = await proposed(cohort, 2)
    nobody = [await case.panel() for case in cases]

    state = await rig.acts.cohorts.release_run(cohort.id, rig.operations, 2)
    for case in cases:
        await case.offered(3)

    assert both.proposals == (1, 2)
    assert nobody == [[], []]
    assert state.proposals == ()
    assert await statuses(cohort) == [RunStatus.DISCARDED, RunStatus.RELEASED]
    with pytest.raises(RefusedError, match="Run 1 is not a proposal"):
        await rig.acts.cohorts.release_run(cohort.id, rig.operations, 1)


async def test_run_after_a_pin_moves_nobody_without_need(rig: Rig) -> None:
    cohort = await opened(rig, BY_HAND, assessors=12)
    cases = await waiting(cohort, 4)
    await cohort.solve()
    await proposed(cohort, 1)
    first = await seats_of_run(rig, cohort, 1)
    case = cases[0]
    stays = min(assessor for nomination, assessor in first if nomination == case.id)
    await PairActs(rig.acts.desk).pin(case.id, AssessorId(stays), rig.operations, ILL)
    register = await rig.all(select(Assessor).where(col(Assessor.cohort_id) == cohort.id).order_by(col(Assessor.id)))
    comes = next(one.id for one in register if (case.id, one.id) not in first)

    await rig.acts.cohorts.solve(cohort.id, rig.operations)
    await proposed(cohort, 2)
    await PairActs(rig.acts.desk).pin(case.id, AssessorId(comes), rig.operations, ILL)
    await rig.acts.cohorts.solve(cohort.id, rig.operations)
    await proposed(cohort, 3)

    second, third = await seats_of_run(rig, cohort, 2), await seats_of_run(rig, cohort, 3)
    assert second == first
    assert (case.id, comes) in third
    # One goes for whom is pinned, and may take a seat of theirs elsewhere.
    assert len(second - third) <= 2


async def test_proposal_that_is_discarded_seats_nobody(rig: Rig) -> None:
    cohort = await opened(rig, BY_HAND)
    (case,) = await waiting(cohort, 1)
    await cohort.solve()
    await proposed(cohort, 1)

    await rig.acts.cohorts.discard_run(cohort.id, rig.operations, 1, ILL)

    assert await statuses(cohort) == [RunStatus.DISCARDED]
    assert await case.panel() == []
    with pytest.raises(RefusedError, match="Run 1 is not a proposal"):
        await rig.acts.cohorts.discard_run(cohort.id, rig.operations, 1, ILL)


async def test_proposal_released_twice_at_once_is_released_once(rig: Rig) -> None:
    cohort = await opened(rig, BY_HAND)
    (case,) = await waiting(cohort, 1)
    await cohort.solve()
    await proposed(cohort, 1)

    await asyncio.gather(
        *(rig.acts.cohorts.release_run(cohort.id, rig.operations, 1) for _ in range(3)), return_exceptions=True
    )
    await case.offered(3)

    assert [event.what for event in await cohort.events(cohort.allocation.id)] == ["solved", "released"]
    assert len(await case.panel()) == 3


async def test_proposal_that_is_released_and_discarded_at_once_is_one_of_both(rig: Rig) -> None:
    cohort = await opened(rig, BY_HAND)
    (case,) = await waiting(cohort, 1)
    await cohort.solve()
    await proposed(cohort, 1)

    answers = await asyncio.gather(
        rig.acts.cohorts.release_run(cohort.id, rig.operations, 1),
        rig.acts.cohorts.discard_run(cohort.id, rig.operations, 1, ILL),
        return_exceptions=True,
    )

    (status,) = await statuses(cohort)
    assert [isinstance(one, RefusedError) for one in answers].count(True) == 1
    assert [event.what for event in await cohort.events(cohort.allocation.id)] == ["solved", status.value]
    assert len(await case.panel()) == (3 if status is RunStatus.RELEASED else 0)


async def test_replacement_disturbs_nobody_else(rig: Rig) -> None:
    cohort = await opened(rig, assessors=12)
    first, second = await waiting(cohort)
    await cohort.solve()
    seats, others = await first.offered(3), await second.offered(3)

    await rig.acts.assessments.decline(seats[0], await first.assessor(seats[0]), AssessorDeclineReason.OVERLOADED)
    await eventually(first.panel, lambda found: len(found) == 4)
    now = await first.offered(3)

    assert set(seats[1:]) < set(now)
    assert seats[0] not in now
    assert await second.offered(3) == others
    assert [run.kind for run in await cohort.runs()] == [RunKind.BATCH, RunKind.REPLACEMENT]


async def test_replacement_seats_nobody_beside_whom_they_met_often_enough_on_other_panels(rig: Rig) -> None:
    cohort = await opened(rig, {"panel.pair_most": 1}, assessors=12)
    cases = await waiting(cohort, 3)
    await cohort.solve()
    panels = [await case.offered(3) for case in cases]
    declined = [(case, panel[0]) for case, panel in zip(cases, panels, strict=True)]

    for case, one in declined:
        await rig.acts.assessments.decline(one, await case.assessor(one), AssessorDeclineReason.OTHER)
        await eventually(case.panel, lambda found: len(found) == 4)
        await case.offered(3)

    met = Counter[frozenset[str]]()
    for case in cases:
        sitting = {row.assessor_id for row in await case.panel(AssessmentStage.OFFERED)}
        met.update(frozenset(two) for two in combinations(sitting, 2))
    runs = await cohort.runs()
    problem = PROBLEM.validate_python(runs[-1].problem)
    assert [run.kind for run in runs] == [RunKind.BATCH, *[RunKind.REPLACEMENT] * 3]
    assert max(met.values()) == 1
    assert {one.id for one in problem.nominations} == {case.id for case in cases}


async def test_seats_that_are_given_up_during_a_solve_are_all_filled(rig: Rig) -> None:
    cohort = await opened(rig, assessors=16)
    cases = await waiting(cohort, 2)
    await cohort.solve()
    seats = [(case, one) for case in cases for one in await case.offered(3)]
    given_up = [(one, await case.assessor(one)) for case, one in seats[:2] + seats[3:4]]

    await asyncio.gather(
        *(rig.acts.assessments.decline(one, by, AssessorDeclineReason.OTHER) for one, by in given_up)
    )

    for case in cases:
        await eventually(lambda case=case: case.panel(AssessmentStage.OFFERED), lambda found: len(found) == 3)  # type: ignore[misc]
    assert (await cohort.allocated()).asked == ()


@pytest.mark.parametrize("step", ["solved", "released"])
async def test_panels_that_are_asked_for_while_a_run_is_made_are_solved_after_it(rig: Rig, step: str) -> None:
    cohort = await opened(rig)
    (first,) = await waiting(cohort, 1)
    # What is solved is written to the one table, what is released to the other, each once its problem was read.
    table = {"solved": "allocationrun", "released": "assessment"}[step]
    async with rig.engine.begin() as connection:
        await connection.execute(text(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE"))
        await cohort.solve()
        await eventually(lambda: kept_waiting(rig, table))
        (second,) = await waiting(cohort, 1)
        await cohort.solve()
        await eventually(cohort.allocated)

    await first.offered(3)
    await second.offered(3)

    runs = await cohort.runs()
    assert [run.kind for run in runs] == [RunKind.BATCH, RunKind.BATCH]
    assert [run.status for run in runs] == [RunStatus.RELEASED, RunStatus.RELEASED]
    assert {seat.run for seat in await first.panel()} == {1}
    assert {seat.run for seat in await second.panel()} == {2}


async def test_nomination_that_cannot_be_staffed_waits_for_a_person_and_goes_on_when_the_register_allows_it(
    rig: Rig,
) -> None:
    cohort = await opened(rig, assessors=2)
    (case,) = await waiting(cohort, 1)
    await cohort.solve()
    parked = await eventually(case.row, lambda row: row.attention_code is not None)
    await cohort.register(2)

    await rig.acts.nominations.unblock(case.id, rig.operations, WayOut.RETRY, ILL)
    await case.offered(3)

    assert parked.attention_code == "NoAssessorFound"
    assert (await case.until(Stage.SCORING)).attention_code is None


async def test_rolling_mode_looks_for_panels_by_itself_at_the_policys_interval(rig: Rig) -> None:
    cohort = await opened(rig, {"allocation.mode": "rolling", "allocation.interval": "12 hours"})
    (case,) = await waiting(cohort, 1)
    before = await cohort.runs()

    await rig.env.fast_forward(cohort.allocation, timedelta(hours=13))
    await case.offered(3)

    assert before == []
    assert (await cohort.runs())[-1].kind is RunKind.ROLLING


async def test_rolling_run_leaves_to_a_nomination_to_come_whom_it_will_need(rig: Rig) -> None:
    cohort = await opened(rig, {"allocation.mode": "rolling", "allocation.interval": "12 hours"}, capacity=1)
    pairs = PairActs(rig.acts.desk)
    later = await cohort.nominate()
    (now,) = await waiting(cohort, 1)
    register = await rig.all(select(Assessor).where(col(Assessor.cohort_id) == cohort.id).order_by(col(Assessor.id)))
    for one in register[4:]:
        await pairs.forbid(later.id, AssessorId(one.id), rig.operations, ILL)

    await rig.env.fast_forward(cohort.allocation, timedelta(hours=13))
    first = await now.offered(3)
    await later.reach(Stage.AWAITING_PANEL)
    await rig.env.fast_forward(cohort.allocation, timedelta(hours=13))
    second = await later.offered(3)

    runs = [run for run in await cohort.runs() if run.status is RunStatus.RELEASED]
    problem, answer = PROBLEM.validate_python(runs[0].problem), RESULT.validate_python(runs[0].result)
    spared = {one.id for one in register[:4]}
    assert problem.expected == {later.id}
    assert {seat.nomination for seat in answer.seats} == {now.id}
    assert answer.certificate.planned == 1
    assert len(spared & {assessor_of(one) for one in first}) <= 1
    assert {assessor_of(one) for one in second} < spared
    assert len({assessor_of(one) for one in [*first, *second]}) == 6


async def test_run_that_cannot_be_stored_waits_for_a_person_and_is_made_when_they_say_so(rig: Rig) -> None:
    cohort = await opened(rig)
    (case,) = await waiting(cohort, 1)
    await execute(rig, f"ALTER TABLE allocationrun ADD CONSTRAINT spoilt CHECK (cohort_id <> '{cohort.id}')")
    try:
        await cohort.solve()
        parked = await eventually(cohort.allocated, lambda state: state.waits_for.startswith("Needs attention"))
    finally:
        await execute(rig, "ALTER TABLE allocationrun DROP CONSTRAINT spoilt")
    # The state is known a moment before the task that also shows it to operations is over.
    found = await eventually(
        cohort.allocation.describe, lambda found: found.search_attributes["NeedsAttention"] == [True]
    )

    message = Unblock(by=rig.operations, way=WayOut.RETRY, reason=ILL)
    await cohort.allocation.execute_update("unblock", message, result_type=AllocationState)
    await case.offered(3)

    assert parked.waits_for == "Needs attention: solve"
    assert found.search_attributes["NeedsAttention"] == [True]
    assert await statuses(cohort) == [RunStatus.RELEASED]


async def test_continued_allocation_keeps_its_proposals_and_goes_on_with_its_numbers(rig: Rig) -> None:
    cohort = await opened(rig, BY_HAND)
    (case,) = await waiting(cohort, 1)
    first = (await cohort.allocation.describe()).run_id
    await cohort.solve()
    await proposed(cohort, 1)

    async def asked() -> str | None:
        await rig.acts.cohorts.solve(cohort.id, rig.operations)
        return (await cohort.allocation.describe()).run_id

    await eventually(asked, lambda run: run != first)
    state = await eventually(cohort.allocated, lambda state: state.runs == len(state.proposals))
    await rig.acts.cohorts.release_run(cohort.id, rig.operations, state.proposals[0])
    await case.offered(3)

    numbers = [run.number for run in await cohort.runs()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert state.proposals[0] == 1
    # What was asked for last may be solved after the release: it finds nobody without a panel and is discarded by the
    # system.
    asked_for = [event for event in await cohort.events(cohort.allocation.id) if event.what in ("solved", "released")]
    assert {event.actor for event in asked_for[1:]} == {rig.operations.person}


async def execute(rig: Rig, statement: str) -> None:
    """Spoils or mends the database."""
    async with rig.engine.begin() as connection:
        await connection.execute(text(statement))


async def seats_of_run(rig: Rig, cohort: OpenedCohort, number: int) -> set[tuple[str, str]]:
    """The seats that a run proposes."""
    rows = await rig.all(
        select(ProposedSeat).where(col(ProposedSeat.cohort_id) == cohort.id, col(ProposedSeat.run) == number)
    )
    return {(row.nomination_id, row.assessor_id) for row in rows}

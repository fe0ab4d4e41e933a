"""What arrives while a run is solved or released: declines, withdrawals, and other runs, in one cohort and in two."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from acts.errors import RefusedError
from models.enums import AssessmentStage, AssessorDeclineReason, RunKind, RunStatus, Stage
from models.ids import AssessmentId
from models.tables import Assessment, ProposedSeat
from proof.panels import broken_rules
from storage.allocations import problem_as_held
from tests.workflows.opened import OpenedCohort, kept_waiting, opened
from tests.workflows.rig import Case, Rig, eventually

BY_HAND = {"allocation.released_by_operations": True}
OTHER = AssessorDeclineReason.OTHER


async def waiting(cohort: OpenedCohort, count: int) -> list[Case]:
    """So many nominations that wait for a panel."""
    return [await (await cohort.nominate()).reach(Stage.AWAITING_PANEL) for _ in range(count)]


async def solved(rig: Rig, cohort: OpenedCohort, run: int) -> None:
    """Asks for a run, and waits until it stands as a proposal."""
    await rig.acts.cohorts.solve(cohort.id, rig.operations)
    await eventually(cohort.allocated, lambda state: run in state.proposals)


async def in_two_halves(rig: Rig, *, capacity: int = 50) -> tuple[OpenedCohort, Case, Case]:
    """A cohort with one panel that is at work, and a nomination that waits for the next run."""
    cohort = await opened(rig, BY_HAND, assessors=16, capacity=capacity)
    (seated,) = await waiting(cohort, 1)
    await solved(rig, cohort, 1)
    await rig.acts.cohorts.release_run(cohort.id, rig.operations, 1)
    await seated.offered(3)
    (later,) = await waiting(cohort, 1)
    return cohort, seated, later


@asynccontextmanager
async def while_it_is_solved(rig: Rig, cohort: OpenedCohort) -> AsyncIterator[None]:
    """Holds up a run that operations ask for, after its problem was read and before it is kept."""
    async with rig.engine.begin() as connection:
        await connection.execute(text("LOCK TABLE allocationrun IN SHARE ROW EXCLUSIVE MODE"))
        await rig.acts.cohorts.solve(cohort.id, rig.operations)
        await eventually(lambda: kept_waiting(rig, "allocationrun"))
        yield


async def whole_and_lawful(rig: Rig, cohort: OpenedCohort, cases: list[Case]) -> None:
    """Every panel has three members, and no rule is broken by all of them together."""
    for case in cases:
        await eventually(case.panel, lambda rows: _held(rows) == 3)
    async with rig.sessions() as session:
        assert broken_rules(*await problem_as_held(session, cohort.id)) == ()


def _held(rows: Sequence[Assessment]) -> int:
    gone = {AssessmentStage.DECLINED, AssessmentStage.STOOD_DOWN}
    return sum(row.stage not in gone for row in rows)


async def test_decline_that_arrives_while_a_run_is_solved_is_filled_after_it(rig: Rig) -> None:
    cohort, seated, later = await in_two_halves(rig)
    gone = (await seated.offered(3))[0]

    async with while_it_is_solved(rig, cohort):
        await rig.acts.assessments.decline(gone, await seated.assessor(gone), OTHER)
        asked = await eventually(cohort.allocated, lambda state: bool(state.asked))
    await eventually(cohort.allocated, lambda state: state.proposals == (2,))
    await seated.offered(3)
    await rig.acts.cohorts.release_run(cohort.id, rig.operations, 2)
    await later.offered(3)

    assert [one.nomination for one in asked.asked] == [seated.id]
    assert [(run.kind, run.status) for run in await cohort.runs()] == [
        (RunKind.BATCH, RunStatus.RELEASED),
        (RunKind.BATCH, RunStatus.RELEASED),
        (RunKind.REPLACEMENT, RunStatus.RELEASED),
    ]
    await whole_and_lawful(rig, cohort, [seated, later])


async def test_decline_that_arrives_while_a_run_is_released_is_filled_after_it(rig: Rig) -> None:
    cohort, seated, later = await in_two_halves(rig)
    await solved(rig, cohort, 2)
    gone = (await seated.offered(3))[0]

    async with rig.engine.begin() as connection:
        # Both have written their rows and wait for their place in the audit trail.
        await connection.execute(text("LOCK TABLE auditevent IN SHARE ROW EXCLUSIVE MODE"))
        releasing = asyncio.create_task(rig.acts.cohorts.release_run(cohort.id, rig.operations, 2))
        await eventually(lambda: kept_waiting(rig, "auditevent"))
        declining = asyncio.create_task(rig.acts.assessments.decline(gone, await seated.assessor(gone), OTHER))
        await eventually(lambda: _waiting(rig, "auditevent", 2))
    await asyncio.gather(releasing, declining)
    await seated.offered(3)
    await later.offered(3)

    assert [(run.kind, run.status) for run in await cohort.runs()] == [
        (RunKind.BATCH, RunStatus.RELEASED),
        (RunKind.BATCH, RunStatus.RELEASED),
        (RunKind.REPLACEMENT, RunStatus.RELEASED),
    ]
    await whole_and_lawful(rig, cohort, [seated, later])


async def test_decline_of_whom_a_proposal_counts_on_elsewhere_lets_it_be_released(rig: Rig) -> None:
    cohort, seated, later = await in_two_halves(rig, capacity=1)
    await solved(rig, cohort, 2)
    gone = (await seated.offered(3))[0]

    # The stand-in may be whom the proposal wants, who has one place only.
    await rig.acts.assessments.decline(gone, await seated.assessor(gone), OTHER)
    await seated.offered(3)
    taken = {row.assessor_id for row in await seated.panel(AssessmentStage.OFFERED)}
    wanted = {one.assessor_id for one in await _seats(rig, cohort, 2)}
    answer = await asyncio.gather(rig.acts.cohorts.release_run(cohort.id, rig.operations, 2), return_exceptions=True)

    if taken & wanted:
        assert "no longer holds" in str(answer[0])
        assert "would have more assessments than they can hold" in str(answer[0])
        assert await later.panel() == []
    else:
        await later.offered(3)
        await whole_and_lawful(rig, cohort, [seated, later])


async def _seats(rig: Rig, cohort: OpenedCohort, run: int) -> list[ProposedSeat]:
    return await rig.all(
        select(ProposedSeat).where(col(ProposedSeat.cohort_id) == cohort.id, col(ProposedSeat.run) == run)
    )


async def _waiting(rig: Rig, table: str, count: int) -> bool:
    """Whether so many wait to write to a table that is locked."""
    async with rig.engine.connect() as connection:
        found = await connection.execute(
            text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = CAST(:name AS regclass)"),
            {"name": table},
        )
        return bool(found.scalar() == count)


async def test_nomination_that_is_withdrawn_between_solve_and_release_gets_no_panel(rig: Rig) -> None:
    cohort = await opened(rig, BY_HAND, assessors=12)
    gone, stays = await waiting(cohort, 2)
    await solved(rig, cohort, 1)
    await gone.withdraw()
    await gone.until_closed()

    await rig.acts.cohorts.release_run(cohort.id, rig.operations, 1)
    await stays.offered(3)

    (run,) = await cohort.runs()
    assert {seat.nomination_id for seat in await _seats(rig, cohort, 1)} == {gone.id, stays.id}
    assert run.status is RunStatus.RELEASED
    assert await gone.panel() == []
    await whole_and_lawful(rig, cohort, [stays])


async def test_nomination_that_is_withdrawn_half_way_through_a_solve_gets_no_panel(rig: Rig) -> None:
    cohort = await opened(rig, BY_HAND, assessors=12)
    gone, stays = await waiting(cohort, 2)

    async with while_it_is_solved(rig, cohort):
        await gone.withdraw()
        await gone.until_closed()
    await eventually(cohort.allocated, lambda state: state.proposals == (1,))
    await rig.acts.cohorts.release_run(cohort.id, rig.operations, 1)
    await stays.offered(3)

    assert {seat.nomination_id for seat in await _seats(rig, cohort, 1)} == {gone.id, stays.id}
    assert await gone.panel() == []
    await whole_and_lawful(rig, cohort, [stays])


@pytest.mark.parametrize("first", ["withdrawn", "released"])
async def test_nomination_that_is_withdrawn_while_a_run_is_released_ends_with_nobody_at_work(
    rig: Rig, first: str
) -> None:
    cohort = await opened(rig, BY_HAND, assessors=12)
    gone, stays = await waiting(cohort, 2)
    await solved(rig, cohort, 1)

    async with rig.engine.begin() as connection:
        await connection.execute(text("LOCK TABLE auditevent IN SHARE ROW EXCLUSIVE MODE"))
        steps: dict[str, Callable[[], Awaitable[object]]] = {
            "withdrawn": gone.withdraw,
            "released": partial(rig.acts.cohorts.release_run, cohort.id, rig.operations, 1),
        }
        before = asyncio.ensure_future(steps.pop(first)())
        await eventually(lambda: kept_waiting(rig, "auditevent"))
        (after,) = (asyncio.ensure_future(step()) for step in steps.values())
    await asyncio.gather(before, after)
    await gone.until_closed()
    await stays.offered(3)

    assert {row.stage for row in await gone.panel()} <= {AssessmentStage.STOOD_DOWN}
    await whole_and_lawful(rig, cohort, [stays])


async def test_two_runs_asked_for_at_once_are_made_one_after_the_other(rig: Rig) -> None:
    cohort = await opened(rig, BY_HAND, assessors=12)
    cases = await waiting(cohort, 2)

    async with while_it_is_solved(rig, cohort):
        await asyncio.gather(*(rig.acts.cohorts.solve(cohort.id, rig.operations) for _ in range(2)))
    await eventually(cohort.allocated, lambda state: state.proposals == (1, 2))
    answers = await asyncio.gather(
        *(rig.acts.cohorts.release_run(cohort.id, rig.operations, run) for run in (1, 2)), return_exceptions=True
    )
    for case in cases:
        await case.offered(3)

    # What was asked for twice while one was solved is one run; and only one of the two is released.
    assert sum(isinstance(one, BaseException) for one in answers) == 1
    assert Counter(run.status for run in await cohort.runs()) == {RunStatus.RELEASED: 1, RunStatus.DISCARDED: 1}
    await whole_and_lawful(rig, cohort, cases)


async def test_runs_of_two_cohorts_at_once_do_not_meet(rig: Rig) -> None:
    cohorts = [await opened(rig, BY_HAND, assessors=8) for _ in range(2)]
    cases = [await waiting(cohort, 2) for cohort in cohorts]

    await asyncio.gather(*(solved(rig, cohort, 1) for cohort in cohorts))
    await asyncio.gather(*(rig.acts.cohorts.release_run(cohort.id, rig.operations, 1) for cohort in cohorts))

    for cohort, own in zip(cohorts, cases, strict=True):
        await whole_and_lawful(rig, cohort, own)
        (run,) = await cohort.runs()
        assert (run.number, run.status) == (1, RunStatus.RELEASED)
        asked = [AssessmentId(row.id) for case in own for row in await case.panel()]
        assert all(one.startswith(cohort.id) for one in asked)
        assert {one.nomination_id for one in await _seats(rig, cohort, 1)} == {case.id for case in own}


async def test_run_that_nobody_waits_for_is_neither_asked_for_nor_kept(rig: Rig) -> None:
    cohort = await opened(rig, BY_HAND, assessors=8)
    (case,) = await waiting(cohort, 1)
    await solved(rig, cohort, 1)
    await rig.acts.cohorts.solve(cohort.id, rig.operations)
    await eventually(cohort.allocated, lambda state: state.proposals == (1, 2))
    await rig.acts.cohorts.release_run(cohort.id, rig.operations, 1)
    await case.offered(3)

    with pytest.raises(RefusedError, match="waits for a panel, so there is nothing to solve"):
        await rig.acts.cohorts.solve(cohort.id, rig.operations)
    # As the cohort's roll call may, which counted before the release.
    await cohort.solve()
    (later,) = await waiting(cohort, 1)
    await cohort.solve()
    state = await eventually(cohort.allocated, lambda state: bool(state.proposals))

    assert state.proposals == (3,)
    assert [run.number for run in await cohort.runs()] == [1, 2, 3]
    assert {seat.nomination_id for seat in await _seats(rig, cohort, 3)} == {later.id}
    assert [event.what for event in await cohort.events(cohort.allocation.id)] == [
        "solved", "solved", "released", "solved",
    ]  # fmt: skip

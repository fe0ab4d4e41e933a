"""Every workflow brought through every branch, on the real stack; `python -m tests.record_histories` records them.

A scene gives the workflows whose histories are worth keeping, by the names of their branches.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from sqlalchemy import text
from temporalio.client import WorkflowExecutionStatus

from acts.undoing import UndoActs
from models.enums import (
    AssessmentStage,
    AssessorDeclineReason,
    CohortPhase,
    Outcome,
    Resolution,
    Stage,
    SteerReason,
    WayOut,
)
from models.ids import allocation_workflow, assessment_workflow
from models.messages import OutboxAsked
from tests.workflows.opened import kept_waiting, opened
from tests.workflows.rig import DAY, Case, Rig, eventually

Scene = Callable[[Rig], Awaitable[Mapping[str, str]]]
ILL = SteerReason.ILLNESS


async def _case(rig: Rig, stage: Stage = Stage.NOMINATED, **cohort: int) -> Case:
    return await (await (await rig.cohort(**cohort)).nominate()).reach(stage)  # type: ignore[arg-type]


async def usual(rig: Rig) -> Mapping[str, str]:
    case = await _case(rig, Stage.IN_POOL)
    await case.end()
    await case.until_closed()
    submitted = (await case.panel(AssessmentStage.SUBMITTED))[0].id
    return {"nomination-usual": case.workflow, "assessment-submitted": f"assessment/{submitted}"}


async def declined(rig: Rig) -> Mapping[str, str]:
    return {"nomination-declined": (await _case(rig, Stage.DECLINED_BY_NOMINEE)).workflow}


async def lapsed(rig: Rig) -> Mapping[str, str]:
    return {"nomination-lapsed": (await _case(rig, Stage.LAPSED)).workflow}


async def ineligible(rig: Rig) -> Mapping[str, str]:
    return {"nomination-ineligible": (await _case(rig, Stage.INELIGIBLE)).workflow}


async def _withdrawn(rig: Rig, stage: Stage) -> Case:
    case = await _case(rig, stage)
    await case.withdraw()
    await case.until_closed()
    return case


async def withdrawn_while_applying(rig: Rig) -> Mapping[str, str]:
    return {"nomination-withdrawn-while-applying": (await _withdrawn(rig, Stage.APPLYING)).workflow}


async def withdrawn_while_scored(rig: Rig) -> Mapping[str, str]:
    case = await _withdrawn(rig, Stage.SCORING)
    stood_down = (await case.panel(AssessmentStage.STOOD_DOWN))[0].id
    return {
        "nomination-withdrawn-while-scored": case.workflow,
        "assessment-stood-down": f"assessment/{stood_down}",
    }


async def withdrawn_from_the_pool(rig: Rig) -> Mapping[str, str]:
    return {"nomination-withdrawn-from-the-pool": (await _withdrawn(rig, Stage.IN_POOL)).workflow}


async def paused_and_extended(rig: Rig) -> Mapping[str, str]:
    case = await _case(rig, Stage.APPLYING)
    await rig.acts.nominations.pause(case.id, rig.operations, ILL)
    await case.skip(days=2)
    state = await rig.acts.nominations.resume(case.id, rig.operations)
    assert state.due_at is not None
    await rig.acts.nominations.extend(case.id, rig.operations, state.due_at + DAY, ILL)
    await case.move_window(state.due_at + 5 * DAY)
    await eventually(lambda: case.events("window moved"))
    await case.apply()
    await case.until(Stage.AWAITING_PANEL)
    return {"nomination-paused-and-extended": case.workflow}


async def deferred(rig: Rig) -> Mapping[str, str]:
    return {"nomination-deferred": (await _case(rig, Stage.DEFERRED)).workflow}


async def readmitted(rig: Rig) -> Mapping[str, str]:
    case = await _case(rig, Stage.LAPSED)
    await rig.acts.nominations.readmit(case.id, rig.operations, case.now() + 90 * DAY, ILL)
    await case.until(Stage.APPLYING)
    await case.apply()
    await case.until(Stage.AWAITING_PANEL)
    return {"nomination-readmitted": case.workflow}


async def moderated(rig: Rig) -> Mapping[str, str]:
    case = await _case(rig, Stage.QUALITY_ASSURANCE)
    flags = await case.open_flags()
    await rig.acts.board.resolve_flags(case.id, rig.moderator, flags, Resolution.CONFIRM)
    await case.until(Stage.AWAITING_DECISION)
    return {"nomination-moderated": case.workflow}


async def more_evidence(rig: Rig) -> Mapping[str, str]:
    case = await _case(rig, Stage.QUALITY_ASSURANCE)
    one = (await case.panel())[0].id
    await rig.acts.board.resolve_flags(
        case.id,
        rig.moderator,
        await case.open_flags(),
        Resolution.MORE_EVIDENCE,
        assessment=one,  # type: ignore[arg-type]
    )
    (returned,) = await eventually(lambda: case.panel(AssessmentStage.RETURNED))
    await case.save_scores(returned.id, 5)  # type: ignore[arg-type]
    await case.submit_scores(returned.id)  # type: ignore[arg-type]
    await case.until(Stage.QUALITY_ASSURANCE)
    return {"nomination-more-evidence": case.workflow, "assessment-returned": f"assessment/{returned.id}"}


async def another_assessor(rig: Rig) -> Mapping[str, str]:
    case = await _case(rig, Stage.QUALITY_ASSURANCE)
    flags = await case.open_flags()
    await rig.acts.board.resolve_flags(case.id, rig.moderator, flags, Resolution.ANOTHER_ASSESSOR)
    (fourth,) = await case.offered(1)
    await case.score(fourth, 5)
    await case.until(Stage.QUALITY_ASSURANCE)
    return {"nomination-another-assessor": case.workflow}


async def promoted(rig: Rig) -> Mapping[str, str]:
    case = await _case(rig, Stage.RESERVED)
    await rig.acts.board.promote(case.id, rig.chair)
    await case.until(Stage.IN_POOL)
    return {"nomination-reserved-and-promoted": case.workflow}


async def not_admitted(rig: Rig) -> Mapping[str, str]:
    return {"nomination-not-admitted": (await _case(rig, Stage.NOT_ADMITTED)).workflow}


async def decided_anew(rig: Rig) -> Mapping[str, str]:
    case = await _case(rig, Stage.DECIDED)
    await rig.acts.board.reopen_decision(case.id, rig.chair)
    await case.decide(Outcome.RESERVED)
    await case.release()
    await case.until(Stage.RESERVED)
    await case.skip(days=400)
    await case.until_closed()
    return {"nomination-decided-anew-and-reserve-list-closed": case.workflow}


async def needs_attention(rig: Rig) -> Mapping[str, str]:
    cohort = await rig.cohort(assessors=2)
    case = await (await cohort.nominate()).reach(Stage.AWAITING_PANEL)
    await cohort.solve()
    await eventually(case.row, lambda row: row.attention_code is not None)
    await cohort.register(2)
    await rig.acts.nominations.unblock(case.id, rig.operations, WayOut.RETRY, ILL)
    await case.until(Stage.SCORING)
    return {"nomination-needs-attention": case.workflow}


async def self_nominated(rig: Rig) -> Mapping[str, str]:
    """Screening waits for the endorsement of somebody who put themselves forward."""
    case = await (await rig.cohort()).nominate(by_self=True, endorsed=False)
    await case.consent()
    await case.apply()
    await eventually(lambda: case.events("screened"))
    await case.endorse()
    await case.until(Stage.AWAITING_PANEL)
    return {"nomination-self-nominated": case.workflow}


async def assessments(rig: Rig) -> Mapping[str, str]:
    """One is declined, one is never answered, one is overdue and then given to another assessor."""
    case = await _case(rig, Stage.SCORING)
    first, second, third = await case.offered()
    await rig.acts.assessments.decline(first, await case.assessor(first), AssessorDeclineReason.OVERLOADED)
    await case.skip_assessment(second, days=30)
    state = await case.accept(third)
    assert state.due_at is not None
    await rig.acts.assessments.extend(third, rig.operations, state.due_at + DAY, ILL)
    await case.skip_assessment(third, days=60)
    for gone in (AssessmentStage.DECLINED, AssessmentStage.EXPIRED):
        wanted = 2 if gone is AssessmentStage.EXPIRED else 1
        await eventually(lambda stage=gone: case.panel(stage), lambda found, n=wanted: len(found) == n)  # type: ignore[misc]
    fourth = (await case.offered())[0]
    await rig.acts.nominations.reassign(case.id, rig.operations, fourth, ILL)
    await eventually(lambda: case.panel(AssessmentStage.REPLACED))
    await case.offered()
    return {
        "assessment-declined": assessment_workflow(first),
        "assessment-never-answered": assessment_workflow(second),
        "assessment-overdue": assessment_workflow(third),
        "nomination-replacements": case.workflow,
        "allocation-replacements": allocation_workflow(case.cohort.id),
    }


async def whole_cohort(rig: Rig) -> Mapping[str, str]:
    """A cohort from opening to end: its window moved, a proposal discarded, one released, decisions released."""
    cohort = await opened(rig, {"allocation.released_by_operations": True})
    cases = [await (await cohort.nominate()).reach(Stage.AWAITING_PANEL) for _ in range(2)]
    gone = await cohort.nominate()
    acts, operations = rig.acts.cohorts, rig.operations
    await acts.move_window(cohort.id, operations, ILL, closes_at=cohort.closes_at + DAY)
    await acts.close_now(cohort.id, operations, ILL)
    await gone.withdraw()
    await cohort.look(CohortPhase.ALLOCATING)
    await eventually(cohort.allocated, lambda state: state.proposals == (1,))
    await acts.discard_run(cohort.id, operations, 1, SteerReason.BOARD_REQUEST)
    await acts.solve(cohort.id, operations)
    state = await eventually(cohort.allocated, lambda state: bool(state.proposals))
    await acts.release_run(cohort.id, operations, state.proposals[-1])
    await cohort.look(CohortPhase.SCORING)
    for case in cases:
        await case.score_all()
        await case.until(Stage.AWAITING_DECISION)
    await cohort.look(CohortPhase.DECIDING)
    for case in cases:
        await case.decide()
    await rig.acts.board.release(cohort.id, rig.chair)
    for case in cases:
        await case.until(Stage.IN_POOL)
    await rig.env.fast_forward(cohort.handle, timedelta(days=400))
    await cohort.until(CohortPhase.ENDED)

    async def closed() -> bool:
        found = [await one.describe() for one in (cohort.handle, cohort.allocation)]
        return all(one.status is not WorkflowExecutionStatus.RUNNING for one in found)

    await eventually(closed)
    return {"cohort-whole": cohort.handle.id, "allocation-proposals": cohort.allocation.id}


async def rolling(rig: Rig) -> Mapping[str, str]:
    """Panels are looked for at the policy's interval, and others are asked for while that run is solved."""
    cohort = await opened(rig, {"allocation.mode": "rolling", "allocation.interval": "12 hours"})
    first, second = await cohort.nominate(), await cohort.nominate()
    await first.reach(Stage.AWAITING_PANEL)
    async with rig.engine.begin() as connection:
        await connection.execute(text("LOCK TABLE allocationrun IN SHARE ROW EXCLUSIVE MODE"))
        # The clock stands again only once the run is kept, which it cannot be before the lock is gone.
        skipped = asyncio.create_task(rig.env.fast_forward(cohort.allocation, timedelta(hours=13)))
        await eventually(lambda: kept_waiting(rig, "allocationrun"))
        await second.reach(Stage.AWAITING_PANEL)
        await cohort.solve()
        await eventually(cohort.allocated)
    await skipped
    await first.offered()
    await second.offered()
    return {"allocation-rolling": cohort.allocation.id}


async def undone(rig: Rig) -> Mapping[str, str]:
    """A released run is undone before anybody has answered, and its nomination gets a panel by another one."""
    cohort = await opened(rig, {"allocation.released_by_operations": True})
    case = await (await cohort.nominate()).reach(Stage.AWAITING_PANEL)
    acts, operations = rig.acts.cohorts, rig.operations
    for run in (1, 2):
        await acts.solve(cohort.id, operations)
        await eventually(cohort.allocated, lambda state, run=run: state.proposals == (run,))  # type: ignore[misc]
        await acts.release_run(cohort.id, operations, run)
        offered = await case.offered()
        if run == 1:
            await UndoActs(rig.acts.desk).undo(cohort.id, operations, 1, SteerReason.BOARD_REQUEST)
            await case.until(Stage.AWAITING_PANEL)
            first = await case.assessment_handle(offered[0]).describe()
    await case.score_all()
    await case.until(Stage.AWAITING_DECISION)
    return {
        "allocation-undone": cohort.allocation.id,
        "nomination-panel-taken-back": case.workflow,
        f"assessment-taken-back@{first.run_id}": first.id,
    }


async def outbox(rig: Rig) -> Mapping[str, str]:
    """A shift that ends and begins the next."""
    workflow = f"outbox/recorded-{rig.number()}"
    handle = await rig.client.start_workflow(
        "outbox", OutboxAsked(shift_seconds=1), id=workflow, task_queue=rig.task_queue
    )
    first = handle.first_execution_run_id
    await eventually(handle.describe, lambda found: found.run_id != first)
    await handle.terminate()
    return {f"outbox-shift@{first}": workflow}


async def webhooks(rig: Rig) -> Mapping[str, str]:
    """A shift that ends and begins the next."""
    workflow = f"webhooks/recorded-{rig.number()}"
    handle = await rig.client.start_workflow(
        "webhooks", OutboxAsked(shift_seconds=1), id=workflow, task_queue=rig.task_queue
    )
    first = handle.first_execution_run_id
    await eventually(handle.describe, lambda found: found.run_id != first)
    await handle.terminate()
    return {f"webhooks-shift@{first}": workflow}


SCENES: tuple[Scene, ...] = (
    whole_cohort,
    assessments,
    rolling,
    usual,
    declined,
    lapsed,
    ineligible,
    withdrawn_while_applying,
    withdrawn_while_scored,
    withdrawn_from_the_pool,
    paused_and_extended,
    deferred,
    readmitted,
    moderated,
    more_evidence,
    another_assessor,
    promoted,
    not_admitted,
    decided_anew,
    needs_attention,
    self_nominated,
    undone,
    outbox,
    webhooks,
)


async def play(rig: Rig, scenes: tuple[Scene, ...] = SCENES, *, at_once: int = 4) -> Mapping[str, str]:
    """Plays the scenes, some at once; the workflow of each branch."""
    turn = asyncio.Semaphore(at_once)

    async def one(scene: Scene) -> Mapping[str, str]:
        async with turn:
            return await scene(rig)

    found: dict[str, str] = {}
    for kept in await asyncio.gather(*(one(scene) for scene in scenes)):
        found |= kept
    return found

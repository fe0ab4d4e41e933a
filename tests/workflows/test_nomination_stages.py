"""Every stage and every exit of the stage table, each reached through the workflow by what causes it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import WorkflowExecutionStatus

from acts.undoing import UndoActs
from models.enums import ENDS, Outcome, Resolution, Role, ScreeningReason, Stage, StageChange, SteerReason
from rules.stages import TABLE
from tests.workflows.rig import Case, CohortRig, eventually

MET = ScreeningReason.MET_ON_OTHER_EVIDENCE
UNMET = ScreeningReason.RULE_NOT_MET

Way = Callable[[Case], Awaitable[object]]


@pytest.mark.parametrize("stage", list(Stage))
async def test_stage_is_reached_by_what_people_do(cohort: CohortRig, stage: Stage) -> None:
    case = await cohort.nominate()

    await case.reach(stage)

    assert (await case.state()).stage is stage
    assert (await case.row()).stage is stage
    running = (await case.status()) is WorkflowExecutionStatus.RUNNING
    assert running is (stage not in ENDS)


async def _let_lapse(case: Case) -> None:
    row = await case.row()
    assert row.due_at is not None
    await case.skip_to(row.due_at + timedelta(days=2))


async def _readmit(case: Case) -> None:
    until = datetime.now(UTC) + timedelta(days=30)
    await case.rig.acts.nominations.readmit(case.id, case.rig.operations, until, SteerReason.ILLNESS)


def _settle(resolution: Resolution) -> Way:
    async def settle(case: Case) -> None:
        flags = await eventually(case.open_flags)
        await case.rig.acts.board.resolve_flags(case.id, case.rig.moderator, flags, resolution)

    return settle


async def _undo(case: Case) -> None:
    run = (await case.panel())[0].run
    await UndoActs(case.rig.acts.desk).undo(case.cohort.id, case.rig.operations, run, SteerReason.OTHER)


def _decided(outcome: Outcome) -> Way:
    async def decide_anew_and_release(case: Case) -> None:
        await case.rig.acts.board.reopen_decision(case.id, case.rig.chair)
        await case.decide(outcome)
        await case.release()

    return decide_anew_and_release


EXITS: dict[StageChange, tuple[Way, Role | None]] = {
    StageChange.CONSENT: (lambda case: case.consent(), Role.NOMINEE),
    StageChange.DECLINE: (lambda case: case.rig.acts.nominations.decline(case.id, case.nominee), Role.NOMINEE),
    StageChange.SUBMIT: (lambda case: case.apply(), Role.NOMINEE),
    StageChange.PASS_SCREENING: (
        lambda case: case.rig.acts.nominations.screen(case.id, case.rig.moderator, eligible=True, reason=MET),
        Role.MODERATOR,
    ),
    StageChange.FAIL_SCREENING: (
        lambda case: case.rig.acts.nominations.screen(case.id, case.rig.moderator, eligible=False, reason=UNMET),
        Role.MODERATOR,
    ),
    StageChange.SEAT_PANEL: (lambda case: case.seat(), Role.SYSTEM),
    StageChange.TAKE_BACK_PANEL: (_undo, Role.OPERATIONS),
    StageChange.COMPLETE_SCORES: (lambda case: case.score_all(), Role.SYSTEM),
    StageChange.ASK_FOR_MORE: (_settle(Resolution.ANOTHER_ASSESSOR), Role.MODERATOR),
    StageChange.CONFIRM_QUALITY: (_settle(Resolution.CONFIRM), Role.SYSTEM),
    StageChange.DECIDE: (lambda case: case.decide(), Role.BOARD),
    StageChange.REOPEN_DECISION: (
        lambda case: case.rig.acts.board.reopen_decision(case.id, case.rig.chair),
        Role.BOARD,
    ),
    StageChange.RELEASE_ADMITTED: (_decided(Outcome.ADMITTED), Role.BOARD),
    StageChange.RELEASE_RESERVED: (_decided(Outcome.RESERVED), Role.BOARD),
    StageChange.RELEASE_NOT_ADMITTED: (_decided(Outcome.NOT_ADMITTED), Role.BOARD),
    StageChange.PROMOTE: (lambda case: case.rig.acts.board.promote(case.id, case.rig.chair), Role.BOARD),
    StageChange.LAPSE: (_let_lapse, Role.SYSTEM),
    StageChange.WITHDRAW: (lambda case: case.withdraw(), Role.NOMINEE),
    StageChange.DEFER: (
        lambda case: case.rig.acts.nominations.defer(case.id, case.nominee, SteerReason.LEAVE),
        Role.NOMINEE,
    ),
    StageChange.READMIT: (_readmit, Role.OPERATIONS),
}
"""How each change is brought about, and in which role its step is written. A new one fails until it stands here."""
STEP = {StageChange.ASK_FOR_MORE: "asked for more"}
"""What the audit trail calls a change, where it is not the change's own word."""
PASSED_AT_ONCE = {Stage.SCREENING, Stage.QUALITY_ASSURANCE}
"""Stages that a nomination passes by itself when the policy's rules find nothing."""


@pytest.mark.parametrize(
    ("stage", "change"),
    [(stage, change) for stage, changes in TABLE.items() for change in changes],
    ids=lambda word: word.value,
)
async def test_exit_of_the_stage_table_is_taken(cohort: CohortRig, stage: Stage, change: StageChange) -> None:
    case = await (await cohort.nominate()).reach(stage)
    way, role = EXITS[change]

    await way(case)

    what = STEP.get(change, change.value)
    step = (await eventually(lambda: case.events(what)))[-1]
    to = TABLE[stage][change]
    assert step.before is not None
    assert step.after is not None
    assert (step.before["stage"], step.after["stage"], step.role) == (stage, to, role)
    if to not in PASSED_AT_ONCE:
        await case.until(to)
        assert (await case.state()).stage is to
    if to in ENDS:
        assert await case.until_closed() is WorkflowExecutionStatus.COMPLETED


async def test_reserve_list_moves_up_when_a_place_is_given_up(cohort: CohortRig) -> None:
    admitted = await (await cohort.nominate()).reach(Stage.IN_POOL)
    reserved = await (await cohort.nominate()).reach(Stage.RESERVED)

    await admitted.withdraw()
    await cohort.rig.acts.board.promote(reserved.id, cohort.rig.chair)

    assert (await reserved.row()).outcome is Outcome.ADMITTED
    assert [letter.template for letter in await reserved.letters()][-1] == "promoted"


async def test_pool_member_stays_when_the_cohort_ends(cohort: CohortRig) -> None:
    case = await (await cohort.nominate()).reach(Stage.IN_POOL)

    await case.end()

    assert await case.until_closed() is WorkflowExecutionStatus.COMPLETED
    assert (await case.row()).stage is Stage.IN_POOL


async def test_endorsement_passes_a_screening_that_waited_for_it(cohort: CohortRig) -> None:
    case = await cohort.nominate(endorsed=False, by_self=True)
    await case.consent()
    await case.apply()
    await eventually(lambda: case.events("screened"))
    assert (await case.row()).stage is Stage.SCREENING

    await case.endorse()

    await case.until(Stage.AWAITING_PANEL)
    assert [event.what for event in await case.events()][-4:] == [
        "screened",
        "endorsed",
        "screened",
        "pass_screening",
    ]

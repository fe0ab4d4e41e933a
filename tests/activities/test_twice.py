"""Every activity that writes, run again and beside itself: the first run writes, and no other changes anything."""

import asyncio
from collections.abc import Awaitable, Callable
from types import NoneType
from typing import NamedTuple

import pytest

from models.enums import (
    AssessmentStage,
    CohortPhase,
    DecisionReason,
    Outcome,
    Resolution,
    RunKind,
    ScoreChangeReason,
    Stage,
    StageChange,
    SteerReason,
    Template,
)
from models.ids import allocation_workflow, assessment_workflow, cohort_workflow, nomination_workflow
from models.messages import (
    AssessmentStep,
    CohortStep,
    Message,
    ModerationAsked,
    NominationStep,
    Notice,
    Quality,
    QualityAsked,
    RunAsked,
    RunMade,
    RunSettled,
    RunUndone,
    Screening,
    ScreeningAsked,
    SeatRequest,
)
from models.tables import Decision, ScoreChange
from tests.activities.cohort import (
    BOARD,
    CHAIR,
    CLOSED_ON,
    MODERATOR,
    NOW,
    OPENED_ON,
    OPERATIONS,
    Activities,
    CohortInRows,
    Sessions,
    changed,
    contents,
)


class Asked(NamedTuple):
    """What is asked of an activity, and how many rows of each table its first run must add."""

    activity: str
    message: Message
    answer: type[object]
    adds: dict[str, int]


Case = Callable[[CohortInRows, Activities], Awaitable[Asked]]


async def consent(cohort: CohortInRows, _: Activities) -> Asked:
    await cohort.begin(stage=Stage.NOMINATED)
    step = cohort.step(nomination_workflow(cohort.nomination()))
    letter = Notice(template=Template.APPLICATION_OPEN, to="nominee", due_at=CLOSED_ON)
    asked = NominationStep(
        step=step,
        nomination=cohort.nomination(),
        change=StageChange.CONSENT,
        stage=Stage.APPLYING,
        due_at=CLOSED_ON,
        notices=(letter,),
    )
    return Asked("record_nomination", asked, NoneType, {"auditevent": 1, "nomination": 0, "outboxmessage": 1})


async def submission(cohort: CohortInRows, _: Activities) -> Asked:
    await cohort.begin(stage=Stage.APPLYING)
    await cohort.draft()
    step = cohort.step(nomination_workflow(cohort.nomination()))
    asked = NominationStep(
        step=step, nomination=cohort.nomination(), change=StageChange.SUBMIT, stage=Stage.SCREENING
    )
    return Asked("record_nomination", asked, NoneType, {"application": 1, "auditevent": 1, "nomination": 0})


async def decision_released(cohort: CohortInRows, _: Activities) -> Asked:
    await cohort.begin(stage=Stage.DECIDED)
    await cohort.submit(1, 1, [4, 5, 6, 3, 2, 4])
    await cohort.add(_approved(cohort))
    asked = NominationStep(
        step=cohort.step(nomination_workflow(cohort.nomination()), by=BOARD),
        nomination=cohort.nomination(),
        change=StageChange.RELEASE_ADMITTED,
        stage=Stage.IN_POOL,
        outcome=Outcome.ADMITTED,
        notices=(
            Notice(template=Template.ADMITTED, to="nominee"),
            Notice(template=Template.FEEDBACK, to="nominee"),
        ),
    )
    return Asked(
        "record_nomination", asked, NoneType, {"auditevent": 1, "decision": 0, "nomination": 0, "outboxmessage": 2}
    )


async def screening(cohort: CohortInRows, _: Activities) -> Asked:
    await cohort.begin(stage=Stage.SCREENING)
    await cohort.apply(reports_to_board="no")
    step = cohort.step(nomination_workflow(cohort.nomination()))
    asked = ScreeningAsked(step=step, nomination=cohort.nomination())
    return Asked("screen", asked, Screening, {"auditevent": 1, "nomination": 0, "screeningfinding": 4})


async def offer(cohort: CohortInRows, _: Activities) -> Asked:
    await cohort.begin(stage=Stage.SCORING)
    await cohort.seat(1, 1, AssessmentStage.SEATED)
    asked = AssessmentStep(
        step=cohort.step(assessment_workflow(cohort.assessment())),
        assessment=cohort.assessment(),
        stage=AssessmentStage.OFFERED,
        due_at=CLOSED_ON,
        notices=(Notice(template=Template.OFFER, to="assessor", due_at=CLOSED_ON),),
    )
    return Asked("record_assessment", asked, NoneType, {"assessment": 0, "auditevent": 1, "outboxmessage": 1})


async def window_moved(cohort: CohortInRows, _: Activities) -> Asked:
    await cohort.begin(phase=CohortPhase.OPEN)
    asked = CohortStep(
        step=cohort.step(cohort_workflow(cohort.id), by=OPERATIONS),
        cohort=cohort.id,
        phase=CohortPhase.OPEN,
        opens_at=OPENED_ON,
        closes_at=NOW,
        due_at=NOW,
    )
    return Asked("record_cohort", asked, NoneType, {"auditevent": 1, "cohort": 0})


async def quality_check(cohort: CohortInRows, _: Activities) -> Asked:
    await cohort.begin(stage=Stage.QUALITY_ASSURANCE)
    await cohort.submit(1, 1, [7] * 6)
    await cohort.submit(1, 2, [4] * 6)
    await cohort.submit(1, 3, [4] * 6)
    step = cohort.step(nomination_workflow(cohort.nomination()))
    asked = QualityAsked(step=step, nomination=cohort.nomination())
    # A spread of three points on each of six criteria, and on the means.
    return Asked("check_quality", asked, Quality, {"auditevent": 1, "flag": 7, "nomination": 0})


async def moderation(cohort: CohortInRows, activities: Activities) -> Asked:
    asked = await quality_check(cohort, activities)
    quality = await activities.run(asked.activity, asked.message, Quality)
    await cohort.add(
        ScoreChange(
            assessment_id=cohort.assessment(1, 1),
            criterion="partnerships",
            change=1,
            before=7,
            after=5,
            reason=ScoreChangeReason.MODERATION,
            changed_by=MODERATOR.person,
            changed_at=NOW,
        )
    )
    step = cohort.step(nomination_workflow(cohort.nomination()), 2, MODERATOR)
    message = ModerationAsked(
        step=step, nomination=cohort.nomination(), flags=quality.open_flags, resolution=Resolution.MODERATE
    )
    adds = {"auditevent": 1, "flag": 0, "nomination": 0, "score": 0, "scorechange": 0}
    return Asked("settle_flags", message, Quality, adds)


async def batch_run(cohort: CohortInRows, _: Activities) -> Asked:
    await cohort.begin(nominations=2)
    step = cohort.step(allocation_workflow(cohort.id))
    asked = RunAsked(step=step, cohort=cohort.id, run=1, kind=RunKind.BATCH)
    return Asked("solve_panels", asked, RunMade, {"allocationrun": 1, "auditevent": 1, "proposedseat": 6})


async def run_without_assessors(cohort: CohortInRows, _: Activities) -> Asked:
    await cohort.begin(nominations=2, assessors=2)
    step = cohort.step(allocation_workflow(cohort.id))
    asked = RunAsked(step=step, cohort=cohort.id, run=1, kind=RunKind.BATCH)
    return Asked("solve_panels", asked, RunMade, {"allocationrun": 1, "auditevent": 1, "unstaffednomination": 2})


async def replacement_run(cohort: CohortInRows, _: Activities) -> Asked:
    await cohort.begin(stage=Stage.SCORING)
    await cohort.seat(1, 1)
    await cohort.seat(1, 2)
    await cohort.seat(1, 3, AssessmentStage.EXPIRED)
    step = cohort.step(allocation_workflow(cohort.id))
    asked = RunAsked(
        step=step,
        cohort=cohort.id,
        run=1,
        kind=RunKind.REPLACEMENT,
        requests=(SeatRequest(nomination=cohort.nomination(), instead_of=cohort.assessment(1, 3)),),
    )
    return Asked("solve_panels", asked, RunMade, {"allocationrun": 1, "auditevent": 1, "proposedseat": 1})


async def run_released(cohort: CohortInRows, activities: Activities) -> Asked:
    asked = await batch_run(cohort, activities)
    await activities.run(asked.activity, asked.message, RunMade)
    await cohort.add(cohort.run_row(7))
    settled = RunSettled(step=cohort.step(allocation_workflow(cohort.id), 2, OPERATIONS), cohort=cohort.id, run=1)
    return Asked("release_run", settled, NoneType, {"allocationrun": 0, "assessment": 6, "auditevent": 1})


async def replacement_released(cohort: CohortInRows, activities: Activities) -> Asked:
    asked = await replacement_run(cohort, activities)
    await activities.run(asked.activity, asked.message, RunMade)
    settled = RunSettled(step=cohort.step(allocation_workflow(cohort.id), 2), cohort=cohort.id, run=1)
    return Asked("release_run", settled, NoneType, {"allocationrun": 0, "assessment": 1, "auditevent": 1})


async def run_discarded(cohort: CohortInRows, activities: Activities) -> Asked:
    asked = await batch_run(cohort, activities)
    await activities.run(asked.activity, asked.message, RunMade)
    settled = RunSettled(step=cohort.step(allocation_workflow(cohort.id), 2, OPERATIONS), cohort=cohort.id, run=1)
    return Asked("discard_run", settled, NoneType, {"allocationrun": 0, "auditevent": 1})


async def run_undone(cohort: CohortInRows, activities: Activities) -> Asked:
    asked = await run_released(cohort, activities)
    await activities.run(asked.activity, asked.message, asked.answer)
    settled = RunSettled(
        step=cohort.step(allocation_workflow(cohort.id), 3, OPERATIONS),
        cohort=cohort.id,
        run=1,
        reason=SteerReason.BOARD_REQUEST,
    )
    return Asked("undo_run", settled, RunUndone, {"allocationrun": 0, "assessment": 0, "auditevent": 1})


async def run_released_anew(cohort: CohortInRows, activities: Activities) -> Asked:
    """Whoever an undone run asked keeps the row, and is asked again by it."""
    asked = await run_undone(cohort, activities)
    await activities.run(asked.activity, asked.message, asked.answer)
    step = cohort.step(allocation_workflow(cohort.id), 4)
    await activities.run("solve_panels", RunAsked(step=step, cohort=cohort.id, run=2, kind=RunKind.BATCH), RunMade)
    settled = RunSettled(step=cohort.step(allocation_workflow(cohort.id), 5, OPERATIONS), cohort=cohort.id, run=2)
    return Asked("release_run", settled, NoneType, {"allocationrun": 0, "assessment": 0, "auditevent": 1})


CASES: tuple[Case, ...] = (
    consent,
    submission,
    decision_released,
    screening,
    offer,
    window_moved,
    quality_check,
    moderation,
    batch_run,
    run_without_assessors,
    replacement_run,
    run_released,
    replacement_released,
    run_discarded,
    run_undone,
    run_released_anew,
)


def _approved(cohort: CohortInRows) -> Decision:
    return Decision(
        nomination_id=cohort.nomination(),
        outcome=Outcome.ADMITTED,
        place=1,
        reason=DecisionReason.PROPOSED_ORDER.value,
        drafted_by=BOARD.person,
        drafted_at=NOW,
        approved_by=CHAIR.person,
        approved_at=NOW,
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
async def test_activity_run_again_changes_nothing(
    case: Case, cohort: CohortInRows, activities: Activities, sessions: Sessions
) -> None:
    asked = await case(cohort, activities)
    before = await contents(sessions)

    first = await activities.run(asked.activity, asked.message, asked.answer)
    once = await contents(sessions)
    second = await activities.run(asked.activity, asked.message, asked.answer)
    twice = await contents(sessions)

    assert changed(before, once) == asked.adds
    assert changed(once, twice) == {}
    assert second == first


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
async def test_activity_run_beside_itself_writes_once(
    case: Case, cohort: CohortInRows, activities: Activities, sessions: Sessions
) -> None:
    asked = await case(cohort, activities)
    before = await contents(sessions)

    answers = await asyncio.gather(*(activities.run(asked.activity, asked.message, asked.answer) for _ in range(3)))
    after = await contents(sessions)

    assert changed(before, after) == asked.adds
    assert answers == [answers[0]] * 3


async def test_activities_that_write_are_all_among_the_cases(activities: Activities) -> None:
    """Those that only count, tell or deliver have tests of their own."""
    others = {
        "count_stages", "tell_nominations", "tell_panels", "tell_taken_back", "deliver_messages", "relay_tellings",
        "send_webhooks",
    }  # fmt: skip

    tested = {
        "record_nomination", "screen", "record_assessment", "record_cohort", "check_quality", "settle_flags",
        "solve_panels", "release_run", "discard_run", "undo_run",
    }  # fmt: skip

    assert set(activities.by_name) == tested | others

"""Every exit of an assessment's stage table, and every Update refused where it must be."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from temporalio.client import WorkflowExecutionStatus, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from acts.errors import RefusedError
from acts.tellings import OVER
from acts.undoing import UndoActs
from models.enums import AssessmentStage, AssessorDeclineReason, Resolution, Role, Stage, SteerReason
from models.ids import AssessmentId, PersonId, assessment_workflow
from models.messages import Accept, AssessmentState, By, DeclineAssessment, Extend, Message, SubmitScores
from models.tables import Assessment, AuditEvent
from rules.assessments import SCORING, TABLE, refusal
from rules.permissions import GRANTS, Act, may
from tests.workflows.rig import MOST_AT_ONCE, Case, CohortRig, eventually
from workflows.assessment import AssessmentWorkflow

S = AssessmentStage
OPEN = (S.OFFERED, S.ACCEPTED, S.RETURNED)


async def _at(cohort: CohortRig, stage: AssessmentStage) -> tuple[Case, AssessmentId]:
    """A nomination with one assessment in ``stage``."""
    returned = stage in (S.RETURNED, S.SUBMITTED)
    case = await (await cohort.nominate()).reach(Stage.QUALITY_ASSURANCE if returned else Stage.SCORING)
    one = AssessmentId((await case.panel())[0].id)
    if stage is S.ACCEPTED:
        await case.accept(one)
    elif stage is S.RETURNED:
        await _ask_for_evidence(case, one)
    await eventually(lambda: case.rig.get(Assessment, one), lambda row: row.stage is stage)
    return case, one


async def _ask_for_evidence(case: Case, one: AssessmentId) -> None:
    flags = await eventually(case.open_flags)
    await case.rig.acts.board.resolve_flags(
        case.id, case.rig.moderator, flags, Resolution.MORE_EVIDENCE, assessment=one
    )


async def _decline(case: Case, one: AssessmentId) -> None:
    await case.rig.acts.assessments.decline(one, await case.assessor(one), AssessorDeclineReason.OTHER)


async def _reassign(case: Case, one: AssessmentId) -> None:
    await case.rig.acts.nominations.reassign(case.id, case.rig.operations, one, SteerReason.ILLNESS)


async def _undo(case: Case, one: AssessmentId) -> None:
    run = (await case.rig.get(Assessment, one)).run
    await UndoActs(case.rig.acts.desk).undo(case.cohort.id, case.rig.operations, run, SteerReason.OTHER)


WAYS: dict[AssessmentStage, Callable[[Case, AssessmentId], Awaitable[object]]] = {
    S.ACCEPTED: lambda case, one: case.accept(one),
    S.SUBMITTED: lambda case, one: case.score(one),
    S.DECLINED: _decline,
    S.EXPIRED: lambda case, one: case.skip_assessment(one, days=60),
    S.REPLACED: _reassign,
    S.STOOD_DOWN: lambda case, _: case.withdraw(),
    S.RETURNED: _ask_for_evidence,
    S.TAKEN_BACK: _undo,
}


@pytest.mark.parametrize(
    ("stage", "to"),
    [(stage, to) for stage in TABLE if stage is not S.SEATED for to in sorted(TABLE[stage])],
    ids=lambda word: word.value,
)
async def test_exit_of_the_assessment_table_is_taken(
    cohort: CohortRig, stage: AssessmentStage, to: AssessmentStage
) -> None:
    case, one = await _at(cohort, stage)

    await WAYS[to](case, one)

    await eventually(lambda: case.rig.get(Assessment, one), lambda row: row.stage is to)

    async def steps_there() -> list[AuditEvent]:
        return [
            one for one in await case.events(workflow=workflow) if one.before and (one.after or {})["stage"] == to
        ]

    workflow = assessment_workflow(one)
    step = (await eventually(steps_there))[-1]
    assert step.before is not None
    assert step.after is not None
    assert (step.before["stage"], step.after["stage"]) == (stage, to)
    if to not in OPEN:
        handle = case.assessment_handle(one)
        description = await eventually(
            handle.describe, lambda found: found.status is not WorkflowExecutionStatus.RUNNING
        )
        assert description.status is WorkflowExecutionStatus.COMPLETED


def _by(role: Role) -> By:
    return By(person=PersonId("p-0000000000ff"), role=role)


UPDATES: tuple[tuple[str, Act, Callable[[By, Case], Message], AssessmentStage | None], ...] = (
    ("accept", Act.ACCEPT, lambda by, _: Accept(by=by), S.ACCEPTED),
    (
        "decline",
        Act.DECLINE_ASSESSMENT,
        lambda by, _: DeclineAssessment(by=by, reason=AssessorDeclineReason.OTHER),
        S.DECLINED,
    ),
    ("submit", Act.SUBMIT_SCORES, lambda by, _: SubmitScores(by=by), S.SUBMITTED),
    (
        "extend",
        Act.EXTEND,
        lambda by, case: Extend(by=by, until=case.now() + timedelta(days=99), reason=SteerReason.OTHER),
        None,
    ),
)


def test_every_update_of_the_assessment_is_asked_here() -> None:
    import temporalio.workflow

    defined = temporalio.workflow._Definition.must_from_class(AssessmentWorkflow).updates

    assert {name for name, *_ in UPDATES} == set(defined)


@pytest.mark.parametrize("stage", OPEN)
async def test_updates_are_refused_where_stage_or_role_does_not_allow_them(
    cohort: CohortRig, stage: AssessmentStage
) -> None:
    case, one = await _at(cohort, stage)
    handle, workflow = case.assessment_handle(one), assessment_workflow(one)
    await case.assessment_state(one)
    events = await case.rig.history_length(workflow)

    at_once = asyncio.Semaphore(MOST_AT_ONCE)

    async def sentence_of(name: str, message: Message) -> str:
        async with at_once:
            with pytest.raises(WorkflowUpdateFailedError) as refused:
                await handle.execute_update(name, message, result_type=AssessmentState)
        assert isinstance(refused.value.cause, ApplicationError)
        return refused.value.cause.message

    asked, expected = [], []
    for name, act, say, to in UPDATES:
        allowed = next(role for role in Role if act in GRANTS[role])
        if to is not None and to not in TABLE[stage]:
            asked.append((name, say(_by(allowed), case)))
            expected.append(refusal(stage, to))
        for role in Role:
            if act not in GRANTS[role]:
                asked.append((name, say(_by(role), case)))
                expected.append(may(role, act).reason)
    sentences = await asyncio.gather(*(sentence_of(name, message) for name, message in asked))

    assert sentences == expected
    assert await case.rig.history_length(workflow) == events


@pytest.mark.parametrize("stage", [S.SUBMITTED])
async def test_updates_are_refused_when_the_task_is_over(cohort: CohortRig, stage: AssessmentStage) -> None:
    case, one = await _at(cohort, stage)

    for name, act, say, _ in UPDATES:
        by = _by(next(role for role in Role if act in GRANTS[role]))
        with pytest.raises(RefusedError, match=OVER):
            await case.rig.acts.desk.update(assessment_workflow(one), name, say(by, case), AssessmentState)


async def test_scores_that_are_not_complete_are_refused_by_name(cohort: CohortRig) -> None:
    case, one = await _at(cohort, S.ACCEPTED)

    with pytest.raises(RefusedError, match="Give a score with evidence for: Driving high-quality"):
        await case.submit_scores(one)

    assert (await case.assessment_state(one)).stage in SCORING

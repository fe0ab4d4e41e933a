"""Two things at once: whatever comes first holds, the other is refused or does nothing, and nothing is done twice."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta

import pytest
from temporalio.client import WorkflowUpdateFailedError

from acts.errors import RefusedError
from models.enums import AssessmentStage, AssessorDeclineReason, Stage, SteerReason, WithdrawReason
from models.messages import Accept, AssessmentState, Consent, SubmitApplication, Withdraw
from tests.workflows.rig import MINUTE, Case, CohortRig, Rig, eventually

REFUSED = (RefusedError, WorkflowUpdateFailedError)


async def at_once(*doing: Awaitable[object]) -> list[object]:
    """Each one's answer or refusal; whatever else goes wrong is raised."""
    answers = await asyncio.gather(*doing, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, REFUSED):
            raise answer
    return list(answers)


async def while_nobody_works(rig: Rig, *doing: Awaitable[object]) -> list[object]:
    """The same, all sent before a worker looks at any: they come in one workflow task, in this order."""
    await rig.stop_worker()
    tasks = []
    for one in doing:
        tasks.append(asyncio.ensure_future(one))
        await asyncio.sleep(0.05)  # so that the server has it before the next
    await rig.start_worker()
    return await at_once(*tasks)


def refusals(answers: list[object]) -> list[bool]:
    return [isinstance(answer, BaseException) for answer in answers]


async def _steps_in_order(case: Case) -> list[str]:
    events = await case.events()
    assert [event.step for event in events] == list(range(1, len(events) + 1))
    return [event.what for event in events]


@pytest.mark.parametrize("consent_first", [True, False])
async def test_consent_and_withdrawal_at_once(rig: Rig, cohort: CohortRig, consent_first: bool) -> None:
    case = await cohort.nominate()
    consent = case.update("consent", Consent(by=case.nominee))
    withdraw = case.update("withdraw", Withdraw(by=case.nominee, reason=WithdrawReason.PERSONAL))

    answers = await while_nobody_works(rig, *((consent, withdraw) if consent_first else (withdraw, consent)))

    await case.until_closed()
    assert (await case.row()).stage is Stage.WITHDRAWN
    steps = await _steps_in_order(case)
    if consent_first:
        assert refusals(answers) == [False, False]
        assert steps == ["nominated", "consent", "withdraw"]
    else:
        assert refusals(answers) == [False, True]
        assert steps == ["nominated", "withdraw"]


@pytest.mark.parametrize("submit_first", [True, False])
async def test_withdrawal_during_submission(rig: Rig, cohort: CohortRig, submit_first: bool) -> None:
    case = await (await cohort.nominate()).reach(Stage.APPLYING)
    await case.save_application()
    submit = case.update("submit", SubmitApplication(by=case.nominee))
    withdraw = case.update("withdraw", Withdraw(by=case.nominee, reason=WithdrawReason.PERSONAL))

    answers = await while_nobody_works(rig, *((submit, withdraw) if submit_first else (withdraw, submit)))

    await case.until_closed()
    assert (await case.row()).stage is Stage.WITHDRAWN
    assert refusals(answers) == ([False, False] if submit_first else [False, True])
    assert (await _steps_in_order(case)).count("submit") == submit_first


async def test_two_acceptances_are_one(rig: Rig, cohort: CohortRig) -> None:
    case = await (await cohort.nominate()).reach(Stage.SCORING)
    first = (await case.offered())[0]
    by = await case.assessor(first)
    handle = case.assessment_handle(first)

    answers = await at_once(
        *(handle.execute_update("accept", Accept(by=by), id=id_, result_type=AssessmentState) for id_ in ("a", "b"))
    )

    assert sorted(refusals(answers)) == [False, True]
    assert len(await case.events("accepted", workflow=f"assessment/{first}")) == 1


async def test_acceptance_clicked_twice_is_one_act_with_one_answer(rig: Rig, cohort: CohortRig) -> None:
    case = await (await cohort.nominate()).reach(Stage.SCORING)
    first = (await case.offered())[0]
    by = await case.assessor(first)
    handle = case.assessment_handle(first)

    one, other = await asyncio.gather(
        *(handle.execute_update("accept", Accept(by=by), id="click", result_type=AssessmentState) for _ in range(2))
    )
    later = await handle.execute_update("accept", Accept(by=by), id="click", result_type=AssessmentState)

    assert one == other == later
    assert len(await case.events("accepted", workflow=f"assessment/{first}")) == 1


async def test_duplicate_update_ids_give_one_act(cohort: CohortRig) -> None:
    case = await cohort.nominate()

    answers = await asyncio.gather(*(case.update("consent", Consent(by=case.nominee), id="click") for _ in range(5)))

    assert len({answer.steps for answer in answers}) == 1
    assert await _steps_in_order(case) == ["nominated", "consent"]


async def test_decline_during_the_deadline_gives_the_seat_up_once(cohort: CohortRig) -> None:
    case = await (await cohort.nominate()).reach(Stage.SCORING)
    first = (await case.offered())[0]
    due_at = (await case.assessment_state(first)).due_at
    assert due_at is not None
    by = await case.assessor(first)

    await at_once(
        case.skip_assessment_to(first, due_at + MINUTE),
        case.rig.acts.assessments.decline(first, by, AssessorDeclineReason.OVERLOADED),
    )

    await eventually(lambda: case.panel(AssessmentStage.OFFERED), lambda found: len(found) == 3)
    ends = await case.events(workflow=f"assessment/{first}")
    assert [event.what for event in ends if event.what in ("declined", "expired")] in (["declined"], ["expired"])
    assert len(await case.panel()) == 4


async def test_extension_at_the_moment_of_lapse_either_holds_or_is_refused(cohort: CohortRig) -> None:
    case = await cohort.nominate()
    due_at = (await case.row()).due_at
    assert due_at is not None
    await case.skip_to(due_at + timedelta(minutes=4, seconds=50))  # ten seconds of the grace are left
    until = due_at + timedelta(days=10)

    _, extended = await at_once(
        case.skip(seconds=30),
        case.rig.acts.nominations.extend(case.id, case.rig.operations, until, SteerReason.ILLNESS),
    )

    steps = await _steps_in_order(case)
    if isinstance(extended, BaseException):
        await case.until(Stage.LAPSED)
        assert "extended" not in steps
    else:
        row = await case.row()
        assert (row.stage, row.due_at) == (Stage.NOMINATED, until)
        assert "lapse" not in steps


async def test_extension_in_the_grace_saves_the_nomination(cohort: CohortRig) -> None:
    case = await cohort.nominate()
    due_at = (await case.row()).due_at
    assert due_at is not None
    await case.skip_to(due_at + timedelta(minutes=3))

    await case.rig.acts.nominations.extend(
        case.id, case.rig.operations, due_at + timedelta(days=2), SteerReason.ILLNESS
    )
    await case.skip(minutes=10)

    assert (await case.state()).stage is Stage.NOMINATED


async def test_pause_while_a_reminder_is_due_stops_the_clock(cohort: CohortRig) -> None:
    case = await cohort.nominate()
    await at_once(
        case.skip(days=3),  # the first reminder lies on the way
        case.rig.acts.nominations.pause(case.id, case.rig.operations, SteerReason.ILLNESS),
    )
    reminded = len(await case.events("reminded"))

    await case.skip(days=100)

    assert reminded <= 1
    assert len(await case.events("reminded")) == reminded
    assert (await case.state()).stage is Stage.NOMINATED
    assert (await case.state()).paused


async def test_scores_submitted_as_the_nomination_is_withdrawn(cohort: CohortRig) -> None:
    case = await (await cohort.nominate()).reach(Stage.SCORING)
    first = (await case.offered())[0]
    await case.accept(first)
    await case.save_scores(first)

    submitted, withdrawn = await at_once(case.submit_scores(first), case.withdraw())

    await case.until_closed()
    stages = {row.id: row.stage for row in await case.panel()}
    ended = AssessmentStage.STOOD_DOWN if isinstance(submitted, BaseException) else AssessmentStage.SUBMITTED
    assert not isinstance(withdrawn, BaseException)
    assert stages.pop(first) is ended
    assert set(stages.values()) == {AssessmentStage.STOOD_DOWN}
    assert await case.events("complete_scores") == []

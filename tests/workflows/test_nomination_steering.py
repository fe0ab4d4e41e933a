"""What operations, moderators and the board do besides the usual path: clocks, seats, evidence, second chances."""

from datetime import UTC, datetime, timedelta

import pytest

from models.enums import AssessmentStage, AssessorDeclineReason, Resolution, Stage, SteerReason, WayOut
from models.ids import AssessmentId
from tests.workflows.rig import DAY, MINUTE, Case, CohortRig, Rig, eventually


async def _pause(case: Case) -> None:
    await case.rig.acts.nominations.pause(case.id, case.rig.operations, SteerReason.ILLNESS)


async def _resume(case: Case) -> None:
    await case.rig.acts.nominations.resume(case.id, case.rig.operations)


@pytest.mark.parametrize("stage", [Stage.NOMINATED, Stage.APPLYING])
async def test_resumed_deadline_has_moved_by_the_time_it_stood_still(cohort: CohortRig, stage: Stage) -> None:
    case = await (await cohort.nominate()).reach(stage)
    before = (await case.row()).due_at
    assert before is not None

    await _pause(case)
    await case.skip(days=100)
    await _resume(case)

    row = await case.row()
    assert row.due_at is not None
    assert timedelta() <= row.due_at - before - 100 * DAY < MINUTE
    assert not row.paused
    await case.skip_to(row.due_at - MINUTE)
    assert (await case.state()).stage is stage
    await case.skip(minutes=7)
    await case.until(Stage.LAPSED)


async def test_pause_holds_the_clocks_of_the_assessors_at_work(cohort: CohortRig) -> None:
    case = await (await cohort.nominate()).reach(Stage.SCORING)
    offered, accepted, _ = await case.offered()
    await case.accept(accepted)
    before = {one: (await case.assessment_state(one)).due_at for one in (offered, accepted)}

    await _pause(case)
    for one in before:
        await case.skip_assessment(one, days=60)
        assert (await case.assessment_state(one)).stage in (AssessmentStage.OFFERED, AssessmentStage.ACCEPTED)
    await _resume(case)

    for one, due_at in before.items():
        assert due_at is not None
        moved = due_at + 60 * DAY
        row = await eventually(
            lambda one=one: case.rig.get(type_of_assessment(), one),
            lambda found, due_at=due_at: found.due_at != due_at,
        )
        assert row.due_at is not None
        assert timedelta() <= row.due_at - moved < MINUTE
        assert (await case.assessment_state(one)).due_at == row.due_at
    await case.skip_assessment(offered, days=3)
    assert [row.id for row in await case.panel(AssessmentStage.EXPIRED)] in ([], [offered])


def type_of_assessment() -> type:
    from models.tables import Assessment

    return Assessment


async def test_paused_nomination_is_not_moved_by_the_process(cohort: CohortRig) -> None:
    case = await (await cohort.nominate()).reach(Stage.SCORING)
    offered = await case.offered()
    await _pause(case)

    for one in offered:
        await case.score(one)

    await eventually(lambda: case.panel(AssessmentStage.SUBMITTED), lambda found: len(found) == 3)
    assert (await case.state()).stage is Stage.SCORING
    await _resume(case)
    await case.until(Stage.AWAITING_DECISION)


async def test_nomination_let_back_in_goes_on_where_it_may_apply(cohort: CohortRig) -> None:
    case = await (await cohort.nominate()).reach(Stage.LAPSED)
    steps, before = (await case.row()).steps, (await case.handle.describe()).run_id
    until = datetime.now(UTC) + 30 * DAY

    await case.rig.acts.nominations.readmit(case.id, case.rig.operations, until, SteerReason.ILLNESS)
    case.offset = timedelta()
    await case.until(Stage.APPLYING)

    row = await case.row()
    assert (row.due_at, row.steps) == (until, steps + 1)
    assert (await case.handle.describe()).run_id != before
    assert [letter.template for letter in await case.letters() if letter.template == "readmitted"]
    await case.apply()
    await case.until(Stage.AWAITING_PANEL)
    assert [event.step for event in await case.events()] == list(range(1, (await case.row()).steps + 1))


async def test_readmitted_nomination_lapses_again_at_its_new_deadline(cohort: CohortRig) -> None:
    case = await (await cohort.nominate()).reach(Stage.LAPSED)
    until = cohort.closes_at + 5 * DAY
    await case.rig.acts.nominations.readmit(case.id, case.rig.operations, until, SteerReason.ILLNESS)
    case.offset = timedelta()
    await case.until(Stage.APPLYING)

    await case.skip_to(until + DAY)

    await case.until(Stage.LAPSED)
    lapse = (await case.events("lapse"))[-1]
    assert until + 5 * MINUTE <= lapse.at < until + 6 * MINUTE


@pytest.mark.parametrize("how", ["declined", "expired", "replaced"])
async def test_seat_that_was_given_up_is_filled_by_somebody_else(cohort: CohortRig, how: str) -> None:
    case = await (await cohort.nominate()).reach(Stage.SCORING)
    gone, *others = await case.offered()
    acts = case.rig.acts
    if how == "declined":
        await acts.assessments.decline(gone, await case.assessor(gone), AssessorDeclineReason.UNAVAILABLE)
    elif how == "expired":
        await case.skip_assessment(gone, days=20)
    else:
        await acts.nominations.reassign(case.id, case.rig.operations, gone, SteerReason.ILLNESS)

    now = await eventually(case.panel, lambda found: len(found) == 4)

    assert {row.id: row.stage for row in now}[gone] == how
    assert set(others) < {row.id for row in now if row.stage is AssessmentStage.OFFERED} or await case.offered()
    await case.score_all()
    await case.until(Stage.AWAITING_DECISION)


async def test_one_more_assessor_scores_before_quality_assurance_looks_again(cohort: CohortRig) -> None:
    case = await (await cohort.nominate()).reach(Stage.QUALITY_ASSURANCE)
    flags = await eventually(case.open_flags)

    await case.rig.acts.board.resolve_flags(case.id, case.rig.moderator, flags, Resolution.ANOTHER_ASSESSOR)
    fourth = (await case.offered(1))[0]
    assert (await case.state()).stage is Stage.SCORING
    await case.score(fourth)

    await eventually(lambda: case.events("checked"), lambda found: len(found) == 2)
    assert len(await case.panel(AssessmentStage.SUBMITTED)) == 4


async def test_more_evidence_is_asked_of_one_assessor(cohort: CohortRig) -> None:
    case = await (await cohort.nominate()).reach(Stage.QUALITY_ASSURANCE)
    flags = await eventually(case.open_flags)
    low, middle, high = await case.panel()
    acts = case.rig.acts

    await acts.board.resolve_flags(
        case.id, case.rig.moderator, flags, Resolution.MORE_EVIDENCE, assessment=AssessmentId(low.id)
    )
    await eventually(lambda: case.panel(AssessmentStage.RETURNED))
    await case.score(AssessmentId(low.id), 6)

    await eventually(lambda: case.events("checked"), lambda found: len(found) == 2)
    await case.until(Stage.AWAITING_DECISION)
    assert [row.stage for row in await case.panel()] == [AssessmentStage.SUBMITTED] * 3
    assert (middle.id, high.id) == tuple(row.id for row in (await case.panel())[1:])


async def test_returned_assessment_that_expires_is_replaced(cohort: CohortRig) -> None:
    case = await (await cohort.nominate()).reach(Stage.QUALITY_ASSURANCE)
    flags = await eventually(case.open_flags)
    one = AssessmentId((await case.panel())[0].id)
    await case.rig.acts.board.resolve_flags(
        case.id, case.rig.moderator, flags, Resolution.MORE_EVIDENCE, assessment=one
    )
    await eventually(lambda: case.panel(AssessmentStage.RETURNED))

    await case.skip_assessment(one, days=40)

    new = (await case.offered(1))[0]
    await case.score(new, 6)
    await eventually(lambda: case.events("checked"), lambda found: len(found) == 2)


async def test_panel_with_fewer_goes_on_when_operations_skip_the_seat(rig: Rig) -> None:
    cohort = await rig.cohort(assessors=3)
    case = await (await cohort.nominate()).reach(Stage.SCORING)
    gone, *others = await case.offered()
    await rig.acts.assessments.decline(gone, await case.assessor(gone), AssessorDeclineReason.OVERLOADED)
    row = await eventually(case.row, lambda found: found.attention_code)
    assert (row.attention_code, row.attention_step) == ("NoAssessorFound", "panel")

    await rig.acts.nominations.unblock(case.id, rig.operations, WayOut.SKIP, SteerReason.OTHER)
    for one in others:
        await case.score(one)

    await case.until(Stage.QUALITY_ASSURANCE)
    flags = await eventually(case.open_flags)  # two of three is for a moderator to settle
    await rig.acts.board.resolve_flags(case.id, rig.moderator, flags, Resolution.CONFIRM)
    await case.until(Stage.AWAITING_DECISION)
    assert (await case.row()).attention_code is None


async def test_panel_is_found_once_the_register_has_grown(rig: Rig) -> None:
    cohort = await rig.cohort(assessors=3)
    case = await (await cohort.nominate()).reach(Stage.SCORING)
    gone = (await case.offered())[0]
    await rig.acts.assessments.decline(gone, await case.assessor(gone), AssessorDeclineReason.OVERLOADED)
    await eventually(case.row, lambda found: found.attention_code)

    await cohort.register(4)
    await rig.acts.nominations.unblock(case.id, rig.operations, WayOut.RETRY, SteerReason.OTHER)

    await case.offered(3)
    assert (await eventually(case.row, lambda found: not found.attention_code)).stage is Stage.SCORING


async def test_seat_that_stays_missing_when_another_is_found_is_asked_for_again(rig: Rig) -> None:
    cohort = await rig.cohort(assessors=3)
    case = await (await cohort.nominate()).reach(Stage.SCORING)
    first, second, _ = await case.offered(3)
    await rig.acts.assessments.decline(first, await case.assessor(first), AssessorDeclineReason.OVERLOADED)
    await eventually(case.row, lambda found: found.attention_code)
    await cohort.register(6)

    await rig.acts.assessments.decline(second, await case.assessor(second), AssessorDeclineReason.OVERLOADED)

    await eventually(lambda: case.panel(AssessmentStage.OFFERED), lambda found: len(found) == 3)
    assert (await eventually(case.row, lambda found: not found.attention_code)).stage is Stage.SCORING

"""Seats given out while a nomination cannot take them yet: none is forgotten, and none is held for nothing."""

from models.enums import AssessmentStage, AssessorDeclineReason, Stage, SteerReason
from models.ids import AssessmentId
from tests.workflows.rig import Case, CohortRig, eventually


async def _give_up(case: Case, assessment: AssessmentId, seated: int) -> None:
    """An assessor declines while the nomination is paused; a run gives out another seat."""
    assessor = await case.assessor(assessment)
    await case.rig.acts.assessments.decline(assessment, assessor, AssessorDeclineReason.OVERLOADED)
    await eventually(lambda: case.panel(AssessmentStage.SEATED), lambda found: len(found) == seated)


async def test_two_replacements_found_during_a_pause_are_both_asked(cohort: CohortRig) -> None:
    case = await (await cohort.nominate()).reach(Stage.SCORING)
    first, second, _ = await case.offered()
    await case.rig.acts.nominations.pause(case.id, case.rig.operations, SteerReason.OTHER)
    await _give_up(case, first, seated=1)
    await _give_up(case, second, seated=2)

    await case.rig.acts.nominations.resume(case.id, case.rig.operations)

    offered = await eventually(lambda: case.panel(AssessmentStage.OFFERED), lambda found: len(found) == 3)
    assert {first, second}.isdisjoint({row.id for row in offered})
    assert await case.panel(AssessmentStage.SEATED) == []


async def test_seat_that_was_never_offered_is_given_back_when_the_nomination_ends(cohort: CohortRig) -> None:
    case = await (await cohort.nominate()).reach(Stage.SCORING)
    first, *_ = await case.offered()
    await case.rig.acts.nominations.pause(case.id, case.rig.operations, SteerReason.OTHER)
    await _give_up(case, first, seated=1)
    (seat,) = await case.panel(AssessmentStage.SEATED)

    await case.withdraw()
    await case.until_closed()

    assert seat.id in {row.id for row in await case.panel(AssessmentStage.STOOD_DOWN)}
    (event,) = await case.events("withdraw")
    assert event.after is not None
    assert event.after["given_back"] == [seat.id]
    assert await case.panel(AssessmentStage.SEATED) == []

"""Steps whose transaction committed while their workflow task was lost: the task runs again, in another order."""

from datetime import timedelta
from types import NoneType

from sqlmodel import col, select

from models.enums import AssessmentStage, Stage, StageChange, Template
from models.ids import assessment_workflow, nomination_workflow
from models.messages import AssessmentStep, NominationStep, Notice, Screening, ScreeningAsked
from models.tables import Assessment, AuditEvent, Nomination, OutboxMessage
from tests.activities.cohort import CLOSED_ON, Activities, CohortInRows, Sessions

LATER = CLOSED_ON + timedelta(days=3)
CONSENT = "act:1:consent"
MOVED = "window moved#0+1"


def consent(cohort: CohortInRows, number: int) -> NominationStep:
    """The nominee's consent, as an Update's step of this number."""
    step = cohort.step(nomination_workflow(cohort.nomination()), number, what="consent")
    return NominationStep(
        step=step.model_copy(update={"key": CONSENT}),
        nomination=cohort.nomination(),
        change=StageChange.CONSENT,
        stage=Stage.APPLYING,
        due_at=LATER if number > 1 else CLOSED_ON,
        notices=(Notice(template=Template.APPLICATION_OPEN, to="nominee", due_at=CLOSED_ON),),
    )


def window_moved(cohort: CohortInRows, number: int, stage: Stage = Stage.NOMINATED) -> NominationStep:
    """The window closes later, as the process's own step of this number."""
    step = cohort.step(nomination_workflow(cohort.nomination()), number, what="window moved")
    return NominationStep(
        step=step.model_copy(update={"key": MOVED}),
        nomination=cohort.nomination(),
        change=None,
        stage=stage,
        due_at=LATER,
        notices=(Notice(template=Template.DEADLINE_MOVED, to="nominee", due_at=LATER),),
    )


async def events_of(sessions: Sessions) -> list[str]:
    """What has been done, in order."""
    async with sessions() as session:
        return list((await session.exec(select(AuditEvent.what).order_by(col(AuditEvent.position)))).all())


async def letters_of(sessions: Sessions) -> list[str]:
    """The letters owed."""
    async with sessions() as session:
        return sorted((await session.exec(select(OutboxMessage.template))).all())


async def test_two_steps_of_one_number_are_both_written_and_the_lost_one_catches_up_under_its_new_number(
    cohort: CohortInRows, activities: Activities, sessions: Sessions
) -> None:
    await cohort.begin(stage=Stage.NOMINATED)
    await activities.run("record_nomination", consent(cohort, 1), NoneType)

    # The task that knew of the consent is lost. When it runs again, the window has moved first.
    await activities.run("record_nomination", window_moved(cohort, 1), NoneType)
    await activities.run("record_nomination", consent(cohort, 2), NoneType)

    async with sessions() as session:
        row = await session.get_one(Nomination, cohort.nomination())
    assert (row.stage, row.due_at, row.steps) == (Stage.APPLYING, LATER, 2)
    assert await events_of(sessions) == ["consent", "window moved"]
    assert await letters_of(sessions) == sorted([Template.APPLICATION_OPEN, Template.DEADLINE_MOVED])


async def test_two_written_steps_that_run_again_in_the_other_order_leave_the_row_as_the_workflow_knows_it(
    cohort: CohortInRows, activities: Activities, sessions: Sessions
) -> None:
    await cohort.begin(stage=Stage.NOMINATED)
    await activities.run("record_nomination", consent(cohort, 1), NoneType)
    await activities.run("record_nomination", window_moved(cohort, 2, Stage.APPLYING), NoneType)

    await activities.run("record_nomination", window_moved(cohort, 1), NoneType)
    await activities.run("record_nomination", consent(cohort, 2), NoneType)

    async with sessions() as session:
        row = await session.get_one(Nomination, cohort.nomination())
    assert (row.stage, row.due_at, row.steps) == (Stage.APPLYING, LATER, 2)
    assert await events_of(sessions) == ["consent", "window moved"]
    assert len(await letters_of(sessions)) == 2


async def test_a_late_second_run_of_an_old_step_does_not_put_the_row_back(
    cohort: CohortInRows, activities: Activities, sessions: Sessions
) -> None:
    await cohort.begin(stage=Stage.NOMINATED)
    await activities.run("record_nomination", window_moved(cohort, 1), NoneType)
    await activities.run("record_nomination", consent(cohort, 2), NoneType)

    await activities.run("record_nomination", window_moved(cohort, 1), NoneType)

    async with sessions() as session:
        row = await session.get_one(Nomination, cohort.nomination())
    assert (row.stage, row.steps) == (Stage.APPLYING, 2)


async def test_acceptance_that_was_written_stands_although_a_reminder_took_its_number_afterwards(
    cohort: CohortInRows, activities: Activities, sessions: Sessions
) -> None:
    await cohort.begin(stage=Stage.SCORING)
    await cohort.seat(1, 1)
    assessment = cohort.assessment()

    def step(number: int, what: str, key: str, stage: AssessmentStage, tell: Template) -> AssessmentStep:
        return AssessmentStep(
            step=cohort.step(assessment_workflow(assessment), number, what=what).model_copy(update={"key": key}),
            assessment=assessment,
            stage=stage,
            due_at=CLOSED_ON,
            notices=(Notice(template=tell, to="assessor", due_at=CLOSED_ON),),
        )

    def accepted(number: int) -> AssessmentStep:
        return step(number, "accepted", "act:2:accepted", AssessmentStage.ACCEPTED, Template.SCORING_OPEN)

    reminded = step(2, "reminded", "reminded#0+1", AssessmentStage.OFFERED, Template.OFFER_REMINDER)
    await activities.run("record_assessment", accepted(2), NoneType)

    await activities.run("record_assessment", reminded, NoneType)
    await activities.run("record_assessment", accepted(3), NoneType)

    async with sessions() as session:
        row = await session.get_one(Assessment, assessment)
    assert (row.stage, row.steps) == (AssessmentStage.ACCEPTED, 3)
    assert await events_of(sessions) == ["accepted", "reminded"]
    assert await letters_of(sessions) == sorted([Template.SCORING_OPEN, Template.OFFER_REMINDER])


async def test_screening_under_another_number_answers_as_before_and_counts_on(
    cohort: CohortInRows, activities: Activities, sessions: Sessions
) -> None:
    await cohort.begin(stage=Stage.SCREENING)
    await cohort.apply()

    def screened(number: int) -> ScreeningAsked:
        step = cohort.step(nomination_workflow(cohort.nomination()), number, what="screened")
        return ScreeningAsked(step=step.model_copy(update={"key": "screened#0+1"}), nomination=cohort.nomination())

    first = await activities.run("screen", screened(1), Screening)
    again = await activities.run("screen", screened(2), Screening)

    async with sessions() as session:
        row = await session.get_one(Nomination, cohort.nomination())
    assert again == first
    assert row.steps == 2
    assert await events_of(sessions) == ["screened"]

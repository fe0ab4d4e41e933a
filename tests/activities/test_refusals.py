"""What activities fail with: a type a workflow can act on, and not one personal value in its text."""

import traceback
from datetime import timedelta
from types import NoneType

import pytest
from sqlmodel import col, select
from structlog.testing import capture_logs
from temporalio.exceptions import ApplicationError

from models.enums import (
    AssessmentStage,
    Outcome,
    Resolution,
    RunKind,
    RunStatus,
    ScoreChangeReason,
    Stage,
    StageChange,
)
from models.ids import allocation_workflow, assessment_workflow, cohort_workflow, nomination_workflow
from models.messages import (
    AssessmentStep,
    CohortStep,
    Message,
    ModerationAsked,
    NominationStep,
    Quality,
    QualityAsked,
    RollCallAsked,
    RunAsked,
    RunMade,
    RunSettled,
    Screening,
    ScreeningAsked,
    StageCounts,
)
from models.tables import (
    AllocationRun,
    Assessment,
    Assessor,
    DeclaredConflict,
    Nomination,
    ProposedSeat,
    Score,
    ScoreChange,
)
from rules.applications import problems
from storage.engine import make_engine
from storage.engine import sessions as sessions_of
from tests.activities.cohort import (
    CLOSED_ON,
    MODERATOR,
    NOW,
    OPENED_ON,
    PERSONAL,
    PILOT,
    Activities,
    CohortInRows,
    Post,
    Sessions,
    activities_of,
    changed,
    complete_draft,
    contents,
)


async def failure_of(
    activities: Activities, name: str, asked: Message, answer: type[object] = NoneType
) -> ApplicationError:
    """How an activity fails; nothing is written then, and nothing personal is said."""
    sessions: Sessions = activities.by_name["record_nomination"].__self__._sessions  # type: ignore[attr-defined]
    before = await contents(sessions)
    with capture_logs() as lines, pytest.raises(ApplicationError) as failure:
        await activities.run(name, asked, answer)
    assert changed(before, await contents(sessions)) == {}
    said = "".join(traceback.format_exception(failure.value, chain=not failure.value.__suppress_context__))
    for personal in PERSONAL:
        assert personal not in str(failure.value)
        assert personal not in str(lines)
        assert personal not in said.replace(f'"{personal}"', "")
    return failure.value


def step_of(cohort: CohortInRows, **changes: object) -> NominationStep:
    step = cohort.step(nomination_workflow(cohort.nomination()))
    asked = NominationStep(step=step, nomination=cohort.nomination(), stage=Stage.APPLYING)
    return asked.model_copy(update=changes)


async def test_row_that_is_missing_is_named_and_not_looked_for_again(
    cohort: CohortInRows, activities: Activities
) -> None:
    step = cohort.step(cohort_workflow(cohort.id))
    settled = RunSettled(step=step, cohort=cohort.id, run=1)
    assessed = AssessmentStep(step=step, assessment=cohort.assessment(), stage=AssessmentStage.OFFERED)
    moved = CohortStep(step=step, cohort=cohort.id, phase="open", opens_at=OPENED_ON, closes_at=CLOSED_ON)
    screened = ScreeningAsked(step=step, nomination=cohort.nomination())

    failures = [
        await failure_of(activities, "record_nomination", step_of(cohort)),
        await failure_of(activities, "screen", screened, Screening),
        await failure_of(activities, "record_assessment", assessed),
        await failure_of(activities, "record_cohort", moved),
        await failure_of(activities, "release_run", settled),
        await failure_of(activities, "discard_run", settled),
    ]

    assert [failure.type for failure in failures] == [
        "NominationMissing",
        "NominationMissing",
        "AssessmentMissing",
        "CohortMissing",
        "AllocationRunMissing",
        "AllocationRunMissing",
    ]
    assert all(failure.non_retryable for failure in failures)


async def test_screening_without_an_application_says_so(cohort: CohortInRows, activities: Activities) -> None:
    await cohort.begin(stage=Stage.SCREENING)
    step = cohort.step(nomination_workflow(cohort.nomination()))

    failure = await failure_of(
        activities, "screen", ScreeningAsked(step=step, nomination=cohort.nomination()), Screening
    )

    assert (failure.type, failure.non_retryable) == ("ApplicationMissing", True)


async def test_release_of_an_outcome_nobody_decided_says_so(cohort: CohortInRows, activities: Activities) -> None:
    await cohort.begin(stage=Stage.DECIDED)
    asked = step_of(cohort, change=StageChange.RELEASE_ADMITTED, stage=Stage.IN_POOL, outcome=Outcome.ADMITTED)

    failure = await failure_of(activities, "record_nomination", asked)

    assert failure.type == "DecisionMissing"


async def test_flag_nobody_raised_cannot_be_settled(cohort: CohortInRows, activities: Activities) -> None:
    await cohort.begin(stage=Stage.QUALITY_ASSURANCE)
    step = cohort.step(nomination_workflow(cohort.nomination()), by=MODERATOR)
    asked = ModerationAsked(step=step, nomination=cohort.nomination(), flags=(3,), resolution=Resolution.CONFIRM)

    failure = await failure_of(activities, "settle_flags", asked, Quality)

    assert (failure.type, failure.non_retryable) == ("FlagMissing", True)


async def test_incomplete_application_is_refused_by_its_fields_not_its_words(
    cohort: CohortInRows, activities: Activities
) -> None:
    await cohort.begin(stage=Stage.APPLYING)
    long = " ".join([PERSONAL[0]] * 251)
    await cohort.draft(partnerships="", governance_assurance=long)

    failure = await failure_of(
        activities, "record_nomination", step_of(cohort, change=StageChange.SUBMIT, stage=Stage.SCREENING)
    )

    assert (failure.type, failure.non_retryable) == ("Refused", True)
    assert failure.message == (
        "The application is not complete yet. Look again at: governance_assurance, partnerships. Then submit it."
    )


@pytest.mark.parametrize("missing", ["value", "evidence"])
async def test_scores_that_are_not_complete_are_refused(
    missing: str, cohort: CohortInRows, activities: Activities
) -> None:
    await cohort.begin(stage=Stage.SCORING)
    if missing == "value":
        await cohort.submit(1, 1, [4] * 5)
    else:
        await cohort.submit(1, 1, [4] * 6, evidence="  ")
    async with cohort.sessions.begin() as session:
        row = await session.get_one(Assessment, cohort.assessment())
        row.stage, row.submitted_at = AssessmentStage.RETURNED, None
        session.add(row)
    step = cohort.step(assessment_workflow(cohort.assessment()))
    asked = AssessmentStep(step=step, assessment=cohort.assessment(), stage=AssessmentStage.SUBMITTED)

    failure = await failure_of(activities, "record_assessment", asked)

    assert failure.type == "Refused"
    assert "Building a trusted relationship with partners and communities" in failure.message


async def test_what_the_database_refuses_is_said_by_its_constraint_alone(
    cohort: CohortInRows, activities: Activities
) -> None:
    await cohort.begin(stage=Stage.LAPSED)
    # The same person has been nominated again since: letting this one back in would make two live nominations.
    async with cohort.sessions.begin() as session:
        lapsed = await session.get_one(Nomination, cohort.nomination())
        fields = lapsed.model_dump() | {"id": cohort.nomination(2), "stage": Stage.APPLYING}
        session.add(Nomination(**fields))

    failure = await failure_of(activities, "record_nomination", step_of(cohort, change=StageChange.READMIT))

    assert (failure.type, failure.non_retryable) == ("StoredStateRefused", True)
    assert failure.message == "the database refuses it: uq_nomination_live_person_cohort"
    assert (failure.__suppress_context__, failure.__cause__) == (True, None)


async def test_database_that_is_away_is_tried_again(cohort: CohortInRows, activities: Activities) -> None:
    nowhere = make_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    away = activities_of(sessions_of(nowhere), activities.by_name["tell_panels"].__self__._client, Post())  # type: ignore[attr-defined]

    with pytest.raises(ApplicationError) as failure:
        await away.run("record_nomination", step_of(cohort), NoneType)

    assert (failure.value.type, failure.value.non_retryable) == ("OperationalError", False)
    assert failure.value.message == "the database is away"


# Runs that no longer hold


async def proposed(cohort: CohortInRows, activities: Activities, *, nominations: int = 2, **begin: int) -> RunSettled:
    """A proposal for all panels, and the message that would release it."""
    await cohort.begin(nominations=nominations, **begin)  # type: ignore[arg-type]
    asked = RunAsked(step=cohort.step(allocation_workflow(cohort.id)), cohort=cohort.id, run=1, kind=RunKind.BATCH)
    await activities.run("solve_panels", asked, RunMade)
    return RunSettled(step=cohort.step(allocation_workflow(cohort.id), 2), cohort=cohort.id, run=1)


async def seat_proposed(cohort: CohortInRows) -> tuple[str, str]:
    """The nomination and the assessor of a proposed seat."""
    async with cohort.sessions() as session:
        row = (await session.exec(select(ProposedSeat).order_by(col(ProposedSeat.nomination_id)))).first()
        assert row is not None
        return row.nomination_id, row.assessor_id


async def test_run_with_a_conflict_declared_since_is_refused_and_nothing_is_released(
    cohort: CohortInRows, activities: Activities
) -> None:
    settled = await proposed(cohort, activities)
    nomination, assessor = await seat_proposed(cohort)
    await cohort.add(
        DeclaredConflict(
            nomination_id=nomination, assessor_id=assessor, kind="family", declared_by="p-1", declared_at=NOW
        )
    )

    failure = await failure_of(activities, "release_run", settled)

    assert failure.type == "Refused"
    assert failure.message == (
        f"Run 1 no longer holds ({nomination}: {assessor} has a declared relationship with the nominee). "
        "Discard it and solve again."
    )


async def test_run_with_an_assessor_whose_capacity_fell_since_is_refused(
    cohort: CohortInRows, activities: Activities
) -> None:
    settled = await proposed(cohort, activities, assessors=3)
    async with cohort.sessions.begin() as session:
        row = await session.get_one(Assessor, ("A-001", cohort.id))
        row.capacity = 1
        session.add(row)

    failure = await failure_of(activities, "release_run", settled)

    assert failure.message == (
        "Run 1 no longer holds (A-001 would have more assessments than they can hold). Discard it and solve again."
    )


async def test_nomination_that_left_since_gets_no_panel_and_stops_nobody(
    cohort: CohortInRows, activities: Activities, sessions: Sessions
) -> None:
    settled = await proposed(cohort, activities)
    async with sessions.begin() as session:
        row = await session.get_one(Nomination, cohort.nomination(1))
        row.stage = Stage.WITHDRAWN
        session.add(row)

    await activities.run("release_run", settled, NoneType)

    async with sessions() as session:
        seats = (await session.exec(select(Assessment.nomination_id))).all()
    assert seats == [cohort.nomination(2)] * 3


async def test_releasing_a_run_discards_every_other_proposal(
    cohort: CohortInRows, activities: Activities, sessions: Sessions
) -> None:
    settled = await proposed(cohort, activities)
    await cohort.add(cohort.run_row(2), cohort.run_row(3, status=RunStatus.RELEASED))

    await activities.run("release_run", settled, NoneType)

    async with sessions() as session:
        runs = [await session.get_one(AllocationRun, (cohort.id, number)) for number in (1, 2, 3)]
    assert [run.status for run in runs] == [RunStatus.RELEASED, RunStatus.DISCARDED, RunStatus.RELEASED]
    assert [run.settled_at for run in runs] == [NOW, NOW, None]


# Quality


async def test_flag_settled_for_good_is_not_raised_again(cohort: CohortInRows, activities: Activities) -> None:
    await cohort.begin(stage=Stage.QUALITY_ASSURANCE)
    for assessor, value in ((1, 7), (2, 4), (3, 4)):
        await cohort.submit(1, assessor, [value] * 6)
    nomination = nomination_workflow(cohort.nomination())

    def check(number: int) -> QualityAsked:
        return QualityAsked(step=cohort.step(nomination, number), nomination=cohort.nomination())

    first = await activities.run("check_quality", check(1), Quality)
    await activities.run(
        "settle_flags",
        ModerationAsked(
            step=cohort.step(nomination, 2, MODERATOR),
            nomination=cohort.nomination(),
            flags=first.open_flags[:-1],
            resolution=Resolution.CONFIRM,
        ),
        Quality,
    )
    again = await activities.run("check_quality", check(3), Quality)

    assert first.open_flags == (1, 2, 3, 4, 5, 6, 7)
    assert again.open_flags == (7,)


async def test_flag_settled_by_asking_for_more_is_raised_again_if_the_scores_still_show_it(
    cohort: CohortInRows, activities: Activities
) -> None:
    await cohort.begin(stage=Stage.QUALITY_ASSURANCE)
    for assessor, value in ((1, 7), (2, 4), (3, 4)):
        await cohort.submit(1, assessor, [value] * 6)
    nomination = nomination_workflow(cohort.nomination())
    asked = QualityAsked(step=cohort.step(nomination, 1), nomination=cohort.nomination())
    first = await activities.run("check_quality", asked, Quality)
    await activities.run(
        "settle_flags",
        ModerationAsked(
            step=cohort.step(nomination, 2, MODERATOR),
            nomination=cohort.nomination(),
            flags=first.open_flags,
            resolution=Resolution.ANOTHER_ASSESSOR,
        ),
        Quality,
    )

    asked = QualityAsked(step=cohort.step(nomination, 3), nomination=cohort.nomination())
    again = await activities.run("check_quality", asked, Quality)

    assert again.open_flags == (8, 9, 10, 11, 12, 13, 14)


async def test_moderated_score_keeps_its_old_value_and_who_changed_it(
    cohort: CohortInRows, activities: Activities, sessions: Sessions
) -> None:
    await cohort.begin(stage=Stage.QUALITY_ASSURANCE)
    await cohort.submit(1, 1, [7] * 6)
    nomination = nomination_workflow(cohort.nomination())
    asked = QualityAsked(step=cohort.step(nomination), nomination=cohort.nomination())
    quality = await activities.run("check_quality", asked, Quality)
    await cohort.add(
        ScoreChange(
            assessment_id=cohort.assessment(),
            criterion="partnerships",
            change=1,
            before=7,
            after=5,
            reason=ScoreChangeReason.HUMAN_ERROR,
            changed_by=MODERATOR.person,
            changed_at=NOW - timedelta(minutes=1),
        )
    )

    moderated = ModerationAsked(
        step=cohort.step(nomination, 2, MODERATOR),
        nomination=cohort.nomination(),
        flags=quality.open_flags,
        resolution=Resolution.MODERATE,
    )
    settled = await activities.run("settle_flags", moderated, Quality)

    async with sessions() as session:
        score = await session.get_one(Score, (cohort.assessment(), "partnerships"))
        kept = await session.get_one(ScoreChange, (cohort.assessment(), "partnerships", 1))
    assert settled.open_flags == ()
    assert (score.value, kept.before, kept.after) == (5, 7, 5)
    assert (kept.changed_by, kept.applied_at) == (MODERATOR.person, NOW)


async def test_stages_are_counted_and_those_no_proposal_holds(cohort: CohortInRows, activities: Activities) -> None:
    await proposed(cohort, activities)
    asked = RollCallAsked(cohort=cohort.id)
    async with cohort.sessions.begin() as session:
        row = await session.get_one(Nomination, cohort.nomination(1))
        fields = row.model_dump() | {"id": cohort.nomination(3), "person_id": MODERATOR.person}
        session.add(Nomination(**fields))

    counts = await activities.run("count_stages", asked, StageCounts)

    assert counts == StageCounts(counts={Stage.AWAITING_PANEL: 3}, unplaced=1)


def test_draft_that_tests_submit_is_one_the_form_accepts() -> None:
    assert problems(complete_draft(), PILOT) == ()

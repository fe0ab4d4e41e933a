"""A released run is undone: whoever was asked is told, seats are free, nominations wait, and answers stand."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from acts.errors import NotKnownError, RefusedError
from acts.pairs import PairActs
from acts.undoing import UndoActs
from models.enums import (
    AssessmentStage,
    AssessorDeclineReason,
    Role,
    RunStatus,
    Stage,
    SteerReason,
    Template,
)
from models.ids import AssessmentId, AssessorId, assessment_workflow, assessor_of, nomination_workflow
from models.messages import PanelTakenBack, RunUndone
from models.tables import Assessment, AuditEvent
from proof.projection import check_projection
from tests.workflows.opened import OpenedCohort, kept_waiting, opened
from tests.workflows.rig import Case, Rig, eventually

BOARD_REQUEST = SteerReason.BOARD_REQUEST
BY_HAND = {"allocation.released_by_operations": True}
OFFERED, TAKEN_BACK = AssessmentStage.OFFERED, AssessmentStage.TAKEN_BACK


async def released(
    rig: Rig, *, count: int = 2, assessors: int = 12, capacity: int = 50
) -> tuple[OpenedCohort, list[Case]]:
    """A cohort whose first run is released, with all offers out."""
    cohort = await opened(rig, BY_HAND, assessors=assessors, capacity=capacity)
    cases = [await (await cohort.nominate()).reach(Stage.AWAITING_PANEL) for _ in range(count)]
    await solved(rig, cohort, 1)
    await rig.acts.cohorts.release_run(cohort.id, rig.operations, 1)
    for case in cases:
        await case.offered(3)
    return cohort, cases


async def solved(rig: Rig, cohort: OpenedCohort, run: int) -> None:
    """Asks for a run, and waits until it stands as a proposal."""
    await rig.acts.cohorts.solve(cohort.id, rig.operations)
    await eventually(cohort.allocated, lambda state: state.proposals == (run,))


async def undo(rig: Rig, cohort: OpenedCohort, run: int = 1) -> RunUndone:
    return await UndoActs(rig.acts.desk).undo(cohort.id, rig.operations, run, BOARD_REQUEST)


async def waiting_again(cases: list[Case]) -> None:
    for case in cases:
        await case.until(Stage.AWAITING_PANEL)


async def test_undone_run_takes_back_its_offers_and_says_so_by_whom_and_why(rig: Rig) -> None:
    cohort, (first, second) = await released(rig)
    asked = await first.offered(3)

    told = await undo(rig, cohort)
    await waiting_again([first, second])

    (run,) = await cohort.runs()
    letters = [one for one in await first.letters() if one.template is Template.TAKEN_BACK]
    steps = await first.events("taken back", workflow=assessment_workflow(asked[0]))
    event = (await cohort.events(cohort.allocation.id))[-1]
    assert told == RunUndone(run=1, panels=2, kept=0)
    assert (run.status, run.undone_by, run.undone_reason) == (RunStatus.UNDONE, rig.operations.person, BOARD_REQUEST)
    assert (run.undone_panels, run.kept_panels) == (2, 0)
    assert (event.what, event.actor, event.reason) == ("undone", rig.operations.person, BOARD_REQUEST)
    assert {row.stage for row in await first.panel()} == {TAKEN_BACK}
    assert sorted(str(one.assessment_id) for one in letters) == sorted(asked)
    assert [(one.actor, one.role) for one in steps] == [(rig.operations.person, Role.OPERATIONS)]
    assert [one.actor for one in await first.events("take_back_panel")] == [rig.operations.person]
    assert (await check_projection(rig.sessions, rig.client, cohort.id)).differences == ()


async def test_undone_run_frees_its_seats_and_another_run_may_ask_the_same_people(rig: Rig) -> None:
    cohort, cases = await released(rig, count=2, assessors=6, capacity=1)
    before = {case.id: {assessor_of(one) for one in await case.offered(3)} for case in cases}
    stays = min(before[cases[0].id])
    await undo(rig, cohort)
    await waiting_again(cases)
    await PairActs(rig.acts.desk).pin(cases[0].id, AssessorId(stays), rig.operations, BOARD_REQUEST)

    await solved(rig, cohort, 2)
    await rig.acts.cohorts.release_run(cohort.id, rig.operations, 2)
    now = {case.id: {assessor_of(one) for one in await case.offered(3)} for case in cases}
    await cases[0].score_all()

    assert now == before
    assert {row.run for case in cases for row in await case.panel(OFFERED)} == {2}
    assert [run.status for run in await cohort.runs()] == [RunStatus.UNDONE, RunStatus.RELEASED]
    offers = await cases[0].events("offered", workflow=assessment_workflow(AssessmentId(f"{cases[0].id}.{stays}")))
    assert len(offers) == 2
    assert (await cases[0].until(Stage.AWAITING_DECISION)).stage is Stage.AWAITING_DECISION
    assert (await check_projection(rig.sessions, rig.client, cohort.id)).differences == ()


async def test_undone_run_can_forbid_whom_it_asked(rig: Rig) -> None:
    cohort, (case,) = await released(rig, count=1)
    goes = assessor_of((await case.offered(3))[0])
    await undo(rig, cohort)
    await waiting_again([case])
    await PairActs(rig.acts.desk).forbid(case.id, goes, rig.operations, BOARD_REQUEST)

    await solved(rig, cohort, 2)
    await rig.acts.cohorts.release_run(cohort.id, rig.operations, 2)

    assert goes not in {assessor_of(one) for one in await case.offered(3)}


@pytest.mark.parametrize("answer", ["accepts", "declines", "declares a conflict"])
async def test_panel_on_which_somebody_has_answered_stays_when_its_run_is_undone(rig: Rig, answer: str) -> None:
    cohort, (answered, silent) = await released(rig)
    one = (await answered.offered(3))[0]
    by = await answered.assessor(one)
    if answer == "accepts":
        await rig.acts.assessments.accept(one, by)
    elif answer == "declines":
        await rig.acts.assessments.decline(one, by, AssessorDeclineReason.OVERLOADED)
        await eventually(answered.panel, lambda found: len(found) == 4)
    else:
        await rig.spoil(
            "INSERT INTO declaredconflict VALUES (:nomination, :assessor, 'family', :person, now() + interval '1 s')",
            nomination=answered.id,
            assessor=assessor_of(one),
            person=by.person,
        )
    before = {row.id: row.stage for row in await answered.panel()}
    preview = await UndoActs(rig.acts.desk).preview(cohort.id, rig.operations, 1)

    told = await undo(rig, cohort)
    await silent.until(Stage.AWAITING_PANEL)

    assert told == RunUndone(run=1, panels=1, kept=1)
    assert [panel.nomination for panel in preview.taken_back] == [silent.id]
    assert [panel.nomination for panel in preview.stay] == [answered.id]
    assert assessor_of(one) in preview.answers(preview.stay[0])
    # A stand-in may be told between the two looks.
    stands = {id_: stage for id_, stage in before.items() if stage is not AssessmentStage.SEATED}
    now = {row.id: row.stage for row in await answered.panel()}
    assert stands.items() <= now.items()
    assert (await answered.row()).stage is Stage.SCORING


async def test_run_on_whose_every_panel_somebody_has_answered_is_not_undone(rig: Rig) -> None:
    cohort, (case,) = await released(rig, count=1)
    await case.accept((await case.offered(3))[0])
    preview = await UndoActs(rig.acts.desk).preview(cohort.id, rig.operations, 1)

    with pytest.raises(RefusedError, match="Run 1 can no longer be undone: somebody has answered on its only panel"):
        await undo(rig, cohort)

    assert preview.refusal is not None
    assert preview.panels == 0
    assert [run.status for run in await cohort.runs()] == [RunStatus.RELEASED]
    assert len(await case.panel(OFFERED)) == 2


async def test_proposal_and_discarded_run_and_replacement_are_not_undone(rig: Rig) -> None:
    cohort, (case,) = await released(rig, count=1)
    one = (await case.offered(3))[0]
    await rig.acts.assessments.decline(one, await case.assessor(one), AssessorDeclineReason.OTHER)
    await eventually(case.panel, lambda found: len(found) == 4)
    await (await cohort.nominate()).reach(Stage.AWAITING_PANEL)
    await solved(rig, cohort, 3)

    with pytest.raises(RefusedError, match="Run 2 filled the seats of assessors who gave up"):
        await undo(rig, cohort, 2)
    with pytest.raises(RefusedError, match="Run 3 was not released, so nobody was asked: discard it"):
        await undo(rig, cohort, 3)
    await rig.acts.cohorts.discard_run(cohort.id, rig.operations, 3, BOARD_REQUEST)
    with pytest.raises(RefusedError, match="Run 3 was discarded, so nobody was asked"):
        await undo(rig, cohort, 3)
    with pytest.raises(NotKnownError, match="There is no run 9"):
        await undo(rig, cohort, 9)


async def test_run_undone_twice_at_once_is_undone_once(rig: Rig) -> None:
    cohort, (case,) = await released(rig, count=1)

    answers = await asyncio.gather(*(undo(rig, cohort) for _ in range(3)), return_exceptions=True)
    await case.until(Stage.AWAITING_PANEL)

    refusals = [str(one) for one in answers if isinstance(one, RefusedError)]
    assert answers.count(RunUndone(run=1, panels=1, kept=0)) == 1
    assert refusals == ["Run 1 has been undone already."] * 2
    assert [event.what for event in await cohort.events(cohort.allocation.id)] == ["solved", "released", "undone"]
    assert len([one for one in await case.letters() if one.template is Template.TAKEN_BACK]) == 3


async def test_acceptance_that_races_an_undo_stands_or_is_refused_and_its_panel_with_it(rig: Rig) -> None:
    cohort, cases = await released(rig, count=4, assessors=16)
    seats = [(case, (await case.offered(3))[0]) for case in cases]

    async def accept(case: Case, one: AssessmentId) -> bool:
        try:
            await case.accept(one)
        except RefusedError:
            return False
        return True

    answers, told = await asyncio.gather(
        asyncio.gather(*(accept(case, one) for case, one in seats)),
        asyncio.gather(undo(rig, cohort), return_exceptions=True),
    )

    for (case, one), accepted in zip(seats, answers, strict=True):
        await case.until(Stage.SCORING if accepted else Stage.AWAITING_PANEL)
        stages = {row.id: row.stage for row in await case.panel()}
        assert stages[one] is (AssessmentStage.ACCEPTED if accepted else TAKEN_BACK)
        assert (TAKEN_BACK in stages.values()) is not accepted
    (outcome,) = told
    if all(answers):
        assert isinstance(outcome, RefusedError)
    else:
        assert outcome == RunUndone(run=1, panels=answers.count(False), kept=answers.count(True))
    assert (await check_projection(rig.sessions, rig.client, cohort.id)).differences == ()


async def test_acceptance_that_is_written_while_an_undo_waits_for_it_keeps_the_panel(rig: Rig) -> None:
    cohort, (case, other) = await released(rig)
    one = (await case.offered(3))[0]
    async with rig.engine.begin() as connection:
        # The acceptance has its row and waits to be written; the undo comes second.
        await connection.execute(text("LOCK TABLE auditevent IN SHARE ROW EXCLUSIVE MODE"))
        accepting = asyncio.create_task(case.accept(one))
        await eventually(lambda: kept_waiting(rig, "auditevent"))
        undoing = asyncio.create_task(undo(rig, cohort))
        await eventually(lambda: _waits_for_a_row(rig))
    state, told = await asyncio.gather(accepting, undoing)
    await other.until(Stage.AWAITING_PANEL)

    assert state.stage is AssessmentStage.ACCEPTED
    assert told == RunUndone(run=1, panels=1, kept=1)
    assert (await case.row()).stage is Stage.SCORING


async def test_acceptance_that_comes_while_an_undo_is_written_is_refused(rig: Rig) -> None:
    cohort, (case,) = await released(rig, count=1)
    one = (await case.offered(3))[0]
    async with rig.engine.begin() as connection:
        await connection.execute(text("LOCK TABLE auditevent IN SHARE ROW EXCLUSIVE MODE"))
        undoing = asyncio.create_task(undo(rig, cohort))
        await eventually(lambda: kept_waiting(rig, "auditevent"))
        accepting = asyncio.create_task(case.accept(one))
        await eventually(lambda: _waits_for_a_row(rig))
    told = await undoing
    with pytest.raises(RefusedError, match="We have taken this request back"):
        await accepting
    await case.until(Stage.AWAITING_PANEL)

    assert told == RunUndone(run=1, panels=1, kept=0)
    assert {row.stage for row in await case.panel()} == {TAKEN_BACK}
    assert await case.events("accepted", workflow=assessment_workflow(one)) == []


async def _waits_for_a_row(rig: Rig) -> bool:
    """Whether a transaction waits for another's row."""
    async with rig.engine.connect() as connection:
        found = await connection.execute(
            text("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')")
        )
        return bool(found.scalar())


async def test_run_is_undone_after_another_that_is_being_solved(rig: Rig) -> None:
    cohort, cases = await released(rig)
    later = await (await cohort.nominate()).reach(Stage.AWAITING_PANEL)
    async with rig.engine.begin() as connection:
        await connection.execute(text("LOCK TABLE allocationrun IN SHARE ROW EXCLUSIVE MODE"))
        await rig.acts.cohorts.solve(cohort.id, rig.operations)
        await eventually(lambda: kept_waiting(rig, "allocationrun"))
        undoing = asyncio.create_task(undo(rig, cohort))
    told = await undoing
    await waiting_again(cases)
    await eventually(cohort.allocated, lambda state: state.proposals == (2,))
    await rig.acts.cohorts.release_run(cohort.id, rig.operations, 2)
    await later.offered(3)

    assert told == RunUndone(run=1, panels=2, kept=0)
    assert [run.status for run in await cohort.runs()] == [RunStatus.UNDONE, RunStatus.RELEASED]
    assert {row.stage for case in cases for row in await case.panel()} == {TAKEN_BACK}


async def test_paused_nomination_gives_its_panel_back_and_waits_paused(rig: Rig) -> None:
    cohort, (case,) = await released(rig, count=1)
    await rig.acts.nominations.pause(case.id, rig.operations, BOARD_REQUEST)

    await undo(rig, cohort)
    row = await case.until(Stage.AWAITING_PANEL)
    await rig.acts.nominations.resume(case.id, rig.operations)
    await solved(rig, cohort, 2)
    await rig.acts.cohorts.release_run(cohort.id, rig.operations, 2)

    assert row.paused
    assert len(await case.offered(3)) == 3


async def test_panel_that_a_paused_nomination_was_told_of_is_forgotten_and_the_next_is_seated_alone(rig: Rig) -> None:
    cohort = await opened(rig, BY_HAND, assessors=12)
    case = await (await cohort.nominate()).reach(Stage.AWAITING_PANEL)
    await rig.acts.nominations.pause(case.id, rig.operations, BOARD_REQUEST)
    # As the allocation tells it, of a run whose seats were taken back before it could be heard.
    await case.panel_found("A-90001", "A-90002", "A-90003", run=1)
    await case.handle.signal("panel_taken_back", PanelTakenBack(run=1, by=rig.operations))
    await case.panel_found("A-90001", run=2)
    await case.handle.signal("panel_taken_back", PanelTakenBack(run=2, by=rig.operations))

    await rig.acts.nominations.resume(case.id, rig.operations)
    await solved(rig, cohort, 1)
    await rig.acts.cohorts.release_run(cohort.id, rig.operations, 1)
    offered = await case.offered(3)

    assert sorted((await case.state()).panel) == sorted(offered)
    assert (await check_projection(rig.sessions, rig.client, cohort.id)).differences == ()


async def test_panel_that_is_taken_back_before_it_was_told_is_never_offered(rig: Rig) -> None:
    cohort = await opened(rig, BY_HAND, assessors=12)
    cases = [await (await cohort.nominate()).reach(Stage.AWAITING_PANEL) for _ in range(2)]
    await solved(rig, cohort, 1)

    released_and_undone = await asyncio.gather(
        rig.acts.cohorts.release_run(cohort.id, rig.operations, 1), _undo_as_soon_as_it_is_released(rig, cohort)
    )
    for case in cases:
        await eventually(case.panel, lambda rows: {row.stage for row in rows} == {TAKEN_BACK})
        await eventually(case.row, lambda row: row.stage is Stage.AWAITING_PANEL)
    await solved(rig, cohort, 2)
    await rig.acts.cohorts.release_run(cohort.id, rig.operations, 2)
    for case in cases:
        await case.offered(3)

    assert released_and_undone[1] == RunUndone(run=1, panels=2, kept=0)
    for case in cases:
        offers = [one for one in await case.letters() if one.template is Template.OFFER]
        regrets = [one for one in await case.letters() if one.template is Template.TAKEN_BACK]
        # Whoever got an offer by the first run is told that it was taken back; all are asked by the second.
        assert len(offers) == len(regrets) + 3
    assert (await check_projection(rig.sessions, rig.client, cohort.id)).differences == ()


async def _undo_as_soon_as_it_is_released(rig: Rig, cohort: OpenedCohort) -> RunUndone:
    await eventually(cohort.runs, lambda runs: runs[0].status is RunStatus.RELEASED)
    return await undo(rig, cohort)


async def test_nomination_withdrawn_while_its_run_is_undone_ends_and_frees_everybody(rig: Rig) -> None:
    cohort, (case, other) = await released(rig)

    await asyncio.gather(undo(rig, cohort), case.withdraw())
    await case.until_closed()
    await other.until(Stage.AWAITING_PANEL)

    rows = await rig.all(select(Assessment).where(col(Assessment.nomination_id) == case.id))
    assert {row.stage for row in rows} <= {TAKEN_BACK, AssessmentStage.STOOD_DOWN}
    assert (await check_projection(rig.sessions, rig.client, cohort.id)).differences == ()


async def test_reminder_that_falls_due_after_an_undo_is_not_sent(rig: Rig) -> None:
    cohort, (case,) = await released(rig, count=1)
    one = (await case.offered(3))[0]
    await undo(rig, cohort)
    await case.until(Stage.AWAITING_PANEL)

    await case.skip(timedelta(days=60))

    events = await rig.all(select(AuditEvent).where(col(AuditEvent.workflow_id) == assessment_workflow(one)))
    assert [event.what for event in sorted(events, key=lambda event: event.step or 0)] == ["offered", "taken back"]
    assert (await case.events("lapse", workflow=nomination_workflow(case.id))) == []

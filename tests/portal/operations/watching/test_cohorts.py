import re
from datetime import timedelta

from models.enums import CohortPhase, Stage, SteerReason
from models.policy import LONDON
from tests.portal.conftest import A_Visit
from tests.workflows.opened import opened
from tests.workflows.rig import CohortRig, Rig, eventually

PATH = "/operations/cohorts"


async def test_cohort_says_what_its_workflows_wait_for(rig: Rig, a_visit: A_Visit) -> None:
    cohort = await opened(rig)
    visit = await a_visit(rig.operations)

    page = await visit.get(f"{PATH}/{cohort.id}")

    assert page.heading == f"Steer {(await cohort.row()).name}"
    assert "Open: the cohort takes nominations and applications." in page.words
    assert {f"{PATH}/{cohort.id}/{word}" for word in ("window", "close", "roll-call")} <= set(page.links)
    assert f"{PATH}/{cohort.id}/unblock" not in page.links


async def test_window_is_moved_and_then_closed(rig: Rig, a_visit: A_Visit) -> None:
    cohort = await opened(rig)
    case = await cohort.nominate()
    visit = await a_visit(rig.operations)
    later = (cohort.closes_at + timedelta(days=3)).astimezone(LONDON)
    day = {"closes_day": str(later.day), "closes_month": str(later.month), "closes_year": str(later.year)}

    form = await visit.get(f"{PATH}/{cohort.id}/window")
    wrong = await form.submit(None, {"reason": "board_request"})
    moved = await form.submit(None, {**day, "closes_time": "17:00", "reason": "board_request"})
    closes_at = (await cohort.row()).closes_at
    closed = await (await visit.get(f"{PATH}/{cohort.id}/close")).submit(reason="board_request")
    await cohort.until(CohortPhase.CLOSED)
    again = await visit.get(f"{PATH}/{cohort.id}/close")

    assert "1 nominee has not consented, or not sent the application." in form.words
    assert wrong.status == 422
    assert "Enter the day" in wrong.words
    assert moved.heading == "Done: move the window"
    assert closes_at == later.replace(hour=17, minute=0, second=0, microsecond=0)
    assert closed.heading == "Done: close the window now"
    assert again.status == 409
    assert (await case.row()).due_at is not None


async def test_roll_is_called_where_a_phase_waits(rig: Rig, a_visit: A_Visit) -> None:
    cohort = await opened(rig)
    visit = await a_visit(rig.operations)

    page = await (await visit.get(f"{PATH}/{cohort.id}/roll-call")).submit()

    assert page.heading == "Done: call the roll"


async def test_way_out_that_nothing_needs_is_refused_in_the_form(rig: Rig, a_visit: A_Visit) -> None:
    cohort = await opened(rig)
    visit = await a_visit(rig.operations)
    form = await visit.get(f"{PATH}/{cohort.id}/unblock")

    empty = await form.submit()
    page = await form.submit(None, {"which": "allocation", "way": "retry", "reason": "technical_fault"})

    assert "Choose which of them goes on" in empty.words
    assert page.status == 422
    assert "The allocation does not need attention." in page.words


async def test_cohort_without_a_workflow_says_that_it_does_not_run(cohort: CohortRig, a_visit: A_Visit) -> None:
    visit = await a_visit(cohort.rig.operations)

    page = await visit.get(f"{PATH}/{cohort.id}")

    assert "It does not run." in page.words
    assert (await visit.get(f"{PATH}/nothing")).status == 404
    assert (await visit.get(f"{PATH}/{cohort.id}/done/nothing")).status == 404


async def test_allocation_that_is_stuck_is_said_on_the_board_and_gets_its_way_out(rig: Rig, a_visit: A_Visit) -> None:
    cohort = await opened(rig)
    case = await (await cohort.nominate()).reach(Stage.AWAITING_PANEL)
    await rig.spoil(f"ALTER TABLE allocationrun ADD CONSTRAINT spoilt CHECK (cohort_id <> '{cohort.id}')")
    try:
        await cohort.solve()
        await eventually(cohort.allocated, lambda state: state.waits_for.startswith("Needs attention"))
    finally:
        await rig.spoil("ALTER TABLE allocationrun DROP CONSTRAINT spoilt")
    visit = await a_visit(rig.operations)

    said = await visit.get(f"{PATH}/{cohort.id}/said", headers={"HX-Request": "true"})
    page = await visit.get(f"{PATH}/{cohort.id}/said")
    form = await visit.get(f"{PATH}/{cohort.id}/unblock")
    done = await form.submit(None, {"which": "allocation", "way": "retry", "reason": "technical_fault"})
    await case.offered(3)

    assert "Needs attention: solve" in said.words
    assert f"{PATH}/{cohort.id}/unblock" in said.links
    assert page.path == f"{PATH}/{cohort.id}"
    assert "Give a way out" in page.words
    assert done.heading == "Done: give a way out"


async def test_cohort_that_waits_says_when_it_looks_again(rig: Rig, a_visit: A_Visit) -> None:
    cohort = await opened(rig)
    await (await cohort.nominate()).reach(Stage.APPLYING)
    await rig.acts.cohorts.close_now(cohort.id, rig.operations, SteerReason.OTHER)
    visit = await a_visit(rig.operations)

    said = await visit.get(f"{PATH}/{cohort.id}/said", headers={"HX-Request": "true"})

    assert re.search(r"and looks again at \d+(:\d\d)?[ap]m on \d+ \w+ \d{4}", said.words)

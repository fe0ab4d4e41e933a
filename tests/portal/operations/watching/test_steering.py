from datetime import datetime, timedelta

import pytest

from models.enums import AssessmentStage, Stage
from models.policy import LONDON
from tests.portal.conftest import A_Visit
from tests.portal.visiting import Seen
from tests.workflows.rig import CohortRig, eventually

LIST = "/operations/nominations"


def day_fields(when: datetime) -> dict[str, str]:
    local = when.astimezone(LONDON)
    return {"until_day": str(local.day), "until_month": str(local.month), "until_year": str(local.year)}


async def test_pausing_and_resuming_say_what_happens_next(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await cohort.nominate()
    visit = await a_visit(cohort.rig.operations)

    form = await visit.get(f"{LIST}/{case.id}/pause")
    done = await form.submit(reason="illness")
    paused = await case.row()
    resumed = await (await visit.get(f"{LIST}/{case.id}/resume")).submit()

    assert "nothing is due until somebody resumes" in form.words
    assert done.path == f"{LIST}/{case.id}/done/pause"
    assert done.heading == "Done: pause"
    assert "The nominee gets a letter within minutes" in done.words
    assert paused.paused
    assert [event.reason for event in await case.events("paused")] == ["illness"]
    assert resumed.heading == "Done: resume"
    assert not (await case.row()).paused


async def test_extending_moves_the_deadline_to_the_typed_moment(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await cohort.nominate()
    due_at = (await case.row()).due_at
    assert due_at is not None
    later = (due_at + timedelta(days=9)).astimezone(LONDON).replace(hour=17, minute=30, second=0, microsecond=0)
    visit = await a_visit(cohort.rig.operations)

    form = await visit.get(f"{LIST}/{case.id}/extend")
    done = await form.submit(None, {**day_fields(later), "until_time": "5:30pm", "reason": "workload"})

    assert (await case.row()).due_at == later
    assert f"It is due by 5:30pm on {later.day} {later:%B %Y}" in done.words


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({}, "Enter the day"),
        ({"until_day": "30", "until_month": "2", "until_year": "2030"}, "Enter a real day, such as 23 11 2026"),
        (
            {"until_day": "1", "until_month": "2", "until_year": "2030", "until_time": "25"},
            "Enter a time, such as 5:30pm",
        ),
        (
            {"until_day": "31", "until_month": "3", "until_year": "2030", "until_time": "1:30am"},
            "The clocks go forward over this time: enter another",
        ),
        ({"until_day": "1", "until_month": "2", "until_year": "2020"}, "The new deadline must be later"),
    ],
)
async def test_deadline_that_cannot_be_is_said_in_the_form(
    cohort: CohortRig, a_visit: A_Visit, typed: dict[str, str], sentence: str
) -> None:
    case = await cohort.nominate()
    before = (await case.row()).due_at
    visit = await a_visit(cohort.rig.operations)

    page = await (await visit.get(f"{LIST}/{case.id}/extend")).submit(None, {**typed, "reason": "illness"})

    assert page.status == 422
    assert sentence in page.words
    assert page.form("extend").fields["reason"] == ["illness"]
    assert (await case.row()).due_at == before


async def test_reason_must_be_chosen(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await cohort.nominate()
    visit = await a_visit(cohort.rig.operations)

    page = await (await visit.get(f"{LIST}/{case.id}/pause")).submit()

    assert page.status == 422
    assert "Choose a reason" in page.words
    assert not (await case.row()).paused


async def test_step_that_cannot_be_is_refused_before_its_form(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await cohort.nominate()
    visit = await a_visit(cohort.rig.operations)

    page = await visit.get(f"{LIST}/{case.id}/readmit")

    assert page.status == 409
    assert "the nomination is waiting for the nominee's consent" in page.words.replace("’", "'").lower()


async def test_form_sent_twice_is_one_act(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await cohort.nominate()
    visit = await a_visit(cohort.rig.operations)
    form = await visit.get(f"{LIST}/{case.id}/pause")

    first = await form.submit(reason="leave")
    second = await form.submit(reason="leave")

    assert first.path == second.path
    assert len(await case.events("paused")) == 1


async def test_stale_form_says_that_somebody_was_faster(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await cohort.nominate()
    visit = await a_visit(cohort.rig.operations)
    form = await visit.get(f"{LIST}/{case.id}/pause")
    await (await visit.get(f"{LIST}/{case.id}/pause")).submit(reason="leave")

    page = await form.submit(reason="illness")

    assert page.status == 422
    assert "The nomination is paused already." in page.words


async def test_lapsed_nomination_is_let_back_in(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate()).reach(Stage.LAPSED)
    visit = await a_visit(cohort.rig.operations)
    later = cohort.closes_at + timedelta(days=20)

    form = await visit.get(f"{LIST}/{case.id}/readmit")
    done = await form.submit(None, {**day_fields(later), "reason": "technical_fault"})
    row = await case.until(Stage.APPLYING)

    assert done.path == f"{LIST}/{case.id}/done/readmit"
    assert row.due_at is not None
    assert row.due_at.astimezone(LONDON).date() == later.astimezone(LONDON).date()


async def test_assessment_is_extended_and_then_given_to_another(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate()).reach(Stage.SCORING)
    seat = (await case.panel(AssessmentStage.OFFERED))[0]
    assert seat.due_at is not None
    visit = await a_visit(cohort.rig.operations)
    base = f"/operations/assessments/{seat.id}"

    extended = await (await visit.get(f"{base}/extend")).submit(
        None, {**day_fields(seat.due_at + timedelta(days=4)), "reason": "workload"}
    )
    done = await (await visit.get(f"{base}/reassign")).submit(reason="illness")
    replaced = await eventually(lambda: case.panel(AssessmentStage.REPLACED), bool)

    assert extended.path == f"{base}/done/extend"
    assert done.heading == "Done: ask another assessor"
    assert [one.id for one in replaced] == [seat.id]


async def test_stuck_nomination_is_handed_over_and_then_retried(cohort: CohortRig, a_visit: A_Visit) -> None:
    lonely = await cohort.rig.cohort(assessors=2)
    case = await (await lonely.nominate()).reach(Stage.AWAITING_PANEL)
    await lonely.solve()
    await eventually(case.row, lambda row: row.attention_code)
    visit = await a_visit(cohort.rig.operations)

    form = await visit.get(f"{LIST}/{case.id}/unblock")
    nobody = await form.submit(way="hand_over", reason="other")
    stranger = await form.submit(way="hand_over", reason="other", to="p-ffffffffffff")
    handed = await form.submit(way="hand_over", reason="other", to=cohort.rig.moderator.person)
    row = await eventually(case.row, lambda one: one.handed_to)
    page = await visit.get(f"{LIST}/{case.id}")
    await lonely.register(8)
    await (await visit.get(f"{LIST}/{case.id}/unblock")).submit(way="retry", reason="technical_fault")
    await case.until(Stage.SCORING)

    assert "Choose who looks after it" in nobody.words
    assert "Choose somebody from the list" in stranger.words
    assert handed.heading == "Done: give a way out"
    assert row.handed_to == cohort.rig.moderator.person
    assert "The moderator to give a step that failed its way out" in page.words


async def test_what_is_deferred_has_ended_in_this_cohort(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await cohort.nominate()
    visit = await a_visit(cohort.rig.operations)

    done = await (await visit.get(f"{LIST}/{case.id}/defer")).submit(reason="leave")
    await case.until(Stage.DEFERRED)
    page: Seen = await visit.get(f"{LIST}/{case.id}")

    assert "The nomination has ended in this cohort" in done.words
    assert "Nobody: it is over" in page.words

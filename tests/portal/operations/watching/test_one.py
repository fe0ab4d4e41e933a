from dataclasses import replace
from datetime import timedelta

from acts.extensions import ExtensionActs
from models.enums import AssessmentStage, Stage, SteerReason
from portal.app import make_portal
from portal.services import Services
from portal.words import moment
from tests.portal.conftest import A_Visit
from tests.portal.visiting import Visit
from tests.workflows.rig import CohortRig, eventually

LIST = "/operations/nominations"


async def test_nomination_says_who_is_awaited_and_until_when(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await cohort.nominate(full_name="Alex Example")
    visit = await a_visit(cohort.rig.operations)

    page = await visit.get(f"{LIST}/{case.id}")

    assert page.heading == f"{case.id}: Alex Example"
    assert "The nominee, Alex Example, to consent or decline" in page.words
    assert "The nominee is reminded" in page.words
    assert "The nomination lapses" in page.words
    assert "Letter: invitation" in page.words
    assert "Trust R1D (R1D)" in page.words
    assert {f"{LIST}/{case.id}/{word}" for word in ("extend", "pause", "defer")} <= set(page.links)
    assert f"{LIST}/{case.id}/resume" not in page.links
    assert f"{LIST}/{case.id}/readmit" not in page.links


async def test_scored_nomination_shows_its_panel_and_never_a_score(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate()).reach(Stage.SCORING)
    (first, *_) = await case.panel(AssessmentStage.OFFERED)
    await case.score(first.id, value=7)  # type: ignore[arg-type]
    visit = await a_visit(cohort.rig.operations)

    page = await visit.get(f"{LIST}/{case.id}")

    assert "Submitted" in page.words
    assert page.words.count("Offered") == 2
    assert f"/operations/assessments/{first.id}/extend" not in page.links
    assert len([link for link in page.links if link.endswith("/reassign")]) == 2
    assert "merger of two services" not in page.text
    assert "7.0" not in page.words


async def test_nomination_that_is_scored_is_due_when_the_first_assessor_is(
    cohort: CohortRig, a_visit: A_Visit
) -> None:
    case, other = await (await cohort.nominate()).reach(Stage.SCORING), await cohort.nominate()
    seats = await case.panel(AssessmentStage.OFFERED)
    first = min(seat.due_at for seat in seats if seat.due_at)
    await cohort.rig.spoil(
        "UPDATE nomination SET due_at = :due_at WHERE id = :id", due_at=first + timedelta(days=1), id=other.id
    )
    visit = await a_visit(cohort.rig.operations)

    page = await visit.get(f"{LIST}/{case.id}")
    listed = await visit.get(f"{LIST}?cohort={cohort.id}&sort=due")
    later = await visit.get(f"{LIST}?cohort={cohort.id}&sort=due&after={case.id}")

    assert f"Until {moment(first)}" in page.words
    assert "No deadline" not in page.words
    assert moment(first) in listed.words
    assert listed.words.index(case.id) < listed.words.index(other.id)
    assert other.id in later.words
    assert case.id not in later.words


async def test_decision_is_kept_from_operations_before_release(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate()).reach(Stage.DECIDED)
    visit = await a_visit(cohort.rig.operations)

    page = await visit.get(f"{LIST}/{case.id}")

    assert "to release all decisions together" in page.words
    assert "dmitted" not in page.text


async def test_pages_of_temporal_are_linked_where_they_are_known(
    cohort: CohortRig, services: Services, a_visit: A_Visit
) -> None:
    case = await (await cohort.nominate()).reach(Stage.SCORING)
    seat = (await case.panel())[0].id
    known = replace(services, temporal_pages="http://temporal.test:8233/")
    visit = await Visit(make_portal(known), known).signed_in_as(cohort.rig.operations)

    page = await visit.get(f"{LIST}/{case.id}")
    without = await (await a_visit(cohort.rig.operations)).get(f"{LIST}/{case.id}")
    await visit.close()

    base = f"http://temporal.test:8233/namespaces/{cohort.rig.client.namespace}/workflows"
    assert f"{base}/nomination%2F{case.id}" in page.links
    assert f"{base}/assessment%2F{seat}" in page.links
    assert "in Temporal" not in without.words


async def test_wish_for_more_time_is_shown_until_it_is_answered(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate()).reach(Stage.APPLYING)
    due_at = (await case.row()).due_at
    assert due_at is not None
    acts = cohort.rig.acts
    await ExtensionActs(acts.desk).ask(case.id, case.nominee, SteerReason.ILLNESS, due_at + timedelta(days=7))
    visit = await a_visit(cohort.rig.operations)

    asked = await visit.get(f"{LIST}/{case.id}")
    extending = await visit.get(f"{LIST}/{case.id}/extend")
    board = await visit.get(f"/operations?cohort={cohort.id}")
    listed = await visit.get(f"{LIST}?cohort={cohort.id}&asked=yes")
    await acts.nominations.extend(case.id, cohort.rig.operations, due_at + timedelta(days=7), SteerReason.ILLNESS)
    answered = await visit.get(f"{LIST}/{case.id}")
    listed_after = await visit.get(f"{LIST}?cohort={cohort.id}&asked=yes")

    assert "the nominee asked for more time until" in asked.words
    assert f"asked for more time until {moment(due_at + timedelta(days=7))}. Reason: Illness." in extending.words
    assert "1 Asking for more time" in board.words
    assert "the nominee asked for more time until" not in answered.words
    assert "Asked for more time" in answered.words
    assert f"{LIST}/{case.id}" in listed.links
    assert f"{LIST}/{case.id}" not in listed_after.links


async def test_nomination_that_needs_attention_says_why_and_what_helps(cohort: CohortRig, a_visit: A_Visit) -> None:
    lonely = await cohort.rig.cohort(assessors=2)
    case = await (await lonely.nominate()).reach(Stage.AWAITING_PANEL)
    await lonely.solve()
    await eventually(case.row, lambda row: row.attention_code)
    visit = await a_visit(cohort.rig.operations)

    page = await visit.get(f"{LIST}/{case.id}")

    assert "Needs attention" in page.words
    assert "NoAssessorFound" in page.words
    assert "renew training that has expired, raise a capacity or widen availability" in page.words
    assert f"{LIST}/{case.id}/unblock" in page.links


async def test_number_that_names_nothing_is_not_found(cohort: CohortRig, a_visit: A_Visit) -> None:
    visit = await a_visit(cohort.rig.operations)

    for path in (f"{LIST}/nothing", f"{LIST}/nothing/pause", f"{LIST}/nothing/done/pause"):
        assert (await visit.get(path)).status == 404

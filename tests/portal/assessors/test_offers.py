"""An assessor's inbox, offers, and what happens when they are declined or no longer theirs."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import col, select

from models.enums import AssessmentStage, AssessorDeclineReason, SteerReason, Template
from models.tables import Assessment, Assessor, DeclaredConflict, OutboxMessage
from notify.compose import sender_from
from notify.post import written
from tests.portal.assessors.seats import offered, seat
from tests.portal.conftest import A_Visit, assessor_of
from tests.workflows.rig import CohortRig, Rig, eventually


async def test_inbox_without_tasks_says_what_to_do(cohort: CohortRig, a_visit: A_Visit) -> None:
    reference = (await cohort.rig.all(select(Assessor).where(col(Assessor.cohort_id) == cohort.id)))[0]
    visit = await a_visit(await assessor_of(cohort, reference.id))

    page = await visit.get("/assessments")

    assert page.heading == "Your assessments"
    assert "Nothing is waiting for you" in page.words
    assert "We have no record of when your training expires." in page.words
    assert "tell the operations team" in page.words
    assert "mailto:" in page.text


async def test_inbox_is_ordered_by_due_date(rig: Rig, a_visit: A_Visit) -> None:
    cohort = await rig.cohort(assessors=3)
    first, one = await offered(cohort)
    row = await rig.get(Assessment, one)
    second, _ = await offered(cohort)
    assert row.due_at is not None
    await rig.acts.assessments.extend(one, rig.operations, row.due_at + timedelta(days=9), SteerReason.LEAVE)

    page = await (await a_visit(await first.assessor(one))).get("/assessments")

    listed = [link for link in page.links if link.startswith("/assessments/c")]
    assert listed == [f"/assessments/{second.id}.{row.assessor_id}", f"/assessments/{one}"]
    assert "Trust R1D" in page.words


async def test_offer_shows_enough_to_recognise_a_conflict_and_no_more(cohort: CohortRig, a_visit: A_Visit) -> None:
    case, one = await offered(cohort, full_name="Maryam Recognised")

    page = await (await a_visit(await case.assessor(one))).get(f"/assessments/{one}")

    assert page.heading == "Can you assess this nomination?"
    assert "Maryam Recognised" in page.words
    assert "Trust R1D" in page.words
    assert "What I did and what came of it." not in page.text


async def test_offer_hides_the_name_where_the_policy_does(rig: Rig, a_visit: A_Visit) -> None:
    cohort = await rig.cohort({"panel.anonymous": True})
    case, one = await offered(cohort, full_name="Maryam Unseen")

    visit = await a_visit(await case.assessor(one))
    pages = [await visit.get(path) for path in ("/assessments", f"/assessments/{one}")]
    accepted = await pages[1].submit("/accept")
    pages += [accepted, await visit.get(f"/assessments/{one}")]

    assert [page.status for page in pages] == [200, 200, 200, 200]
    assert "Trust R1D" in pages[1].words
    assert not any("Unseen" in page.text or case.nominee.person in page.text for page in pages)


async def test_organisation_stands_in_the_offer_alone_where_the_policy_hides_names(
    rig: Rig, a_visit: A_Visit
) -> None:
    cohort = await rig.cohort({"panel.anonymous": True})
    case, one = await offered(cohort)
    visit = await a_visit(await case.assessor(one))
    lists, page = ("/assessments", "/assessments/history"), f"/assessments/{one}"

    offer = await visit.get(page)
    before = [await visit.get(path) for path in lists]
    accepted = await offer.submit("/accept")
    during = [accepted, *[await visit.get(path) for path in (*lists, page, f"{page}/scores", f"{page}/decline")]]
    await case.save_scores(one, 4)
    await case.submit_scores(one)
    after = [await visit.get(path) for path in (*lists, page, f"{page}/panel", f"{page}/conflict")]

    letters = await rig.all(select(OutboxMessage).where(col(OutboxMessage.assessment_id) == one))
    async with rig.sessions() as session:
        sent = {
            letter.template: (await written(session, letter, sender_from("Pool <pool@example.nhs.test>"))).as_string()
            for letter in letters
        }

    others = [*before, *during, *after]
    assert {shown.status for shown in others} == {200}
    assert "Trust R1D" in offer.words
    assert [shown.path for shown in others if "Trust R1D" in shown.text or "R1D" in shown.words] == []
    assert case.id in after[1].words
    assert {name: "Trust R1D" in text for name, text in sent.items()} == {
        Template.OFFER: True,
        Template.SCORING_OPEN: False,
    }


async def test_accepting_says_what_happens_next_and_is_one_act(cohort: CohortRig, a_visit: A_Visit) -> None:
    case, one = await offered(cohort)
    page = await (await a_visit(await case.assessor(one))).get(f"/assessments/{one}")

    first = await page.submit("/accept")
    again = await page.submit("/accept")

    assert first.heading == "You have accepted"
    assert "Submit your scores" in first.words
    assert again.path in {first.path, f"/assessments/{one}"}
    assert len(await case.events("accepted", workflow=f"assessment/{one}")) == 1


async def test_declining_needs_a_reason_and_a_kind_of_conflict(cohort: CohortRig, a_visit: A_Visit) -> None:
    case, one = await offered(cohort)
    page = await (await a_visit(await case.assessor(one))).get(f"/assessments/{one}/decline")

    without = await page.submit("/decline")
    kindless = await page.submit("/decline", reason="conflict")

    assert (without.status, without.title.startswith("Error: ")) == (422, True)
    assert "Choose why you cannot assess this nomination" in without.words
    assert (kindless.status, "Say what kind of conflict it is" in kindless.words) == (422, True)
    assert (await cohort.rig.get(Assessment, one)).stage is AssessmentStage.OFFERED


async def test_declining_for_a_conflict_keeps_it_and_shows_nothing_more(cohort: CohortRig, a_visit: A_Visit) -> None:
    case, one = await offered(cohort, full_name="Maryam Conflicting")
    visit = await a_visit(await case.assessor(one))

    done = await (await visit.get(f"/assessments/{one}/decline")).submit("/decline", reason="conflict", kind="family")
    after = [await visit.get(f"/assessments/{one}{path}") for path in ("", "/application", "/scores", "/panel")]

    row = await cohort.rig.get(Assessment, one)
    kept = await cohort.rig.get(DeclaredConflict, (case.id, row.assessor_id))
    assert done.heading == "You have declined"
    assert (row.stage, row.decline_reason) == (AssessmentStage.DECLINED, AssessorDeclineReason.CONFLICT)
    assert kept.kind == "family"
    assert [page.status for page in after] == [410, 410, 410, 410]
    assert not any("Conflicting" in page.text or "Trust R1D" in page.text for page in after)


async def test_giving_back_an_accepted_task_brings_another_assessor(cohort: CohortRig, a_visit: A_Visit) -> None:
    case, one = await offered(cohort)
    await case.accept(one)
    visit = await a_visit(await case.assessor(one))

    page = await visit.get(f"/assessments/{one}/decline")
    done = await page.submit("/decline", reason="overloaded")

    assert page.heading == "Give the task back"
    assert done.heading == "You have given the task back"
    assert "/availability" in done.links
    await eventually(case.panel, lambda found: len(found) == 4)


@pytest.mark.parametrize("path", ["", "/decline", "/accepted", "/declined", "/application", "/scores", "/conflict"])
async def test_somebody_elses_task_is_not_found(cohort: CohortRig, a_visit: A_Visit, path: str) -> None:
    case, one = await offered(cohort)
    panel = {seat.assessor_id for seat in await case.panel()}
    register = await cohort.rig.all(select(Assessor).where(col(Assessor.cohort_id) == cohort.id))
    other = next(row for row in register if row.id not in panel)

    page = await (await a_visit(await assessor_of(cohort, other.id))).get(f"/assessments/{one}{path}")

    assert page.status == 404
    assert str(case.id) not in page.text


async def test_conflict_that_somebody_else_declared_shows_nothing_but_the_way_out(
    cohort: CohortRig, a_visit: A_Visit
) -> None:
    case, one = await offered(cohort, full_name="Maryam Declaring")
    await case.accept(one)
    row = await cohort.rig.get(Assessment, one)
    async with cohort.rig.sessions.begin() as session:
        session.add(
            DeclaredConflict(
                nomination_id=case.id,
                assessor_id=row.assessor_id,
                kind="business",
                declared_by=case.nominee.person,
                declared_at=datetime.now(UTC),
            )
        )
    visit = await a_visit(await case.assessor(one))

    paths = ("", "/application", "/scores", "/scores/check", "/panel", "/deadline.ics")
    pages = [await visit.get(f"/assessments/{one}{path}") for path in paths]
    inbox = await visit.get("/assessments")
    declined = await (await visit.get(f"/assessments/{one}/decline")).submit("/decline", kind="business")

    assert [page.status for page in pages] == [403] * len(paths)
    assert not any("Declaring" in page.text or "Trust R1D" in page.text for page in [*pages, inbox])
    assert f"/assessments/{one}/decline" in pages[0].links
    assert [link for link in inbox.links if case.id in link] == [f"/assessments/{one}/decline"]
    assert declined.heading == "You have given the task back"


async def test_training_that_ends_too_early_is_a_warning(cohort: CohortRig, a_visit: A_Visit) -> None:
    rows = await cohort.rig.all(select(Assessor).where(col(Assessor.cohort_id) == cohort.id))
    async with cohort.rig.sessions.begin() as session:
        row = await session.get_one(Assessor, (rows[0].id, cohort.id))
        row.training_expires = date(2026, 12, 1)
        session.add(row)

    page = await (await a_visit(await assessor_of(cohort, rows[0].id))).get("/assessments")

    assert "Your training ends too early" in page.words
    assert "1 December 2026" in page.words


async def test_history_counts_and_pages(cohort: CohortRig, a_visit: A_Visit) -> None:
    (row,) = await cohort.rig.all(select(Assessor).where(col(Assessor.cohort_id) == cohort.id).limit(1))
    await seat(cohort, row, 51, AssessmentStage.SUBMITTED)
    visit = await a_visit(await assessor_of(cohort, row.id))

    first = await visit.get("/assessments/history")
    (onwards,) = [link for link in first.links if "after=" in link]
    second = await visit.get(onwards)

    assert len(first.text) < 100_000
    assert first.words.count("Submitted") >= 50
    assert len([link for link in second.links if link.startswith(f"/assessments/{cohort.id}-")]) == 1
    assert (await visit.get("/assessments")).words.count("You have submitted 51 assessments.") == 1

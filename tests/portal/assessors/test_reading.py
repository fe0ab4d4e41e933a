"""Reading an application: whole or redacted, the panel's scores, and the deadline for a calendar."""

from datetime import UTC, datetime

import pytest
from icalendar import Calendar
from sqlmodel import col, select

from models.enums import AssessmentStage, ConflictKind, ScoreChangeReason, Stage, SteerReason
from models.tables import Application, Assessment, AuditEvent, DeclaredConflict, ScoreChange
from portal.assessors.reading import entry
from portal.assessors.sheets import panel_view
from portal.assessors.tasks import Found
from rules.policies import read_policy
from storage.assessor_pages import Task
from tests.intake.filled import PILOT
from tests.portal.assessors.seats import accepted, offered
from tests.portal.conftest import A_Visit
from tests.workflows.rig import Case, CohortRig, Rig, eventually

WROTE = "I, Maryam Plantword, led Trust R1D with Dr Plantword’s help: maryam@example.nhs.test."


async def applied(cohort: CohortRig, words: str) -> Case:
    """A nomination whose application says these words, with a panel that was asked."""
    case = await cohort.nominate(full_name="Maryam Plantword")
    await case.consent()
    await case.save_application(words=words)
    await cohort.rig.acts.nominations.save_draft(case.id, case.nominee, {"adjustments": "A plantedadjustment"})
    await cohort.rig.acts.nominations.submit_application(case.id, case.nominee)
    await case.seat()
    await case.until(Stage.SCORING)
    return case


async def test_application_is_read_once_accepted_and_without_adjustments(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await applied(cohort, WROTE)
    one = (await case.offered())[0]
    visit = await a_visit(await case.assessor(one))

    before = await visit.get(f"/assessments/{one}/application")
    await case.accept(one)
    after = await visit.get(f"/assessments/{one}/application")

    assert (before.status, "Plantword" in before.text) == (409, False)
    assert after.heading == f"Application {case.id}"
    assert WROTE in after.words
    assert "Endorsed by The Endorser, Chief executive, Trust R1D" in after.words
    assert "plantedadjustment" not in after.text


async def test_redacted_application_is_all_that_a_panel_without_names_gets(rig: Rig, a_visit: A_Visit) -> None:
    cohort = await rig.cohort({"panel.anonymous": True})
    case = await applied(cohort, WROTE)
    one = (await case.offered())[0]
    await case.accept(one)
    visit = await a_visit(await case.assessor(one))

    pages = [
        await visit.get(f"/assessments/{one}{path}") for path in ("/application", "/scores", "", "/scores/check")
    ]

    stored = await rig.get(Application, (case.id, 1))
    assert stored.content["partnerships"] == WROTE
    assert stored.redacted is not None
    assert stored.redacted["partnerships"] == "I, [name], led [organisation] with Dr [name]’s help: [email address]."
    assert stored.redacted["partnerships"] in pages[0].words
    assert stored.redacted["partnerships"] in pages[1].words
    hidden = ("Plantword", "Maryam", "The Endorser", "example.nhs.test.", "plantedadjustment")
    assert [(page.path, word) for page in pages for word in hidden if word in page.text] == []


async def test_application_without_its_redacted_form_is_not_shown(rig: Rig, a_visit: A_Visit) -> None:
    cohort = await rig.cohort({"panel.anonymous": True})
    case = await applied(cohort, WROTE)
    one = (await case.offered())[0]
    await case.accept(one)
    await rig.spoil("UPDATE application SET redacted = NULL WHERE nomination_id = :one", one=case.id)

    page = await (await a_visit(await case.assessor(one))).get(f"/assessments/{one}/application")

    assert (page.status, "cannot be shown" in page.words, "Plantword" in page.text) == (409, True, False)


async def test_panels_scores_are_seen_only_after_submitting(cohort: CohortRig, a_visit: A_Visit) -> None:
    case, one = await accepted(cohort)
    others = list(await case.offered(2))
    for other in others:
        await case.accept(other)
        await case.save_scores(other, 6, f"Planted evidence of {other} in more words than a moderator would ask for.")
        await case.submit_scores(other)
    visit = await a_visit(await case.assessor(one))

    before = [await visit.get(f"/assessments/{one}{path}") for path in ("/panel", "/scores", "/application", "")]
    await case.save_scores(one, 4)
    await case.submit_scores(one)
    after = await visit.get(f"/assessments/{one}/panel")
    last = await visit.get(f"/assessments/{one}/submitted")

    assert "The scores are checked" in last.words
    assert "The others of the panel submit" not in last.words
    assert [page.status for page in before] == [409, 200, 200, 200]
    assert not any("Planted evidence" in page.text for page in before)
    assert after.words.count("Planted evidence of") == 12
    assert "You: 4, acceptable" in after.words
    assert "Assessor 3: 6, strong" in after.words
    assert "Everybody on the panel has submitted." in after.words
    names = [f"Assessor {int(other.rpartition('-')[2])}" for other in others]
    assert not any(name in after.words for name in names)


async def test_panel_says_who_is_still_to_come_and_what_was_changed(cohort: CohortRig, a_visit: A_Visit) -> None:
    case, one = await accepted(cohort)
    await case.save_scores(one, 4)
    await case.submit_scores(one)
    visit = await a_visit(await case.assessor(one))

    page = await visit.get(f"/assessments/{one}/panel")

    assert "2 assessors of the panel have not submitted yet." in page.words
    assert page.words.count("You: 4, acceptable") == 6


def test_changed_score_says_the_coded_reason_in_words() -> None:
    at = datetime(2026, 11, 23, 9, tzinfo=UTC)
    policy = read_policy(PILOT / "policy.toml")
    said = {
        reason: panel_view(
            [],
            policy,
            0,
            [
                ScoreChange(
                    assessment_id="a.A-001",
                    criterion=policy.scoring.criteria[0].code,
                    change=1,
                    before=1,
                    after=2,
                    reason=reason,
                    changed_by="P-1",
                    changed_at=at,
                )
            ],
        ).changes[0]
        for reason in ScoreChangeReason
    }

    assert said[ScoreChangeReason.MODERATION].endswith(
        "from 1 to 2 in moderation. Reason: the evidence does not support the score."
    )
    assert all("Reason: " in words for words in said.values())
    assert len(set(said.values())) == len(ScoreChangeReason)


async def test_conflict_found_after_submitting_closes_everything(cohort: CohortRig, a_visit: A_Visit) -> None:
    case, one = await accepted(cohort, full_name="Maryam Latefound")
    await case.save_scores(one, 4)
    await case.submit_scores(one)
    visit = await a_visit(await case.assessor(one))

    page = await (await visit.get(f"/assessments/{one}/conflict")).submit("/conflict", kind="family")
    after = [await visit.get(f"/assessments/{one}{path}") for path in ("", "/application", "/panel")]

    row = await cohort.rig.get(Assessment, one)
    kept = await cohort.rig.get(DeclaredConflict, (case.id, row.assessor_id))
    events = select(AuditEvent).where(col(AuditEvent.what) == "conflict declared", col(AuditEvent.subject) == one)
    assert (page.status, page.heading) == (403, "You have a conflict of interest")
    assert [one.status for one in after] == [403, 403, 403]
    assert not any("Latefound" in one.text for one in [page, *after])
    assert (kept.kind, row.stage) == (ConflictKind.FAMILY, AssessmentStage.SUBMITTED)
    assert len(await cohort.rig.all(events)) == 1


async def test_deadline_for_a_calendar_names_the_nomination_alone(cohort: CohortRig, a_visit: A_Visit) -> None:
    case, one = await offered(cohort, full_name="Maryam Calendared")
    visit = await a_visit(await case.assessor(one))

    first = await visit.get(f"/assessments/{one}/deadline.ics")
    row = await cohort.rig.get(Assessment, one)
    await case.accept(one)
    second = await visit.get(f"/assessments/{one}/deadline.ics")

    assert first.response.headers["content-type"] == "text/calendar; charset=utf-8"
    (event,), (later,) = (Calendar.from_ical(page.text).walk("VEVENT") for page in (first, second))
    assert row.due_at is not None
    assert event["summary"] == f"Answer the offer: assessment {case.id}"
    assert later["summary"] == f"Score: assessment {case.id}"
    assert "description" not in later
    assert event.decoded("dtstart") == row.due_at.astimezone(UTC).replace(microsecond=0)
    assert event.decoded("uid") == later.decoded("uid")
    assert event.decoded("sequence") < later.decoded("sequence")
    assert not any(word in first.text for word in ("Calendared", "Trust", row.assessor_id))


async def test_calendar_leads_to_the_list_where_the_services_address_is_known(cohort: CohortRig) -> None:
    _, one = await accepted(cohort)
    row = await cohort.rig.get(Assessment, one)
    found = Found(Task(row, "Trust R1D", conflicted=False, paused=False), cohort.policy)
    assert row.due_at is not None

    written = entry(found, row.due_at, row.due_at, "https://pool.example.nhs.test/")

    (event,) = Calendar.from_ical(written).walk("VEVENT")
    assert str(event["description"]).endswith(": https://pool.example.nhs.test/assessments")
    assert row.assessor_id.encode() not in written


@pytest.mark.parametrize("stage", ["replaced", "stood_down"])
async def test_task_that_was_taken_away_shows_nothing(cohort: CohortRig, a_visit: A_Visit, stage: str) -> None:
    case, one = await accepted(cohort, full_name="Maryam Takenaway")
    visit = await a_visit(await case.assessor(one))
    form = await visit.get(f"/assessments/{one}/scores")
    if stage == "replaced":
        await cohort.rig.acts.nominations.reassign(case.id, cohort.rig.operations, one, SteerReason.LEAVE)
    else:
        await case.withdraw()
    await eventually(lambda: cohort.rig.get(Assessment, one), lambda row: row.stage == stage)

    pages = [await visit.get(f"/assessments/{one}{path}") for path in ("", "/application", "/scores", "/panel")]
    sent = await form.submit("/scores", {"partnerships.evidence": "What I had typed."})

    assert [page.status for page in [*pages, sent]] == [410] * 5
    assert {page.heading for page in pages} == {"This assessment is no longer yours"}
    assert not any("Takenaway" in page.text or "Trust R1D" in page.text for page in pages)
    assert "What I had typed." in sent.words

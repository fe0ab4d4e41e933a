"""Scoring: saved as it is typed, never overwritten by another tab, checked and submitted once."""

import asyncio
from datetime import timedelta

from sqlmodel import col, select

from models.enums import AssessmentStage, Resolution, Stage
from models.ids import AssessmentId
from models.tables import Assessment, Score, ScoreChange, ScoreDraft
from portal.words import clock
from tests.portal.assessors.seats import accepted
from tests.portal.conftest import A_Visit
from tests.portal.visiting import Seen, Values, Visit
from tests.workflows.rig import EVIDENCE, Case, CohortRig, eventually

CRITERIA = (
    "quality_outcomes",
    "strategy_transformation",
    "equality_inclusion",
    "governance_assurance",
    "compassionate_culture",
    "partnerships",
)


def filled(value: int = 5, evidence: str = EVIDENCE) -> Values:
    """Every field of the form."""
    return {f"{code}.value": str(value) for code in CRITERIA} | {f"{code}.evidence": evidence for code in CRITERIA}


async def scoring(cohort: CohortRig, a_visit: A_Visit) -> tuple[Case, str, Visit]:
    """An accepted task, the path of its scores, and its assessor."""
    case, one = await accepted(cohort)
    return case, f"/assessments/{one}/scores", await a_visit(await case.assessor(one))


async def typed(visit: Visit, path: str, field: str, content: str, revision: int = 0) -> Seen:
    """One field, as the page's script sends it."""
    return await visit.post(f"{path}/field", {"field": field, "content": content, "revision": str(revision)})


async def test_scores_page_has_the_scales_words_and_what_the_nominee_wrote(
    cohort: CohortRig, a_visit: A_Visit
) -> None:
    case, one = await accepted(cohort, full_name="Maryam Scored")
    path, visit = f"/assessments/{one}/scores", await a_visit(await case.assessor(one))

    page = await visit.get(path)
    await typed(visit, path, "partnerships.evidence", "She built a network")
    again = await visit.get(path)

    assert page.heading == "Score the application"
    assert f"Nomination {case.id}: Maryam Scored, Trust R1D" in page.words
    assert "when this page was opened" not in page.words
    assert again.words.count("Write 15 words or more. There were 4 words when this page was opened.") == 1
    assert page.words.count("1, not demonstrated") == page.words.count("7, outstanding") == 6
    assert page.words.count("What I did and what came of it.") == 6
    assert "Write 15 words or more." in page.words
    assert len(page.text) < 100_000


async def test_field_is_saved_as_it_is_typed_and_stands_there_later(cohort: CohortRig, a_visit: A_Visit) -> None:
    case, path, visit = await scoring(cohort, a_visit)

    first = await typed(visit, path, "partnerships.evidence", "She built\r\na network")
    second = await typed(visit, path, "partnerships.evidence", "She built a network of nine", 1)
    same = await typed(visit, path, "partnerships.evidence", "She built a network of nine", 0)
    value = await typed(visit, path, "partnerships.value", "6")

    drafts = await cohort.rig.all(select(ScoreDraft).where(col(ScoreDraft.assessment_id).startswith(case.id)))
    kept = {draft.field: (draft.content, draft.revision) for draft in drafts}
    assert [one.status for one in (first, second, same, value)] == [200, 200, 200, 200]
    assert first.response.json() == {"revision": 1, "saved_at": clock(drafts[0].saved_at)}
    assert same.response.json()["revision"] == 2
    assert kept == {"partnerships.evidence": ("She built a network of nine", 2), "partnerships.value": ("6", 1)}
    page = await visit.get(path)
    assert page.form("/scores").fields["partnerships.evidence"] == ["She built a network of nine"]
    assert page.form("/scores").fields["partnerships.value"] == ["6"]
    assert await cohort.rig.all(select(Score).where(col(Score.assessment_id).startswith(case.id))) == []


async def test_field_changed_in_another_tab_is_not_overwritten(cohort: CohortRig, a_visit: A_Visit) -> None:
    _, path, visit = await scoring(cohort, a_visit)
    await typed(visit, path, "partnerships.evidence", "The other tab")

    stale = await typed(visit, path, "partnerships.evidence", "This tab", 0)
    kept = await typed(visit, path, "partnerships.evidence", "This tab", stale.response.json()["revision"])

    said = stale.response.json()
    assert (stale.status, said["theirs"], said["revision"]) == (409, "The other tab", 1)
    assert (kept.status, kept.response.json()["revision"]) == (200, 2)


async def test_field_sent_after_the_session_has_ended_is_not_saved(cohort: CohortRig, a_visit: A_Visit) -> None:
    case, path, visit = await scoring(cohort, a_visit)
    await visit.post("/sign-out")

    page = await typed(visit, path, "partnerships.evidence", "Typed too late")

    drafts = await cohort.rig.all(select(ScoreDraft).where(col(ScoreDraft.assessment_id).startswith(case.id)))
    assert (page.status, "Typed too late" in page.words, drafts) == (401, True, [])


async def test_field_that_cannot_be_saved_says_why(cohort: CohortRig, a_visit: A_Visit) -> None:
    case, path, visit = await scoring(cohort, a_visit)

    off_scale = await typed(visit, path, "partnerships.value", "8")
    unknown = await typed(visit, path, "salary.value", "3")
    long = await typed(visit, path, "partnerships.evidence", "a" * 20_001)
    unseen = await typed(visit, path, "partnerships.evidence", "a\x07b")
    await case.withdraw()
    await eventually(
        lambda: cohort.rig.get(Assessment, path.split("/")[2]), lambda one: one.stage is AssessmentStage.STOOD_DOWN
    )
    gone = await typed(visit, path, "partnerships.evidence", "Still typing")

    assert [one.status for one in (off_scale, unknown, long, unseen, gone)] == [422] * 5
    assert off_scale.response.json() == {"sentence": "Choose a score from 1 to 7."}
    assert "20,000" in long.response.json()["sentence"]
    assert "cannot be seen" in unseen.response.json()["sentence"]
    assert "no longer yours" in gone.response.json()["sentence"]


async def test_whole_form_is_saved_without_scripts_and_says_so(cohort: CohortRig, a_visit: A_Visit) -> None:
    _, path, visit = await scoring(cohort, a_visit)
    page = await visit.get(path)

    saved = await page.submit("/scores", {"partnerships.value": "3", "then": "save"})
    again = await saved.submit("/scores", {"partnerships.evidence": "Some words", "then": "check"})

    assert (saved.status, saved.path) == (200, f"{path}?saved=1")
    assert "Saved" in saved.words
    assert again.heading == "Check your scores"
    assert "give a score and evidence" in again.words
    assert "Submit your scores" not in again.words
    assert "3, moderate" in again.words


async def test_whole_form_of_a_stale_tab_keeps_both(cohort: CohortRig, a_visit: A_Visit) -> None:
    _, path, visit = await scoring(cohort, a_visit)
    stale = await visit.get(path)
    await (await visit.get(path)).submit("/scores", {"partnerships.evidence": "The other tab", "then": "save"})

    page = await stale.submit(
        "/scores", {"partnerships.evidence": "This tab", "partnerships.value": "4", "then": "save"}
    )
    kept = await page.submit("/scores", {"then": "save"})

    assert (page.status, page.title.startswith("Error: ")) == (422, True)
    assert "The other tab" in page.words
    assert page.form("/scores").fields["partnerships.evidence"] == ["This tab"]
    assert kept.form("/scores").fields["partnerships.evidence"] == ["This tab"]
    assert kept.form("/scores").fields["partnerships.value"] == ["4"]


async def test_whole_form_saves_what_is_right_beside_what_is_wrong(cohort: CohortRig, a_visit: A_Visit) -> None:
    _, path, visit = await scoring(cohort, a_visit)

    page = await (await visit.get(path)).submit(
        "/scores", {"partnerships.value": "9", "partnerships.evidence": "Kept words", "then": "check"}
    )

    assert (page.status, "Choose a score from the list" in page.words) == (422, True)
    assert "Kept words" in (await visit.get(path)).form("/scores").fields["partnerships.evidence"]


async def test_submitting_is_one_act_and_says_what_happens_next(cohort: CohortRig, a_visit: A_Visit) -> None:
    case, path, visit = await scoring(cohort, a_visit)
    check = await (await visit.get(path)).submit("/scores", {**filled(), "then": "check"})

    first, again = await asyncio.gather(check.submit("/scores/submit"), check.submit("/scores/submit"))
    back = await visit.get(path)
    stale = await visit.post(f"{path}/submit")

    one = path.split("/")[2]
    scores = await cohort.rig.all(select(Score).where(col(Score.assessment_id) == one))
    assert {first.heading, again.heading, stale.heading} == {"You have submitted your scores"}
    assert {(score.value, score.evidence) for score in scores} == {(5, EVIDENCE)}
    assert len(scores) == 6
    assert len(await case.events("submitted", workflow=f"assessment/{one}")) == 1
    assert (back.status, "You have submitted this assessment." in back.words) == (409, True)
    assert "2 assessors of the panel have not submitted yet. You can see their scores" in first.words


async def test_submitting_what_is_not_complete_is_refused_with_every_point(
    cohort: CohortRig, a_visit: A_Visit
) -> None:
    _, path, visit = await scoring(cohort, a_visit)
    check = await (await visit.get(path)).submit("/scores", {**filled(), "then": "check"})
    await (await visit.get(path)).submit("/scores", {"partnerships.evidence": "  ", "then": "save"})

    page = await check.submit("/scores/submit")

    assert (page.status, page.title.startswith("Error: ")) == (422, True)
    assert "Building a trusted relationship with partners and communities" in page.words
    assert (await cohort.rig.get(Assessment, path.split("/")[2])).stage is AssessmentStage.ACCEPTED


async def test_short_evidence_is_said_and_can_be_submitted(cohort: CohortRig, a_visit: A_Visit) -> None:
    _, path, visit = await scoring(cohort, a_visit)

    check = await (await visit.get(path)).submit("/scores", {**filled(evidence="Good."), "then": "check"})

    assert "fewer than 15 words" in check.words
    assert (await check.submit("/scores/submit")).heading == "You have submitted your scores"


async def test_scores_returned_for_more_evidence_begin_as_they_were(cohort: CohortRig, a_visit: A_Visit) -> None:
    case, path, visit = await scoring(cohort, a_visit)
    one = path.split("/")[2]
    for other in await case.offered(2):
        await case.score(other, 5)
    check = await (await visit.get(path)).submit("/scores", {**filled(1), "then": "check"})
    await check.submit("/scores/submit")
    await case.until(Stage.QUALITY_ASSURANCE)
    flags = await eventually(case.open_flags)
    await cohort.rig.acts.board.resolve_flags(
        case.id, cohort.rig.moderator, flags, Resolution.MORE_EVIDENCE, assessment=AssessmentId(one)
    )
    await eventually(lambda: cohort.rig.get(Assessment, one), lambda row: row.stage is AssessmentStage.RETURNED)

    task = await visit.get(f"/assessments/{one}")
    panel = await visit.get(f"/assessments/{one}/panel")
    page = await visit.get(path)
    check = await page.submit("/scores", {"partnerships.value": "4", "then": "check"})
    done = await check.submit("/scores/submit")

    changes = await cohort.rig.all(select(ScoreChange).where(col(ScoreChange.assessment_id) == one))
    assert "More evidence is needed" in task.words
    assert panel.status == 409
    assert page.form("/scores").fields["quality_outcomes.value"] == ["1"]
    assert done.heading == "You have submitted your scores"
    assert [(change.criterion, change.before, change.after) for change in changes] == [("partnerships", 1, 4)]


async def test_overdue_scores_are_still_taken_and_said_to_be(cohort: CohortRig, a_visit: A_Visit) -> None:
    _, path, visit = await scoring(cohort, a_visit)
    one = path.split("/")[2]
    async with cohort.rig.sessions.begin() as session:
        row = await session.get_one(Assessment, one)
        assert row.due_at is not None
        row.due_at -= timedelta(days=30)
        session.add(row)

    pages = [await visit.get(where) for where in (f"/assessments/{one}", path)]

    assert all("This is overdue" in page.words and "then ask another assessor" in page.words for page in pages)
    assert "overdue" in (await visit.get("/assessments")).words

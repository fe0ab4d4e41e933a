"""Each way to settle flags, from the page to what the workflow and the tables say."""

import re

from sqlmodel import col, select

from acts.board import ChangedScore
from models.enums import AssessmentStage, FlagRule, Resolution, ScoreChangeReason, Stage
from models.ids import AssessmentId
from models.tables import Flag, ModerationLock, Score, ScoreChange
from tests.portal.conftest import A_Visit
from tests.portal.moderators.test_locks import another_moderator
from tests.portal.visiting import Seen, Visit
from tests.workflows.rig import Case, CohortRig, Rig, eventually

NOTE = "The evidence shows what a 4 asks for."


async def begun(visit: Visit, case: Case) -> Seen:
    """The nomination's page once the visitor has it."""
    page = await visit.get(f"/quality/{case.id}")
    return await page.submit("/start")


async def flagged(cohort: CohortRig) -> Case:
    return await (await cohort.nominate()).reach(Stage.QUALITY_ASSURANCE)


async def test_confirming_settles_every_flag_and_says_what_happens_next(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await flagged(cohort)
    visit = await a_visit(rig.moderator)
    await begun(visit, case)

    ask = await visit.get(f"/quality/{case.id}/confirm")
    every = await visit.get(f"/quality/{case.id}/confirm?tick=all")
    check = await every.submit()
    untouched = await case.open_flags()
    done = await check.submit()

    assert ask.form("/confirm").fields["flags"] == []
    assert (check.heading, "This cannot be undone" in check.words) == ("Check what is settled", True)
    assert [int(flag) for flag in check.form("/confirm").fields["flags"]] == untouched
    assert len(untouched) > 1
    assert (done.path, done.heading) == (f"/quality/{case.id}/done", "Scores confirmed")
    assert re.search("The nomination (goes to|is with) the talent board", done.words)
    assert "board done" not in done.words
    await case.until(Stage.AWAITING_DECISION)
    settled = await rig.all(select(Flag.resolution).where(col(Flag.nomination_id) == case.id))
    assert set(settled) == {Resolution.CONFIRM}
    assert await rig.all(select(ModerationLock).where(col(ModerationLock.nomination_id) == case.id)) == []


async def test_confirming_one_flag_leaves_the_others_and_the_nomination_with_the_moderator(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await flagged(cohort)
    visit = await a_visit(rig.moderator)
    await begun(visit, case)
    open_before = await case.open_flags()

    check = await (await visit.get(f"/quality/{case.id}/confirm")).submit(flags=str(open_before[0]))
    back = await check.submit(again="yes")
    done = await check.submit()

    assert f"{len(open_before) - 1} of the open flags stay open." in check.words
    assert back.form("/confirm").fields["flags"] == [str(open_before[0])]
    assert f"Settle the {len(open_before) - 1} flags that are left" in done.words
    assert "You have the nomination until" in done.words
    assert await case.open_flags() == open_before[1:]
    assert (await case.row()).stage is Stage.QUALITY_ASSURANCE


async def test_confirming_without_a_flag_is_an_error_by_the_field(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await flagged(cohort)
    visit = await a_visit(rig.moderator)
    await begun(visit, case)

    page = await (await visit.get(f"/quality/{case.id}/confirm")).submit(None, {"flags": []})

    assert page.status == 422
    assert page.title.startswith("Error: ")
    assert page.words.count("Choose at least one flag") == 2


async def test_changing_a_score_is_checked_then_made_with_reason_note_and_old_value(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await flagged(cohort)
    visit = await a_visit(rig.moderator)
    await begun(visit, case)
    low = (await case.panel())[0].id
    criteria = [one.code for one in cohort.policy.scoring.criteria]
    form = await visit.get(f"/quality/{case.id}/moderate")
    changed = {f"score.{low}.{one}": "4" for one in criteria}

    check = await form.submit(None, {**changed, "reason": "moderation", "note": NOTE})
    unchanged = await rig.all(select(Score.value).where(col(Score.assessment_id) == low))
    done = await check.submit()

    assert check.heading == "Check the changes"
    assert check.words.count("1, not demonstrated") == len(criteria)
    assert set(unchanged) == {1}
    assert done.heading == "Scores changed"
    assert done.words.count("Changed from 1 to 4 by The moderator at") == len(criteria)
    changes = await rig.all(select(ScoreChange).where(col(ScoreChange.assessment_id) == low))
    assert {(one.before, one.after, one.reason, one.note) for one in changes} == {
        (1, 4, ScoreChangeReason.MODERATION, NOTE)
    }
    await case.until(Stage.AWAITING_DECISION)
    page = await visit.get(f"/quality/{case.id}")
    assert f"Moderation: {NOTE}" in page.words


async def test_going_back_from_the_check_keeps_what_was_typed(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await flagged(cohort)
    visit = await a_visit(rig.moderator)
    await begun(visit, case)
    field = f"score.{(await case.panel())[0].id}.{cohort.policy.scoring.criteria[0].code}"
    form = await visit.get(f"/quality/{case.id}/moderate")
    check = await form.submit(None, {field: "4", "reason": "human_error", "note": NOTE})

    back = await check.submit(again="yes")

    assert back.heading == "Change scores"
    assert back.form("/moderate").fields["note"] == [NOTE]
    assert back.form("/moderate").fields["reason"] == ["human_error"]
    assert re.search(r'<option value="4"[^>]* selected', back.text)


async def test_changing_nothing_or_without_reason_and_note_is_refused_in_the_form(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await flagged(cohort)
    visit = await a_visit(rig.moderator)
    await begun(visit, case)
    form = await visit.get(f"/quality/{case.id}/moderate")
    field = f"score.{(await case.panel())[0].id}.{cohort.policy.scoring.criteria[0].code}"
    reasoned = {"reason": "moderation", "note": NOTE}

    nothing = await form.submit(None, reasoned)
    empty = await form.submit(None, {})
    unreasoned = await form.submit(None, {field: "4"})
    off_the_scale = await form.submit(None, {**reasoned, field: "8"})

    assert (empty.status, "No score was changed" in empty.words) == (422, True)
    assert "No score was changed" not in unreasoned.words
    assert (nothing.status, "Change at least one score" in nothing.words) == (422, True)
    assert "Choose why the scores change" in unreasoned.words
    assert "Write why the scores change" in unreasoned.words
    assert "Choose a score from 1 to 7" in off_the_scale.words
    assert (await case.row()).stage is Stage.QUALITY_ASSURANCE


async def test_asking_for_more_evidence_returns_one_assessment_and_says_until_when(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await flagged(cohort)
    visit = await a_visit(rig.moderator)
    await begun(visit, case)
    asked = (await case.panel())[0].id

    done = await (await visit.get(f"/quality/{case.id}/more-evidence")).submit(assessment=asked)

    assert done.heading == "More evidence asked for"
    returned = await eventually(lambda: case.panel(AssessmentStage.RETURNED))
    assert [row.id for row in returned] == [asked]
    page = await visit.get(done.path)
    assert "gets a message" in page.words
    assert "11:59pm on" in page.words
    assert (await case.row()).stage is Stage.SCORING
    later = await visit.get(f"/quality/{case.id}")
    assert "returned for more evidence, until 11:59pm on" in later.words
    assert "There is nothing to settle: the nomination is being scored by its panel." in later.words


async def test_asking_for_more_evidence_of_nobody_is_an_error(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await flagged(cohort)
    visit = await a_visit(rig.moderator)
    await begun(visit, case)
    form = await visit.get(f"/quality/{case.id}/more-evidence")

    nobody = await form.submit()
    stranger = await form.submit(assessment="c0000-0001.A-001")

    assert (nobody.status, "Choose the assessor you ask" in nobody.words) == (422, True)
    assert (stranger.status, "Say which submitted assessment" in stranger.words) == (422, True)


async def test_asking_for_one_more_assessor_offers_a_fourth_seat(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await flagged(cohort)
    visit = await a_visit(rig.moderator)
    await begun(visit, case)

    done = await (await visit.get(f"/quality/{case.id}/another-assessor")).submit()

    assert done.heading == "One more assessor asked for"
    assert "within 3 working days of being asked" in done.words
    assert len(await case.offered(1)) == 1
    assert len(await case.panel()) == 4


async def test_sending_a_form_twice_settles_once(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await flagged(cohort)
    visit = await a_visit(rig.moderator)
    await begun(visit, case)
    form = await (await visit.get(f"/quality/{case.id}/confirm?tick=all")).submit()

    first = await form.submit()
    again = await form.submit()

    assert (first.path, again.path) == (f"/quality/{case.id}/done",) * 2
    assert len(await case.events("moderated")) == 1


async def test_stale_form_of_a_nomination_that_went_on_says_so(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await flagged(cohort)
    visit = await a_visit(rig.moderator)
    await begun(visit, case)
    form = await visit.get(f"/quality/{case.id}/confirm?tick=all")
    await case.withdraw()

    page = await form.submit()

    assert page.status == 409
    assert "There are no flags to settle: the nomination is withdrawn." in page.words
    assert "has not been applied" in page.words


async def test_form_opened_without_the_nomination_leads_to_where_one_can_start(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await flagged(cohort)
    visit = await a_visit(rig.moderator)

    page = await visit.get(f"/quality/{case.id}/moderate")

    assert page.path == f"/quality/{case.id}"
    assert "Start" in page.words


async def test_score_that_changed_since_the_page_was_made_is_not_overwritten(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await flagged(cohort)
    visit = await a_visit(rig.moderator)
    await begun(visit, case)
    low = (await case.panel())[0].id
    criterion = cohort.policy.scoring.criteria[0].code
    form = await visit.get(f"/quality/{case.id}/moderate")
    check = await form.submit(None, {f"score.{low}.{criterion}": "4", "reason": "moderation", "note": NOTE})
    elsewhere = ChangedScore(AssessmentId(low), criterion, 2, ScoreChangeReason.HUMAN_ERROR)
    first = (await case.open_flags())[:1]
    await rig.acts.board.resolve_flags(case.id, rig.moderator, first, Resolution.MODERATE, changes=[elsewhere])

    page = await check.submit()

    assert page.status == 409
    assert "A score you changed from 1 is 2 now." in page.words
    assert NOTE in page.words
    assert "seen" not in page.words
    assert await rig.all(
        select(Score.value).where(col(Score.criterion) == criterion, col(Score.assessment_id) == low)
    ) == [2]


async def test_other_flags_stay_when_one_rule_is_settled_for_good(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await flagged(cohort)
    visit = await a_visit(await another_moderator(rig))
    await begun(visit, case)
    query = select(Flag).where(col(Flag.nomination_id) == case.id, col(Flag.rule) == FlagRule.MEAN_SPREAD)
    (mean,) = await rig.all(query)

    check = await (await visit.get(f"/quality/{case.id}/confirm")).submit(flags=str(mean.number))
    done = await check.submit()
    page = await visit.get(f"/quality/{case.id}")

    assert done.heading == "Scores confirmed"
    assert "Scores confirmed by Second Moderator at" in page.words

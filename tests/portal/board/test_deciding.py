from models.enums import DecisionReason, Outcome, Stage
from models.tables import Decision
from tests.portal.board.seeding import confirmed_nominations
from tests.portal.conftest import A_Visit
from tests.workflows.rig import EVIDENCE, CohortRig, Rig


async def test_decision_rests_on_scores_evidence_application_and_feedback(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await (await cohort.nominate(full_name="Ngozi Adeyemi")).reach(Stage.AWAITING_DECISION)

    page = await (await a_visit(rig.chair)).get(f"/board/decisions/{case.id}")

    assert page.heading == "Ngozi Adeyemi To decide"
    assert EVIDENCE in page.words
    assert "What I did and what came of it." in page.words
    assert "Do you need adjustments" not in page.words
    assert "Feedback the nominee gets" in page.words
    form = page.form("/draft")
    assert (form.fields["outcome"], form.fields["reason"]) == ([], [])


async def test_draft_by_one_is_approved_by_another_and_reopened(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await (await cohort.nominate()).reach(Stage.AWAITING_DECISION)
    drafter, other = await a_visit(rig.member), await a_visit(rig.chair)
    at = f"/board/decisions/{case.id}"

    drafted = await (await drafter.get(at)).submit(
        "/draft", outcome="reserved", reason="too_close_to_call", place="3", note="Close"
    )
    approved = await (await other.get(at)).submit("/approve")
    decided = await case.row()
    reopened = await (await drafter.get(at)).submit("/reopen")

    assert "Decision drafted" in drafted.words
    assert "You drafted this decision, so you cannot approve it" in drafted.words
    assert not [form for form in drafted.forms if form.action.endswith("/approve")]
    assert "Decision approved" in approved.words
    assert (decided.stage, decided.outcome) == (Stage.DECIDED, Outcome.RESERVED)
    assert "Decision reopened" in reopened.words
    assert (await case.row()).stage is Stage.AWAITING_DECISION
    assert (await rig.get(Decision, case.id)).approved_by is None


async def test_approval_of_own_draft_is_refused_however_it_is_sent(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    (one,) = await confirmed_nominations(cohort, [5.0])
    await rig.acts.board.draft_decision(one, rig.member, Outcome.ADMITTED, DecisionReason.PROPOSED_ORDER)
    drafted = await rig.get(Decision, one)

    page = await (await a_visit(rig.member)).post(
        f"/board/decisions/{one}/approve", {"as": drafted.drafted_at.isoformat()}
    )

    assert page.status == 409
    assert "may not approve it: ask another member of the board" in page.words
    assert (await rig.get(Decision, one)).approved_by is None


async def test_stale_page_changes_nothing(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    (one,) = await confirmed_nominations(cohort, [5.0])
    page = await (await a_visit(rig.chair)).get(f"/board/decisions/{one}")
    await rig.acts.board.draft_decision(one, rig.member, Outcome.ADMITTED, DecisionReason.PROPOSED_ORDER)

    after = await page.submit("/draft", outcome="not_admitted", reason="below_standard", note="Typed for long")

    assert (after.status, after.heading) == (409, "This has changed since you opened the page")
    assert "Typed for long" in after.words
    assert (await rig.get(Decision, one)).outcome is Outcome.ADMITTED


async def test_double_click_drafts_once(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    (one,) = await confirmed_nominations(cohort, [5.0])
    page = await (await a_visit(rig.chair)).get(f"/board/decisions/{one}")

    answers = [await page.submit("/draft", outcome="admitted", reason="proposed_order") for _ in range(2)]

    assert [answer.path for answer in answers] == [f"/board/decisions/{one}?done=drafted"] * 2
    assert answers[1].words.count("Decision drafted 1") <= 1
    assert answers[1].words.count("Admitted. It follows the proposed order") == 1


async def test_missing_answers_are_said_and_the_note_is_kept(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    (one,) = await confirmed_nominations(cohort, [5.0])
    page = await (await a_visit(rig.chair)).get(f"/board/decisions/{one}")

    after = await page.submit("/draft", note="Kept", place="0")

    assert after.status == 422
    assert {"#outcome", "#reason", "#place"} <= set(after.links)
    assert after.form("/draft").fields["note"] == ["Kept"]


async def test_nomination_that_is_not_up_for_decision_says_so(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await cohort.nominate()
    visit = await a_visit(rig.chair)

    page = await visit.get(f"/board/decisions/{case.id}")
    nowhere = await visit.get("/board/decisions/%00")

    assert "There is nothing to decide: the nomination stands: waiting for consent" in page.words
    assert [form for form in page.forms if form.action.endswith("/draft")] == []
    assert nowhere.status == 404


async def test_paused_nomination_offers_no_form_and_says_when_it_can_be_decided(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    (one,) = await confirmed_nominations(cohort, [5.0])
    await rig.spoil("UPDATE nomination SET paused = true WHERE id = :id", id=one)

    page = await (await a_visit(rig.chair)).get(f"/board/decisions/{one}")

    assert [form.action for form in page.forms if form.action.startswith("/board")] == []
    assert "It can be once operations resume it." in page.words

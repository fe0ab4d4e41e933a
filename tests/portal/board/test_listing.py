from models.enums import DecisionReason, Outcome, Stage
from models.ids import NominationId
from models.tables import Decision
from tests.portal.board.seeding import confirmed_nominations
from tests.portal.conftest import A_Visit
from tests.workflows.rig import CohortRig, Rig

DRAFTED_LATER = DecisionReason.BOARD_JUDGEMENT


async def test_ticked_nominations_are_drafted_alike_after_a_look(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    ones = await confirmed_nominations(cohort, [6.0, 5.0, 4.0])
    page = await (await a_visit(rig.chair)).get(f"/board/decisions?cohort={cohort.id}")

    look = await page.submit(
        None, {"nomination": ones[:2]}, outcome="reserved", reason="breadth_of_pool", note="Two together"
    )
    after = await look.submit("/board/decisions/draft")

    assert look.heading == "Check before drafting"
    assert "This drafts 2 decisions in your name" in look.words
    assert "2 decisions drafted" in after.words
    made = [await rig.get(Decision, one) for one in ones[:2]]
    assert [(one.outcome, one.reason, one.note, one.drafted_by) for one in made] == [
        (Outcome.RESERVED, DecisionReason.BREADTH_OF_POOL.value, "Two together", rig.chair.person)
    ] * 2
    assert "Drafted (2)" in after.words
    assert "To decide (1)" in after.words


async def test_nothing_is_preselected_and_what_is_missing_is_said(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    await confirmed_nominations(cohort, [6.0])
    page = await (await a_visit(rig.chair)).get(f"/board/decisions?cohort={cohort.id}")

    after = await page.submit()

    form = page.form("/check-drafts")
    assert (form.fields["nomination"], form.fields["outcome"], form.fields["reason"]) == ([], [], [])
    assert (after.status, after.title[:6]) == (422, "Error:")
    assert "Choose at least one nomination" in after.words
    assert "#nomination" in after.links
    assert 'id="nomination"' in after.text


async def test_drafter_is_told_before_trying_and_another_member_approves_several(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    cases = [await (await cohort.nominate()).reach(Stage.AWAITING_DECISION) for _ in range(2)]
    for case in cases:
        await rig.acts.board.draft_decision(
            case.id, rig.member, Outcome.ADMITTED, DecisionReason.PROPOSED_ORDER, place=1
        )
    drafter, other = await a_visit(rig.member), await a_visit(rig.chair)
    at = f"/board/decisions?cohort={cohort.id}&show=drafted"

    own = await drafter.get(at)
    forced = await drafter.post(
        f"/board/decisions/check-approvals?cohort={cohort.id}", {"nomination": [case.id for case in cases]}
    )
    look = await (await other.get(at)).submit(None, {"nomination": [case.id for case in cases]})
    after = await look.submit("/board/decisions/approve")

    assert own.form("/check-approvals").fields.get("nomination") is None
    assert "You drafted this, so another member of the board approves it" in own.words
    assert "Nothing is left to approve" in forced.words
    assert "This approves 2 decisions" in look.words
    assert "2 decisions approved" in after.words
    assert [(await case.row()).stage for case in cases] == [Stage.DECIDED] * 2


async def test_draft_that_was_drafted_anew_after_the_look_is_not_approved(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    one, two = [NominationId(each) for each in await confirmed_nominations(cohort, [6.0, 5.0])]
    for each in (one, two):
        await rig.acts.board.draft_decision(each, rig.member, Outcome.ADMITTED, DecisionReason.PROPOSED_ORDER)
    page = await (await a_visit(rig.chair)).get(f"/board/decisions?cohort={cohort.id}&show=drafted")
    look = await page.submit(None, {"nomination": [one]})
    await rig.acts.board.draft_decision(one, rig.member, Outcome.NOT_ADMITTED, DRAFTED_LATER)

    after = await look.submit("/board/decisions/approve")

    assert "1 could not be done, since something has changed" in after.words
    assert (await rig.get(Decision, one)).approved_by is None


async def test_list_of_another_state_or_cohort_is_not_there(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.chair)

    asked = [
        await visit.get(f"/board/decisions?cohort={cohort.id}&show=nonsense"),
        await visit.get("/board/decisions?cohort=nowhere"),
        await visit.get("/board/decisions?cohort=%00"),
        await visit.get(f"/board/decisions?cohort={cohort.id}&after=%00"),
    ]

    assert [page.status for page in asked] == [404] * 4


async def test_lists_are_paged_and_small(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    ones = await confirmed_nominations(cohort, [5.0] * 60)
    visit = await a_visit(rig.chair)

    first = await visit.get(f"/board/decisions?cohort={cohort.id}")
    second = await visit.get(f"/board/decisions?cohort={cohort.id}&show=missing&after={ones[49]}")

    assert 30_000 < len(first.text) < 100_000
    assert f"/board/decisions?cohort={cohort.id}&show=missing&after={ones[49]}" in first.links
    assert "Nominee 051" in second.words
    assert "Nominee 050" not in second.words
    wrong = await second.submit(None, {"nomination": [ones[55]]})
    assert wrong.status == 422
    assert wrong.form("/check-drafts").fields["nomination"] == [ones[55]]

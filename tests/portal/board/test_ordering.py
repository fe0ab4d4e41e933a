import re
from datetime import UTC, datetime

import pytest
from sqlmodel import col, select

from acts.errors import RefusedError
from models.enums import DecisionReason, Outcome, Role
from models.ids import PersonId
from models.messages import By
from models.tables import Decision, Nomination, RoleGrant
from tests.portal.board.seeding import confirmed_nominations
from tests.portal.conftest import A_Visit
from tests.workflows.rig import CohortRig, Rig

FALLING = [6.5, 5.5, 4.5, 3.5]


async def decisions(cohort: CohortRig) -> dict[str, Decision]:
    query = select(Decision).join(Nomination, col(Nomination.id) == col(Decision.nomination_id))
    rows = await cohort.rig.all(query.where(col(Nomination.cohort_id) == cohort.id))
    return {row.nomination_id: row for row in rows}


async def test_order_shows_each_line_with_its_interval_and_preselects_nothing(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    ones = await confirmed_nominations(cohort, FALLING)

    page = await (await a_visit(rig.chair)).get(f"/board/order?cohort={cohort.id}")

    form = page.form("/board/order/check")
    assert [form.fields[f"place.{one}"] for one in ones] == [["1"], ["2"], ["3"], ["4"]]
    assert form.fields["reason"] == []
    assert {form.fields[f"{outcome}_{end}"][0] for outcome in Outcome for end in ("from", "to")} == {""}
    hidden = re.findall(r'hidden name="move" value="([^"]+)"', page.text)
    assert hidden == [f"up.{ones[0]}", f"down.{ones[-1]}"]
    assert "The system proposes this order" in page.words
    assert "Nominee 001 mean 6.44" in page.words
    assert "proposed: admitted No decision drafted" in page.words


async def test_outcomes_given_to_spans_become_drafts_after_a_look(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    ones = await confirmed_nominations(cohort, FALLING)
    page = await (await a_visit(rig.chair)).get(f"/board/order?cohort={cohort.id}")

    check = await page.submit(
        admitted_from="1", admitted_to="2", reserved_from="3", reserved_to="3", reason="proposed_order", note="Agreed"
    )
    before = await decisions(cohort)
    after = await check.submit("/board/order/save")

    assert check.heading == "Check before saving"
    assert before == {}
    assert "3 decisions drafted" in after.words
    made = await decisions(cohort)
    assert {one: (made[one].outcome, made[one].place) for one in made} == {
        ones[0]: (Outcome.ADMITTED, 1),
        ones[1]: (Outcome.ADMITTED, 2),
        ones[2]: (Outcome.RESERVED, 3),
    }
    assert {(one.reason, one.note, one.drafted_by) for one in made.values()} == {
        (DecisionReason.PROPOSED_ORDER.value, "Agreed", rig.chair.person)
    }


async def test_typed_place_moves_the_others_and_drafts_only_what_has_a_decision(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    ones = await confirmed_nominations(cohort, FALLING)
    for one in ones[:2]:
        await rig.acts.board.draft_decision(one, rig.member, Outcome.ADMITTED, DecisionReason.PROPOSED_ORDER)
    page = await (await a_visit(rig.chair)).get(f"/board/order?cohort={cohort.id}")

    check = await page.submit(None, {f"place.{ones[3]}": "1", f"place.{ones[1]}": "1"})
    moved = await page.submit(None, {f"place.{ones[3]}": "1"})
    await moved.submit("/board/order/save")
    after = await page.visit.get(f"/board/order?cohort={cohort.id}")

    assert check.status == 422
    assert "Give place 1 to one nomination: it is typed for 2" in check.words
    assert "so their place will not be kept: Nominee 004" in moved.words
    assert "2 of these were drafted by somebody else" in moved.words
    assert {one: row.place for one, row in (await decisions(cohort)).items()} == {ones[0]: 2, ones[1]: 3}
    assert after.form("/check").fields[f"place.{ones[0]}"] == ["2"]


async def test_button_moves_a_line_without_scripts_and_saves_nothing(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    ones = await confirmed_nominations(cohort, FALLING)
    page = await (await a_visit(rig.chair)).get(f"/board/order?cohort={cohort.id}")

    once = await page.submit(move=f"up.{ones[2]}")
    twice = await once.submit(move=f"up.{ones[2]}")

    places = twice.form("/check").fields
    assert [places[f"place.{one}"] for one in ones] == [["2"], ["3"], ["1"], ["4"]]
    assert "Nominee 003 is now in place 1" in twice.words
    assert "Now in place 1. Not saved yet." in twice.words
    # The button that was pressed has the focus again; at the top it is the one that is left.
    assert (once.text.count(" autofocus"), twice.text.count(" autofocus")) == (1, 1)
    assert f'autofocus name="move" value="up.{ones[2]}"' in once.text
    assert f'autofocus name="move" value="down.{ones[2]}"' in twice.text
    assert " autofocus" not in page.text
    assert await decisions(cohort) == {}


async def test_wrong_places_and_spans_are_said_by_their_fields(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    ones = await confirmed_nominations(cohort, FALLING)
    page = await (await a_visit(rig.chair)).get(f"/board/order?cohort={cohort.id}")

    wrong = await page.submit(
        None, {f"place.{ones[0]}": "9"}, admitted_from="1", reserved_from="2", reserved_to="9", note="Kept"
    )
    last = await page.submit(admitted_from="4", admitted_to="5", reason="proposed_order")
    beyond = await page.submit(admitted_from="5", admitted_to="6", reason="proposed_order")
    overlapping = await page.submit(
        admitted_from="1", admitted_to="2", reserved_from="2", reserved_to="3", reason="proposed_order"
    )
    without_reason = await page.submit(admitted_from="1", admitted_to="2")
    nothing = await page.submit()

    assert (wrong.status, wrong.title[:6]) == (422, "Error:")
    assert "as a whole number from 1 to 4" in wrong.words
    assert "Enter both the first place and the last" in wrong.words
    assert "Enter a last place from 2 to 4" in wrong.words
    assert "Enter 4 as the last place: there are no more" in last.words
    assert "There are only 4 places" in beyond.words
    assert (wrong.form("/check").fields["note"], wrong.form("/check").fields[f"place.{ones[0]}"]) == (["Kept"], ["9"])
    assert f"#place.{ones[0]}" in wrong.links
    assert "these overlap" in overlapping.words
    assert "Choose a reason for the decisions you draft" in without_reason.words
    assert "There is nothing to save" in nothing.words


async def test_drafts_that_would_come_out_otherwise_are_shown_once_more(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    ones = await confirmed_nominations(cohort, FALLING)
    page = await (await a_visit(rig.chair)).get(f"/board/order?cohort={cohort.id}")
    check = await page.submit(admitted_from="1", admitted_to="2", reason="proposed_order")
    await rig.acts.board.draft_decision(
        ones[3], rig.member, Outcome.ADMITTED, DecisionReason.BOARD_JUDGEMENT, place=1
    )

    again = await check.submit("/board/order/save")

    assert (again.status, again.heading) == (409, "Check before saving")
    assert "Something has changed since you looked" in again.words
    assert list(await decisions(cohort)) == [ones[3]]


async def test_order_of_many_is_paged_and_small(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    ones = await confirmed_nominations(cohort, [6.9 - number / 30 for number in range(120)])
    visit = await a_visit(rig.chair)

    first = await visit.get(f"/board/order?cohort={cohort.id}")
    last = await visit.get(f"/board/order?cohort={cohort.id}&from=101")
    check = await last.submit(
        None, {f"place.{ones[119]}": "1"}, admitted_from="1", admitted_to="40", reason="proposed_order"
    )

    assert "Places 1 to 50 of 120" in first.words
    assert 30_000 < len(first.text) < 100_000
    assert "Places 101 to 120 of 120" in last.words
    assert "This drafts 40 decisions" in check.words
    assert "1 of these differs from what the system proposes" in check.words
    back = await check.submit("/board/order/check", move="back")
    assert back.form("/check").fields[f"place.{ones[119]}"] == ["1"]
    assert "Nominee 120 Place 1 Decision Admitted Proposed Not admitted Drafted so far Nothing" in check.words


async def test_order_keeps_up_when_nominations_come_and_go(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    ones = await confirmed_nominations(cohort, FALLING)
    visit = await a_visit(rig.chair)
    at = f"/board/order?cohort={cohort.id}"

    before = await visit.get(at)
    await rig.spoil("UPDATE nomination SET stage = 'withdrawn' WHERE id = :one", one=ones[0])
    after = await visit.get(at)

    assert "Places 1 to 4 of 4" in before.words
    assert "Places 1 to 3 of 3" in after.words
    assert after.form("/check").fields[f"place.{ones[1]}"] == ["1"]


async def test_nomination_without_whole_scores_stands_last_and_can_be_decided(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    ones = await confirmed_nominations(cohort, FALLING)
    await rig.spoil(
        "DELETE FROM score WHERE assessment_id LIKE :one AND criterion = :criterion",
        one=f"{ones[0]}.%",
        criterion=cohort.policy.scoring.criteria[0].code,
    )

    page = await (await a_visit(rig.chair)).get(f"/board/order?cohort={cohort.id}")
    check = await page.submit(not_admitted_from="4", not_admitted_to="4", reason="board_judgement")

    assert page.form("/check").fields[f"place.{ones[0]}"] == ["4"]
    assert "no whole scores, proposed: nothing" in page.words
    assert "Nominee 001 Place 4 Decision Not admitted" in check.words


async def test_going_back_from_the_check_keeps_what_was_typed(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    ones = await confirmed_nominations(cohort, FALLING)
    page = await (await a_visit(rig.chair)).get(f"/board/order?cohort={cohort.id}")
    check = await page.submit(
        None, {f"place.{ones[3]}": "1"}, admitted_from="1", admitted_to="2", reason="proposed_order", note="Typed"
    )

    back = await check.submit("/board/order/check", move="back")

    kept = back.form("/check").fields
    assert (kept[f"place.{ones[3]}"], kept["admitted_to"], kept["note"]) == (["1"], ["2"], ["Typed"])
    assert kept["reason"] == ["proposed_order"]
    assert await decisions(cohort) == {}


async def test_member_who_is_nominated_sees_and_decides_nothing_of_that_cohort(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    ones = await confirmed_nominations(cohort, FALLING)
    own = await rig.get(Nomination, ones[1])
    async with rig.sessions.begin() as session:
        session.add(RoleGrant(person_id=own.person_id, role=Role.BOARD, granted_at=datetime.now(UTC)))
    member = By(person=PersonId(own.person_id), role=Role.BOARD)
    concerned, other = await a_visit(member), await a_visit(rig.chair)

    seen = [
        await concerned.get(path)
        for path in (
            f"/board?cohort={cohort.id}",
            f"/board/order?cohort={cohort.id}",
            f"/board/decisions?cohort={cohort.id}",
            f"/board/decisions/{ones[0]}",
            f"/board/release?cohort={cohort.id}",
            f"/board/release/letters/{ones[0]}",
            f"/board/release/promote/{ones[0]}",
        )
    ]
    order = await other.get(f"/board/order?cohort={cohort.id}")

    assert [page.status for page in seen] == [403] * 7
    assert all("You are nominated in" in page.words for page in seen)
    assert len(order.form("/board/order/check").fields) > 0
    assert all(f"place.{one}" in order.form("/board/order/check").fields for one in ones)
    with pytest.raises(RefusedError, match="take no part in its decisions"):
        await rig.acts.board.draft_decision(ones[0], member, Outcome.ADMITTED, DecisionReason.PROPOSED_ORDER)
    with pytest.raises(RefusedError, match="take no part in its decisions"):
        await rig.acts.board.release(cohort.id, member)

"""What an address says was done is believed only where it was."""

from models.enums import SteerReason
from tests.portal.board.seeding import confirmed_nominations
from tests.portal.conftest import A_Visit
from tests.workflows.rig import CohortRig, Rig

LIST = "/operations/nominations"


async def test_address_that_says_what_was_not_done_is_not_believed(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    (one,) = await confirmed_nominations(cohort, [5.0])
    board, desk = await a_visit(rig.chair), await a_visit(rig.operations)

    decision = await board.get(f"/board/decisions/{one}?done=approved")
    decisions = await board.get(f"/board/decisions?cohort={cohort.id}&show=approved&done=approved.94&refused={one}")
    release = await board.get(f"/board/release?cohort={cohort.id}&done=promoted")
    runs = await desk.get(f"/operations/allocation?cohort={cohort.id}&said=released")
    pairs = await desk.get(f"/operations/allocation/{cohort.id}/pairs?said=pinned")
    person = await desk.get(f"/operations/people/{rig.chair.person}?said=withdrawn")
    steered = await desk.get(f"{LIST}/{one}/done/pause")
    steered_cohort = await desk.get(f"/operations/cohorts/{cohort.id}/done/close")

    assert "Decision approved" not in decision.words
    assert "94 decisions approved" not in decisions.words
    assert "could not be done" not in decisions.words
    assert "Moved up from the reserve list" not in release.words
    assert "The run was released" not in runs.words
    assert "The pair is pinned" not in pairs.words
    assert "The role was withdrawn" not in person.words
    assert steered.path == f"{LIST}/{one}"
    assert steered_cohort.path == f"/operations/cohorts/{cohort.id}"


async def test_what_was_done_is_said_to_who_did_it_and_to_nobody_else(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    (one,) = await confirmed_nominations(cohort, [5.0])
    drafter, other = await a_visit(rig.member), await a_visit(rig.chair)

    page = await drafter.get(f"/board/decisions/{one}")
    drafted = await page.submit("/draft", outcome="admitted", reason="proposed_order")
    elsewhere = await other.get(drafted.path)

    assert "Decision drafted" in drafted.words
    assert "Another member of the board approves it. Nobody else is told." in drafted.words
    assert "Nobody else is told." not in elsewhere.words


async def test_notice_is_given_once_and_not_again_when_the_page_is_loaded_again(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    one, other = await confirmed_nominations(cohort, [5.0, 4.0])
    drafter = await a_visit(rig.member)
    notice = "Another member of the board approves it. Nobody else is told."

    drafted = await (await drafter.get(f"/board/decisions/{one}")).submit(
        "/draft", outcome="admitted", reason="proposed_order"
    )
    loaded_again = await drafter.get(drafted.path)
    drafted_again = await loaded_again.submit("/draft", outcome="reserved", reason="board_judgement")
    list_page = await drafter.get(f"/board/decisions?cohort={cohort.id}&show=missing")
    check = await list_page.submit("check-drafts", nomination=[other], outcome="reserved", reason="proposed_order")
    several = await check.submit("/draft")
    several_again = await drafter.get(several.path)

    assert notice in drafted.words
    assert notice not in loaded_again.words
    assert notice in drafted_again.words
    assert "1 decision drafted" in several.words
    assert "1 decision drafted" not in several_again.words


async def test_step_leads_to_a_page_that_says_it_is_done(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await cohort.nominate()
    desk = await a_visit(rig.operations)
    page = await desk.get(f"{LIST}/{case.id}/pause")

    paused = await page.submit("/pause", reason=SteerReason.ILLNESS.value)

    assert paused.heading.startswith("Done: pause")

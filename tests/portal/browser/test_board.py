"""The board's journey in a browser: by keyboard and without scripts, by dragging, each page held to its promises."""

from playwright.async_api import Page, expect

from models.enums import CohortPhase, DecisionReason, Outcome, Stage, SteerReason
from models.ids import NominationId
from tests.portal.board.seeding import confirmed_nominations
from tests.portal.browser.conftest import AWindow, holds
from tests.workflows.opened import opened
from tests.workflows.rig import CohortRig, Rig, eventually

FALLING = [6.5, 5.5, 4.5, 3.5]


async def press(page: Page, name: str) -> None:
    """Goes to a button or link by its name and presses Enter."""
    there = page.get_by_role("button", name=name, exact=True).or_(page.get_by_role("link", name=name, exact=True))
    await there.first.focus()
    await page.keyboard.press("Enter")


async def tick(page: Page, name: str) -> None:
    """Chooses a radio or a box by its label, with the space bar."""
    there = page.get_by_role("radio", name=name).or_(page.get_by_role("checkbox", name=name))
    await there.first.focus()
    await page.keyboard.press("Space")


async def write(page: Page, label: str, words: str, nth: int = 0) -> None:
    """Types into a field."""
    await page.get_by_label(label, exact=True).nth(nth).focus()
    await page.keyboard.press("Control+A")
    await page.keyboard.type(words)


async def test_board_decides_and_releases_by_keyboard_alone_and_without_scripts(rig: Rig, a_window: AWindow) -> None:
    cohort = await opened(rig)
    case = await (await cohort.nominate(full_name="Ngozi Adeyemi")).reach(Stage.AWAITING_DECISION)
    await rig.acts.cohorts.close_now(cohort.id, rig.operations, SteerReason.ILLNESS)
    await cohort.look(CohortPhase.DECIDING)
    member, chair = await a_window(rig.member, scripts=False), await a_window(rig.chair, scripts=False)

    await member.goto(f"/board?cohort={cohort.id}")
    await press(member, "Proposed order")
    await member.wait_for_url("**/board/order?*")
    await write(member, "From place", "1")
    await write(member, "To place", "1")
    await tick(member, "It follows the proposed order")
    await write(member, "Note (optional)", "Agreed by all")
    await member.keyboard.press("Tab")
    await member.keyboard.press("Enter")
    await expect(member.get_by_role("heading", level=1)).to_have_text("Check before saving")
    await press(member, "Save 1 draft")
    await member.wait_for_url("**/board/order?*done=drafted.1")
    await member.goto(f"/board/decisions?cohort={cohort.id}&show=drafted")
    await expect(member.locator("main")).to_contain_text("another member of the board approves it")

    await chair.goto(f"/board/decisions?cohort={cohort.id}&show=drafted")
    await tick(chair, "Ngozi Adeyemi")
    await press(chair, "Check before approving")
    await press(chair, "Approve 1 decision")
    await chair.wait_for_url("**done=approved.1")
    await chair.goto(f"/board/decisions/{case.id}")
    await press(chair, "Reopen this decision")
    await chair.wait_for_url("**done=reopened")
    await press(chair, "Approve this decision")
    await chair.wait_for_url("**done=approved")

    await release(chair, cohort.id)
    await case.until(Stage.IN_POOL)
    await press(chair, "Released decisions and the reserve list")
    await expect(chair.get_by_role("heading", level=1)).to_contain_text("Released decisions")


async def release(chair: Page, cohort: str) -> None:
    """From the preview, past the letters and the question whether one is sure, to the release."""
    await chair.goto(f"/board/release?cohort={cohort}")
    await press(chair, "Read letters to Ngozi Adeyemi")
    await chair.wait_for_url("**/board/release/letters/**")
    await expect(chair.locator("main")).to_contain_text("Nothing has been sent")
    await press(chair, "All outcomes")
    await press(chair, "Continue to release")
    await chair.wait_for_url("**/board/release/confirm?*")
    await press(chair, "Release all decisions")
    await expect(chair).to_have_title("Error: Release all decisions – Talent board – Talent pool")
    await tick(chair, "I have read the letters")
    await press(chair, "Release all decisions")
    await chair.wait_for_url("**/board/release/done?*")


async def test_lines_are_dragged_and_saved_where_they_were_let_go(
    rig: Rig, cohort: CohortRig, a_window: AWindow
) -> None:
    ones = await confirmed_nominations(cohort, FALLING)
    for one in ones:
        await rig.acts.board.draft_decision(
            NominationId(one), rig.member, Outcome.ADMITTED, DecisionReason.PROPOSED_ORDER
        )
    page = await a_window(rig.chair)
    await page.goto(f"/board/order?cohort={cohort.id}")
    handles = page.locator(".portal-reorder__handle")
    await expect(handles).to_have_count(4)

    await handles.nth(3).scroll_into_view_if_needed()
    await handles.nth(3).hover()
    await page.mouse.down()
    first = await page.locator("[data-reorder] > li").first.bounding_box()
    assert first is not None
    await page.mouse.move(first["x"] + 30, first["y"] + 20, steps=12)
    await page.mouse.move(first["x"] + 30, first["y"] + 4, steps=4)
    await page.mouse.up()
    await expect(page.locator("[data-reorder] + [role=status]")).to_contain_text("Nominee 004 is now in place 1")
    await expect(page.get_by_role("button", name="Up: Nominee 004")).to_be_hidden()
    await expect(page.get_by_role("button", name="Down: Nominee 004")).to_be_visible()
    await expect(page.get_by_role("button", name="Down: Nominee 003")).to_be_hidden()
    await page.get_by_role("button", name="Down: Nominee 001").press("Enter")
    await page.get_by_role("button", name="Check before saving").click()
    await holds(page)
    await page.get_by_role("button", name="Save 4 drafts").click()
    await page.wait_for_url("**done=drafted.4")

    names = await page.locator("[data-reorder] .portal-reorder__name").all_inner_texts()
    assert [name.strip() for name in names] == ["Nominee 004", "Nominee 002", "Nominee 001", "Nominee 003"]


async def test_enter_in_a_place_checks_and_does_not_move_a_line(
    rig: Rig, cohort: CohortRig, a_window: AWindow
) -> None:
    ones = await confirmed_nominations(cohort, FALLING)
    await rig.acts.board.draft_decision(
        NominationId(ones[3]), rig.member, Outcome.ADMITTED, DecisionReason.PROPOSED_ORDER
    )
    page = await a_window(rig.chair, scripts=False)
    await page.goto(f"/board/order?cohort={cohort.id}")

    await write(page, "Place of Nominee 004", "1")
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("heading", level=1)).to_have_text("Check before saving")
    await expect(page.locator("main table")).to_contain_text("Nominee 004")


async def test_many_lines_hold_at_320_pixels_and_errors_are_led_to(
    rig: Rig, cohort: CohortRig, a_window: AWindow
) -> None:
    await confirmed_nominations(cohort, [6.9 - number / 30 for number in range(120)])
    page = await a_window(rig.chair, narrow=True)

    await page.goto(f"/board/order?cohort={cohort.id}")
    await holds(page)
    await page.get_by_label("From place", exact=True).first.fill("1")
    await page.get_by_role("button", name="Check before saving").click()
    await page.get_by_role("link", name="Enter both the first place and the last").click()
    await expect(page.locator("#admitted_to")).to_be_focused()
    await holds(page)
    await page.goto(f"/board/decisions?cohort={cohort.id}")
    await holds(page)
    await page.goto("/board")
    await holds(page)


async def test_pages_from_the_draft_to_the_release_hold(rig: Rig, a_window: AWindow) -> None:
    cohort = await opened(rig)
    case = await (await cohort.nominate()).reach(Stage.AWAITING_DECISION)
    await rig.acts.board.draft_decision(case.id, rig.member, Outcome.ADMITTED, DecisionReason.PROPOSED_ORDER)
    await rig.acts.cohorts.close_now(cohort.id, rig.operations, SteerReason.ILLNESS)
    await cohort.look(CohortPhase.DECIDING)
    page = await a_window(rig.chair)

    await page.goto(f"/board?cohort={cohort.id}")
    await holds(page)
    await page.goto(f"/board/decisions?cohort={cohort.id}&show=drafted")
    await holds(page)
    await page.get_by_role("button", name="Check before approving").click()
    await expect(page.get_by_role("link", name="Choose at least one nomination")).to_be_visible()
    await page.get_by_role("link", name="Choose at least one nomination").click()
    await page.keyboard.press("Space")
    await page.get_by_role("button", name="Check before approving").click()
    await holds(page)
    await page.goto(f"/board/decisions/{case.id}")
    await holds(page)
    await page.get_by_role("button", name="Approve this decision").click()
    await page.wait_for_url("**done=approved")
    for path in (f"?cohort={cohort.id}", f"/letters/{case.id}", f"/confirm?cohort={cohort.id}"):
        await page.goto(f"/board/release{path}")
        await holds(page)
    await page.get_by_role("checkbox").check()
    await page.get_by_role("button", name="Release all decisions").click()
    await page.wait_for_url("**/board/release/done?*")
    await holds(page)


async def test_somebody_is_moved_up_from_the_reserve_list(rig: Rig, a_window: AWindow) -> None:
    cohort = await opened(rig, {"admission.places": 2})
    case = await (await cohort.nominate(full_name="Ann Lee")).reach(Stage.AWAITING_DECISION)
    await case.decide(Outcome.RESERVED)
    await rig.acts.cohorts.close_now(cohort.id, rig.operations, SteerReason.ILLNESS)
    await cohort.look(CohortPhase.DECIDING)
    await rig.acts.board.release(cohort.id, rig.chair)
    await eventually(case.row, lambda row: row.stage is Stage.RESERVED)
    page = await a_window(rig.chair)

    await page.goto(f"/board?cohort={cohort.id}")
    await page.get_by_role("link", name="Reserve list").last.click()
    await page.get_by_role("link", name="Move up Ann Lee").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Move Ann Lee up")
    await holds(page)
    await page.get_by_role("button", name="Move up into the pool").click()
    await expect(page.locator("main")).to_contain_text("Moved up from the reserve list")
    await holds(page)


async def test_moved_line_keeps_the_focus_without_scripts_and_drawings_fit_a_phone(
    rig: Rig, cohort: CohortRig, a_window: AWindow
) -> None:
    await confirmed_nominations(cohort, FALLING)
    page = await a_window(rig.chair, scripts=False, narrow=True)
    await page.goto(f"/board/order?cohort={cohort.id}")

    await press(page, "Down: Nominee 001")
    again = page.get_by_role("button", name="Down: Nominee 001")
    await expect(again).to_be_focused()
    await expect(again).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_contain_text("Nominee 001 is now in place 3")
    await expect(again).to_be_focused()

    for path in (f"/board?cohort={cohort.id}", f"/board/order?cohort={cohort.id}"):
        await page.goto(path)
        drawings = page.locator(".portal-figure__drawing svg")
        for place in range(await drawings.count()):
            box = await drawings.nth(place).bounding_box()
            assert box is not None
            # As wide as the page lets it be, and words of 16 of its 320 units are 13 px or more.
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 320
            assert box["width"] >= 320 * 13 / 16

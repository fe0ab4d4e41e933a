"""An assessor's whole journey in a browser: once by keyboard alone and without scripts, once as it is typed."""

import re

import pytest
from playwright.async_api import Page, expect

from models.enums import AssessmentStage
from models.tables import Assessment, ScoreDraft
from tests.portal.assessors.seats import accepted, offered
from tests.portal.assessors.test_scoring import CRITERIA
from tests.portal.browser.conftest import AWindow, holds
from tests.workflows.rig import EVIDENCE, CohortRig


async def press(page: Page, role: str, name: str) -> None:
    """Goes to a control by keyboard and presses Enter."""
    await page.get_by_role(role, name=name).first.focus()  # type: ignore[arg-type]
    await page.keyboard.press("Enter")


async def test_from_the_offer_to_the_scores_by_keyboard_and_without_scripts(
    cohort: CohortRig, a_window: AWindow
) -> None:
    case, one = await offered(cohort)
    page = await a_window(await case.assessor(one), scripts=False)

    await page.goto("/assessments")
    await press(page, "link", case.id)
    await press(page, "button", "Accept")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("You have accepted")
    await press(page, "link", "Read the application")
    await press(page, "link", "Score this application")
    for code in CRITERIA:
        await page.locator(f'[name="{code}.value"]').first.focus()
        await page.keyboard.press("Space")
        for _ in range(4):
            await page.keyboard.press("ArrowDown")
        await page.locator(f'[name="{code}.evidence"]').focus()
        await page.keyboard.insert_text(EVIDENCE)
    await press(page, "button", "Save and check")
    await expect(page.get_by_text("5, good")).to_have_count(6)
    await press(page, "button", "Submit your scores")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("You have submitted your scores")
    await press(page, "link", "See your scores beside the panel’s")
    await expect(page.get_by_text("You: 5, good")).to_have_count(6)

    assert (await cohort.rig.get(Assessment, one)).stage is AssessmentStage.SUBMITTED


async def test_declining_by_keyboard_and_without_scripts(cohort: CohortRig, a_window: AWindow) -> None:
    case, one = await offered(cohort)
    page = await a_window(await case.assessor(one), scripts=False)

    await page.goto(f"/assessments/{one}")
    await press(page, "link", "Decline this offer")
    await page.get_by_label("I am not available").focus()
    await page.keyboard.press("Space")
    await press(page, "button", "Decline")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("You have declined")
    await press(page, "link", "change when you are available")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your availability")


async def test_changing_availability_by_keyboard_and_without_scripts(cohort: CohortRig, a_window: AWindow) -> None:
    case, one = await offered(cohort)
    page = await a_window(await case.assessor(one), scripts=False)

    await page.goto("/availability")
    await press(page, "link", "Add days")
    for label in ("First day", "Last day"):
        group = page.get_by_role("group", name=label)
        for part, digits in (("Day", "7"), ("Month", "3"), ("Year", "2031")):
            await group.get_by_label(part).focus()
            await page.keyboard.type(digits)
    await page.keyboard.press("Enter")

    await expect(page.get_by_text("Your days are added")).to_be_visible()
    await expect(page.get_by_role("rowheader", name="7 March 2031 to 7 March 2031")).to_be_visible()


async def test_what_is_typed_is_there_after_the_browser_is_gone(cohort: CohortRig, a_window: AWindow) -> None:
    case, one = await accepted(cohort)
    by = await case.assessor(one)
    page = await a_window(by)

    await page.goto(f"/assessments/{one}/scores")
    await page.get_by_role("radio", name="6, strong").first.check()
    evidence = page.locator('[name="quality_outcomes.evidence"]')
    await evidence.fill("She led the merger")
    await expect(page.get_by_text(re.compile(r"^Saved at ")).first).to_be_visible()
    await evidence.blur()
    await expect(page.get_by_text(re.compile(r"^Saved at "))).to_have_count(2)
    await page.context.close()

    other = await a_window(by)
    await other.goto(f"/assessments/{one}/scores")
    await expect(other.locator('[name="quality_outcomes.evidence"]')).to_have_value("She led the merger")
    await expect(other.get_by_role("radio", name="6, strong").first).to_be_checked()


async def test_two_tabs_do_not_overwrite_each_other(cohort: CohortRig, a_window: AWindow) -> None:
    case, one = await accepted(cohort)
    by = await case.assessor(one)
    first, second = await a_window(by), await a_window(by)
    field = '[name="partnerships.evidence"]'
    for page in (first, second):
        await page.goto(f"/assessments/{one}/scores")

    await first.locator(field).fill("From the first tab")
    await expect(first.get_by_text(re.compile(r"^Saved at "))).to_be_visible()
    await second.locator(field).fill("From the second tab")
    await expect(second.get_by_text("From the first tab")).to_be_visible()
    await second.get_by_role("button", name="Keep mine").click()
    await expect(second.get_by_text(re.compile(r"^Saved at "))).to_be_visible()

    draft = await cohort.rig.get(ScoreDraft, (one, "partnerships.evidence"))
    assert (draft.content, draft.revision) == ("From the second tab", 2)


async def test_button_pressed_while_typing_saves_what_stands_there(cohort: CohortRig, a_window: AWindow) -> None:
    case, one = await accepted(cohort)
    page = await a_window(await case.assessor(one))

    await page.goto(f"/assessments/{one}/scores")
    await page.locator('[name="partnerships.evidence"]').press_sequentially("Typed and at once sent")
    await page.get_by_role("button", name="Save and check").click()

    await expect(page.get_by_role("heading", level=1)).to_have_text("Check your scores")
    await expect(page.get_by_text("Typed and at once sent")).to_be_visible()


@pytest.mark.parametrize("stage", ["offered", "accepted", "submitted"])
async def test_pages_of_an_assessor_hold(cohort: CohortRig, a_window: AWindow, stage: str) -> None:
    case, one = await offered(cohort)
    if stage != "offered":
        await case.accept(one)
    if stage == "submitted":
        await case.save_scores(one)
        await case.submit_scores(one)
    page = await a_window(await case.assessor(one))
    task = f"/assessments/{one}"
    paths = {
        "offered": [
            "/assessments",
            "/assessments/history",
            task,
            f"{task}/decline",
            f"{task}/application",
            "/availability",
            f"/availability/{cohort.id}/add",
            f"/availability/{cohort.id}/capacity",
            f"/availability/{cohort.id}/interests",
            f"/availability/{cohort.id}/mixed-panels",
        ],
        "accepted": [
            "/assessments",
            task,
            *(f"{task}{path}" for path in ("/accepted", "/application", "/scores", "/scores/check", "/decline")),
        ],
        "submitted": [
            "/assessments",
            "/assessments/history",
            task,
            *(f"{task}{path}" for path in ("/submitted", "/panel", "/conflict", "/scores")),
        ],
    }

    for path in paths[stage]:
        await page.goto(path)
        await holds(page)


async def test_pages_with_errors_hold(cohort: CohortRig, a_window: AWindow) -> None:
    case, one = await offered(cohort)
    page = await a_window(await case.assessor(one))

    for path, button in (
        (f"/assessments/{one}/decline", "Decline"),
        (f"/availability/{cohort.id}/add", "Save"),
    ):
        await page.goto(path)
        await page.get_by_role("button", name=button).click()
        await expect(page).to_have_title(re.compile("^Error: "))
        await holds(page)
        await page.get_by_role("alert").get_by_role("link").first.click()
        assert await page.evaluate("document.activeElement.tagName") == "INPUT"


async def test_button_pressed_before_the_difference_is_settled_overwrites_nothing(
    cohort: CohortRig, a_window: AWindow
) -> None:
    case, one = await accepted(cohort)
    by = await case.assessor(one)
    first, second = await a_window(by), await a_window(by)
    field = '[name="partnerships.evidence"]'
    for page in (first, second):
        await page.goto(f"/assessments/{one}/scores")
    await first.locator(field).fill("From the first tab")
    await expect(first.get_by_text(re.compile(r"^Saved at "))).to_be_visible()

    await second.locator(field).fill("From the second tab")
    await expect(second.get_by_text("From the first tab")).to_be_visible()
    await second.get_by_role("button", name="Save and check").click()

    await expect(second.get_by_role("heading", name="Changed in another tab")).to_be_visible()
    await expect(second.locator(field)).to_have_value("From the second tab")
    assert (await cohort.rig.get(ScoreDraft, (one, "partnerships.evidence"))).content == "From the first tab"

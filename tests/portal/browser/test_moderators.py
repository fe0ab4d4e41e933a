"""A moderator's and an inclusion adviser's whole journey, by keyboard alone and without scripts."""

import re

from playwright.async_api import Page, expect

from models.enums import Stage
from models.messages import By
from tests.portal.browser.conftest import AWindow, holds
from tests.portal.moderators.test_conflicts import scored_with_a_conflict
from tests.workflows.rig import Case, CohortRig, Rig


async def press(page: Page, name: str, role: str = "link") -> None:
    """Reaches a link or button by the tab key and presses it."""
    target = page.get_by_role(role, name=name, exact=True).first  # type: ignore[arg-type]
    await expect(target).to_be_visible()
    for _ in range(150):
        await page.keyboard.press("Tab")
        if await target.evaluate("one => one === document.activeElement"):
            await page.keyboard.press("Enter")
            return
    raise AssertionError(f"the tab key does not reach {role} {name} on {page.url}")


async def flagged(cohort: CohortRig) -> Case:
    return await (await cohort.nominate()).reach(Stage.QUALITY_ASSURANCE)


async def test_moderator_changes_a_score_by_keyboard_and_without_scripts(
    rig: Rig, cohort: CohortRig, a_window: AWindow
) -> None:
    case = await flagged(cohort)
    page = await a_window(rig.moderator, scripts=False)
    criteria = [one.code for one in cohort.policy.scoring.criteria]
    low = (await case.panel())[0].id

    await page.goto(f"/quality?cohort={cohort.id}")
    await press(page, case.id)
    await press(page, "Start", "button")
    await press(page, "Change a score")
    for criterion in criteria:
        await page.locator(f'[id="score.{low}.{criterion}"]').focus()
        await page.keyboard.press("4")
    await page.get_by_label("Moderation").focus()
    await page.keyboard.press("Space")
    await page.get_by_label("Your note").focus()
    await page.keyboard.type("The evidence shows what a 4 asks for.")
    await press(page, "Continue", "button")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Check the changes")
    await press(page, "Change the scores", "button")

    await expect(page.get_by_role("heading", level=1)).to_have_text("Scores changed")
    await expect(page.locator("main")).to_contain_text(
        re.compile("The nomination (goes to|is with) the talent board")
    )
    await case.until(Stage.AWAITING_DECISION)


async def test_moderators_errors_lead_to_their_fields(rig: Rig, cohort: CohortRig, a_window: AWindow) -> None:
    case = await flagged(cohort)
    page = await a_window(rig.moderator)
    await page.goto(f"/quality/{case.id}")
    await page.get_by_role("button", name="Start", exact=True).click()
    await page.get_by_role("link", name="Ask an assessor for more evidence").click()

    await page.get_by_role("button", name="Ask for more evidence").click()

    await expect(page).to_have_title(re.compile("^Error: "))
    await holds(page)
    await page.get_by_role("link", name="Choose the assessor you ask for more evidence").click()
    await expect(page.locator("#assessment")).to_be_focused()


async def test_every_page_of_a_moderator_holds(rig: Rig, a_window: AWindow) -> None:
    cohort = await rig.cohort({"quality.audit_share": 1.0})
    case = await flagged(cohort)
    page = await a_window(rig.moderator)
    for path in (
        f"/quality?cohort={cohort.id}",
        "/quality?rule=evidence_thin",
        f"/quality/sample?cohort={cohort.id}",
        f"/quality/{case.id}",
    ):
        await page.goto(path)
        await holds(page)

    await page.get_by_role("button", name="Start", exact=True).click()
    for act in ("", "/confirm", "/moderate", "/more-evidence", "/another-assessor"):
        await page.goto(f"/quality/{case.id}{act}")
        await holds(page)
    await page.goto(f"/quality/{case.id}/confirm?tick=all")
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Check what is settled")
    await holds(page)
    await page.goto(f"/quality/sample?cohort={cohort.id}")
    await holds(page)
    await page.goto(f"/quality/{case.id}/moderate")
    await page.locator("select").first.select_option("4")
    await page.get_by_label("Human error").check()
    await page.get_by_label("Your note").fill("The assessor meant a 4.")
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Check the changes")
    await holds(page)
    await page.get_by_role("button", name="Change the scores").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Scores changed")
    await holds(page)
    await page.goto(f"/quality/{case.id}")
    await holds(page)


async def test_screening_holds_and_is_done_by_keyboard(rig: Rig, cohort: CohortRig, a_window: AWindow) -> None:
    case = await (await cohort.nominate()).reach(Stage.SCREENING)
    page = await a_window(rig.moderator)

    await page.goto("/quality/screening")
    await holds(page)
    await page.goto(f"/quality/screening/{case.id}")
    await holds(page)
    await page.get_by_label("Not eligible").focus()
    await page.keyboard.press("Space")
    await page.get_by_label("The rule is not met").focus()
    await page.keyboard.press("Space")
    await press(page, "Settle screening", "button")

    await expect(page.get_by_role("heading", level=1)).to_have_text("Not eligible")
    await holds(page)
    await case.until(Stage.INELIGIBLE)


async def test_conflicts_of_interest_are_listed_and_hold(rig: Rig, cohort: CohortRig, a_window: AWindow) -> None:
    case = await scored_with_a_conflict(cohort)
    page = await a_window(rig.moderator)

    await page.goto(f"/quality?cohort={cohort.id}")
    await press(page, "Conflicts of interest with assessors who have scored")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Conflicts of interest")
    await holds(page)
    await press(page, case.id)
    await expect(page.locator("main")).to_contain_text("Their scores still count.")
    await holds(page)


async def test_adviser_reads_counts_without_scripts(cohort: CohortRig, adviser: By, a_window: AWindow) -> None:
    page = await a_window(adviser, scripts=False)

    await page.goto("/inclusion")

    await expect(page.locator("main")).to_contain_text("Fewer than 10")
    seeing = await a_window(adviser)
    await seeing.goto("/inclusion")
    await holds(seeing)

"""Asking about panels in a real browser: why, why not, what would mend them, and what if."""

from playwright.async_api import expect

from models.enums import Stage
from tests.portal.browser.conftest import AWindow, holds
from tests.portal.operations.keeping.test_allocation import proposal, runs
from tests.workflows.rig import CohortRig, Rig


async def test_pages_on_why_and_what_if_hold(rig: Rig, a_window: AWindow) -> None:
    cohort, case = await proposal(rig)
    (run,) = await runs(cohort, 1)
    seated = {seat["assessor"] for seat in run.result["proposal"]["seats"]}  # type: ignore[index]
    other = min(assessor for assessor, _ in run.result["loads"] if assessor not in seated)  # type: ignore[attr-defined]
    page = await a_window(rig.operations)
    why = f"/operations/allocation/{cohort.id}/1/why"

    for path in (
        why,
        f"{why}?nomination={case.id}",
        f"{why}?nomination={case.id}&assessor={other}",
        f"{why}?nomination=nowhere-1",
        "/operations/what-if",
        f"/operations/what-if?rules={cohort.id}&nominations=60&assessors=14",
        f"/operations/what-if?cohort={cohort.id}&leave=99",
    ):
        await page.goto(path)
        await holds(page)


async def test_page_on_panels_to_mend_holds(cohort: CohortRig, a_window: AWindow) -> None:
    case = await (await cohort.nominate()).reach(Stage.SCORING)
    gone = (await case.offered(3))[0].split(".")[1]
    await cohort.rig.spoil("DELETE FROM availability WHERE assessor_id = :who", who=gone)
    page = await a_window(cohort.rig.operations)

    await page.goto(f"/operations/allocation/{cohort.id}/repair")

    await expect(page.get_by_role("heading", name="Who cannot stay")).to_be_visible()
    await holds(page)


async def test_why_is_asked_and_a_cohort_played_by_keyboard_alone_and_without_scripts(
    rig: Rig, a_window: AWindow
) -> None:
    cohort, case = await proposal(rig)
    page = await a_window(rig.operations, scripts=False)

    await page.goto(f"/operations/allocation/{cohort.id}/1")
    await page.get_by_role("link", name="Ask why somebody sits on a panel, or why not").focus()
    await page.keyboard.press("Enter")
    await page.get_by_label("Nomination", exact=True).select_option(case.id)
    await page.get_by_role("button", name="Ask").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name=f"sits on the panel of {case.id}")).to_have_count(3)

    await page.goto("/operations/what-if")
    await page.get_by_label("With the rules of").select_option(cohort.id)
    await page.get_by_label("Nominations", exact=True).focus()
    await page.keyboard.type("12")
    await page.get_by_label("Assessors", exact=True).focus()
    await page.keyboard.type("14")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("12 nominations, 14 assessors: every panel can be staffed.")).to_be_visible()

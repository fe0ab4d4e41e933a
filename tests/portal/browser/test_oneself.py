"""Somebody without an account nominates themselves in a real browser."""

import re

from playwright.async_api import Page, expect
from sqlmodel import col, select

from models.enums import NominationRoute, Stage
from models.tables import Nomination, NominationDraft
from tests.portal.browser.conftest import AWindow, holds
from tests.portal.browser.test_nominators import choose, continued, press, write
from tests.portal.nominees.oneself import a_complete_draft, as_nominee, newcomer, own_address
from tests.portal.test_sign_in import code_in, newest_letter
from tests.workflows.rig import HOME, CohortRig, Rig, eventually


async def proved(page: Page, rig: Rig, address: str) -> None:
    """From the page that asks for the address to the one that asks where they work."""
    await page.get_by_label("What is your work email address?").fill(address)
    await press(page, "Send a code")
    await page.wait_for_url("**/nominate-yourself/code")
    await write(page, "Code", code_in(await newest_letter(rig, address)))
    await press(page, "Continue")
    await page.wait_for_url("**/nominate-yourself/begin")


async def begun(page: Page, cohort: CohortRig) -> None:
    """Chooses the round, where there are several, and the organisation, by keyboard."""
    if await page.get_by_role("radio").count():
        await choose(page, cohort.id)
    await page.get_by_label("Which organisation do you work for?").focus()
    await page.keyboard.type("Trust R1D")
    await press(page, "Continue")
    await page.wait_for_url("**/questions/*")


async def test_nominating_oneself_by_keyboard_alone_and_without_scripts(
    rig: Rig, cohort: CohortRig, a_window: AWindow
) -> None:
    page = await a_window(scripts=False)

    await page.goto("/")
    await press(page, "Nominate yourself", role="link")
    await page.wait_for_url("**/nominate-yourself")
    await press(page, "Start now", role="button")
    await page.wait_for_url("**/nominate-yourself/email")
    await proved(page, rig, own_address(rig))
    await begun(page, cohort)
    await write(page, "What is your full name?", "Rosalind Okonkwo")
    await continued(page)
    await write(page, "What is your present post?", "Matron")
    await continued(page)
    await choose(page, "Ready now")
    await continued(page)
    await continued(page)
    await continued(page)
    await page.wait_for_url("**/check")
    await press(page, "Nominate myself")
    await page.wait_for_url("**/sent")
    await expect(page.locator("h1")).to_have_text("You have nominated yourself")
    (row,) = await rig.all(select(Nomination).where(col(Nomination.cohort_id) == cohort.id))
    await eventually(lambda: rig.get(Nomination, row.id), lambda one: one.steps >= 1)
    await press(page, "Say that you agree", role="button")
    await page.wait_for_url(f"**/my-nomination/{row.id}/consent")
    await choose(page, "Yes, I agree to be nominated")
    await press(page, "Continue")
    await page.wait_for_url("**/agreed")

    after = await rig.get(Nomination, row.id)
    assert (after.route, after.stage, after.organisation_code) == (NominationRoute.SELF, Stage.APPLYING, HOME)


async def test_pages_of_nominating_oneself_hold(rig: Rig, cohort: CohortRig, a_window: AWindow) -> None:
    page = await a_window()

    for path in ("/nominate-yourself", "/nominate-yourself/code", "/nominate-yourself/link?key=x"):
        await page.goto(path)
        await holds(page)
    await page.goto("/nominate-yourself/email")
    await holds(page)
    await press(page, "Send a code")
    await expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    await holds(page)
    address = own_address(rig)
    await proved(page, rig, address)
    await holds(page)
    other = await a_window()
    await other.goto("/nominate-yourself/email")
    await other.get_by_label("What is your work email address?").fill(address)
    await press(other, "Send a code")
    await other.wait_for_url("**/code")
    await holds(other)
    link = re.search(r"(/nominate-yourself/link\?key=\S+)", await newest_letter(rig, address))
    assert link is not None
    await other.goto(link[1])
    await holds(other)
    await press(page, "Continue")
    await expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    await holds(page)
    await begun(page, cohort)
    own = page.url.split("/questions/")[0]
    for question in ("name", "organisation", "post", "readiness", "interests", "earlier-organisations"):
        await page.goto(f"{own}/questions/{question}")
        await holds(page)
    await page.goto(f"{own}/check")
    await press(page, "Nominate myself")
    await expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    await holds(page)
    for path in (f"{own}/delete", "/nominate-yourself?saved=yes", "/roles", "/account"):
        await page.goto(path)
        await holds(page)


async def test_pages_after_nominating_oneself_hold(rig: Rig, cohort: CohortRig, a_window: AWindow) -> None:
    person = await newcomer(rig)
    draft = await a_complete_draft(cohort, person)
    page = await a_window(as_nominee(person))

    await page.goto(f"/nominate-yourself/{draft}/check")
    await holds(page)
    await press(page, "Nominate myself")
    await page.wait_for_url("**/sent")
    await holds(page)
    for path in ("/nominate-yourself", "/nominate-yourself/begin"):
        await page.goto(path)
        await holds(page)


async def test_browser_that_is_closed_while_somebody_types_loses_nothing(
    rig: Rig, cohort: CohortRig, a_window: AWindow
) -> None:
    person = await newcomer(rig)
    draft = await a_complete_draft(cohort, person, interests="")
    page = await a_window(as_nominee(person))
    await page.goto(f"/nominate-yourself/{draft}/questions/interests")
    await page.get_by_label("What are you interested in?").fill("Estates")
    await expect(page.get_by_text("Saved at")).to_be_visible()
    await page.context.close()

    again = await a_window(as_nominee(person))
    await again.goto(f"/nominate-yourself/{draft}/questions/interests")

    await expect(again.get_by_label("What are you interested in?")).to_have_value("Estates")
    assert (await rig.get(NominationDraft, draft)).content["interests"] == "Estates"


async def test_organisation_is_kept_as_it_is_chosen(rig: Rig, cohort: CohortRig, a_window: AWindow) -> None:
    person = await newcomer(rig)
    draft = await a_complete_draft(cohort, person)
    page = await a_window(as_nominee(person))
    await page.goto(f"/nominate-yourself/{draft}/questions/organisation")

    await page.get_by_label("Which organisation do you work for?").select_option("")
    await press(page, "Save and continue")

    await expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    assert (await rig.get(NominationDraft, draft)).organisation_code == HOME

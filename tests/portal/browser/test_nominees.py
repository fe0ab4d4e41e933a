"""The nominee's way in a real browser: by keyboard without scripts, and with fields that save themselves."""

import re

from playwright.async_api import Page, expect
from sqlmodel import col, select

from models.enums import Role, Stage
from models.tables import ApplicationDraft, WebSession
from portal import sessions
from portal.services import Services
from portal.sessions import COOKIE
from tests.portal.browser.conftest import AWindow, holds, signs_in
from tests.workflows.rig import Case, CohortRig, eventually

STATEMENT = "I led the merger of two services, and waiting times fell by a third."


async def stored(case: Case, field: str) -> str:
    rows = await case.rig.all(
        select(ApplicationDraft.content).where(
            col(ApplicationDraft.nomination_id) == case.id, col(ApplicationDraft.field) == field
        )
    )
    return rows[0] if rows else ""


async def answered_by_keyboard(page: Page) -> None:
    """Answers whatever a task asks, with the keyboard alone, and saves."""
    for group in await page.locator("fieldset").all():
        await group.get_by_role("radio").first.focus()
        await page.keyboard.press("Space")
    for area in await page.locator("form[data-save] textarea").all():
        await area.focus()
        await page.keyboard.insert_text(STATEMENT)
    await page.get_by_role("button", name="Save and continue").press("Enter")
    await page.wait_for_url("**/application")


async def test_whole_way_by_keyboard_alone_and_without_scripts(cohort: CohortRig, a_window: AWindow) -> None:
    case = await cohort.nominate()
    page = await a_window(case.nominee, scripts=False)

    await page.goto("/my-nomination")
    await page.get_by_role("button", name="Answer now").press("Enter")
    await page.get_by_role("radio", name="Yes, I agree to be nominated").press("Space")
    await page.get_by_role("button", name="Continue").press("Enter")
    await page.wait_for_url("**/agreed")
    await page.get_by_role("button", name="Start your application").press("Enter")
    tasks = page.locator(".nhsuk-task-list a")
    for number in range(await tasks.count()):
        await tasks.nth(number).press("Enter")
        await page.wait_for_url("**/application/task/*")
        await answered_by_keyboard(page)
    await page.get_by_role("button", name="Check your answers").press("Enter")
    await page.get_by_role("button", name="Send application").press("Enter")
    await page.wait_for_url("**/received")
    await expect(page.locator("h1")).to_have_text("Application sent")
    await eventually(case.row, lambda row: row.stage is Stage.AWAITING_PANEL)

    await page.get_by_role("link", name="questions about equality").press("Enter")
    await page.get_by_role("radio", name="Buddhist").press("Space")
    await page.get_by_role("button", name="Save my answers").press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("Your answers are saved")
    await page.get_by_role("button", name="Delete my answers").press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("Your answers are deleted")
    await page.get_by_role("link", name="Back to my nomination").press("Enter")
    await page.get_by_role("link", name="Withdraw from the process").press("Enter")
    await page.get_by_role("radio", name="Personal reasons").press("Space")
    await page.get_by_role("checkbox").press("Space")
    await page.get_by_role("button", name="Withdraw").press("Enter")

    await page.wait_for_url("**/withdrawn")
    assert (await case.row()).stage is Stage.WITHDRAWN


async def test_text_is_saved_as_it_is_typed_and_the_button_after_it_is_no_conflict(
    cohort: CohortRig, a_window: AWindow
) -> None:
    case = await (await cohort.nominate()).reach(Stage.APPLYING)
    page = await a_window(case.nominee)
    await page.goto(f"/my-nomination/{case.id}/application/task/statement-partnerships")

    area = page.locator("textarea#partnerships")
    await area.press_sequentially("One.")
    await expect(page.get_by_text(re.compile("^Saved at"))).to_be_visible()
    first = await stored(case, "partnerships")
    await area.press_sequentially(" Two.")
    await page.get_by_role("button", name="Save and continue").click()
    await page.wait_for_url("**/application")

    await page.goto(f"/my-nomination/{case.id}/application/task/statement-partnerships")
    await expect(page.get_by_text(re.compile("^Saved at"))).to_have_count(1)
    await area.press("Control+End")
    await area.press_sequentially(" Three.")
    await eventually(lambda: stored(case, "partnerships"), lambda text: text.endswith("Three."))
    await expect(page.get_by_text(re.compile(r"^Saved at [^ ]+$"))).to_be_visible()
    await expect(page.get_by_text(re.compile("^Saved at"))).to_have_count(1)

    assert first == "One."
    assert await stored(case, "partnerships") == "One. Two. Three."


async def test_browser_that_is_closed_while_typing_loses_nothing(cohort: CohortRig, a_window: AWindow) -> None:
    case = await (await cohort.nominate()).reach(Stage.APPLYING)
    page = await a_window(case.nominee)
    path = f"/my-nomination/{case.id}/application/task/readiness"
    await page.goto(path)

    await page.get_by_role("radio", name="Ready now").check()
    await eventually(lambda: stored(case, "readiness"))
    await page.context.close()
    page = await a_window(case.nominee)
    await page.goto(path)

    await expect(page.get_by_role("radio", name="Ready now")).to_be_checked()


async def test_two_tabs_do_not_overwrite_each_other(cohort: CohortRig, a_window: AWindow) -> None:
    case = await (await cohort.nominate()).reach(Stage.APPLYING)
    one, other = await a_window(case.nominee), await a_window(case.nominee)
    path = f"/my-nomination/{case.id}/application/task/development"
    for page in (one, other):
        await page.goto(path)

    await one.locator("textarea").press_sequentially("From one tab.")
    await expect(one.get_by_text(re.compile("^Saved at"))).to_be_visible()
    await other.locator("textarea").press_sequentially("From the other.")
    await expect(other.locator("blockquote").last).to_have_text("From one tab.")
    meanwhile = await stored(case, "development_needs")
    await holds(other)
    await other.get_by_role("button", name="Keep mine").click()
    await expect(other.get_by_text(re.compile("^Saved at"))).to_be_visible()

    assert meanwhile == "From one tab."
    assert await stored(case, "development_needs") == "From the other."


async def test_deadline_that_passes_while_typing_is_said_and_the_text_stays(
    cohort: CohortRig, a_window: AWindow
) -> None:
    case = await (await cohort.nominate()).reach(Stage.APPLYING)
    page = await a_window(case.nominee)
    await page.goto(f"/my-nomination/{case.id}/application/task/development")
    await case.reach(Stage.LAPSED)

    await page.locator("textarea").press_sequentially("Too late.")

    await expect(page.get_by_text("The application can no longer be changed")).to_be_visible()
    await expect(page.locator("textarea")).to_have_value("Too late.")


async def at_text(cohort: CohortRig, a_window: AWindow) -> tuple[Case, Page]:
    """A nominee at a page with one long text."""
    case = await (await cohort.nominate()).reach(Stage.APPLYING)
    page = await a_window(case.nominee)
    await page.goto(f"/my-nomination/{case.id}/application/task/development")
    return case, page


async def test_text_typed_after_signing_out_elsewhere_is_saved_after_signing_in_again(
    cohort: CohortRig, a_window: AWindow, services: Services
) -> None:
    case, page = await at_text(cohort, a_window)
    async with services.acts.desk.transaction() as session:
        await sessions.end_everywhere(session, case.nominee.person, services.clock())

    await page.locator("textarea").press_sequentially("Kept.")
    await expect(page.get_by_text("You have been signed out. ")).to_be_visible()
    await expect(page.get_by_role("link", name="Sign in in another tab")).to_have_attribute("href", "/sign-in")
    before = await stored(case, "development_needs")
    await signs_in(page, services, case.nominee.person)
    other = await page.context.new_page()
    await other.goto("/my-nomination")
    kept = await other.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('kept:')).length")
    await other.close()
    await page.evaluate("dispatchEvent(new Event('focus'))")

    await expect(page.get_by_text(re.compile("^Saved at"))).to_be_visible()
    assert before == ""
    assert kept == 1
    assert await stored(case, "development_needs") == "Kept."


async def test_text_typed_in_a_role_that_was_changed_in_another_tab_is_saved_once_it_is_chosen_again(
    cohort: CohortRig, a_window: AWindow, services: Services
) -> None:
    case, page = await at_text(cohort, a_window)
    token = next(one["value"] for one in await page.context.cookies() if one["name"] == COOKIE)

    async def acting(role: Role | None) -> None:
        async with services.acts.desk.transaction() as session:
            row = await session.get_one(WebSession, sessions.hash_of(token))
            row.role = role
            session.add(row)

    await acting(None)
    await page.locator("textarea").press_sequentially("Kept.")

    said = page.get_by_text("Not saved: you no longer act in the role that this page is for.")
    await expect(said).to_be_visible()
    await expect(said).to_contain_text("what you typed is kept here")
    await expect(page.get_by_role("link", name="Choose your role in another tab")).to_have_attribute("href", "/roles")
    assert await stored(case, "development_needs") == ""
    await acting(Role.NOMINEE)
    await page.evaluate("dispatchEvent(new Event('focus'))")
    await expect(page.get_by_text(re.compile("^Saved at"))).to_be_visible()
    assert await stored(case, "development_needs") == "Kept."


async def test_text_typed_while_somebody_else_signed_in_is_not_saved_as_theirs(
    cohort: CohortRig, a_window: AWindow, services: Services
) -> None:
    case, page = await at_text(cohort, a_window)
    other = await cohort.nominate()
    await signs_in(page, services, other.nominee.person)

    await page.locator("textarea").press_sequentially("Mine.")

    await expect(page.get_by_text("Not saved: this page is not there for who is signed in now.")).to_be_visible()
    await expect(page.get_by_role("link", name="See in another tab who is signed in")).to_be_visible()
    await expect(page.locator("textarea")).to_have_value("Mine.")
    assert await stored(case, "development_needs") == ""
    await holds(page)


async def test_pages_hold_while_the_application_is_open(cohort: CohortRig, a_window: AWindow) -> None:
    case = await cohort.nominate()
    page = await a_window(case.nominee)
    path = f"/my-nomination/{case.id}"

    for below in (
        "",
        "/consent",
        "/decline",
        "/messages",
        "/extension",
        "/withdraw",
        "/defer",
        "/equality",
        "/decision",
    ):
        await page.goto(path + below)
        await holds(page)
    await case.consent()
    for below in (
        "",
        "/agreed",
        "/application",
        "/application/details",
        "/application/details/change",
        "/application/check",
    ):
        await page.goto(path + below)
        await holds(page)
    for slug in ("eligibility", "statement-partnerships", "readiness", "adjustments"):
        await page.goto(f"{path}/application/task/{slug}")
        await holds(page)
    await page.goto("/my-nomination/data")
    await holds(page)


async def test_pages_of_what_went_wrong_hold(cohort: CohortRig, a_window: AWindow) -> None:
    case = await (await cohort.nominate()).reach(Stage.APPLYING)
    page, other = await a_window(case.nominee), await a_window(case.nominee)
    path = f"/my-nomination/{case.id}"
    for window in (page, other):
        await window.goto(f"{path}/application/task/development")
    await other.locator("textarea").fill("In the other tab.")
    await other.get_by_role("button", name="Save and continue").click()
    await page.locator("textarea").fill("Here.")
    await expect(page.get_by_role("button", name="Keep mine")).to_be_visible()
    await page.get_by_role("button", name="Save and continue").click()
    await expect(page.locator("h1")).to_have_text("Choose which text to keep")
    await holds(page)

    await page.goto(f"{path}/application/check")
    await page.get_by_role("button", name="Send application").click()
    await expect(page).to_have_title(re.compile("^Error: "))
    await holds(page)
    for below, button in (("withdraw", "Withdraw"), ("extension", "Ask for more time")):
        await page.goto(f"{path}/{below}")
        await page.get_by_role("button", name=button).click()
        await expect(page).to_have_title(re.compile("^Error: "))
        await holds(page)
    await page.goto(f"{path}/application/task/development")
    await case.reach(Stage.LAPSED)
    await page.get_by_role("button", name="Save and continue").click()
    await expect(page.locator("h1")).to_have_text("This could not be saved")
    await holds(page)


async def test_pages_hold_once_it_was_sent_and_decided(cohort: CohortRig, a_window: AWindow) -> None:
    case = await (await cohort.nominate()).reach(Stage.NOT_ADMITTED)
    page = await a_window(case.nominee)
    path = f"/my-nomination/{case.id}"

    for below in ("", "/application/sent", "/application/received", "/messages", "/decision"):
        await page.goto(path + below)
        await holds(page)
    await page.goto("/my-nomination/data")
    await holds(page)

import re

from playwright.async_api import expect

from portal.services import Services
from tests.portal.browser.conftest import AWindow, holds, signs_in
from tests.portal.test_sign_in import code_in, newest_letter
from tests.workflows.rig import CohortRig, Rig


async def test_signing_in_by_keyboard_alone_and_without_scripts(rig: Rig, a_window: AWindow) -> None:
    page = await a_window(scripts=False)
    address = f"{rig.moderator.person}@example.nhs.test"

    await page.goto("/")
    await page.get_by_role("link", name="Sign in").press("Enter")
    await page.get_by_label("Email address").focus()
    await page.keyboard.type(address)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/sign-in/code")
    await page.get_by_label("Code").focus()
    await page.keyboard.type(code_in(await newest_letter(rig, address)))
    await page.keyboard.press("Enter")

    await page.wait_for_url("**/quality")
    await page.goto("/account")
    await expect(page.locator("header")).to_contain_text(re.compile("QA moderator"))


async def test_pages_of_everybody_hold(rig: Rig, a_window: AWindow) -> None:
    page = await a_window()

    for path in ("/", "/sign-in", "/sign-in/code", "/sign-in/link?key=x", "/signed-out", "/nowhere", "/mailbox"):
        await page.goto(path)
        await holds(page)
    for help_page in ("accessibility", "privacy", "cookies", "contact"):
        await page.goto(f"/help/{help_page}")
        await holds(page)


async def test_pages_of_who_is_signed_in_hold(rig: Rig, a_window: AWindow) -> None:
    page = await a_window(rig.operations)

    for path in ("/account", "/roles"):
        await page.goto(path)
        await holds(page)


async def test_going_back_to_a_form_with_errors_sends_nothing_again_and_keeps_what_was_typed(
    cohort: CohortRig, a_window: AWindow
) -> None:
    case = await cohort.nominate()
    page = await a_window(case.nominee)
    path = f"/my-nomination/{case.id}/application/details/change"
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    await page.goto(path)
    await page.get_by_label("Full name").fill("=Rosalind")
    await page.get_by_label("Post (optional)").fill("Matron")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()

    await page.get_by_label("Full name").fill("=Rosalind Hale")
    await page.get_by_role("link", name="Go back without changing anything").click()
    await page.wait_for_url("**/details")
    await page.go_back()
    await expect(page.get_by_label("Full name")).to_have_value("=Rosalind Hale")
    await page.reload()

    await expect(page.get_by_label("Full name")).to_have_value("=Rosalind Hale")
    await expect(page.get_by_label("Post (optional)")).to_have_value("Matron")
    assert f"{path}?answered=" in page.url
    assert len(sent) == 1
    await page.get_by_label("Full name").fill("Rosalind Hale")
    await page.get_by_role("button", name="Save").click()
    await page.wait_for_url("**/details")
    await expect(page.locator("main")).to_contain_text("Rosalind Hale")


async def test_without_scripts_going_back_and_loading_again_show_the_same_errors_and_send_nothing_again(
    cohort: CohortRig, a_window: AWindow
) -> None:
    case = await cohort.nominate()
    page = await a_window(case.nominee, scripts=False)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    await page.goto(f"/my-nomination/{case.id}/application/details/change")
    await page.get_by_label("Full name").fill("=Rosalind")
    await page.get_by_role("button", name="Save").click()
    problem = page.get_by_role("heading", name="There is a problem")
    await expect(problem).to_be_visible()

    await page.get_by_role("link", name="Go back without changing anything").click()
    await page.wait_for_url("**/details")
    await page.go_back()
    await expect(problem).to_be_visible()
    await page.reload()

    await expect(problem).to_be_visible()
    await expect(page.get_by_label("Full name")).to_have_value("=Rosalind")
    assert len(sent) == 1
    await page.go_back()
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await expect(problem).to_be_hidden()
    await page.go_forward()
    await page.get_by_label("Full name").fill("Rosalind Hale")
    await page.get_by_role("button", name="Save").click()
    await page.wait_for_url("**/details")
    await expect(page.locator("main")).to_contain_text("Rosalind Hale")


async def test_what_was_typed_into_a_form_with_errors_is_not_filled_in_for_somebody_else(
    cohort: CohortRig, a_window: AWindow, services: Services
) -> None:
    one, other = await cohort.nominate(), await cohort.nominate()
    page = await a_window(one.nominee)
    await page.goto("/sign-in")
    await page.get_by_label("Email address").fill("private")
    await page.get_by_role("button", name="Send a code").click()
    await expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    await signs_in(page, services, other.nominee.person)

    await page.reload()

    await expect(page.get_by_label("Email address")).to_have_value("")

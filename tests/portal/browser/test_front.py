import re

from playwright.async_api import expect

from tests.portal.browser.conftest import AWindow, holds
from tests.portal.test_sign_in import code_in, newest_letter
from tests.workflows.rig import Rig


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

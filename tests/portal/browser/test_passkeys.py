"""Passkeys in a real browser, with an authenticator of the browser's own making."""

from email import message_from_bytes, policy

from playwright.async_api import Page, expect

from tests.portal.browser.conftest import AWindow, holds
from tests.workflows.rig import Rig, eventually


async def with_authenticator(page: Page) -> None:
    """Gives the browser a device that verifies its user at once."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


async def letters(rig: Rig) -> list[str]:
    """The subjects of the letters about passkeys, in order."""
    files = [
        message_from_bytes(file.read_bytes(), policy=policy.default) for file in rig.mailbox.glob("passkey*.eml")
    ]
    return sorted(str(one["Subject"]) for one in files)


async def test_passkey_is_added_used_and_removed(rig: Rig, a_window: AWindow) -> None:
    page = await a_window(rig.chair)
    await with_authenticator(page)

    await page.goto("/account")
    await page.get_by_label("What you call this device").fill("Work laptop")
    await page.get_by_role("button", name="Add a passkey").click()
    await expect(page.get_by_text("The passkey was added")).to_be_visible()
    await expect(page.get_by_text("Work laptop, added on")).to_be_visible()
    await expect(page.get_by_text("Signing out everywhere leaves your passkeys as they are")).to_be_visible()
    await eventually(lambda: letters(rig), lambda found: found == ["A passkey was added to your account"])
    await holds(page)
    await page.get_by_role("button", name="Sign out everywhere").click()
    await page.goto("/sign-in")
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await page.wait_for_url("**/board")
    await page.goto("/account")
    await expect(page.get_by_role("rowheader", name="Passkey (this browser)")).to_be_visible()
    await page.get_by_role("button", name="Remove Work laptop").click()
    await expect(page.get_by_text("The passkey was removed")).to_be_visible()
    await eventually(
        lambda: letters(rig),
        lambda found: found == ["A passkey was added to your account", "A passkey was removed from your account"],
    )
    await page.goto("/sign-in")
    await page.get_by_role("button", name="Sign in with a passkey").click()

    await expect(page.get_by_role("heading", level=1)).to_have_text("This could not be done")


async def test_without_scripts_no_passkey_is_offered_and_a_code_is(rig: Rig, a_window: AWindow) -> None:
    page = await a_window(scripts=False)

    await page.goto("/sign-in")

    await expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    await expect(page.get_by_role("button", name="Send a code")).to_be_visible()

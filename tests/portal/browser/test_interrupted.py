"""The portal, or the browser, is killed while somebody types: nothing of it is lost."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from models.enums import Stage
from models.tables import ApplicationDraft
from portal import sessions
from portal.services import Services
from portal.sessions import COOKIE
from rules.applications import form
from stack.children import free_port
from stack.worker_child import PortalChild
from tests.cli.conftest import addresses
from tests.portal.browser.conftest import ARGUMENTS, chromium
from tests.workflows.rig import Case, CohortRig, Rig, eventually

TYPED = "Two services became one, and patients wait half as long."


@pytest.fixture
async def child(rig: Rig, tmp_path: Path) -> AsyncIterator[PortalChild]:
    """The portal as a process of its own, which a test may kill; always at the same address."""
    child = PortalChild(free_port(), log=tmp_path / "portal.log", environment={"PATH": "/usr/bin", **addresses(rig)})
    await child.start()
    yield child
    await child.stop()


async def applying(cohort: CohortRig) -> tuple[Case, str, str]:
    """Somebody who applies; their first statement's field, and the page it stands on."""
    case = await (await cohort.nominate()).reach(Stage.APPLYING)
    field = next(one.name for one in form(cohort.policy) if one.most_words)
    return case, field, f"/my-nomination/{case.id}/application"


async def saved(case: Case, field: str) -> str:
    async with case.rig.sessions() as session:
        row = await session.get(ApplicationDraft, (case.id, field))
    return row.content if row else ""


async def cookie_for(services: Services, case: Case, url: str) -> dict[str, object]:
    async with services.acts.desk.transaction() as session:
        token = await sessions.begin(session, case.nominee.person, "code", services.clock())
    return {"name": COOKIE, "value": token, "url": url.replace("http:", "https:"), "secure": True}


async def at_statement(page: Page, address: str, tasks: str, field: str) -> None:
    """Opens the page of the first statement."""
    await page.goto(f"{address}{tasks}")
    links = await page.locator("main a").evaluate_all("all => all.map((one) => one.getAttribute('href'))")
    for link in links:
        await page.goto(f"{address}{link}")
        if await page.locator(f"textarea[name='{field}']").count():
            return
    raise AssertionError(f"no page of {tasks} asks for {field}")


async def test_text_typed_while_the_portal_was_killed_is_saved_when_it_is_back(
    cohort: CohortRig, services: Services, child: PortalChild, tmp_path: Path
) -> None:
    case, field, tasks = await applying(cohort)
    async with chromium() as (playwright, program):
        browser = await playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        context = await browser.new_context()
        await context.add_cookies([await cookie_for(services, case, child.address)])  # type: ignore[list-item]
        page = await context.new_page()
        await at_statement(page, child.address, tasks, field)
        await child.kill()
        await page.locator(f"textarea[name='{field}']").fill(TYPED)
        await expect(page.get_by_text("Not saved yet: we keep trying.")).to_be_visible()

        await child.start()

        await expect(page.get_by_text("Saved at")).to_be_visible(timeout=20_000)
        assert await saved(case, field) == TYPED
        await browser.close()


async def test_button_pressed_while_the_portal_is_down_stays_on_the_page(
    cohort: CohortRig, services: Services, child: PortalChild
) -> None:
    case, field, tasks = await applying(cohort)
    async with chromium() as (playwright, program):
        browser = await playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        context = await browser.new_context()
        await context.add_cookies([await cookie_for(services, case, child.address)])  # type: ignore[list-item]
        page = await context.new_page()
        await at_statement(page, child.address, tasks, field)
        address, typed = page.url, page.locator(f"textarea[name='{field}']")
        button = page.get_by_role("button", name="Save and continue")
        await child.kill()
        await typed.fill(TYPED)
        await expect(page.get_by_text("Not saved yet: we keep trying.")).to_be_visible()

        await button.click()

        await expect(page.get_by_text("Not sent: the service cannot be reached.")).to_be_visible()
        assert page.url == address
        assert await typed.input_value() == TYPED
        await child.start()
        # The design system takes a second click within a second for a double click.
        await page.wait_for_timeout(1_100)
        await button.click()
        await expect(page).to_have_url(f"{child.address}{tasks}")
        assert await saved(case, field) == TYPED
        await browser.close()


async def test_text_typed_before_the_browser_was_killed_is_offered_again(
    cohort: CohortRig, services: Services, child: PortalChild, tmp_path: Path
) -> None:
    case, field, tasks = await applying(cohort)
    async with chromium() as (playwright, program):
        profile = tmp_path / "profile"
        context = await playwright.chromium.launch_persistent_context(
            profile, executable_path=program, args=ARGUMENTS
        )
        cookie = await cookie_for(services, case, child.address)
        await context.add_cookies([cookie])  # type: ignore[list-item]
        page = await context.new_page()
        await at_statement(page, child.address, tasks, field)
        await child.kill()
        await page.locator(f"textarea[name='{field}']").fill(TYPED)
        await expect(page.get_by_text("Not saved yet: we keep trying.")).to_be_visible()
        address = page.url
        await context.close()
        await child.start()

        context = await playwright.chromium.launch_persistent_context(
            profile, executable_path=program, args=ARGUMENTS
        )
        await context.add_cookies([cookie])  # type: ignore[list-item]
        page = await context.new_page()
        await page.goto(address)
        await page.get_by_role("button", name="Use what I typed").click()
        await expect(page.get_by_text("Saved at")).to_be_visible()

        async def now() -> str:
            return await saved(case, field)

        assert await eventually(now) == TYPED
        await context.close()

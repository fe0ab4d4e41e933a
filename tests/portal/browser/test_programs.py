"""The page of the interface for programs, in a browser."""

from tests.portal.browser.conftest import AWindow, holds


async def test_explorer_can_be_read_by_everybody(a_window: AWindow, site: str) -> None:
    page = await a_window()

    await page.goto(f"{site}/api/v1/docs")
    await page.get_by_role("link", name="Nominate somebody").click()

    assert page.url.endswith("#nominate_api_v1_nominations_post")
    await holds(page)

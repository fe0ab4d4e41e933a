"""Long lists on a narrow screen: a row is a few lines, and its page says the rest."""

from tests.portal.browser.conftest import AWindow, holds
from tests.portal.operations.watching.test_listing import many
from tests.workflows.rig import CohortRig

LONGEST = 9_000
"""In pixels at a width of 320: 50 rows, with what stands around them."""


async def test_list_of_nominations_is_compact_on_a_narrow_screen(cohort: CohortRig, a_window: AWindow) -> None:
    await many(cohort, 60)
    page = await a_window(cohort.rig.operations, narrow=True)

    await page.goto(f"/operations/nominations?cohort={cohort.id}")

    assert await page.locator("tbody tr").count() == 50
    assert await page.evaluate("document.documentElement.scrollHeight") < LONGEST
    assert not await page.get_by_role("cell", name="Trust R1D").first.is_visible()
    await holds(page)

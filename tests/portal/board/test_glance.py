from models.enums import Stage
from tests.portal.conftest import A_Visit
from tests.workflows.rig import CohortRig, Rig


async def test_glance_says_what_to_do_next_and_since_when(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    await (await cohort.nominate()).reach(Stage.AWAITING_DECISION)
    await cohort.nominate()
    visit = await a_visit(rig.chair)

    page = await visit.get(f"/board?cohort={cohort.id}")

    assert (page.status, page.heading) == (200, cohort.id)
    assert "1 nomination to decide No deadline. The first has waited since" in page.words
    assert f"/board/order?cohort={cohort.id}" in page.links
    assert "The nomination window is open" in page.words
    assert len(page.text) < 100_000

"""What if: a cohort played through on its page."""

from models.enums import Stage
from tests.portal.conftest import A_Visit
from tests.portal.operations.keeping.test_allocation import desk
from tests.workflows.rig import CohortRig


async def test_made_up_cohort_is_played_and_drawn(cohort: CohortRig, a_visit: A_Visit) -> None:
    visit = await desk(cohort.rig, a_visit)

    listed = await visit.get(f"/operations/allocation?cohort={cohort.id}")
    page = await visit.get("/operations/what-if")
    told = await visit.get(f"/operations/what-if?rules={cohort.id}&nominations=12&assessors=14")
    large = await visit.get(f"/operations/what-if?rules={cohort.id}&nominations=60&assessors=14")

    assert "/operations/what-if" in listed.links
    assert page.heading == "What if"
    assert "12 nominations, 14 assessors: every panel can be staffed." in told.words
    assert "These assessors are enough for up to" in told.words
    assert told.text.count("<svg") - page.text.count("<svg") == 2
    assert "Weeks until half are assessed" in told.words
    assert "cannot be staffed" in large.words
    assert "These rules cannot all hold" in large.words


async def test_live_cohort_is_played_after_a_change(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate()).reach(Stage.AWAITING_PANEL)
    visit = await desk(cohort.rig, a_visit)

    page = await visit.get("/operations/what-if")
    told = await visit.get(f"/operations/what-if?cohort={cohort.id}&leave=2")

    assert page.form("/operations/what-if").fields.keys() >= {"cohort", "withdraw", "nominate", "leave"}
    assert "1 nomination, 6 assessors: every panel can be staffed." in told.words
    assert len(await case.panel()) == 0


async def test_numbers_that_do_not_fit_are_refused_by_their_field(cohort: CohortRig, a_visit: A_Visit) -> None:
    visit = await desk(cohort.rig, a_visit)
    at = "/operations/what-if"

    none = await visit.get(f"{at}?rules={cohort.id}&assessors=4")
    many = await visit.get(f"{at}?rules={cohort.id}&nominations=501&assessors=4")
    words = await visit.get(f"{at}?cohort={cohort.id}&leave=some")
    too_many = await visit.get(f"{at}?cohort={cohort.id}&leave=9")
    nowhere = await visit.get(f"{at}?cohort=nowhere")

    assert (none.status, "Enter the number of nominations, from 1 to 500" in none.words) == (422, True)
    assert (many.status, "Enter the number of nominations, from 1 to 500" in many.words) == (422, True)
    assert (words.status, "Enter the number of assessors who leave, from 0 to 100" in words.words) == (422, True)
    assert (too_many.status, "There are only 8: enter 8 or fewer" in too_many.words) == (422, True)
    assert nowhere.status == 404

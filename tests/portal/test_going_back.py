"""A form that is shown again with errors says which page can be loaded in its place."""

import re

from models.enums import Stage
from tests.portal.conftest import A_Visit
from tests.portal.visiting import HOST, Seen
from tests.workflows.rig import CohortRig


def form_page(page: Seen) -> str | None:
    found = re.search(r'<body[^>]* data-form-page="([^"]*)"', page.text)
    return found[1] if found else None


async def test_form_with_errors_names_its_own_page(a_visit: A_Visit) -> None:
    visit = await a_visit()
    page = await visit.get("/sign-in")

    wrong = await page.submit("/sign-in", email="nobody")
    onward = await visit.post("/sign-in", Referer=f"{HOST}/sign-in?next=/quality")

    assert wrong.status == 422
    assert form_page(page) is None
    assert form_page(wrong) == "/sign-in"
    assert form_page(onward) == "/sign-in?next=/quality"


async def test_form_that_is_sent_elsewhere_names_the_page_it_came_from_if_there_is_one(
    cohort: CohortRig, a_visit: A_Visit
) -> None:
    chosen = {"cohort": cohort.id, "nomination": (await cohort.nominate()).id}
    visit = await a_visit(cohort.rig.operations)
    sent = "/operations/bulk/check"  # also the address that a step called "check" would have

    from_there = await visit.post(sent, chosen, Referer=f"{HOST}/operations/nominations?page=2")
    from_nowhere = await visit.post(sent, chosen, Referer=f"{HOST}/nowhere")
    from_another = await visit.post(sent, chosen, Referer="https://elsewhere.test/operations/nominations")

    assert {one.status for one in (from_there, from_nowhere, from_another)} == {422}
    assert form_page(from_there) == "/operations/nominations?page=2"
    assert {form_page(from_nowhere), form_page(from_another)} == {sent}


async def test_form_that_was_taken_names_none(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate()).reach(Stage.APPLYING)
    page = await (await a_visit(case.nominee)).get(f"/my-nomination/{case.id}/withdraw")

    after = await page.submit("/withdraw", reason="personal", sure="yes")

    assert after.path.endswith("/withdrawn")
    assert form_page(after) is None

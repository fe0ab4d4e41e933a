import pytest

from models.enums import Stage
from tests.portal.conftest import A_Visit
from tests.workflows.rig import CohortRig


async def test_board_counts_each_stage_and_leads_to_its_list(cohort: CohortRig, a_visit: A_Visit) -> None:
    waiting = await cohort.nominate()
    await (await cohort.nominate()).reach(Stage.APPLYING)
    visit = await a_visit(cohort.rig.operations)

    board = await visit.get(f"/operations?cohort={cohort.id}")
    nominated = f"/operations/nominations?cohort={cohort.id}&stage=nominated"
    found = await visit.get(nominated)

    assert board.status == 200
    assert board.heading == f"Board of {cohort.id}"
    assert nominated in board.links
    assert "1 Nominated Longest: under an hour" in board.words
    assert "1 Applying" in board.words
    assert "Open: the cohort takes nominations and applications." in board.words
    assert f"/operations/nominations/{waiting.id}" in found.links
    assert "1 nomination" in found.words


async def test_board_shows_what_needs_attention_as_a_problem(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await cohort.nominate()
    await cohort.rig.spoil(
        "UPDATE nomination SET attention_code = 'StoredStateRefused', attention_step = 'lapse' WHERE id = :one",
        one=case.id,
    )
    visit = await a_visit(cohort.rig.operations)

    board = await visit.get(f"/operations?cohort={cohort.id}")
    found = await visit.get(f"/operations/nominations?cohort={cohort.id}&attention=yes")

    assert "1 Needs attention" in board.words
    assert 'class="portal-counts__problem"><strong>1</strong>' in board.text
    assert "Needs attention" in found.words
    assert f"/operations/nominations/{case.id}" in found.links


async def test_fragment_counts_its_looks_and_stops_after_many(cohort: CohortRig, a_visit: A_Visit) -> None:
    visit = await a_visit(cohort.rig.operations)

    again = await visit.get(f"/operations/board?cohort={cohort.id}&look=1", headers={"HX-Request": "true"})
    last = await visit.get(f"/operations/board?cohort={cohort.id}&look=89", headers={"HX-Request": "true"})
    opened = await visit.get(f"/operations/board?cohort={cohort.id}")

    assert f"/operations/board?cohort={cohort.id}&amp;look=2" in again.text
    assert "hx-get" not in last.text
    assert "This page has stopped refreshing" in last.words
    assert opened.path == f"/operations?cohort={cohort.id}"


async def test_board_of_no_such_cohort_is_not_found(cohort: CohortRig, a_visit: A_Visit) -> None:
    visit = await a_visit(cohort.rig.operations)

    assert (await visit.get("/operations?cohort=nowhere")).status == 404


@pytest.mark.parametrize(
    ("page", "leads_to"),
    [
        ("https://portal.test/operations?cohort=x&name=Ada", "/sign-in?next=/operations%3Fcohort%3Dx"),
        ("https://portal.test//elsewhere.test/", "/sign-in"),
        ("https://[", "/sign-in"),
    ],
)
async def test_part_without_a_session_leads_its_page_to_the_sign_in(
    a_visit: A_Visit, page: str, leads_to: str
) -> None:
    visit = await a_visit()

    part = await visit.get("/operations/board", headers={"HX-Request": "true", "HX-Current-URL": page})

    assert part.status == 204
    assert part.response.headers["HX-Redirect"] == leads_to

"""A released run is undone on its page: first what it takes back and what stays, then why, once."""

from models.enums import AssessmentStage, RunStatus, Stage
from models.tables import AllocationRun
from tests.portal.conftest import A_Visit
from tests.workflows.rig import Case, CohortRig, Rig


async def released(rig: Rig, count: int = 2) -> tuple[CohortRig, list[Case]]:
    """A cohort whose first run has been released, with all offers out."""
    cohort = await rig.cohort(assessors=12)
    cases = [await (await cohort.nominate()).reach(Stage.AWAITING_PANEL) for _ in range(count)]
    await cohort.solve()
    for case in cases:
        await case.offered(3)
    return cohort, cases


async def test_run_is_undone_after_a_preview_for_a_reason(rig: Rig, a_visit: A_Visit) -> None:
    cohort, (answered, silent) = await released(rig)
    await answered.accept((await answered.offered(3))[0])
    visit = await a_visit(rig.operations)
    at = f"/operations/allocation/{cohort.id}/1"

    run = await visit.get(at)
    preview = await visit.get(f"{at}/undo")
    without = await preview.submit("/undo")
    kept = [row.stage for row in await silent.panel()]
    done = await preview.submit("/undo", reason="board_request")
    await silent.until(Stage.AWAITING_PANEL)
    after = await visit.get(at)

    assert f"{at}/undo" in run.links
    assert "1 panel is taken back, and 3 people are told that the request is taken back. 1 stays" in preview.words
    assert preview.words.index("Panels that are taken back") < preview.words.index(silent.id)
    assert preview.words.index("Panels that stay") < preview.words.index(answered.id)
    assert "has accepted" in preview.words
    assert (without.status, "Choose why you undo this run" in without.words) == (422, True)
    assert kept == [AssessmentStage.OFFERED] * 3
    assert "The run was undone where nobody had answered" in done.words
    assert "The operations: board request" in done.words
    assert (await rig.get(AllocationRun, (cohort.id, 1))).status is RunStatus.UNDONE
    assert "by The operations (board request): 1 panel was taken back, and 1 stays, since somebody had" in after.words
    assert f"{at}/undo" not in after.links


async def test_run_that_was_undone_meanwhile_says_by_whom(rig: Rig, a_visit: A_Visit) -> None:
    cohort, (case,) = await released(rig, 1)
    first, second = await a_visit(rig.operations), await a_visit(rig.operations)
    at = f"/operations/allocation/{cohort.id}/1/undo"
    one, other = await first.get(at), await second.get(at)

    done = await one.submit("/undo", reason="illness")
    late = await other.submit("/undo", reason="illness")
    await case.until(Stage.AWAITING_PANEL)
    page = await second.get(at)

    assert "The run was undone" in done.words
    assert (late.status, "Run 1 was undone at " in late.words) == (409, True)
    assert "Run 1 has been undone already." in page.words


async def test_run_whose_every_panel_has_an_answer_says_that_it_is_too_late(rig: Rig, a_visit: A_Visit) -> None:
    cohort, (case,) = await released(rig, 1)
    visit = await a_visit(rig.operations)
    at = f"/operations/allocation/{cohort.id}/1/undo"
    preview = await visit.get(at)
    await case.accept((await case.offered(3))[0])

    late = await preview.submit("/undo", reason="illness")
    page = await visit.get(at)

    assert late.status == 409
    assert "Run 1 can no longer be undone: somebody has answered on its only panel." in late.words
    assert "Run 1 can no longer be undone" in page.words
    assert "Why do you undo it?" not in page.words
    assert (await rig.get(AllocationRun, (cohort.id, 1))).status is RunStatus.RELEASED
    assert (await visit.get(f"/operations/allocation/{cohort.id}/99/undo")).status == 404

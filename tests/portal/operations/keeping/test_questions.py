"""Why, and why not: asked of a run on its page."""

from models.enums import Stage, WithdrawReason
from tests.portal.conftest import A_Visit
from tests.portal.operations.keeping.test_allocation import desk, proposal, runs
from tests.workflows.rig import Rig


async def test_why_names_who_sits_there_and_what_decided(rig: Rig, a_visit: A_Visit) -> None:
    cohort, case = await proposal(rig)
    visit = await desk(rig, a_visit)

    run = await visit.get(f"/operations/allocation/{cohort.id}/1")
    asked = await visit.get(f"/operations/allocation/{cohort.id}/1/why")
    told = await asked.submit("/why", nomination=case.id)

    assert f"/operations/allocation/{cohort.id}/1/why" in run.links
    assert f"/operations/allocation/{cohort.id}/1/why?nomination={case.id}" in run.links
    assert "Asking changes nothing" in asked.words
    assert told.words.count(f"sits on the panel of {case.id}") == 3
    assert "Assessment 1 of at most 50" in told.words
    assert "Nora Waiting" in told.words


async def test_why_not_tells_the_loss_and_who_would_move(rig: Rig, a_visit: A_Visit) -> None:
    cohort, case = await proposal(rig)
    visit = await desk(rig, a_visit)
    (run,) = await runs(cohort, 1)
    seated = {seat["assessor"] for seat in run.result["proposal"]["seats"]}  # type: ignore[index]
    others = [assessor for assessor, _ in run.result["loads"] if assessor not in seated]  # type: ignore[attr-defined]

    told = await visit.get(f"/operations/allocation/{cohort.id}/1/why?nomination={case.id}&assessor={others[0]}")

    assert f"({others[0]}) does not sit on the panel of {case.id}" in told.words
    assert "be worth as much as now" in told.words
    assert "No way of doing it costs less." in told.words
    assert "Panels that would change" in told.words
    assert any(f"({one})" in told.words for one in seated)


async def test_why_of_an_empty_panel_says_what_stands_in_the_way(rig: Rig, a_visit: A_Visit) -> None:
    cohort, case = await proposal(rig, assessors=2)
    visit = await desk(rig, a_visit)

    told = await visit.get(f"/operations/allocation/{cohort.id}/1/why?nomination={case.id}")

    assert "Nobody is seated for this nomination" in told.words
    assert f"/operations/allocation/{cohort.id}/1/unstaffed" in told.links


async def test_why_of_somebody_unknown_says_so_by_the_field(rig: Rig, a_visit: A_Visit) -> None:
    cohort, case = await proposal(rig)
    visit = await desk(rig, a_visit)
    why = f"/operations/allocation/{cohort.id}/1/why"

    no_nomination = await visit.get(f"{why}?nomination=nowhere-1")
    no_assessor = await visit.get(f"{why}?nomination={case.id}&assessor=A-0")
    only_assessor = await visit.get(f"{why}?assessor=A-0")
    no_run = await visit.get(f"/operations/allocation/{cohort.id}/9/why")

    assert (no_nomination.status, "not asked about nomination nowhere-1" in no_nomination.words) == (422, True)
    assert (no_assessor.status, "not asked about assessor A-0" in no_assessor.words) == (422, True)
    assert (only_assessor.status, "Choose the nomination you ask about" in only_assessor.words) == (422, True)
    assert no_run.status == 404
    await rig.spoil("UPDATE allocationrun SET problem = '{}' WHERE cohort_id = :id", id=cohort.id)
    spoilt = await visit.get(f"{why}?nomination={case.id}")
    assert (spoilt.status, "Run 1 can no longer be read" in spoilt.words) == (409, True)


async def test_repair_shows_who_would_come_and_go_before_anything_is_done(rig: Rig, a_visit: A_Visit) -> None:
    cohort = await rig.cohort()
    case = await (await cohort.nominate(full_name="Nora Waiting")).reach(Stage.SCORING)
    gone = (await case.offered(3))[0].split(".")[1]
    visit = await desk(rig, a_visit)
    await rig.spoil("DELETE FROM availability WHERE assessor_id = :who", who=gone)

    listed = await visit.get(f"/operations/allocation?cohort={cohort.id}")
    page = await visit.get(f"/operations/allocation/{cohort.id}/repair?wait=yes")

    assert f"/operations/allocation/{cohort.id}/repair" in listed.links
    assert page.heading == f"Panels to mend in {cohort.id}"
    assert "1 seat would be filled in 1 panel. Nobody else would move." in page.words
    assert f"({gone}) on the panel of {case.id} : is free on 0 of the days" in page.words
    assert "Nora Waiting" in page.words
    assert len(await case.panel()) == 3
    assert (await visit.get("/operations/allocation/nowhere/repair")).status == 404


async def test_repair_says_while_it_is_worked_out_and_when_something_has_changed(rig: Rig, a_visit: A_Visit) -> None:
    cohort = await rig.cohort()
    case = await (await cohort.nominate()).reach(Stage.SCORING)
    visit = await desk(rig, a_visit)
    at = f"/operations/allocation/{cohort.id}/repair"

    first = await visit.get(at)
    told = await visit.get(f"{at}?wait=yes")
    await rig.acts.nominations.withdraw(case.id, rig.nominator, WithdrawReason.PERSONAL)
    stale = await visit.get(at)
    newer = await visit.get(f"{at}?wait=yes")

    assert "This is being worked out" in first.words
    assert f"{at}?wait=yes" in first.links
    assert "Nothing needs mending." in told.words
    assert "Something has changed since" not in told.words
    assert "Nothing needs mending." in stale.words
    assert "Something has changed since then" in stale.words
    assert "Something has changed since" not in newer.words

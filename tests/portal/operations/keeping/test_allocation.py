"""Allocation runs: looked at, compared, released or discarded."""

from datetime import UTC, datetime, timedelta

from sqlmodel import col, select

from models.enums import RunStatus, Stage
from models.messages import By
from models.tables import AllocationRun, Person
from portal.words import day
from tests.portal.conftest import A_Visit
from tests.portal.visiting import Visit
from tests.workflows.rig import Case, CohortRig, Rig, eventually

BY_HAND = {"allocation.released_by_operations": True}


async def runs(cohort: CohortRig, count: int) -> list[AllocationRun]:
    """Waits until the cohort has so many runs."""
    query = select(AllocationRun).where(col(AllocationRun.cohort_id) == cohort.id)
    return await eventually(
        lambda: cohort.rig.all(query.order_by(col(AllocationRun.number))), lambda found: len(found) == count
    )


async def proposal(rig: Rig, *, assessors: int = 8) -> tuple[CohortRig, Case]:
    """A cohort with one proposed run for one waiting nomination."""
    cohort = await rig.cohort(BY_HAND, assessors=assessors)
    case = await (await cohort.nominate(full_name="Nora Waiting")).reach(Stage.AWAITING_PANEL)
    await cohort.solve()
    await runs(cohort, 1)
    return cohort, case


async def desk(rig: Rig, a_visit: A_Visit) -> Visit:
    return await a_visit(rig.operations)


async def test_run_says_who_sits_where_and_why_with_its_proof_and_loads(rig: Rig, a_visit: A_Visit) -> None:
    cohort, case = await proposal(rig)
    visit = await desk(rig, a_visit)

    listed = await visit.get(f"/operations/allocation?cohort={cohort.id}")
    run = await visit.get(f"/operations/allocation/{cohort.id}/1")
    loads = await visit.get(f"/operations/allocation/{cohort.id}/1/loads")

    assert f"/operations/allocation/{cohort.id}/1" in listed.links
    assert run.heading == f"Run 1 of {cohort.id}"
    assert case.id in run.words
    assert "Nora Waiting" in run.words
    assert "Assessment 1 of at most 50" in run.words
    assert "Proved to be the best." in run.words
    assert "0 at least, 1 at most, 0.4 on average" in run.words
    assert "Next panels" not in run.words
    assert [link for link in run.links if link == f"/operations/allocation/{cohort.id}/1"] == []
    assert loads.words.count("Chair, Trust RX1") == 2


async def test_run_says_why_a_nomination_has_no_panel(rig: Rig, a_visit: A_Visit) -> None:
    cohort, case = await proposal(rig, assessors=2)
    visit = await desk(rig, a_visit)

    run = await visit.get(f"/operations/allocation/{cohort.id}/1")
    left = await visit.get(f"/operations/allocation/{cohort.id}/1/unstaffed")

    assert "No seats" in run.words
    assert "Nobody is seated. The nomination that waits stays without a whole panel" in run.words
    assert "Proved to be the best" not in run.words
    assert case.id in left.words
    assert "Nora Waiting" in left.words
    assert "3 assessors missing" in left.words


async def test_two_runs_are_compared_and_one_is_released_after_a_confirmation(rig: Rig, a_visit: A_Visit) -> None:
    cohort, case = await proposal(rig)
    visit = await desk(rig, a_visit)
    listed = await visit.get(f"/operations/allocation?cohort={cohort.id}")

    asked = await listed.submit(f"{cohort.id}/solve")
    await runs(cohort, 2)
    compared = await (await visit.get(f"/operations/allocation/{cohort.id}/2")).submit("/compare", other="1")
    confirming = await visit.get(f"/operations/allocation/{cohort.id}/2/release")
    nobody = await case.panel()
    released = await confirming.submit("/release")
    await case.offered(3)

    assert "Another run was asked for" in asked.words
    assert "Run 2 is as good as run 1" in compared.words
    assert "3 working days" in confirming.words
    assert nobody == []
    assert "The run was released" in released.words
    assert [run.status for run in await runs(cohort, 2)] == [RunStatus.DISCARDED, RunStatus.RELEASED]


async def test_run_that_was_released_is_not_released_again(rig: Rig, a_visit: A_Visit) -> None:
    cohort, case = await proposal(rig)
    visit = await desk(rig, a_visit)
    confirming = await visit.get(f"/operations/allocation/{cohort.id}/1/release")
    await rig.acts.cohorts.release_run(cohort.id, rig.operations, 1)
    await case.offered(3)

    late = await confirming.submit("/release")

    assert (late.status, late.heading) == (409, "This has changed since you opened the page")
    assert "Run 1 was released at " in late.words
    assert f"by {await name_of(rig, rig.operations)}." in late.words
    assert f"/operations/allocation/{cohort.id}/1" in late.links
    assert "no proposal any more" in (await visit.get(f"/operations/allocation/{cohort.id}/1/release")).words


async def name_of(rig: Rig, by: By) -> str:
    """The name of somebody as pages write it."""
    return str((await rig.all(select(Person.full_name).where(col(Person.id) == by.person)))[0])


async def test_release_warns_where_assessors_are_away_on_the_days_of_their_offers(rig: Rig, a_visit: A_Visit) -> None:
    cohort, _ = await proposal(rig)
    visit = await desk(rig, a_visit)
    at = f"/operations/allocation/{cohort.id}/1/release"
    far = datetime.now(UTC).date() + timedelta(days=300)

    there = await visit.get(at)
    await rig.spoil(
        "UPDATE availability SET from_day = :far, until_day = :far WHERE cohort_id = :cohort AND assessor_id IN "
        "(SELECT assessor_id FROM proposedseat WHERE cohort_id = :cohort ORDER BY assessor_id LIMIT 2)",
        far=far,
        cohort=cohort.id,
    )
    away = await visit.get(at)

    assert "The dates do not agree" not in there.words
    assert "2 of the 3 assessors of this run are available on none of the days from" in away.words
    assert "Offers that go out now can be answered until 11:59pm on" in away.words
    assert "The policy counts on" not in away.words


async def test_release_warns_where_the_policys_days_are_others(rig: Rig, a_visit: A_Visit) -> None:
    from_day = datetime.now(UTC).date() + timedelta(days=200)
    cohort = await rig.cohort({**BY_HAND, "panel.assessed_from": from_day})
    await (await cohort.nominate()).reach(Stage.AWAITING_PANEL)
    await cohort.solve()
    await runs(cohort, 1)

    page = await (await desk(rig, a_visit)).get(f"/operations/allocation/{cohort.id}/1/release")

    # The register of these tests is available on the policy's days alone.
    assert f"The policy counts on assessments between {day(from_day)} and" in page.words
    assert "3 of the 3 assessors of this run are available on none of the days from" in page.words


async def test_run_is_discarded_only_for_a_reason(rig: Rig, a_visit: A_Visit) -> None:
    cohort, case = await proposal(rig)
    visit = await desk(rig, a_visit)
    page = await visit.get(f"/operations/allocation/{cohort.id}/1/discard")

    without = await page.submit("/discard")
    kept = [run.status for run in await runs(cohort, 1)]
    discarded = await page.submit("/discard", reason="board_request")

    assert (without.status, "Choose why you discard this run" in without.words) == (422, True)
    assert kept == [RunStatus.PROPOSED]
    assert "The run was discarded" in discarded.words
    assert [run.status for run in await runs(cohort, 1)] == [RunStatus.DISCARDED]
    assert await case.panel() == []


async def test_cohort_without_runs_says_what_to_do(cohort: CohortRig, a_visit: A_Visit) -> None:
    visit = await desk(cohort.rig, a_visit)

    page = await visit.get(f"/operations/allocation?cohort={cohort.id}")

    assert "No run yet" in page.words
    assert (await visit.get("/operations/allocation?cohort=nowhere")).status == 404
    assert (await visit.get(f"/operations/allocation/{cohort.id}/99")).status == 404
    assert (await visit.get(f"/operations/allocation/{cohort.id}/{2**40}")).status == 404

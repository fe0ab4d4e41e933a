"""Pairs pinned, forbidden and lifted, and swaps by hand on a proposal: each with its price first."""

from datetime import UTC, datetime

from sqlmodel import col, select

from models.enums import PairKind, RunStatus, SteerReason
from models.tables import Assessor, Nomination, PairRule, ProposedSeat
from tests.portal.conftest import A_Visit
from tests.portal.operations.keeping.test_allocation import desk, proposal, runs
from tests.portal.operations.keeping.test_bounds import counted
from tests.portal.operations.watching.test_listing import many
from tests.workflows.rig import Case, CohortRig, Rig


async def pairs(cohort: CohortRig) -> list[tuple[str, PairKind, SteerReason]]:
    rows = await cohort.rig.all(
        select(PairRule).where(col(PairRule.cohort_id) == cohort.id).order_by(col(PairRule.assessor_id))
    )
    return [(row.assessor_id, row.kind, row.reason) for row in rows]


async def on_and_off(cohort: CohortRig, case: Case) -> tuple[str, str]:
    """Somebody whom the first run seats on the panel, and somebody whom it does not."""
    query = select(ProposedSeat.assessor_id).where(
        col(ProposedSeat.nomination_id) == case.id, col(ProposedSeat.run) == 1
    )
    seated = set(await cohort.rig.all(query))
    register = await cohort.rig.all(select(Assessor.id).where(col(Assessor.cohort_id) == cohort.id))
    return min(seated), min(set(register) - seated)


async def test_pair_is_pinned_after_its_price_was_told_and_lifted_again(rig: Rig, a_visit: A_Visit) -> None:
    cohort, case = await proposal(rig)
    _, comes = await on_and_off(cohort, case)
    visit = await desk(rig, a_visit)
    path = f"/operations/allocation/{cohort.id}/pairs"
    empty = await visit.get(path)

    priced = await (await visit.get(f"{path}/add")).submit(
        "/price", nomination=case.id, assessor=comes, kind="pinned"
    )
    nothing = await pairs(cohort)
    unsaid = await priced.submit("/pairs")
    pinned = await priced.submit("/pairs", reason="board_request")
    kept = await pairs(cohort)
    lifting = await visit.get(next(link for link in pinned.links if "kind=lifted" in link))
    lifted = await lifting.submit("/pairs", reason="other")

    assert "No pair yet" in empty.words
    assert priced.heading.startswith("Pin Assessor")
    assert "Nora Waiting" in priced.words
    assert "Both ways were solved to the end, so this is exact." in priced.words
    assert nothing == []
    assert (unsaid.status, "Choose why" in unsaid.words) == (422, True)
    assert "The pair is pinned" in pinned.words
    assert "Counts in every run" in pinned.words
    assert kept == [(comes, PairKind.PINNED, SteerReason.BOARD_REQUEST)]
    assert lifting.heading.startswith("Lift the pair of Assessor")
    assert "The pair is lifted" in lifted.words
    assert await pairs(cohort) == []


async def test_proposal_that_a_pair_contradicts_is_refused_on_its_release_page(rig: Rig, a_visit: A_Visit) -> None:
    cohort, case = await proposal(rig)
    goes, _ = await on_and_off(cohort, case)
    visit = await desk(rig, a_visit)
    price = f"/operations/allocation/{cohort.id}/pairs/price?nomination={case.id}&assessor={goes}&kind=forbidden"

    await (await visit.get(price)).submit("/pairs", reason="other")
    refused = await (await visit.get(f"/operations/allocation/{cohort.id}/1/release")).submit("/release")

    assert refused.status == 409
    assert f"Run 1 no longer holds ({case.id}: {goes} is kept from this panel by operations)" in refused.words
    assert await case.panel() == []


async def test_pair_that_is_refused_or_not_whole_says_so_by_the_field(rig: Rig, a_visit: A_Visit) -> None:
    cohort, case = await proposal(rig)
    _, comes = await on_and_off(cohort, case)
    visit = await desk(rig, a_visit)
    path = f"/operations/allocation/{cohort.id}/pairs"

    nothing = await visit.get(f"{path}/price")
    elsewhere = await visit.get(f"{path}/price?nomination=pilot-0001&assessor={comes}&kind=pinned")
    stranger = await visit.get(f"{path}/price?nomination={case.id}&assessor=A-99999&kind=pinned")
    no_pair = await visit.get(f"{path}/price?nomination={case.id}&assessor={comes}&kind=lifted")
    posted = await visit.post(path)

    assert (nothing.status, "Choose the nomination" in nothing.words) == (422, True)
    assert (elsewhere.status, "no nomination pilot-0001 in this cohort" in elsewhere.words) == (422, True)
    assert (stranger.status, "There is no assessor 'A-99999'" in stranger.words) == (422, True)
    assert (no_pair.status, "nothing to lift" in no_pair.words) == (409, True)
    assert posted.status == 422
    assert (await visit.get("/operations/allocation/nowhere/pairs")).status == 404


async def test_swap_is_priced_recorded_as_two_pairs_and_solved_beside_the_old_run(rig: Rig, a_visit: A_Visit) -> None:
    cohort, case = await proposal(rig)
    goes, comes = await on_and_off(cohort, case)
    visit = await desk(rig, a_visit)
    run = await visit.get(f"/operations/allocation/{cohort.id}/1")

    chosen = await visit.get(next(link for link in run.links if "/swap?" in link))
    priced = await chosen.submit("/swap", goes=goes, comes=comes)
    unsaid = await priced.submit("/swap")
    nothing = await pairs(cohort)
    swapped = await priced.submit("/swap", reason="workload")
    both = await runs(cohort, 2)
    shown = await visit.get(f"/operations/allocation/{cohort.id}/2")
    compared = await visit.get(f"/operations/allocation/{cohort.id}/2/compare?other=1")

    assert "Nora Waiting" in chosen.words
    assert "What it costs" in priced.words
    assert (unsaid.status, "Choose why" in unsaid.words) == (422, True)
    assert nothing == []
    assert "The swap was recorded and another run was asked for" in swapped.words
    assert {one[:2] for one in await pairs(cohort)} == {(comes, PairKind.PINNED), (goes, PairKind.FORBIDDEN)}
    assert [one.status for one in both] == [RunStatus.PROPOSED, RunStatus.PROPOSED]
    assert (comes in shown.words, goes in shown.words) == (True, False)
    assert goes in compared.words


async def test_swap_asks_for_what_is_missing_and_says_what_bars(rig: Rig, a_visit: A_Visit) -> None:
    cohort, case = await proposal(rig)
    goes, comes = await on_and_off(cohort, case)
    visit = await desk(rig, a_visit)
    path = f"/operations/allocation/{cohort.id}/1/swap"
    await rig.spoil("UPDATE assessor SET organisation_code = 'R1D' WHERE id = :id", id=comes)

    first = await visit.get(path)
    nowhere = await visit.get(f"{path}?nomination=nowhere-0001")
    half = await visit.get(f"{path}?nomination={case.id}&goes={goes}")
    same = await visit.get(f"{path}?nomination={case.id}&goes={goes}&comes={goes}")
    barred = await visit.get(f"{path}?nomination={case.id}&goes={goes}&comes={comes}")
    empty = await visit.post(path)

    assert "Choose the nomination on whose panel" in first.words
    assert (nowhere.status, "seats nobody on a panel of nowhere-0001" in nowhere.words) == (422, True)
    assert (half.status, "Choose who comes" in half.words) == (422, True)
    assert (same.status, "Choose somebody who does not sit on this panel" in same.words) == (422, True)
    assert (barred.status, "works for the nominee’s organisation" in barred.words) == (422, True)
    assert (empty.status, "Choose the nomination" in empty.words) == (422, True)
    assert (await visit.get(f"/operations/allocation/{cohort.id}/9/swap")).status == 404


async def test_run_that_was_released_takes_no_swap(rig: Rig, a_visit: A_Visit) -> None:
    cohort, case = await proposal(rig)
    goes, comes = await on_and_off(cohort, case)
    visit = await desk(rig, a_visit)
    path = f"/operations/allocation/{cohort.id}/1/swap"
    priced = await visit.get(f"{path}?nomination={case.id}&goes={goes}&comes={comes}")
    await rig.acts.cohorts.release_run(cohort.id, rig.operations, 1)
    await case.offered(3)

    late = await priced.submit("/swap", reason="other")
    page = await visit.get(path)

    assert (late.status, "Run 1 is no proposal any more" in late.words) == (409, True)
    assert "no proposal any more" in page.words
    assert await pairs(cohort) == []


async def test_list_of_pairs_is_paged_small_and_asks_as_often_for_many(rig: Rig, a_visit: A_Visit) -> None:
    few, lots = await rig.cohort(allocating=False), await rig.cohort(allocating=False)
    for cohort, count in ((few, 2), (lots, 60)):
        await many(cohort, count)
        await _forbidden(cohort)
    visit = await desk(rig, a_visit)
    await visit.get(f"/operations/allocation/{few.id}/pairs")

    with counted(rig) as for_few:
        await visit.get(f"/operations/allocation/{few.id}/pairs")
    with counted(rig) as for_many:
        first = await visit.get(f"/operations/allocation/{lots.id}/pairs")
    second = await visit.get(next(link for link in first.links if "after=" in link))
    add = await visit.get(f"/operations/allocation/{lots.id}/pairs/add")

    assert len(for_many) == len(for_few)
    assert [page.text.count("kind=lifted") for page in (first, second)] == [50, 10]
    assert max(len(page.text) for page in (first, second, add)) < 100_000


async def _forbidden(cohort: CohortRig) -> None:
    """A forbidden pair for every nomination of the cohort."""
    rig = cohort.rig
    nominations = await rig.all(select(Nomination.id).where(col(Nomination.cohort_id) == cohort.id))
    register = await rig.all(select(Assessor.id).where(col(Assessor.cohort_id) == cohort.id))
    async with rig.sessions.begin() as session:
        for one in nominations:
            session.add(
                PairRule(
                    nomination_id=one,
                    assessor_id=min(register),
                    cohort_id=cohort.id,
                    kind=PairKind.FORBIDDEN,
                    reason=SteerReason.ORGANISATION_DELAY,
                    set_by=rig.operations.person,
                    set_at=datetime.now(UTC),
                )
            )

import re

from models.enums import DecisionReason, Outcome, Stage, WithdrawReason
from tests.portal.board.seeding import confirmed_nominations
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


async def test_cohort_is_asked_for_when_there_are_several(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    await rig.cohort(allocating=False)
    visit = await a_visit(rig.chair)

    asked = [await visit.get(path) for path in ("/board", "/board/order", "/board/decisions", "/board/release")]

    assert [page.heading for page in asked] == ["Choose a cohort"] * 4
    assert f"/board/release?cohort={cohort.id}" in asked[3].links


async def test_cohort_without_nominations_says_that_nothing_is_to_do(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    visit = await a_visit(rig.chair)

    page = await visit.get(f"/board?cohort={cohort.id}")
    others = [await visit.get(f"/board/{part}?cohort={cohort.id}") for part in ("order", "decisions", "release")]

    assert "Nothing to do now" in page.words
    assert "Nobody is up for decision yet" in others[0].words
    assert "Nothing here" in others[1].words
    assert "There is no approved decision to release" in others[2].words


def cells(row: str) -> list[str]:
    return [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"</span>(.*?)</t[hd]>", row, re.DOTALL)]


async def test_steps_of_the_funnel_add_up(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    first, _ = await confirmed_nominations(cohort, [5.0, 4.0])
    applying = await (await cohort.nominate()).reach(Stage.APPLYING)
    await cohort.nominate()
    left = await (await cohort.nominate()).reach(Stage.AWAITING_DECISION)
    await rig.acts.nominations.withdraw(left.id, left.nominee, WithdrawReason.PERSONAL)
    await left.until(Stage.WITHDRAWN)
    await rig.acts.nominations.withdraw(applying.id, applying.nominee, WithdrawReason.PERSONAL)
    await applying.until(Stage.WITHDRAWN)
    await rig.acts.board.draft_decision(first, rig.member, Outcome.ADMITTED, DecisionReason.PROPOSED_ORDER)

    page = await (await a_visit(rig.chair)).get(f"/board?cohort={cohort.id}")
    table = page.text.split("How far nominations have come: the figures")[1].split("</table>")[0]
    steps = {row[0]: [int(cell) for cell in row[1:]] for row in map(cells, table.split("<tr")[2:])}

    assert list(steps) == [
        "Nominated",
        "Applied",
        "Panel seated",
        "Scored by somebody",
        "Scores confirmed",
        "Decided",
        "In the pool",
    ]
    assert steps["Nominated"] == [5, 3, 1, 1]
    assert steps["Scores confirmed"] == [3, 0, 1, 2]
    for reached, went_on, ended, there in steps.values():
        assert reached == went_on + ended + there
    onward = list(steps.values())
    assert [one[1] for one in onward[:-1]] == [one[0] for one in onward[1:]]


async def test_funnel_never_widens_when_a_decided_nomination_ends(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    first, _ = await confirmed_nominations(cohort, [5.0, 4.0])
    await rig.acts.board.draft_decision(first, rig.member, Outcome.ADMITTED, DecisionReason.PROPOSED_ORDER)
    await rig.spoil(
        "UPDATE decision SET approved_by = :who, approved_at = now() WHERE nomination_id = :id",
        who=rig.chair.person,
        id=first,
    )
    await rig.spoil("UPDATE nomination SET stage = 'withdrawn', outcome = 'admitted' WHERE id = :id", id=first)

    page = await (await a_visit(rig.chair)).get(f"/board?cohort={cohort.id}")

    assert "Scores confirmed: 2; Decided: 1; In the pool: 0" in page.words

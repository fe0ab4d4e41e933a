"""Pairs pinned, forbidden, swapped, priced and listed from the command line."""

from sqlmodel import col, select

from models.enums import Stage
from models.tables import Assessor
from tests.cli.conftest import Answer, Starter
from tests.workflows.rig import Case, CohortRig, Rig

REASON = ("--reason", "board_request")


async def waiting(rig: Rig) -> tuple[CohortRig, Case, list[str]]:
    """A cohort with one nomination that waits for a panel, and its register."""
    cohort = await rig.cohort({"allocation.released_by_operations": True})
    case = await (await cohort.nominate()).reach(Stage.AWAITING_PANEL)
    query = select(Assessor.id).where(col(Assessor.cohort_id) == cohort.id).order_by(col(Assessor.id))
    return cohort, case, await rig.all(query)


async def pair(starter: Starter, rig: Rig, *words: str) -> Answer:
    return await starter("pair", *words, "--as", rig.operations.person)


async def test_pairs_are_set_listed_and_lifted(starter: Starter, rig: Rig) -> None:
    cohort, case, people = await waiting(rig)
    none = await pair(starter, rig, "list", "--cohort", cohort.id)

    pinned = await pair(starter, rig, "pin", case.id, people[0], *REASON)
    forbidden = await pair(starter, rig, "forbid", case.id, people[1], *REASON, "--json")
    listed = (await pair(starter, rig, "list", "--cohort", cohort.id, "--json")).document
    table = await pair(starter, rig, "list", "--cohort", cohort.id)
    lifted = await pair(starter, rig, "lift", case.id, people[0], *REASON)
    left = (await pair(starter, rig, "list", "--cohort", cohort.id, "--json")).document

    assert "No pair is pinned or forbidden" in none.said
    assert f"{people[0]}: pinned for {case.id}." in pinned.said
    assert forbidden.document["forbidden"] == people[1]
    assert [(one["assessor"], one["kind"], one["reason"]) for one in listed] == [
        (people[0], "pinned", "board_request"),
        (people[1], "forbidden", "board_request"),
    ]
    assert people[1] in table.said
    assert lifted.status == 0
    assert [one["assessor"] for one in left] == [people[1]]


async def test_price_is_told_and_swap_sets_both(starter: Starter, rig: Rig) -> None:
    cohort, case, people = await waiting(rig)

    words = ("price", case.id, "--pin", people[0], "--forbid", people[1])
    told = (await pair(starter, rig, *words, "--json")).document
    said = await pair(starter, rig, *words)
    nothing = (await pair(starter, rig, "list", "--cohort", cohort.id, "--json")).document
    swapped = await pair(starter, rig, "swap", case.id, "--comes", people[0], "--goes", people[1], *REASON)
    both = (await pair(starter, rig, "list", "--cohort", cohort.id, "--json")).document

    assert told["price"]["exact"] is True
    # All assessors of this register fit alike.
    assert told["price"]["total_before"] == told["price"]["total_after"]
    assert "as they are without" in said.said
    assert nothing == []
    assert swapped.status == 0
    assert [one["kind"] for one in both] == ["pinned", "forbidden"]


async def test_pair_that_is_refused_says_why(starter: Starter, rig: Rig) -> None:
    cohort, case, people = await waiting(rig)

    stranger = await pair(starter, rig, "pin", case.id, "A-999", *REASON)
    nobody = await pair(starter, rig, "price", case.id)
    nothing = await pair(starter, rig, "lift", case.id, people[0], *REASON)
    board = await starter("pair", "pin", case.id, people[0], *REASON, "--as", rig.chair.person)
    unread = await starter("pair", "list", "--cohort", cohort.id, "--as", rig.chair.person)

    assert (stranger.status, "no assessor 'A-999'" in stranger.complained) == (1, True)
    assert (nobody.status, "Whom do you ask about?" in nobody.complained) == (2, True)
    assert (nothing.status, "nothing to lift" in nothing.complained) == (1, True)
    assert (board.status, "may not ask for an allocation run" in board.complained) == (1, True)
    assert (unread.status, "may not read an allocation run" in unread.complained) == (1, True)

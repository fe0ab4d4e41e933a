"""Asking for a run says that it was asked for and where it will stand; the list names who released."""

from models.enums import Stage
from tests.cli.conftest import Answer, Starter
from tests.workflows.rig import CohortRig, Rig, eventually


async def ask(starter: Starter, cohort: CohortRig, *words: str) -> Answer:
    return await starter("run", *words, "--cohort", cohort.id, "--as", cohort.rig.operations.person)


async def test_solve_says_that_a_run_was_asked_for_and_how_to_see_it(starter: Starter, rig: Rig) -> None:
    cohort = await rig.cohort({"allocation.released_by_operations": True}, assessors=8)
    empty = await ask(starter, cohort, "solve")
    case = await (await cohort.nominate()).reach(Stage.AWAITING_PANEL)

    first = await ask(starter, cohort, "solve")
    listed = await eventually(
        lambda: ask(starter, cohort, "list", "--json"), lambda answer: len(answer.document) == 1
    )
    second = await ask(starter, cohort, "solve", "--json")
    released = await ask(starter, cohort, "release", "1")
    await case.offered(3)
    said = await ask(starter, cohort, "list")
    run = (await ask(starter, cohort, "list", "--json")).document[-1]

    assert empty.status == 1
    assert (
        empty.complained.strip() == f"No nomination of {cohort.id} waits for a panel, so there is nothing to solve."
    )
    assert f"Another run of {cohort.id} was asked for." in first.said
    assert f"python starter.py run list --cohort {cohort.id}" in first.said
    assert [one["status"] for one in listed.document] == ["proposed"]
    assert second.document["solve_asked"] is True
    assert released.status == 0
    assert "The operations" in said.said
    assert (run["settled_by"], run["settled_by_name"]) == (rig.operations.person, "The operations")

"""A released run is undone from the command line: first shown, then done for a reason, and listed with both."""

from models.enums import AssessmentStage, Stage
from tests.cli.conftest import Answer, Starter
from tests.workflows.rig import Case, CohortRig, Rig


async def released(rig: Rig) -> tuple[CohortRig, list[Case]]:
    """A cohort with one released run: one panel that has an answer, and one that has none."""
    cohort = await rig.cohort(assessors=12)
    cases = [await (await cohort.nominate()).reach(Stage.AWAITING_PANEL) for _ in range(2)]
    await cohort.solve()
    for case in cases:
        await case.offered(3)
    await cases[0].accept((await cases[0].offered(3))[0])
    return cohort, cases


async def ask(starter: Starter, cohort: CohortRig, *words: str) -> Answer:
    return await starter("run", *words, "--cohort", cohort.id, "--as", cohort.rig.operations.person)


async def test_undo_shows_first_what_it_takes_back_and_then_does_it(starter: Starter, rig: Rig) -> None:
    cohort, (answered, silent) = await released(rig)

    shown = (await ask(starter, cohort, "undo", "1", "--preview", "--json")).document
    told = await ask(starter, cohort, "undo", "1", "--preview")
    nothing = {row.stage for row in await silent.panel()}
    done = await ask(starter, cohort, "undo", "1", "--reason", "board_request")
    await silent.until(Stage.AWAITING_PANEL)
    again = await ask(starter, cohort, "undo", "1", "--reason", "board_request")
    listed = (await ask(starter, cohort, "list", "--json")).document[0]
    said = await ask(starter, cohort, "list")
    one = await ask(starter, cohort, "show", "1")

    assert (shown["panels"], shown["kept"], len(shown["told"])) == (1, 1, 3)
    assert [panel["nomination"] for panel in shown["taken_back"]] == [silent.id]
    assert [panel["nomination"] for panel in shown["stay"]] == [answered.id]
    assert "has accepted" in told.said
    assert "nothing is done yet" in told.said
    assert nothing == {AssessmentStage.OFFERED}
    assert f"Run 1 of {cohort.id} is undone: 1 panel taken back. 1 panel stays" in done.said
    assert (again.status, again.complained.strip()) == (1, "Run 1 has been undone already.")
    assert (listed["status"], listed["undone"]["reason"], listed["undone"]["kept"]) == ("undone", "board_request", 1)
    assert listed["undone"]["name"] == "The operations"
    assert "by The operations: board request" in " ".join(said.said.split())
    assert "Undone by The operations (board request): 1 panel was taken back, 1 stays." in one.said


async def test_undo_asks_for_a_preview_or_a_reason(starter: Starter, rig: Rig) -> None:
    cohort = await rig.cohort()

    neither = await ask(starter, cohort, "undo", "1")
    both = await ask(starter, cohort, "undo", "1", "--preview", "--reason", "other")
    missing = await ask(starter, cohort, "undo", "1", "--preview")
    board = await starter("run", "undo", "1", "--preview", "--cohort", cohort.id, "--as", rig.chair.person)

    assert (neither.status, both.status) == (2, 2)
    assert "Give --preview to see what it would take back, or --reason to do it." in neither.complained
    assert (missing.status, f"There is no run 1 in {cohort.id}" in missing.complained) == (1, True)
    assert board.status == 1
    assert "may not undo an allocation run" in board.complained

"""What holds of all pages of watching: what they never show, and how many queries they make."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import event

from acts.bulk import AT_ONCE, BulkAct, BulkActs
from models.enums import DecisionReason, Outcome, Stage, SteerReason
from tests.portal.conftest import A_Visit
from tests.portal.operations.watching.test_bulk import PAUSE, some
from tests.portal.operations.watching.test_listing import many
from tests.workflows.rig import EVIDENCE, CohortRig, Rig

LIST = "/operations/nominations"


@contextmanager
def counted(rig: Rig) -> Iterator[list[str]]:
    """The statements that are sent to the database meanwhile."""
    statements: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_others: object) -> None:
        statements.append(statement)

    event.listen(rig.engine.sync_engine, "before_cursor_execute", count)
    try:
        yield statements
    finally:
        event.remove(rig.engine.sync_engine, "before_cursor_execute", count)


async def test_queries_of_a_page_do_not_grow_with_its_rows(cohort: CohortRig, a_visit: A_Visit) -> None:
    rig = cohort.rig
    small, large = await rig.cohort(allocating=False), await rig.cohort(allocating=False)
    await many(small, 2)
    await many(large, 49)
    visit = await a_visit(rig.operations)
    paths = ("/operations?cohort={}", LIST + "?cohort={}", LIST + "?cohort={}&sort=due", "/operations/bulk?cohort={}")

    async def queries(path: str) -> int:
        # The rig's worker shares the engine, and looks for letters meanwhile: only the page's own are counted.
        with counted(rig) as statements:
            assert (await visit.get(path)).status == 200
        return len([one for one in statements if one.startswith("SELECT") and "telling" not in one])

    few = [await queries(path.format(small.id)) for path in paths]
    lots = [await queries(path.format(large.id)) for path in paths]

    assert few == lots
    assert max(few) <= 12


async def test_pages_hold_nothing_that_operations_must_not_see(cohort: CohortRig, a_visit: A_Visit) -> None:
    rig = cohort.rig
    case = await cohort.nominate(statement="ENDORSED-IN-THESE-WORDS")
    await case.consent()
    await case.save_application(words="APPLIED-IN-THESE-WORDS")
    await rig.acts.nominations.submit_application(case.id, case.nominee)
    for seat in await case.seat():
        await case.accept(seat)
        await case.save_scores(seat, 5, f"SCORED-FOR-THIS. {EVIDENCE}")
        await case.submit_scores(seat)
    await case.until(Stage.AWAITING_DECISION)
    await rig.acts.board.draft_decision(
        case.id, rig.member, Outcome.NOT_ADMITTED, DecisionReason.BELOW_STANDARD, note="DECIDED-IN-THIS-NOTE"
    )
    visit = await a_visit(rig.operations)

    async def pages() -> str:
        listed = await visit.get(f"{LIST}?cohort={cohort.id}")
        asked = await listed.submit("choose", {"all": "yes"})
        previewed = await asked.submit("check", PAUSE)
        seen = [listed, asked, previewed, await visit.get(f"{LIST}/{case.id}")]
        seen += [await visit.get(path) for path in (f"/operations?cohort={cohort.id}", f"{LIST}/{case.id}/defer")]
        assert {page.status for page in seen} == {200}
        return " ".join(page.text for page in seen)

    drafted = await pages()
    await rig.acts.board.approve_decision(case.id, rig.chair)
    decided = await pages()

    for text in (drafted, decided):
        assert case.id in text
        for word in ("ENDORSED-IN", "APPLIED-IN", "SCORED-FOR", "DECIDED-IN", "elow standard", "elow_standard"):
            assert word not in text
    # The list's filter names every stage; the nomination's own page names none of the outcomes.
    assert "admitted" not in (await visit.get(f"{LIST}/{case.id}")).text


async def test_portion_of_a_step_ends_in_time_and_leaves_the_rest(cohort: CohortRig) -> None:
    rig = cohort.rig
    cases = await some(cohort, AT_ONCE + 3)
    bulk = BulkActs(rig.acts.desk)
    step = await bulk.begin(
        cohort.id, BulkAct.PAUSE, [case.id for case in cases], rig.operations, reason=SteerReason.OTHER
    )

    first = await bulk.go_on(step, rig.operations, within=timedelta(milliseconds=1))
    last = await bulk.go_on(step, rig.operations, within=timedelta(minutes=1))

    assert (first.done, first.left) == (AT_ONCE, 3)
    assert (last.done, last.refused, last.left) == (AT_ONCE + 3, 0, 0)

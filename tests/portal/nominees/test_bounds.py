"""Pages stay small and ask the database as often for many rows as for one."""

from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy import event

from models.enums import Stage
from rules.applications import form
from tests.portal.conftest import A_Visit
from tests.portal.visiting import Seen
from tests.workflows.rig import Case, CohortRig, Rig

PAGES = ("/my-nomination", "/my-nomination/equality", "/my-nomination/data", "/my-nomination/data/download")
MOST_BYTES = 100_000
_OF_THE_PAGE = ContextVar("of the page", default=False)


@contextmanager
def counted(rig: Rig) -> Iterator[list[str]]:
    """The statements that reach the database meanwhile."""
    asked: list[str] = []

    def note(connection: object, cursor: object, statement: str, *others: object) -> None:
        # The worker asks the same database meanwhile; only what this page asks counts.
        if _OF_THE_PAGE.get():
            asked.append(statement)

    event.listen(rig.engine.sync_engine, "before_cursor_execute", note)
    mark = _OF_THE_PAGE.set(True)
    yield asked
    _OF_THE_PAGE.reset(mark)
    event.remove(rig.engine.sync_engine, "before_cursor_execute", note)


async def test_pages_ask_the_database_as_often_for_three_nominations_as_for_one(
    cohort: CohortRig, a_visit: A_Visit
) -> None:
    address = "often.nominated@example.nhs.test"
    first = await (await cohort.nominate(email=address)).reach(Stage.WITHDRAWN)
    visit = await a_visit(first.nominee)

    once = {page: await questions(cohort.rig, visit.get(page)) for page in PAGES}
    for _ in range(2):
        await (await cohort.nominate(email=address)).reach(Stage.WITHDRAWN)
    thrice = {page: await questions(cohort.rig, visit.get(page)) for page in PAGES}

    assert thrice == once
    assert all(5 < count < 30 for count in once.values()), once


async def questions(rig: Rig, getting: Awaitable[Seen]) -> int:
    with counted(rig) as asked:
        await getting
    return len(asked)


async def test_longest_pages_stay_small(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate(statement="I support this. " * 100)).reach(Stage.APPLYING)
    await write_at_length(case)
    visit = await a_visit(case.nominee)
    await cohort.rig.acts.nominations.submit_application(case.id, case.nominee)
    await case.until(Stage.AWAITING_PANEL)
    pages = ["/my-nomination/data", "/my-nomination/equality", f"/my-nomination/{case.id}/application/sent"]
    pages.append(f"/my-nomination/{case.id}/messages")

    sizes = {page: len((await visit.get(page)).response.content) for page in pages}

    assert {page: size for page, size in sizes.items() if size > MOST_BYTES} == {}


async def write_at_length(case: Case) -> None:
    """Every text as long as it may be, in words of usual length."""
    fields = {
        one.name: one.choices[0] if one.choices else "worded " * (one.most_words or 0)
        for one in form(case.cohort.policy)
    }
    await case.rig.acts.nominations.save_draft(case.id, case.nominee, fields)

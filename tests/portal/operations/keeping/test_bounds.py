"""What holds of all pages of keeping: how many queries they make, how large they are, what they never show."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import event
from sqlmodel import col, select

from models.enums import MessageStatus, RunKind, RunStatus, Stage, Template
from models.tables import (
    AllocationRun,
    Assessor,
    Nomination,
    OutboxMessage,
    ProposedSeat,
    UnstaffedNomination,
)
from tests.portal.conftest import A_Visit
from tests.portal.operations.keeping.test_allocation import proposal
from tests.portal.operations.watching.test_listing import many
from tests.workflows.rig import EVIDENCE, CohortRig, Rig

NOW = datetime.now(UTC)
REASONS = (
    "counts as executive (chief executive)",
    "shares interests: acute_care, community_services, mental_health",
    "same system as the nominee",
    "assessment 3 of at most 6",
)


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


async def filled(rig: Rig, nominations: int, result: dict[str, object]) -> CohortRig:
    """A cohort of rows: two runs that seat every nomination and left it out, and a letter about each."""
    cohort = await rig.cohort(allocating=False)
    await many(cohort, nominations)
    ids = await rig.all(
        select(Nomination.id).where(col(Nomination.cohort_id) == cohort.id).order_by(col(Nomination.id))
    )
    people = await rig.all(select(Assessor.id).where(col(Assessor.cohort_id) == cohort.id).order_by(col(Assessor.id)))
    reader = (await rig.get(Nomination, ids[0])).person_id
    async with rig.sessions.begin() as session:
        for run in (1, 2):
            seats = [(one, people[(at + run) % 8]) for one in ids for at in range(3)]
            session.add(
                AllocationRun(
                    cohort_id=cohort.id,
                    number=run,
                    kind=RunKind.BATCH,
                    status=RunStatus.PROPOSED,
                    problem={},
                    result=result,
                    made_at=NOW,
                )
            )
            await session.flush()
            for one, assessor in seats:
                session.add(
                    ProposedSeat(
                        cohort_id=cohort.id,
                        run=run,
                        nomination_id=one,
                        assessor_id=assessor,
                        cost=7 + run,
                        reasons=list(REASONS),
                    )
                )
            for one in ids:
                session.add(
                    UnstaffedNomination(
                        cohort_id=cohort.id, run=run, nomination_id=one, missing=1, reasons=list(REASONS)
                    )
                )
        for one in ids:
            session.add(
                OutboxMessage(
                    id=f"nomination/{one}:nominated#0+1:0",
                    template=Template.APPLICATION_REMINDER,
                    person_id=reader,
                    cohort_id=cohort.id,
                    nomination_id=one,
                    queued_at=NOW,
                    status=MessageStatus.FAILED,
                    failure="smtp_no_answer",
                )
            )
    return cohort


async def test_queries_and_size_of_a_page_do_not_grow_without_bounds(rig: Rig, a_visit: A_Visit) -> None:
    made, _ = await proposal(rig)
    result = (await rig.get(AllocationRun, (made.id, 1))).result
    small, large = await filled(rig, 2, result), await filled(rig, 60, result)
    visit = await a_visit(rig.operations)
    paths = (
        "/operations/allocation?cohort={}",
        "/operations/allocation/{}/2",
        "/operations/allocation/{}/2/loads",
        "/operations/allocation/{}/2/unstaffed",
        "/operations/allocation/{}/2/compare?other=1",
        "/operations/messages?cohort={}",
        "/operations/people",
        "/operations/organisations",
        "/operations/audit",
        "/operations/import",
        "/operations/export",
    )
    sizes: dict[str, int] = {}

    async def queries(path: str) -> int:
        # The rig's worker shares the engine, and looks for letters meanwhile: only the page's own are counted.
        with counted(rig) as statements:
            page = await visit.get(path)
        assert page.status == 200, path
        sizes[path] = len(page.text.encode())
        return len([one for one in statements if one.startswith("SELECT") and "telling" not in one])

    # A policy is read once in each process.
    await queries("/operations/import")
    few = [await queries(path.format(small.id)) for path in paths]
    lots = [await queries(path.format(large.id)) for path in paths]

    assert few == lots
    assert max(few) <= 15
    assert {path: size for path, size in sizes.items() if size >= 100_000} == {}


async def test_pages_hold_nothing_that_operations_must_not_see(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await cohort.nominate(statement="ENDORSED-IN-THESE-WORDS")
    await case.consent()
    await case.save_application(words="APPLIED-IN-THESE-WORDS")
    await cohort.rig.acts.nominations.submit_application(case.id, case.nominee)
    for seat in await case.seat():
        await case.accept(seat)
        await case.save_scores(seat, 5, f"SCORED-FOR-THIS. {EVIDENCE}")
        await case.submit_scores(seat)
    await case.until(Stage.AWAITING_DECISION)
    await case.decide()
    visit = await a_visit(cohort.rig.operations)
    paths = (
        f"/operations/allocation/{cohort.id}/1",
        f"/operations/audit?subject={case.id}",
        f"/operations/messages?cohort={cohort.id}&nomination={case.id}",
        f"/operations/people/{case.nominee.person}",
    )

    seen = [await visit.get(path) for path in paths]
    letters = [await visit.get(link) for link in seen[2].links if "/letter?" in link]

    assert {page.status for page in (*seen, *letters)} == {200}
    assert len(letters) > 5
    text = " ".join(page.text for page in (*seen, *letters))
    for word in ("ENDORSED-IN", "APPLIED-IN", "SCORED-FOR", "dmitted"):
        assert word not in text

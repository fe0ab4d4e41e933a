"""What operations do beyond one nomination: letting one in late, and freeing a cohort's allocation that is stuck."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlmodel import col, select

from models.enums import CohortPhase, Stage
from models.tables import AuditEvent, Cohort, Nomination
from tests.cli.conftest import Answer, Starter
from tests.workflows.rig import CohortRig, eventually


async def close(cohort: CohortRig) -> None:
    """The window closed a month ago, and panels are being found."""
    async with cohort.rig.sessions.begin() as session:
        row = await session.get_one(Cohort, cohort.id)
        row.closes_at, row.phase = datetime.now(UTC) - timedelta(days=30), CohortPhase.ALLOCATING
        row.opens_at = row.closes_at - timedelta(days=30)
        session.add(row)


async def nominate(starter: Starter, cohort: CohortRig, *options: str, **environment: str) -> Answer:
    number = cohort.rig.number()
    return await starter(
        "nominate", "--organisation", "R1D", "--name", "Late Person", "--email", f"late.{number}@example.nhs.test",
        "--readiness", "ready_now", "--endorser-name", "Ann Lee", "--endorser-email", "ann.lee@example.nhs.test",
        "--endorser-post", "chief_executive", "--endorsement", "I support this.",
        "--cohort", cohort.id, "--json", *options, **environment,
    )  # fmt: skip


async def test_operations_let_a_nominators_late_nomination_in(starter: Starter, cohort: CohortRig) -> None:
    operations, nominator = cohort.rig.operations.person, cohort.rig.nominator.person
    late = ("--late-reason", "illness")
    await close(cohort)

    without = await nominate(starter, cohort, "--as", nominator)
    answers = [
        await nominate(starter, cohort, *late, "--as", nominator, "--let-in-by", operations),
        await nominate(starter, cohort, *late, "--as", nominator, TALENT_POOL_AS=operations),
        await nominate(starter, cohort, *late, "--as", operations, "--nominator", nominator),
    ]
    alone = await nominate(starter, cohort, *late, "--as", nominator)
    by_themselves = await nominate(starter, cohort, *late, "--nominator", nominator, "--as", nominator)

    assert (without.status, "Ask operations" in without.complained) == (1, True)
    assert [answer.status for answer in answers] == [0, 0, 0]
    made = [await cohort.rig.get(Nomination, answer.document["nomination"]) for answer in answers]
    assert {(one.nominated_by, one.late_reason) for one in made} == {(nominator, "illness")}
    let_in = await cohort.rig.all(select(AuditEvent).where(col(AuditEvent.what) == "let in late"))
    assert {one.subject: one.actor for one in let_in} == {one.id: operations for one in made}
    assert (alone.status, "Two people are needed" in alone.complained) == (2, True)
    assert (by_themselves.status, "may not let a nomination in late" in by_themselves.complained) == (1, True)


async def test_nomination_is_not_let_in_while_the_window_is_open(starter: Starter, cohort: CohortRig) -> None:
    answer = await nominate(
        starter, cohort, "--late-reason", "illness", "--as", cohort.rig.nominator.person,
        "--let-in-by", cohort.rig.operations.person,
    )  # fmt: skip
    without_reason = await nominate(starter, cohort, "--let-in-by", cohort.rig.operations.person)

    assert (answer.status, answer.complained.strip()) == (1, "The window is open: nominate without a reason.")
    assert without_reason.status == 2


async def execute(cohort: CohortRig, statement: str) -> None:
    async with cohort.rig.engine.begin() as connection:
        await connection.execute(text(statement))


async def test_stuck_allocation_is_shown_and_freed(starter: Starter, cohort: CohortRig) -> None:
    case = await (await cohort.nominate()).reach(Stage.AWAITING_PANEL)
    operations = cohort.rig.operations.person
    unblock = ("cohort", "unblock", cohort.id, "--allocation", "--reason", "technical_fault", "--as", operations)
    early = await starter(*unblock, "--way", "retry")
    await execute(cohort, f"ALTER TABLE allocationrun ADD CONSTRAINT spoilt CHECK (cohort_id <> '{cohort.id}')")
    try:
        await starter("run", "solve", "--cohort", cohort.id, "--as", operations)
        stuck = await eventually(
            lambda: starter("cohort", "status", cohort.id), lambda answer: "needs attention: " in answer.said
        )
        stuck_document = (await starter("cohort", "status", cohort.id, "--json")).document
    finally:
        await execute(cohort, "ALTER TABLE allocationrun DROP CONSTRAINT spoilt")

    freed = await starter(*unblock, "--way", "retry", "--json")
    await case.offered(3)
    after = await starter("cohort", "status", cohort.id)

    assert (early.status, "does not need attention" in early.complained) == (1, True)
    assert "The allocation needs attention: solve" in stuck.said
    assert f"cohort unblock {cohort.id} --allocation" in stuck.said
    assert stuck_document["workflows"]["allocation"].startswith("Needs attention: solve")
    assert freed.status == 0
    assert "needs attention: " not in after.said


async def test_cohort_status_says_what_it_could_not_ask(starter: Starter, cohort: CohortRig) -> None:
    # Nothing listens on the first port.
    answer = await starter("cohort", "status", cohort.id, TEMPORAL_ADDRESS="127.0.0.1:1")

    assert answer.status == 0
    assert "Temporal cannot be reached" in answer.complained

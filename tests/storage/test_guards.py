"""What the database's triggers keep true: capacity, what is frozen, and who is woken."""
# ruff: noqa: S608 -- the tests write their statements themselves

import asyncio

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import HOLDING, AssessmentStage
from storage.engine import sessions
from tests.storage import rows
from tests.storage.test_constraints import constraint, refused, refused_sql

WITHIN = "ck_assessment_within_capacity"
SUBMIT = "UPDATE assessment SET stage = 'submitted'"


async def run(session: AsyncSession, statement: str) -> int:
    return (await session.exec(text(statement))).rowcount


@pytest.mark.parametrize("held", sorted(HOLDING))
async def test_assessment_beyond_capacity_refused(session: AsyncSession, held: AssessmentStage) -> None:
    await rows.seat(session, capacity=1, nominations=2)
    await rows.add(session, rows.assessment(stage=held))

    assert await refused(session, rows.assessment("pilot-0002")) == WITHIN


@pytest.mark.parametrize("over", sorted(set(AssessmentStage) - HOLDING))
async def test_assessment_over_takes_no_place(session: AsyncSession, over: AssessmentStage) -> None:
    await rows.seat(session, capacity=1, nominations=3)
    await rows.add(session, rows.assessment(stage=over))

    await rows.add(session, rows.assessment("pilot-0002"))

    assert await refused(session, rows.assessment("pilot-0003")) == WITHIN


async def test_assessment_beyond_capacity_says_what_to_do(session: AsyncSession) -> None:
    await rows.seat(session, capacity=0)

    with pytest.raises(IntegrityError) as refusal:
        await rows.add(session, rows.assessment())

    assert (
        "Assessor A-001 of cohort pilot holds 0 assessments and can hold 0: choose another, or raise their capacity."
        in str(refusal.value)
    )
    assert refusal.value.orig.sqlstate == "23514"


async def test_assessments_beyond_capacity_in_one_statement_refused(session: AsyncSession) -> None:
    await rows.seat(session, capacity=2, nominations=3)
    seats = (
        "INSERT INTO assessment (id, cohort_id, nomination_id, assessor_id, run, seated_at, stage, "
        "stage_since, steps) "
        "SELECT id || '.A-001', cohort_id, id, 'A-001', 1, now(), 'seated', now(), 0 FROM nomination"
    )

    assert await refused_sql(session, seats) == WITHIN


async def test_assessment_back_from_declined_beyond_capacity_refused(session: AsyncSession) -> None:
    await rows.seat(session, capacity=1, nominations=2)
    await rows.add(session, rows.assessment(stage=AssessmentStage.DECLINED), rows.assessment("pilot-0002"))

    again = "UPDATE assessment SET stage = 'accepted' WHERE nomination_id = 'pilot-0001'"

    assert await refused_sql(session, again) == WITHIN


async def test_assessment_given_to_full_assessor_refused(session: AsyncSession) -> None:
    await rows.seat(session, capacity=1, nominations=2, assessors=2)
    await rows.add(session, rows.assessment(), rows.assessment("pilot-0002", "A-002"))

    given = "UPDATE assessment SET assessor_id = 'A-001' WHERE assessor_id = 'A-002'"

    assert await refused_sql(session, given) == WITHIN


async def test_assessment_moves_on_after_capacity_was_lowered(session: AsyncSession) -> None:
    await rows.seat(session, capacity=2, nominations=2)
    await rows.add(session, rows.assessment(), rows.assessment("pilot-0002"))
    await run(session, "UPDATE assessor SET capacity = 0")

    moved = await run(session, "UPDATE assessment SET stage = 'offered'")

    assert moved == 2


async def test_assessor_full_other_assessor_free(session: AsyncSession) -> None:
    await rows.seat(session, capacity=1, nominations=2, assessors=2)
    await rows.add(session, rows.assessment())

    await rows.add(session, rows.assessment("pilot-0002", "A-002"))

    assert await run(session, "SELECT FROM assessment") == 2


async def test_last_place_two_transactions_one_waits_and_is_refused(engine: AsyncEngine) -> None:
    make = sessions(engine)
    async with make() as first, make() as second:
        await rows.seat(first, capacity=1, nominations=2)
        await rows.add(first, rows.assessment())
        late = asyncio.create_task(rows.add(second, rows.assessment("pilot-0002")))
        await until_waiting(first)

        await first.commit()

        with pytest.raises(IntegrityError) as refusal:
            await late
    assert constraint(refusal.value) == WITHIN


async def test_last_place_first_gives_up_second_gets_it(engine: AsyncEngine) -> None:
    make = sessions(engine)
    async with make() as first, make() as second:
        await rows.seat(first, capacity=1, nominations=2)
        await rows.add(first, rows.assessment())
        late = asyncio.create_task(rows.add(second, rows.assessment("pilot-0002")))
        await until_waiting(first)

        await first.rollback()
        await late
        await second.commit()

        assert await run(first, "SELECT FROM assessment") == 1


async def until_waiting(session: AsyncSession) -> None:
    """Return once another transaction waits for a lock."""
    while await run(session, "SELECT FROM pg_locks WHERE NOT granted") == 0:  # noqa: ASYNC110 -- the server tells
        await asyncio.sleep(0.005)


async def test_score_before_submission_changes_freely(session: AsyncSession) -> None:
    await rows.seat(session)
    await rows.add(session, rows.assessment(stage=AssessmentStage.ACCEPTED), rows.score())

    changed = await run(session, "UPDATE score SET value = 6, evidence = 'More.'")
    removed = await run(session, "DELETE FROM score")

    assert (changed, removed) == (1, 1)


@pytest.fixture
async def submitted(session: AsyncSession) -> AsyncSession:
    """A submitted assessment with one score of 4, and another assessment still being scored."""
    await rows.seat(session, assessors=2)
    await rows.add(session, rows.assessment(stage=AssessmentStage.ACCEPTED), rows.score())
    await run(session, SUBMIT)
    await rows.add(session, rows.assessment(assessor_id="A-002", stage=AssessmentStage.ACCEPTED))
    await rows.add(session, rows.score("other", assessment_id="pilot-0001.A-002"))
    await session.commit()
    return session


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE score SET value = 5 WHERE criterion = 'vision'",
        "UPDATE score SET evidence = 'Other words.' WHERE criterion = 'vision'",
        "UPDATE score SET criterion = 'another' WHERE criterion = 'vision'",
        "UPDATE score SET assessment_id = 'pilot-0001.A-002' WHERE criterion = 'vision'",
        "UPDATE score SET assessment_id = 'pilot-0001.A-001' WHERE criterion = 'other'",
        "DELETE FROM score WHERE criterion = 'vision'",
    ],
)
async def test_score_submitted_changed_refused(submitted: AsyncSession, statement: str) -> None:
    assert await refused_sql(submitted, statement) == "score_frozen"


async def test_score_added_after_submission_refused(submitted: AsyncSession) -> None:
    assert await refused(submitted, rows.score("third")) == "score_frozen"


@pytest.mark.parametrize("score_first", [True, False])
async def test_score_submitted_changed_with_score_change_accepted(
    submitted: AsyncSession, *, score_first: bool
) -> None:
    await rows.add(submitted, rows.score_change(4, 5))
    await submitted.commit()
    steps = ["UPDATE score SET value = 5 WHERE criterion = 'vision'", "UPDATE scorechange SET applied_at = now()"]

    for statement in steps if score_first else reversed(steps):
        assert await run(submitted, statement) == 1
    await submitted.commit()

    assert await run(submitted, "SELECT FROM score WHERE value = 5") == 1


async def test_score_submitted_changed_to_other_than_score_change_refused(submitted: AsyncSession) -> None:
    await rows.add(submitted, rows.score_change(4, 5))

    name = await refused_sql(submitted, "UPDATE score SET value = 6 WHERE criterion = 'vision'")

    assert name == "score_frozen"


async def test_score_change_applied_used_again_refused(submitted: AsyncSession) -> None:
    await rows.add(submitted, rows.score_change(4, 5), rows.score_change(5, 4, change=2))
    for value in (5, 4):
        await run(submitted, f"UPDATE score SET value = {value} WHERE criterion = 'vision'")
    await run(submitted, "UPDATE scorechange SET applied_at = now()")
    await submitted.commit()

    name = await refused_sql(submitted, "UPDATE score SET value = 5 WHERE criterion = 'vision'")

    assert name == "score_frozen"


async def test_score_returned_for_evidence_changes_freely(submitted: AsyncSession) -> None:
    await run(submitted, "UPDATE assessment SET stage = 'returned' WHERE assessor_id = 'A-001'")

    assert await run(submitted, "UPDATE score SET value = 2, evidence = 'More.' WHERE criterion = 'vision'") == 1


async def test_score_saved_during_submission_waits_and_is_refused(
    submitted: AsyncSession, engine: AsyncEngine
) -> None:
    await run(submitted, SUBMIT)
    async with sessions(engine)() as typing:
        saving = asyncio.create_task(run(typing, "UPDATE score SET value = 7 WHERE criterion = 'other'"))
        await until_waiting(submitted)

        await submitted.commit()

        with pytest.raises(IntegrityError) as refusal:
            await saving
    assert constraint(refusal.value) == "score_frozen"


@pytest.mark.parametrize("statement", ["UPDATE scorechange SET note = 'x'", "DELETE FROM scorechange"])
async def test_score_change_applied_changed_refused(submitted: AsyncSession, statement: str) -> None:
    change = rows.score_change()
    change.applied_at = rows.NOON
    await rows.add(submitted, change)

    assert await refused_sql(submitted, statement) == "scorechange_frozen"


@pytest.mark.parametrize("table", ["application", "policyversion"])
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET sha256 = repeat('1', 64)", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
async def test_frozen_table_changed_refused(session: AsyncSession, table: str, statement: str) -> None:
    await rows.one_of_each(session)

    assert await refused_sql(session, statement.format(table)) == f"{table}_frozen"


@pytest.mark.parametrize("table", ["score", "scorechange", "auditevent"])
async def test_guarded_table_truncated_refused(session: AsyncSession, table: str) -> None:
    assert await refused_sql(session, f"TRUNCATE {table} CASCADE") is not None


@pytest.mark.parametrize(
    ("row", "channel"), [(rows.message(), "outbox_message"), (rows.telling(), "telling")], ids=["message", "telling"]
)
async def test_post_written_wakes_listener_on_commit(
    session: AsyncSession, database_url: str, row: SQLModel, channel: str
) -> None:
    await rows.seat(session)
    plain = database_url.replace("+psycopg", "")
    async with await psycopg.AsyncConnection.connect(plain, autocommit=True) as listener:
        await listener.execute("LISTEN outbox_message")
        await listener.execute("LISTEN telling")
        await rows.add(session, row)
        before = [notice async for notice in listener.notifies(timeout=0)]

        await session.commit()

        heard = [notice async for notice in listener.notifies(timeout=10, stop_after=1)]
    assert before == []
    assert [(notice.channel, notice.payload) for notice in heard] == [(channel, "")]

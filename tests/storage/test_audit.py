"""The audit chain: whole under concurrent writers, closed to changes, and any change found where it was made."""
# ruff: noqa: S608 -- the tests write their statements themselves

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import Role
from models.ids import PersonId
from models.tables import AuditEvent
from stack.postgres import EmbeddedPostgres
from storage import audit
from storage.engine import make_engine, sessions

AT = datetime(2018, 10, 28, 0, 30, 15, 123456, tzinfo=UTC)
AWKWARD = {"zeta": 1, "a": [1.50, None, True], "é": 'quote " back \\ line\n\x01 \x7f 😀', "long key": {"b": -0.0}}


async def add_event(session: AsyncSession, what: str = "consent", **others: object) -> int:
    return await audit.append(
        session,
        at=AT,
        actor=PersonId("p-000000000001"),
        role=Role.NOMINEE,
        what=what,
        subject="pilot-0001",
        **others,
    )


@pytest.fixture(scope="module")
async def audit_engine(postgres_server: EmbeddedPostgres, template_database: str) -> AsyncIterator[AsyncEngine]:
    """A database for the tests that do not commit."""
    engine = make_engine(await postgres_server.create_database("audited", template=template_database))
    yield engine
    await engine.dispose()
    await postgres_server.drop_database("audited")


@pytest.fixture
async def session(audit_engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """A session whose events are gone when the test ends; no test commits."""
    async with sessions(audit_engine)() as session:
        yield session


@pytest.fixture
async def ten_events(session: AsyncSession) -> AsyncSession:
    """Ten whole events."""
    for number in range(1, 11):
        await add_event(session, workflow_id="nomination/pilot-0001", step=number, before=None, after={"n": number})
    return session


async def tamper(session: AsyncSession, *statements: str) -> None:
    """Change the chain as somebody could who owns the database."""
    await session.exec(text("SET LOCAL session_replication_role = 'replica'"))
    for statement in statements:
        changed = await session.exec(text(statement))
        assert changed.rowcount == 1
    await session.exec(text("SET LOCAL session_replication_role = 'origin'"))


async def test_chain_empty_is_whole(session: AsyncSession) -> None:
    verdict = await audit.verify(session)

    assert verdict == audit.ChainVerdict(0, None, None, audit.BEFORE_THE_FIRST)


async def test_event_awkward_values_verified(session: AsyncSession) -> None:
    first = await add_event(session, before=AWKWARD, after={}, reason="3:abc-")
    second = await add_event(session, workflow_id="", step=0)

    verdict = await audit.verify(session)

    assert (first, second) == (1, 2)
    assert verdict.whole
    assert verdict.events == 2


async def test_event_other_time_zone_same_hash(engine: AsyncEngine) -> None:
    for zone in ("UTC", "Europe/London", "Asia/Kathmandu"):
        async with sessions(engine)() as session:
            await session.exec(text(f"SET LOCAL TIME ZONE '{zone}'; SET LOCAL DateStyle = 'SQL, DMY'"))
            await add_event(session, what=zone)
            await session.commit()

    async with sessions(engine)() as session:
        await session.exec(text("SET LOCAL TIME ZONE 'America/New_York'"))
        verdict = await audit.verify(session)

    assert (verdict.events, verdict.reason) == (3, None)


async def test_event_nothing_before_is_null(session: AsyncSession) -> None:
    await add_event(session)

    nulls = await session.exec(text("SELECT before IS NULL AND after IS NULL FROM auditevent"))

    assert nulls.scalar_one() is True


async def test_step_second_event_refused(session: AsyncSession) -> None:
    await add_event(session, workflow_id="nomination/pilot-0001", step=1)

    with pytest.raises(IntegrityError, match="uq_audit_event_step"):
        await add_event(session, workflow_id="nomination/pilot-0001", step=1)


async def test_events_many_in_one_statement_chained(session: AsyncSession) -> None:
    columns = "position, at, actor, role, what, subject, previous, hash"
    values = "5, now(), 'system', 'system', 'x', n::text, 'forged', 'forged'"
    await session.exec(text(f"INSERT INTO auditevent ({columns}) SELECT {values} FROM generate_series(1, 100) n"))

    verdict = await audit.verify(session)

    assert (verdict.events, verdict.reason) == (100, None)


async def test_chain_twenty_writers_whole(engine: AsyncEngine) -> None:
    async def write(writer: int) -> None:
        for number in range(50):
            async with sessions(engine)() as session:
                await add_event(session, workflow_id=f"nomination/{writer}", step=number, after={"n": number})
                await session.commit()

    await asyncio.gather(*(write(writer) for writer in range(20)))

    async with sessions(engine)() as session:
        verdict = await audit.verify(session)
        last = await audit.anchor(session)
    assert verdict == audit.ChainVerdict(1000, None, None, last.hash)
    assert last.events == 1000


async def test_writer_rolled_back_leaves_no_gap(ten_events: AsyncSession) -> None:
    savepoint = await ten_events.begin_nested()
    await add_event(ten_events)
    await savepoint.rollback()

    position = await add_event(ten_events)

    assert position == 11
    assert (await audit.verify(ten_events)).whole


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE auditevent SET reason = 'other' WHERE position = 3",
        "DELETE FROM auditevent WHERE position = 3",
        "TRUNCATE auditevent",
    ],
)
async def test_event_changed_refused(ten_events: AsyncSession, statement: str) -> None:
    with pytest.raises(IntegrityError, match="never changed or removed"):
        await ten_events.exec(text(statement))


@pytest.mark.parametrize(
    "change",
    [
        "at = at + interval '1 microsecond'",
        "actor = 'p-000000000002'",
        "role = 'board'",
        "what = 'Consent'",
        "subject = 'pilot-0002'",
        "workflow_id = 'cohort/other'",
        "step = 4000",
        "before = '{}'",
        "after = '{\"n\": 4.0}'",
        "reason = ''",
        "hash = repeat('a', 64)",
        "previous = repeat('a', 64)",
    ],
)
async def test_event_altered_found(ten_events: AsyncSession, change: str) -> None:
    await tamper(ten_events, f"UPDATE auditevent SET {change} WHERE position = 4")

    verdict = await audit.verify(ten_events)

    assert (verdict.events, verdict.broken_at) == (3, 4)
    assert verdict.reason is not None
    assert "4" in verdict.reason


async def test_event_altered_with_new_hash_found_at_next(ten_events: AsyncSession) -> None:
    await tamper(
        ten_events,
        "UPDATE auditevent SET reason = 'other' WHERE position = 4",
        "UPDATE auditevent e SET hash = encode(sha256(convert_to(previous || audit_canonical(e), 'UTF8')), 'hex') "
        "WHERE position = 4",
    )

    verdict = await audit.verify(ten_events)

    assert (verdict.events, verdict.broken_at) == (4, 5)


async def test_event_removed_in_the_middle_found(ten_events: AsyncSession) -> None:
    await tamper(ten_events, "DELETE FROM auditevent WHERE position = 6")

    verdict = await audit.verify(ten_events)

    assert (verdict.events, verdict.broken_at, verdict.reason) == (5, 6, "Events 6 to 6 are missing.")


async def test_event_put_in_before_the_first_found(ten_events: AsyncSession) -> None:
    await tamper(ten_events, "UPDATE auditevent SET position = -2 WHERE position = 2")

    verdict = await audit.verify(ten_events)

    assert (verdict.events, verdict.broken_at) == (0, -2)


async def test_tail_removed_found_by_anchor(ten_events: AsyncSession) -> None:
    anchored = await audit.anchor(ten_events)
    await tamper(
        ten_events, "DELETE FROM auditevent WHERE position = 10", "DELETE FROM auditevent WHERE position = 9"
    )

    without, verdict = await audit.verify(ten_events), await audit.verify(ten_events, anchored)

    assert without.whole
    assert (verdict.events, verdict.broken_at) == (8, 9)
    assert verdict.reason == "Events 9 to 10 are missing: the end of the chain was cut off."


async def test_chain_written_anew_found_by_anchor(ten_events: AsyncSession) -> None:
    anchored = await audit.anchor(ten_events)
    await tamper(ten_events, "DELETE FROM auditevent WHERE position = 10")
    await add_event(ten_events, what="forged")

    without, verdict = await audit.verify(ten_events), await audit.verify(ten_events, anchored)

    assert without.whole
    assert (verdict.events, verdict.broken_at) == (9, 10)


async def test_chain_longer_than_anchor_whole(ten_events: AsyncSession) -> None:
    anchored = await audit.anchor(ten_events)
    await add_event(ten_events)

    verdict = await audit.verify(ten_events, anchored)

    assert (verdict.events, verdict.reason) == (11, None)


async def test_event_read_back_as_written(session: AsyncSession) -> None:
    await add_event(session, before=AWKWARD)

    event = (await session.exec(select(AuditEvent).order_by(col(AuditEvent.position)))).one()

    assert (event.at, event.before, event.previous) == (AT, AWKWARD, audit.BEFORE_THE_FIRST)

"""The database's shape: each step in both directions with rows in the tables, and the end equal to the tables."""
# ruff: noqa: S608 -- the tests write their statements themselves

import asyncio
import sys
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import SQLModel

import models.tables  # noqa: F401 -- registers every table
from stack.postgres import EmbeddedPostgres
from storage import audit
from storage.engine import make_engine, sessions
from storage.migrations import current, downgrade, steps, upgrade
from tests.storage import rows
from tests.storage.test_audit import add_event

STEPS = steps()

# What PostgreSQL knows of columns, constraints and indexes, each in its own words.
SHAPE = """
SELECT 'column', c.relname, a.attname,
       concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid))
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL
SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
"""

GUARDS = """
SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL
SELECT 'function', proname, '', pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""


@pytest.fixture
async def empty_url(postgres_server: EmbeddedPostgres) -> AsyncIterator[str]:
    name = f"empty_{uuid4().hex}"
    yield await postgres_server.create_database(name)
    await postgres_server.drop_database(name)


async def looks(engine: AsyncEngine, question: str) -> set[tuple[str, ...]]:
    async with engine.connect() as connection:
        answer = await connection.execute(text(question))
        return {tuple(row) for row in answer if "alembic_version" not in (row[1], row[2])}


async def shape_at(url: str) -> set[tuple[str, ...]]:
    engine = make_engine(url)
    shape = await looks(engine, SHAPE) | await looks(engine, GUARDS)
    await engine.dispose()
    return shape


async def fill(url: str) -> None:
    """Write a row into every table of a database at the newest step."""
    engine = make_engine(url)
    async with sessions(engine)() as session:
        await rows.one_of_each(session)
        await add_event(session)
        await session.commit()
    await engine.dispose()


def test_steps_are_numbered_in_one_line() -> None:
    assert tuple(f"{number:04}" for number in range(1, len(STEPS) + 1)) == STEPS


async def test_database_at_head_has_no_difference_alembic_sees(engine: AsyncEngine) -> None:
    def compare(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), SQLModel.metadata))

    async with engine.connect() as connection:
        differences = await connection.run_sync(compare)

    assert differences == []


async def test_database_at_head_equals_tables(engine: AsyncEngine, empty_url: str) -> None:
    made = make_engine(empty_url)
    async with made.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)

    wanted, found = await looks(made, SHAPE), await looks(engine, SHAPE)
    await made.dispose()

    assert found == wanted
    assert len([row for row in wanted if row[0] == "constraint"]) > 80


async def test_every_table_has_a_row_to_migrate(database_url: str) -> None:
    await fill(database_url)

    engine = make_engine(database_url)
    async with engine.connect() as connection:
        empty = [
            table.name
            for table in SQLModel.metadata.sorted_tables
            if not (await connection.execute(text(f'SELECT 1 FROM "{table.name}"'))).first()
        ]
    await engine.dispose()
    assert empty == []


@pytest.mark.parametrize("step", STEPS)
async def test_step_down_and_up_with_rows_same_shape(database_url: str, step: str) -> None:
    below = "base" if step == STEPS[0] else STEPS[STEPS.index(step) - 1]
    await asyncio.to_thread(downgrade, database_url, step)
    before = await shape_at(database_url)
    await asyncio.to_thread(upgrade, database_url)
    await fill(database_url)

    await asyncio.to_thread(downgrade, database_url, step)
    await asyncio.to_thread(downgrade, database_url, below)
    lower = await asyncio.to_thread(current, database_url)
    await asyncio.to_thread(upgrade, database_url, step)

    assert lower == (None if below == "base" else below)
    assert await asyncio.to_thread(current, database_url) == step
    assert await shape_at(database_url) == before


async def test_downgrade_to_base_leaves_nothing(database_url: str) -> None:
    await fill(database_url)

    await asyncio.to_thread(downgrade, database_url, "base")

    assert await shape_at(database_url) == set()


async def test_guards_set_again_chain_still_whole(database_url: str) -> None:
    await fill(database_url)

    await asyncio.to_thread(downgrade, database_url, "0001")
    await asyncio.to_thread(upgrade, database_url)

    engine = make_engine(database_url)
    async with sessions(engine)() as session:
        assert await add_event(session) == 2
        assert (await audit.verify(session)).whole
    await engine.dispose()


async def test_upgrade_two_threads_and_two_processes_at_once_all_succeed(empty_url: str) -> None:
    order = f"from storage.migrations import upgrade; upgrade({empty_url!r})"
    processes = [await asyncio.create_subprocess_exec(sys.executable, "-c", order) for _ in range(2)]

    await asyncio.gather(*(asyncio.to_thread(upgrade, empty_url) for _ in range(2)))

    assert [await process.wait() for process in processes] == [0, 0]
    assert await asyncio.to_thread(current, empty_url) == STEPS[-1]


async def test_current_of_empty_database_is_none(empty_url: str) -> None:
    assert await asyncio.to_thread(current, empty_url) is None

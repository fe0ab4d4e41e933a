"""One database for all broken files: since none of them may change it, they can share it."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from stack.postgres import EmbeddedPostgres
from storage.engine import make_engine, sessions
from tests.intake.filled import prepare, stored


@pytest.fixture(scope="session")
async def untouched(postgres_server: EmbeddedPostgres, template_database: str) -> AsyncIterator[AsyncEngine]:
    """A database with organisations, a cohort, a nominator and one nomination, which nothing may change."""
    name = f"untouched_{uuid4().hex}"
    engine = make_engine(await postgres_server.create_database(name, template=template_database))
    async with sessions(engine)() as session:
        await prepare(session)
    yield engine
    await engine.dispose()
    await postgres_server.drop_database(name)


@pytest.fixture(scope="session")
async def as_it_was(untouched: AsyncEngine) -> dict[str, list[str]]:
    """Every row of that database before the first broken file."""
    async with sessions(untouched)() as session:
        return await stored(session)

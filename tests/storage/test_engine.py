from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from stack.postgres import EmbeddedPostgres
from storage.engine import make_engine, sessions


class Base(DeclarativeBase):
    """Apart from the project's own tables."""


class Board(Base):
    __tablename__ = "board"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A server of this test alone, to be killed."""
    server = EmbeddedPostgres(tmp_path / "postgres")
    await server.start()
    yield server
    await server.stop()


async def test_next_session_works_when_the_server_was_killed(server: EmbeddedPostgres) -> None:
    engine = make_engine(server.url)
    make_session = sessions(engine)
    async with make_session() as session:
        connection = await session.connection()
        await connection.execute(text("CREATE TABLE kept (value int)"))
        await session.commit()

    async with make_session() as session:
        connection = await session.connection()
        await connection.execute(text("INSERT INTO kept VALUES (1)"))
        await server.kill()
        await server.start()
        with pytest.raises(OperationalError):
            await session.commit()

    async with make_session() as session:
        connection = await session.connection()
        assert (await connection.execute(text("SELECT count(*) FROM kept"))).scalar_one() == 0
    await engine.dispose()


async def test_object_stays_readable_when_its_session_has_committed(server: EmbeddedPostgres) -> None:
    engine = make_engine(server.url)
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE board (id int PRIMARY KEY, name text)"))

    async with sessions(engine)() as session:
        board = Board(id=1, name="Midlands and East")
        session.add(board)
        await session.commit()

    assert board.name == "Midlands and East"
    await engine.dispose()

"""The Compose file keeps the password out of DATABASE_URL: a real server that asks for one must still be reached."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from stack.postgres import EmbeddedPostgres
from storage.engine import make_engine


async def user_of(url: str) -> str:
    engine = make_engine(url)
    try:
        async with engine.connect() as connection:
            return str((await connection.execute(text("SELECT current_user"))).scalar_one())
    finally:
        await engine.dispose()


async def require_password(server: EmbeddedPostgres, password: str) -> None:
    """Make the server ask everyone for a password from now on."""
    engine = make_engine(server.url)
    async with engine.begin() as connection:
        await connection.execute(text(f"ALTER ROLE postgres PASSWORD '{password}'"))
        (server.folder / "data" / "pg_hba.conf").write_text("local all all scram-sha-256\n", encoding="utf-8")
        await connection.execute(text("SELECT pg_reload_conf()"))
    await engine.dispose()


async def test_address_without_password_connects_by_pgpassword_alone(tmp_path, monkeypatch):
    server = EmbeddedPostgres(tmp_path / "postgres", configuration={"fsync": "off"})
    await server.start()
    try:
        await require_password(server, "second-of-three")

        monkeypatch.setenv("PGPASSWORD", "another")
        with pytest.raises(OperationalError, match="password authentication failed"):
            await user_of(server.url)
        monkeypatch.setenv("PGPASSWORD", "second-of-three")
        user = await user_of(server.url)
    finally:
        await server.stop()

    assert user == "postgres"

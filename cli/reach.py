"""Reaching the system that runs: by the settings, else the embedded stack in its folder."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

from cli.failures import FailedError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import async_sessionmaker
    from sqlmodel.ext.asyncio.session import AsyncSession

    from acts import Acts
    from stack.folder import Addresses
    from stack.settings import Settings

# ruff: noqa: PLC0415 -- imported where needed, so that --help answers at once

USUAL_NAME = "local"
"""The folder below ``var/`` in which ``make up`` keeps its state."""
chosen_stack: ContextVar[str | None] = ContextVar("chosen_stack", default=None)
"""Which embedded stack the person named by ``--stack``."""


def stack_named(name: str | None) -> str:
    """The embedded stack to start or stop: as ``--name`` says, else as ``--stack`` says, else the usual one."""
    return name or chosen_stack.get() or USUAL_NAME


_NONE_RUNS = (
    "Nothing runs that could be reached: start the system with 'make up' in another terminal, "
    "or set DATABASE_URL and TEMPORAL_ADDRESS."
)


def reached() -> "Settings":
    """The settings with the addresses of what runs filled in.

    Raises:
        FailedError: Nothing runs, or several embedded stacks do and none was named.
        SettingsError: A setting is wrong.
    """
    from stack.settings import load_settings

    settings = load_settings()
    if settings.database_url and settings.temporal_address:
        return settings
    addresses = _embedded(settings.folder)
    if addresses is None:
        if settings.database_url:
            return settings
        raise FailedError(_NONE_RUNS)
    return settings.model_copy(
        update={
            "database_url": settings.database_url or addresses.database_url,
            "temporal_address": settings.temporal_address or addresses.temporal_address,
        }
    )


def _embedded(folder: Path) -> "Addresses | None":
    """The addresses of the stack that was named, else of the usual one, else of the only one that runs."""
    from stack.folder import StackFolder

    name = chosen_stack.get()
    if name is not None:
        addresses = StackFolder(folder / name).addresses()
        if addresses is None:
            raise FailedError(f"No stack '{name}' runs: start it with 'python starter.py up --name {name}'.")
        return addresses
    usual = StackFolder(folder / USUAL_NAME).addresses()
    if usual is not None:
        return usual
    running = {
        place.parent.name: found
        for place in sorted(folder.glob("*/addresses.json"))
        if (found := StackFolder(place.parent).addresses()) is not None
    }
    if len(running) > 1:
        raise FailedError(f"Several stacks run: name one, as in 'python starter.py --stack {min(running)} …'.")
    return next(iter(running.values()), None)


@asynccontextmanager
async def stored() -> "AsyncIterator[async_sessionmaker[AsyncSession]]":
    """Sessions on the database, for commands that only look."""
    from storage.engine import make_engine, sessions

    settings = reached()
    if settings.database_url is None:
        raise FailedError(_NONE_RUNS)
    engine = make_engine(settings.database_url, pool_size=2, overflow=4)
    try:
        yield sessions(engine)
    finally:
        await engine.dispose()


@asynccontextmanager
async def at_desk() -> "AsyncIterator[Acts]":
    """Every act, over the database and a Temporal client."""
    from acts import acts_at
    from acts.desk import Desk
    from stack.client import connect

    settings = reached()
    if settings.temporal_address is None:
        raise FailedError(_NONE_RUNS)
    async with stored() as sessions:
        client = await connect(settings)
        yield acts_at(Desk(sessions, client, settings.task_queue))

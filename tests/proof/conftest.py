"""A real stack with two small cohorts: one run to its end, one with nominations that are still open."""

import asyncio
import urllib.request
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio.client import Client

from acts import acts_at
from acts.desk import Desk
from bench.cast import bring_people, policy_for
from bench.round import Round
from models.ids import NominationId
from stack.client import connect
from stack.local import LocalStack
from stack.settings import Settings
from storage.engine import make_engine, sessions
from storage.migrations import upgrade


@dataclass(frozen=True)
class Proven:
    """What the tests look at; ``logs`` and ``metrics`` are those from before any fault was planted."""

    stack: LocalStack
    sessions: async_sessionmaker[AsyncSession]
    client: Client
    ended: Round
    open: Round
    nominations: tuple[NominationId, ...]
    logs: dict[str, bytes]
    metrics: bytes


@pytest.fixture(scope="session")
async def proven(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Proven]:
    """The stack, for all tests of this room; a test that plants a fault takes it out again."""
    settings = Settings(folder=tmp_path_factory.mktemp("proof"))
    async with LocalStack("proof", settings=settings) as stack:
        await asyncio.to_thread(upgrade, stack.database_url)
        await stack.start_workers(1)
        engine = make_engine(stack.database_url)
        database = sessions(engine)
        client = await connect(settings.model_copy(update={"temporal_address": stack.temporal_address}))
        desk = Desk(database, client, settings.task_queue)
        rounds = {}
        for cohort in ("ended", "open"):
            cast = await bring_people(database, policy_for(cohort))
            rounds[cohort] = Round(acts_at(desk), database, cast)
            await rounds[cohort].open(assessors=9)
        await rounds["ended"].run(2)
        nominations = tuple([await rounds["open"].nominate(number) for number in (2, 3, 4)])
        await rounds["open"].consent(nominations[0])
        await rounds["open"].apply(nominations[0], 2)
        await rounds["open"].consent(nominations[1])
        logs = {log.name: log.read_bytes() for log in stack.folder.logs.glob("*.log")}
        page = f"http://127.0.0.1:{stack.workers[0].health_port}/metrics"
        metrics = await asyncio.to_thread(lambda: urllib.request.urlopen(page, timeout=10).read())
        yield Proven(stack, database, client, rounds["ended"], rounds["open"], nominations, logs, metrics)
        await engine.dispose()

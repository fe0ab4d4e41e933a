"""The servers the bench runs on: its own, started fresh, and gone afterwards."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio.client import Client

from acts import acts_at
from acts.desk import Desk
from bench.cast import bring_people, policy_for
from bench.round import Round
from stack.client import connect
from stack.local import LocalStack
from stack.settings import Settings, load_settings
from stack.worker_child import WorkerChild
from storage.engine import make_engine, sessions
from storage.migrations import upgrade

_BARE_WORKER = Path(__file__).with_name("bare_worker.py")


@dataclass(frozen=True)
class Stage:
    """A stack with one worker of the product and one for the bare workflows."""

    stack: LocalStack
    sessions: async_sessionmaker[AsyncSession]
    client: Client
    desk: Desk
    bare: WorkerChild

    async def round(self, cohort: str, *, assessors: int = 30) -> Round:
        """A new cohort, open, with its assessors."""
        cast = await bring_people(self.sessions, policy_for(cohort))
        made = Round(acts_at(self.desk), self.sessions, cast)
        await made.open(assessors)
        return made

    def cpu_seconds(self) -> dict[str, float]:
        """Processor time used so far by each part of the stack, its children included, in seconds."""
        parts = {
            "Temporal": None if self.stack.temporal is None else self.stack.temporal.pid,
            "PostgreSQL": None if self.stack.postgres is None else self.stack.postgres.pid,
            "worker": self.stack.workers[0].pid,
            "bare worker": self.bare.pid,
            "people": os.getpid(),
        }
        return {name: _cpu(pid, below=name != "people") for name, pid in parts.items() if pid is not None}

    def worker_memory(self) -> int:
        """Bytes of memory the product's worker holds."""
        return int(psutil.Process(self.stack.workers[0].pid).memory_info().rss)


@asynccontextmanager
async def staged(settings: Settings | None = None) -> AsyncIterator[Stage]:
    """Servers that nothing ran on before; their folder is removed at the end."""
    chosen = (settings or load_settings()).model_copy(
        update={"database_url": None, "temporal_address": None, "mailbox": None, "smtp_host": None}
    )
    name = f"bench-{os.getpid()}"
    folder = chosen.folder / name
    try:
        async with LocalStack(name, settings=chosen) as stack:
            await asyncio.to_thread(upgrade, stack.database_url)
            await stack.start_workers(1)
            bare = WorkerChild(
                99, log=stack.folder.logs / "bare.log", environment=stack.environment(), program=_BARE_WORKER
            )
            await bare.start()
            engine = make_engine(stack.database_url, pool_size=16, try_first=False)
            try:
                client = await connect(chosen.model_copy(update={"temporal_address": stack.temporal_address}))
                database = sessions(engine)
                yield Stage(stack, database, client, Desk(database, client, chosen.task_queue), bare)
            finally:
                await engine.dispose()
                await bare.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _cpu(pid: int, *, below: bool) -> float:
    process = psutil.Process(pid)
    every = [process, *(process.children(recursive=True) if below else [])]
    return sum(_own(one) for one in every)


def _own(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    # A PostgreSQL backend that has ended is counted with its parent.
    return float(times.user + times.system + times.children_user + times.children_system)

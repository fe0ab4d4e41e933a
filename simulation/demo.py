"""The demo: the pilot cohort from its first day to its last, on a stack of its own, and what became of it."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import structlog
from rich.console import Console
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio.client import Client

from acts import acts_at
from acts.desk import Desk
from models.enums import Role
from models.ids import CohortId
from models.policy import Policy
from proof.summary import Summary, summarise
from rules.policies import read_policy
from simulation.cast import Cast, bring_assessors_in, bring_people_in, read_cast, read_offices
from simulation.closing import broken_promises, closing
from simulation.days import AWAY, Days
from simulation.errands import World
from simulation.inbox import Inbox
from simulation.live import LiveBoard
from simulation.people import People
from simulation.picture import draw_run
from simulation.progress import read_progress
from stack.client import connect
from stack.errors import StackError
from stack.folder import StackFolder
from stack.local import LocalStack
from stack.settings import Settings, load_settings
from storage.engine import make_engine, sessions
from storage.migrations import upgrade

POLICY = Path(__file__).resolve().parent.parent / "data" / "demo" / "policy.toml"
SEED = "midlands-and-east-2018"
DRAW_EVERY_SECONDS = 0.8
MOST_BESIDE = 20

Meddle = Callable[[LocalStack], Awaitable[None]]
"""What somebody does to the stack while the cohort runs, such as killing parts of it; cancelled at the end."""


class BrokenPromiseError(StackError):
    """The cohort came to its end, and something the system promises does not hold."""


@dataclass(frozen=True)
class Performance:
    """What came of a demo: the figures, which promises were broken, and what people were refused, by errand."""

    summary: Summary
    broken: tuple[str, ...]
    done: dict[str, int]
    refused: dict[str, int]
    folder: Path


@dataclass
class Stopwatch:
    """How long each phase takes: `next` ends one and begins another."""

    began: float = field(default_factory=time.monotonic)
    seconds: dict[str, float] = field(default_factory=dict)
    _phase: str = ""
    _since: float = field(default_factory=time.monotonic)

    def next(self, phase: str) -> None:
        """Begin a phase, if it is not the present one."""
        if phase == self._phase:
            return
        now = time.monotonic()
        if self._phase:
            self.seconds[self._phase] = self.seconds.get(self._phase, 0.0) + now - self._since
        self._phase, self._since = phase, now

    @property
    def total(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.began


async def run_demo(
    folder: str = "demo",
    *,
    seed: str = SEED,
    policy: Path = POLICY,
    nominations: int | None = None,
    workers: int = 1,
    keep: bool = False,
    picture: Path | None = None,
) -> None:
    """Run the demo, showing how it goes, and say what became of the cohort.

    Raises:
        BrokenPromiseError: The cohort ended, and something the system promises does not hold.
        StackError: The stack cannot run.
    """
    console = Console()
    performance = await perform(
        folder, seed=seed, policy=policy, nominations=nominations, workers=workers, keep=keep,
        console=console, picture=picture,
    )  # fmt: skip
    if performance.broken:
        raise BrokenPromiseError(" ".join(performance.broken))


async def perform(
    folder: str = "demo",
    *,
    console: Console,
    seed: str = SEED,
    policy: Path = POLICY,
    nominations: int | None = None,
    workers: int = 1,
    keep: bool = False,
    picture: Path | None = None,
    meddle: Meddle | None = None,
    settings: Settings | None = None,
) -> Performance:
    """Run a cohort of simulated people to its end on a stack of its own, and compute what came of it.

    Args:
        folder: Name of the stack's folder; where another run has it, the next free name with a number.
        console: Where progress and the summary are shown.
        seed: The same seed gives the same people.
        policy: The cohort's policy; its spans say how long everything takes.
        nominations: How many of the pilot's nominations, by default all.
        workers: How many worker processes.
        keep: Go on with the state an earlier run left, instead of deleting it.
        picture: A folder for pictures of the fullest board and of the summary, or a file for one of both (.svg).
        meddle: What somebody does to the stack meanwhile.
        settings: By default those of the environment; its servers are not used, since the demo brings its own.
    """
    watch = Stopwatch()
    watch.next("start")
    chosen = (settings or load_settings()).model_copy(
        update={"database_url": None, "temporal_address": None, "mailbox": None, "smtp_host": None}
    )
    read = read_policy(policy)
    cast = read_cast(read)
    if nominations is not None:
        cast = cast.only(nominations, seed)
    name = _free_folder(folder, chosen)
    if not keep:
        shutil.rmtree(chosen.folder / name, ignore_errors=True)
    console.print(f"[bold]{read.cohort.name}[/]: {len(cast.nominations)} nominations. The servers start.")
    async with LocalStack(name, settings=chosen) as stack, _logs(stack.folder.logs / "people.log"):
        await asyncio.to_thread(upgrade, stack.database_url)
        await stack.start_workers(workers, environment={"TALENT_POOL_SMTP_HOST": ""})
        async with _opened(stack) as (engine, client):
            play = _Play(stack, sessions(engine), client, chosen, read, cast, seed, console, watch)
            return await play.perform(meddle, picture)


@dataclass
class _Play:
    """One cohort on a running stack."""

    stack: LocalStack
    sessions: async_sessionmaker[AsyncSession]
    client: Client
    settings: Settings
    policy: Policy
    cast: Cast
    seed: str
    console: Console
    watch: Stopwatch

    async def perform(self, meddle: Meddle | None, picture: Path | None) -> Performance:
        """From the import of the files to the figures."""
        self.watch.next("import")
        cohort = CohortId(self.policy.cohort.id)
        world = await self._world(cohort)
        with LiveBoard(self.console, len(self.cast.nominations), self.policy.cohort.name) as board:
            days = Days(world, cohort, self._seen)
            await self._pass_days(days, board, cohort, meddle)
        self.watch.next("proof")
        self.console.print("The cohort has ended. Every figure is computed from the database and the histories.")
        summary = await self._summary(cohort)
        broken = broken_promises(summary)
        end = closing(summary, broken)
        self.console.print(end)
        self.console.print(
            "\n  Open this cohort in a browser, as anybody in it:\n"
            f"    [bold].venv/bin/python starter.py up --name {self.stack.folder.path.name} --personas[/]\n"
            "  then the address that it prints, and “Sign in as a made-up person”.",
            highlight=False,
        )
        if picture is not None:
            parts = {"board": board.fullest or "", "summary": end}
            drawn = draw_run(parts, picture, title=self.policy.cohort.name.partition(" (")[0])
            self.console.print(f"Drawn: {', '.join(str(path) for path in drawn)}.", highlight=False)
        return Performance(summary, broken, dict(days.done), dict(days.refused), self.stack.folder.path)

    async def _world(self, cohort: CohortId) -> World:
        """Everybody in the register, and the cohort scheduled."""
        acts = acts_at(Desk(self.sessions, self.client, self.settings.task_queue))
        await bring_people_in(self.sessions, self.cast, datetime.now(UTC))
        async with self.sessions() as session:
            offices = await read_offices(session, self.cast, cohort)
        await acts.cohorts.open(self.policy, offices.by(Role.OPERATIONS))
        await bring_assessors_in(self.sessions, self.cast, cohort, datetime.now(UTC))
        async with self.sessions() as session:
            offices = await read_offices(session, self.cast, cohort)
        people = People(
            self.seed,
            self.cast.nominations,
            self.cast.likely,
            [row.reference for row in self.cast.assessors],
            unendorsed=self.cast.unendorsed,
            named=self.cast.named,
        )
        return World(acts, people, self.cast, offices, self.policy)

    def _seen(self, inbox: Inbox) -> None:
        self.watch.next(inbox.cohort.phase.value)

    async def _pass_days(self, days: Days, board: LiveBoard, cohort: str, meddle: Meddle | None) -> None:
        """People act; somebody watches; somebody may meddle. When people are done, all are."""
        beside = [asyncio.create_task(self._watch(board, cohort))]
        if meddle is not None:
            beside.append(asyncio.ensure_future(meddle(self.stack)))
        acting = asyncio.create_task(days.pass_by())
        try:
            while not acting.done():
                done, _ = await asyncio.wait([acting, *beside], return_when=asyncio.FIRST_COMPLETED)
                for task in done & set(beside):
                    beside.remove(task)
                    task.result()
            await acting
            await self._show(board, cohort)
        finally:
            for task in (acting, *beside):
                task.cancel()
            await asyncio.gather(acting, *beside, return_exceptions=True)

    async def _watch(self, board: LiveBoard, cohort: str) -> None:
        while True:
            await self._show(board, cohort)
            await asyncio.sleep(DRAW_EVERY_SECONDS)

    async def _show(self, board: LiveBoard, cohort: str) -> None:
        try:
            async with self.sessions() as session:
                progress = await read_progress(session, cohort, datetime.now(UTC))
        except AWAY:
            return
        if progress is not None:
            board.show(progress, self.watch.total)

    async def _summary(self, cohort: CohortId) -> Summary:
        seconds = dict(self.watch.seconds)
        summary = await summarise(self.sessions, self.client, cohort, seconds=seconds, mailbox=self.stack.mailbox)
        self.watch.next("")
        measured = {**self.watch.seconds, "total": self.watch.total}
        summary = summary.model_copy(update={"seconds": {name: round(value, 2) for name, value in measured.items()}})
        path = self.stack.folder.path / "summary.json"
        path.write_text(summary.model_dump_json(indent=2) + "\n", encoding="utf-8")
        return summary


@asynccontextmanager
async def _opened(stack: LocalStack) -> AsyncIterator[tuple[AsyncEngine, Client]]:
    """A database engine and a Temporal client on the stack's servers."""
    engine = make_engine(stack.database_url, pool_size=16, overflow=4)
    try:
        client = await connect(stack.settings.model_copy(update={"temporal_address": stack.temporal_address}))
        yield engine, client
    finally:
        await engine.dispose()


@asynccontextmanager
async def _logs(path: Path) -> AsyncIterator[None]:
    """What people are refused goes into a file, so that it does not tear the board."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        structlog.configure(
            processors=[
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
            logger_factory=structlog.WriteLoggerFactory(file),
        )
        try:
            yield
        finally:
            structlog.reset_defaults()


def _free_folder(name: str, settings: Settings) -> str:
    """``name``, or ``name-2`` and so on while another run has it."""
    names = [name, *(f"{name}-{number}" for number in range(2, MOST_BESIDE))]
    free = next((one for one in names if not StackFolder(settings.folder / one).is_held()), None)
    if free is None:
        raise StackError(f"{len(names)} runs of {name} are under way in {settings.folder}: wait for one to end.")
    return free

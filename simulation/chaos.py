"""The demo while its worker, its Temporal and its PostgreSQL are killed at random, and whether all promises hold.

Every kill is SIGKILL: nobody can tidy up. What is killed starts again after a short pause, on the same data. The
seed decides what is killed and after how long, and is said first, so that a run can be repeated. Each phase of the
cohort gets its share of the kills, since what can break differs from phase to phase.
"""

import argparse
import asyncio
import secrets
import sys
from collections import Counter
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Protocol

from rich.console import Console
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import CohortPhase
from models.tables import Cohort
from simulation.demo import POLICY, SEED, Performance, perform
from stack.errors import StackError
from stack.local import LocalStack
from stack.settings import Settings
from storage.engine import make_engine, sessions

CALM_POLICY = POLICY.with_name("chaos.toml")
"""The demo's policy with longer deadlines, so that outages do not make everybody late."""
KILLS = 20
"""Fewest kills of a run that says anything."""
_CALM_SECONDS = (1.5, 4.5)
_SHARES = {
    CohortPhase.SCHEDULED: 0.0,
    CohortPhase.OPEN: 0.4,
    CohortPhase.CLOSED: 0.45,
    CohortPhase.ALLOCATING: 0.6,
    CohortPhase.SCORING: 0.85,
    CohortPhase.QUALITY_ASSURANCE: 0.9,
    CohortPhase.DECIDING: 1.0,
}
"""Which share of the kills may have been done by the end of each phase; later ones make up for what is missing."""
_DOWN_SECONDS = (0.05, 0.8)
_BOTH_AT_ONCE = 0.15
_LOOK_SECONDS = 0.3


class Part(Protocol):
    """A process of the stack that can be killed and started again."""

    async def start(self) -> None:
        """Start it and wait until it works."""

    async def kill(self) -> None:
        """Kill it at once."""


@dataclass
class Havoc:
    """Kills parts of a stack, one or two at a time, and starts each again; ``killed`` counts them by name.

    ``phases`` counts them by the phase the cohort was in.
    """

    chance: Random
    most: int
    killed: Counter[str] = field(default_factory=Counter)
    phases: Counter[CohortPhase] = field(default_factory=Counter)

    async def wreak(self, stack: LocalStack) -> None:
        """Go on until ``most`` kills are done, or it is cancelled; whatever is down then is started first.

        Then there is calm: servers that die every two seconds for ever let nothing come to its end.
        """
        engine = make_engine(stack.database_url, pool_size=1, overflow=0)
        try:
            while self.killed.total() < self.most:
                await asyncio.sleep(self.chance.uniform(*_CALM_SECONDS))
                phase = await _phase(sessions(engine))
                while self.killed.total() >= round(self.most * _SHARES.get(phase, 1.0)):
                    await asyncio.sleep(_LOOK_SECONDS)
                    phase = await _phase(sessions(engine))
                await _to_the_end(self._kill_and_start(stack, phase))
        finally:
            await engine.dispose()

    async def _kill_and_start(self, stack: LocalStack, phase: CohortPhase) -> None:
        parts = _parts(stack)
        names = self.chance.sample(sorted(parts), 2 if self.chance.random() < _BOTH_AT_ONCE else 1)
        await asyncio.gather(*(parts[name].kill() for name in names))
        self.killed.update(name.split()[0] for name in names)
        self.phases[phase] += len(names)
        await asyncio.sleep(self.chance.uniform(*_DOWN_SECONDS))
        # Servers before workers, which are healthy only once both answer.
        for name in sorted(names, key=lambda one: one.startswith("worker")):
            await parts[name].start()


async def run_chaos(
    *,
    seed: int | None = None,
    kills: int = KILLS,
    nominations: int | None = None,
    workers: int = 1,
    folder: str = "chaos",
    console: Console | None = None,
    policy: Path = CALM_POLICY,
    settings: Settings | None = None,
) -> tuple[Performance, Havoc, tuple[str, ...]]:
    """Run the demo under havoc; what came of it, what was killed, and a sentence for each promise that was broken.

    Args:
        seed: Decides what is killed and when; by default a new one, which is said first.
        kills: Fewest kills for the run to count.
        nominations: How many of the pilot's nominations, by default all.
        workers: How many workers.
        folder: Name of the stack's folder.
        console: Where the run is shown.
        policy: The cohort's policy; its deadlines must leave time for outages.
        settings: By default those of the environment.
    """
    console = console or Console()
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    console.print(f"Seed {seed}: to run this again, python starter.py chaos --seed {seed}", highlight=False)
    chance = Random(seed)  # noqa: S311 -- a published seed is wanted here, not a secret
    havoc = Havoc(chance, most=kills + chance.randint(0, 5))
    performance = await perform(
        folder,
        console=console,
        seed=SEED,
        policy=policy,
        nominations=nominations,
        workers=workers,
        meddle=havoc.wreak,
        settings=settings,
    )
    return performance, havoc, _broken(performance, havoc, kills)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it from the command line; the exit status is 0 if every promise held, else 1."""
    parser = argparse.ArgumentParser(prog="python -m simulation.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, help="repeats the kills of an earlier run")
    parser.add_argument("--kills", type=int, default=KILLS, help=f"fewest kills (default {KILLS})")
    parser.add_argument("--nominations", type=int, help="how many of the pilot's nominations (default all)")
    parser.add_argument("--workers", type=int, default=1, help="how many workers (default 1)")
    given = parser.parse_args(arguments)
    try:
        _, havoc, broken = asyncio.run(
            run_chaos(seed=given.seed, kills=given.kills, nominations=given.nominations, workers=given.workers)
        )
    except StackError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return report(havoc, broken)


def report(havoc: Havoc, broken: Sequence[str]) -> int:
    """Say what was killed and which promises broke; the exit status is 0 if every promise held, else 1."""
    counted = ", ".join(f"{name} {count}" for name, count in sorted(havoc.killed.items()))
    phases = ", ".join(f"{phase.value.replace('_', ' ')} {count}" for phase, count in havoc.phases.items())
    sys.stdout.write(f"{havoc.killed.total()} kills: {counted}; by phase: {phases}.\n")
    for sentence in broken:
        sys.stderr.write(f"{sentence}\n")
    if not broken:
        sys.stdout.write("Every promise held.\n")
    return 1 if broken else 0


def _parts(stack: LocalStack) -> dict[str, Part]:
    """What can be killed, by name."""
    parts: dict[str, Part] = {f"worker {worker.number}": worker for worker in stack.workers}
    if stack.temporal is not None:
        parts["temporal"] = stack.temporal
    if stack.postgres is not None:
        parts["postgres"] = stack.postgres
    return parts


async def _phase(made: async_sessionmaker[AsyncSession]) -> CohortPhase:
    """Where the cohort of this stack stands."""
    async with made() as session:
        phase = (await session.exec(select(Cohort.phase))).first()
    return CohortPhase.SCHEDULED if phase is None else CohortPhase(phase)


def _broken(performance: Performance, havoc: Havoc, kills: int) -> tuple[str, ...]:
    found = list(performance.broken)
    letters, sent = len(list((performance.folder / "mailbox").glob("*.eml"))), performance.summary.messages.sent
    if letters != sent:
        found.append(f"{sent} messages are said to have left, and the mailbox holds {letters}.")
    if havoc.killed.total() < kills:
        found.append(f"Only {havoc.killed.total()} of {kills} kills were done before the cohort ended: run it again.")
    return tuple(found)


async def _to_the_end(doing: Coroutine[None, None, None]) -> None:
    """Carry it through even when cancelled meanwhile, so that nothing stays down; then be cancelled."""
    task = asyncio.ensure_future(doing)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


if __name__ == "__main__":
    sys.exit(main())

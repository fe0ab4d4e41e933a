"""How the days pass: people look what waits for them, and do it by `acts`, until the cohort has ended.

Nothing is remembered that the database does not hold, so days that are cut short go on where they stopped.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import DBAPIError
from temporalio.service import RPCError

from acts.errors import ActError, NotReachedError
from models.enums import SETTLED, CohortPhase
from simulation.assessors import Assessors
from simulation.board import TalentBoard
from simulation.errands import Errand, Group, World
from simulation.inbox import Inbox, look, nothing_is_owed
from simulation.moderators import Moderators
from simulation.nominees import Nominees
from simulation.operations import Operations

_log = structlog.get_logger("people")
AT_ONCE = 16
"""How many people act at the same time: enough to keep two cores busy, few enough that nobody waits long."""
LOOK_EVERY_SECONDS = 0.4
REST = timedelta(seconds=1)
"""How long somebody leaves a thing alone after doing it, or after it was refused or could not be reached."""
AWAY = (NotReachedError, DBAPIError, RPCError, OSError, TimeoutError)
"""How a server that is away shows itself to a person: they try again later."""


class Days:
    """The days of one cohort, from when it stands in the database to its end.

    Args:
        world: Who acts, on what.
        cohort: The cohort's id.
        seen: Told each time people have looked.
    """

    def __init__(self, world: World, cohort: str, seen: Callable[[Inbox], None] | None = None) -> None:
        self._world = world
        self._cohort = cohort
        self._seen = seen
        self._groups: Sequence[Group] = (
            Nominees(world),
            Assessors(world),
            Moderators(world),
            Operations(world),
            TalentBoard(world),
        )
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._rests: dict[str, datetime] = {}
        self._waiting: list[Errand] = []
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    async def pass_by(self) -> None:
        """Let people act until the cohort has ended, everybody is settled, and nothing is owed to anybody.

        Raises:
            Exception: Whatever a person's act failed with that is neither a refusal nor a server that is away.
        """
        try:
            while not await self._one_look():  # noqa: ASYNC110 -- what is waited for stands in a database
                await asyncio.sleep(LOOK_EVERY_SECONDS)
        finally:
            self._waiting = []
            for task in self._under_way.values():
                task.cancel()
            await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    async def _one_look(self) -> bool:
        """Look once, and set out on what is due; whether everything is over."""
        self._collect()
        desk = self._world.acts.desk
        try:
            async with desk.sessions() as session:
                inbox = await look(session, self._cohort, desk.clock())
                if inbox is None:
                    return False
                over = _is_over(inbox) and await nothing_is_owed(session)
        except AWAY:
            await asyncio.sleep(REST.total_seconds())
            return False
        self._waiting = [
            errand
            for group in self._groups
            for errand in group.errands(inbox)
            if errand.key not in self._under_way and self._rests.get(errand.key, inbox.at) <= inbox.at
        ]
        self._waiting.sort(key=lambda errand: errand.due, reverse=True)
        self._set_out()
        if self._seen is not None:
            self._seen(inbox)
        return over and not self._under_way

    def _set_out(self) -> None:
        """Begin what is due first, as many errands at once as there are hands."""
        while self._waiting and sum(not task.done() for task in self._under_way.values()) < AT_ONCE:
            errand = self._waiting.pop()
            self._under_way[errand.key] = asyncio.create_task(self._run(errand))
            self._under_way[errand.key].add_done_callback(lambda _: self._set_out())

    async def _run(self, errand: Errand) -> None:
        word = errand.key.partition(" ")[0]
        try:
            await errand.run()
        except AWAY as error:
            _log.info("could not be reached", errand=errand.key, error=type(error).__name__)
        except ActError as error:
            self.refused[word] += 1
            _log.info("was refused", errand=errand.key, answer=str(error))
        else:
            self.done[word] += 1
        self._rests[errand.key] = self._world.acts.desk.clock() + REST

    def _collect(self) -> None:
        for key in [key for key, task in self._under_way.items() if task.done()]:
            self._under_way.pop(key).result()


def _is_over(inbox: Inbox) -> bool:
    return inbox.cohort.phase is CohortPhase.ENDED and all(row.stage in SETTLED for row in inbox.nominations)

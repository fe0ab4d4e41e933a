"""Answers that take seconds to work out: in a process of their own, so that every other page goes on being served."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Generic, TypeVar, cast

from anyio import BrokenWorkerProcess, CapacityLimiter, to_process
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel.ext.asyncio.session import AsyncSession

from portal.failures import RefusedHereError
from storage.engine import address_of, make_engine, sessions

Answer = TypeVar("Answer")
Sessions = async_sessionmaker[AsyncSession]
Work = Callable[[Sessions], Awaitable[Answer]]
"""Reads and works out one answer. It is sent to another process: a function of a module, or a `partial` of one."""

_AT_ONCE = 2
_MOST_WAITING = 12
_MOST_KEPT = 30
_SECONDS = 60.0
"""After so long the process is ended; what is asked here has shorter limits of its own."""
_TRIES = 3
_NICENESS = 10
_ELSEWHERE = "The command line has the memory and the time it needs: see 'python starter.py run --help'."


class _Question(Generic[Answer]):
    """One question that is asked again and again while what it is about changes."""

    def __init__(self) -> None:
        self.answer: Answer | None = None
        self.of: datetime | None = None
        self.mark: object = None
        self.work: asyncio.Task[None] | None = None
        self.error: Exception | None = None


@dataclass(frozen=True)
class Newest(Generic[Answer]):
    """The newest answer there is.

    Attributes:
        answer: None while the first is being worked out.
        of: When what it is about was read.
        working: Whether a newer one is being worked out, since something has changed.
    """

    answer: Answer | None
    of: datetime | None
    working: bool


class Aside:
    """Works answers out beside the portal's own process, a few at a time, and keeps the newest of some.

    The processes are begun when first needed, give way to the portal's own, and end with it.
    """

    def __init__(self) -> None:
        self._limit = CapacityLimiter(_AT_ONCE)
        self._waiting = 0
        self._questions: dict[Hashable, _Question[object]] = {}

    async def worked_out(self, there: Sessions, work: Work[Answer]) -> Answer:
        """One answer, waited for.

        Args:
            there: The database that the work reads, by sessions of its own.
            work: What to do.

        Raises:
            RefusedHereError: Too much is being worked out already, it took too long, or its process ended each time.
        """
        if self._waiting >= _MOST_WAITING:
            raise RefusedHereError(
                "Too many questions are being worked out at this moment.", advice="Ask again in a minute."
            )
        self._waiting += 1
        try:
            async with asyncio.timeout(_SECONDS):
                return await self._in_another_process(address_of(there), work)
        except TimeoutError as error:
            raise RefusedHereError("This takes too long to work out here.", advice=_ELSEWHERE) from error
        except BrokenWorkerProcess as error:
            raise RefusedHereError("This could not be worked out here.", advice=_ELSEWHERE) from error
        finally:
            self._waiting -= 1

    async def _in_another_process(self, address: str, work: Work[Answer]) -> Answer:
        """Tries again where a process had ended: while it waited for work, or for want of memory."""
        run = partial(to_process.run_sync, _in_this_process, address, work, cancellable=True, limiter=self._limit)
        for _ in range(_TRIES - 1):
            with suppress(BrokenWorkerProcess):
                return await run()
        return await run()

    async def newest(
        self, there: Sessions, work: Work[Answer], *, mark: object, now: datetime, patience: float
    ) -> Newest[Answer]:
        """The newest answer to a question about what changes; a newer one is begun where ``mark`` has changed.

        Args:
            there: The database that the work reads.
            work: What to do; equal arguments make the same question.
            mark: Changes whenever the answer might.
            now: The present moment.
            patience: Seconds to wait for a newer answer before the one there is is given.

        Raises:
            Exception: What the work raised; it is begun anew when it is next asked for.
        """
        question = self._question((address_of(there), *_named(work)))
        if question.work is None and (question.of is None or question.mark != mark):
            question.work = asyncio.create_task(self._answered(question, there, work, mark, now))
        if question.work is not None:
            await asyncio.wait([question.work], timeout=patience)
        error, question.error = question.error, None
        if error is not None:
            raise error
        return Newest(cast("Answer | None", question.answer), question.of, question.work is not None)

    async def _answered(
        self, question: _Question[object], there: Sessions, work: Work[object], mark: object, now: datetime
    ) -> None:
        try:
            question.answer = await self.worked_out(there, work)
            question.of, question.mark = now, mark
        except Exception as error:
            # Whatever it is, whoever asks next is told.
            question.error = error
        finally:
            question.work = None

    def _question(self, key: Hashable) -> _Question[object]:
        """The question of this key, as the last that was asked; those not asked for longest are forgotten."""
        question = self._questions.pop(key, None) or _Question[object]()
        self._questions[key] = question
        for other in list(self._questions)[:-_MOST_KEPT]:
            if self._questions[other].work is None:
                del self._questions[other]
        return question


def _named(work: Work[Answer]) -> tuple[Hashable, ...]:
    """What a piece of work is, to know it again."""
    function = getattr(work, "func", work)
    given = getattr(work, "args", ()), tuple(sorted(getattr(work, "keywords", {}).items()))
    return (function.__module__, function.__qualname__, *given)


def _in_this_process(address: str, work: Work[Answer]) -> Answer:
    """Works an answer out here, over a connection of its own; pages that are being served go first."""
    os.setpriority(os.PRIO_PROCESS, 0, _NICENESS)
    return asyncio.run(_over(address, work))


async def _over(address: str, work: Work[Answer]) -> Answer:
    engine = make_engine(address, pool_size=1, overflow=0)
    try:
        return await work(sessions(engine))
    finally:
        await engine.dispose()

"""Watching over a stack that runs: what ends by itself is started again, a few times."""

import asyncio
import time
from collections.abc import Callable

from stack.errors import StackError
from stack.local import LocalStack

_LOOK_SECONDS = 0.2
_FORGET_SECONDS = 600.0  # a part that ran this long since is well again


async def supervise(
    stack: LocalStack, say: Callable[[str], None], *, tries: int = 5, pause_seconds: float = 1.0
) -> None:
    """Start again whatever ends, PostgreSQL and Temporal before workers, until it is cancelled.

    Args:
        stack: A stack that was entered.
        say: Gets a sentence for each end and each start.
        tries: How often a part is started again within ten minutes.
        pause_seconds: How long to wait before a start; it doubles with each try.

    Raises:
        StackError: A part ended once more than that, or cannot start.
    """
    tried: dict[str, list[float]] = {}
    while True:
        for part in reversed(stack.parts()):
            if part.running:
                continue
            now = time.monotonic()
            recent = [at for at in tried.get(part.name, []) if now - at < _FORGET_SECONDS]
            if len(recent) >= tries:
                raise StackError(
                    f"{part.name} ended {tries + 1} times within ten minutes; see {part.log}. Everything is stopped. "
                    "When that is mended, run 'make down', then 'make up'."
                )
            tried[part.name] = [*recent, now]
            say(f"{part.name} ended by itself; it is started again ({len(recent) + 1} of {tries}). See {part.log}.")
            await asyncio.sleep(pause_seconds * 2 ** len(recent))
            try:
                await part.start()
            except StackError as error:
                say(str(error))
            else:
                say(f"{part.name} runs again.")
            break  # from the first again: this one may need another that has ended meanwhile
        else:
            await asyncio.sleep(_LOOK_SECONDS)

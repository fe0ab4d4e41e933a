"""Drafting and approving several decisions, one act each; what came of it is said on the page that follows."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from fastapi import Request

from acts.errors import NotKnownError, RefusedError
from models.ids import NominationId
from models.messages import By
from portal.arrivals import said_here, was_led_here
from portal.board.planning import Draft
from portal.pages import Notice
from portal.services import Services

_AT_ONCE = 4
_MOST_NAMED = 8
_NOMINATION = re.compile(r"[a-z0-9-]{1,40}")
_DONE = {
    "drafted": ("decision drafted", "decisions drafted", "Another member of the board approves what is drafted."),
    "approved": (
        "decision approved",
        "decisions approved",
        "Nobody is told before the board releases all decisions together.",
    ),
}


@dataclass(frozen=True)
class Done:
    """What came of an act on several: how many were done, and which were refused."""

    word: str
    count: int
    refused: tuple[str, ...]

    def with_refused(self, more: Iterable[str]) -> "Done":
        """The same, with others that were not even tried."""
        return replace(self, refused=(*self.refused, *more))

    @property
    def query(self) -> str:
        """The same as part of an address."""
        # An address takes so many; each of the others stands where it stood, and its page says why.
        named = ",".join(self.refused[:_MOST_NAMED])
        return f"done={self.word}.{self.count}" + (f"&refused={named}" if named else "")


async def draft_all(services: Services, by: By, drafts: Iterable[Draft]) -> Done:
    """Drafts one after another; a refused one stops no other."""
    board = services.acts.board
    refused, count = [], 0
    for one in drafts:
        try:
            await board.draft_decision(
                NominationId(one.nomination), by, one.outcome, one.reason, place=one.place, note=one.note
            )
            count += 1
        except (RefusedError, NotKnownError):
            refused.append(one.nomination)
    return Done("drafted", count, tuple(refused))


async def approve_all(services: Services, by: By, nominations: Sequence[str]) -> Done:
    """Approves a few at a time; a refused one stops no other."""
    return await _each("approved", nominations, lambda one: services.acts.board.approve_decision(one, by))


async def _each(word: str, nominations: Sequence[str], act: Callable[[NominationId], Awaitable[object]]) -> Done:
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(nomination: str) -> str | None:
        async with room:
            try:
                await act(NominationId(nomination))
            except (RefusedError, NotKnownError):
                return nomination
            return None

    answers = await asyncio.gather(*(one(each) for each in nominations))
    refused = tuple(answer for answer in answers if answer is not None)
    return Done(word, len(nominations) - len(refused), refused)


async def done_at(request: Request) -> tuple[Notice | None, tuple[str, ...]]:
    """What the page's address says was done, if it was: a notice given once, and those for which it was refused."""
    word, _, number = request.query_params.get("done", "").partition(".")
    named = request.query_params.get("refused", "").split(",")[:_MOST_NAMED]
    refused = tuple(one for one in named if _NOMINATION.fullmatch(one))
    if word not in _DONE or not (number.isascii() and number.isdigit()) or not await was_led_here(request):
        return None, ()
    one, several, next_words = _DONE[word]
    count = int(number)
    notice = Notice(f"{count} {one if count == 1 else several}", next_words) if count else None
    return await said_here(request, notice), refused

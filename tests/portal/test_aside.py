"""Answers worked out beside the portal: in another process, kept until what they are about changes."""

import asyncio
import os
from datetime import UTC, datetime
from functools import partial

import pytest
from sqlalchemy import text

from portal import aside
from portal.aside import Aside, Newest, Sessions
from portal.failures import RefusedHereError
from tests.workflows.rig import Rig

NOW = datetime(2018, 10, 1, 9, tzinfo=UTC)


async def process_and_database(there: Sessions) -> tuple[int, int, str]:
    """In which process this is done, how willing it is to wait, and what database it reads."""
    async with there() as session:
        name = (await (await session.connection()).execute(text("SELECT current_database()"))).scalar_one()
    return os.getpid(), os.getpriority(os.PRIO_PROCESS, 0), name


async def doubled(_there: Sessions, *, number: int, after: float = 0.0) -> int:
    """Twice a number, after some seconds."""
    await asyncio.sleep(after)
    return 2 * number


async def broken(_there: Sessions) -> int:
    """Fails."""
    raise LookupError("There is no such thing.")


async def last(_there: Sessions) -> int:
    """Ends its own process."""
    os._exit(1)


async def asked(one: Aside, rig: Rig, *, mark: int, number: int = 21, patience: float = 20.0) -> Newest[int]:
    """What `Aside.newest` says of twice a number."""
    work = partial(doubled, number=number, after=0.2)
    return await one.newest(rig.sessions, work, mark=mark, now=NOW, patience=patience)


async def test_work_is_done_in_another_process_over_the_same_database_and_gives_way(rig: Rig) -> None:
    here = await process_and_database(rig.sessions)

    process, niceness, database = await Aside().worked_out(rig.sessions, process_and_database)

    assert process != here[0]
    assert niceness > here[1]
    assert database == here[2]


async def test_what_work_raises_is_raised_and_an_end_of_the_process_is_outlived(rig: Rig) -> None:
    one = Aside()

    with pytest.raises(LookupError, match="no such thing"):
        await one.worked_out(rig.sessions, broken)
    with pytest.raises(RefusedHereError, match="could not be worked out here"):
        await one.worked_out(rig.sessions, last)

    assert await one.worked_out(rig.sessions, partial(doubled, number=4)) == 8


async def test_more_than_can_wait_is_refused(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aside, "_MOST_WAITING", 1)
    one = Aside()
    first = asyncio.create_task(one.worked_out(rig.sessions, partial(doubled, number=1, after=0.5)))
    await asyncio.sleep(0)

    with pytest.raises(RefusedHereError, match="Too many questions"):
        await one.worked_out(rig.sessions, partial(doubled, number=2))

    assert await first == 2


async def test_what_takes_too_long_is_ended(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Aside()
    await one.worked_out(rig.sessions, partial(doubled, number=1))
    monkeypatch.setattr(aside, "_SECONDS", 0.2)

    with pytest.raises(RefusedHereError, match="takes too long"):
        await one.worked_out(rig.sessions, partial(doubled, number=1, after=600.0))


async def test_answer_is_kept_until_its_mark_changes(rig: Rig) -> None:
    one = Aside()

    first = await asked(one, rig, mark=1)
    kept = await asked(one, rig, mark=1, patience=0)
    stale = await asked(one, rig, mark=2, patience=0)
    newer = await asked(one, rig, mark=2)

    assert first == kept == Newest(42, NOW, working=False)
    assert stale == Newest(42, NOW, working=True)
    assert newer == Newest(42, NOW, working=False)


async def test_first_answer_is_waited_for_only_as_long_as_one_likes(rig: Rig) -> None:
    one = Aside()

    at_once = await asked(one, rig, mark=1, patience=0)
    other = await asked(one, rig, mark=1, number=5)
    waited = await asked(one, rig, mark=1)

    assert at_once == Newest(None, None, working=True)
    assert (other.answer, waited.answer) == (10, 42)


async def test_failure_is_told_once_and_then_tried_anew(rig: Rig) -> None:
    one = Aside()
    ask = partial(one.newest, rig.sessions, broken, mark=1, now=NOW)

    assert await ask(patience=0) == Newest(None, None, working=True)
    with pytest.raises(LookupError, match="no such thing"):
        await ask(patience=20)
    assert await ask(patience=0) == Newest(None, None, working=True)


async def test_questions_not_asked_for_longest_are_forgotten(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aside, "_MOST_KEPT", 2)
    one = Aside()

    for number in (1, 2, 3):
        await asked(one, rig, mark=1, number=number)

    assert (await asked(one, rig, mark=1, number=3, patience=0)).answer == 6
    assert (await asked(one, rig, mark=1, number=1, patience=0)).answer is None

"""What pages cost with many nominations stored: an open load of requests a second, by everybody at once.

The load is open: each request is sent at its moment whether earlier ones were answered or not, and its time is
counted from that moment, so that a slow answer is not hidden by the pause it causes.
"""

import asyncio
import os
import re
import shutil
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
from statistics import median, quantiles

import httpx2
from sqlalchemy import text

from bench.cast import PILOT
from bench.many import OFFICERS, Many, fill
from bench.measures import Figure
from models.enums import Role
from portal import sessions as web
from portal.sessions import COOKIE
from portal.visitors import HOMES
from rules.policies import read_policy
from stack.local import LocalStack
from stack.settings import Settings
from storage.engine import make_engine, sessions
from storage.migrations import upgrade

_LINK = re.compile(r'href="(/[^"#]*)')
_NOT_FOLLOWED = re.compile(
    r"^/(sign-|signed-|static|assets|help|mailbox|roles|account)|\.(ics|csv|xlsx|json)|/export"
)
_OF_EACH = 2
_MOST_PAGES = 60
LIMIT_MS = 100.0


@dataclass(frozen=True)
class Load:
    """How much: nominations stored, requests a second, and for how many seconds."""

    nominations: int = 10_000
    per_second: int = 20
    seconds: int = 60


USUAL_LOAD = Load()


@dataclass(frozen=True)
class Address:
    """A page as one of its visitors asks for it; ``kind`` is its path without what names one thing."""

    kind: str
    path: str
    token: str


async def pages_figures(settings: Settings, load: Load) -> list[Figure]:
    """Times of every page that each role reaches by links, on a stack with a worker and the portal."""
    name = f"bench-pages-{os.getpid()}"
    chosen = settings.model_copy(
        update={"database_url": None, "temporal_address": None, "mailbox": None, "smtp_host": None}
    )
    try:
        async with LocalStack(name, settings=chosen) as stack:
            await asyncio.to_thread(upgrade, stack.database_url)
            await stack.start_workers(1)
            tokens = await _stored(stack.database_url, load)
            portal = await stack.start_portal()
            async with httpx2.AsyncClient(base_url=portal.address, timeout=30) as client:
                pages = await _pages(client, tokens)
                times = await _under_load(client, pages, load)
    finally:
        shutil.rmtree(chosen.folder / name, ignore_errors=True)
    return _figures(times, load)


async def _stored(url: str, load: Load) -> dict[Role, str]:
    """Fills the database and signs one person of each role in."""
    engine = make_engine(url)
    try:
        size = Many(load.nominations, max(12, load.nominations // 7))
        await fill(sessions(engine), read_policy(PILOT), size)
        async with engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            await connection.execute(text("VACUUM ANALYZE"))
        people = {Role(role): person for role, person in vars(OFFICERS).items()}
        people |= {Role.NOMINEE: f"p-c{1:011x}", Role.ASSESSOR: f"p-d{1:011x}"}
        async with sessions(engine).begin() as session:
            return {role: await web.begin(session, one, "code", datetime.now(UTC)) for role, one in people.items()}
    finally:
        await engine.dispose()


async def _pages(client: httpx2.AsyncClient, tokens: Mapping[Role, str]) -> list[Address]:
    """Up to two pages of each kind that each role reaches by links."""
    found: list[Address] = []
    for role, token in tokens.items():
        waiting, known = [HOMES[role]], {HOMES[role]}
        counts: dict[str, int] = defaultdict(int)
        while waiting and sum(counts.values()) < _MOST_PAGES:
            page = Address(_kind(waiting[0], role), waiting.pop(0), token)
            if counts[page.kind] >= _OF_EACH:
                continue
            answer = await _get(client, page)
            if answer.status_code != 200:
                continue
            counts[page.kind] += 1
            found.append(page)
            for link in _LINK.findall(answer.text):
                path = link.replace("&amp;", "&")
                if path not in known and not _NOT_FOLLOWED.search(path):
                    known.add(path)
                    waiting.append(path)
    return found


def _kind(path: str, role: Role) -> str:
    """The page's path with what names one thing, and what narrows a list, taken out."""
    plain, _, narrowed = path.partition("?")
    parts = ["…" if re.search(r"\d", part) else part for part in plain.split("/")]
    return f"{role.value} {'/'.join(parts)}{'?' if narrowed else ''}"


async def _get(client: httpx2.AsyncClient, page: Address) -> httpx2.Response:
    return await client.get(page.path, headers={"Cookie": f"{COOKIE}={page.token}"})


async def _under_load(client: httpx2.AsyncClient, pages: Sequence[Address], load: Load) -> dict[str, list[float]]:
    """By kind of page, how long each answer took, in milliseconds."""
    times: dict[str, list[float]] = defaultdict(list)
    begun = time.perf_counter()

    async def ask(page: Address, due: float) -> None:
        answer = await _get(client, page)
        took = (time.perf_counter() - due) * 1000
        times[page.kind].append(took if answer.status_code == 200 else float("inf"))

    tasks = []
    for number, page in zip(range(load.per_second * load.seconds), cycle(pages), strict=False):
        due = begun + number / load.per_second
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(ask(page, due)))
    await asyncio.gather(*tasks)
    return times


def _figures(times: Mapping[str, Sequence[float]], load: Load) -> list[Figure]:
    everything = [one for page in times.values() for one in page]
    worst = max(times, key=lambda kind: _p99(times[kind]))
    over = [kind for kind in times if _p99(times[kind]) > LIMIT_MS]
    about = f"{load.nominations:,} nominations stored, {load.per_second} requests a second for {load.seconds} s"
    return [
        Figure("kinds of pages asked for", float(len(times)), "pages", note=about),
        Figure("page, p50", median(everything), "ms", note=about),
        Figure("page, p99", _p99(everything), "ms", f"under {LIMIT_MS:g}", _p99(everything) < LIMIT_MS, about),
        Figure("slowest page, p99", _p99(times[worst]), "ms", f"under {LIMIT_MS:g}", not over, worst),
        Figure("pages over the limit", float(len(over)), "pages", "0", not over, ", ".join(sorted(over))),
    ]


def _p99(times: Sequence[float]) -> float:
    """The 99th percentile; of fewer than 100 times, the longest."""
    return max(times) if len(times) < 100 else quantiles(times, n=100)[98]

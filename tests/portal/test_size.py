"""What pages cost: the queries of a page do not grow with its rows, and no page is larger than 100 kB."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from acts import acts_at
from acts.desk import Desk
from bench.many import OFFICERS, Many, fill
from models.enums import Role
from models.ids import PersonId
from models.messages import By
from portal.app import make_portal
from portal.services import Services
from portal.visitors import HOMES
from rules.policies import read_policy
from stack.postgres import EmbeddedPostgres
from storage.engine import make_engine, sessions
from tests.portal.crawling import crawled, template_of
from tests.portal.visiting import Visit
from tests.workflows.rig import PILOT, Rig

MOST_BYTES = 100_000
FEW, MORE = Many(26, 12, 3), Many(390, 36, 3)


@dataclass(frozen=True)
class Stored:
    """A portal over a cohort of some size that is stored in rows."""

    engine: AsyncEngine
    portal: FastAPI
    services: Services

    @contextmanager
    def counting(self) -> Iterator[list[str]]:
        """Collects the statements that are sent to the database."""
        sent: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            sent.append(statement)

        event.listen(self.engine.sync_engine, "before_cursor_execute", note)
        try:
            yield sent
        finally:
            event.remove(self.engine.sync_engine, "before_cursor_execute", note)


@pytest.fixture(scope="module")
async def few_and_more(
    rig: Rig, services: Services, postgres_server: EmbeddedPostgres, template_database: str
) -> AsyncIterator[tuple[Stored, Stored]]:
    made = []
    for size in (FEW, MORE):
        url = await postgres_server.create_database(f"size_{uuid4().hex}", template=template_database)
        engine = make_engine(url)
        await fill(sessions(engine), read_policy(Path(PILOT)), size, now=datetime.now(UTC))
        over = replace(services, acts=acts_at(Desk(sessions(engine), rig.client, "nobody")))
        made.append(Stored(engine, make_portal(over), over))
    yield made[0], made[1]
    for stored in made:
        await stored.engine.dispose()


def people() -> list[By]:
    """Somebody in each role who has a cohort to look at."""
    officers = [By(person=PersonId(person), role=Role(role)) for role, person in vars(OFFICERS).items()]
    nominee = By(person=PersonId(f"p-c{0:011x}"), role=Role.NOMINEE)
    assessor = By(person=PersonId(f"p-d{0:011x}"), role=Role.ASSESSOR)
    return [*officers, nominee, assessor]


async def costs(stored: Stored, by: By) -> tuple[dict[str, int], dict[str, int]]:
    """By route: the most queries, and the most bytes, that one of its pages took."""
    visit = await Visit(stored.portal, stored.services).signed_in_as(by)
    queries: dict[str, int] = {}
    sizes: dict[str, int] = {}
    for page in await crawled(visit, stored.portal, [HOMES[by.role], "/account"]):
        with stored.counting() as sent:
            again = await visit.get(page.path)
        template = template_of(stored.portal, page.path)
        queries[template] = max(queries.get(template, 0), len(sent))
        sizes[template] = max(sizes.get(template, 0), len(again.response.content))
    await visit.close()
    return queries, sizes


@pytest.mark.parametrize("by", people(), ids=lambda by: by.role.value)
async def test_queries_do_not_grow_with_rows_and_pages_stay_small(
    few_and_more: tuple[Stored, Stored], by: By
) -> None:
    few, more = few_and_more
    before, _ = await costs(few, by)
    after, sizes = await costs(more, by)

    both = before.keys() & after.keys()
    grown = {route: (before[route], after[route]) for route in both if after[route] > before[route]}
    large = {route: size for route, size in sizes.items() if size > MOST_BYTES}

    assert grown == {}
    assert large == {}

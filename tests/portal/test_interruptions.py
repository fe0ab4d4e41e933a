"""The database goes away in the middle of a form: what was typed comes back with the page, and is sent again."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from fastapi import FastAPI

from acts import acts_at
from acts.desk import Desk
from bench.many import OFFICERS, Many, fill
from models.enums import Role, Stage
from models.ids import PersonId
from models.messages import By
from models.tables import ApplicationDraft, Nomination
from portal.app import make_portal
from portal.services import Services
from rules.applications import form
from rules.policies import read_policy
from stack.postgres import EmbeddedPostgres
from storage.engine import make_engine, sessions
from storage.migrations import upgrade
from tests.portal.visiting import Visit
from tests.workflows.rig import PILOT, Rig

TYPED = "Two services became one,\n\nand patients wait half as long."


@dataclass(frozen=True)
class Alone:
    """A portal on a PostgreSQL server of its own, which a test may stop; over 26 nominations in rows."""

    server: EmbeddedPostgres
    portal: FastAPI
    services: Services
    nomination: str
    nominee: By

    async def visit(self, by: By) -> Visit:
        return await Visit(self.portal, self.services).signed_in_as(by)


@pytest.fixture(scope="module")
async def alone(rig: Rig, services: Services, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Alone]:

    server = EmbeddedPostgres(tmp_path_factory.mktemp("alone"))
    await server.start()
    url = await server.create_database("alone")
    await asyncio.to_thread(upgrade, url)
    engine = make_engine(url)
    await fill(sessions(engine), read_policy(Path(PILOT)), Many(26, 12, 3))
    over = replace(services, acts=acts_at(Desk(sessions(engine), rig.client, "nobody")))
    number = list(Stage).index(Stage.APPLYING)
    nominee = By(person=PersonId(f"p-c{number:011x}"), role=Role.NOMINEE)
    yield Alone(server, make_portal(over), over, f"pilot-{number:05d}", nominee)
    await engine.dispose()
    await server.stop()


async def test_statement_sent_while_the_database_is_away_is_given_back_and_saved_once_it_is_there(
    alone: Alone,
) -> None:
    async with alone.services.acts.desk.sessions() as session:
        row = await session.get_one(Nomination, alone.nomination)
        assert row.stage is Stage.APPLYING
    visit = await alone.visit(alone.nominee)
    criterion = next(one.name for one in form(read_policy(Path(PILOT))) if one.most_words)
    tasks = await visit.get(f"/my-nomination/{alone.nomination}/application")
    link = next(one for one in tasks.links if criterion.replace("_", "-") in one or criterion in one)
    page = await visit.get(link)
    await alone.server.kill()

    lost = await page.submit(None, {criterion: TYPED})
    await alone.server.start()
    after = await lost.submit("")

    assert (lost.status, lost.heading) == (503, "Sorry, the service is not available just now")
    assert "It is kept on this page" in lost.words
    assert after.path.startswith(f"/my-nomination/{alone.nomination}/application")
    async with alone.services.acts.desk.sessions() as session:
        draft = await session.get_one(ApplicationDraft, (alone.nomination, criterion))
    assert draft.content.replace("\r\n", "\n") == TYPED
    await visit.close()


async def test_page_asked_for_while_the_database_is_away_says_so_and_comes_when_it_is_there(alone: Alone) -> None:
    visit = await alone.visit(By(person=PersonId(OFFICERS.operations), role=Role.OPERATIONS))
    await alone.server.kill()

    lost = await visit.get("/operations")
    await alone.server.start()
    after = await visit.get("/operations")

    assert lost.status == 503
    assert "Try again in a few minutes" in lost.words
    assert after.status == 200
    await visit.close()


async def test_signing_in_goes_on_after_the_database_came_back(alone: Alone) -> None:
    visit = Visit(alone.portal, alone.services)
    page = await visit.get("/sign-in")
    await alone.server.kill()

    lost = await page.submit(email="operations@example.nhs.test")
    await alone.server.start()
    after = await lost.submit("")

    assert lost.status == 503
    assert after.path == "/sign-in/code"
    await visit.close()

"""The database goes away while each form of each role is sent: what was typed comes back, and takes effect once."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from sqlalchemy import text
from starlette.routing import Match
from structlog.testing import capture_logs
from temporalio.testing import WorkflowEnvironment

from models.enums import Role
from portal.services import Services
from portal.visitors import HOMES
from stack.postgres import EmbeddedPostgres
from storage.migrations import upgrade
from tests.portal.crawling import crawled
from tests.portal.typed_forms import NOTHING_TYPED, Filled, every_form
from tests.portal.visiting import Seen, Visit
from tests.workflows.conftest import a_rig
from tests.workflows.rig import Rig

NOT_GIVEN_BACK = {"once", "token"}
TYPED = {"text", "number", "email", "password", "search", "tel", "url", "date"}
BY_SCRIPT_ALONE = {"/account/passkeys"}
"""Forms that nobody can send without the page's script."""


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedPostgres]:
    """A PostgreSQL server of this file alone, which a test may kill."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("killed"), configuration={"fsync": "off"})
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(scope="module")
async def rig(
    temporal_env: WorkflowEnvironment, server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Rig]:
    """Real workflows over that server."""
    await asyncio.to_thread(upgrade, await server.create_database("template_of_forms"))
    async with a_rig(temporal_env, server, "template_of_forms", tmp_path_factory.mktemp("mailbox")) as rig:
        yield rig


@pytest.fixture(scope="module")
def services(services: Services) -> Services:
    """Surroundings with the made-up people's page too."""
    return replace(services, personas=True)


@pytest.fixture(scope="module")
async def forms(rig: Rig) -> list[Filled]:
    """Every form, filled in."""
    return await every_form(rig)


@dataclass
class Sent:
    """A form that is sent while the database is away, and what came of it."""

    form: Filled
    visit: Visit
    page: Seen
    before: int = 0


def form_routes(portal: FastAPI) -> set[str]:
    """The routes of pages that take a form."""
    routes = [context.original_route for context in iter_route_contexts(portal.routes)]
    pages = [route for route in routes if isinstance(route, APIRoute) and not route.path.startswith("/api/")]
    return {route.path for route in pages if "POST" in route.methods}


async def counted(rig: Rig, rows: str) -> int:
    """How many of the rows there are by which a form takes effect; 0 for a form that keeps nothing."""
    if not rows:
        return 0
    query = f"SELECT count(*) FROM {rows}"  # noqa: S608 -- the words of the cases, not of anybody else
    async with rig.sessions() as session:
        return int((await (await session.connection()).execute(text(query))).scalar_one())


async def send(form: Filled, visit: Visit, page: Seen) -> Seen:
    """Sends the form as it is filled in, or what the page's script sends of it."""
    if form.script is not None:
        save = re.search(r'data-save="([^"]+)"', page.text)
        assert save is not None, f"{page.path} saves nothing by itself"
        return await visit.post(save[1], form.script)
    return await page.submit(form.action, form.typed)


def not_given_back(one: Sent, lost: Seen) -> list[str]:
    """What was sent and does not stand on the page of the failure, ready to be sent again."""
    if one.form.script is not None:
        return []
    sent = {**one.page.form(one.form.action).fields, **one.form.typed}
    kept = lost.form("").fields
    return [
        name
        for name, text in sent.items()
        if name not in NOT_GIVEN_BACK and any((text if isinstance(text, str) else "".join(text)).strip())
        if kept.get(name) != (text if isinstance(text, list) else [text])
    ]


def test_every_form_has_a_case_or_is_said_to_take_nothing_typed(portal: FastAPI, forms: list[Filled]) -> None:
    cases = {form.route for form in forms}

    assert cases & NOTHING_TYPED == set()
    new = form_routes(portal) - cases - NOTHING_TYPED
    assert new == set(), "Give each new form a case in tests/portal/typed_forms.py, or name it in NOTHING_TYPED."
    assert (cases | NOTHING_TYPED) - form_routes(portal) == set(), "These routes are gone: take them out there too."


class Typed(HTMLParser):
    """The addresses that forms post what is typed into them to."""

    def __init__(self, page: Seen) -> None:
        super().__init__()
        self.addresses: set[str] = set()
        self._here = page.path
        self._posts_to = ""
        self.feed(page.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._posts_to = (given.get("action") or self._here) if given.get("method") == "post" else ""
        typed = tag == "textarea" or (tag == "input" and given.get("type", "text") in TYPED)
        if typed and self._posts_to and "hidden" not in given:
            self.addresses.add(self._posts_to.split("?")[0])

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._posts_to = ""


def route_of(portal: FastAPI, address: str) -> str:
    """The route that takes what is posted to an address."""
    scope = {"type": "http", "method": "POST", "path": address, "root_path": ""}
    routes = [context.original_route for context in iter_route_contexts(portal.routes)]
    return next(one.path for one in routes if isinstance(one, APIRoute) and one.matches(scope)[0] is Match.FULL)


@pytest.mark.parametrize("role", [role for role in HOMES if role is not Role.INCLUSION_ADVISER])
async def test_no_page_lets_type_into_a_form_that_is_said_to_take_nothing_typed(
    portal: FastAPI, services: Services, forms: list[Filled], role: Role
) -> None:
    by = next(form.by for form in forms if form.by is not None and form.by.role is role)
    visit = await Visit(portal, services).signed_in_as(by)

    pages = await crawled(visit, portal, [HOMES[role], "/account", "/sign-in"])
    routes = {route_of(portal, address) for page in pages for address in Typed(page).addresses}

    assert {one for one in routes if not one.startswith("/api/")} - {form.route for form in forms} <= BY_SCRIPT_ALONE
    await visit.close()


async def test_what_is_typed_into_any_form_while_the_database_is_away_comes_back_and_takes_effect_once(
    rig: Rig, server: EmbeddedPostgres, portal: FastAPI, services: Services, forms: list[Filled]
) -> None:
    under_way = [await opened_page(rig, portal, services, form) for form in forms]
    for one in under_way:
        one.before = await counted(rig, one.form.done)
    await server.kill()

    with capture_logs() as logged:  # written out, each of these failures would take seconds
        lost = [await send(one.form, one.visit, one.page) for one in under_way]
        await server.start()
    after = [await sent_again(one, page) for one, page in zip(under_way, lost, strict=True)]
    twice = [
        await sent_again(one, page) if one.form.again else page for one, page in zip(under_way, lost, strict=True)
    ]

    wrong = [(one.form.route, page.status) for one, page in zip(under_way, lost, strict=True) if page.status != 503]
    assert wrong == []
    assert len([line for line in logged if line["event"] == "page failed"]) == len(under_way)
    missing = {one.form.route: not_given_back(one, page) for one, page in zip(under_way, lost, strict=True)}
    assert {route: names for route, names in missing.items() if names} == {}
    refused = [
        (one.form.route, page.status, page.words[:600])
        for one, page in zip(under_way, after, strict=True)
        if page.status != 200 or one.form.says not in page.words
    ]
    assert refused == []
    broken = [
        (one.form.route, page.status)
        for one, page in zip(under_way, twice, strict=True)
        if one.form.again and page.status >= 500
    ]
    assert broken == []
    effects = {one.form.route: await counted(rig, one.form.done) - one.before for one in under_way if one.form.done}
    assert {route: count for route, count in effects.items() if count != 1} == {}
    for one in under_way:
        await one.visit.close()


async def opened_page(rig: Rig, portal: FastAPI, services: Services, form: Filled) -> Sent:
    """The form's page, in a browser of its own."""
    visit = Visit(portal, services)
    if form.by is not None:
        await visit.signed_in_as(form.by)
    page = await form.page(visit)
    assert page.status == 200, f"{form.route}: {page.path} answers {page.status}: {page.words[-300:]}"
    return Sent(form, visit, page)


async def sent_again(one: Sent, lost: Seen) -> Seen:
    """By the button of the failure's page, or by the script's next try."""
    return await send(one.form, one.visit, one.page) if one.form.script is not None else await lost.submit("")

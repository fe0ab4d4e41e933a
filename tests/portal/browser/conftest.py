"""A real browser on the portal as it is served: Chromium, driven by Playwright.

How it is used::

    async def test_something(rig, cohort, a_window, site):
        page = await a_window(rig.nominator)            # a window of somebody signed in; scripts=False without any
        await page.goto(f"{site}/organisation")
        await holds(page)                               # axe finds nothing, nothing overflows at 320 px, one h1

Where no Chromium is found these tests are skipped, and say how to get it.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest
import uvicorn
from axe_playwright_python.async_playwright import Axe
from fastapi import FastAPI
from playwright.async_api import Browser, BrowserContext, Page, Playwright, async_playwright

from models.ids import PersonId
from models.messages import By
from portal import sessions
from portal.services import Services
from portal.sessions import COOKIE
from stack.children import free_port

AWindow = Callable[..., Awaitable[Page]]
NARROW, WIDE = {"width": 320, "height": 640}, {"width": 1280, "height": 900}
_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

_WIDEST = """() => [...document.querySelectorAll("body *")]
    .filter((one) => one.getBoundingClientRect().right > 320)
    .map((one) => `${one.tagName}.${one.className}`).slice(0, 12).join(" ")"""


@pytest.fixture(scope="module")
async def site(portal: FastAPI) -> AsyncIterator[str]:
    """The address at which the portal is served, in this process."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(portal, host="127.0.0.1", port=port, log_config=None, access_log=False))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    serving = asyncio.create_task(server._serve())  # `serve` would take the test run's signals
    while not server.started:  # noqa: ASYNC110 -- the server has no event to wait for
        await asyncio.sleep(0.01)
    yield f"http://localhost:{port}"
    server.should_exit = True
    await serving


@asynccontextmanager
async def chromium() -> AsyncIterator[tuple[Playwright, str]]:
    """Playwright, and the path of the Chromium it is to start."""
    program = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("no Chromium: install it to run the browser tests (Debian: apt-get install chromium)")
    async with async_playwright() as playwright:
        yield playwright, program


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium."""
    async with chromium() as (playwright, program):
        browser = await playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def a_window(browser: Browser, services: Services, site: str) -> AsyncIterator[AWindow]:
    """``await a_window(rig.operations)``; ``scripts=False`` without JavaScript, ``narrow=True`` at 320 px."""
    contexts: list[BrowserContext] = []

    async def a_window(by: By | None = None, *, scripts: bool = True, narrow: bool = False) -> Page:
        context = await browser.new_context(
            base_url=site, java_script_enabled=scripts, viewport=NARROW if narrow else WIDE, locale="en-GB"
        )
        contexts.append(context)
        if by is not None:
            await _sign_in(context, services, by, site)
        page = await context.new_page()
        page.set_default_timeout(60_000)
        return page

    yield a_window
    for context in contexts:
        await context.close()


async def _sign_in(context: BrowserContext, services: Services, by: By, site: str) -> None:
    async with services.acts.desk.transaction() as session:
        token = await sessions.begin(session, by.person, "code", services.clock())
        hats = await sessions.hats_of(session, by.person)
    if hats:
        hat = next(one for one in hats if one.role is by.role)
        async with services.acts.desk.transaction() as session:
            assert await sessions.choose(session, token, hat, services.limits, services.clock())
    await _hold(context, token, site)


async def signs_in(page: Page, services: Services, person: PersonId) -> None:
    """Somebody signs in in the page's browser, in another tab; the page itself is not loaded again."""
    async with services.acts.desk.transaction() as session:
        token = await sessions.begin(session, person, "code", services.clock())
    await _hold(page.context, token, page.url)


async def _hold(context: BrowserContext, token: str, address: str) -> None:
    await context.add_cookies(
        [
            {
                "name": COOKIE,
                "value": token,
                "url": f"https://{urlsplit(address).netloc}",
                "secure": True,
                "httpOnly": True,
                "sameSite": "Lax",
            }
        ]
    )


async def holds(page: Page) -> None:
    """The page keeps what every page promises: axe finds nothing, one h1, and nothing overflows at 320 px."""
    found = await Axe().run(page)
    violations = [
        f"{one['id']}: {node['html'][:200]}" for one in found.response["violations"] for node in one["nodes"]
    ]
    assert violations == [], page.url
    assert await page.locator("h1").count() == 1, page.url
    before = page.viewport_size
    await page.set_viewport_size({"width": 320, "height": 640})
    # Menus fold a moment after the window became narrow. Asked for from here: the policy lets no page evaluate text.
    for _ in range(30):
        if await page.evaluate("document.documentElement.scrollWidth") <= 320:
            break
        await asyncio.sleep(0.1)
    else:
        raise AssertionError(f"{page.url} is wider than 320 px: {await page.evaluate(_WIDEST)}")
    if before is not None:
        await page.set_viewport_size(before)

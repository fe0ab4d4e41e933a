"""``python -m scripts.screenshots``: pictures of the portal's main pages, for the guides.

Runs the whole stack on a made-up cohort that stands in every stage, opens each page in Chromium as somebody in its
role, and writes docs/images/portal/<name>.png. Give names to draw only some.
"""

import argparse
import asyncio
import shutil
import sys
from collections.abc import Sequence
from csv import DictReader
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from playwright.async_api import Browser, async_playwright
from sqlalchemy import update
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bench.many import OFFICERS, Many, fill
from models.enums import Role, Stage
from models.tables import Assessment, Assessor, Nomination, Person
from portal import sessions as web
from portal.sessions import COOKIE
from rules.policies import read_policy
from stack.local import LocalStack
from stack.settings import load_settings
from storage.engine import make_engine, sessions
from storage.migrations import upgrade

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "images" / "portal"
PILOT = ROOT / "data" / "pilot"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_SIZE = Many(nominations=96, assessors=48, organisations=8)


@dataclass(frozen=True)
class Picture:
    """A page as somebody sees it; ``stage`` chooses whose nomination or assessment fills the path in."""

    name: str
    role: Role | None
    path: str
    stage: Stage | None = None


DRAWN = (
    Picture("start", None, "/"),
    Picture("sign-in", None, "/sign-in"),
    Picture("nominator", Role.NOMINATOR, "/organisation"),
    Picture("nominate", Role.NOMINATOR, "/organisation/nominate"),
    Picture("nominee", Role.NOMINEE, "/my-nomination", Stage.APPLYING),
    Picture("application", Role.NOMINEE, "/my-nomination/{nomination}/application", Stage.APPLYING),
    Picture("equality", Role.NOMINEE, "/my-nomination/equality", Stage.APPLYING),
    Picture("assessor", Role.ASSESSOR, "/assessments", Stage.SCORING),
    Picture("scores", Role.ASSESSOR, "/assessments/{assessment}/scores", Stage.SCORING),
    Picture("flags", Role.MODERATOR, "/quality"),
    Picture("flagged", Role.MODERATOR, "/quality/{nomination}", Stage.QUALITY_ASSURANCE),
    Picture("board", Role.BOARD, "/board"),
    Picture("order", Role.BOARD, "/board/order"),
    Picture("inclusion", Role.INCLUSION_ADVISER, "/inclusion"),
    Picture("operations", Role.OPERATIONS, "/operations"),
    Picture("nominations", Role.OPERATIONS, "/operations/nominations"),
    Picture("messages", Role.OPERATIONS, "/operations/messages"),
    Picture("timeline", Role.OPERATIONS, "/operations/nominations/{nomination}", Stage.SCORING),
)


async def draw(names: Sequence[str]) -> list[Path]:
    """Draws the pictures of these names, or all; where they are."""
    program = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if program is None:
        raise SystemExit("No Chromium is found. Debian: apt-get install chromium")
    settings = load_settings()
    shutil.rmtree(settings.folder / "screenshots", ignore_errors=True)
    async with LocalStack("screenshots", settings=settings) as stack, async_playwright() as playwright:
        await asyncio.to_thread(upgrade, stack.database_url)
        engine = make_engine(stack.database_url)
        await fill(sessions(engine), read_policy(PILOT / "policy.toml"), _SIZE)
        await _name_people(sessions(engine))
        portal = await stack.start_portal()
        browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        drawn = [
            await _draw(browser, portal.address, sessions(engine), one)
            for one in DRAWN
            if not names or one.name in names
        ]
        await browser.close()
        await engine.dispose()
    shutil.rmtree(settings.folder / "screenshots", ignore_errors=True)
    return drawn


async def _name_people(database: async_sessionmaker[AsyncSession]) -> None:
    """Gives nominees the made-up names of the pilot's files."""
    with (PILOT / "nominations.csv").open(encoding="utf-8") as file:
        names = [row["nominee_name"] for row in DictReader(file)]
    async with database.begin() as session:
        people = await session.exec(select(Nomination.person_id).order_by(col(Nomination.id)))
        for person, name in zip(people.all(), names, strict=False):
            await session.exec(update(Person).where(col(Person.id) == person).values(full_name=name))


async def _draw(browser: Browser, address: str, database: async_sessionmaker[AsyncSession], picture: Picture) -> Path:
    context = await browser.new_context(base_url=address, viewport={"width": 1000, "height": 1000}, locale="en-GB")
    path = picture.path
    async with database.begin() as session:
        found = await _chosen(session, picture.stage) if picture.stage else None
        if picture.role is not None:
            person = getattr(OFFICERS, picture.role.value, None)
            if picture.role is Role.NOMINEE and found:
                person = found.nominee
            elif picture.role is Role.ASSESSOR and found:
                person = found.assessor
            token = await web.begin(session, str(person), "code", datetime.now(UTC))
            url = address.replace("http:", "https:")
            await context.add_cookies([{"name": COOKIE, "value": token, "url": url, "secure": True}])
    if found:
        path = path.format(nomination=found.nomination, assessment=found.assessment)
    page = await context.new_page()
    answer = await page.goto(path)
    if answer is None or answer.status != 200:
        sys.stderr.write(f"{picture.name}: {path} answers {answer.status if answer else 'nothing'}\n")
    target = PICTURES / f"{picture.name}.png"
    target.parent.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=target)
    await context.close()
    return target


@dataclass(frozen=True)
class _Chosen:
    nomination: str
    nominee: str
    assessment: str
    assessor: str


async def _chosen(session: AsyncSession, stage: Stage) -> _Chosen:
    """A nomination that stands in a stage, with one of its assessments that was accepted, if there is any."""
    rows = await session.exec(select(Nomination).where(col(Nomination.stage) == stage).order_by(col(Nomination.id)))
    nominations = {one.id: one for one in rows}
    seats = await session.exec(
        select(Assessment.nomination_id, Assessment.id, Assessor.person_id)
        .join(Assessor, col(Assessor.id) == col(Assessment.assessor_id))
        .where(col(Assessment.nomination_id).in_(list(nominations)), col(Assessment.stage) == "accepted")
        .order_by(col(Assessment.id))
    )
    number, assessment, assessor = seats.first() or (max(nominations), "", "")
    return _Chosen(number, nominations[number].person_id, assessment, assessor)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only these pictures")
    for drawn in asyncio.run(draw(parser.parse_args().names)):
        sys.stdout.write(f"{drawn.relative_to(ROOT)}\n")

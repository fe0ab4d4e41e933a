"""What a page says was done stands in its address; it is believed only where this visitor's own form led here.

A banner is a notice given once: loading the page again does not say again that something was done. A whole page that
says what happens next stays readable for a while, to whoever took the step.
"""

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

from fastapi import Request
from sqlmodel import col, select

from models.tables import ActOnce
from portal.access import visitor_at
from portal.pages import Notice
from portal.services import services_of

_LATELY = timedelta(minutes=10)
_SAID = "said"


async def was_led_here(request: Request) -> bool:
    """Whether a form this visitor sent in the last ten minutes was taken, and led to exactly this address."""
    return bool(await _led_here(request))


async def said_here(request: Request, notice: Notice | None) -> Notice | None:
    """The notice, the first time this visitor is led here by a form that was taken; else none."""
    if notice is None:
        return None
    fresh = [key for key, answer in (await _led_here(request)).items() if _SAID not in answer]
    visitor, services = await visitor_at(request), services_of(request)
    if not fresh or visitor is None:
        return None
    said = False
    async with services.acts.desk.transaction() as session:
        for key in sorted(fresh):
            row = await session.get(ActOnce, (visitor.person, key), with_for_update=True)
            if row is not None and row.answer is not None and _SAID not in row.answer:
                row.answer = {**row.answer, _SAID: True}
                session.add(row)
                said = True
    return notice if said else None


async def _led_here(request: Request) -> dict[str, Mapping[str, object]]:
    """The answers, by key, that led this visitor to exactly this address in the last ten minutes."""
    visitor, services = await visitor_at(request), services_of(request)
    if visitor is None:
        return {}
    async with services.acts.desk.sessions() as session:
        answers = await session.exec(
            select(ActOnce.key, ActOnce.answer).where(
                col(ActOnce.asker) == visitor.person, col(ActOnce.begun_at) >= services.clock() - _LATELY
            )
        )
    here = _parts(f"{request.url.path}?{request.url.query}")
    return {
        key: answer for key, answer in answers if answer is not None and _parts(str(answer.get("path", ""))) == here
    }


def _parts(path: str) -> tuple[str, list[tuple[str, str]]]:
    split = urlsplit(path)
    return split.path, parse_qsl(split.query, keep_blank_values=True)

"""What a page says was done stands in its address; it is believed only where this visitor's own form led here."""

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

from fastapi import Request
from sqlmodel import col, select

from models.tables import ActOnce
from portal.access import visitor_at
from portal.pages import Notice
from portal.services import services_of

_LATELY = timedelta(minutes=10)


async def was_led_here(request: Request) -> bool:
    """Whether a form this visitor sent in the last ten minutes was taken, and led to exactly this address."""
    visitor, services = await visitor_at(request), services_of(request)
    if visitor is None:
        return False
    async with services.acts.desk.sessions() as session:
        answers = await session.exec(
            select(ActOnce.answer).where(
                col(ActOnce.asker) == visitor.person, col(ActOnce.begun_at) >= services.clock() - _LATELY
            )
        )
    here = _parts(f"{request.url.path}?{request.url.query}")
    return any(answer is not None and _parts(str(answer.get("path", ""))) == here for answer in answers)


async def said_here(request: Request, notice: Notice | None) -> Notice | None:
    """The notice, if what it says was done here; else none."""
    return notice if notice is not None and await was_led_here(request) else None


def _parts(path: str) -> tuple[str, list[tuple[str, str]]]:
    split = urlsplit(path)
    return split.path, parse_qsl(split.query, keep_blank_values=True)

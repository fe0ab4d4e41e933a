"""The queue: nominations whose flags wait for a moderator, the longest waiting first."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import HTMLResponse

from models.enums import FlagRule
from portal.forms import Bound, Form
from portal.moderators.codes import RULES
from portal.moderators.opening import AREA, Visiting
from portal.moderators.waiting import counts_shown, row_shown
from portal.pages import render
from portal.routing import area
from portal.services import Surroundings
from storage.cohort_pages import cohorts_to_choose, name_of
from storage.queue_pages import Queue, QueueKey, queue_counts, queue_of

routes = area()
_BETWEEN = "~"


@dataclass(frozen=True)
class Around:
    """The links to the pages before and after one; empty where there is none."""

    previous: str
    following: str


class Narrowing(Form):
    """What the queue is narrowed to."""

    rule: str = ""
    cohort: str = ""


@routes.get("/quality")
async def queue(request: Request, visitor: Visiting, services: Surroundings) -> HTMLResponse:
    """Shows the queue."""
    asked = request.query_params
    rule = asked.get("rule") if asked.get("rule") in set(FlagRule) else None
    now = services.clock()
    async with services.acts.desk.sessions() as session:
        there = await cohorts_to_choose(session, asked.get("cohort", ""))
        known = {row.id: name_of(row, there) for row in there}
        cohort = asked.get("cohort", "") if asked.get("cohort") in known else ""
        counts = await queue_counts(session, visitor.asker, now=now, cohort=cohort)
        found = await queue_of(
            session,
            visitor.asker,
            now=now,
            cohort=cohort,
            rule=FlagRule(rule) if rule else None,
            after=_key(asked.get("after")),
            before=_key(asked.get("before")),
        )
    narrowed = {name: value for name, value in (("rule", rule or ""), ("cohort", cohort)) if value}
    return await render(
        request,
        "moderators/queue.html",
        title="Flags that wait for a moderator",
        area=AREA,
        counts=counts_shown(counts),
        rows=[row_shown(line, visitor.person, now) for line in found.lines],
        narrowed=bool(narrowed),
        form=Bound[Narrowing](typed=narrowed),
        rules=[{"value": one.value, "text": words} for one, words in RULES.items()],
        cohorts=[{"value": one, "text": name} for one, name in known.items()] if len(known) > 1 else [],
        around=_around(found, narrowed),
    )


def _key(written: str | None) -> QueueKey | None:
    """A place in the queue as a link writes it; None for what no link of ours wrote."""
    moment, _, nomination = (written or "").partition(_BETWEEN)
    try:
        raised_at = datetime.fromisoformat(moment)
    except ValueError:
        return None
    if raised_at.tzinfo is None or not nomination.isprintable():
        return None
    return QueueKey(raised_at, nomination)


def _around(found: Queue, narrowed: dict[str, str]) -> Around:

    def link(way: str, key: QueueKey) -> str:
        place = f"{key.raised_at.isoformat()}{_BETWEEN}{key.nomination}"
        return f"/quality?{urlencode({**narrowed, way: place})}"

    lines = found.lines
    return Around(
        previous=link("before", lines[0].key) if lines and found.more_before else "",
        following=link("after", lines[-1].key) if lines and found.more_after else "",
    )

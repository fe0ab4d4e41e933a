"""Conflicts of interest that were declared with assessors whose scores stand, whether or not a rule raised a flag."""

from dataclasses import dataclass

from fastapi import Request
from starlette.responses import HTMLResponse

from models.enums import Stage
from portal.conflicts import kind_words
from portal.moderators.opening import AREA, HOME, Visiting
from portal.pages import render
from portal.routing import area
from portal.services import Surroundings
from portal.words import moment
from rules.stages import WORDS
from storage.conflict_pages import ScoredConflict, conflicts_before_release
from storage.moderator_pages import A_PAGE, moderated_by

routes = area()
_PATH = "/quality/conflicts"
_BETWEEN = "~"


@dataclass(frozen=True)
class RowShown:
    """A conflict in the list."""

    number: str
    href: str
    assessor: str
    kind: str
    declared: str
    stage: str


@routes.get(_PATH)
async def conflicts(request: Request, visitor: Visiting, services: Surroundings) -> HTMLResponse:
    """Shows them all until decisions are released, by the nomination's number."""
    nomination, _, assessor = request.query_params.get("after", "").partition(_BETWEEN)
    after = (nomination, assessor) if (nomination + assessor).isprintable() else ("", "")
    async with services.acts.desk.sessions() as session:
        found = await conflicts_before_release(session, moderated_by(visitor.asker), after=after, limit=A_PAGE + 1)
    page = found[:A_PAGE]
    last = page[-1] if len(found) > A_PAGE else None
    return await render(
        request,
        "moderators/conflicts.html",
        title="Conflicts of interest with assessors who have scored",
        area=AREA,
        crumbs=[HOME],
        rows=[row_shown(one) for one in page],
        first=_PATH if any(after) else "",
        following=f"{_PATH}?after={last.nomination.id}{_BETWEEN}{last.assessor}" if last else "",
    )


def row_shown(one: ScoredConflict) -> RowShown:
    """A conflict in words."""
    kind = kind_words(one.kind)
    return RowShown(
        number=one.nomination.id,
        href=f"/quality/{one.nomination.id}",
        assessor=one.name,
        kind=f"{kind[:1].upper()}{kind[1:]}",
        declared=moment(one.declared_at),
        stage=WORDS[Stage(one.nomination.stage)].capitalize(),
    )

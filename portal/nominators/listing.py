"""The organisation's first page: its nominations, what was begun, the windows; and who may act for it."""

from collections.abc import Sequence

from fastapi import Request
from starlette.responses import HTMLResponse

from models.enums import Stage
from portal.forms import Bound, Form
from portal.nominators.entry import AREA, HOME, Following
from portal.nominators.presenters import Line, draft_line_of, line_of, stage_choices, window_line_of
from portal.pages import Notice, render
from portal.routing import area
from portal.services import Surroundings
from portal.visitors import ROLE_WORDS
from portal.words import day
from storage.nominator_pages import MOST_DRAFTS, Sheet, begun_at, counts_of, own_nominations, people_of, windows
from storage.policies import policy_of

routes = area()


@routes.get("/organisation")
async def nominations(request: Request, visitor: Following, services: Surroundings) -> HTMLResponse:
    """The organisation's nominations, 50 a page, those in one stage or all."""
    asked = request.query_params
    wanted = next((stage for stage in Stage if stage.value == asked.get("stage")), None)
    after, before = _key(asked.get("after", "")), _key(asked.get("before", ""))
    now = services.clock()
    async with services.acts.desk.sessions() as session:
        counts = await counts_of(session, visitor.asker)
        found, sheet = await own_nominations(session, visitor.asker, wanted, after=after, before=before)
        drafts = await begun_at(session, visitor.asker)
        open_windows = await windows(session)
        policies = {cohort: await policy_of(session, cohort) for cohort in {own.cohort.id for own in found}}
    lines = [line_of(own, now, policies[own.cohort.id]) for own in found]
    return await render(
        request,
        "nominators/nominations.html",
        title="Nominations",
        notice=_done(request),
        area=visitor.place_words,
        organisation=visitor.place_words,
        lines=lines,
        total=sum(counts.values()),
        narrowing=Bound[Form](typed={"stage": wanted.value if wanted else ""}),
        stages=stage_choices(counts),
        most_drafts=MOST_DRAFTS,
        drafts=[draft_line_of(one) for one in drafts],
        windows=[window_line_of(window, now) for window in open_windows],
        can_nominate=any(window.is_open(now) for window in open_windows),
        pages=_pages(lines, sheet, wanted),
    )


@routes.get("/organisation/people")
async def people(request: Request, visitor: Following, services: Surroundings) -> HTMLResponse:
    """Who else may act for the organisation, and how to ask for a change."""
    async with services.acts.desk.sessions() as session:
        found = await people_of(session, visitor.asker)
    rows = [
        (
            person.full_name + (" (you)" if person.id == visitor.person else ""),
            ROLE_WORDS.get(grant.role, ""),
            day(grant.granted_at),
        )
        for grant, person in found
    ]
    return await render(
        request,
        "nominators/people.html",
        title="People",
        area=AREA,
        crumbs=[HOME],
        organisation=visitor.place_words,
        rows=rows,
    )


def _done(request: Request) -> Notice | None:
    """What was done just before, where a form led here."""
    if "deleted" in request.query_params:
        return Notice("The nomination was deleted")
    if "saved" in request.query_params:
        return Notice("Your answers are saved", "Go on whenever you like, below.")
    return None


def _pages(lines: Sequence[Line], sheet: Sheet, stage: Stage | None) -> dict[str, str]:
    """The links to the pages before and after this one."""
    kept = f"stage={stage.value}&" if stage else ""
    first, last = (lines[0].number, lines[-1].number) if lines else ("", "")
    return {
        "previous": f"/organisation?{kept}before={first}" if sheet.earlier and lines else "",
        "next": f"/organisation?{kept}after={last}" if sheet.further and lines else "",
    }


def _key(text: str) -> str:
    """A nomination's number from a query; whatever else stands there begins the list at its beginning."""
    return text if len(text) <= 40 and text.isprintable() else ""

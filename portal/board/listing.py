"""Decisions by how far they are: to decide, drafted, approved, released; several at once after a look."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import HTMLResponse, Response

from models.enums import Role
from models.tables import Cohort
from portal.access import by
from portal.board.cohorts import AREA, choose_cohort, cohort_at, crumbs_of, known_id, the_cohort
from portal.board.drafting import approve_all, done_at, draft_all
from portal.board.forms import TickedForm
from portal.board.listed import (
    Around,
    Listing,
    Look,
    approvals_look,
    as_drafted,
    drafts_for,
    drafts_look,
    listed,
    open_ones,
)
from portal.board.order_lines import outcome_options, reason_options
from portal.board.proposed import proposed_for
from portal.board.terms import STANDINGS
from portal.failures import NotFoundError
from portal.forms import Bound, bind
from portal.pages import render
from portal.routing import area, done_once
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from rules.permissions import Act
from storage.board_pages import BoardLine, Standing, lines_of, lines_standing, standings
from storage.lists import names_of
from storage.policies import policy_of

routes = area()
Drafting = Annotated[Visitor, by(Role.BOARD, Act.DRAFT_DECISION)]
Approving = Annotated[Visitor, by(Role.BOARD, Act.APPROVE_DECISION)]
_PAGE = 50
_CHECKS = {Standing.MISSING: "check-drafts", Standing.DRAFTED: "check-approvals"}


_EMPTY = {
    Standing.MISSING: "Every nomination with confirmed scores has a decision, or none has come so far.",
    Standing.DRAFTED: "No draft waits to be approved.",
    Standing.APPROVED: "No approved decision waits to be released.",
    Standing.RELEASED: "No decision has been released yet.",
}


@routes.get("/board/decisions")
async def list_decisions(request: Request, visitor: Drafting, services: Surroundings) -> HTMLResponse:
    """The decisions that are so far as the address says."""
    async with services.acts.desk.sessions() as session:
        cohort = await cohort_at(session, request, visitor)
        if cohort is None:
            return await choose_cohort(session, request)
        return await _page(request, session, services, visitor, cohort, form=Bound[TickedForm]())


@routes.post("/board/decisions/check-drafts")
async def checkdrafts_for(request: Request, visitor: Drafting, services: Surroundings) -> HTMLResponse:
    """Shows whose decision would be drafted, and how."""
    form = await bind(request, TickedForm)
    _require_said(form)
    async with services.acts.desk.sessions() as session:
        cohort = await the_cohort(session, request, visitor)
        if form.value is None:
            return await _page(request, session, services, visitor, cohort, form=form, status=422)
        lines = await lines_of(session, visitor.asker, form.value.nomination)
        proposed = await proposed_for(services.acts.desk.sessions, session, cohort.id)
    return await _look(request, cohort, drafts_look(cohort, form.value, lines, proposed))


@routes.post("/board/decisions/draft")
async def draft_several(request: Request, visitor: Drafting, services: Surroundings) -> Response:
    """Drafts the same decision for several, as looked at."""
    form = await bind(request, TickedForm)
    _require_said(form)
    async with services.acts.desk.sessions() as session:
        cohort = await the_cohort(session, request, visitor)
        if form.value is None:
            return await _page(request, session, services, visitor, cohort, form=form, status=422)
        lines = await lines_of(session, visitor.asker, form.value.nomination)
    drafts = drafts_for(
        form.value, open_ones(lines, form.value.nomination, cohort, Standing.MISSING, Standing.DRAFTED)
    )
    at = f"/board/decisions?cohort={cohort.id}&show=drafted"

    async def act() -> str:
        return f"{at}&{(await draft_all(services, visitor.by, drafts)).query}"

    return await done_once(request, act)


@routes.post("/board/decisions/check-approvals")
async def check_approvals(request: Request, visitor: Approving, services: Surroundings) -> HTMLResponse:
    """Shows which drafts would be approved, and which cannot be by this visitor."""
    form = await bind(request, TickedForm)
    async with services.acts.desk.sessions() as session:
        cohort = await the_cohort(session, request, visitor)
        if form.value is None:
            return await _page(
                request, session, services, visitor, cohort, form=form, status=422, shown=Standing.DRAFTED
            )
        lines = await lines_of(session, visitor.asker, form.value.nomination)
        around = await _around(session, services, visitor, cohort, list(lines.values()))
    return await _look(request, cohort, approvals_look(cohort, form.value, lines, around))


@routes.post("/board/decisions/approve")
async def approve_several(request: Request, visitor: Approving, services: Surroundings) -> Response:
    """Approves several drafts, as looked at: one that was drafted anew since is left."""
    form = await bind(request, TickedForm)
    async with services.acts.desk.sessions() as session:
        cohort = await the_cohort(session, request, visitor)
        if form.value is None:
            return await _page(
                request, session, services, visitor, cohort, form=form, status=422, shown=Standing.DRAFTED
            )
        lines = await lines_of(session, visitor.asker, form.value.nomination)
    looked_at = set(form.chosen["as"])
    can = open_ones(lines, form.value.nomination, cohort, Standing.DRAFTED)
    same = [one.nomination for one in can if f"{one.nomination}:{as_drafted(one.decision)}" in looked_at]
    at = f"/board/decisions?cohort={cohort.id}&show=approved"

    async def act() -> str:
        done = await approve_all(services, visitor.by, same)
        changed = tuple(one for one in form.chosen["nomination"] if one not in same)
        return f"{at}&{done.with_refused(changed).query}"

    return await done_once(request, act)


async def _page(
    request: Request,
    session: AsyncSession,
    services: Services,
    visitor: Visitor,
    cohort: Cohort,
    *,
    form: Bound[TickedForm],
    status: int = 200,
    shown: Standing | None = None,
) -> HTMLResponse:
    shown = shown or _shown(request)
    typed = request.query_params.get("after", "")
    after = known_id(typed) if typed else ""
    counts = (await standings(session, visitor.asker, cohort.id)).counts
    found = await lines_standing(session, visitor.asker, cohort.id, shown, after=after, limit=_PAGE + 1)
    done, refused = await done_at(request)
    turned = await lines_of(session, visitor.asker, refused)
    around = await _around(session, services, visitor, cohort, found)
    lines = listed(found[:_PAGE], around, form.chosen["nomination"])
    at = f"/board/decisions?cohort={cohort.id}"
    listing = Listing(
        cohort=cohort.id,
        name=cohort.name,
        shown=shown,
        heading=f"{STANDINGS[shown]} ({counts[shown]})",
        tabs=tuple((f"{STANDINGS[one]} ({counts[one]})", f"{at}&show={one}", one is shown) for one in Standing),
        lines=lines,
        step={Standing.MISSING: "draft", Standing.DRAFTED: "approve"}.get(shown, ""),
        action=f"/board/decisions/{_CHECKS.get(shown, '')}?cohort={cohort.id}&show={shown}&after={after}",
        own=sum(bool(one.barred) for one in lines),
        next_href=f"{at}&show={shown}&after={found[_PAGE - 1].nomination}" if len(found) > _PAGE else "",
        first_href=f"{at}&show={shown}" if after else "",
        refused=tuple((one, turned[one].nominee if one in turned else one) for one in refused),
        empty=_EMPTY[shown],
    )
    return await render(
        request,
        "board/decisions.html",
        title="Decisions",
        area=AREA,
        crumbs=crumbs_of(cohort),
        errors=form.problems,
        notice=done,
        status=status,
        decisions=listing,
        form=form,
        outcomes=outcome_options(),
        reasons=reason_options(),
    )


async def _around(
    session: AsyncSession, services: Services, visitor: Visitor, cohort: Cohort, lines: Sequence[BoardLine]
) -> Around:
    return Around(
        proposed=await proposed_for(services.acts.desk.sessions, session, cohort.id),
        policy=await policy_of(session, cohort.id),
        visitor=visitor,
        names=await names_of(session, [one.decision.drafted_by for one in lines if one.decision]),
    )


async def _look(request: Request, cohort: Cohort, look: Look) -> HTMLResponse:
    at = f"/board/decisions?cohort={cohort.id}"
    title = "Check before drafting" if look.step == "draft" else "Check before approving"
    return await render(
        request, "board/look.html", title=title, area=AREA, crumbs=crumbs_of(cohort, ("Decisions", at)), look=look
    )


def _shown(request: Request) -> Standing:
    typed = request.query_params.get("show", Standing.MISSING.value)
    found = next((one for one in Standing if one.value == typed), None)
    if found is None:
        raise NotFoundError
    return found


def _require_said(form: Bound[TickedForm]) -> None:
    for name in ("outcome", "reason"):
        if not form.typed[name] and form.error(name) is None:
            form.refuse(name, TickedForm.sentences[name])

"""One nomination before the board: what a decision rests on; drafting, approving and reopening it."""

from typing import Annotated

from fastapi import Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import HTMLResponse, Response

from models.enums import Outcome, Role
from models.ids import NominationId, PersonId
from models.tables import Cohort, Decision, Organisation
from portal.access import by
from portal.arrivals import said_here
from portal.board.cohorts import AREA, crumbs_of, known_id, stand_apart
from portal.board.forms import DecisionForm
from portal.board.order_lines import outcome_options, reason_options
from portal.board.proposed import proposed_for
from portal.board.record import Record, Rests, people_of, record_of
from portal.board.terms import STANDINGS
from portal.failures import ChangedError, NotFoundError
from portal.forms import Bound, bind
from portal.pages import Notice, render
from portal.routing import area, done_once
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from rules.permissions import Act, may_approve
from storage.board_pages import Standing, feedback_facts
from storage.conflict_pages import conflicts_of
from storage.lists import names_of
from storage.panels import panels_of
from storage.policies import policy_of
from storage.stories import story_visible_to, submitted_application

routes = area()
Reading = Annotated[Visitor, by(Role.BOARD, Act.READ_PANEL_SCORES)]
Drafting = Annotated[Visitor, by(Role.BOARD, Act.DRAFT_DECISION)]
Approving = Annotated[Visitor, by(Role.BOARD, Act.APPROVE_DECISION)]
Reopening = Annotated[Visitor, by(Role.BOARD, Act.REOPEN_DECISION)]
_DONE = {
    "drafted": Notice("Decision drafted", "Another member of the board approves it. Nobody else is told."),
    "approved": Notice("Decision approved", "Nobody is told before the board releases all decisions together."),
    "reopened": Notice("Decision reopened", "It is a draft again: draft another, or have it approved."),
}


@routes.get("/board/decisions/{nomination}")
async def show_decision(request: Request, nomination: str, visitor: Reading, services: Surroundings) -> HTMLResponse:
    """What the decision rests on, and where it stands."""
    async with services.acts.desk.sessions() as session:
        read = await _read(session, services, visitor, nomination)
        return await _page(request, visitor, read, _typed(read.decision))


@routes.post("/board/decisions/{nomination}/draft")
async def draft(request: Request, nomination: str, visitor: Drafting, services: Surroundings) -> Response:
    """Drafts the decision in this visitor's name."""
    form = await bind(request, DecisionForm)
    async with services.acts.desk.sessions() as session:
        read = await _read(session, services, visitor, nomination)
        if form.value is None:
            return await _page(request, visitor, read, form, status=422)
    said = form.value

    async def act() -> str:
        _require_unchanged(form.typed["as"], read)
        await services.acts.board.draft_decision(
            NominationId(nomination), visitor.by, said.outcome, said.reason, place=said.place, note=said.note
        )
        return f"/board/decisions/{nomination}?done=drafted"

    return await done_once(request, act)


@routes.post("/board/decisions/{nomination}/approve")
async def approve(request: Request, nomination: str, visitor: Approving, services: Surroundings) -> Response:
    """Approves the draft that was looked at, by somebody who did not draft it."""
    typed = (await request.form()).get("as")
    async with services.acts.desk.sessions() as session:
        read = await _read(session, services, visitor, nomination)

    async def act() -> str:
        _require_unchanged(typed if isinstance(typed, str) else "", read)
        await services.acts.board.approve_decision(NominationId(nomination), visitor.by)
        return f"/board/decisions/{nomination}?done=approved"

    return await done_once(request, act)


@routes.post("/board/decisions/{nomination}/reopen")
async def reopen(request: Request, nomination: str, visitor: Reopening, services: Surroundings) -> Response:
    """Takes an approved decision back before it is released."""
    async with services.acts.desk.sessions() as session:
        await _read(session, services, visitor, nomination)

    async def act() -> str:
        await services.acts.board.reopen_decision(NominationId(nomination), visitor.by)
        return f"/board/decisions/{nomination}?done=reopened"

    return await done_once(request, act)


async def _read(session: AsyncSession, services: Services, visitor: Visitor, nomination: str) -> Rests:
    story = await story_visible_to(session, visitor.asker, known_id(nomination))
    if story is None:
        raise NotFoundError
    row = story.nomination
    cohort = await session.get_one(Cohort, row.cohort_id)
    await stand_apart(session, visitor, cohort)
    organisation = await session.get_one(Organisation, row.organisation_code)
    policy = await policy_of(session, cohort.id)
    proposed = await proposed_for(services.acts.desk.sessions, session, cohort.id)
    decision = await session.get(Decision, row.id)
    placed = proposed.by_nomination.get(row.id)
    panels = await panels_of(session, [row.id]) if placed else ()
    outcome = Outcome(decision.outcome) if decision else None
    return Rests(
        story=story,
        cohort=cohort,
        policy=policy,
        organisation=organisation.name,
        placed=placed,
        decision=decision,
        application=await submitted_application(session, row.id),
        names=await names_of(session, people_of(story.events, decision)),
        feedback=feedback_facts(panels, policy, outcome),
        conflicts=await conflicts_of(session, row.id),
    )


async def _page(
    request: Request, visitor: Visitor, read: Rests, form: Bound[DecisionForm], *, status: int = 200
) -> HTMLResponse:
    record: Record = record_of(read, _barred(read, visitor))
    return await render(
        request,
        "board/decision.html",
        title=record.nominee,
        area=AREA,
        crumbs=crumbs_of(read.cohort, ("Decisions", f"/board/decisions?cohort={read.cohort.id}")),
        errors=form.problems,
        notice=await said_here(request, _done(request, record)),
        status=status,
        record=record,
        form=form,
        outcomes=outcome_options(),
        reasons=reason_options(),
    )


def _done(request: Request, record: Record) -> Notice | None:
    """What the address says was done, if the decision still stands so."""
    done = request.query_params.get("done", "")
    stands = {
        "drafted": record.standing == STANDINGS[Standing.DRAFTED],
        "approved": record.standing == STANDINGS[Standing.APPROVED],
        "reopened": record.standing == STANDINGS[Standing.DRAFTED],
    }
    return _DONE[done] if stands.get(done) else None


def _barred(read: Rests, visitor: Visitor) -> str:
    """Why this visitor cannot approve the draft, said before they try; empty if they can."""
    if read.decision is None:
        return ""
    if read.story.nomination.paused:
        return "The nomination is paused: it can be approved once operations resume it."
    verdict = may_approve(PersonId(read.decision.drafted_by), visitor.person, read.policy)
    return "" if verdict else "You drafted this decision, so you cannot approve it. Ask another member of the board."


def _typed(decision: Decision | None) -> Bound[DecisionForm]:
    """The form as it stands: a draft so far is filled in; without one, nothing is chosen for anybody."""
    if decision is None:
        return Bound()
    return Bound(
        typed={
            "outcome": decision.outcome.value,
            "place": str(decision.place or ""),
            "reason": decision.reason,
            "note": decision.note,
        }
    )


def _require_unchanged(looked_at: str, read: Rests) -> None:
    now = read.decision.drafted_at.isoformat() if read.decision else ""
    if looked_at != now:
        raise ChangedError(
            "Somebody has drafted another decision for this nomination since.",
            href=f"/board/decisions/{read.story.nomination.id}",
            link="Look at the decision as it is now",
        )

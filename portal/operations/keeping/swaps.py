"""A swap by hand on a proposal: one assessor goes, another comes, at a price that is told first."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, ClassVar

from fastapi import Query, Request
from starlette.responses import HTMLResponse, Response

from acts.errors import NotKnownError, RefusedError
from acts.pairs import PairActs, PairChange, priced
from models.enums import Role, RunStatus, SteerReason
from models.ids import AssessorId, CohortId, NominationId
from portal.access import by
from portal.failures import NotFoundError
from portal.forms import Bound, Form, bind
from portal.operations.keeping.cohorts import AREA, Choice, with_query
from portal.operations.keeping.pairs import REASONS, choices, crumbs_of
from portal.operations.keeping.pairs_shown import ChangeAsked, change_asked
from portal.operations.keeping.runs import run_path
from portal.pages import render
from portal.routing import area, done_once
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from portal.words import plain, restyled
from rules.permissions import Act
from storage.run_pages import (
    LoadFacts,
    NomineeFacts,
    SeatFacts,
    assessors_of_cohort,
    nominees_of,
    panel_of_run,
    run_visible_to,
    staffed_in_run,
)

routes = area()
Solving = Annotated[Visitor, by(Role.OPERATIONS, Act.SOLVE)]
Reference = Annotated[str, Query(max_length=40)]

_SWAP = "/operations/allocation/{cohort}/{run}/swap"
_CHOSEN_FROM = 300


class SwapForm(Form):
    """On which panel who goes and who comes, and why."""

    nomination: str
    goes: str
    comes: str
    reason: SteerReason
    sentences: ClassVar = {"reason": "Choose why"}


@dataclass(frozen=True)
class Swapping:
    """What the page is about: the proposal, the panel that was chosen, and who could come."""

    cohort: str
    run: int
    is_proposal: bool
    staffed: Sequence[str]
    panel: Sequence[SeatFacts]
    nominee: NomineeFacts | None
    register: Sequence[LoadFacts]

    @property
    def names(self) -> dict[str, str]:
        """Names by reference, of the panel and of the register."""
        return {one.assessor: one.name for one in self.register} | {one.assessor: one.name for one in self.panel}


@routes.get(_SWAP)
async def show_swap(
    request: Request,
    cohort: str,
    run: int,
    visitor: Solving,
    services: Surroundings,
    *,
    nomination: Reference = "",
    goes: Reference = "",
    comes: Reference = "",
) -> HTMLResponse:
    """Asks which panel, who goes and who comes; then says what it does and costs."""
    form = Bound[SwapForm](typed={"nomination": nomination.strip(), "goes": goes.strip(), "comes": comes.strip()})
    at = await _swapping(services, visitor, cohort, run, form.typed["nomination"])
    change = _change_of(form, at)
    return await _page(request, visitor, services, at, form=form, change=change)


@routes.post(_SWAP)
async def swap(request: Request, cohort: str, run: int, visitor: Solving, services: Surroundings) -> Response:
    """Records the swap as a pinned and a forbidden pair, and asks for another run."""
    form = await bind(request, SwapForm)
    at = await _swapping(services, visitor, cohort, run, form.typed["nomination"])
    if not at.is_proposal:
        raise RefusedError(f"Run {run} is no proposal any more: reassign the assessment on the nomination’s page.")
    asked = Bound[SwapForm](typed=form.typed)
    change = _change_of(asked, at, complete=True)
    if change is None or form.value is None:
        return await _page(request, visitor, services, at, form=form if change else asked, change=change)
    reason = form.value.reason

    async def act() -> str:
        await PairActs(services.acts.desk).change(change, visitor.by, reason)
        try:
            await services.acts.cohorts.solve(CohortId(cohort), visitor.by)
        except RefusedError:
            return with_query("/operations/allocation", cohort=cohort, said="kept")
        return with_query("/operations/allocation", cohort=cohort, said="swapped")

    return await done_once(request, act)


async def _swapping(services: Services, visitor: Visitor, cohort: str, run: int, nomination: str) -> Swapping:
    """What the page is about.

    Raises:
        NotFoundError: There is no such run.
    """
    if not 1 <= run < 2**31:
        raise NotFoundError
    async with services.acts.desk.sessions() as session:
        facts = await run_visible_to(session, visitor.asker, cohort, run)
        if facts is None:
            raise NotFoundError
        staffed = await staffed_in_run(session, visitor.asker, cohort, run, limit=_CHOSEN_FROM + 1)
        panel = await panel_of_run(session, visitor.asker, cohort, run, nomination)
        nominees = await nominees_of(session, visitor.asker, [nomination]) if panel else {}
        register = await assessors_of_cohort(session, visitor.asker, cohort, limit=_CHOSEN_FROM + 1)
    return Swapping(
        cohort,
        run,
        facts.status is RunStatus.PROPOSED,
        staffed,
        panel,
        nominees.get(nomination),
        register,
    )


def _change_of(form: Bound[SwapForm], at: Swapping, *, complete: bool = False) -> PairChange | None:
    """The swap a form asks for; None while it is not complete, with sentences by what is wrong.

    A page that is opened with nothing chosen yet is not wrong; ``complete`` where it must be.
    """
    nomination, goes, comes = (form.typed[name] for name in ("nomination", "goes", "comes"))
    if not at.panel:
        if nomination:
            form.refuse("nomination", f"Run {at.run} seats nobody on a panel of {nomination}")
        elif complete:
            form.refuse("nomination", "Choose the nomination")
        return None
    if not (goes or comes or complete):
        return None
    if goes not in {seat.assessor for seat in at.panel}:
        form.refuse("goes", "Choose who goes")
    if not comes:
        form.refuse("comes", "Choose who comes")
    elif comes in {seat.assessor for seat in at.panel}:
        form.refuse("comes", "Choose somebody who does not sit on this panel")
    if form.problems:
        return None
    return PairChange(NominationId(nomination), pinned=AssessorId(comes), forbidden=AssessorId(goes))


async def _page(
    request: Request,
    visitor: Visitor,
    services: Services,
    at: Swapping,
    *,
    form: Bound[SwapForm],
    change: PairChange | None,
) -> HTMLResponse:
    asked: ChangeAsked | None = None
    if change is not None and at.is_proposal:
        try:
            told = await services.aside.worked_out(
                services.acts.desk.sessions, partial(priced, change=change, by=visitor.by)
            )
        except (RefusedError, NotKnownError) as error:
            form = Bound[SwapForm](typed=form.typed)
            form.refuse("comes", restyled(str(error)))
        else:
            asked = change_asked(change, told, at.names, at.nominee)
    seated = {seat.assessor for seat in at.panel}
    others = {one.assessor: f"{one.name}, {plain(one.role)}" for one in at.register if one.assessor not in seated}
    return await render(
        request,
        "operations/keeping/swap.html",
        title=f"Swap an assessor in run {at.run}",
        area=AREA,
        status=422 if form.problems else 200,
        errors=form.problems,
        crumbs=[*crumbs_of(at.cohort), (f"Run {at.run}", run_path(at.cohort, at.run))],
        href=run_path(at.cohort, at.run),
        at=at,
        form=form,
        asked=asked,
        nominations=choices(dict.fromkeys(at.staffed, "")),
        seats=[Choice(one.assessor, f"{one.name} ({one.assessor})", plain(one.role)) for one in at.panel],
        assessors=choices(others) if len(at.register) <= _CHOSEN_FROM else (),
        reasons=REASONS,
    )

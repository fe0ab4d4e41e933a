"""Undoing a released run: first which panels it takes back and which stay, then why, then doing it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from acts.errors import RefusedError
from acts.undoing import UndoActs, UndoPreview
from models.enums import Role, RunStatus, SteerReason
from models.ids import CohortId
from portal.access import by
from portal.failures import ChangedError, NotFoundError
from portal.forms import Bound, Form, bind
from portal.operations.keeping.cohorts import AREA, HOME, Choice, with_query
from portal.operations.keeping.runs import RunShown, nomination_path, run_shown, settled_words
from portal.pages import render
from portal.routing import area, done_once
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from portal.words import plain
from rules.permissions import Act
from storage.run_pages import AT_ONCE, RunFacts, run_visible_to
from storage.undoing import ReleasedPanel

routes = area()
Undoing = Annotated[Visitor, by(Role.OPERATIONS, Act.UNDO_RUN)]

_RUNS = "/operations/allocation"
_REASONS = tuple(Choice(reason.value, plain(reason.value)) for reason in SteerReason)


class UndoForm(Form):
    """Why a run is undone."""

    reason: SteerReason
    sentences: ClassVar = {"reason": "Choose why you undo this run"}


@dataclass(frozen=True)
class PanelLine:
    """A panel in the preview: of whom it consists, or who has answered."""

    nomination: str
    href: str
    people: str


@dataclass(frozen=True)
class PreviewShown:
    """What undoing would do, as the page shows it; ``more``: how many panels of each kind are not shown."""

    refusal: str | None
    says: str
    taken_back: tuple[PanelLine, ...]
    more_taken_back: int
    stay: tuple[PanelLine, ...]
    more_stay: int


@routes.get(_RUNS + "/{cohort}/{run}/undo")
async def ask_undo(request: Request, cohort: str, run: int, visitor: Undoing, services: Surroundings) -> HTMLResponse:
    """Says what undoing takes back and what stays, before it is done."""
    facts = await _run(services, visitor, cohort, run)
    return await _page(request, services, visitor, facts, Bound[UndoForm]())


@routes.post(_RUNS + "/{cohort}/{run}/undo")
async def undo(request: Request, cohort: str, run: int, visitor: Undoing, services: Surroundings) -> Response:
    """Takes back the panels on which nobody has answered."""
    facts = await _run(services, visitor, cohort, run)
    form = await bind(request, UndoForm)
    if form.value is None:
        return await _page(request, services, visitor, facts, form, status=422)
    reason = form.value.reason

    async def act() -> str:
        told = await UndoActs(services.acts.desk).undo(CohortId(cohort), visitor.by, run, reason)
        return with_query(_RUNS, cohort=cohort, said="undone_in_part" if told.kept else "undone")

    try:
        return await done_once(request, act)
    except RefusedError as error:
        now = await _run(services, visitor, cohort, run)
        if now.status is RunStatus.RELEASED:
            raise
        href = run_shown(now).href
        raise ChangedError(settled_words(now), href=href, link=f"Look at run {run}") from error


def preview_shown(preview: UndoPreview) -> PreviewShown:
    """A preview in words, the first panels of each kind."""
    people = len(preview.people)
    told = f"{people:,} {'person is' if people == 1 else 'people are'} told that the request is taken back"
    panels = f"{preview.panels:,} {'panel is' if preview.panels == 1 else 'panels are'} taken back"
    stay = (
        f" {preview.kept:,} {'stays as it is' if preview.kept == 1 else 'stay as they are'}." if preview.kept else ""
    )
    return PreviewShown(
        preview.refusal,
        f"As things stand, {panels}, and {told}.{stay}",
        _lines(preview.taken_back, lambda panel: ", ".join(preview.named(seat) for seat in panel.seats)),
        max(0, preview.panels - AT_ONCE),
        _lines(preview.stay, preview.answers),
        max(0, preview.kept - AT_ONCE),
    )


def _lines(panels: Sequence[ReleasedPanel], people: Callable[[ReleasedPanel], str]) -> tuple[PanelLine, ...]:
    return tuple(
        PanelLine(panel.nomination, nomination_path(panel.nomination), people(panel)) for panel in panels[:AT_ONCE]
    )


async def _page(
    request: Request,
    services: Services,
    visitor: Visitor,
    facts: RunFacts,
    form: Bound[UndoForm],
    *,
    status: int = 200,
) -> HTMLResponse:
    run: RunShown = run_shown(facts)
    preview = await UndoActs(services.acts.desk).preview(CohortId(run.cohort), visitor.by, run.number)
    return await render(
        request,
        "operations/keeping/undo.html",
        title=f"Undo run {run.number}",
        area=AREA,
        status=status,
        errors=form.problems,
        crumbs=[HOME, ("Allocation", with_query(_RUNS, cohort=run.cohort)), (f"Run {run.number}", run.href)],
        run=run,
        preview=preview_shown(preview),
        form=form,
        reasons=_REASONS,
    )


async def _run(services: Services, visitor: Visitor, cohort: str, run: int) -> RunFacts:
    """The run.

    Raises:
        NotFoundError: There is none of this number.
    """
    found = None
    if 1 <= run < 2**31:
        async with services.acts.desk.sessions() as session:
            found = await run_visible_to(session, visitor.asker, cohort, run)
    if found is None:
        raise NotFoundError
    return found

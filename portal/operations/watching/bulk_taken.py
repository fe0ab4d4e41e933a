"""Steps for many that were taken: how far each is, going on with it, and undoing it."""

from typing import Annotated, ClassVar

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from acts.bulk import DONE, MOST, BulkAct, BulkActs, undoing_step, why_not_undone
from models.enums import Role, SteerReason
from models.tables import BulkStep
from portal.access import by
from portal.failures import NotFoundError, RefusedHereError
from portal.forms import Bound, Form, bind
from portal.operations.watching.bulk_view import BULK, does, opposite_of, preview_of, step_line, step_view, verb
from portal.operations.watching.choices import AREA, HOME, LIST, REASONS, the_cohort
from portal.pages import render
from portal.routing import area, done_once
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from rules.permissions import Act
from storage.lists import kept_from, names_of
from storage.watching_pages import A_PAGE, bulk_step, bulk_steps, chosen_nominations

routes = area()
Watching = Annotated[Visitor, by(Role.OPERATIONS, Act.READ_NOMINATION)]
Steering = Annotated[Visitor, by(Role.OPERATIONS, Act.PAUSE)]


class UndoForm(Form):
    """Why a step is undone."""

    reason: SteerReason
    sentences: ClassVar = {"reason": "Choose a reason"}


@routes.get(BULK)
async def taken(
    request: Request, visitor: Watching, services: Surroundings, cohort: str = "", before: str = ""
) -> HTMLResponse:
    """The steps for many that were taken in a cohort, newest first."""
    async with services.acts.desk.sessions() as session:
        row, _ = await the_cohort(session, cohort)
        name = row.id if row else ""
        steps = await bulk_steps(session, cohort=name, before=before, limit=A_PAGE)
        names = await names_of(session, [step.person_id for step in steps])
    return await render(
        request,
        "operations/watching/bulk_steps.html",
        title=f"Steps for many in {name}" if name else "Steps for many",
        area=AREA,
        crumbs=[HOME],
        steps=[step_line(step, names) for step in steps],
        older=f"{BULK}?cohort={name}&before={steps[-1].id}" if len(steps) == A_PAGE else "",
        list_href=f"{LIST[1]}?cohort={name}",
    )


@routes.get(f"{BULK}/{{step}}")
async def one(request: Request, visitor: Watching, services: Surroundings, step: str) -> HTMLResponse:
    """How far a step is, and what came of it."""
    row = await _step(services, step)
    async with services.acts.desk.sessions() as session:
        names = await names_of(session, [row.person_id, row.undone_by or ""])
        undoing = await bulk_step(session, undoing_step(row.id)) is not None
        hidden = await kept_from(session, visitor.asker)
    view = step_view(row, names, undoing=undoing, hidden=hidden)
    return await render(
        request,
        "operations/watching/bulk_step.html",
        title=view.title,
        area=AREA,
        crumbs=[HOME, ("Steps for many", f"{BULK}?cohort={row.cohort_id}")],
        view=view,
        percent=100 * (view.total - view.left) // max(view.total, 1),
    )


@routes.post(f"{BULK}/{{step}}/go-on")
async def go_on(request: Request, visitor: Steering, services: Surroundings, step: str) -> Response:
    """Takes the next portion."""
    row = await _step(services, step)

    async def act() -> str:
        await BulkActs(services.acts.desk).go_on(row.id, visitor.by)
        return f"{BULK}/{row.id}"

    return await done_once(request, act)


@routes.get(f"{BULK}/{{step}}/undo")
async def ask_undo(request: Request, visitor: Steering, services: Surroundings, step: str) -> HTMLResponse:
    """Shows exactly whom undoing would concern."""
    return await _undo_page(request, visitor, services, await _step(services, step), Bound[UndoForm]())


@routes.post(f"{BULK}/{{step}}/undo")
async def undo(request: Request, visitor: Steering, services: Surroundings, step: str) -> Response:
    """Begins the opposite step for those for whom it was done."""
    row = await _step(services, step)
    form = await bind(request, UndoForm)
    if form.value is None:
        return await _undo_page(request, visitor, services, row, form, status=422)
    reason = form.value.reason

    async def act() -> str:
        return f"{BULK}/{await BulkActs(services.acts.desk).undo(row.id, visitor.by, reason)}"

    return await done_once(request, act)


async def _step(services: Services, step: str) -> BulkStep:
    async with services.acts.desk.sessions() as session:
        row = await bulk_step(session, step)
    if row is None:
        raise NotFoundError
    return row


async def _undo_page(
    request: Request,
    visitor: Visitor,
    services: Services,
    row: BulkStep,
    form: Bound[UndoForm],
    *,
    status: int = 200,
) -> HTMLResponse:
    refusal = why_not_undone(row)
    if refusal:
        raise RefusedHereError(refusal, href=f"{BULK}/{row.id}", link="Back to the step")
    done = [one for one, line in row.lines.items() if line == DONE]
    async with services.acts.desk.sessions() as session:
        lines = await chosen_nominations(session, visitor.asker, ticked=done, now=services.clock(), limit=MOST)
    act = opposite_of(row)
    preview = preview_of(lines, act, row.reason, None)
    return await render(
        request,
        "operations/watching/bulk_undo.html",
        title=f"{verb(act)} again: undo the step" if act is BulkAct.PAUSE else f"{verb(act)}: undo the step",
        area=AREA,
        crumbs=[HOME, ("Steps for many", f"{BULK}?cohort={row.cohort_id}")],
        status=status,
        errors=form.problems,
        form=form,
        preview=preview,
        does=does(act),
        reasons=REASONS,
        path=f"{BULK}/{row.id}",
    )

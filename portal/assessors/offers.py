"""One task: its offer, accepting, declining or giving it back, and what happens then."""

from typing import Annotated

from fastapi import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from acts.register import RegisterActs
from models.enums import AssessmentStage, Role
from models.ids import AssessmentId, AssessorId, NominationId
from portal.access import by
from portal.assessors.forms import ConflictForm, DeclineForm
from portal.assessors.presenters import AREA, INBOX, conflicts, reasons, task_view
from portal.assessors.tasks import find, find_to_decline, path_of
from portal.failures import NotFoundError
from portal.forms import Bound, bind
from portal.pages import go_to, render
from portal.routing import area, done_once
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from rules.permissions import Act
from storage.assessor_pages import Task, nominee_of, task_of
from storage.score_fields import score_fields

routes = area()
Reads = Annotated[Visitor, by(Role.ASSESSOR, Act.READ_NOMINATION)]
Accepts = Annotated[Visitor, by(Role.ASSESSOR, Act.ACCEPT)]
Declines = Annotated[Visitor, by(Role.ASSESSOR, Act.DECLINE_ASSESSMENT)]
Declares = Annotated[Visitor, by(Role.ASSESSOR, Act.DECLARE_CONFLICT)]
ONE = f"{INBOX}/{{assessment}}"
_CRUMBS = (("Assessments", INBOX),)


@routes.get(ONE)
async def show_task(request: Request, visitor: Reads, services: Surroundings, assessment: str) -> HTMLResponse:
    """The task: an offer with enough to recognise a conflict, or what there is to do now."""
    async with services.acts.desk.sessions() as session:
        found = await find(session, visitor, assessment)
        hidden = found.policy.panel.anonymous
        nominee = "" if hidden else await nominee_of(session, visitor.asker, assessment)
        fields = {} if found.stage is AssessmentStage.OFFERED else await score_fields(session, assessment)
    scored = sum(name.endswith(".value") and bool(kept.content) for name, kept in fields.items())
    offer = found.stage is AssessmentStage.OFFERED
    return await render(
        request,
        "assessors/offer.html" if offer else "assessors/task.html",
        title=f"{'Offer' if offer else 'Assessment'} {found.nomination}",
        area=AREA,
        crumbs=_CRUMBS,
        task=task_view(found.task, found.policy, nominee, scored, services.clock()),
    )


@routes.post(f"{ONE}/accept")
async def accept(request: Request, visitor: Accepts, services: Surroundings, assessment: str) -> Response:
    """Takes the task."""
    async with services.acts.desk.sessions() as session:
        found = await find(session, visitor, assessment)
    if found.stage is not AssessmentStage.OFFERED:
        return go_to(found.path)

    async def act() -> str:
        await services.acts.assessments.accept(AssessmentId(assessment), visitor.by)
        return f"{found.path}/accepted"

    return await done_once(request, act)


@routes.get(f"{ONE}/accepted")
async def show_accepted(request: Request, visitor: Reads, services: Surroundings, assessment: str) -> Response:
    """What happens now that the task is taken."""
    async with services.acts.desk.sessions() as session:
        found = await find(session, visitor, assessment)
    if found.stage is not AssessmentStage.ACCEPTED:
        return go_to(found.path)
    return await render(
        request,
        "assessors/accepted.html",
        title="You have accepted",
        area=AREA,
        task=task_view(found.task, found.policy, "", 0, services.clock()),
    )


@routes.get(f"{ONE}/decline")
async def ask_why(request: Request, visitor: Declines, services: Surroundings, assessment: str) -> HTMLResponse:
    """Asks why the assessor does not take the task, or gives it back."""
    task = await _to_decline(services, visitor, assessment)
    return await _decline_page(request, task, Bound[DeclineForm]())


@routes.post(f"{ONE}/decline")
async def decline(request: Request, visitor: Declines, services: Surroundings, assessment: str) -> Response:
    """Declines the task, or gives it back; a conflict of interest is kept."""
    task = await _to_decline(services, visitor, assessment)
    form = await bind(request, DeclineForm)
    if form.value is None:
        return await _decline_page(request, task, form, status=422)
    said = form.value

    async def act() -> str:
        await services.acts.assessments.decline(AssessmentId(assessment), visitor.by, said.reason, said.conflict)
        return f"{path_of(assessment)}/declined"

    return await done_once(request, act)


@routes.get(f"{ONE}/declined")
async def show_declined(request: Request, visitor: Reads, services: Surroundings, assessment: str) -> Response:
    """What happens now that the task is given back."""
    async with services.acts.desk.sessions() as session:
        task = await task_of(session, visitor.asker, assessment)
    if task is None:
        raise NotFoundError
    if task.row.stage is not AssessmentStage.DECLINED:
        return go_to(path_of(assessment))
    return await render(
        request,
        "assessors/declined.html",
        title="You have declined",
        area=AREA,
        reference=task.row.nomination_id,
        reason=task.row.decline_reason.value if task.row.decline_reason else "",
        gave_back=task.row.accepted_at is not None,
    )


@routes.get(f"{ONE}/conflict")
async def ask_which(request: Request, visitor: Declares, services: Surroundings, assessment: str) -> Response:
    """Asks which conflict of interest has shown itself after the scores were submitted."""
    reference = await _submitted(services, visitor, assessment)
    if isinstance(reference, Response):
        return reference
    return await _conflict_page(request, assessment, reference, Bound[ConflictForm]())


@routes.post(f"{ONE}/conflict")
async def declare(request: Request, visitor: Declares, services: Surroundings, assessment: str) -> Response:
    """Keeps a conflict of interest; from then on the assessor reads nothing of the nomination."""
    reference = await _submitted(services, visitor, assessment)
    if isinstance(reference, Response):
        return reference
    form = await bind(request, ConflictForm)
    if form.value is None:
        return await _conflict_page(request, assessment, reference, form, status=422)
    kind = form.value.conflict

    async def act() -> str:
        assessor = AssessorId(assessment.partition(".")[2])
        register = RegisterActs(services.acts.desk)
        await register.declare_conflict(NominationId(reference), assessor, visitor.by, kind)
        return path_of(assessment)

    return await done_once(request, act)


async def _to_decline(services: Services, visitor: Visitor, assessment: str) -> Task:
    async with services.acts.desk.sessions() as session:
        return await find_to_decline(session, visitor, assessment)


async def _submitted(services: Services, visitor: Visitor, assessment: str) -> str | RedirectResponse:
    """The nomination's number; while the task is open a conflict is said by declining it."""
    async with services.acts.desk.sessions() as session:
        found = await find(session, visitor, assessment)
    if found.stage is not AssessmentStage.SUBMITTED:
        return go_to(f"{found.path}/decline")
    return found.nomination


async def _decline_page(request: Request, task: Task, form: Bound[DeclineForm], *, status: int = 200) -> HTMLResponse:
    offered = task.row.stage is AssessmentStage.OFFERED
    if task.conflicted and not form.typed["reason"]:
        form.typed["reason"] = "conflict"
    return await render(
        request,
        "assessors/decline.html",
        title="Decline the offer" if offered else "Give the task back",
        area=AREA,
        crumbs=[*_CRUMBS, (task.row.nomination_id, path_of(task.row.id))],
        status=status,
        errors=form.problems,
        form=form,
        offered=offered,
        reference=task.row.nomination_id,
        path=path_of(task.row.id),
        reasons=reasons(),
        conflicts=conflicts(),
    )


async def _conflict_page(
    request: Request, assessment: str, reference: str, form: Bound[ConflictForm], *, status: int = 200
) -> HTMLResponse:
    return await render(
        request,
        "assessors/conflict.html",
        title="Declare a conflict of interest",
        area=AREA,
        crumbs=[*_CRUMBS, (reference, path_of(assessment))],
        status=status,
        errors=form.problems,
        form=form,
        reference=reference,
        path=path_of(assessment),
        conflicts=conflicts(),
    )

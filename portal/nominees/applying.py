"""The application: its list of tasks, and a page for each, saved as one types or by its button."""

from typing import Annotated

from fastapi import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from acts.application_drafts import StaleDraftError
from acts.errors import RefusedError
from models.enums import Role, Stage
from models.tables import ApplicationDraft
from portal.access import by
from portal.failures import NotFoundError
from portal.forms import Bound
from portal.nominees.conflicts import conflict_page
from portal.nominees.own import AREA, Own, own
from portal.nominees.tasks import Task, line_of, open_points, options_of, tasks_of
from portal.nominees.typed import TaskForm, Typed, read_revision, read_task, read_text, stored
from portal.pages import go_to, render
from portal.routing import area
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from portal.words import clock, moment, restyled
from rules.applications import form
from rules.permissions import Act
from rules.stages import WITH_DEADLINE
from storage.nominee_pages import own_draft, own_versions

routes = area()
Applicant = Annotated[Visitor, by(Role.NOMINEE, Act.SAVE_DRAFT)]
_ASK_FOR_TIME = "If you need more time, ask for it under “My nomination”."
_COPY = "Copy what you typed before you close the page."


@routes.get("/my-nomination/{nomination}/application")
async def task_list(request: Request, nomination: str, visitor: Applicant, services: Surroundings) -> Response:
    """The tasks, with how far each has come."""
    mine = await own(services, visitor, nomination)
    if mine.row.stage not in WITH_DEADLINE:
        return go_to(mine.closed)
    content = {name: one.content for name, one in (await _draft(services, visitor, mine)).items()}
    due = mine.deadline(services.clock())
    missing = open_points(content, mine.policy)
    sections: dict[str, list[object]] = {}
    for task in tasks_of(mine.policy):
        sections.setdefault(task.section, []).append(line_of(task, content, missing, mine.path))
    return await render(
        request,
        "nominees/task_list.html",
        title="Your application",
        area=AREA,
        crumbs=mine.crumbs,
        path=mine.path,
        due=due.ask("Send it" if mine.row.stage is Stage.APPLYING else "Answer the nomination") if due else "",
        agreed=mine.row.stage is Stage.APPLYING,
        sections=sections,
        ready=not missing,
    )


@routes.post("/my-nomination/{nomination}/application/save")
async def save(request: Request, nomination: str, visitor: Applicant, services: Surroundings) -> Response:
    """Saves one field as it is typed, for ``static/save.js``; the answers are those it knows."""
    mine = await own(services, visitor, nomination)
    sent = await request.form()
    asked = next((one for one in form(mine.policy) if one.name == sent.get("field")), None)
    if asked is None:
        return _unsaved("The application has no such field. Open the page again.")
    text, problem = read_text(asked, str(sent.get("content") or ""))
    if problem:
        return _unsaved(problem)
    expected = {asked.name: read_revision(sent.get("revision"))}
    try:
        kept = await services.acts.nominations.save_typed(mine.number, visitor.by, {asked.name: text}, expected)
    except StaleDraftError as stale:
        theirs = stale.theirs[asked.name]
        said = {"theirs": theirs.content, "revision": theirs.revision, "saved_at": clock(theirs.saved_at)}
        return JSONResponse(said, 409)
    except RefusedError as error:
        closed = await _sent(services, visitor, mine)
        return _unsaved(f"{closed or f'{restyled(str(error))} {_ASK_FOR_TIME}'} {_COPY}")
    one = kept[asked.name]
    return JSONResponse({"saved_at": clock(one.saved_at), "revision": one.revision})


@routes.get("/my-nomination/{nomination}/application/task/{slug}")
async def task_page(
    request: Request, nomination: str, slug: str, visitor: Applicant, services: Surroundings
) -> Response:
    """One task, as last saved."""
    mine, task = await _task(services, visitor, nomination, slug)
    if mine.row.stage not in WITH_DEADLINE:
        return go_to(mine.closed)
    draft = await _draft(services, visitor, mine)
    bound = stored(
        {name: one.content for name, one in draft.items()}, {name: one.revision for name, one in draft.items()}, task
    )
    return await _task_page(request, services, mine, task, bound, saved=_last_saved(draft, task))


@routes.post("/my-nomination/{nomination}/application/task/{slug}")
async def save_task(
    request: Request, nomination: str, slug: str, visitor: Applicant, services: Surroundings
) -> Response:
    """Saves a task's fields together. Saving twice changes nothing, so the form has no key that makes it once."""
    mine, task = await _task(services, visitor, nomination, slug)
    typed = read_task(await request.form(), task)
    if typed.wrong:
        return await _task_page(request, services, mine, task, typed.bound(), status=422)
    undecided = typed.choosing - set(typed.keep)
    if undecided:
        draft = await _draft(services, visitor, mine)
        theirs = {name: draft[name] for name in undecided if name in draft}
        return await conflict_page(request, mine, task, typed, theirs, unanswered=True)
    try:
        await services.acts.nominations.save_typed(mine.number, visitor.by, typed.to_save, typed.revisions)
    except StaleDraftError as stale:
        return await conflict_page(request, mine, task, typed, stale.theirs)
    except RefusedError as error:
        sent = await _sent(services, visitor, mine)
        return await _given_back(request, mine, task, typed, sent or restyled(str(error)), sent=bool(sent))
    return go_to(f"{mine.path}/application")


async def _task(services: Services, visitor: Visitor, nomination: str, slug: str) -> tuple[Own, Task]:
    mine = await own(services, visitor, nomination)
    task = next((one for one in tasks_of(mine.policy) if one.slug == slug), None)
    if task is None:
        raise NotFoundError
    return mine, task


async def _draft(services: Services, visitor: Visitor, mine: Own) -> dict[str, ApplicationDraft]:
    async with services.acts.desk.sessions() as session:
        return await own_draft(session, visitor.asker, mine.number)


async def _sent(services: Services, visitor: Visitor, mine: Own) -> str:
    """When the application was sent, in a sentence; empty where it was not."""
    async with services.acts.desk.sessions() as session:
        versions = await own_versions(session, visitor.asker, mine.number)
    when = moment(versions[0].submitted_at) if versions else ""
    return f"You sent your application at {when}; it can no longer be changed." if when else ""


async def _task_page(
    request: Request,
    services: Services,
    mine: Own,
    task: Task,
    bound: Bound[TaskForm],
    *,
    status: int = 200,
    saved: str = "",
) -> HTMLResponse:
    due = mine.deadline(services.clock())
    return await render(
        request,
        "nominees/task.html",
        title=task.title,
        area=AREA,
        crumbs=mine.application_crumbs,
        status=status,
        errors=bound.problems,
        form=bound,
        task=task,
        options={one.name: options_of(one) for one in task.fields},
        action=f"{mine.path}/application/task/{task.slug}",
        save=f"{mine.path}/application/save",
        path=mine.path,
        saved=saved,
        due=(due.grace or f"The deadline is {moment(due.due)}.") if due else "",
    )


async def _given_back(
    request: Request, mine: Own, task: Task, typed: Typed, sentence: str, *, sent: bool
) -> HTMLResponse:
    """The application closed while somebody typed: what they typed is on the page, and what to do."""
    labels = {one.name: one.label for one in task.fields}
    return await render(
        request,
        "nominees/given_back.html",
        title="This could not be saved",
        area=AREA,
        crumbs=mine.crumbs,
        status=409,
        sentence=sentence,
        sent_already=sent,
        texts=[(labels[name], text) for name, text in typed.fields.items()],
        path=mine.path,
    )


def _last_saved(draft: dict[str, ApplicationDraft], task: Task) -> str:
    times = [draft[one.name].saved_at for one in task.fields if one.name in draft]
    return f"Saved at {moment(max(times))}" if times else ""


def _unsaved(sentence: str) -> JSONResponse:
    return JSONResponse({"sentence": sentence}, 422)

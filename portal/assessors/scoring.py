"""Scoring: saved as it is typed, checked, submitted."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from acts.assessments import SavedField, Typed
from acts.errors import RefusedError
from models.enums import AssessmentStage, Role
from models.ids import AssessmentId
from models.policy import Policy
from portal.access import by
from portal.assessors.forms import FieldForm, as_typed, plain, score_names, typed_scores
from portal.assessors.presenters import AREA, INBOX, overdue_words
from portal.assessors.reading import crumbs_to
from portal.assessors.sheets import Difference, check, criteria_views, difference, label_of, waiting_words
from portal.assessors.tasks import ConflictedError, Found, NoLongerYoursError, NotNowError, find
from portal.forms import Bound, Form, bind
from portal.pages import Notice, go_to, render
from portal.routing import area, done_once
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from portal.words import clock, moment
from rules.assessments import SCORING
from rules.permissions import Act
from storage.assessor_pages import application_for, nominee_of, still_scoring
from storage.score_fields import KeptField, score_fields

routes = area()
Saves = Annotated[Visitor, by(Role.ASSESSOR, Act.SAVE_SCORE)]
Submits = Annotated[Visitor, by(Role.ASSESSOR, Act.SUBMIT_SCORES)]
ONE = f"{INBOX}/{{assessment}}"


@routes.get(f"{ONE}/scores")
async def ask_scores(
    request: Request, visitor: Saves, services: Surroundings, assessment: str, saved: str = ""
) -> HTMLResponse:
    """Every criterion with the scale's words, what the nominee wrote on it, and what stands there already."""
    found, fields = await _found(services, visitor, assessment)
    notice = Notice("Saved", "You can close this page and come back.") if saved else None
    return await _scores_page(request, services, visitor, found, _bound(fields, found.policy), notice=notice)


@routes.post(f"{ONE}/scores")
async def save_scores(request: Request, visitor: Saves, services: Surroundings, assessment: str) -> Response:
    """Saves the whole form, as far as it can be saved.

    It has no key of its own: what a page that was gone back to says now is new, whatever it said before.
    """
    found, _ = await _found(services, visitor, assessment)
    typed, wrong = await typed_scores(request, found.policy)
    fit = {name: one for name, one in typed.items() if name not in wrong}
    saved = await services.acts.assessments.save_fields(AssessmentId(assessment), visitor.by, fit)
    differing = {name: one for name, one in saved.items() if not one.taken}
    if wrong or differing:
        form = _after_saving(typed, saved, wrong)
        for name in differing:
            form.refuse(name, f"{label_of(name, found.policy)} was changed in another tab: see above")
        differences = [difference(name, _kept(one), found.policy) for name, one in differing.items()]
        return await _scores_page(request, services, visitor, found, form, status=422, differences=tuple(differences))
    sent = await request.form()
    return go_to(f"{found.path}/scores/check" if sent.get("then") == "check" else f"{found.path}/scores?saved=1")


@routes.post(f"{ONE}/scores/field")
async def save_field(request: Request, visitor: Saves, services: Surroundings, assessment: str) -> Response:
    """Saves one field as it is typed; static/save.js says what it sends and what it understands."""
    form = await bind(request, FieldForm)
    content, problem = plain(str((await request.form()).get("content", "")))
    try:
        async with services.acts.desk.sessions() as session:
            await find(session, visitor, assessment, *SCORING)
        if form.value is None or problem:
            return _refused(problem or "This field cannot be saved. Open the page again.")
        said = form.value
        typed = {said.field: Typed(content, said.revision)}
        saved = await services.acts.assessments.save_fields(AssessmentId(assessment), visitor.by, typed)
    except (NoLongerYoursError, ConflictedError, NotNowError) as error:
        return _refused(f"{error.title}. Copy what you typed here if you need it.")
    except RefusedError as error:
        return _refused(str(error))
    one = saved[said.field]
    when = {"revision": one.revision, "saved_at": clock(one.saved_at)}
    return JSONResponse(when) if one.taken else JSONResponse({"theirs": one.content, **when}, 409)


@routes.get(f"{ONE}/scores/check")
async def show_check(request: Request, visitor: Submits, services: Surroundings, assessment: str) -> HTMLResponse:
    """The scores as they would be submitted, and what is missing."""
    found, fields = await _found(services, visitor, assessment)
    return await _check_page(request, found, fields)


@routes.post(f"{ONE}/scores/submit")
async def submit(request: Request, visitor: Submits, services: Surroundings, assessment: str) -> Response:
    """Submits the scores as they stand; they are fixed from then on."""
    async with services.acts.desk.sessions() as session:
        found = await find(session, visitor, assessment)
    if found.stage is AssessmentStage.SUBMITTED:
        return go_to(f"{found.path}/submitted")

    async def act() -> str:
        await services.acts.assessments.submit_fields(AssessmentId(assessment), visitor.by)
        return f"{found.path}/submitted"

    try:
        return await done_once(request, act)
    except RefusedError as error:
        found, fields = await _found(services, visitor, assessment)
        return await _check_page(request, found, fields, refused=str(error))


@routes.get(f"{ONE}/submitted")
async def show_submitted(request: Request, visitor: Submits, services: Surroundings, assessment: str) -> Response:
    """What happens now that the scores are submitted."""
    async with services.acts.desk.sessions() as session:
        found = await find(session, visitor, assessment)
        still = await still_scoring(session, visitor.asker, assessment)
    if found.stage is not AssessmentStage.SUBMITTED:
        return go_to(found.path)
    at = found.task.row.submitted_at
    return await render(
        request,
        "assessors/submitted.html",
        title="You have submitted your scores",
        area=AREA,
        reference=found.nomination,
        path=found.path,
        when=moment(at) if at else "",
        waiting=waiting_words(still) if still else "",
    )


async def _found(services: Services, visitor: Visitor, assessment: str) -> tuple[Found, dict[str, KeptField]]:
    """The visitor's task that is being scored, and its fields as they stand."""
    async with services.acts.desk.sessions() as session:
        found = await find(session, visitor, assessment, *SCORING)
        return found, await score_fields(session, assessment)


async def _scores_page(
    request: Request,
    services: Services,
    visitor: Visitor,
    found: Found,
    form: Bound[Form],
    *,
    status: int = 200,
    differences: tuple[Difference, ...] = (),
    notice: Notice | None = None,
) -> HTMLResponse:
    async with services.acts.desk.sessions() as session:
        hidden = found.policy.panel.anonymous
        reading = await application_for(session, visitor.asker, found.id, anonymous=hidden)
        nominee = "" if hidden else await nominee_of(session, visitor.asker, found.id)
    due_at = found.task.row.due_at
    return await render(
        request,
        "assessors/scores.html",
        title=f"Scores {found.nomination}",
        area=AREA,
        crumbs=crumbs_to(found),
        status=status,
        errors=form.problems,
        notice=notice,
        form=form,
        names=score_names(found.policy),
        criteria=criteria_views(found.policy, reading, form.typed),
        reference=found.nomination,
        nominee=nominee,
        organisation="" if hidden else found.task.organisation,
        differences=differences,
        path=found.path,
        due=moment(due_at) if due_at else "",
        overdue=overdue_words(found.task, found.policy, services.clock()),
    )


async def _check_page(
    request: Request, found: Found, fields: Mapping[str, KeptField], refused: str = ""
) -> HTMLResponse:
    shown = check(fields, found.policy, f"{found.path}/scores")
    return await render(
        request,
        "assessors/check.html",
        title="Check your scores",
        area=AREA,
        crumbs=[*crumbs_to(found), ("Scores", f"{found.path}/scores")],
        status=422 if refused else 200,
        errors=[(refused, "")] if refused else [],
        check=shown,
        path=found.path,
    )


def _bound(fields: Mapping[str, KeptField], policy: Policy) -> Bound[Form]:
    """The form as it stands in the database."""
    names = score_names(policy)
    return Bound(
        typed={name: fields[name].content for name in names if name in fields},
        revisions={name: fields[name].revision if name in fields else 0 for name in names},
    )


def _after_saving(
    typed: Mapping[str, Typed], saved: Mapping[str, SavedField], wrong: Mapping[str, str]
) -> Bound[Form]:
    """The form as it was sent, with the revisions as they are now: sent again, it replaces what stands there."""
    seen = {name: one.revision or 0 for name, one in typed.items()}
    now = {name: one.revision for name, one in saved.items()}
    return Bound(typed=as_typed(typed), errors=wrong, revisions={**seen, **now})


def _kept(one: SavedField) -> KeptField:
    return KeptField(one.content, one.revision, one.saved_at)


def _refused(sentence: str) -> JSONResponse:
    return JSONResponse({"sentence": sentence}, 422)

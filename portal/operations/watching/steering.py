"""Steering one nomination or one assessment: the form of each step, the step, and the page that says what is next."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, cast

from fastapi import Request
from fastapi.params import Depends
from starlette.responses import HTMLResponse, Response

from acts import Acts
from acts.errors import RefusedError
from models.enums import Role, SteerReason, WayOut
from models.ids import AssessmentId, NominationId, PersonId
from models.messages import By
from portal.access import by, visitor_at
from portal.arrivals import was_led_here
from portal.failures import NotFoundError, RefusedHereError
from portal.forms import Bound, Form, bind
from portal.operations.watching.choices import AREA, REASONS, Option
from portal.operations.watching.moments import WrongMomentError, moment_in, typed_moment
from portal.operations.watching.steps import (
    EXTEND,
    EXTEND_ASSESSMENT,
    LATE,
    ON_ASSESSMENT,
    ON_NOMINATION,
    READMIT,
    REFUSE_TIME,
    UNBLOCK,
    Step,
)
from portal.operations.watching.story_view import wish_words
from portal.operations.watching.subjects import ASSESSMENTS, NOMINATIONS, Find, Subject, a_nomination, an_assessment
from portal.pages import go_to, render
from portal.routing import area, done_once
from portal.services import Services, services_of
from portal.visitors import ROLE_WORDS, Visitor
from portal.words import moment, restyled
from rules.permissions import Act
from storage.lists import people_with_roles
from storage.watching_pages import open_wish

routes = area()
WAYS = (
    Option(WayOut.RETRY.value, "Try the step again", "After what was wrong has been mended"),
    Option(
        WayOut.SKIP.value,
        "Go on without the step",
        "A skipped letter is not sent; skipped screening or quality rules count as met: look yourself first",
    ),
    Option(WayOut.HAND_OVER.value, "Hand it over", "It stays as it is, and shows who looks after it"),
)


class SteerForm(Form):
    """Why, and, where the step asks for them, until when, which way out and to whom."""

    reason: SteerReason | None = None
    way: WayOut | None = None
    to: str = ""
    sentences: ClassVar = {"reason": "Choose a reason", "way": "Choose a way out"}


@dataclass(frozen=True)
class Said:
    """A step's form once it is whole."""

    reason: SteerReason
    until: datetime | None
    way: WayOut | None
    to: PersonId | None


def _offer(base: str, step: Step, find: Find) -> None:
    """The two routes of a step, under the rule of its act."""
    path, rule = f"{base}/{{name}}/{step.word}", cast("Depends", by(Role.OPERATIONS, step.rule))

    @routes.get(path, dependencies=[rule], name=f"ask_{step.word}")
    async def ask(request: Request, name: str) -> Response:
        subject = await find(services_of(request), await _visitor(request), name)
        _refuse_what_cannot_be(subject, step)
        return await _form_page(request, subject, step, await _begun(request, subject, step))

    @routes.post(path, dependencies=[rule], name=f"take_{step.word}")
    async def take(request: Request, name: str) -> Response:
        services, visitor = services_of(request), await _visitor(request)
        subject = await find(services, visitor, name)
        form = await bind(request, SteerForm)
        said = _said(form, step)
        if said and said.to and said.to not in {one.value for one in await _people(services)}:
            form.refuse("to", "Choose somebody from the list")
            said = None
        if said is None:
            return await _form_page(request, subject, step, form, status=422)

        async def act() -> str:
            await _take(services.acts, visitor.by, subject, step, said)
            return f"{subject.path}/done/{step.word}"

        try:
            return await done_once(request, act)
        except RefusedError as error:
            form.refuse("", restyled(str(error)))
            return await _form_page(request, subject, step, form, status=422)


def _said(form: Bound[SteerForm], step: Step) -> Said | None:
    """What the form says, once it has all that the step needs; else what it lacks is said in the form."""
    typed, until = form.value, None
    if step.until:
        try:
            until = moment_in(form.typed, "until")
        except WrongMomentError as error:
            form.refuse(error.field, str(error))
    if typed is None:
        return None
    if step is UNBLOCK and typed.way is None:
        form.refuse("way", "Choose a way out")
    if step is UNBLOCK and typed.way is WayOut.HAND_OVER and not typed.to:
        form.refuse("to", "Choose who looks after it")
    if step.reasoned and typed.reason is None:
        form.refuse("reason", "Choose a reason")
    if form.value is None:
        return None
    return Said(typed.reason or SteerReason.OTHER, until, typed.way, PersonId(typed.to) if typed.to else None)


async def _take(acts: Acts, who: By, subject: Subject, step: Step, said: Said) -> None:
    """Takes a step whose form is whole, by its act."""
    reason, until = said.reason, said.until
    one = NominationId(subject.nomination.id)
    if subject.assessment:
        seat = AssessmentId(subject.assessment.id)
        if step is EXTEND_ASSESSMENT and until:
            await acts.assessments.extend(seat, who, until, reason)
        else:
            await acts.nominations.reassign(one, who, seat, reason)
        return
    match step.word:
        case "pause":
            await acts.nominations.pause(one, who, reason)
        case "resume":
            await acts.nominations.resume(one, who)
        case "defer":
            await acts.nominations.defer(one, who, reason)
        case "extend" if until:
            await acts.nominations.extend(one, who, until, reason)
        case "readmit" if until:
            await acts.nominations.readmit(one, who, until, reason)
        case "unblock" if said.way:
            to = said.to if said.way is WayOut.HAND_OVER else None
            await acts.nominations.unblock(one, who, said.way, reason, to)


for _step in ON_NOMINATION.values():
    _offer(NOMINATIONS, _step, a_nomination)
for _step in ON_ASSESSMENT.values():
    _offer(ASSESSMENTS, _step, an_assessment)

Watching = Annotated[Visitor, by(Role.OPERATIONS, Act.READ_NOMINATION)]


@routes.get(f"{NOMINATIONS}/{{name}}/done/{{word}}")
async def nomination_done(request: Request, visitor: Watching, name: str, word: str) -> Response:
    """What was done to a nomination, and what happens next."""
    subject = await a_nomination(services_of(request), visitor, name)
    return await _done_page(
        request, subject, {**ON_NOMINATION, **{step.word: step for step in (LATE, REFUSE_TIME)}}.get(word)
    )


@routes.get(f"{ASSESSMENTS}/{{name}}/done/{{word}}")
async def assessment_done(request: Request, visitor: Watching, name: str, word: str) -> Response:
    """What was done to an assessment, and what happens next."""
    subject = await an_assessment(services_of(request), visitor, name)
    return await _done_page(request, subject, ON_ASSESSMENT.get(word))


async def _form_page(
    request: Request, subject: Subject, step: Step, form: Bound[SteerForm], *, status: int = 200
) -> HTMLResponse:
    return await render(
        request,
        "operations/watching/step.html",
        title=f"{step.title}: {subject.name}",
        area=AREA,
        crumbs=subject.crumbs,
        errors=form.problems,
        status=status,
        form=form,
        step=step,
        path=subject.path,
        back=f"{NOMINATIONS}/{subject.nomination.id}",
        stands=subject.stands,
        asked=await _wish(request, subject) if step in {EXTEND, READMIT} else "",
        due=moment(subject.due_at) if subject.due_at else "",
        reasons=REASONS,
        ways=WAYS if step is UNBLOCK else (),
        people=await _people(services_of(request)) if step is UNBLOCK else (),
    )


async def _begun(request: Request, subject: Subject, step: Step) -> Bound[SteerForm]:
    """The form as it is opened: the moment that the nominee asked for is filled in, to be kept or changed."""
    if step not in {EXTEND, READMIT}:
        return Bound()
    async with services_of(request).acts.desk.sessions() as session:
        wish = await open_wish(session, subject.nomination)
    asked = (wish.after or {}).get("until") if wish else None
    if not isinstance(asked, str):
        return Bound()
    return Bound(typed=typed_moment(datetime.fromisoformat(asked), "until"))


async def _wish(request: Request, subject: Subject) -> str:
    """What the nominee asked for and why, if nobody has answered it yet."""
    async with services_of(request).acts.desk.sessions() as session:
        wish = await open_wish(session, subject.nomination)
    return wish_words(wish) if wish else ""


async def _people(services: Services) -> list[Option]:
    """To whom something can be handed over: operations and moderators."""
    async with services.acts.desk.sessions() as session:
        found = [one for role in (Role.OPERATIONS, Role.MODERATOR) for one in await people_with_roles(session, role)]
    return [Option(person.id, f"{person.full_name}, {ROLE_WORDS[grant.role]}") for grant, person in found]


async def _done_page(request: Request, subject: Subject, step: Step | None) -> Response:
    """The page that a step leads to; whoever has not taken it is led to the nomination as it is."""
    if step is None:
        raise NotFoundError
    if not await was_led_here(request):
        return go_to(f"{NOMINATIONS}/{subject.nomination.id}")
    return await render(
        request,
        "operations/watching/done.html",
        title=f"Done: {step.title[0].lower()}{step.title[1:]}",
        area=AREA,
        crumbs=subject.crumbs,
        name=subject.name,
        step=step,
        due=moment(subject.due_at) if step.until and subject.due_at else "",
        back=f"{NOMINATIONS}/{subject.nomination.id}",
        list_href=f"{NOMINATIONS}?cohort={subject.nomination.cohort_id}",
    )


def _refuse_what_cannot_be(subject: Subject, step: Step) -> None:
    refusal = subject.refusal(step)
    if refusal:
        raise RefusedHereError(
            refusal, href=f"{NOMINATIONS}/{subject.nomination.id}", link=f"Back to {subject.nomination.id}"
        )


async def _visitor(request: Request) -> Visitor:
    """Who takes the step: the route's rule has let them in."""
    visitor = await visitor_at(request)
    if visitor is None:
        raise NotFoundError
    return visitor

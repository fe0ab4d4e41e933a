"""Steering a whole cohort: its window, its roll call, and what its workflows need."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, Literal, cast

from fastapi import Request
from fastapi.params import Depends
from starlette.responses import HTMLResponse, Response

from acts import Acts
from acts.errors import RefusedError
from models.enums import CohortPhase, Role, Stage, SteerReason, WayOut
from models.ids import CohortId
from models.messages import By
from models.tables import Cohort
from portal.access import by, visitor_at
from portal.arrivals import was_led_here
from portal.failures import NotFoundError, RefusedHereError
from portal.forms import Bound, Form, bind
from portal.operations.watching.choices import AREA, HOME, NOW_FOR, REASONS, Option, the_cohort
from portal.operations.watching.cohort_state import said_by
from portal.operations.watching.cohort_steps import ON_COHORT, UNBLOCK, WINDOW, CohortStep
from portal.operations.watching.moments import WrongMomentError, day_in, moment_in
from portal.operations.watching.story_view import Link, temporal_href
from portal.pages import go_to, render
from portal.routing import area, done_once
from portal.services import Services, Surroundings, services_of
from portal.visitors import Visitor
from portal.words import plain, restyled, span
from rules.permissions import Act
from storage.watching_pages import board_of

routes = area()
Watching = Annotated[Visitor, by(Role.OPERATIONS, Act.READ_NOMINATION)]
PATH = "/operations/cohorts"
WHICH = (Option("cohort", "The cohort itself"), Option("allocation", "Its allocation of panels"))
WAYS = (
    Option(WayOut.RETRY.value, "Try the step again", "After what was wrong has been mended"),
    Option(WayOut.SKIP.value, "Go on without the step"),
)


class CohortForm(Form):
    """Why, and, for a way out, which workflow and how."""

    reason: SteerReason | None = None
    which: Literal["cohort", "allocation"] | None = None
    way: Literal[WayOut.RETRY, WayOut.SKIP] | None = None
    sentences: ClassVar = {
        "reason": "Choose a reason",
        "which": "Choose which of them goes on",
        "way": "Choose a way out",
    }


@dataclass(frozen=True)
class SaidView:
    """What one workflow says of itself; ``href`` is its page of Temporal, where that is known."""

    name: str
    words: str
    stuck: bool
    href: str


@dataclass(frozen=True)
class SaidHere:
    """A step's form once it is whole."""

    reason: SteerReason
    opens_at: datetime | None
    closes_at: datetime | None
    which: str
    way: WayOut


@routes.get(f"{PATH}/{{cohort}}")
async def cohort_page(request: Request, visitor: Watching, services: Surroundings, cohort: str) -> HTMLResponse:
    """How a cohort stands, what its workflows wait for, and what can be done."""
    row = await _cohort(services, cohort)
    said = await _said_by(services, row.id)
    stuck = any(one.stuck for one in said)
    return await render(
        request,
        "operations/watching/cohort.html",
        title=f"Steer {row.name}",
        area=AREA,
        crumbs=[HOME],
        stands=_stands(row),
        window=_window(row),
        said=said,
        steps=[
            Link(step.title, f"{PATH}/{row.id}/{step.word}")
            for step in ON_COHORT.values()
            if row.phase in step.phases and (step is not UNBLOCK or stuck)
        ],
        cohort=row.id,
    )


@routes.get(f"{PATH}/{{cohort}}/said")
async def cohort_said(request: Request, visitor: Watching, services: Surroundings, cohort: str) -> Response:
    """What the cohort's workflows wait for, for the board: asked once the board is there, so that it is not slow."""
    row = await _cohort(services, cohort)
    if "hx-request" not in request.headers:
        return go_to(f"{PATH}/{row.id}")
    said = await _said_by(services, row.id)
    return await render(request, "operations/watching/said.html", title=row.name, said=said, cohort=row.id)


async def _said_by(services: Services, cohort: str) -> list[SaidView]:
    client = services.acts.desk.client
    base = services.temporal_pages.rstrip("/")
    pages = f"{base}/namespaces/{client.namespace}" if base else ""
    said = await said_by(client, CohortId(cohort))
    return [SaidView(plain(one.name), one.words, one.stuck, temporal_href(pages, one.workflow)) for one in said]


@routes.get(f"{PATH}/{{cohort}}/done/{{word}}")
async def cohort_done(
    request: Request, visitor: Watching, services: Surroundings, cohort: str, word: str
) -> Response:
    """What was done to a cohort, and what happens next; whoever has not done it is led to the cohort as it is."""
    row, step = await _cohort(services, cohort), ON_COHORT.get(word)
    if step is None:
        raise NotFoundError
    if not await was_led_here(request):
        return go_to(f"{PATH}/{row.id}")
    return await render(
        request,
        "operations/watching/cohort_done.html",
        title=f"Done: {step.title[0].lower()}{step.title[1:]}",
        area=AREA,
        crumbs=[HOME, (row.name, f"{PATH}/{row.id}")],
        step=step,
        name=row.name,
        window=_window(row) if step is WINDOW else "",
        cohort=row.id,
    )


def _offer(step: CohortStep) -> None:
    """The two routes of a step, under the rule of its act."""
    path, rule = f"{PATH}/{{cohort}}/{step.word}", cast("Depends", by(Role.OPERATIONS, step.rule))

    @routes.get(path, dependencies=[rule], name=f"ask_cohort_{step.word}")
    async def ask(request: Request, cohort: str) -> Response:
        row = await _cohort(services_of(request), cohort)
        if row.phase not in step.phases:
            raise RefusedHereError(
                f"This cannot be done now: the cohort {NOW_FOR[row.phase]}.",
                href=f"{PATH}/{row.id}",
                link="Back to the cohort",
            )
        return await _form_page(request, row, step, Bound[CohortForm]())

    @routes.post(path, dependencies=[rule], name=f"take_cohort_{step.word}")
    async def take(request: Request, cohort: str) -> Response:
        services, visitor = services_of(request), await visitor_at(request)
        row = await _cohort(services, cohort)
        form = await bind(request, CohortForm)
        said = _said(form, step)
        if said is None or visitor is None:
            return await _form_page(request, row, step, form, status=422)

        async def act() -> str:
            await _take(services.acts, visitor.by, CohortId(row.id), step, said)
            return f"{PATH}/{row.id}/done/{step.word}"

        try:
            return await done_once(request, act)
        except RefusedError as error:
            form.refuse("", restyled(str(error)))
            return await _form_page(request, row, step, form, status=422)


for _step in ON_COHORT.values():
    _offer(_step)


def _said(form: Bound[CohortForm], step: CohortStep) -> SaidHere | None:
    """What the form says, once it has all that the step needs; else what it lacks is said in the form."""
    typed = form.value
    opens_at = closes_at = None
    if step is WINDOW:
        try:
            opens_at = moment_in(form.typed, "opens") if day_in(form.typed, "opens") else None
            closes_at = moment_in(form.typed, "closes")
        except WrongMomentError as error:
            form.refuse(error.field, str(error))
    if typed is None:
        return None
    if step is UNBLOCK and typed.which is None:
        form.refuse("which", CohortForm.sentences["which"])
    if step is UNBLOCK and typed.way is None:
        form.refuse("way", CohortForm.sentences["way"])
    if step.reasoned and typed.reason is None:
        form.refuse("reason", CohortForm.sentences["reason"])
    if form.value is None:
        return None
    reason, way = typed.reason or SteerReason.OTHER, typed.way or WayOut.RETRY
    return SaidHere(reason, opens_at, closes_at, typed.which or "", way)


async def _take(acts: Acts, who: By, cohort: CohortId, step: CohortStep, said: SaidHere) -> None:
    """Takes a step whose form is whole, by its act."""
    cohorts = acts.cohorts
    match step.word:
        case "window":
            await cohorts.move_window(cohort, who, said.reason, opens_at=said.opens_at, closes_at=said.closes_at)
        case "close":
            await cohorts.close_now(cohort, who, said.reason)
        case "roll-call":
            await cohorts.roll_call(cohort, who)
        case _ if said.which == "allocation":
            await cohorts.unblock_allocation(cohort, who, said.way, said.reason)
        case _:
            await cohorts.unblock(cohort, who, said.way, said.reason)


async def _cohort(services: Services, cohort: str) -> Cohort:
    async with services.acts.desk.sessions() as session:
        row, _ = await the_cohort(session, cohort)
    if row is None:
        raise NotFoundError
    return row


def _window(row: Cohort) -> str:
    is_over = row.phase not in {CohortPhase.SCHEDULED, CohortPhase.OPEN}
    return f"The window {'was' if is_over else 'is'} open {span(row.opens_at, row.closes_at)}."


def _stands(row: Cohort) -> str:
    return f"{plain(row.phase.value)}: the cohort {NOW_FOR[row.phase]}."


async def _form_page(
    request: Request, row: Cohort, step: CohortStep, form: Bound[CohortForm], *, status: int = 200
) -> HTMLResponse:
    services, visitor = services_of(request), await visitor_at(request)
    if visitor is None:
        raise NotFoundError
    waiting = 0
    if step.rule in {Act.MOVE_WINDOW, Act.CLOSE_NOW}:
        async with services.acts.desk.sessions() as session:
            figures = await board_of(session, visitor.asker, row.id, now=services.clock())
        waiting = sum(
            figures.stages[stage].count for stage in (Stage.NOMINATED, Stage.APPLYING) if stage in figures.stages
        )
    return await render(
        request,
        "operations/watching/cohort_step.html",
        title=f"{step.title}: {row.name}",
        area=AREA,
        crumbs=[HOME, (row.name, f"{PATH}/{row.id}")],
        status=status,
        errors=form.problems,
        form=form,
        step=step,
        stands=_stands(row),
        window=_window(row),
        waiting=waiting,
        asks_window=step is WINDOW,
        asks_opening=step is WINDOW and row.phase is CohortPhase.SCHEDULED,
        which=WHICH if step is UNBLOCK else (),
        ways=WAYS,
        reasons=REASONS,
        path=f"{PATH}/{row.id}",
        early=f"/operations/nominations?cohort={row.id}&stage=applying",
    )

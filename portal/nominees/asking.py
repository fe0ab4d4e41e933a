"""Asking operations for more time."""

from datetime import datetime, timedelta
from typing import Annotated, ClassVar

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from acts.errors import RefusedError
from acts.extensions import REASONS, ExtensionActs, latest
from models.enums import Role, Stage, SteerReason
from models.policy import LONDON
from portal.access import by
from portal.forms import Bound, Form, bind
from portal.nominees.more_time import wishes
from portal.nominees.own import AREA, Own, own
from portal.nominees.stages import STEER_REASONS
from portal.nominees.tasks import Option
from portal.pages import go_to, render
from portal.routing import area, done_once
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from portal.words import day, moment, restyled
from rules.calendar import END_OF_DAY
from rules.permissions import Act
from rules.stages import WITH_DEADLINE
from storage.nominee_pages import own_events

routes = area()
Asker = Annotated[Visitor, by(Role.NOMINEE, Act.SUBMIT_APPLICATION)]
_REASONS = tuple(Option(reason.value, STEER_REASONS[reason]) for reason in REASONS)
_PARTS = ("until_day", "until_month", "until_year")


class MoreTimeForm(Form):
    """Why, and until which day."""

    reason: SteerReason
    until_day: str = ""
    until_month: str = ""
    until_year: str = ""
    sentences: ClassVar = {"reason": "Select why you need more time"}


@routes.get("/my-nomination/{nomination}/extension")
async def ask(request: Request, nomination: str, visitor: Asker, services: Surroundings) -> Response:
    """Asks why and until when, and says what has become of earlier requests."""
    mine = await own(services, visitor, nomination)
    if not _can_ask(mine):
        return go_to(mine.closed)
    return await _page(request, visitor, services, mine, Bound[MoreTimeForm]())


@routes.post("/my-nomination/{nomination}/extension")
async def take(request: Request, nomination: str, visitor: Asker, services: Surroundings) -> Response:
    """Keeps the request where operations see it."""
    mine = await own(services, visitor, nomination)
    bound = await bind(request, MoreTimeForm)
    until = _until(bound, _example(mine, services.clock()))
    if bound.value is None or until is None:
        return await _page(request, visitor, services, mine, bound, status=422)
    reason = bound.value.reason

    async def keep() -> str:
        await ExtensionActs(services.acts.desk).ask(mine.number, visitor.by, reason, until)
        return f"{mine.path}/extension/asked"

    try:
        return await done_once(request, keep)
    except RefusedError as error:
        bound.refuse("until", restyled(str(error)))
        return await _page(request, visitor, services, mine, bound, status=409)


@routes.get("/my-nomination/{nomination}/extension/asked")
async def asked(request: Request, nomination: str, visitor: Asker, services: Surroundings) -> HTMLResponse:
    """Confirms the request, and says what happens next."""
    mine = await own(services, visitor, nomination)
    due = mine.deadline(services.clock())
    return await render(
        request,
        "nominees/asked.html",
        title="You asked for more time",
        area=AREA,
        path=mine.path,
        due=moment(due.due) if due and not due.is_past else "",
        grace=due.grace if due else "",
        reference=mine.number,
        applying=mine.row.stage is Stage.APPLYING,
    )


def _can_ask(mine: Own) -> bool:
    return mine.row.stage in WITH_DEADLINE or (mine.row.stage is Stage.LAPSED and mine.row.outcome is None)


def _until(bound: Bound[MoreTimeForm], example: str) -> datetime | None:
    """The end in London of the day that was typed; without a real one the form says so, beside all else."""
    written = [bound.typed[part].strip() for part in _PARTS]
    if not any(written):
        bound.refuse("until", "Enter the day until which you need more time")
        return None
    try:
        of_day, month, year = (int(part) for part in written)
        return datetime(year, month, of_day, END_OF_DAY.hour, END_OF_DAY.minute, tzinfo=LONDON)
    except (ValueError, OverflowError):
        bound.refuse("until", f"Enter a real date, such as {example}" if example else "Enter a real date")
        return None


def _example(mine: Own, now: datetime) -> str:
    """A day that can be asked for, as one types it: the day after the deadline; empty where there is none."""
    due = mine.row.due_at if mine.row.stage in WITH_DEADLINE else None
    first = (max(due, now) if due else now).astimezone(LONDON) + timedelta(days=1)
    return f"{first.day} {first.month} {first.year}" if first <= latest(mine.policy) else ""


async def _page(
    request: Request,
    visitor: Visitor,
    services: Services,
    mine: Own,
    form: Bound[MoreTimeForm],
    *,
    status: int = 200,
) -> HTMLResponse:
    async with services.acts.desk.sessions() as session:
        events = await own_events(session, visitor.asker, mine.number)
    due = mine.deadline(services.clock())
    return await render(
        request,
        "nominees/extension.html",
        title="Ask for more time",
        area=AREA,
        crumbs=mine.crumbs,
        status=status,
        errors=form.problems,
        form=form,
        action=f"{mine.path}/extension",
        path=mine.path,
        reference=mine.number,
        due=moment(due.due) if due and not due.is_past else "",
        grace=due.grace if due else "",
        hint=_hint(mine, services.clock()),
        lapsed=mine.row.stage is Stage.LAPSED,
        earlier=wishes(events),
        reasons=_REASONS,
    )


def _hint(mine: Own, now: datetime) -> str:
    last = day(latest(mine.policy))
    example = _example(mine, now)
    if not example:
        return f"Assessments end on {last}, so there is no later day to ask for. Write to us instead."
    return f"For example, {example}. The latest day is {last}, when assessments end."

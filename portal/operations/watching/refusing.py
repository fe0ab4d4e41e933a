"""Saying no to a nominee who asked for more time: why, what happens then, and the page that says it is done."""

from typing import Annotated, ClassVar

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from acts.errors import RefusedError
from acts.extensions import ExtensionActs, refusals
from models.enums import ExtensionRefusal, Role
from models.ids import NominationId
from models.tables import Nomination
from portal.access import by
from portal.failures import RefusedHereError
from portal.forms import Bound, Form, bind
from portal.operations.events import reason_words
from portal.operations.watching.choices import AREA, Option
from portal.operations.watching.steps import REFUSE_TIME
from portal.operations.watching.story_view import wish_words
from portal.operations.watching.subjects import NOMINATIONS, Subject, a_nomination
from portal.pages import render
from portal.routing import area, done_once
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from portal.words import moment, restyled
from rules.permissions import Act
from rules.stages import WITH_DEADLINE
from storage.watching_pages import open_wish

routes = area()
Extending = Annotated[Visitor, by(Role.OPERATIONS, Act.EXTEND)]
_PATH = f"{NOMINATIONS}/{{nomination}}/{REFUSE_TIME.word}"


class RefusalForm(Form):
    """Why the time is not given."""

    reason: ExtensionRefusal
    sentences: ClassVar = {"reason": "Choose why the time is not given: the letter says it"}


@routes.get(_PATH)
async def ask(request: Request, nomination: str, visitor: Extending, services: Surroundings) -> HTMLResponse:
    """Shows what was asked, and asks why it is refused."""
    subject = await a_nomination(services, visitor, nomination)
    return await _page(request, services, subject, Bound[RefusalForm]())


@routes.post(_PATH)
async def refuse(request: Request, nomination: str, visitor: Extending, services: Surroundings) -> Response:
    """Says no, with a letter."""
    subject = await a_nomination(services, visitor, nomination)
    form = await bind(request, RefusalForm)
    if form.value is None:
        return await _page(request, services, subject, form, status=422)
    reason = form.value.reason

    async def act() -> str:
        await ExtensionActs(services.acts.desk).refuse(NominationId(nomination), visitor.by, reason)
        return f"{subject.path}/done/{REFUSE_TIME.word}"

    try:
        return await done_once(request, act)
    except RefusedError as error:
        form.refuse("", restyled(str(error)))
        return await _page(request, services, subject, form, status=422)


async def _page(
    request: Request, services: Services, subject: Subject, form: Bound[RefusalForm], *, status: int = 200
) -> HTMLResponse:
    row = subject.nomination
    async with services.acts.desk.sessions() as session:
        wish = await open_wish(session, row)
    back = f"{NOMINATIONS}/{row.id}"
    if wish is None or row.paused:
        raise RefusedHereError(_why_not(row), href=back, link=f"Back to {row.id}")
    return await render(
        request,
        "operations/watching/refuse_time.html",
        title=f"{REFUSE_TIME.title}: {row.id}",
        area=AREA,
        crumbs=subject.crumbs,
        errors=form.problems,
        status=status,
        form=form,
        step=REFUSE_TIME,
        stands=subject.stands,
        asked=wish_words(wish),
        due=moment(row.due_at) if row.due_at and row.stage in WITH_DEADLINE else "",
        reasons=[Option(one.value, reason_words(one.value)) for one in refusals(row)],
        path=f"{back}/{REFUSE_TIME.word}",
        back=back,
    )


def _why_not(row: Nomination) -> str:
    if row.paused:
        return "The nomination is paused: resume it first, so that the letter can name a deadline."
    return "Nobody waits for an answer: the nominee has not asked for more time, or has been answered."

"""Letters: which failed and why, one as its reader gets it, sending again, and the templates."""

from typing import Annotated, ClassVar

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from acts.letters import LetterActs
from models.enums import MessageStatus, Role, SteerReason, Template
from notify.facts import FactsError
from notify.post import written
from notify.render import TemplateError
from portal.access import by
from portal.arrivals import said_here
from portal.failures import NotFoundError
from portal.forms import Bound, Form, bind
from portal.operations.keeping.asking import After, Key, Unblocking
from portal.operations.keeping.cohorts import AREA, HOME, Choice, cohorts_with, with_query
from portal.operations.keeping.letters import (
    LetterShown,
    count_shown,
    letter_shown,
    row_shown,
    status_words,
    template_shown,
    templates_shown,
)
from portal.pages import Notice, render
from portal.routing import area, done_once
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from portal.words import plain
from rules.permissions import Act
from storage.keeping_pages import letters_listed, message_visible_to, messages_by_status
from storage.lists import nomination_visible_to

routes = area()
_PATH = "/operations/messages"
_LETTER = f"{_PATH}/letter"
_AT_ONCE = 50
_FIRST = (
    MessageStatus.FAILED,
    MessageStatus.UNCERTAIN,
    MessageStatus.WAITING,
    MessageStatus.SENDING,
    MessageStatus.SENT,
)
"""In this order they need somebody."""
_REASONS = tuple(Choice(reason.value, plain(reason.value)) for reason in SteerReason)
_SAID = {"again": Notice("It will be sent again", "It leaves within a minute. Look again then.")}

Reading = Annotated[Visitor, by(Role.OPERATIONS, Act.READ_NOMINATION)]


class AgainForm(Form):
    """Why a letter is sent again."""

    reason: SteerReason
    sentences: ClassVar = {"reason": "Choose why it is sent again"}


@routes.get(_PATH)
async def show_messages(
    request: Request,
    visitor: Unblocking,
    services: Surroundings,
    *,
    cohort: str = "",
    status: str = "",
    nomination: After = "",
    after: After = "",
) -> HTMLResponse:
    """A cohort's letters that stand in one way; without a choice, the first that needs somebody.

    With a nomination, all letters about it.
    """
    async with services.acts.desk.sessions() as session:
        about = await nomination_visible_to(session, visitor.asker, nomination) if nomination else None
        cohorts = await cohorts_with(session, about.cohort_id if about else cohort)
        counts = await messages_by_status(session, visitor.asker, cohorts.chosen)
        chosen = _chosen(status, counts)
        found = await letters_listed(
            session,
            visitor.asker,
            cohort=cohorts.chosen,
            nomination=nomination,
            status=None if nomination else chosen,
            after=after,
            limit=_AT_ONCE + 1,
        )
    kept = {"cohort": cohorts.chosen, "status": chosen.value, "nomination": nomination}
    shown = found[:_AT_ONCE]
    following = with_query(_PATH, **kept, after=shown[-1][0].id) if len(found) > _AT_ONCE else ""
    return await render(
        request,
        "operations/keeping/messages.html",
        title="Messages",
        area=AREA,
        crumbs=[HOME],
        cohorts=cohorts,
        form=Bound[Form](typed={"cohort": cohorts.chosen}),
        counts=[
            count_shown(one, counts.get(one, 0), with_query(_PATH, cohort=cohorts.chosen, status=one.value))
            for one in _FIRST
        ],
        heading=_heading(nomination, chosen),
        nomination=nomination,
        about=f"/operations/nominations/{about.id}" if about else "",
        rows=[row_shown(message, name) for message, name in shown],
        first=with_query(_PATH, **kept) if after else "",
        following=following,
    )


@routes.get(f"{_PATH}/templates")
async def show_templates(request: Request, visitor: Reading) -> HTMLResponse:
    """Every letter there is, and what is wrong with its template."""
    return await render(
        request,
        "operations/keeping/templates.html",
        title="Message templates",
        area=AREA,
        crumbs=[HOME, ("Messages", _PATH)],
        templates=templates_shown(),
    )


@routes.get(f"{_PATH}/templates/{{template}}")
async def show_template(request: Request, template: str, visitor: Reading) -> HTMLResponse:
    """One letter as each of its readers would get it, with made-up facts."""
    if template not in set(Template):
        raise NotFoundError
    shown = template_shown(Template(template))
    return await render(
        request,
        "operations/keeping/template.html",
        title=shown.name,
        area=AREA,
        crumbs=[HOME, ("Messages", _PATH), ("Templates", f"{_PATH}/templates")],
        letter=shown,
    )


@routes.get(_LETTER)
async def show_message(
    request: Request, message: Key, visitor: Unblocking, services: Surroundings, *, said: str = ""
) -> HTMLResponse:
    """One letter as its reader gets it."""
    return await _message_page(request, visitor, services, message, Bound[AgainForm](), said=said)


@routes.post(_LETTER)
async def send_again(request: Request, message: Key, visitor: Unblocking, services: Surroundings) -> Response:
    """Lets a letter that failed, or is uncertain, be sent again."""
    form = await bind(request, AgainForm)
    if form.value is None:
        return await _message_page(request, visitor, services, message, form, status=422)
    reason = form.value.reason

    async def act() -> str:
        await LetterActs(services.acts.desk).resend(message, visitor.by, reason)
        return with_query(_LETTER, message=message, said="again")

    return await done_once(request, act)


async def _message_page(
    request: Request,
    visitor: Visitor,
    services: Services,
    message: str,
    form: Bound[AgainForm],
    *,
    said: str = "",
    status: int = 200,
) -> HTMLResponse:
    shown = await _letter(visitor, services, message)
    return await render(
        request,
        "operations/keeping/message.html",
        title="Message",
        area=AREA,
        status=status,
        errors=form.problems,
        notice=await said_here(request, _SAID.get(said)),
        crumbs=[HOME, ("Messages", _PATH)],
        letter=shown,
        form=form,
        reasons=_REASONS,
    )


async def _letter(visitor: Visitor, services: Services, message: str) -> LetterShown:
    """The letter, written as it would be now.

    Raises:
        NotFoundError: There is none of this id.
    """
    async with services.acts.desk.sessions() as session:
        found = await message_visible_to(session, visitor.asker, message)
        if found is None:
            raise NotFoundError
        owed, reader = found
        try:
            return letter_shown(owed, reader, await written(session, owed, services.sender))
        except (FactsError, TemplateError) as error:
            return letter_shown(owed, reader, None, str(error))


def _heading(nomination: str, status: MessageStatus) -> str:
    """What the list holds, and in which order."""
    if nomination:
        return f"Messages about {nomination}, the newest first"
    order = "newest" if status is MessageStatus.SENT else "longest waiting"
    return f"{status_words(status)} messages, the {order} first"


def _chosen(status: str, counts: dict[MessageStatus, int]) -> MessageStatus:
    if status in set(MessageStatus):
        return MessageStatus(status)
    return next((one for one in _FIRST if counts.get(one)), MessageStatus.SENT)

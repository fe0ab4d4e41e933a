"""Messages to this person about their organisation's nominations, and each as it was written."""

from fastapi import Request
from starlette.responses import HTMLResponse

from models.tables import OutboxMessage
from notify.facts import FactsError
from notify.post import written
from notify.render import TemplateError
from portal.failures import NotFoundError
from portal.nominators.entry import AREA, HOME, Following, storable
from portal.nominators.presenters import letter_id, letter_line_of, path_of, slug_of
from portal.pages import render
from portal.routing import area
from portal.services import Services, Surroundings
from storage.nominator_pages import letter_to, letters_to

routes = area()
_CANNOT = "This message cannot be shown here."


@routes.get("/organisation/messages")
async def messages(
    request: Request, visitor: Following, services: Surroundings, after: str = "", before: str = ""
) -> HTMLResponse:
    """The messages, newest first, 50 a page."""
    async with services.acts.desk.sessions() as session:
        found, sheet = await letters_to(session, visitor.asker, after=_key(after), before=_key(before))
    pages = {"previous": "", "next": ""}
    if found and sheet.earlier:
        pages["previous"] = f"/organisation/messages?before={slug_of(found[0][0].id)}"
    if found and sheet.further:
        pages["next"] = f"/organisation/messages?after={slug_of(found[-1][0].id)}"
    return await render(
        request,
        "nominators/messages.html",
        title="Messages",
        area=AREA,
        crumbs=[HOME],
        organisation=visitor.place_words,
        lines=[letter_line_of(letter, nominee) for letter, nominee in found],
        pages=pages,
    )


@routes.get("/organisation/messages/{message}")
async def message(request: Request, visitor: Following, services: Surroundings, message: str) -> HTMLResponse:
    """One message as it was written, with names as they are now."""
    async with services.acts.desk.sessions() as session:
        found = await letter_to(session, visitor.asker, letter_id(storable(message)))
    if found is None:
        raise NotFoundError
    letter, nominee = found
    subject, body = await _written(services, letter)
    line = letter_line_of(letter, nominee)
    return await render(
        request,
        "nominators/message.html",
        title=line.what,
        area=AREA,
        crumbs=[HOME, ("Messages", "/organisation/messages")],
        line=line,
        subject=subject,
        body=body,
        nomination_href=path_of(line.number),
    )


async def _written(services: Services, letter: OutboxMessage) -> tuple[str, str]:
    """Subject and body; a message that cannot be written any more says so."""
    try:
        async with services.acts.desk.sessions() as session:
            mail = await written(session, letter, services.sender)
    except (FactsError, TemplateError):
        return _CANNOT, "Ask the contact below what it said."
    body = mail.get_body(("plain",))
    return str(mail["Subject"]), str(body.get_content()).strip() if body else ""


def _key(slug: str) -> str:
    """A letter's id from an address; whatever cannot be one is nobody's."""
    return letter_id(slug) if len(slug) <= 120 and slug.isprintable() else ""

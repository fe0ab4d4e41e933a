"""What was said about the person when they were nominated; name and post are theirs to put right."""

from typing import Annotated, ClassVar

from fastapi import Request
from pydantic import AfterValidator, StringConstraints
from starlette.responses import HTMLResponse, Response

from acts.details import CORRECTED, DetailsActs
from acts.errors import RefusedError
from intake.cells import one_line, person_name
from models.enums import NominationRoute, Role
from models.tables import Person
from portal.access import by
from portal.forms import Bound, Form, bind
from portal.nominees.own import AREA, Own, own
from portal.pages import go_to, render
from portal.routing import area
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from portal.words import day, moment, plain
from rules.permissions import Act
from rules.stages import WITH_DEADLINE
from storage.nominee_pages import own_endorsements, own_events, own_person

routes = area()
Applicant = Annotated[Visitor, by(Role.NOMINEE, Act.SAVE_DRAFT)]
_LONGEST_POST = 120


class DetailsForm(Form):
    """The name and the post, by the rules of a file of nominations."""

    full_name: Annotated[str, StringConstraints(min_length=1), AfterValidator(person_name)]
    post: Annotated[str, AfterValidator(lambda text: one_line(_LONGEST_POST)(text) if text else text)] = ""
    sentences: ClassVar = {"full_name": "Enter your full name"}


@routes.get("/my-nomination/{nomination}/application/details")
async def details(request: Request, nomination: str, visitor: Applicant, services: Surroundings) -> HTMLResponse:
    """What was said about the person; what they may change themselves has a link."""
    mine = await own(services, visitor, nomination)
    async with services.acts.desk.sessions() as session:
        person, _ = await own_person(session, visitor.asker)
        changes = [one for one in await own_events(session, visitor.asker, mine.number) if one.what == CORRECTED]
        endorsed = [one for one in await own_endorsements(session, visitor.asker) if one.nomination == mine.number]
    return await render(
        request,
        "nominees/details.html",
        title="Your details",
        area=AREA,
        crumbs=mine.application_crumbs if _is_open(mine) else mine.crumbs,
        changed=moment(changes[-1].at) if changes else "",
        path=mine.path,
        rows=_rows(mine, person, [one.organisation for one in endorsed]),
        open=_is_open(mine),
    )


@routes.get("/my-nomination/{nomination}/application/details/change")
async def ask(request: Request, nomination: str, visitor: Applicant, services: Surroundings) -> Response:
    """Asks for the name and the post."""
    mine = await own(services, visitor, nomination)
    if not _is_open(mine):
        return go_to(f"{mine.path}/application/details")
    person = await _person(services, visitor)
    return await _page(
        request, mine, person, Bound[DetailsForm]({"full_name": person.full_name, "post": person.post})
    )


@routes.post("/my-nomination/{nomination}/application/details/change")
async def take(request: Request, nomination: str, visitor: Applicant, services: Surroundings) -> Response:
    """Keeps what they say. Saving twice changes nothing, so the form has no key that makes it once."""
    mine = await own(services, visitor, nomination)
    bound = await bind(request, DetailsForm)
    if bound.value is None:
        return await _page(request, mine, await _person(services, visitor), bound, status=422)
    said = bound.value
    try:
        await DetailsActs(services.acts.desk).correct(mine.number, visitor.by, said.full_name, said.post)
    except RefusedError as error:
        bound.refuse("", str(error))
        return await _page(request, mine, await _person(services, visitor), bound, status=409)
    return go_to(f"{mine.path}/application/details")


def _is_open(mine: Own) -> bool:
    return mine.row.stage in WITH_DEADLINE


async def _person(services: Services, visitor: Visitor) -> Person:
    async with services.acts.desk.sessions() as session:
        person, _ = await own_person(session, visitor.asker)
    return person


async def _page(
    request: Request, mine: Own, person: Person, form: Bound[DetailsForm], *, status: int = 200
) -> HTMLResponse:
    return await render(
        request,
        "nominees/details_change.html",
        title="Change your name or post",
        area=AREA,
        crumbs=(*mine.application_crumbs, ("Your details", f"{mine.path}/application/details")),
        status=status,
        errors=form.problems,
        form=form,
        action=f"{mine.path}/application/details/change",
        path=mine.path,
        email=person.email,
    )


def _rows(mine: Own, person: Person, endorsed_by: list[str]) -> list[dict[str, str]]:
    by_self = mine.row.route is NominationRoute.SELF
    change = f"{mine.path}/application/details/change" if _is_open(mine) else ""
    return [
        {"label": "Name", "value": person.full_name, "change_href": change, "change_words": "your name"},
        {"label": "Post", "value": person.post, "change_href": change, "change_words": "your post"},
        {"label": "Email address", "value": person.email},
        {"label": "Organisation", "value": mine.found.organisation},
        {"label": "Nominated by", "value": "Yourself" if by_self else mine.found.organisation},
        {"label": "Nominated on", "value": day(mine.row.created_at)},
        {"label": "Endorsed by", "value": ", ".join(endorsed_by) or "Nobody yet"},
        {"label": "Interests", "value": ", ".join(plain(one) for one in mine.row.interests)},
    ]

"""Signing in as a made-up person: for looking around on one person's machine, refused in production."""

from typing import ClassVar

from fastapi import Request
from sqlmodel import col, select
from starlette.responses import Response

from models.enums import Role
from models.ids import PersonId
from models.tables import Assessor, Nomination, Person, RoleGrant
from portal.access import ANYONE
from portal.failures import NotFoundError
from portal.forms import Bound, Form, bind
from portal.pages import render
from portal.routing import area
from portal.services import Services, Surroundings
from portal.sign_in.routes import signed_in
from portal.visitors import ROLE_WORDS

routes = area()
_OF_EACH = 6


class PersonaForm(Form):
    """Somebody to be."""

    person: str
    sentences: ClassVar = {"person": "Choose somebody"}


@routes.get("/sign-in/personas", dependencies=[ANYONE])
async def ask_persona(request: Request, services: Surroundings) -> Response:
    """Shows a few people of each role."""
    return await _page(request, services, Bound[PersonaForm]())


@routes.post("/sign-in/personas", dependencies=[ANYONE])
async def be_persona(request: Request, services: Surroundings) -> Response:
    """Signs in as one of them."""
    people = [option["value"] for _, options in await _people(services) for option in options]
    form = await bind(request, PersonaForm)
    if form.value is None or form.value.person not in people:
        form.refuse("person", PersonaForm.sentences["person"])
        return await _page(request, services, form, status=422)
    return await signed_in(request, PersonId(form.value.person), "persona", "/")


async def _page(request: Request, services: Services, form: Bound[PersonaForm], *, status: int = 200) -> Response:
    groups = await _people(services)
    return await render(
        request,
        "sign_in/personas.html",
        title="Sign in as a made-up person",
        status=status,
        errors=form.problems,
        form=form,
        groups=groups,
    )


async def _people(services: Services) -> list[tuple[str, list[dict[str, str]]]]:
    """By role in words, some people who hold it."""
    if not (services.personas and services.branding.development):
        raise NotFoundError
    groups = []
    async with services.acts.desk.sessions() as session:
        for role, words in ROLE_WORDS.items():
            query = select(Person.id, Person.full_name).order_by(col(Person.id)).limit(_OF_EACH)
            if role is Role.NOMINEE:
                query = query.where(col(Person.id).in_(select(Nomination.person_id)))
            elif role is Role.ASSESSOR:
                query = query.where(col(Person.id).in_(select(Assessor.person_id)))
            else:
                query = query.where(col(Person.id).in_(select(RoleGrant.person_id).where(RoleGrant.role == role)))
            rows = (await session.exec(query)).all()
            if rows:
                groups.append((words, [{"value": person, "text": name} for person, name in rows]))
    return groups

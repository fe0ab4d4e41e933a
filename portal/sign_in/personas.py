"""Signing in as a made-up person: for looking around on one person's machine, refused in production."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import Request
from pydantic import StringConstraints
from sqlalchemy import ColumnElement, or_
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from models.enums import Role
from models.ids import PersonId
from models.tables import Assessor, Nomination, Organisation, Person, RoleGrant
from portal.access import ANYONE
from portal.failures import NotFoundError
from portal.forms import Bound, Form, bind
from portal.pages import render
from portal.routing import area
from portal.services import Services, Surroundings, is_asked_here
from portal.sign_in.routes import signed_in
from portal.visitors import ROLE_WORDS
from portal.words import plain
from storage.lists import roles_of

routes = area()
_OF_EACH = 6
"""How many of each role are shown at first."""
_FOUND = 20
"""How many of each role are shown of those that were searched for."""


class PersonaForm(Form):
    """Somebody to be."""

    person: str
    sentences: ClassVar = {"person": "Choose somebody"}


class SearchForm(Form):
    """Part of a name, of a number or of an organisation's name."""

    words: Annotated[str, StringConstraints(min_length=2, max_length=120)]
    sentences: ClassVar = {"words": "Enter at least 2 letters of a name, a number or an organisation"}


@dataclass(frozen=True)
class Persona:
    """Somebody one can sign in as; ``about`` says what makes them worth choosing."""

    person: str
    name: str
    about: str


@routes.get("/sign-in/personas", dependencies=[ANYONE])
async def ask_persona(request: Request, services: Surroundings) -> Response:
    """Shows a few people of each role, and asks for others by name or number."""
    _only_where_allowed(request, services)
    return await _page(request, services, Bound[SearchForm]())


@routes.post("/sign-in/personas", dependencies=[ANYONE])
async def be_persona(request: Request, services: Surroundings) -> Response:
    """Signs in as anybody who holds a role."""
    _only_where_allowed(request, services)
    form = await bind(request, PersonaForm)
    if form.value is not None:
        async with services.acts.desk.sessions() as session:
            held = await roles_of(session, form.value.person)
        if held:
            return await signed_in(request, PersonId(form.value.person), "persona", "/")
    problem = Bound[SearchForm]()
    problem.refuse("", PersonaForm.sentences["person"])
    return await _page(request, services, problem, status=422)


@routes.post("/sign-in/personas/search", dependencies=[ANYONE])
async def find_personas(request: Request, services: Surroundings) -> Response:
    """Shows those whose name, number or organisation has these words in it."""
    _only_where_allowed(request, services)
    form = await bind(request, SearchForm)
    return await _page(request, services, form, status=422 if form.value is None else 200)


def _only_where_allowed(request: Request, services: Services) -> None:
    if not (services.personas and services.branding.development and is_asked_here(request)):
        raise NotFoundError


async def _page(request: Request, services: Services, form: Bound[SearchForm], *, status: int = 200) -> Response:
    words = form.value.words if form.value else ""
    most = _FOUND if words else _OF_EACH
    async with services.acts.desk.sessions() as session:
        groups = [(said, await _holders(session, role, words, most)) for role, said in ROLE_WORDS.items()]
    return await render(
        request,
        "sign_in/personas.html",
        title="Sign in as a made-up person",
        status=status,
        errors=form.problems,
        form=form,
        words=words,
        most=most,
        groups=[(said, people) for said, people in groups if people],
    )


async def _holders(session: AsyncSession, role: Role, words: str, most: int) -> list[Persona]:
    """Some people of a role, of those the words find."""
    if role is Role.NOMINEE:
        return await _nominees(session, words, most)
    if role is Role.ASSESSOR:
        return await _assessors(session, words, most)
    query = (
        select(Person.id, Person.full_name, Person.post, Organisation.name)
        .join(RoleGrant, col(RoleGrant.person_id) == col(Person.id))
        .outerjoin(Organisation, col(Organisation.code) == col(RoleGrant.organisation_code))
        .where(RoleGrant.role == role, _has(words, Person.full_name, Person.id, Organisation.name))
        .order_by(col(Person.id), col(RoleGrant.organisation_code))
        .limit(most)
    )
    return [_persona(person, name, post, place) for person, name, post, place in await session.exec(query)]


async def _nominees(session: AsyncSession, words: str, most: int) -> list[Persona]:
    # The first of every stage come before the second of any: few people show as much of the process as they can.
    turn = func.row_number().over(partition_by=col(Nomination.stage), order_by=col(Nomination.id))
    query = (
        select(Person, Nomination, Organisation.name)
        .join(Nomination, col(Nomination.person_id) == col(Person.id))
        .join(Organisation, col(Organisation.code) == col(Nomination.organisation_code))
        .where(_has(words, Person.full_name, Person.id, Nomination.id, Organisation.name))
        .order_by(turn, col(Nomination.id))
        .limit(most)
    )
    return [
        _persona(person.id, person.full_name, nomination.id, plain(nomination.stage.value), place)
        for person, nomination, place in await session.exec(query)
    ]


async def _assessors(session: AsyncSession, words: str, most: int) -> list[Persona]:
    query = (
        select(Person, Assessor.id, Organisation.name)
        .join(Assessor, col(Assessor.person_id) == col(Person.id))
        .join(Organisation, col(Organisation.code) == col(Assessor.organisation_code))
        .where(_has(words, Person.full_name, Person.id, Assessor.id, Organisation.name))
        .order_by(col(Assessor.id), col(Assessor.cohort_id))
        .limit(most)
    )
    return [
        _persona(person.id, person.full_name, number, person.post, place)
        for person, number, place in await session.exec(query)
    ]


def _has(words: str, *columns: object) -> ColumnElement[bool]:
    return or_(*(col(column).icontains(words, autoescape=True) for column in columns))


def _persona(person: str, name: str, *about: str | None) -> Persona:
    return Persona(person, name, ", ".join(part for part in about if part))

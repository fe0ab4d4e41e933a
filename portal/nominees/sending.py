"""Checking the answers, sending the application, and reading what was sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from acts.errors import RefusedError
from models.enums import Role, Stage
from portal.access import by
from portal.failures import NotFoundError
from portal.nominees.own import AREA, Own, own
from portal.nominees.standing_words import steps_ahead
from portal.nominees.tasks import answer_words, open_points, tasks_of
from portal.pages import Problem, go_to, render
from portal.routing import area, done_once
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from portal.words import moment, restyled
from rules.permissions import Act
from rules.stages import WITH_DEADLINE
from storage.nominee_pages import own_draft, own_versions

routes = area()
Sender = Annotated[Visitor, by(Role.NOMINEE, Act.SUBMIT_APPLICATION)]
Reader = Annotated[Visitor, by(Role.NOMINEE, Act.READ_APPLICATION)]


@dataclass(frozen=True)
class Answer:
    """A question with its answer; ``change`` is the page where it can be changed, ``missing`` what is wrong."""

    field: str
    label: str
    text: str
    change: str = ""
    missing: str = ""


@dataclass(frozen=True)
class Section:
    """The answers of one task."""

    title: str
    answers: tuple[Answer, ...]


@routes.get("/my-nomination/{nomination}/application/check")
async def check(request: Request, nomination: str, visitor: Sender, services: Surroundings) -> Response:
    """Every answer with a way to change it."""
    mine = await own(services, visitor, nomination)
    if mine.row.stage not in WITH_DEADLINE:
        return go_to(mine.closed)
    return await _check_page(request, services, mine, await _content(services, visitor, mine))


@routes.post("/my-nomination/{nomination}/application/check")
async def send(request: Request, nomination: str, visitor: Sender, services: Surroundings) -> Response:
    """Sends the application as it is saved; it is frozen as a version that never changes."""
    mine = await own(services, visitor, nomination)

    async def submit() -> str:
        await services.acts.nominations.submit_application(mine.number, visitor.by)
        return f"{mine.path}/application/received"

    content = await _content(services, visitor, mine)
    missing = open_points(content, mine.policy)
    if missing and mine.row.stage in WITH_DEADLINE:
        problems = [(point.sentence, field) for field, point in missing.items()]
        return await _check_page(request, services, mine, content, problems, status=422)
    try:
        return await done_once(request, submit)
    except RefusedError as error:
        return await _refused(request, mine, restyled(str(error)))


@routes.get("/my-nomination/{nomination}/application/received")
async def received(request: Request, nomination: str, visitor: Sender, services: Surroundings) -> Response:
    """Confirms that the application was sent, and says what happens next and when."""
    mine = await own(services, visitor, nomination)
    async with services.acts.desk.sessions() as session:
        versions = await own_versions(session, visitor.asker, nomination)
    if not versions:
        return go_to(mine.path)
    return await render(
        request,
        "nominees/received.html",
        title="Application sent",
        area=AREA,
        path=mine.path,
        reference=mine.number,
        sent=moment(versions[0].submitted_at),
        steps=steps_ahead(mine, services.clock()),
    )


@routes.get("/my-nomination/{nomination}/application/sent")
async def sent(request: Request, nomination: str, visitor: Reader, services: Surroundings) -> HTMLResponse:
    """The application as it was sent, to read or print."""
    mine = await own(services, visitor, nomination)
    async with services.acts.desk.sessions() as session:
        versions = await own_versions(session, visitor.asker, nomination)
    if not versions:
        raise NotFoundError
    newest = versions[0]
    return await render(
        request,
        "nominees/written.html",
        title="The application you sent",
        area=AREA,
        crumbs=mine.crumbs,
        lede=f"You sent it at {moment(newest.submitted_at)}. It is kept as it was and cannot be changed.",
        reference=mine.number,
        path=mine.path,
        fingerprint=newest.sha256,
        sections=sections_of(mine, newest.content),
    )


@routes.get("/my-nomination/{nomination}/application/kept")
async def kept(request: Request, nomination: str, visitor: Reader, services: Surroundings) -> HTMLResponse:
    """What was written and never sent."""
    mine = await own(services, visitor, nomination)
    content = await _content(services, visitor, mine)
    return await render(
        request,
        "nominees/written.html",
        title="What you had written",
        area=AREA,
        crumbs=mine.crumbs,
        lede="You did not send this, and nobody has read it.",
        reference=mine.number,
        path=mine.path,
        fingerprint="",
        sections=sections_of(mine, content),
    )


def sections_of(mine: Own, content: Mapping[str, str], *, changeable: bool = False) -> tuple[Section, ...]:
    """The answers in the order of the form; with what is missing and where to change it, if they can change."""
    missing = open_points(content, mine.policy) if changeable else {}
    return tuple(
        Section(
            task.title,
            tuple(
                Answer(
                    field=field.name,
                    label=field.label,
                    text=answer_words(field, content.get(field.name, "")),
                    change=f"{mine.path}/application/task/{task.slug}" if changeable else "",
                    missing=missing[field.name].sentence if field.name in missing else "",
                )
                for field in task.fields
            ),
        )
        for task in tasks_of(mine.policy)
    )


async def _content(services: Services, visitor: Visitor, mine: Own) -> dict[str, str]:
    async with services.acts.desk.sessions() as session:
        draft = await own_draft(session, visitor.asker, mine.number)
    return {name: one.content for name, one in draft.items()}


async def _check_page(
    request: Request,
    services: Services,
    mine: Own,
    content: Mapping[str, str],
    problems: list[Problem] | None = None,
    *,
    status: int = 200,
) -> HTMLResponse:
    due = mine.deadline(services.clock())
    return await render(
        request,
        "nominees/check.html",
        title="Check your answers",
        area=AREA,
        crumbs=mine.application_crumbs,
        status=status,
        errors=problems or [],
        action=f"{mine.path}/application/check",
        path=mine.path,
        agreed=mine.row.stage is Stage.APPLYING,
        due=due.ask("Send your application") if due else "",
        sections=sections_of(mine, content, changeable=True),
        missing=len(open_points(content, mine.policy)),
    )


async def _refused(request: Request, mine: Own, sentence: str) -> HTMLResponse:
    return await render(
        request,
        "nominees/not_sent.html",
        title="Your application was not sent",
        area=AREA,
        crumbs=mine.crumbs,
        status=409,
        sentence=sentence,
        path=mine.path,
    )

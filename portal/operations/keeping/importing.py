"""Bringing files in: first a preview of each row, with nothing written; then, once confirmed, the import."""

import asyncio
from collections.abc import Iterator
from functools import partial
from typing import Annotated, ClassVar, Literal, TypeVar

import structlog
from fastapi import Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.datastructures import UploadFile
from starlette.responses import HTMLResponse, Response

from acts.desk import cohort_row, require
from acts.importing import (
    OF_A_COHORT,
    Brought,
    Kind,
    bring_in,
    criteria_of,
    in_one_transaction,
    nominate_rows,
    of_rows,
    planned,
    weighed,
)
from intake.columns import ASSESSORS, NOMINATIONS, OFFICERS, ORGANISATIONS, applications
from intake.nominations import plan_nominations
from intake.problems import BadFile
from intake.rows import NominationRow
from models.enums import Role
from models.tables import Cohort
from portal.access import by
from portal.aside import Work
from portal.failures import ChangedError, NotFoundError
from portal.forms import Bound, Form, bind
from portal.operations.keeping.asking import Keeping, Named
from portal.operations.keeping.cohorts import AREA, HOME, Choice, cohorts_with
from portal.operations.keeping.kept_files import KeptFile, Progress, files_of, new_key
from portal.operations.keeping.previews import ProblemsShown, done_shown, preview_shown, problems_shown
from portal.pages import render
from portal.routing import area, done_once
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from rules.permissions import Act, Subject

routes = area()
Nominating = Annotated[Visitor, by(Role.OPERATIONS, Act.IMPORT_NOMINATIONS)]
_log = structlog.get_logger(__name__)
T = TypeVar("T")
_PATH = "/operations/import"
_LARGE = 50_000
"""Bytes from which a file takes so long that nobody else must wait for it."""
_PATIENCE_SECONDS = 5.0
"""How long an import that goes on by itself is waited for, before the page says how far it is."""
_KINDS = (
    Choice("organisations", "Organisations", "The region’s trusts and CCGs, for every cohort"),
    Choice("officers", "People who hold roles", "Nominators, moderators, the board, operations; for every cohort"),
    Choice("assessors", "Assessors", "A cohort’s register, with availability and declared conflicts"),
    Choice("nominations", "Nominations", "Each begins at once, and its nominee is invited"),
    Choice("applications", "Applications", "What nominees wrote, as drafts; each nominee submits their own"),
)


class ImportForm(Form):
    """What a file holds, and for which cohort."""

    kind: Literal["organisations", "officers", "assessors", "nominations", "applications"]
    cohort: str = ""
    sentences: ClassVar = {"kind": "Choose what the file holds"}


@routes.get(_PATH)
async def ask_file(request: Request, visitor: Keeping, services: Surroundings) -> HTMLResponse:
    """Asks for a file."""
    return await _ask_page(request, services, Bound[ImportForm]())


@routes.post(_PATH)
async def preview(request: Request, visitor: Keeping, services: Surroundings) -> Response:
    """Weighs every row of a file; nothing is written, and the file is kept for a while."""
    form = await bind(request, ImportForm)
    content = await _content(request)
    if content is None:
        form.refuse("file", "Choose a CSV file")
    said = form.value
    if said is None or content is None:
        return await _ask_page(request, services, form, status=422)

    async def act() -> str:
        file = await _weighed(services, visitor, said, content)
        files_of(request).keep(file)
        return f"{_PATH}/{file.key}"

    try:
        return await done_once(request, act)
    except BadFile as bad:
        form.refuse("file", f"{bad.counted}: nothing of the file can be imported")
        return await _ask_page(request, services, form, problems_shown(bad), status=422)


@routes.get(f"{_PATH}/{{key}}")
async def show_preview(
    request: Request, key: Named, visitor: Keeping, services: Surroundings, *, after: int = 0
) -> HTMLResponse:
    """What each row of the file would come to."""
    file = _kept(request, visitor, services, key)
    async with services.acts.desk.sessions() as session:
        cohort = await session.get(Cohort, file.cohort) if file.cohort else None
    return await render(
        request,
        "operations/keeping/preview.html",
        title="Preview of an import",
        area=AREA,
        crumbs=[HOME, ("Import", _PATH)],
        preview=preview_shown(file, after),
        cohort=cohort.name if cohort else "",
    )


@routes.post(f"{_PATH}/{{key}}")
async def confirm(request: Request, key: Named, visitor: Keeping, services: Surroundings) -> Response:
    """Imports what was previewed: just that, or nothing if something has changed since."""
    file = files_of(request).find(key, visitor.person, services.clock())
    if file is None:
        raise ChangedError(
            "The file is kept for half an hour, and only until the service is started again.",
            href=_PATH,
            link="Choose the file again",
        )

    async def act() -> str:
        if file.progress is None:
            await _imported(services, visitor, file)
        return f"{_PATH}/{key}/done"

    return await done_once(request, act)


@routes.get(f"{_PATH}/{{key}}/done")
async def show_done(request: Request, key: Named, visitor: Keeping, services: Surroundings) -> HTMLResponse:
    """What an import did, or how far it is."""
    file = _kept(request, visitor, services, key)
    if file.progress is None:
        raise NotFoundError
    return await render(
        request,
        "operations/keeping/imported.html",
        title="Import",
        area=AREA,
        crumbs=[HOME, ("Import", _PATH)],
        done=done_shown(file, file.progress),
    )


async def _content(request: Request) -> bytes | None:
    """What the file holds; None where none was chosen."""
    sent = (await request.form()).get("file")
    if not isinstance(sent, UploadFile):
        return None
    try:
        return await sent.read() if sent.filename else None
    finally:
        await sent.close()


def _kept(request: Request, visitor: Visitor, services: Services, key: str) -> KeptFile:
    file = files_of(request).find(key, visitor.person, services.clock())
    if file is None:
        raise NotFoundError
    return file


async def _weighed(services: Services, visitor: Visitor, said: ImportForm, content: bytes) -> KeptFile:
    """The file, read and weighed against what is there, in a transaction that is taken back.

    Raises:
        BadFile: With every problem.
    """
    sessions = services.acts.desk.sessions
    file = KeptFile(new_key(), visitor.person, said.kind, "", services.clock(), ())
    if said.kind == "nominations" or Kind(said.kind) in OF_A_COHORT:
        async with sessions() as session:
            file.cohort = (await cohort_row(session, said.cohort)).id
    if said.kind == "nominations":
        plan = partial(planned, content=content, cohort=file.cohort, by=visitor.by)
        file.rows, file.to_make = await _worked_out(services, plan, content)
        return file
    kind = Kind(said.kind)
    weigh = partial(weighed, kind=kind, content=content, cohort=file.cohort, at=services.clock(), by=visitor.by)
    rows, file.weighed = await _worked_out(services, weigh, content)
    file.rows, file.read = tuple(rows), of_rows(kind, rows)
    return file


async def _worked_out(services: Services, work: Work[T], content: bytes) -> T:
    """What a file comes to; a large one is weighed beside the portal, so that pages go on being served."""
    sessions = services.acts.desk.sessions
    return await (work(sessions) if len(content) < _LARGE else services.aside.worked_out(sessions, work))


async def _bring(services: Services, visitor: Visitor, file: KeptFile, *, keep: bool) -> Brought:
    """Brings a file in, in one transaction that is kept or taken back.

    Raises:
        ChangedError: It is to be kept, and would not come to what the preview said.
    """
    rows = file.read
    if rows is None:
        raise LookupError("nominations are made one by one")

    async def work(session: AsyncSession) -> Brought:
        await require(session, visitor.by, Act.IMPORT_REGISTER, Subject())
        brought = await bring_in(session, rows, services.clock(), visitor.by, cohort=file.cohort, weigh_only=not keep)
        if keep and brought != file.weighed:
            raise _changed()
        return brought

    return await in_one_transaction(services.acts.desk.sessions, work, keep=keep)


async def _imported(services: Services, visitor: Visitor, file: KeptFile) -> None:
    """Does the import; nominations go on by themselves when they take long."""
    if file.read is not None:
        try:
            brought = await _bring(services, visitor, file, keep=True)
        except BadFile:
            raise _changed() from None
        counts = brought.counts
        changed = counts.new + counts.changed + brought.conflicts.new + brought.conflicts.changed
        file.progress = Progress(changed, changed, ended=True)
        return
    rows = await _still_to_make(services, visitor, file)
    progress = file.progress = Progress(len(rows))
    progress.task = asyncio.create_task(_nominate(services, file.cohort, rows, progress))
    await asyncio.wait([progress.task], timeout=_PATIENCE_SECONDS)


async def _still_to_make(services: Services, visitor: Visitor, file: KeptFile) -> tuple[NominationRow, ...]:
    async with services.acts.desk.sessions() as session:
        await require(session, visitor.by, Act.IMPORT_NOMINATIONS, Subject())
        cohort = await cohort_row(session, file.cohort)
        wanted = [row for row in file.rows if isinstance(row, NominationRow)]
        try:
            plan = await plan_nominations(session, cohort, wanted)
        except BadFile:
            raise _changed() from None
    if plan.to_make != file.to_make:
        raise _changed()
    return plan.to_make


async def _nominate(services: Services, cohort: str, rows: tuple[NominationRow, ...], progress: Progress) -> None:
    """Makes the nominations one by one; however it ends, the page says how far it came."""

    def counted() -> Iterator[NominationRow]:
        for row in rows:
            yield row
            progress.tried += 1

    try:
        await nominate_rows(services.acts, cohort, counted(), progress.refused)
    except Exception as error:
        progress.broken = True
        _log.warning("import broken off", error=type(error).__name__, tried=progress.tried)
    except asyncio.CancelledError:
        progress.broken = True
        raise
    finally:
        progress.ended = True


def _changed() -> ChangedError:
    return ChangedError(
        "Since the preview something has changed, and the file would come to something else. Nothing was imported.",
        href=_PATH,
        link="Choose the file again, and look at its preview",
    )


async def _ask_page(
    request: Request,
    services: Services,
    form: Bound[ImportForm],
    problems: ProblemsShown | None = None,
    *,
    status: int = 200,
) -> HTMLResponse:
    async with services.acts.desk.sessions() as session:
        cohorts = await cohorts_with(session, None)
        criteria = await criteria_of(session, cohorts.chosen) if cohorts.chosen else []
    if not form.typed["cohort"]:
        form.typed["cohort"] = cohorts.chosen
    columns = {
        "Organisations": ORGANISATIONS,
        "People who hold roles": OFFICERS,
        "Assessors": ASSESSORS,
        "Nominations": NOMINATIONS,
        "Applications": applications(criteria),
    }
    return await render(
        request,
        "operations/keeping/import.html",
        title="Import",
        area=AREA,
        status=status,
        errors=form.problems,
        crumbs=[HOME],
        form=form,
        kinds=_KINDS,
        cohorts=cohorts.every,
        problems=problems,
        columns=[
            (
                title,
                [name for name, one in known.items() if not one.optional],
                [n for n, o in known.items() if o.optional],
            )
            for title, known in columns.items()
        ],
    )

"""Taking tables out of a cohort, as CSV or XLSX; each export is an event of the audit trail."""

from typing import ClassVar, Literal

from fastapi import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from acts.desk import cohort_row
from portal.exports import MEDIA_TYPES, Format, pieces, table_file
from portal.forms import Bound, Form, bind
from portal.operations.keeping.asking import Auditing
from portal.operations.keeping.cohorts import AREA, HOME, Choice, cohorts_with
from portal.pages import render
from portal.routing import area
from portal.services import Services, Surroundings
from storage import audit
from storage.exported_rows import EXPORTS, exported

routes = area()
_PATH = "/operations/export"
_HINTS = {
    "nominations": "One row for each, with the nominee’s name and address",
    "assessments": "One row for each, without scores",
    "decisions": "Those that are released",
    "messages": "One row for each letter, with its reader’s name and address",
    "audit": "What was done to the cohort, its nominations and its assessments",
}
_FORMATS = (
    Choice(Format.XLSX.value, "Excel workbook (XLSX)"),
    Choice(Format.CSV.value, "CSV, in UTF-8"),
)


class ExportForm(Form):
    """What to take out of which cohort, as which kind of file."""

    cohort: str
    what: Literal["nominations", "assessments", "decisions", "messages", "audit"]
    format: Format
    sentences: ClassVar = {
        "cohort": "Choose a cohort",
        "what": "Choose what to export",
        "format": "Choose the kind of file",
    }


@routes.get(_PATH)
async def ask_export(
    request: Request, visitor: Auditing, services: Surroundings, *, cohort: str = ""
) -> HTMLResponse:
    """Asks what to export, and says what each column holds."""
    return await _page(request, services, Bound[ExportForm](typed={"cohort": cohort, "format": Format.XLSX.value}))


@routes.post(_PATH)
async def export(request: Request, visitor: Auditing, services: Surroundings) -> Response:
    """Sends the file; whole or not at all, since it is made before anything is sent."""
    form = await bind(request, ExportForm)
    if form.value is None:
        return await _page(request, services, form, status=422)
    what, kind, cohort = form.value.what, form.value.format, form.value.cohort
    table = EXPORTS[what]
    async with services.acts.desk.transaction() as session:
        await cohort_row(session, cohort)
        await audit.append(
            session,
            at=services.clock(),
            actor=visitor.person,
            role=visitor.chosen.role,
            what="exported",
            subject=cohort,
            after={"table": what, "format": kind.value},
        )
    async with services.acts.desk.sessions() as session:
        rows = exported(session, table, visitor.asker, cohort)
        file = await table_file(kind, table.title, [column.name for column in table.columns], rows)
    name = f"{what}-{cohort}-{services.clock():%Y-%m-%d}.{kind.value}"
    return StreamingResponse(
        pieces(file),
        media_type=MEDIA_TYPES[kind],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def _page(request: Request, services: Services, form: Bound[ExportForm], *, status: int = 200) -> HTMLResponse:
    async with services.acts.desk.sessions() as session:
        cohorts = await cohorts_with(session, None if status == 422 else form.typed["cohort"])
    if not form.typed["cohort"]:
        form.typed["cohort"] = cohorts.chosen
    return await render(
        request,
        "operations/keeping/export.html",
        title="Export",
        area=AREA,
        status=status,
        errors=form.problems,
        crumbs=[HOME],
        form=form,
        cohorts=cohorts.every,
        tables=[Choice(word, table.title, _HINTS[word]) for word, table in EXPORTS.items()],
        formats=_FORMATS,
        columns=[(table.title, table.columns) for table in EXPORTS.values()],
    )

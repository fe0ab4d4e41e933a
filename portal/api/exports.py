"""Operations that give everything at once, for spreadsheets and warehouses."""

import csv
import io
from collections.abc import AsyncIterator, Callable
from typing import Annotated

from fastapi import Query
from starlette.responses import StreamingResponse

from models.programs import Scope
from portal.api.access import Program, token
from portal.api.knowing import InStage, narrowed_for
from portal.api.operations import operations, problems
from portal.api.said import CohortCode
from portal.api.shown import NominationShown, nomination_of
from portal.exports import safe
from portal.services import Surroundings
from storage.programs import Narrowed, own_nominations

routes = operations("Exports")
Exporting = Annotated[Program, token(Scope.EXPORTS_READ)]
InCohort = Annotated[CohortCode | None, Query(description="Only this cohort's.")]
NDJSON, CSV = "application/x-ndjson", "text/csv"
_AT_ONCE = 200


def _answers(media: str) -> dict[int | str, dict[str, object]]:
    content = {media: {"schema": {"type": "string"}}}
    return {**problems(), 200: {"description": "Every nomination, one a line.", "content": content}}


@routes.get(
    "/exports/nominations.ndjson",
    response_class=StreamingResponse,
    responses=_answers(NDJSON),
    summary="Export nominations as NDJSON",
)
async def as_lines(
    services: Surroundings, program: Exporting, cohort: InCohort = None, stage: InStage = None
) -> StreamingResponse:
    """Your organisation's nominations, each as a line of JSON."""
    narrowed = narrowed_for(program, Narrowed(cohort=cohort, stage=stage))
    lines = _written(services, program, narrowed, _json_line, "")
    return StreamingResponse(lines, media_type=NDJSON)


@routes.get(
    "/exports/nominations.csv",
    response_class=StreamingResponse,
    responses=_answers(CSV),
    summary="Export nominations as CSV",
)
async def as_table(
    services: Surroundings, program: Exporting, cohort: InCohort = None, stage: InStage = None
) -> StreamingResponse:
    """Your organisation's nominations as a table; no cell begins as a formula would."""
    head = _csv_line(list(NominationShown.model_fields))
    narrowed = narrowed_for(program, Narrowed(cohort=cohort, stage=stage))
    lines = _written(services, program, narrowed, _csv_row, head)
    headers = {"Content-Disposition": 'attachment; filename="nominations.csv"'}
    return StreamingResponse(lines, media_type=f"{CSV}; charset=utf-8", headers=headers)


async def _written(
    services: Surroundings, program: Program, narrowed: Narrowed, write: Callable[[NominationShown], str], head: str
) -> AsyncIterator[str]:
    """The lines, read a portion at a time, so that the number of nominations does not matter."""
    if head:
        yield head
    after = ""
    while True:
        async with services.acts.desk.sessions() as session:
            rows = await own_nominations(session, program.asker, narrowed, after=after, limit=_AT_ONCE)
        yield "".join(write(nomination_of(own)) for own in rows)
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1].nomination.id


def _json_line(shown: NominationShown) -> str:
    return shown.model_dump_json() + "\n"


def _csv_row(shown: NominationShown) -> str:
    return _csv_line([_cell(value) for value in shown.model_dump(mode="json").values()])


def _cell(value: object) -> str:
    if value is None:
        return ""
    return safe(";".join(value) if isinstance(value, list | tuple) else str(value))


def _csv_line(cells: list[str]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue()

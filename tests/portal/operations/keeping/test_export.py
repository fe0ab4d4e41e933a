"""Tables as files: nothing in them is a formula, and nothing is in them that whoever asks may not know."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime

import pytest
from openpyxl import load_workbook
from sqlmodel import col, select

from models.enums import Stage
from models.tables import AuditEvent
from portal import exports
from portal.exports import Cell, Format, table_file
from portal.visitors import Role
from storage.exported_rows import EXPORTS, exported
from storage.lists import Asker
from tests.portal.conftest import A_Visit
from tests.portal.visiting import Visit
from tests.workflows.rig import CohortRig

PLANTED = ("=1+1", "+44 1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1", '=HYPERLINK("http://x","y")')
AT = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


async def portions(*rows: Sequence[Cell]) -> AsyncIterator[list[Sequence[Cell]]]:
    for row in rows:
        yield [row]


def cells_of(book: bytes) -> list[list[object]]:
    sheet = load_workbook(io.BytesIO(book)).active
    assert sheet is not None
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n", "d", "b"}
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def lines_of(text: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.decode("utf-8-sig"), newline="")))


async def taken(visit: Visit, cohort: CohortRig, what: str, form: Format) -> bytes:
    """The file that the page sends."""
    answer = await visit.client.post(
        "/operations/export",
        data={"cohort": cohort.id, "what": what, "format": form.value},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert answer.status_code == 200, answer.text
    assert f'filename="{what}-{cohort.id}-' in answer.headers["content-disposition"]
    return bytes(answer.content)


@pytest.mark.parametrize("planted", PLANTED)
async def test_cell_that_looks_like_a_formula_is_text(planted: str) -> None:
    head = ("a", "b")

    with await table_file(Format.CSV, "T", head, portions((planted, 1))) as file:
        lines = lines_of(file.read())
    with await table_file(Format.XLSX, "T", head, portions((planted, 1))) as file:
        cells = cells_of(file.read())

    assert lines[1] == [f"'{planted}", "1"]
    assert str(cells[1][0]).replace("_x000D_", "\r") == planted


async def test_numbers_days_and_times_stay_what_they_are() -> None:
    row: Sequence[Cell] = (-3, 2.5, True, date(2026, 7, 1), AT, None, "Siân")
    head = tuple("abcdefg")

    with await table_file(Format.CSV, "T", head, portions(row)) as file:
        lines = lines_of(file.read())
    with await table_file(Format.XLSX, "T", head, portions(row)) as file:
        cells = cells_of(file.read())

    assert lines[1] == ["-3", "2.5", "yes", "2026-07-01", "2026-07-01 13:00:00+01:00", "", "Siân"]
    assert cells[1] == [-3, 2.5, True, datetime(2026, 7, 1), datetime(2026, 7, 1, 13), None, "Siân"]  # noqa: DTZ001


async def test_sheet_with_too_many_rows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MOST_ROWS", 2)

    with pytest.raises(exports.TooManyRowsError, match="export as CSV"):
        await table_file(Format.XLSX, "T", ("a",), portions((1,), (2,), (3,)))


async def test_planted_name_is_no_formula_in_any_export(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate(full_name="Nora Quill")).reach(Stage.IN_POOL)
    planted = '=HYPERLINK("http://elsewhere.test","open")'
    await cohort.rig.spoil("UPDATE person SET full_name = :name WHERE id = :id", name=planted, id=case.nominee.person)
    visit = await a_visit(cohort.rig.operations)

    for what in ("nominations", "decisions", "messages"):
        lines = lines_of(await taken(visit, cohort, what, Format.CSV))
        cells = cells_of(await taken(visit, cohort, what, Format.XLSX))

        assert lines[0] == [column.name for column in EXPORTS[what].columns] == cells[0]
        assert f"'{planted}" in {cell for line in lines for cell in line}
        assert planted in {cell for row in cells for cell in row}


async def test_every_export_holds_its_cohort_and_no_other(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate()).reach(Stage.IN_POOL)
    elsewhere = await cohort.rig.cohort()
    other = await (await elsewhere.nominate()).reach(Stage.SCORING)
    visit = await a_visit(cohort.rig.operations)

    for what, table in EXPORTS.items():
        lines = lines_of(await taken(visit, cohort, what, Format.CSV))
        text = "\n".join(",".join(line) for line in lines)

        assert len(lines) > 1, what
        assert {len(line) for line in lines} == {len(table.columns)}
        assert case.id in text
        assert other.id not in text
        assert elsewhere.id not in text


async def test_decision_is_in_no_export_before_its_release(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate()).reach(Stage.DECIDED)
    visit = await a_visit(cohort.rig.operations)

    held = {what: (await taken(visit, cohort, what, Format.CSV)).decode() for what in EXPORTS}
    await case.release()
    await case.until(Stage.IN_POOL)
    released = {what: (await taken(visit, cohort, what, Format.CSV)).decode() for what in EXPORTS}

    for what, text in held.items():
        assert "admitted" not in text, what
        assert "decision drafted" not in text
        assert cohort.rig.chair.person not in text
        assert cohort.rig.member.person not in text
    for what in ("nominations", "decisions", "audit"):
        assert "admitted" in released[what]
    assert "The board" in released["decisions"]


async def test_evidence_and_scores_are_in_no_export(cohort: CohortRig, a_visit: A_Visit) -> None:
    await (await cohort.nominate(statement="Planted statement")).reach(Stage.AWAITING_DECISION)
    visit = await a_visit(cohort.rig.operations)

    for what in EXPORTS:
        text = (await taken(visit, cohort, what, Format.CSV)).decode()
        assert "merger of two services" not in text
        assert "Planted statement" not in text
        assert "What I did and what came of it" not in text


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.OPERATIONS, Role.MODERATOR, Role.BOARD}])
async def test_export_gives_other_roles_nothing_but_their_own(cohort: CohortRig, role: Role) -> None:
    await (await cohort.nominate()).reach(Stage.DECIDED)
    asker = Asker("p-000000000fff", role, frozenset({"RX1"}))

    for table in EXPORTS.values():
        async with cohort.rig.sessions() as session:
            rows = [row async for portion in exported(session, table, asker, cohort.id) for row in portion]
        assert rows == []


async def test_export_is_in_the_audit_trail_and_a_wrong_one_is_not(cohort: CohortRig, a_visit: A_Visit) -> None:
    visit = await a_visit(cohort.rig.operations)
    page = await visit.get(f"/operations/export?cohort={cohort.id}")

    await taken(visit, cohort, "assessments", Format.CSV)
    empty = await page.submit("/export", {"what": [], "format": []})
    nowhere = await visit.post("/operations/export", {"cohort": "nowhere", "what": "audit", "format": "csv"})
    events = await cohort.rig.all(
        select(AuditEvent).where(col(AuditEvent.subject) == cohort.id, col(AuditEvent.what) == "exported")
    )

    assert (empty.status, "Choose what to export" in empty.words) == (422, True)
    assert nowhere.status == 404
    assert [event.after for event in events] == [{"table": "assessments", "format": "csv"}]
    assert "the scores themselves are in no export" in page.words
    assert len(page.text) < 100_000

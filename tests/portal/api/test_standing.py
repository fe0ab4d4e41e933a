"""How things stand, as far as an organisation may know: counts, applications, assessments, decisions, exports."""

import csv
import io
import json

import pytest
from sqlalchemy import event

from models.enums import Outcome, Stage
from models.tables import Decision, Person
from portal.api.exports import _cell
from tests.portal.api.conftest import A_Program, Caller, problem
from tests.workflows.rig import CohortRig, Rig


@pytest.fixture
async def program(a_program: A_Program) -> Caller:
    return await a_program()


async def test_decision_is_known_from_its_release_on_and_not_before(
    rig: Rig, cohort: CohortRig, program: Caller
) -> None:
    case = await cohort.nominate()
    await case.reach(Stage.DECIDED)
    decided = await rig.get(Decision, case.id)
    paths = ("/decisions", "/nominations", "/applications", "/assessments", "/status", "/exports/nominations.ndjson")
    before = [(await program.get(path, cohort=cohort.id)).text for path in (*paths, "/exports/nominations.csv")]
    before.append((await program.get(f"/nominations/{case.id}")).text)
    await case.release()
    await case.until(Stage.IN_POOL)
    after = await program.get("/decisions", cohort=cohort.id)

    assert decided.outcome is Outcome.ADMITTED
    assert '"items":[]' in before[0]
    planted = ("admitted", decided.reason, decided.drafted_by, str(decided.approved_by))
    assert [word for word in planted for text in before if word in text] == []
    (shown,) = after.json()["items"]
    assert shown.pop("released_at") is not None
    assert shown == {"nomination": case.id, "outcome": "admitted", "stage": "in_pool"}
    assert decided.reason not in after.text


async def test_nothing_of_panel_scores_or_application_is_answered(
    rig: Rig, cohort: CohortRig, program: Caller
) -> None:
    case = await cohort.nominate()
    await case.reach(Stage.AWAITING_DECISION)
    panel = await case.panel()
    people = [(await case.assessor(seat.id)).person for seat in panel]  # type: ignore[arg-type]
    secret = (
        [seat.assessor_id for seat in panel] + people + [(await rig.get(Person, one)).full_name for one in people]
    )
    secret += ["What I did and what came of it.", "She led the merger"]

    answers = [
        await program.get(path, cohort=cohort.id)
        for path in ("/nominations", "/applications", "/assessments", "/status", "/exports/nominations.ndjson")
    ]
    answers.append(await program.get(f"/nominations/{case.id}"))
    answers.append(await program.get(f"/nominations/{case.id}/status"))

    assert [word for word in secret for answer in answers if word in answer.text] == []
    assert all(case.id in answer.text for answer in answers if "status" not in str(answer.url))


async def test_applications_and_assessments_are_known_by_their_state_alone(
    cohort: CohortRig, program: Caller
) -> None:
    applying, scored, gone = [await cohort.nominate() for _ in range(3)]
    await applying.reach(Stage.APPLYING)
    await gone.reach(Stage.WITHDRAWN)
    await scored.reach(Stage.SCORING)

    applications = (await program.get("/applications", cohort=cohort.id)).json()["items"]
    assessments = (await program.get("/assessments", cohort=cohort.id)).json()["items"]
    counts = (await program.get("/status", cohort=cohort.id)).json()

    assert {one["nomination"]: (one["state"], one["version"]) for one in applications} == {
        applying.id: ("awaited", None),
        scored.id: ("submitted", 1),
        gone.id: ("none", None),
    }
    assert {one["nomination"]: one["state"] for one in assessments} == {
        applying.id: "not_begun",
        scored.id: "under_way",
        gone.id: "not_needed",
    }
    assert counts == {
        "nominations": 3,
        "stages": {"applying": 1, "scoring": 1, "withdrawn": 1},
        "assessments": {"not_begun": 1, "under_way": 1, "not_needed": 1},
    }


async def test_exports_hold_every_nomination_and_no_formula(rig: Rig, cohort: CohortRig, program: Caller) -> None:
    first, second = [await cohort.nominate() for _ in range(2)]
    async with rig.sessions.begin() as session:
        # As one that was imported before names were checked.
        person = await session.get_one(Person, first.nominee.person)
        person.full_name = '=HYPERLINK("http://example.org")'
        session.add(person)

    lines = (await program.get("/exports/nominations.ndjson", cohort=cohort.id)).text.splitlines()
    table = await program.get("/exports/nominations.csv", cohort=cohort.id)
    listed = (await program.get("/nominations", cohort=cohort.id)).json()["items"]

    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [json.loads(line) for line in lines] == listed
    assert [row["id"] for row in rows] == [first.id, second.id]
    assert rows[0]["nominee"] == '\'=HYPERLINK("http://example.org")'
    assert table.headers["content-disposition"] == 'attachment; filename="nominations.csv"'


@pytest.mark.parametrize("path", ["/nominations", "/applications", "/assessments", "/decisions", "/status"])
async def test_queries_of_a_list_are_as_many_however_long_it_is(
    rig: Rig, cohort: CohortRig, program: Caller, path: str
) -> None:
    async def queries() -> int:
        seen: list[str] = []

        def note(*asked: object) -> None:
            if program.made and "apitoken" not in str(asked[2]):
                seen.append(str(asked[2]))

        event.listen(rig.engine.sync_engine, "before_cursor_execute", note)
        try:
            await program.get(path, cohort=cohort.id)
        finally:
            event.remove(rig.engine.sync_engine, "before_cursor_execute", note)
        return len([query for query in seen if "nomination" in query])

    await cohort.nominate()
    few = await queries()
    for _ in range(4):
        await cohort.nominate()
    many = await queries()

    assert few == many
    assert 1 <= few <= 3


async def test_cohorts_are_listed_with_their_windows(cohort: CohortRig, program: Caller) -> None:
    found = [one for one in (await program.get("/cohorts", limit="200")).json()["items"] if one["id"] == cohort.id]

    assert [(one["phase"], one["region"]) for one in found] == [("open", "Midlands and East")]


async def test_number_of_nothing_is_not_found(program: Caller) -> None:
    assert problem(await program.get("/nominations/pilot-9999")) == (404, "not-found")


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_cell_of_a_table_is_never_a_formula(begins: str) -> None:
    assert _cell(f"{begins}1") == f"'{begins}1"
    assert _cell([f"{begins}1", "two"]) == f"'{begins}1;two"

"""Nominations by programs: nominating, seeing, endorsing, taking back; once for each key."""

import asyncio
import json
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import col, select

from models.enums import Stage
from models.messages import By
from models.tables import ActOnce, Nomination
from tests.portal.api.conftest import A_Program, Caller, problem
from tests.workflows.rig import ELSEWHERE, HOME, CohortRig, Rig


def somebody(cohort: CohortRig, **more: object) -> dict[str, object]:
    address = f"sam.{uuid4().hex[:8]}@example.nhs.test"
    return {"cohort": cohort.id, "name": "Sam Sample", "email": address, "readiness": "ready_now", **more}


async def nominations_in(cohort: CohortRig) -> list[str]:
    rows = await cohort.rig.all(select(Nomination.id).where(col(Nomination.cohort_id) == cohort.id))
    return sorted(rows)


@pytest.fixture
async def program(a_program: A_Program) -> Caller:
    return await a_program()


async def test_nominating_starts_a_nomination(cohort: CohortRig, program: Caller) -> None:
    endorsement = {"name": "Ada Example", "email": "ada@example.nhs.test", "post": "chief_executive"}
    said = somebody(cohort, reference=f"{HOME}-77", interests=["cancer"], endorsement=endorsement)

    made = await program.post("/nominations", said)
    seen = await program.get(made.headers["location"].removeprefix("/api/v1"))

    assert (made.status_code, seen.status_code) == (201, 200)
    assert made.json() == {"id": seen.json()["id"], "stage": "nominated"}
    assert seen.json() | {"created_at": "", "stage_since": "", "due_at": "", "history": []} == {
        "id": made.json()["id"],
        "cohort": cohort.id,
        "organisation": HOME,
        "reference": f"{HOME}-77",
        "nominee": "Sam Sample",
        "route": "organisation",
        "readiness": "ready_now",
        "interests": ["cancer"],
        "stage": "nominated",
        "needs": ["consent"],
        "paused": False,
        "created_at": "",
        "stage_since": "",
        "due_at": "",
        "history": [],
    }


async def test_repeat_under_the_same_key_gets_the_first_answer(cohort: CohortRig, program: Caller) -> None:
    said = somebody(cohort)

    first, second = [await program.post("/nominations", said, key="the-first") for _ in range(2)]

    assert (first.status_code, second.status_code) == (201, 201)
    assert (first.content, first.headers["location"]) == (second.content, second.headers["location"])
    assert await nominations_in(cohort) == [first.json()["id"]]


async def test_same_key_with_something_else_is_refused(cohort: CohortRig, program: Caller) -> None:
    first = await program.post("/nominations", somebody(cohort), key="the-second")

    other = await program.post("/nominations", somebody(cohort), key="the-second")
    elsewhere = await program.post(f"{made(first)}/withdrawal", {"reason": "other"}, key="the-second")

    assert problem(other) == (422, "key-used-before")
    assert problem(elsewhere) == (422, "key-used-before")
    assert await nominations_in(cohort) == [first.json()["id"]]


def made(answer: object) -> str:
    return str(answer.headers["location"]).removeprefix("/api/v1")  # type: ignore[attr-defined]


async def test_requests_at_the_same_moment_under_one_key_are_one_act(cohort: CohortRig, program: Caller) -> None:
    said = somebody(cohort)

    answers = await asyncio.gather(*(program.post("/nominations", said, key="at-once") for _ in range(8)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert len(await nominations_in(cohort)) == 1


async def test_key_of_a_refused_request_is_free_again(cohort: CohortRig, program: Caller) -> None:
    said = somebody(cohort)
    first = await program.post("/nominations", said)

    refused = [await program.post("/nominations", said, key="refused") for _ in range(2)]
    other = await program.post("/nominations", somebody(cohort), key="refused")

    assert first.status_code == 201
    assert [problem(answer) for answer in refused] == [(409, "refused")] * 2
    assert other.status_code == 201


async def test_key_left_behind_by_a_dead_portal_is_taken_over(rig: Rig, cohort: CohortRig, program: Caller) -> None:
    said = somebody(cohort)
    first = await program.post("/nominations", said, key="left")
    assert program.made
    key = (f"program:{program.made.row.id}", "left")
    async with rig.sessions.begin() as session:
        row = await session.get_one(ActOnce, key)
        row.answer, row.begun_at = None, row.begun_at - timedelta(minutes=3)
        session.add(row)

    again = await program.post("/nominations", said, key="left")

    assert first.status_code == 201
    assert problem(again) == (409, "refused")
    assert len(await nominations_in(cohort)) == 1


async def test_nothing_personal_is_kept_with_a_key(rig: Rig, cohort: CohortRig, program: Caller) -> None:
    said = somebody(cohort)

    await program.post("/nominations", said, key="kept")
    rows = await rig.all(select(ActOnce).where(col(ActOnce.key) == "kept"))

    kept = json.dumps([row.model_dump(mode="json") for row in rows])
    assert len(rows) == 1
    assert str(said["email"]) not in kept
    assert "Sam" not in kept


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"name": "=cmd"}, "body/name"),
        ({"name": "Sam\u200bSample"}, "body/name"),
        ({"name": "Sam\u0000Sample"}, "body/name"),
        ({"email": "sam"}, "body/email"),
        ({"readiness": "soon"}, "body/readiness"),
        ({"organisation": "RX1"}, "body/organisation"),
        ({"earlier_posts": [{"organisation": "ZZZ", "left_on": "2018-01-01"}]}, "body"),
        ({"earlier_posts": [{"organisation": "R1D", "left_on": "yesterday"}]}, "body/earlier_posts/0/left_on"),
    ],
)
async def test_what_will_not_do_is_named_and_never_quoted(
    cohort: CohortRig, program: Caller, change: dict[str, object], where: str
) -> None:
    said = somebody(cohort, **change)

    answer = await program.post("/nominations", said)

    assert problem(answer) == (422, "not-valid")
    assert [fault["where"] for fault in answer.json()["errors"]] == [where]
    assert "Sam" not in answer.text
    assert str(said["email"]) not in answer.text.replace("sam@", "")
    assert await nominations_in(cohort) == []


@pytest.mark.parametrize("code", [ELSEWHERE, "ZZZ", f"{HOME}1"])
async def test_reference_with_another_organisations_code_is_refused_and_stays_free(
    cohort: CohortRig, a_program: A_Program, program: Caller, elsewhere: By, code: str
) -> None:
    there = await a_program(by=elsewhere, organisation=ELSEWHERE)

    refused = await program.post("/nominations", somebody(cohort, reference=f"{code}-9"), key=f"theirs-{code}")
    own = await program.post("/nominations", somebody(cohort, reference=f"{HOME.lower()}-9"))
    theirs = await there.post("/nominations", somebody(cohort, reference=f"{ELSEWHERE}-9"))

    assert problem(refused) == (422, "not-valid")
    assert refused.json()["errors"] == [
        {"where": "body/reference", "detail": f"This must begin with your organisation's code, such as {HOME}-1."}
    ]
    assert (own.status_code, theirs.status_code) == (201, 201)


async def test_reference_of_another_nomination_is_refused(cohort: CohortRig, program: Caller) -> None:
    await program.post("/nominations", somebody(cohort, reference=f"{HOME}-5"))

    answer = await program.post("/nominations", somebody(cohort, reference=f"{HOME}-5"))

    assert problem(answer) == (409, "refused")


async def test_list_comes_by_key_a_page_at_a_time(cohort: CohortRig, program: Caller) -> None:
    for _ in range(5):
        await program.post("/nominations", somebody(cohort))
    expected = await nominations_in(cohort)

    found: list[str] = []
    pages = 0
    answer = await program.get("/nominations", cohort=cohort.id, limit="2")
    while True:
        found += [item["id"] for item in answer.json()["items"]]
        pages += 1
        following = answer.json()["next"]
        if following is None:
            break
        assert answer.headers["link"] == f'<{following}>; rel="next"'
        answer = await program.ask("GET", following)

    assert (found, pages) == (expected, 3)
    assert "link" not in answer.headers


async def test_list_is_narrowed(cohort: CohortRig, program: Caller) -> None:
    applying = await cohort.nominate()
    await applying.reach(Stage.APPLYING)
    await cohort.nominate()
    moment = (await applying.row()).stage_since

    async def numbers(**narrowed: str) -> list[str]:
        answer = await program.get("/nominations", cohort=cohort.id, **narrowed)
        return [item["id"] for item in answer.json()["items"]]

    assert await numbers(stage="applying") == [applying.id]
    assert await numbers(needs="application") == [applying.id]
    assert applying.id not in await numbers(needs="consent")
    assert applying.id in await numbers(since=moment.isoformat())
    assert await numbers(since=(moment + timedelta(days=1)).isoformat()) == []


async def test_self_nomination_is_endorsed_once(cohort: CohortRig, program: Caller) -> None:
    case = await cohort.nominate(by_self=True, endorsed=False)
    said = {"name": "Ada Example", "email": "ada@example.nhs.test", "post": "chief_executive", "statement": "Yes."}
    before = await program.get(f"/nominations/{case.id}/status")
    needing = await program.get("/nominations", cohort=cohort.id, needs="endorsement")

    answer = await program.post(f"/nominations/{case.id}/endorsement", said)
    again = await program.post(f"/nominations/{case.id}/endorsement", said)
    after = await program.get(f"/nominations/{case.id}/status")

    assert "endorsement" in before.json()["needs"]
    assert [item["id"] for item in needing.json()["items"]] == [case.id]
    assert answer.status_code == 200
    assert problem(again) == (409, "refused")
    assert "endorsement" not in after.json()["needs"]


async def test_nomination_is_taken_back(cohort: CohortRig, program: Caller) -> None:
    case = await cohort.nominate()

    answer = await program.post(f"/nominations/{case.id}/withdrawal", {"reason": "entered_in_error"})
    seen = await program.get(f"/nominations/{case.id}")

    assert (answer.status_code, answer.json()) == (200, {"id": case.id, "stage": "withdrawn"})
    assert [one["stage"] for one in seen.json()["history"]][-1] == "withdrawn"

"""Whatever goes wrong is a problem of RFC 9457, whose type leads to what it means."""

import re

import pytest
from fastapi import FastAPI
from limits import RateLimitItemPerMinute

from portal.api import access
from portal.api.document import every_operation
from portal.api.explorer import parts
from portal.api.problems import MEANINGS, Kind
from tests.portal.api.conftest import A_Program, Caller, problem
from tests.portal.conftest import A_Visit
from tests.workflows.rig import CohortRig


@pytest.fixture
async def program(a_program: A_Program) -> Caller:
    return await a_program()


async def test_unknown_address_is_a_problem(program: Caller) -> None:
    assert problem(await program.get("/nothing")) == (404, "not-found")
    assert problem(await program.get("/nominations/nothing")) == (404, "not-found")
    assert problem(await program.get("/nominations/%00")) == (404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/nominations", "GET, POST"),
        ("POST", "/status", "GET"),
        ("GET", "/webhooks/wh-000000000000", "DELETE"),
    ],
)
async def test_other_method_names_the_allowed_ones(program: Caller, method: str, path: str, allowed: str) -> None:
    answer = await program.ask(method, f"/api/v1{path}")

    assert problem(answer) == (405, "method-not-allowed")
    assert answer.headers["allow"] == allowed


@pytest.mark.parametrize(
    "path", [one.path for one in every_operation() if one.method == "GET" and "{" not in one.path]
)
async def test_parameter_that_there_is_not_is_named(program: Caller, path: str) -> None:
    answer = await program.ask("GET", path, params={"bogus": "1", "cursor~/": "zzz"})

    assert problem(answer) == (422, "not-valid")
    assert answer.json()["errors"] == [
        {"where": f"query/{name}", "detail": "There is no such parameter."} for name in ("bogus", "cursor~0~1")
    ]
    assert "zzz" not in answer.text


async def test_parameter_of_a_write_or_one_thing_is_refused_too(program: Caller, cohort: CohortRig) -> None:
    case = await cohort.nominate()

    one = await program.get(f"/nominations/{case.id}", verbose="1")
    write = await program.ask(
        "POST",
        f"/api/v1/nominations/{case.id}/withdrawal",
        params={"really": "no"},
        json={"reason": "entered_in_error"},
        headers={"Idempotency-Key": "with-a-query"},
    )

    assert [problem(answer) for answer in (one, write)] == [(422, "not-valid")] * 2
    assert (await program.get(f"/nominations/{case.id}/status")).json()["stage"] == "nominated"


async def test_parameter_given_twice_is_refused(program: Caller) -> None:
    answer = await program.ask("GET", "/api/v1/nominations?stage=nominated&stage=decided")

    assert problem(answer) == (422, "not-valid")
    assert answer.json()["errors"] == [{"where": "query/stage", "detail": "This is given more than once."}]


@pytest.mark.parametrize(
    ("path", "after"),
    [
        ("/nominations", "zzz"),
        ("/applications", "wh-0123456789ab"),
        ("/assessments", "pilot"),
        ("/decisions", "PILOT-0001"),
        ("/cohorts", "-"),
        ("/webhooks", "pilot-0001"),
        ("/webhooks/wh-0123456789ab/deliveries", "wh-0123456789ab"),
    ],
)
async def test_page_that_begins_after_nothing_of_the_list_is_refused(program: Caller, path: str, after: str) -> None:
    answer = await program.get(path, after=after)

    assert problem(answer) == (422, "not-valid")
    assert [fault["where"] for fault in answer.json()["errors"]] == ["query/after"]


async def test_stranger_learns_nothing_from_a_wrong_query(a_program: A_Program) -> None:
    stranger = await a_program(None)

    assert problem(await stranger.get("/nominations", bogus="1")) == (401, "token-missing")


async def test_body_that_is_no_json(program: Caller) -> None:
    headers = {"Idempotency-Key": "no-json"}

    form = await program.ask("POST", "/api/v1/nominations", data={"name": "Sam"}, headers=headers)
    broken = await program.ask(
        "POST", "/api/v1/nominations", content=b"{", headers={**headers, "Content-Type": "application/json"}
    )
    unreadable = await program.ask(
        "POST", "/api/v1/nominations", content=b'"\xff"', headers={**headers, "Content-Type": "application/json"}
    )

    assert problem(form) == (415, "not-json")
    assert problem(broken) == (422, "not-valid")
    assert problem(unreadable) == (422, "not-valid")


async def test_body_that_is_too_large(program: Caller) -> None:
    headers = {"Idempotency-Key": "large", "Content-Type": "application/json"}

    answer = await program.ask("POST", "/api/v1/nominations", content=b" " * 6_000_001, headers=headers)

    assert problem(answer) == (413, "too-large")


async def test_name_that_is_a_link_is_refused(program: Caller, cohort: CohortRig) -> None:
    said = {
        "cohort": cohort.id,
        "name": "Your bonus: https://evil.test",
        "email": "sam.link@example.nhs.test",
        "readiness": "ready_now",
    }

    answer = await program.post("/nominations", said)

    assert problem(answer) == (422, "not-valid")
    (fault,) = [one for one in answer.json()["errors"] if one["where"] == "body/name"]
    assert fault["detail"].startswith("This holds a web address")


async def test_write_without_a_key(program: Caller, cohort: CohortRig) -> None:
    said = {"cohort": cohort.id, "name": "Sam", "email": "sam@example.nhs.test", "readiness": "ready_now"}

    answer = await program.ask("POST", "/api/v1/nominations", json=said)

    assert problem(answer) == (422, "not-valid")
    assert answer.json()["errors"] == [{"where": "header/Idempotency-Key", "detail": "This is missing."}]


async def test_stranger_learns_nothing_from_a_broken_body(a_program: A_Program) -> None:
    stranger = await a_program(None)

    answer = await stranger.ask("POST", "/api/v1/nominations", content=b"{")

    assert problem(answer) == (401, "token-missing")


async def test_too_many_requests_are_told_to_wait(program: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "BY_TOKEN", RateLimitItemPerMinute(3, namespace="program-test"))

    answers = [await program.get("/cohorts") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert problem(answers[-1]) == (429, "too-many")
    assert answers[-1].headers["retry-after"] == "60"


async def test_cookies_of_a_person_open_nothing(rig: object, a_visit: A_Visit, cohort: CohortRig) -> None:
    visit = await a_visit(cohort.rig.nominator)

    page = await visit.get("/api/v1/nominations")

    assert problem(page.response) == (401, "token-missing")


async def test_explorer_shows_every_operation_and_problem(portal: FastAPI, a_visit: A_Visit) -> None:
    visit = await a_visit()

    page = await visit.get("/api/v1/docs")

    shown = [operation for part in parts() for operation in part.operations]
    assert (page.status, page.heading) == (200, "Interface for programs")
    assert [one.path for one in shown if f"{one.method} {one.path}" not in page.words] == []
    assert {kind.value for kind in Kind} <= set(re.findall(r'id="([a-z-]+)"', page.text))
    assert [meaning.title for meaning in MEANINGS.values() if meaning.title not in page.words] == []
    assert len(page.text.encode()) < 100_000
    assert page.text.count("<script") == (await visit.get("/help/contact")).text.count("<script")

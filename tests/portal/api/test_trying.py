"""Trying operations out on their pages: with the token's rights, and with no other."""

import json
import logging
import re
import shlex
import zlib
from dataclasses import replace

import httpx2
import pytest
from fastapi import FastAPI
from sqlmodel import col, select

from acts.errors import NotReachedError
from models.messages import By
from models.programs import Scope
from models.tables import KeptAnswer, Nomination
from portal.api import passing, trying
from portal.api.access import BY_TOKEN
from portal.api.document import Operation, every_operation
from portal.api.trying import parameters
from portal.app import make_portal
from portal.rates import Rates
from portal.services import Services
from tests.portal.api.conftest import A_Program, Caller
from tests.portal.conftest import A_Visit
from tests.portal.visiting import Seen, Values, Visit
from tests.workflows.rig import ELSEWHERE, HOME, CohortRig, Rig

NAMES = {(one.method, one.path.removeprefix("/api/v1")): one.name for one in every_operation()}


def page_of(method: str, path: str) -> str:
    return f"/api/v1/docs/{NAMES[method, path]}"


NOMINATE, STATUS = page_of("POST", "/nominations"), page_of("GET", "/status")
ONE, LIST = page_of("GET", "/nominations/{number}"), page_of("GET", "/nominations")
RENEW = page_of("POST", "/webhooks/{endpoint}/secret")


@pytest.fixture
def services(services: Services) -> Services:
    """Surroundings that count tries anew for each test."""
    return replace(services, rates=Rates())


@pytest.fixture
def portal(services: Services) -> FastAPI:
    """The portal over them."""
    return make_portal(services)


async def tried(visit: Visit, path: str, program: Caller | None, values: Values | None = None, **more: str) -> Seen:
    token = program.made.token if program and program.made else ""
    return await (await visit.get(path)).submit(None, {**(values or {}), **more, "token": token})


def answered(page: Seen) -> str:
    """The status that the page shows."""
    found = re.search(r"Answer: (\d{3})", page.words)
    assert found is not None, page.words
    return found[1]


def written(cohort: CohortRig, address: str, **more: object) -> str:
    return json.dumps({"cohort": cohort.id, "name": "Sam Sample", "email": address, "readiness": "ready_now", **more})


@pytest.mark.parametrize("operation", every_operation(), ids=lambda one: f"{one.method} {one.path}")
async def test_every_operation_has_a_page_that_tries_it(
    a_visit: A_Visit, a_program: A_Program, operation: object
) -> None:
    page = f"/api/v1/docs/{operation.name}"  # type: ignore[attr-defined] -- one of every_operation()
    visit, program = await a_visit(), await a_program()
    path = {"path_number": "pilot-0000", "path_endpoint": "wh-000000000000", "path_delivery": "wh-000000000000.1"}

    asked = await visit.get(page)
    fields = {name: text for name, text in path.items() if name in asked.form().fields}
    answer = await tried(visit, page, program, fields)

    assert (asked.status, answer.status) == (200, 200)
    assert answered(answer) in {"200", "201", "404", "422"}
    assert len(answer.text) < 100_000


async def test_nomination_is_made_as_by_a_program(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit, a_program: A_Program
) -> None:
    visit, program = await a_visit(), await a_program()
    asked = await visit.get(NOMINATE)
    key = asked.form().fields["key"][0]
    example = json.loads(asked.form().fields["body"][0])

    answer = await tried(visit, NOMINATE, program, body=written(cohort, "tried@example.nhs.test"), key=key)
    repeat = await tried(visit, NOMINATE, program, body=written(cohort, "tried@example.nhs.test"), key=key)
    rows = await rig.all(select(Nomination.id).where(col(Nomination.cohort_id) == cohort.id))

    assert example["readiness"] == "ready_now"
    assert (answered(answer), answered(repeat)) == ("201", "201")
    assert f'"id": "{rows[0]}"' in answer.words
    assert f"location: /api/v1/nominations/{rows[0]}" in answer.words
    assert len(rows) == 1
    assert answer.form().fields["key"][0] != key


async def test_token_is_on_no_page_in_no_address_and_in_no_log(
    a_visit: A_Visit, a_program: A_Program, caplog: pytest.LogCaptureFixture
) -> None:
    visit, program = await a_visit(), await a_program()
    assert program.made

    with caplog.at_level(logging.DEBUG):
        good = await tried(visit, STATUS, program)
        wrong = await tried(visit, LIST, program, query_since="never")
        refused = await tried(visit, ONE, program, path_number="../status")
        broken = await visit.post(STATUS, {"token": program.made.token}, **{"Sec-Fetch-Site": "cross-site"})
        typo = await visit.post(STATUS, {"token": f"{program.made.token} {program.made.token}"})

    pages = [good, wrong, refused, broken, typo]
    assert [page.status for page in pages] == [200, 200, 422, 403, 422]
    assert all(program.made.token not in page.text + page.path for page in pages)
    assert program.made.token not in caplog.text
    assert good.form().fields["token"] == [""]
    assert good.response.headers["cache-control"] == "no-store"


async def test_token_is_not_given_back_when_the_page_itself_fails(
    a_visit: A_Visit, a_program: A_Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit, program = await a_visit(), await a_program()
    assert program.made

    async def fails(*_: object) -> None:
        raise NotReachedError("The answer is lost.")

    monkeypatch.setattr(trying, "passed_on", fails)
    page = await tried(visit, LIST, program, query_cohort="kept-cohort")

    assert page.status == 503
    assert "kept-cohort" in page.text
    assert program.made.token not in page.text


async def test_session_lends_the_request_nothing(rig: Rig, a_visit: A_Visit) -> None:
    for by in (rig.nominator, rig.operations):
        visit = await a_visit(by)

        page = await tried(visit, LIST, None)

        assert answered(page) == "401"
        assert "A token is needed" in page.words
        assert "set-cookie" not in page.words.lower()


async def test_token_gives_its_own_scope_and_organisation_to_whoever_is_signed_in(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit, a_program: A_Program, elsewhere: By
) -> None:
    case = await cohort.nominate()
    theirs = await a_program(by=elsewhere, organisation=ELSEWHERE)
    reading = await a_program(Scope.WEBHOOKS_MANAGE)
    visit = await a_visit(rig.nominator)

    answers = [await tried(visit, ONE, one, path_number=case.id) for one in (theirs, reading, await a_program())]

    assert [answered(page) for page in answers] == ["404", "403", "200"]
    assert HOME in answers[2].words


@pytest.mark.parametrize(
    "odd",
    ["../status", "..%2fstatus", "pilot-0001/../../status", "pilot-0001/status", "//evil.test/x", "http://evil.test/",
     "pilot-0001?x=1", "pilot-0001#x", "pilot-0001\r\nHost: evil.test", "pilot-0001\x00", ".", "..", "", "pilot-٠٠٠١",
     "pilot-0001 HTTP/1.1", "pilot-" + "0" * 300, "\\\\evil.test", "{number}", "pilot-0001\n"],
)  # fmt: skip
async def test_path_parameter_leads_to_no_other_address(
    a_visit: A_Visit, a_program: A_Program, monkeypatch: pytest.MonkeyPatch, odd: str
) -> None:
    visit, program = await a_visit(), await a_program()
    paths: list[str] = []
    passed_on = passing.passed_on

    async def noted(request: object, asked: passing.Passing) -> passing.Answer:
        paths.append(asked.target)
        return await passed_on(request, asked)  # type: ignore[arg-type] -- handed on as it came

    monkeypatch.setattr(trying, "passed_on", noted)

    page = await tried(visit, ONE, program, path_number=odd)

    assert page.status == 422 or paths == ["/api/v1/nominations/pilot-0001"]
    assert "evil.test" not in "".join(paths)


@pytest.mark.parametrize("field", ["token", "key"])
@pytest.mark.parametrize("odd", ["a\r\nX-Odd: 1", "a\nCookie: b=c", "a b", "é", "a\x00", "x" * 201])
async def test_no_header_is_smuggled_in(a_visit: A_Visit, field: str, odd: str) -> None:
    visit = await a_visit()

    page = await (await visit.get(RENEW)).submit(
        None, {"path_endpoint": "wh-000000000000", "token": "tpool_x", "key": "k", field: odd}
    )

    assert page.status == 422
    assert "Answer" not in page.words
    assert f"#{field}" in page.links


async def test_query_is_quoted_and_adds_no_other_parameter(
    a_visit: A_Visit, a_program: A_Program, cohort: CohortRig
) -> None:
    visit, program = await a_visit(), await a_program()

    page = await tried(visit, LIST, program, query_cohort=f"{cohort.id}&limit=1#", query_limit="")
    unknown = await tried(visit, LIST, program, query_limit="1", query_nothing="x", path_number="x", header_x="y")

    assert answered(page) == "422"
    assert f"cohort={cohort.id}%26limit%3D1%23" in page.words
    assert answered(unknown) == "200"
    assert "nothing" not in unknown.words.split("Try it")[0]


async def test_fields_say_what_they_take(a_visit: A_Visit) -> None:
    visit = await a_visit()

    listing, withdrawing = await visit.get(LIST), await visit.get(page_of("POST", "/nominations/{number}/withdrawal"))

    assert "With its offset, as 2018-09-30T17:00:00Z." in listing.words
    assert "Left empty, it is 50." in listing.words
    assert set(listing.form().fields) >= {"query_stage", "query_needs", "query_since", "token"}
    assert "key" not in listing.form().fields
    assert json.loads(withdrawing.form().fields["body"][0]) == {"reason": "new_post"}
    assert "Its number, such as pilot-0042." in withdrawing.words


async def test_only_operations_have_a_page(a_visit: A_Visit) -> None:
    visit = await a_visit()
    odd = ("receipts", "openapi", "ask", "explorer", "%2e%2e", "..%2f..%2fsign-out", "http:%2f%2fevil.test")

    pages = [await visit.get(f"/api/v1/docs/{one}") for one in odd]
    posts = [await visit.post(f"/api/v1/docs/{one}", {"token": "tpool_x"}) for one in odd]

    assert {page.status for page in pages + posts} == {404}


async def test_too_much_is_refused_before_it_is_passed_on(a_visit: A_Visit, a_program: A_Program) -> None:
    visit, program = await a_visit(), await a_program()

    long = await tried(visit, NOMINATE, program, body="x" * (trying.MOST_BODY + 1))
    flood = await visit.post(NOMINATE, {"body": "x" * 7_000_000, "token": "tpool_x"})
    wide = await tried(visit, LIST, program, query_cohort="x" * 201)

    assert [page.status for page in (long, flood, wide)] == [422, 413, 422]
    assert "#body" in long.links


async def test_what_another_site_sends_is_refused(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit, a_program: A_Program
) -> None:
    visit, program = await a_visit(rig.nominator), await a_program()
    assert program.made
    filled = {"body": written(cohort, "lured@example.nhs.test"), "key": "lured", "token": program.made.token}

    answers = [
        await visit.post(NOMINATE, filled, **{"Sec-Fetch-Site": "cross-site"}),
        await visit.post(NOMINATE, filled, **{"Sec-Fetch-Site": "same-site"}),
    ]
    bare = await visit.client.post(NOMINATE, data=filled, headers={"Origin": "https://evil.test"})

    assert [page.status for page in answers] == [403, 403]
    assert bare.status_code == 403
    assert await rig.all(select(Nomination.id).where(col(Nomination.cohort_id) == cohort.id)) == []


async def test_tries_count_as_a_programs_requests_do(
    portal: FastAPI, services: Services, a_program: A_Program
) -> None:
    program = await a_program()
    page = Visit(portal, services)
    page.client = httpx2.AsyncClient(
        transport=httpx2.ASGITransport(portal, client=("192.0.2.77", 1)), base_url="https://portal.test"
    )
    unknown = [answered(await page.post(STATUS, {"token": "tpool_unknown"})) for _ in range(61)]
    assert program.made
    for _ in range(600):
        await services.rates.count(BY_TOKEN, program.made.row.id)
    known = answered(await page.post(STATUS, {"token": program.made.token}))
    await page.close()

    assert unknown == ["401"] * 60 + ["429"]
    assert known == "429"
    assert (await program.get("/status")).status_code == 429


async def test_long_answer_is_cut_and_its_program_hung_up_on(
    cohort: CohortRig, a_visit: A_Visit, a_program: A_Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit, program = await a_visit(), await a_program()
    for _ in range(3):
        await cohort.nominate()
    monkeypatch.setattr(passing, "MOST_BYTES", 100)

    exported = await tried(visit, page_of("GET", "/exports/nominations.csv"), program)
    listed = await tried(visit, LIST, program)

    assert [answered(page) for page in (exported, listed)] == ["200", "200"]
    assert all("There is more than is shown here" in page.words for page in (exported, listed))


async def test_curl_is_the_same_request_with_the_token_in_a_variable(
    cohort: CohortRig, a_visit: A_Visit, a_program: A_Program
) -> None:
    visit, program = await a_visit(), await a_program()
    body = written(cohort, "curl@example.nhs.test", post="Head of O'Neill's $(wards) `x` @file")

    page = await tried(visit, NOMINATE, program, body=body, key="curl-1")
    command = page.words[page.words.index("curl -i") : page.words.index("Try it")].replace("\\ -", "-")
    said = shlex.split(command)

    assert said[:5] == ["curl", "-i", "-X", "POST", "https://portal.test/api/v1/nominations"]
    assert said[5:11] == [
        "-H", "Authorization: Bearer $TOKEN", "-H", "Idempotency-Key: curl-1", "-H", "Content-Type: application/json",
    ]  # fmt: skip
    assert said[11] == "--data-raw"
    assert json.loads(said[12]) == json.loads(body)


async def test_wrong_body_is_answered_by_the_interface_and_kept(a_visit: A_Visit, a_program: A_Program) -> None:
    visit, program = await a_visit(), await a_program()

    page = await tried(visit, NOMINATE, program, body="{not json")

    assert answered(page) == "422"
    assert "This is not JSON." in page.words
    assert page.form().fields["body"] == ["{not json"]


@pytest.mark.parametrize("operation", every_operation(), ids=lambda one: one.name)
def test_hint_says_nothing_twice(operation: Operation) -> None:
    hints = [one.hint for one in parameters(operation)]
    sentences = [[part.strip(" .") for part in hint.split(". ")] for hint in hints]

    assert [said for said in sentences if len(said) != len(set(said))] == []


async def test_answer_of_a_program_is_kept_nowhere(rig: Rig, a_visit: A_Visit, a_program: A_Program) -> None:
    visit, program = await a_visit(), await a_program()

    refused = await tried(visit, ONE, program, number="")
    answer = await tried(visit, STATUS, program)

    assert refused.path.startswith(f"{page_of('GET', '/nominations/{number}')}?answered=")
    assert (answered(answer), answer.path) == ("200", STATUS)
    async with rig.sessions() as session:
        pages = [zlib.decompress(page).decode() for page in await session.exec(select(col(KeptAnswer.page)))]
    assert not any("Answer: 200" in page for page in pages)

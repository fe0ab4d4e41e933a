"""Requests that no browser sends by itself, and anybody can: none of them breaks a page."""

from dataclasses import replace

import pytest
from fastapi import FastAPI
from sqlmodel import col, select

from models.tables import Assessor
from portal.app import make_portal
from portal.rates import Rates
from portal.services import Services
from tests.portal.api.conftest import A_Program, a_program, problem
from tests.portal.conftest import A_Visit, assessor_of
from tests.workflows.rig import CohortRig, Rig

__all__ = ["a_program"]


@pytest.fixture
def portal(services: Services) -> FastAPI:
    """A portal that counts tries anew, so that these take none from other tests."""
    return make_portal(replace(services, rates=Rates()))


@pytest.mark.parametrize("letter", ["%00", "%1B", "%0A", "%C2%85", "%7F"])
async def test_letter_that_cannot_be_seen_is_in_no_address(rig: Rig, a_visit: A_Visit, letter: str) -> None:
    operations, nobody = await a_visit(rig.operations), await a_visit()

    answers = [
        await operations.get(f"/operations/nominations/{letter}"),
        await operations.get(f"/operations/nominations?cohort={letter}"),
        await operations.get(f"/operations/people?after={letter}"),
        await operations.get(f"/account?{letter}=x"),
        await nobody.get(f"/sign-in?next={letter}"),
        await nobody.get(f"/static/{letter}"),
        await nobody.get(f"/{letter}"),
    ]

    assert [answer.status for answer in answers] == [404] * len(answers)


async def test_letter_that_cannot_be_seen_is_in_no_assessors_address(cohort: CohortRig, a_visit: A_Visit) -> None:
    (row,) = await cohort.rig.all(select(Assessor).where(col(Assessor.cohort_id) == cohort.id).limit(1))
    visit = await a_visit(await assessor_of(cohort, row.id))

    answers = [await visit.get(f"/assessments{odd}") for odd in ("/%00", "?after=%00", "/history?after=%00")]

    assert [(answer.status, answer.heading) for answer in answers] == [(404, "Page not found")] * 3


async def test_letter_that_cannot_be_seen_is_in_no_address_for_programs(a_program: A_Program) -> None:
    program = await a_program()

    paths = ("/nominations/%00", "/nominations?after=%00", "/cohorts?x=%1B")
    answers = [await program.ask("GET", f"/api/v1{path}") for path in paths]

    # A list's description knows of no 404: what is wrong with its query is a 422.
    assert [problem(answer) for answer in answers] == [(404, "not-found"), (422, "not-valid"), (422, "not-valid")]


async def test_key_of_a_form_that_cannot_be_seen_breaks_nothing(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.operations)

    answer = await visit.post("/roles", {"hat": "operations:", "once": "a\x00b"})
    removal = await visit.post("/account/passkeys/remove", {"passkey": "\x00"})

    assert (answer.status, removal.status) == (422, 409)


@pytest.mark.parametrize("length", [495, 499, 500, 5000])
async def test_long_path_to_go_on_to_breaks_no_sign_in(rig: Rig, a_visit: A_Visit, length: int) -> None:
    visit, member = await a_visit(), await a_visit(rig.operations)
    onward = "/" + "a" * length

    asked = await visit.post("/sign-in", {"email": f"long.{length}@example.nhs.test", "next": onward})
    turned_away = await visit.get(f"/account/{'a' * length}")
    led = await (await a_visit()).get("/account", params={"next": onward})

    assert (asked.status, asked.path.partition("?")[0]) == (200, "/sign-in/code")
    assert asked.form("/sign-in/code").fields["next"] == [onward if len(onward) <= 500 else "/"]
    assert turned_away.status == 404
    assert led.path == "/sign-in?next=/account"
    assert (await member.get("/account")).status == 200


@pytest.mark.parametrize(
    "credential",
    ['{"id":"\\u0000"}', '{"id":"\\ud800"}', "[" * 9900, '{"id":"é"}', "[]", '"x"', '{"id":5}', '{"id":"a"}'],
    ids=["nul", "half-a-letter", "nested", "accent", "list", "text", "number", "unknown"],
)
async def test_credential_that_is_none_is_refused(rig: Rig, a_visit: A_Visit, credential: str) -> None:
    visit, member = await a_visit(), await a_visit(rig.operations)
    await visit.post("/sign-in/passkey/options")
    await member.post("/account/passkeys/options")

    answer = await visit.post("/sign-in/passkey", {"credential": credential})
    added = await member.post("/account/passkeys", {"credential": credential, "once": credential[:20]})

    assert (answer.status, added.status) == (409, 409)
    assert answer.heading == added.heading

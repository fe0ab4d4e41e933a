"""Guessing codes is bounded for each person and day, and keeps nobody out who has the link."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlmodel import col, select

from models.messages import By
from models.tables import SignInCode
from portal.app import make_portal
from portal.codes import MOST_TRIES, MOST_TRIES_A_DAY
from portal.rates import Rates
from portal.services import Services
from tests.portal.conftest import A_Visit
from tests.portal.test_sign_in import asked_for, code_in, link_to, newest_letter
from tests.portal.visiting import Seen
from tests.workflows.rig import Rig


@pytest.fixture
def services(services: Services) -> Services:
    """Surroundings that count tries anew for each test, as another process would."""
    return replace(services, rates=Rates())


@pytest.fixture
def portal(services: Services) -> FastAPI:
    """The portal over them."""
    return make_portal(services)


def address_of(by: By) -> str:
    return f"{by.person}@example.nhs.test"


async def guessed(rig: Rig, a_visit: A_Visit, by: By, tries: int) -> list[Seen]:
    """A stranger's answers: as many wrong codes, five for each time they ask, never the right one."""
    answers: list[Seen] = []
    while len(answers) < tries:
        page, code = await asked_for(rig, a_visit, address_of(by))
        wrong = "000000" if code != "000000" else "111111"
        answers += [await page.submit(code=wrong) for _ in range(min(MOST_TRIES, tries - len(answers)))]
    return answers


async def tried(rig: Rig, by: By) -> int:
    rows: Sequence[int] = await rig.all(select(SignInCode.tries).where(col(SignInCode.person_id) == by.person))
    return sum(rows)


async def test_code_is_taken_after_one_wrong_try_fewer_than_a_day_has(rig: Rig, a_visit: A_Visit) -> None:
    await guessed(rig, a_visit, rig.moderator, MOST_TRIES_A_DAY - 1)

    page, code = await asked_for(rig, a_visit, address_of(rig.moderator))
    after = await page.submit(code=code)

    assert after.path == "/quality"


async def test_codes_of_a_person_are_refused_after_a_days_tries_and_links_are_not(rig: Rig, a_visit: A_Visit) -> None:
    mailed, code_before = await asked_for(rig, a_visit, address_of(rig.chair))
    link_before = await link_to(rig, address_of(rig.chair))
    answers = await guessed(rig, a_visit, rig.chair, MOST_TRIES_A_DAY)

    asked, code = await asked_for(rig, a_visit, address_of(rig.chair))
    refused = [await asked.submit(code=code), await mailed.submit(code=code_before)]
    link_after = await link_to(rig, address_of(rig.chair))
    by_link = [await (await (await a_visit()).get(link)).submit() for link in (link_before, link_after)]

    assert {page.status for page in [*answers, *refused]} == {422}
    assert "open its link instead" in refused[0].words
    assert await tried(rig, rig.chair) == MOST_TRIES_A_DAY
    assert [page.path for page in by_link] == ["/board", "/board"]


async def test_refused_codes_say_what_a_wrong_one_says_to_an_unknown_address(rig: Rig, a_visit: A_Visit) -> None:
    await guessed(rig, a_visit, rig.member, MOST_TRIES_A_DAY)
    known, code = await asked_for(rig, a_visit, address_of(rig.member))
    unknown = await (await (await a_visit()).get("/sign-in")).submit(email="nobody.guessed@example.nhs.test")

    answers = [await known.submit(code=code), await unknown.submit(code=code)]

    assert answers[0].words == answers[1].words
    assert {(one.status, one.path.split("?")[0]) for one in answers} == {(422, "/sign-in/code")}


async def test_another_person_is_not_held_to_it(rig: Rig, a_visit: A_Visit) -> None:
    await guessed(rig, a_visit, rig.member, MOST_TRIES)
    page, code = await asked_for(rig, a_visit, address_of(rig.operations))

    assert (await page.submit(code=code)).path == "/operations"


async def test_tries_are_forgotten_after_a_day(rig: Rig, a_visit: A_Visit) -> None:
    await guessed(rig, a_visit, rig.nominator, MOST_TRIES_A_DAY)
    page, code = await asked_for(rig, a_visit, address_of(rig.nominator))
    held = await page.submit(code=code)
    await rig.spoil(
        "UPDATE signincode SET made_at = made_at - CAST(:span AS interval) WHERE person_id = :person",
        span=timedelta(days=1),
        person=rig.nominator.person,
    )

    again, _ = await asked_for(rig, a_visit, address_of(rig.nominator))
    after = await again.submit(code=code_in(await newest_letter(rig, address_of(rig.nominator))))

    assert (held.status, after.path) == (422, "/organisation")


async def test_tries_at_the_same_moment_are_all_counted(rig: Rig, a_visit: A_Visit) -> None:
    asked = [await asked_for(rig, a_visit, address_of(rig.nominator)) for _ in range(6)]
    wrong = [(page, "000000" if code != "000000" else "111111") for page, code in asked]
    before = await tried(rig, rig.nominator)

    answers = await asyncio.gather(*(page.submit(code=code) for page, code in wrong for _ in range(MOST_TRIES)))

    assert {page.status for page in answers} == {422}
    assert await tried(rig, rig.nominator) - before == MOST_TRIES_A_DAY

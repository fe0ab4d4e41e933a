"""Showing that an address is one's own: nothing tells who is known, and nobody gets in by guessing."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from sqlmodel import col, select

from models.tables import NominationDraft, Person, SignInAttempt, SignInCode, WebSession
from portal import leftovers
from portal.app import make_portal
from portal.codes import MOST_TRIES, MOST_TRIES_A_DAY, Asked
from portal.rates import Rates
from portal.services import Services
from portal.sign_in import newcomers
from portal.sign_in.newcomers import MOST_LETTERS_A_DAY, MOST_LETTERS_FROM_A_PLACE
from tests.portal.conftest import A_Visit
from tests.portal.nominees.oneself import a_complete_draft, newcomer, own_address
from tests.portal.test_sign_in import code_in, newest_letter
from tests.portal.visiting import Seen, Visit
from tests.workflows.rig import CohortRig, Rig

NUMBER = re.compile(r"\d{6}|key=\S+|name=\"once\" value=\"[^\"]+\"|nonce[-=]\S+")


@pytest.fixture
def services(services: Services) -> Services:
    """Surroundings that count tries anew for each test."""
    return replace(services, rates=Rates())


@pytest.fixture
def portal(services: Services) -> FastAPI:
    """The portal over them."""
    return make_portal(services)


@pytest.fixture(autouse=True)
async def open_round(cohort: CohortRig) -> CohortRig:
    """A round that takes self-nominations."""
    return cohort


async def asked(visit: Visit, address: str) -> Seen:
    return await (await visit.get("/nominate-yourself/email")).submit(email=address)


async def people_at(rig: Rig, address: str) -> list[Person]:
    return await rig.all(select(Person).where(col(Person.email) == address))


async def test_nothing_tells_an_unknown_address_from_a_known_one(rig: Rig, a_visit: A_Visit) -> None:
    known, unknown = f"{rig.member.person}@example.nhs.test", own_address(rig)

    pages, letters = [], []
    for address in (known, unknown):
        page = await asked(await a_visit(), address)
        wrong = await page.submit(code="000000")
        pages.append([NUMBER.sub("", one.text) for one in (page, wrong)])
        letters.append(NUMBER.sub("", await newest_letter(rig, address)))

    assert pages[0] == pages[1]
    assert letters[0] == letters[1]
    assert "Nobody can nominate you by your address alone." in letters[0]


async def test_nobody_is_added_before_an_address_is_shown_to_be_theirs(rig: Rig, a_visit: A_Visit) -> None:
    address = own_address(rig)

    page = await asked(await a_visit(), address)
    wrong = await page.submit(code="000000")
    before = await people_at(rig, address)
    after = await wrong.submit(code=code_in(await newest_letter(rig, address)))

    assert wrong.status == 422
    assert before == []
    assert after.path == "/nominate-yourself/begin"
    (person,) = await people_at(rig, address)
    assert person.full_name == address


async def test_code_works_once_and_in_the_browser_that_asked_alone(rig: Rig, a_visit: A_Visit) -> None:
    address = own_address(rig)
    page = await asked(await a_visit(), address)
    code = code_in(await newest_letter(rig, address))
    other = await asked(await a_visit(), own_address(rig))

    elsewhere = await other.submit(code=code)
    here = await page.submit(code=code)
    again = await page.submit(code=code)

    assert elsewhere.status == 422
    assert here.path == "/nominate-yourself/begin"
    assert again.status == 422


async def test_link_says_whose_it_is_warns_another_browser_and_works_once(rig: Rig, a_visit: A_Visit) -> None:
    address, elsewhere = own_address(rig), await a_visit()
    await asked(await a_visit(), address)
    found = re.search(r"(/nominate-yourself/link\?key=\S+)", await newest_letter(rig, address))
    assert found is not None

    opened = await elsewhere.get(found[1])
    looked = await elsewhere.get(found[1])
    used = await looked.submit("/nominate-yourself/link")
    again = await (await a_visit()).get(found[1])

    assert "r…@example.nhs.test" in opened.words
    assert address not in opened.text
    assert "This browser did not ask for the link" in opened.words
    assert used.path == "/nominate-yourself/begin"
    assert (again.status, again.heading) == (422, "This link no longer works")
    assert len(await people_at(rig, address)) == 1


async def test_link_and_code_of_one_letter_work_once_together(rig: Rig, a_visit: A_Visit) -> None:
    address = own_address(rig)
    page = await asked(await a_visit(), address)
    letter = await newest_letter(rig, address)
    link = re.search(r"(/nominate-yourself/link\?key=\S+)", letter)
    assert link is not None
    await page.submit(code=code_in(letter))

    after = await (await a_visit()).get(link[1])

    assert after.heading == "This link no longer works"


async def test_link_to_sign_in_shows_nothing_here(rig: Rig, a_visit: A_Visit) -> None:
    address = f"{rig.chair.person}@example.nhs.test"
    await (await (await a_visit()).get("/sign-in")).submit(email=address)
    key = re.search(r"/sign-in/link\?key=(\S+)", await newest_letter(rig, address))
    assert key is not None
    visit = await a_visit()

    here = await visit.post("/nominate-yourself/link", {"key": key[1]})
    there = await (await visit.get(f"/sign-in/link?key={key[1]}")).submit("/sign-in/link")

    assert here.status == 422
    assert there.path == "/board"


async def test_code_is_refused_after_too_many_wrong_tries(rig: Rig, a_visit: A_Visit) -> None:
    address = own_address(rig)
    page = await asked(await a_visit(), address)
    code = code_in(await newest_letter(rig, address))
    for _ in range(MOST_TRIES):
        await page.submit(code="000000" if code != "000000" else "000001")

    right = await page.submit(code=code)

    assert right.status == 422
    assert await people_at(rig, address) == []


async def test_wrong_codes_for_an_unknown_address_are_bounded_for_a_day_and_the_link_still_works(rig: Rig) -> None:
    address, now = own_address(rig), datetime.now(UTC)
    for _ in range(MOST_TRIES_A_DAY // MOST_TRIES):
        asked = await attempt(rig, address, now)
        for _ in range(MOST_TRIES):
            assert await tried(rig, asked.handle, wrong_for(asked.code), now) is None
    last = await attempt(rig, address, now)

    by_code = await tried(rig, last.handle, last.code, now)
    tomorrow = now + timedelta(days=1, minutes=1)
    later = await attempt(rig, address, tomorrow)
    after_a_day = await tried(rig, later.handle, later.code, tomorrow)
    async with rig.sessions.begin() as session:
        by_link = await newcomers.check_link(session, last.link, now)

    assert by_code is None
    assert after_a_day is not None
    assert by_link == after_a_day


async def test_wrong_codes_for_a_known_address_count_together_with_those_of_signing_in(
    rig: Rig, a_visit: A_Visit
) -> None:
    person, now = await newcomer(rig), datetime.now(UTC)
    address = (await rig.get(Person, person)).email
    for _ in range(MOST_TRIES_A_DAY // MOST_TRIES):
        asked = await attempt(rig, address, now)
        for _ in range(MOST_TRIES):
            await tried(rig, asked.handle, wrong_for(asked.code), now)

    page = await (await (await a_visit()).get("/sign-in")).submit(email=address)
    refused = await page.submit(code=code_in(await newest_letter(rig, address)))

    assert refused.status == 422


def wrong_for(code: str) -> str:
    return "000000" if code != "000000" else "000001"


async def attempt(rig: Rig, address: str, now: datetime, place: str = "") -> Asked:
    async with rig.sessions.begin() as session:
        asked = await newcomers.ask(session, address, place, now)
    assert asked is not None
    return asked


async def tried(rig: Rig, handle: str, code: str, now: datetime) -> str | None:
    async with rig.sessions.begin() as session:
        return await newcomers.check(session, handle, code, now)


async def test_letters_to_one_address_are_bounded_for_a_day_known_or_not(rig: Rig, a_visit: A_Visit) -> None:
    now = datetime.now(UTC)
    person = await rig.get(Person, await newcomer(rig))
    for address in (own_address(rig), person.email):
        for number in range(MOST_LETTERS_A_DAY):
            written = address.upper().replace("@EXAMPLE", "@example")
            await attempt(rig, written, now, f"place {number // MOST_LETTERS_FROM_A_PLACE}")

        page = await asked(await a_visit(), address)
        tomorrow = await attempt(rig, address, now + timedelta(days=1, minutes=1))

        assert (page.status, "Wait until tomorrow" in page.words) == (429, True)
        assert tomorrow.handle


async def test_stranger_in_one_place_keeps_nobody_elsewhere_from_a_code(rig: Rig, a_visit: A_Visit) -> None:
    address, now = own_address(rig), datetime.now(UTC)
    for _ in range(MOST_LETTERS_FROM_A_PLACE):
        await attempt(rig, address, now, "a stranger's place")
    async with rig.sessions.begin() as session:
        refused = await newcomers.ask(session, address, "a stranger's place", now)

    page = await asked(await a_visit(), address)
    inside = await page.submit(code=code_in(await newest_letter(rig, address)))

    assert refused is None
    assert inside.path == "/nominate-yourself/begin"
    kept = await rig.all(select(SignInAttempt).where(col(SignInAttempt.way) == "self"))
    assert "stranger" not in str([one.held for one in kept])


async def test_asking_again_and_again_from_one_place_is_bounded_by_the_hour(rig: Rig, a_visit: A_Visit) -> None:
    address, visit = own_address(rig), await a_visit()

    pages = [await asked(visit, address) for _ in range(7)]

    assert [page.status for page in pages] == [200] * 6 + [429]
    assert "Wait an hour" in pages[-1].words


async def test_nobody_is_asked_for_an_address_while_no_round_takes_self_nominations(
    rig: Rig, services: Services
) -> None:
    acts = replace(
        services.acts, desk=replace(services.acts.desk, clock=lambda: datetime.now(UTC) + timedelta(days=900))
    )
    later = replace(services, acts=acts)
    visit, address = Visit(make_portal(later), later), own_address(rig)

    page = await visit.get("/nominate-yourself/email")
    sent = await visit.post("/nominate-yourself/email", {"email": address})

    assert (page.path, sent.path) == ("/nominate-yourself", "/nominate-yourself")
    assert "You cannot nominate yourself now." in page.words
    assert "/nominate-yourself/email" not in page.links
    attempts = await rig.all(select(SignInAttempt).where(col(SignInAttempt.way) == "self"))
    assert address not in [one.held["lower"] for one in attempts]
    await visit.close()


@pytest.mark.parametrize("written", ["", "nobody", "a@b", "=cmd@example.org", "jo@exämple.org@x", "jo@", "x" * 300])
async def test_what_is_no_address_is_said_and_nothing_is_sent(rig: Rig, a_visit: A_Visit, written: str) -> None:
    before = len(await rig.all(select(SignInAttempt)))

    page = await asked(await a_visit(), written)

    assert page.status == 422
    assert "Enter an email address, such as name@example.nhs.uk" in page.words
    assert len(await rig.all(select(SignInAttempt))) == before


async def test_newcomer_reaches_no_page_of_any_role(rig: Rig, a_visit: A_Visit) -> None:
    address = own_address(rig)
    page = await asked(await a_visit(), address)
    inside = await page.submit(code=code_in(await newest_letter(rig, address)))

    statuses = {
        path: (await inside.visit.get(path)).status
        for path in ("/organisation", "/my-nomination", "/assessments", "/quality", "/board", "/operations")
    }

    assert set(statuses.values()) == {403}


async def test_what_was_begun_long_ago_is_forgotten_and_so_is_who_did_nothing_else(
    rig: Rig, cohort: CohortRig, services: Services
) -> None:
    lately, long_ago = await newcomer(rig), await newcomer(rig)
    kept = await a_complete_draft(cohort, lately)
    await a_complete_draft(cohort, long_ago)
    statement = "UPDATE nominationdraft SET saved_at = saved_at - interval '61 days' WHERE person_id = :person"
    await rig.spoil(statement, person=long_ago)

    async with rig.sessions.begin() as session:
        await leftovers.clear(session, services.limits, datetime.now(UTC))

    left = [one.id for one in await rig.all(select(Person).where(col(Person.id).in_([lately, long_ago])))]
    assert left == [lately]
    async with rig.sessions() as session:
        assert await session.get(NominationDraft, kept) is not None
        assert await session.get(Person, rig.nominator.person) is not None


async def test_somebody_who_is_signed_in_is_not_forgotten(rig: Rig, a_visit: A_Visit, services: Services) -> None:
    address = own_address(rig)
    page = await asked(await a_visit(), address)
    inside = await page.submit(code=code_in(await newest_letter(rig, address)))

    async with rig.sessions.begin() as session:
        await leftovers.clear(session, services.limits, datetime.now(UTC))

    (person,) = await people_at(rig, address)
    assert len(await rig.all(select(WebSession).where(col(WebSession.person_id) == person.id))) == 1
    assert (await inside.visit.get("/nominate-yourself/begin")).status == 200
    assert await rig.all(select(SignInCode)) != []

import re
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from importlib import import_module

import httpx2
import pytest
from fastapi import FastAPI

from notify.compose import Sender, compose
from notify.render import Letter
from portal.app import make_portal
from portal.cookies import ATTEMPT
from portal.rates import Rates
from portal.services import Services
from portal.sessions import COOKIE
from tests.portal.conftest import A_Visit
from tests.portal.visiting import HOST, Seen, Visit
from tests.workflows.rig import Rig, eventually


@pytest.fixture
def services(services: Services) -> Services:
    """Surroundings that count tries anew for each test."""
    return replace(services, rates=Rates())


@pytest.fixture
def portal(services: Services) -> FastAPI:
    """The portal over them."""
    return make_portal(services)


async def newest_letter(rig: Rig, address: str) -> str:
    """The newest letter with a code to this address."""

    async def look() -> str | None:
        files = sorted(rig.mailbox.glob("sign-in*.eml"), key=lambda file: file.stat().st_mtime_ns)
        for file in reversed(files):
            message = message_from_bytes(file.read_bytes(), policy=policy.default)
            if address in str(message["To"]):
                body = message.get_body()
                assert body is not None
                return str(body.get_content()).replace("\r\n", "\n")
        return None

    found = await eventually(look)
    assert found is not None
    return found


def code_in(letter: str) -> str:
    found = re.search(r"^\s+(\d{6})$", letter, re.MULTILINE)
    assert found is not None, letter
    return found[1]


async def asked_for(rig: Rig, a_visit: A_Visit, address: str) -> tuple[Seen, str]:
    visit = await a_visit()
    page = await (await visit.get("/sign-in")).submit(email=address)
    return page, code_in(await newest_letter(rig, address))


async def test_code_from_the_letter_signs_in_and_leads_to_the_roles_first_page(rig: Rig, a_visit: A_Visit) -> None:
    address = f"{rig.operations.person}@example.nhs.test"
    page, code = await asked_for(rig, a_visit, address)

    after = await page.submit(code=f"{code[:3]} {code[3:]}")

    assert after.path == "/operations"
    assert "Operations" in (await after.visit.get("/account")).words
    assert "The operations" in (await after.visit.get("/account")).words


async def test_code_works_once_and_only_in_the_browser_that_asked(rig: Rig, a_visit: A_Visit) -> None:
    address = f"{rig.moderator.person}@example.nhs.test"
    page, code = await asked_for(rig, a_visit, address)
    other, _ = await asked_for(rig, a_visit, f"{rig.member.person}@example.nhs.test")

    elsewhere = await other.submit(code=code)
    first = await page.submit(code=code)
    again = await page.submit(code=code)

    assert (elsewhere.status, "wrong, has been used" in elsewhere.words) == (422, True)
    assert first.path == "/quality"
    assert again.status == 422


async def test_code_is_refused_after_five_wrong_tries(rig: Rig, a_visit: A_Visit) -> None:
    page, code = await asked_for(rig, a_visit, f"{rig.chair.person}@example.nhs.test")
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(5):
        await page.submit(code=wrong)

    after = await page.submit(code=code)

    assert after.status == 422


async def test_nothing_tells_an_unknown_address_from_a_known_one(rig: Rig, a_visit: A_Visit) -> None:
    known, _ = await asked_for(rig, a_visit, f"{rig.nominator.person}@example.nhs.test")
    visit = await a_visit()

    unknown = await (await visit.get("/sign-in")).submit(email="nobody@example.nhs.test")
    refusals = [await page.submit(code="123456") for page in (known, unknown)]

    def words(page: Seen) -> str:
        return re.sub(r"nonce-\S+", "", page.words)

    assert words(known) == words(unknown)
    assert words(refusals[0]) == words(refusals[1])
    assert [name for name, _ in known.response.headers.items()] == [
        name for name, _ in unknown.response.headers.items()
    ]


async def test_letter_is_written_for_an_unknown_address_too_and_dropped(
    rig: Rig, a_visit: A_Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = await a_visit()
    written: list[str] = []

    def noting(
        letter: Letter, *, sender: Sender, name: str, address: str, at: datetime, message_id: str
    ) -> EmailMessage:
        written.append(address)
        return compose(letter, sender=sender, name=name, address=address, at=at, message_id=message_id)

    monkeypatch.setattr(import_module("portal.sign_in.routes"), "compose", noting)
    before = set(rig.mailbox.iterdir())

    await visit.post("/sign-in", {"email": "nobody.at.all@example.nhs.test"})
    after_nobody = set(rig.mailbox.glob("sign-in*")) - before
    await visit.post("/sign-in", {"email": f"{rig.chair.person}@example.nhs.test"})

    assert written == ["nobody@example.nhs.test", f"{rig.chair.person}@example.nhs.test"]
    assert after_nobody == set()
    assert len(set(rig.mailbox.glob("sign-in*")) - before) == 1


async def test_link_signs_in_after_a_click_and_not_by_being_opened(rig: Rig, a_visit: A_Visit) -> None:
    address = f"{rig.member.person}@example.nhs.test"
    await asked_for(rig, a_visit, address)
    link = await link_to(rig, address)
    visit = await a_visit()

    opened = await visit.get(link)
    still_out = COOKIE in visit.client.cookies
    after = await opened.submit()
    again = await opened.submit()

    assert not still_out
    assert after.path == "/board"
    assert (again.status, again.heading) == (422, "This link no longer works")


async def link_to(rig: Rig, address: str) -> str:
    found = re.search(r"https://portal\.test(/sign-in/link\?key=\S+)", await newest_letter(rig, address))
    assert found is not None
    return found[1]


async def test_link_says_whom_it_signs_in_and_warns_a_browser_that_did_not_ask(rig: Rig, a_visit: A_Visit) -> None:
    address = f"{rig.member.person}@example.nhs.test"
    asked, _ = await asked_for(rig, a_visit, address)
    link = await link_to(rig, address)

    here = await asked.visit.get(link)
    elsewhere = await (await a_visit()).get(link)
    looked = [await (await a_visit()).get(link) for _ in range(6)]
    after = await looked[-1].submit()

    assert "signs you in as p…@example.nhs.test ." in here.words
    assert "did not ask" not in here.words
    assert "signs you in as p…@example.nhs.test ." in elsewhere.words
    assert "This browser did not ask for the link" in elsewhere.words
    assert rig.member.person not in here.text + elsewhere.text
    assert after.path == "/board"


async def test_link_with_a_wrong_key_says_nothing_and_the_code_is_no_key(rig: Rig, a_visit: A_Visit) -> None:
    address = f"{rig.chair.person}@example.nhs.test"
    asked, code = await asked_for(rig, a_visit, address)
    link = await link_to(rig, address)
    handle = asked.visit.client.cookies[ATTEMPT]
    odd = ("", "?key=", "?key=x", "?key=.", "?key=x.y", f"?key={handle}", f"?key={handle}.{code}", f"?key={code}")

    nonsense = [await asked.visit.get(f"/sign-in/link{one}") for one in odd]
    right = await asked.visit.get(link)

    assert {(page.status, page.heading) for page in nonsense} == {(422, "This link no longer works")}
    assert all("…@" not in page.words for page in nonsense)
    assert right.heading == "Sign in"
    assert handle not in link


async def test_link_ends_with_its_code_and_the_code_with_its_link(rig: Rig, a_visit: A_Visit) -> None:
    address = f"{rig.chair.person}@example.nhs.test"
    typed, code = await asked_for(rig, a_visit, address)
    link = await link_to(rig, address)
    await typed.submit(code=code)
    after_code = await (await a_visit()).get(link)

    other, code = await asked_for(rig, a_visit, address)
    await (await (await a_visit()).get(await link_to(rig, address))).submit()
    after_link = await other.submit(code=code)

    assert (after_code.status, after_code.heading) == (422, "This link no longer works")
    assert after_link.status == 422


async def test_wrong_addresses_are_refused_with_a_sentence(a_visit: A_Visit) -> None:
    page = await (await (await a_visit()).get("/sign-in")).submit(email="not an address")

    assert page.status == 422
    assert page.title.startswith("Error: Sign in")
    assert "Enter an email address, such as name@example.nhs.uk" in page.words
    assert "#email" in page.links


async def asked_from(services: Services, caller: str, address: str, times: int) -> list[Seen]:
    """The answers to so many wishes for a code, from the caller of this address on the network."""
    portal = make_portal(services)
    visit = Visit(portal, services)
    transport = httpx2.ASGITransport(portal, client=(caller, 123))
    visit.client = httpx2.AsyncClient(transport=transport, base_url=HOST, follow_redirects=True)
    answers = [await visit.post("/sign-in", {"email": address}) for _ in range(times)]
    await visit.close()
    return answers


async def test_too_many_codes_for_one_address_from_one_caller_are_refused(services: Services) -> None:
    answers = await asked_from(services, "192.0.2.1", "somebody.often@example.nhs.test", 7)

    assert [answer.status for answer in answers] == [200] * 6 + [429]
    assert "Wait an hour" in answers[-1].words


async def test_who_asks_often_for_somebody_elses_code_does_not_keep_them_out(services: Services) -> None:
    address = "somebody.pestered@example.nhs.test"

    pest = await asked_from(services, "192.0.2.1", address, 20)
    owner = await asked_from(services, "192.0.2.2", address.upper(), 6)

    assert pest[-1].status == 429
    assert [answer.status for answer in owner] == [200] * 6


async def test_too_many_codes_for_one_address_from_everywhere_are_refused(services: Services) -> None:
    address = "somebody.flooded@example.nhs.test"

    answers = [one for end in range(1, 7) for one in await asked_from(services, f"192.0.2.{end}", address, 6)]

    assert [answer.status for answer in answers] == [200] * 30 + [429] * 6


async def test_too_many_codes_from_one_caller_are_refused(services: Services) -> None:
    answers = [
        one
        for number in range(11)
        for one in await asked_from(services, "192.0.2.9", f"somebody.{number}@example.nhs.test", 6)
    ]

    assert [answer.status for answer in answers] == [200] * 60 + [429] * 6


async def test_nobody_is_led_to_another_site(rig: Rig, a_visit: A_Visit) -> None:
    for elsewhere in ("//evil.test", "https://evil.test/", "/\\evil.test", "/%09/evil.test", "evil"):
        visit = await a_visit()
        page = await visit.get("/sign-in", params={"next": elsewhere})
        assert page.form().fields["next"][0] in {"/", "/%09/evil.test"}


async def test_sign_out_ends_the_session_wherever_the_cookie_is(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.operations)
    token = visit.client.cookies[COOKIE]

    await visit.post("/sign-out")
    visit.client.cookies.set(COOKIE, token, domain="portal.test", path="/")
    after = await visit.get("/account")

    assert after.path == "/sign-in?next=/account"


async def test_signing_in_ends_the_session_that_the_browser_held(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.chair)
    held = visit.client.cookies[COOKIE]
    address = f"{rig.moderator.person}@example.nhs.test"
    page = await visit.post("/sign-in", {"email": address})
    await page.submit(code=code_in(await newest_letter(rig, address)))

    other = await a_visit()
    other.client.cookies.set(COOKIE, held, domain="portal.test", path="/")
    after = await other.get("/account")

    assert "The moderator" in (await visit.get("/account")).words
    assert after.path == "/sign-in?next=/account"


async def test_sign_out_everywhere_ends_other_browsers_too(rig: Rig, a_visit: A_Visit) -> None:
    here, there = await a_visit(rig.chair), await a_visit(rig.chair)

    await (await here.get("/account")).submit("/account/sign-out-everywhere")
    after = await there.get("/account")

    assert after.path.startswith("/sign-in")


async def test_session_ends_after_half_an_hour_without_use(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.operations)
    await rig.spoil(
        "UPDATE websession SET seen_at = seen_at - CAST(:span AS interval) WHERE person_id = :person",
        span=timedelta(minutes=31),
        person=rig.operations.person,
    )

    after = await visit.get("/account")

    assert after.path == "/sign-in?next=/account"


async def test_form_sent_after_the_session_ended_is_given_back(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.operations)
    await visit.post("/sign-out")

    page = await visit.post("/roles", {"hat": "operations:", "once": "a-key"})

    assert (page.status, page.heading) == (401, "You have been signed out")
    assert page.form("").fields == {"hat": ["operations:"], "once": ["a-key"]}


async def test_form_of_another_site_is_refused(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.operations)

    fetched = await visit.post("/roles", {"hat": "operations:"}, **{"Sec-Fetch-Site": "cross-site"})
    sibling = await visit.post("/roles", {"hat": "operations:"}, **{"Sec-Fetch-Site": "same-site"})

    assert (fetched.status, sibling.status) == (403, 403)
    assert fetched.heading == "This form was sent from elsewhere"


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://portal.test", 303),
        ("http://portal.test", 403),
        ("https://portal.test:8443", 403),
        ("https://evil.test", 403),
        ("null", 403),
    ],
)
async def test_form_of_a_browser_that_names_the_origin_alone_must_come_from_this_scheme_and_host(
    rig: Rig, a_visit: A_Visit, origin: str, status: int
) -> None:
    visit = await a_visit(rig.operations)

    answer = await visit.client.post(
        "/roles", data={"hat": "operations:"}, headers={"Origin": origin}, follow_redirects=False
    )

    assert answer.status_code == status


async def test_headers_are_exact_on_every_answer(a_visit: A_Visit) -> None:
    visit = await a_visit()

    for path in ("/", "/sign-in", "/nowhere", "/static/portal.css"):
        headers = (await visit.get(path)).response.headers
        nonce = re.search(r"'nonce-([\w-]+)'", headers["content-security-policy"])
        assert nonce is not None
        assert headers["content-security-policy"] == (
            f"default-src 'none'; script-src 'self' 'nonce-{nonce[1]}'; style-src 'self'; img-src 'self'; "
            "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; "
            "base-uri 'none'"
        )
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == ("public, max-age=3600" if path.startswith("/static") else "no-store")


async def test_cookie_is_this_hosts_alone(rig: Rig, a_visit: A_Visit) -> None:
    page, code = await asked_for(rig, a_visit, f"{rig.operations.person}@example.nhs.test")

    answer = await page.visit.client.post("/sign-in/code", data={"code": code}, follow_redirects=False)

    given = [one for one in answer.headers.get_list("set-cookie") if one.startswith(f"{COOKIE}=")]
    assert len(given) == 1
    assert re.fullmatch(r"__Host-talent-pool=[\w-]{43}; HttpOnly; Path=/; SameSite=lax; Secure", given[0])


async def test_page_that_is_not_there_says_what_to_do(a_visit: A_Visit) -> None:
    page = await (await a_visit()).get("/nowhere")

    assert (page.status, page.heading) == (404, "Page not found")


async def test_too_much_at_once_is_refused(a_visit: A_Visit) -> None:
    page = await (await a_visit()).post("/sign-in", {"email": "x" * 1_100_000})

    assert (page.status, page.heading) == (413, "This is too large")
    assert "At most 1 MB of text can be sent at once." in page.words


async def test_portal_answers_at_its_own_names_alone(a_visit: A_Visit) -> None:
    visit = await a_visit()

    answers = [
        await visit.client.post("/sign-in", data={"email": "a@example.nhs.test"}, headers={"Host": host})
        for host in ("evil.test", "portal.test.evil.test", "portal.test:443@evil.test", "")
    ]

    assert [answer.status_code for answer in answers] == [400] * 4
    assert (await visit.client.get("/", headers={"Host": "PORTAL.test:443"})).status_code == 200


async def test_text_sent_in_another_role_is_given_back_and_taken_once_the_role_is_back(
    rig: Rig, a_visit: A_Visit
) -> None:
    visit = await a_visit(rig.operations)

    page = await visit.post("/organisation/nominate", {"statement": "Two services became one.", "once": "a-key"})

    assert (page.status, page.heading) == (403, "You cannot see this page")
    assert "Two services became one." in page.words
    assert page.form("").fields == {"statement": ["Two services became one."], "once": ["a-key"]}


async def test_text_sent_to_what_belongs_to_somebody_else_is_given_back(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.nominator)

    page = await visit.post("/organisation/nominate/d-nothing/save", {"content": "Two services became one."})

    assert page.status == 404
    assert "Two services became one." in page.words
    assert page.form("").fields["content"] == ["Two services became one."]

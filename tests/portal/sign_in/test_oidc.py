"""Signing in with an identity provider, against one that runs in the test."""

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from pydantic import SecretStr

from portal.app import make_portal
from portal.oidc import Provider
from portal.services import Services
from portal.sessions import COOKIE
from tests.portal.visiting import HOST, Visit
from tests.workflows.rig import Rig

ISSUER_NAME = "The trust’s sign-in"


PROVIDER = """
import sys, time
from oidc_provider_mock import User, run_server_in_thread
known = sys.argv[1]
people = [
    User(sub="known", claims={"email": known.upper(), "email_verified": True}),
    User(sub="unknown", claims={"email": "nobody@example.nhs.test", "email_verified": True}),
    User(sub="unverified", claims={"email": known, "email_verified": False}),
]
with run_server_in_thread(user_claims=people) as server:
    print(server.server_port, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def issuer(rig: Rig) -> Iterator[str]:
    """An identity provider with three people: known here, unknown here, and one whose address is not verified.

    A process of its own: its libraries warn of each other, and warnings are errors here.
    """
    known = f"{rig.operations.person}@example.nhs.test"
    with subprocess.Popen(  # noqa: S603 -- the test's own program
        [sys.executable, "-W", "ignore", "-c", PROVIDER, known],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as provider:
        assert provider.stdout is not None
        yield f"http://localhost:{int(provider.stdout.readline())}"
        provider.kill()


@pytest.fixture
async def visit(services: Services, issuer: str) -> AsyncIterator[Visit]:
    provider = Provider(issuer, "talent-pool", SecretStr("a-secret-of-the-test"), ISSUER_NAME)
    with_provider = replace(services, provider=provider)
    visit = Visit(make_portal(with_provider), with_provider)
    yield visit
    await visit.close()


async def sent_to_provider(visit: Visit, onward: str = "") -> str:
    """Begins, and returns the address of the provider's page."""
    answer = await visit.client.get(f"/sign-in/with{onward}", follow_redirects=False)
    assert answer.status_code == 303
    return str(answer.headers["location"])


async def authorised(address: str, sub: str) -> str:
    """Says yes (or no) at the provider, and returns the path it sends the browser back to."""
    async with httpx2.AsyncClient() as client:
        sent = {"action": "deny"} if sub == "deny" else {"sub": sub}
        answer = await client.post(address, data=sent, follow_redirects=False)
    back = str(answer.headers["location"])
    assert back.startswith(f"{HOST}/sign-in/with/back?")
    return back.removeprefix(HOST)


async def test_person_signs_in_with_the_provider_and_goes_on_where_they_wanted(visit: Visit) -> None:
    page = await visit.get("/sign-in")
    address = await sent_to_provider(visit, "?next=/account")

    after = await visit.get(await authorised(address, "known"))

    asked = parse_qs(urlsplit(address).query)
    assert ISSUER_NAME in page.words
    assert (asked["code_challenge_method"], asked["response_type"]) == (["S256"], ["code"])
    assert {"state", "nonce", "code_challenge"} <= asked.keys()
    assert after.path == "/account"
    assert "The operations" in after.words


@pytest.mark.parametrize(
    ("sub", "words"),
    [
        ("unknown", "nobody has given you a role in this service"),
        ("unverified", "did not confirm who you are"),
        ("deny", "did not confirm who you are"),
    ],
)
async def test_person_who_is_not_known_is_told_why_and_what_to_do(visit: Visit, sub: str, words: str) -> None:
    address = await sent_to_provider(visit)

    after = await visit.get(await authorised(address, sub))

    assert (after.status, after.heading) == (422, "You could not be signed in")
    assert words in after.words
    assert COOKIE not in visit.client.cookies


async def test_answer_works_once(visit: Visit) -> None:
    back = await authorised(await sent_to_provider(visit), "known")
    await visit.get(back)
    await visit.post("/sign-out")

    again = await visit.get(back)

    assert again.status == 422


async def test_answer_for_another_browser_is_refused(visit: Visit, services: Services) -> None:
    back = await authorised(await sent_to_provider(visit), "known")
    other = Visit(make_portal(visit.services), visit.services)
    await sent_to_provider(other)

    after = await other.get(back)

    assert after.status == 422
    assert COOKIE not in other.client.cookies
    await other.close()


async def test_provider_that_is_away_leaves_the_other_ways(services: Services) -> None:
    provider = Provider("http://localhost:9", "talent-pool", None, ISSUER_NAME)
    with_provider = replace(services, provider=provider)
    visit = Visit(make_portal(with_provider), with_provider)

    after = await visit.get("/sign-in/with")

    assert after.status == 503
    assert "use a code by email" in after.words
    await visit.close()

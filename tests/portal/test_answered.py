"""The answer to a form stands at an address that can be gone back to and loaded again, and nobody else sees it."""

import asyncio
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from sqlmodel import func, select
from starlette.types import Message

from acts.drafting import DraftingActs
from models.enums import Role, Stage
from models.messages import By
from models.tables import KeptAnswer, RoleGrant
from portal.answered import KEPT_FOR, LARGEST
from portal.app import make_portal
from portal.cookies import BROWSER
from portal.rates import Rates
from portal.services import Services
from portal.sessions import COOKIE
from tests.portal.assessors.seats import accepted
from tests.portal.conftest import A_Visit, assessor_of
from tests.portal.visiting import HOST, Visit
from tests.workflows.rig import HOME, CohortRig, Rig


@dataclass
class _Clock:
    """The present moment, and as much later as a test lets pass."""

    later: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.later


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def services(services: Services, clock: _Clock) -> Services:
    """The portal's surroundings, by a clock that a test moves, and with tries counted anew."""
    acts = services.acts
    return replace(services, acts=replace(acts, desk=replace(acts.desk, clock=clock)), rates=Rates())


@pytest.fixture
def portal(services: Services) -> FastAPI:
    """The portal over them."""
    return make_portal(services)


async def _arrived(visit: Visit) -> Visit:
    """A browser that has loaded a page, and so has the cookie that answers are kept for."""
    await visit.get("/help/contact")
    return visit


async def _kept(rig: Rig) -> int:
    async with rig.sessions() as session:
        return (await session.exec(select(func.count()).select_from(KeptAnswer))).one()


async def test_form_with_errors_is_answered_at_the_forms_own_page_and_can_be_loaded_again(a_visit: A_Visit) -> None:
    visit = await a_visit()
    page = await visit.get("/sign-in?next=/quality")

    wrong = await page.submit("/sign-in", email="nobody")
    again = await visit.get(wrong.path)

    assert (wrong.status, again.status) == (422, 422)
    assert re.fullmatch(r"/sign-in\?next=/quality&answered=[\w-]{16}", wrong.path)
    assert again.title.startswith("Error: ")
    assert again.form("/sign-in").fields["email"] == ["nobody"]
    nonce = re.search(r"'nonce-([^']+)'", again.response.headers["content-security-policy"])
    assert nonce is not None
    assert set(re.findall(r'nonce="([^"]+)"', again.text)) == {nonce[1]}
    assert again.response.headers["cache-control"] == "no-store"


async def test_answer_stands_at_the_page_that_the_form_was_on(cohort: CohortRig, a_visit: A_Visit) -> None:
    chosen = {"cohort": cohort.id, "nomination": (await cohort.nominate()).id}
    visit = await _arrived(await a_visit(cohort.rig.operations))
    sent = "/operations/bulk/check"  # a page of that address would be a step called "check"

    there = await visit.post(sent, chosen, Referer=f"{HOST}/operations/nominations?stage=apply&answered=before")
    from_nowhere = await visit.post(sent, chosen, Referer=f"{HOST}/nowhere")
    from_another = await visit.post(sent, chosen, Referer="https://elsewhere.test/operations/nominations")
    at_its_own = await visit.post("/operations/people")

    assert {one.status for one in (there, from_nowhere, from_another, at_its_own)} == {422}
    assert re.fullmatch(r"/operations/nominations\?stage=apply&answered=[\w-]+", there.path)
    assert {from_nowhere.path, from_another.path} == {sent}
    assert at_its_own.path.startswith("/operations/people?answered=")


async def test_form_that_was_taken_leads_on_and_is_not_kept(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate()).reach(Stage.APPLYING)
    page = await (await a_visit(case.nominee)).get(f"/my-nomination/{case.id}/withdraw")
    before = await _kept(cohort.rig)

    after = await page.submit("/withdraw", reason="personal", sure="yes")

    assert after.path.endswith("/withdrawn")
    assert await _kept(cohort.rig) == before


async def test_programs_and_scripts_are_answered_directly(rig: Rig, a_visit: A_Visit) -> None:
    visit = await _arrived(await a_visit(rig.operations))
    before = await _kept(rig)

    script = await visit.post("/operations/people", None, **{"Sec-Fetch-Mode": "cors"})
    program = await visit.client.post("/operations/people", headers={"Accept": "*/*"})
    old_browser = await visit.client.post("/operations/people", headers={"Accept": "text/html,*/*;q=0.8"})

    assert [script.path, program.url.path, old_browser.url.path] == ["/operations/people"] * 3
    assert [script.status, program.status_code, old_browser.status_code] == [422] * 3
    assert "answered=" in str(old_browser.url)
    assert "answered=" not in script.path + str(program.url)
    assert await _kept(rig) == before + 1


async def test_answer_is_shown_to_no_other_browser_or_person(cohort: CohortRig, a_visit: A_Visit) -> None:
    one, other = await cohort.nominate(), await cohort.nominate()
    visit = await a_visit(one.nominee)
    path = f"/my-nomination/{one.id}/application/details/change"
    wrong = await (await visit.get(path)).submit(full_name="=Private words")
    assert "=Private words" in wrong.text

    same_person_elsewhere = await (await a_visit(one.nominee)).get(wrong.path)
    await visit.signed_in_as(other.nominee)
    somebody_else_here = await visit.get(wrong.path)
    visit.client.cookies.delete(COOKIE)
    nobody_here = await visit.get(wrong.path)
    at_another_page = await (await visit.signed_in_as(one.nominee)).get(
        wrong.path.replace("/application/details/change", "")
    )
    back_again = await visit.get(wrong.path)

    assert same_person_elsewhere.path == path
    assert nobody_here.path.startswith("/sign-in?next=")
    for seen in (same_person_elsewhere, somebody_else_here, nobody_here, at_another_page):
        assert "=Private words" not in seen.text
    assert "=Private words" in back_again.text


async def test_page_made_for_one_role_is_not_shown_in_another(cohort: CohortRig, a_visit: A_Visit) -> None:
    case, rig = await cohort.nominate(), cohort.rig
    async with rig.sessions.begin() as session:
        session.add(RoleGrant(person_id=case.nominee.person, role=Role.OPERATIONS, granted_at=datetime.now(UTC)))
    as_operations = By(person=case.nominee.person, role=Role.OPERATIONS)
    visit = await a_visit(as_operations)
    found = await (await visit.get("/operations/people")).submit(words="the")
    await visit.signed_in_as(case.nominee)

    seen = await visit.get(found.path)

    assert "?answered=" in found.path
    assert seen.status == 403
    assert "The chair" not in seen.text


async def test_what_was_sent_in_another_role_is_there_again_with_that_role(
    cohort: CohortRig, a_visit: A_Visit
) -> None:
    case, rig = await cohort.nominate(), cohort.rig
    async with rig.sessions.begin() as session:
        session.add(RoleGrant(person_id=case.nominee.person, role=Role.OPERATIONS, granted_at=datetime.now(UTC)))
    visit = await a_visit(case.nominee)
    page = await visit.get(f"/my-nomination/{case.id}/application/details/change")
    await visit.signed_in_as(By(person=case.nominee.person, role=Role.OPERATIONS))

    refused = await page.submit(full_name="Rosalind Hale")
    await visit.signed_in_as(case.nominee)
    again = await visit.get(refused.path)

    assert refused.status == again.status == 403
    assert "Rosalind Hale" in again.text


async def test_page_that_is_no_longer_theirs_takes_its_kept_answer_with_it(
    cohort: CohortRig, a_visit: A_Visit
) -> None:
    _, task = await accepted(cohort)
    visit = await a_visit(await assessor_of(cohort, task.rpartition(".")[2]))
    path = f"/assessments/{task}/scores"
    wrong = await (await visit.get(path)).submit("/scores", {"partnerships.value": "9", "then": "check"})
    assert "?answered=" in wrong.path
    await (await visit.get(f"/assessments/{task}/decline")).submit("/decline", reason="conflict", kind="family")

    ordinary, again = await visit.get(path), await visit.get(wrong.path)

    assert ordinary.status in {403, 410}
    assert (again.status, again.words) == (ordinary.status, ordinary.words)


async def test_once_a_form_is_taken_its_page_is_shown_as_it_is(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await cohort.nominate()
    visit = await a_visit(case.nominee)
    path = f"/my-nomination/{case.id}/application/details/change"
    wrong = await (await visit.get(path)).submit(full_name="=Rosalind")
    wrong_again = await visit.post(path, {"full_name": "=Rosa"}, Referer=f"{HOST}{wrong.path}")

    await visit.post(path, {"full_name": "Rosalind Hale"}, Referer=f"{HOST}{wrong_again.path}")
    back = [await visit.get(one.path) for one in (wrong_again, wrong)]

    assert wrong_again.status == 422
    assert [(one.status, one.path) for one in back] == [(200, path)] * 2
    assert "Rosalind Hale" in back[0].text


async def test_once_a_field_is_saved_as_one_types_the_page_is_shown_as_it_is(
    cohort: CohortRig, a_visit: A_Visit
) -> None:
    rig = cohort.rig
    draft = await DraftingActs(rig.acts.desk).begin(cohort.id, HOME, rig.nominator)
    visit = await a_visit(rig.nominator)
    path = f"/organisation/nominate/{draft}/questions/name"
    wrong = await (await visit.get(path)).submit(nominee_name="=bad")

    saved = await visit.post(
        f"/organisation/nominate/{draft}/save",
        {
            "field": "nominee_name",
            "content": "Rosalind Hale",
            "revision": wrong.form().fields["_seen_nominee_name"][0],
        },
        **{"Sec-Fetch-Mode": "cors", "Accept": "application/json", "Referer": f"{HOST}{wrong.path}"},
    )
    loaded_again = await visit.get(wrong.path)

    assert (wrong.status, saved.status, loaded_again.status) == (422, 200, 200)
    assert "?answered=" in wrong.path
    assert loaded_again.path == path
    assert loaded_again.form().fields["nominee_name"] == ["Rosalind Hale"]


async def test_after_half_an_hour_the_address_shows_the_page_as_it_is(
    rig: Rig, a_visit: A_Visit, clock: _Clock
) -> None:
    visit = await a_visit()
    wrong = await (await visit.get("/sign-in?next=/quality")).submit("/sign-in", email="nobody")

    clock.later = KEPT_FOR - timedelta(seconds=5)
    shortly_before = await visit.get(wrong.path)
    clock.later = KEPT_FOR
    afterwards = await visit.get(wrong.path)
    await (await (await a_visit()).get("/sign-in")).submit("/sign-in", email="somebody")

    assert shortly_before.status == 422
    assert (afterwards.status, afterwards.path) == (200, "/sign-in?next=/quality")
    assert await _kept(rig) == 1, "what is over goes when the next one is kept"


async def test_who_was_signed_out_while_typing_finds_it_again_and_nobody_else_does(
    cohort: CohortRig, a_visit: A_Visit, clock: _Clock
) -> None:
    one, other = await cohort.nominate(), await cohort.nominate()
    visit = await a_visit(one.nominee)
    path = f"/my-nomination/{one.id}/application/details/change"
    page = await visit.get(path)
    clock.later = timedelta(minutes=31)

    signed_out = await page.submit(full_name="Rosalind Hale")
    await visit.signed_in_as(other.nominee)
    to_another = await visit.get(signed_out.path)
    await visit.signed_in_as(one.nominee)
    again = await visit.get(signed_out.path)
    assert again.status == 401
    saved = await again.submit(path.rsplit("/", 1)[1])

    assert signed_out.status == again.status == 401
    assert signed_out.path.startswith(f"{path}?answered=")
    assert "Rosalind Hale" not in to_another.text
    assert "Rosalind Hale" in again.text
    assert saved.path.endswith("/details")
    assert "Rosalind Hale" in saved.words


async def test_words_sent_by_nobody_known_are_kept_for_nobody(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await cohort.nominate()
    visit = await a_visit(case.nominee)
    page = await visit.get(f"/my-nomination/{case.id}/application/details/change")
    await visit.post("/sign-out")  # in another tab
    before = await _kept(cohort.rig)

    answer = await page.submit(full_name="Rosalind Hale")

    assert (answer.status, answer.path) == (401, page.path)
    assert "Rosalind Hale" in answer.text
    assert await _kept(cohort.rig) == before


async def test_answer_made_for_nobody_is_not_shown_once_somebody_is_signed_in(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit()
    wrong = await (await visit.get("/sign-in")).submit("/sign-in", email="somebody")

    await visit.signed_in_as(rig.operations)
    seen = await visit.get(wrong.path)

    assert "?answered=" in wrong.path
    assert "answered" not in seen.path
    assert 'value="somebody"' not in seen.text


async def test_browser_without_cookies_is_answered_directly(a_visit: A_Visit) -> None:
    seen = await (await a_visit()).post("/sign-in", {"email": "nobody"})

    assert (seen.status, seen.path) == (422, "/sign-in")


async def test_signing_out_gives_the_browser_another_name(rig: Rig, a_visit: A_Visit) -> None:
    visit = await _arrived(await a_visit(rig.operations))
    before = visit.client.cookies[BROWSER]

    await visit.post("/sign-out")

    assert visit.client.cookies[BROWSER] != before


async def test_answers_that_are_too_large_or_too_many_are_given_directly(rig: Rig, a_visit: A_Visit) -> None:
    visit = await _arrived(await a_visit())

    large = await visit.post("/sign-in", {"email": "x" * LARGEST})
    several = [(await visit.post("/sign-in", {"email": "nobody"})).path for _ in range(245)]

    assert (large.status, large.path) == (422, "/sign-in")
    assert several[0].startswith("/sign-in?answered=")
    assert several[-1] == "/sign-in"


async def test_forms_of_other_sites_are_answered_without_being_kept(rig: Rig, a_visit: A_Visit) -> None:
    visit = await _arrived(await a_visit(rig.operations))
    before = await _kept(rig)

    refused = await visit.post("/operations/people", None, **{"Sec-Fetch-Site": "cross-site"})

    assert (refused.status, refused.path) == (403, "/operations/people")
    assert await _kept(rig) == before


@pytest.mark.parametrize("key", ["", "x", "%00", "é", "x" * 2000])
async def test_address_of_no_answer_leads_to_the_page_itself(a_visit: A_Visit, key: str) -> None:
    visit = await a_visit()

    seen = await visit.get(f"/help/contact?answered={key}")

    assert seen.path == "/help/contact" or seen.status == 404


async def test_form_that_is_too_large_is_answered_without_waiting_for_the_rest(portal: FastAPI) -> None:
    parts = iter([b"email=" + b"x" * 500_000, b"x" * 600_000])
    said: list[Message] = []

    async def receive() -> Message:
        part = next(parts, None)
        if part is None:
            await asyncio.Event().wait()  # A browser that was not told to go on sends no more.
        return {"type": "http.request", "body": part, "more_body": True}

    async def send(message: Message) -> None:
        said.append(message)

    kind = (b"content-type", b"application/x-www-form-urlencoded")
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/sign-in",
        "raw_path": b"/sign-in",
        "query_string": b"",
        "root_path": "",
        "scheme": "https",
        "server": ("portal.test", 443),
        "headers": [(b"host", b"portal.test"), (b"sec-fetch-mode", b"navigate"), kind],
    }

    async with asyncio.timeout(20):
        await portal(scope, receive, send)

    assert said[0]["status"] in {303, 413}

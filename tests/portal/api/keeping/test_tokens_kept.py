"""An organisation's page for its tokens: made and shown once, looked at, revoked."""

import asyncio
import logging
from datetime import timedelta

import pytest
from sqlmodel import col, select

from models.messages import By
from models.tables import ActOnce, ApiToken, AuditEvent, RoleGrant
from portal.sessions import COOKIE
from portal.words import day
from tests.portal.api.conftest import A_Program
from tests.portal.api.keeping.conftest import ALL, OWN, TOKEN, found_in
from tests.portal.conftest import A_Visit
from tests.portal.visiting import Seen, Visit
from tests.workflows.rig import ELSEWHERE, HOME, Rig

READING = {"scopes": ["nominations:read"]}


async def made(visit: Visit, name: str = "Staff records") -> Seen:
    page = await visit.get(f"{OWN}/tokens/new")
    return await page.submit(None, {"name": name, **READING})


async def asked_with(visit: Visit, token: str) -> int:
    answer = await visit.client.get("/api/v1/status", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code


async def test_token_is_made_by_the_page_and_shown_once(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.nominator)

    shown = await made(visit)
    token = found_in(shown, TOKEN)
    again = await visit.get(shown.path)
    listed = await visit.get(OWN)

    assert (shown.status, shown.heading) == (200, "Staff records")
    assert await asked_with(visit, token) == 200
    assert shown.response.headers["cache-control"] == "no-store"
    assert token not in again.text + listed.text
    assert "shown once, when it was made" in again.words
    assert "Staff records" in listed.words


async def test_token_made_by_the_page_ends_with_its_last_day(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.nominator)
    last = rig.acts.desk.clock() + timedelta(days=10)
    page = await visit.get(f"{OWN}/tokens/new")

    shown = await page.submit(
        None,
        {
            "name": "Ten days",
            "scopes": ["exports:read", "webhooks:manage"],
            "until_day": str(last.day),
            "until_month": str(last.month),
            "until_year": str(last.year),
        },
    )
    row = await rig.get(ApiToken, shown.path.rpartition("/")[2])

    assert f"11:59pm on {day(last)}" in shown.words
    assert row.scopes == ["exports:read", "webhooks:manage"]
    assert (row.organisation_code, row.made_by) == (HOME, rig.nominator.person)


async def test_no_secret_stands_in_an_address_a_log_or_the_database(
    rig: Rig, a_visit: A_Visit, caplog: pytest.LogCaptureFixture
) -> None:
    visit = await a_visit(rig.nominator)
    page = await visit.get(f"{OWN}/tokens/new")
    filled = {**page.form().fields, "name": ["Quiet"], **READING}

    with caplog.at_level(logging.DEBUG):
        answer = await visit.client.post(f"{OWN}/tokens/new", data=filled, follow_redirects=False)
        waiting = await rig.all(select(ActOnce.answer).where(col(ActOnce.key) == answer.headers["location"][-15:]))
        shown = await visit.get(answer.headers["location"])
    token = found_in(shown, TOKEN)
    kept = await rig.all(select(ActOnce))

    assert answer.status_code == 303
    assert token not in str(answer.headers) + answer.text + shown.path + caplog.text
    assert len(waiting) == 1
    assert token.encode().hex() not in str(waiting)
    assert token not in str(waiting)
    assert all(row.route != "shown once" for row in kept)
    assert token not in str([row.answer for row in kept])


async def test_form_sent_twice_makes_one_token_which_is_shown(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.nominator)
    page = await visit.get(f"{OWN}/tokens/new")
    filled = {**page.form().fields, "name": ["Sent twice"], **READING}

    answers = await asyncio.gather(
        *(visit.client.post(f"{OWN}/tokens/new", data=filled, follow_redirects=False) for _ in range(4))
    )
    # The browser follows the last answer alone.
    shown = await visit.get(answers[-1].headers["location"])
    rows = await rig.all(select(ApiToken).where(col(ApiToken.name) == "Sent twice"))

    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert len(rows) == 1
    assert await asked_with(visit, found_in(shown, TOKEN)) == 200


async def test_back_and_the_form_again_show_nothing_of_the_first_token(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.nominator)
    page = await visit.get(f"{OWN}/tokens/new")
    shown = await page.submit(None, {"name": "Went back", **READING})
    token = found_in(shown, TOKEN)

    back = await visit.get(f"{OWN}/tokens/new")
    resent = await page.submit(None, {"name": "Went back", **READING})

    assert token not in back.text + resent.text
    assert resent.path == shown.path
    assert TOKEN.search(resent.words) is None


async def test_secret_is_shown_to_the_session_that_asked_and_to_no_other(
    rig: Rig, a_visit: A_Visit, elsewhere: By
) -> None:
    visit, other, stranger = await a_visit(rig.nominator), await a_visit(rig.nominator), await a_visit(elsewhere)
    page = await visit.get(f"{OWN}/tokens/new")
    filled = {**page.form().fields, "name": ["Mine"], **READING}
    answer = await visit.client.post(f"{OWN}/tokens/new", data=filled, follow_redirects=False)
    path = answer.headers["location"]

    elsewhere_seen = [await other.get(path), await stranger.get(path)]
    shown = await visit.get(path)

    assert [page.status for page in elsewhere_seen] == [200, 404]
    assert all(TOKEN.search(page.text) is None for page in elsewhere_seen)
    assert found_in(shown, TOKEN)
    assert visit.client.cookies[COOKIE] != other.client.cookies[COOKIE]


async def test_secret_that_nobody_opened_within_ten_minutes_is_not_shown(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.nominator)
    page = await visit.get(f"{OWN}/tokens/new")
    filled = {**page.form().fields, "name": ["Late"], **READING}
    answer = await visit.client.post(f"{OWN}/tokens/new", data=filled, follow_redirects=False)
    await rig.spoil(
        "UPDATE actonce SET begun_at = begun_at - CAST(:span AS interval) WHERE route = 'shown once'",
        span=timedelta(minutes=11),
    )

    late = await visit.get(answer.headers["location"])

    assert TOKEN.search(late.text) is None
    assert "revoke it and make another" in late.words


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": ""}, "Enter what program uses the token"),
        ({"name": "x" * 81}, "Enter what program uses the token"),
        ({"scopes": []}, "Choose what the token may be used for"),
        ({"scopes": ["everything"]}, "Choose what the token may be used for"),
        ({"until_day": "31", "until_month": "2"}, "must be a real date"),
        ({"until_year": "2001"}, "must be today or later"),
        ({"until_year": "2099"}, "a token is good for a year at most"),
        ({"until_month": "xi"}, "Enter the month"),
    ],
)
async def test_what_will_not_do_is_said_and_what_was_typed_is_kept(
    rig: Rig, a_visit: A_Visit, typed: dict[str, str | list[str]], sentence: str
) -> None:
    visit = await a_visit(rig.nominator)
    before = len(await rig.all(select(ApiToken.id)))

    page = await (await visit.get(f"{OWN}/tokens/new")).submit(None, {"name": "A name", **READING, **typed})

    assert page.status == 422
    assert sentence in page.words
    assert page.form().fields["name"] == [typed.get("name", "A name")]
    assert len(await rig.all(select(ApiToken.id))) == before


async def test_token_is_revoked_after_a_question(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.nominator)
    shown = await made(visit, "To be revoked")
    token = found_in(shown, TOKEN)

    asked = await visit.get(f"{shown.path}/revoke")
    still = await asked_with(visit, token)
    done = await asked.submit()
    again = await asked.submit()
    events = await rig.all(
        select(AuditEvent.what)
        .where(col(AuditEvent.subject) == f"token/{shown.path.rpartition('/')[2]}")
        .order_by(col(AuditEvent.position))
    )

    assert still == 200
    assert "The token was revoked" in done.words
    assert "It can no longer be used" in done.words
    assert f"{OWN}/tokens/new" in done.links
    assert again.status == 200
    assert await asked_with(visit, token) == 401
    assert events == ["token_made", "token_revoked"]


async def test_last_use_and_a_maker_who_no_longer_nominates_are_said(
    rig: Rig, a_visit: A_Visit, a_program: A_Program, elsewhere: By
) -> None:
    program = await a_program(by=elsewhere, organisation=ELSEWHERE)
    assert program.made
    await program.get("/status")
    visit = await a_visit(rig.operations)
    path = f"{ALL}/{ELSEWHERE}/tokens/{program.made.row.id}"

    used = await visit.get(path)
    async with rig.sessions.begin() as session:
        await session.delete(await session.get_one(RoleGrant, (elsewhere.person, elsewhere.role, ELSEWHERE)))
    ended = await visit.get(path)
    async with rig.sessions.begin() as session:
        session.add(
            RoleGrant(
                person_id=elsewhere.person,
                role=elsewhere.role,
                organisation_code=ELSEWHERE,
                granted_at=rig.acts.desk.clock(),
            )
        )

    assert "In use" in used.words
    assert "to the minute" in used.words
    assert "Maker no longer nominates" in ended.words
    assert "A nominator of the organisation can make another" in ended.words


async def test_operations_see_and_revoke_everybodys_tokens_and_make_none(
    rig: Rig, a_visit: A_Visit, a_program: A_Program
) -> None:
    program = await a_program()
    assert program.made
    visit = await a_visit(rig.operations)

    first = await visit.get(ALL)
    listed = await visit.get(f"{ALL}/{HOME.lower()}")
    done = await (await visit.get(f"{ALL}/{HOME}/tokens/{program.made.row.id}/revoke")).submit()
    making = [await visit.get(f"{ALL}/{HOME}/tokens/new"), await visit.get(f"{OWN}/tokens/new")]

    assert f"{ALL}/{HOME}" in first.links
    assert program.made.row.name in listed.words
    assert f"{ALL}/{HOME}/tokens/new" not in listed.links
    assert "The token was revoked" in done.words
    assert [page.status for page in making] == [404, 403]
    assert (await program.get("/status")).status_code == 401


async def test_nobody_reaches_another_organisations_token(
    a_visit: A_Visit, a_program: A_Program, elsewhere: By
) -> None:
    program = await a_program()
    assert program.made
    visit = await a_visit(elsewhere)
    path = f"{OWN}/tokens/{program.made.row.id}"

    looked = [await visit.get(path), await visit.get(f"{path}/revoke"), await visit.post(f"{path}/revoke")]

    assert [page.status for page in looked] == [404] * 3
    assert program.made.row.id not in (await visit.get(OWN)).text
    assert (await program.get("/status")).status_code == 200


@pytest.mark.parametrize("odd", ["nothing", "tk-", "tk-0123456789AB", "tk-000000000000", "%00", "..%2f..%2fx"])
async def test_token_of_no_such_number_is_not_found(rig: Rig, a_visit: A_Visit, odd: str) -> None:
    nominator, operations = await a_visit(rig.nominator), await a_visit(rig.operations)

    pages = [
        await nominator.get(f"{OWN}/tokens/{odd}"),
        await nominator.post(f"{OWN}/tokens/{odd}/revoke"),
        await operations.get(f"{ALL}/{HOME}/tokens/{odd}"),
        await operations.get(f"{ALL}/ZZZ9/tokens/tk-000000000000"),
        await operations.get(f"{ALL}/{odd}"),
    ]

    assert [page.status for page in pages] == [404] * 5


async def test_tokens_are_listed_fifty_a_page_in_the_same_order(rig: Rig, a_visit: A_Visit) -> None:
    now = rig.acts.desk.clock()
    async with rig.sessions.begin() as session:
        for number in range(60):
            session.add(
                ApiToken(
                    id=f"tk-{number:012x}",
                    organisation_code=HOME,
                    name=f"Program number {number}",
                    scopes=["nominations:read"],
                    token_sha256=f"{number:064x}",
                    made_by=rig.nominator.person,
                    made_at=now - timedelta(days=400 + number // 2),
                    expires_at=now - timedelta(days=300),
                )
            )
    visit = await a_visit(rig.nominator)

    first = await visit.get(OWN)
    (onward,) = [link for link in first.links if "after=" in link]
    second = await visit.get(onward)
    seen = [
        link.rpartition("/")[2]
        for page in (first, second)
        for link in page.links
        if link.startswith(f"{OWN}/tokens/tk-")
    ]
    stored = await rig.all(select(ApiToken.id).where(col(ApiToken.organisation_code) == HOME))

    assert len([link for link in first.links if link.startswith(f"{OWN}/tokens/tk-")]) == 50
    assert len(seen) == len(set(seen)) == len(stored)
    assert len(first.text) < 100_000

"""People, their roles and organisations on pages."""

import re
from datetime import UTC, datetime

from sqlmodel import col, select

from acts.programs import ProgramActs, hash_of
from models.enums import Role
from models.ids import OrganisationCode, PersonId
from models.messages import By
from models.programs import Scope
from models.tables import AuditEvent, Person, RoleGrant
from storage.lists import person_at
from storage.programs import token_of
from tests.portal.conftest import A_Visit
from tests.portal.visiting import Seen, Visit
from tests.workflows.rig import Rig

_NOW = datetime(2026, 11, 23, tzinfo=UTC)


async def granted(rig: Rig, a_visit: A_Visit, role: Role, **given: str) -> tuple[Visit, Seen, str]:
    """Somebody new who was given a role on the page; their id."""
    visit = await a_visit(rig.operations)
    number = rig.number()
    email = f"somebody.{number}@example.nhs.test"
    form = await visit.get("/operations/people/new")
    after = await form.submit(
        "/new", full_name=f"Sal Newcomer {number}", email=email, post="Secretary", role=role.value, **given
    )
    async with rig.sessions() as session:
        person = await person_at(session, email)
    assert person is not None, after.words
    return visit, after, person.id


async def test_somebody_new_is_given_a_role_and_is_found_by_name_and_address(rig: Rig, a_visit: A_Visit) -> None:
    visit, after, person = await granted(rig, a_visit, Role.NOMINATOR, organisation="r1d")
    row = await rig.get(Person, person)

    by_name = await (await visit.get("/operations/people")).submit(words="sal NEWC")
    by_address = await (await visit.get("/operations/people")).submit(words=row.email[:14].upper())
    nobody = await (await visit.get("/operations/people")).submit(words="%%")

    assert after.path == f"/operations/people/{person}?said=granted"
    assert "Nominator for Trust R1D" in after.words
    assert row.full_name in by_name.words
    assert row.full_name in by_address.words
    assert by_name.path.split("?answered=")[0] == "/operations/people"
    assert "Nobody was found" in nobody.words


async def test_who_holds_a_role_is_listed_a_page_at_a_time(rig: Rig, a_visit: A_Visit) -> None:
    async with rig.sessions.begin() as session:
        people = [
            Person(full_name=f"Advisor {n:02d}", email=f"adv.{rig.number()}@example.nhs.test") for n in range(60)
        ]
        session.add_all(people)
        await session.flush()
        session.add_all(RoleGrant(person_id=one.id, role=Role.INCLUSION_ADVISER, granted_at=_NOW) for one in people)
    visit = await a_visit(rig.operations)

    first = await visit.get("/operations/people?role=inclusion_adviser")
    second = await visit.get(next(link for link in first.links if "after=" in link))

    shown = [link for page in (first, second) for link in page.links if link.startswith("/operations/people/p-")]
    assert len([link for link in first.links if link.startswith("/operations/people/p-")]) == 50
    assert len(shown) == len(set(shown)) >= 60
    assert "The moderator" not in first.words
    assert len(first.text) < 100_000


async def test_role_that_is_withdrawn_ends_at_once_wherever_one_is_signed_in(rig: Rig, a_visit: A_Visit) -> None:
    visit, _, person = await granted(rig, a_visit, Role.MODERATOR)
    theirs = await a_visit(By(person=PersonId(person), role=Role.MODERATOR))
    before = await theirs.get("/account")
    page = await visit.get(f"/operations/people/{person}")

    asking = await visit.get(next(link for link in page.links if "/withdraw" in link))
    still = await theirs.get("/account")
    done = await asking.submit("/withdraw")
    after = await theirs.get("/account")
    refused = await theirs.get("/operations")
    events = await rig.all(
        select(AuditEvent.what)
        .where(col(AuditEvent.subject) == f"person/{person}")
        .order_by(col(AuditEvent.position))
    )

    assert "In 1 browser" in page.words
    assert "QA moderator" in before.words
    assert "QA moderator" in still.words
    assert "The role was withdrawn" in done.words
    assert "Nobody has given you a role yet" in after.words
    assert "QA moderator" not in after.words
    assert refused.status == 403
    assert events == ["officer_imported", "officer_revoked"]


async def test_tokens_end_with_the_role_for_good_and_addresses_are_said_to_stay(rig: Rig, a_visit: A_Visit) -> None:
    visit, _, person = await granted(rig, a_visit, Role.NOMINATOR, organisation="RX1")
    by = By(person=PersonId(person), role=Role.NOMINATOR)
    programs = ProgramActs(rig.sessions)
    ended = await programs.make_token(OrganisationCode("RX1"), by, "Payroll", [Scope.EXPORTS_READ])
    address = await programs.add_endpoint(OrganisationCode("RX1"), by, "https://events.example.org/pool", [])
    off = await programs.add_endpoint(OrganisationCode("RX1"), by, "https://off.example.org/pool", [])
    await programs.remove_endpoint(OrganisationCode("RX1"), by, off.id)
    row = await rig.get(Person, person)

    asking = await visit.get(f"/operations/people/{person}/withdraw?role=nominator&place=RX1")
    await asking.submit("/withdraw")
    again = await visit.get(f"/operations/people/{person}/grant")
    await again.submit("/grant", role="nominator", organisation="RX1")
    new = await programs.make_token(OrganisationCode("RX1"), by, "Payroll", [Scope.EXPORTS_READ])

    async with rig.sessions() as session:
        usable = [
            await token_of(session, hash_of(made.token), datetime.now(UTC)) is not None for made in (ended, new)
        ]
    events = await rig.all(select(AuditEvent.what).where(col(AuditEvent.subject) == f"token/{ended.row.id}"))
    assert usable == [False, True]
    assert events == ["token_made", "token_revoked"]
    assert re.search(rf"{re.escape(address.url)} (Added by )?{row.full_name}", asking.words)
    assert off.url not in asking.text
    assert "Events go on being sent to these addresses" in asking.words
    assert "/operations/programs/RX1" in asking.links
    assert (await visit.get("/operations/programs/RX1")).status == 200


async def test_last_in_operations_keeps_the_role(rig: Rig, a_visit: A_Visit) -> None:
    # Other tests may have left colleagues in operations.
    await rig.spoil(
        "DELETE FROM rolegrant WHERE role = 'operations' AND person_id <> :person", person=rig.operations.person
    )
    visit = await a_visit(rig.operations)
    asking = await visit.get(f"/operations/people/{rig.operations.person}/withdraw?role=operations")

    refused = await asking.submit("/withdraw")

    assert (refused.status, "is the last in operations" in refused.words) == (409, True)
    assert (await visit.get("/operations/people")).status == 200


async def test_wrong_grant_is_named_by_its_field_and_gives_nothing(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.operations)
    form = await visit.get("/operations/people/new")
    whole = {"full_name": "Una Mended", "email": f"una.{rig.number()}@example.nhs.test", "role": "nominator"}

    empty = await form.submit("/new", {"full_name": "", "email": "", "role": []})
    nowhere = await form.submit("/new", {**whole, "organisation": "ZZZ"})
    without = await form.submit("/new", whole)
    address = await form.submit("/new", {**whole, "email": "una", "organisation": "R1D"})

    assert [page.status for page in (empty, nowhere, without, address)] == [422] * 4
    assert "Enter their full name" in empty.words
    assert "No organisation in the register has this code" in nowhere.words
    assert "Una Mended" in nowhere.text
    assert "A nominator acts for one organisation" in without.words
    assert await rig.all(select(Person).where(col(Person.full_name) == "Una Mended")) == []


async def test_known_person_is_given_another_role(rig: Rig, a_visit: A_Visit) -> None:
    visit, _, person = await granted(rig, a_visit, Role.MODERATOR)
    form = await visit.get(f"/operations/people/{person}/grant")

    without = await form.submit("/grant")
    after = await form.submit("/grant", role="board")
    again = await form.submit("/grant", role="board")

    assert without.status == 422
    assert "Talent board" in after.words
    assert again.path == after.path
    assert len(await rig.all(select(RoleGrant).where(col(RoleGrant.person_id) == person))) == 2


async def test_organisations_are_searched_and_say_who_nominates(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.operations)

    found = await (await visit.get("/operations/organisations")).submit(words="r1d")
    none = await (await visit.get("/operations/organisations")).submit(words="nowhere at all")
    one = await visit.get("/operations/organisations/R1D")

    assert "Trust R1D" in found.words
    assert "RX1" not in found.words
    assert "No organisation was found" in none.words
    assert "The nominator" in one.words
    assert "/operations/people/new?organisation=R1D" in one.links


async def test_people_are_for_operations(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.chair)

    assert (await visit.get(f"/operations/people/{rig.operations.person}")).status == 403
    assert (await visit.post("/operations/people", {"words": "The operations"})).status == 403

"""Operations correct somebody's email address."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from fastapi import FastAPI
from sqlmodel import col, select

from models.enums import Role
from models.ids import PersonId
from models.messages import By
from models.tables import AuditEvent, Person, RoleGrant
from notify.channels import CannotDeliver, TryLater
from portal.services import Services
from tests.portal.conftest import A_Visit
from tests.portal.test_sign_in import asked_for, newest_letter
from tests.portal.visiting import Seen, Visit
from tests.workflows.rig import Rig

REASON = "address_mistyped"


async def somebody(rig: Rig, *roles: Role) -> Person:
    """Somebody with an address of their own."""
    number = rig.number()
    person = Person(full_name=f"Mia Typed {number}", email=f"mia.{number}@exmaple.nhs.test")
    async with rig.sessions.begin() as session:
        session.add(person)
        await session.flush()
        session.add_all(RoleGrant(person_id=person.id, role=one, granted_at=datetime.now(UTC)) for one in roles)
    return person


def corrected(person: Person) -> str:
    return person.email.replace("exmaple", "example")


async def form_for(a_visit: A_Visit, rig: Rig, person: str) -> Seen:
    return await (await a_visit(rig.operations)).get(f"/operations/people/{person}/email")


async def event_of(rig: Rig, person: Person) -> list[AuditEvent]:
    subject = col(AuditEvent.subject) == f"person/{person.id}"
    return await rig.all(select(AuditEvent).where(subject, col(AuditEvent.what) == "email_corrected"))


def letters_to(rig: Rig, address: str) -> list[str]:
    """What was written to an address when one was corrected, with its headers."""
    found = []
    for file in rig.mailbox.glob("address*.eml"):
        message = message_from_bytes(file.read_bytes(), policy=policy.default)
        body = message.get_body()
        if address in str(message["To"]) and body is not None:
            found.append(" ".join(f"{message['To']} {message['Subject']} {body.get_content()}".split()))
    return found


async def test_corrected_address_is_told_and_is_the_one_to_sign_in_with(rig: Rig, a_visit: A_Visit) -> None:
    person = await somebody(rig, Role.INCLUSION_ADVISER)
    form = await form_for(a_visit, rig, person.id)

    after = await form.submit("/email", email=corrected(person), reason=REASON)
    (to_new,), (to_old,) = letters_to(rig, corrected(person)), letters_to(rig, person.email)
    page, code = await asked_for(rig, a_visit, corrected(person))
    signed_in = await page.submit(code=code)
    (event,) = await event_of(rig, person)

    assert (after.path, after.status) == (f"/operations/people/{person.id}?said=corrected", 200)
    assert "The email address was corrected" in after.words
    assert (await rig.get(Person, person.id)).email == corrected(person)
    assert "Sign in with this address from now on" in to_new
    assert "nobody can sign in" in to_old
    assert person.email not in to_new
    assert corrected(person) not in to_old
    assert "Mia" not in to_old
    assert signed_in.path == "/inclusion"
    assert (event.reason, event.before, event.after, event.actor) == (REASON, None, None, rig.operations.person)


async def test_sign_ins_by_the_old_address_end_with_it(rig: Rig, a_visit: A_Visit) -> None:
    person = await somebody(rig, Role.INCLUSION_ADVISER)
    theirs = await a_visit(By(person=PersonId(person.id), role=Role.INCLUSION_ADVISER))
    page, code = await asked_for(rig, a_visit, person.email)
    letter = await newest_letter(rig, person.email)
    link = next(line.strip() for line in letter.splitlines() if "/sign-in/link" in line)
    form = await form_for(a_visit, rig, person.id)

    before = await theirs.get("/inclusion")
    await form.submit("/email", email=corrected(person), reason=REASON)
    after = await theirs.get("/inclusion")
    by_code = await page.submit(code=code)
    by_link = await (await a_visit()).get(link[link.index("/sign-in/link") :])

    assert before.status == 200
    assert after.path.startswith("/sign-in")
    assert by_code.status == 422
    assert "no longer works" in by_link.words or by_link.status == 422


async def test_same_form_sent_twice_corrects_once(rig: Rig, a_visit: A_Visit) -> None:
    person = await somebody(rig)
    form = await form_for(a_visit, rig, person.id)

    first = await form.submit("/email", email=corrected(person), reason=REASON)
    second = await form.submit("/email", email=corrected(person), reason=REASON)
    another = await (await form_for(a_visit, rig, person.id)).submit("/email", email=corrected(person), reason=REASON)

    assert second.path == first.path
    assert (another.status, "This is their address already" in another.words) == (409, True)
    assert len(await event_of(rig, person)) == 1
    assert len(letters_to(rig, corrected(person))) == 1


async def test_address_of_somebody_else_is_refused_in_any_case(rig: Rig, a_visit: A_Visit) -> None:
    person, other = await somebody(rig), await somebody(rig)
    form = await form_for(a_visit, rig, person.id)

    refused = await form.submit("/email", email=other.email.title(), reason=REASON)

    assert (refused.status, "Somebody else is known by this address" in refused.words) == (409, True)
    assert (await rig.get(Person, person.id)).email == person.email
    assert letters_to(rig, other.email) == []


@pytest.mark.parametrize("role", [Role.BOARD, Role.MODERATOR, Role.OPERATIONS])
async def test_address_of_an_officer_is_not_corrected_on_a_page(rig: Rig, a_visit: A_Visit, role: Role) -> None:
    officer = await somebody(rig, role)
    form = await form_for(a_visit, rig, (await somebody(rig)).id)
    key = form.form("/email").fields["once"]

    page = await form_for(a_visit, rig, officer.id)
    typed = {"email": corrected(officer), "reason": REASON, "once": key[0]}
    refused = await form.visit.post(f"/operations/people/{officer.id}/email", typed)

    assert "on the command line" in page.words
    assert page.forms == [one for one in page.forms if not one.action.endswith("/email")]
    assert (refused.status, "on the command line" in refused.words) == (409, True)
    assert (await rig.get(Person, officer.id)).email == officer.email


async def test_nobody_corrects_their_own_address(rig: Rig, a_visit: A_Visit) -> None:
    own = await (await a_visit(rig.operations)).post(
        f"/operations/people/{rig.operations.person}/email", {"email": "me@example.nhs.test", "reason": REASON}
    )

    assert (own.status, "Nobody corrects their own address" in own.words) == (409, True)


async def test_wrong_address_is_named_by_its_field(rig: Rig, a_visit: A_Visit) -> None:
    person = await somebody(rig)
    form = await form_for(a_visit, rig, person.id)

    empty = await form.submit("/email", email="")
    wrong = await form.submit("/email", email="mia at home", reason=REASON)

    assert [empty.status, wrong.status] == [422, 422]
    assert "Enter their new email address" in empty.words
    assert "Choose why it is corrected" in empty.words
    assert "This is not an email address" in wrong.words


async def test_addresses_are_corrected_by_operations_alone(rig: Rig, a_visit: A_Visit) -> None:
    person = await somebody(rig)
    path = f"/operations/people/{person.id}/email"

    for by in (rig.chair, rig.moderator, rig.nominator):
        visit = await a_visit(by)
        asked = await visit.get(path)
        sent = await visit.post(path, {"email": corrected(person), "reason": REASON})
        assert (asked.status, sent.status) == (403, 403)

    assert (await rig.get(Person, person.id)).email == person.email


class Deaf:
    """A channel on which letters to some addresses do not leave."""

    name, idempotent = "deaf", True

    def __init__(self, error: Exception, *addresses: str) -> None:
        self._error = error
        self._addresses = addresses

    async def send(self, message: EmailMessage, message_id: str) -> None:
        if any(address in str(message["To"]) for address in self._addresses):
            raise self._error


async def test_nothing_is_corrected_while_no_letter_reaches_the_new_address(
    rig: Rig, portal: FastAPI, services: Services
) -> None:
    person, other = await somebody(rig), await somebody(rig)
    later = Deaf(TryLater("busy"), corrected(person))
    old = Deaf(CannotDeliver("refused"), other.email)
    answers = []

    for one, channel in ((person, later), (other, old)):
        portal.state.services = replace(services, channel=channel)
        try:
            visit = await Visit(portal, services).signed_in_as(rig.operations)
            form = await visit.get(f"/operations/people/{one.id}/email")
            answers.append(await form.submit("/email", email=corrected(one), reason=REASON))
            await visit.close()
        finally:
            portal.state.services = services
    refused, done = answers

    assert (refused.status, "so nothing was changed" in refused.words) == (409, True)
    assert (await rig.get(Person, person.id)).email == person.email
    assert await event_of(rig, person) == []
    assert "No letter could be sent to the old one" in done.words
    assert (await rig.get(Person, other.id)).email == corrected(other)

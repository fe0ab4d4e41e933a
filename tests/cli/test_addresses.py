"""Correcting email addresses by commands."""

from sqlmodel import col, select

from models.enums import Role
from models.tables import AuditEvent, Person, RoleGrant
from tests.cli.conftest import Starter
from tests.workflows.rig import Rig


async def test_address_of_an_officer_is_corrected_by_command(starter: Starter, rig: Rig) -> None:
    member, operations = rig.member.person, rig.operations.person
    new = f"corrected.{rig.number()}@example.nhs.test"
    mailbox = str(rig.mailbox)
    asked = ("user", "address", member, "--reason", "address_mistyped", "--json")

    wrong = await starter(*asked, "--email", "at home", "--as", operations)
    alone = await starter(*asked, "--email", new, "--as", rig.nominator.person)
    done = await starter(*asked, "--email", new, "--as", operations, TALENT_POOL_MAILBOX=mailbox)
    again = await starter(*asked, "--email", new, "--as", operations)

    assert (wrong.status, "This is not an email address" in wrong.complained) == (1, True)
    assert (alone.status, "may not" in alone.complained) == (1, True)
    assert (done.status, done.document) == (0, {"person": member, "corrected": True, "old_address_told": True})
    assert len(list(rig.mailbox.glob("address*.eml"))) == 2
    assert (again.status, "their address already" in again.complained) == (1, True)
    assert (await rig.get(Person, member)).email == new
    assert await rig.all(select(RoleGrant).where(col(RoleGrant.person_id) == member, RoleGrant.role == Role.BOARD))
    assert len(await rig.all(select(AuditEvent).where(col(AuditEvent.what) == "email_corrected"))) == 1

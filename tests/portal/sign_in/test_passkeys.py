"""Passkeys without a browser: what is written to their person, and what the account page says of them."""

from datetime import UTC, datetime
from email import message_from_bytes, policy

from sqlalchemy import delete
from sqlmodel import col

from models.tables import Passkey, Person
from tests.portal.conftest import A_Visit
from tests.workflows.rig import Rig, eventually


async def letters(rig: Rig) -> list[tuple[str, str, str]]:
    """To whom the letters about passkeys went, their subjects and what they say."""
    found = []
    for file in sorted(rig.mailbox.glob("passkey*.eml"), key=lambda file: file.stat().st_mtime_ns):
        message = message_from_bytes(file.read_bytes(), policy=policy.default)
        body = message.get_body()
        assert body is not None
        found.append((str(message["To"]), str(message["Subject"]), " ".join(body.get_content().split())))
    return found


async def test_person_is_written_to_when_their_passkey_is_removed_and_only_then(rig: Rig, a_visit: A_Visit) -> None:
    visit, other = await a_visit(rig.moderator), await a_visit(rig.chair)
    without = await visit.get("/account")
    async with rig.sessions.begin() as session:
        session.add(
            Passkey(
                id="a-key", person_id=rig.moderator.person, public_key="k", name="Laptop", made_at=datetime.now(UTC)
            )
        )
    person = await rig.get(Person, rig.moderator.person)

    with_one = await visit.get("/account")
    await other.post("/account/passkeys/remove", {"passkey": "a-key"})
    await visit.post("/account/passkeys/remove", {"passkey": "another"})
    await visit.post("/account/passkeys/remove", {"passkey": "a-key"})
    sent = await eventually(lambda: letters(rig))

    assert "leaves your passkeys as they are" not in without.words
    assert "Signing out everywhere leaves your passkeys as they are" in with_one.words
    assert "#passkeys" in with_one.links
    assert [(person.email in to, subject) for to, subject, _ in sent] == [
        (True, "A passkey was removed from your account")
    ]
    assert "https://portal.test/account" in sent[0][2]
    assert "remove every passkey that you do not know" in sent[0][2]
    async with rig.sessions.begin() as session:
        await session.exec(delete(Passkey).where(col(Passkey.person_id) == rig.moderator.person))

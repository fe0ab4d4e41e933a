"""Pages show letters as they were sent, word by word, whatever the settings and the decision became since."""

from collections.abc import AsyncIterator
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from sqlmodel import col, select, update

from models.enums import Outcome, Stage, Template
from models.messages import By
from models.tables import Nomination, OutboxMessage
from notify.channels import MailboxChannel, file_name
from notify.compose import Sender
from notify.outbox import deliver_waiting
from portal.app import make_portal
from portal.services import Services
from tests.portal.conftest import A_Visit
from tests.portal.visiting import Visit
from tests.workflows.rig import Case, CohortRig, Rig, eventually

THEN = Sender("Talent Pool", "talent-pool@example.nhs.test", contact="pool@then.nhs.test")
NOW = Sender("Talent Pool", "pool@now.nhs.test", contact="pool@now.nhs.test", service="http://localhost:8000")


@pytest.fixture
async def a_later_visit(services: Services) -> AsyncIterator[A_Visit]:
    """To a portal whose settings name another address for questions than when letters went, and one to sign in at."""
    later = replace(services, sender=NOW)
    portal, visits = make_portal(later), []

    async def a_later_visit(by: By, place: str | None = None) -> Visit:
        visits.append(Visit(portal, later))
        return await visits[-1].signed_in_as(by, place)

    yield a_later_visit
    for visit in visits:
        await visit.close()


async def sent(rig: Rig, case: Case, folder: Path) -> dict[str, str]:
    """By template and reader, the words of every letter about a nomination, as files of a mailbox hold them."""
    async with rig.sessions.begin() as session:
        of_this = col(OutboxMessage.nomination_id) == case.id
        again = {"status": "waiting", "attempts": 0, "sending_since": None, "sent_at": None}
        await session.exec(update(OutboxMessage).where(of_this).values(**again))
    await deliver_waiting(rig.sessions, MailboxChannel(folder), now=case.now(), sender=THEN, most=1000)
    found = {}
    for row in await rig.all(select(OutboxMessage).where(of_this)):
        mail = message_from_bytes((folder / file_name(row.id)).read_bytes(), policy=default)
        body = mail.get_body(("plain",))
        assert body is not None
        found[f"{row.template} {row.person_id}"] = " ".join(f"{mail['Subject']} {body.get_content()}".split())
    return found


async def test_letters_to_a_nominee_read_as_their_files(
    rig: Rig, cohort: CohortRig, a_later_visit: A_Visit, tmp_path: Path
) -> None:
    case = await (await cohort.nominate()).reach(Stage.RESERVED)
    await eventually(case.letters, lambda letters: any(one.template == Template.FEEDBACK for one in letters))
    letters = await sent(rig, case, tmp_path)
    async with rig.sessions.begin() as session:
        row = await session.get_one(Nomination, case.id)
        row.stage, row.outcome = Stage.IN_POOL, Outcome.ADMITTED

    visit = await a_later_visit(case.nominee)
    own = {name: text for name, text in letters.items() if name.endswith(case.nominee.person)}
    pages = [await visit.get(f"/my-nomination/{case.id}/{page}") for page in ("messages", "decision")]

    assert {"invitation", "application_open", "reserved", "feedback"} <= {name.split()[0] for name in own}
    assert [name for name, text in own.items() if text not in pages[0].words] == []
    assert all(own[f"{name} {case.nominee.person}"] in pages[1].words for name in ("reserved", "feedback"))
    assert "Reply to this email" in own[f"invitation {case.nominee.person}"]
    assert "put you on the reserve list" in own[f"feedback {case.nominee.person}"]
    assert "Sign in at" not in pages[1].words


async def test_letters_to_an_organisation_read_as_their_files(
    rig: Rig, cohort: CohortRig, a_later_visit: A_Visit, tmp_path: Path
) -> None:
    case = await cohort.nominate(by_self=True, endorsed=False)
    await eventually(case.letters, lambda letters: len(letters) > 1)
    letters = await sent(rig, case, tmp_path)

    visit = await a_later_visit(rig.nominator)
    page = await visit.get(f"/organisation/nominations/{case.id}")
    shown = [await visit.get(href) for href in page.links if href.startswith("/organisation/messages/")]
    operations = await a_later_visit(rig.operations)
    listed = await operations.get("/operations/messages")
    theirs = [await operations.get(href) for href in listed.links if case.id in href]

    (text,) = [text for name, text in letters.items() if name.startswith(Template.ENDORSEMENT_REQUEST)]
    assert [text in one.words for one in shown] == [True]
    assert [text for text in letters.values() if not any(text in one.words for one in theirs)] == []


async def test_letter_that_was_not_sent_is_shown_as_it_would_be_now(
    rig: Rig, cohort: CohortRig, a_later_visit: A_Visit
) -> None:
    case = await cohort.nominate()
    await eventually(case.letters, lambda letters: len(letters) > 0)
    async with rig.sessions.begin() as session:
        of_this = col(OutboxMessage.nomination_id) == case.id
        await session.exec(update(OutboxMessage).where(of_this).values(status="waiting", sent_at=None))

    page = await (await a_later_visit(case.nominee)).get(f"/my-nomination/{case.id}/messages")

    assert f"Sign in at http://localhost:8000 and open {case.id}" in page.words


async def test_nothing_personal_is_kept_with_a_letter(rig: Rig, cohort: CohortRig, tmp_path: Path) -> None:
    case = await cohort.nominate(full_name="Ada Planted")
    await eventually(case.letters, lambda letters: len(letters) > 0)
    await sent(rig, case, tmp_path)

    kept = [one.facts for one in await case.letters()]

    assert [facts["written_contact"] for facts in kept] == ["pool@then.nhs.test"] * len(kept)
    assert "Planted" not in str(kept)
    assert "organisation" not in str(kept)

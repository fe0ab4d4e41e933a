"""Letters and their templates on pages."""

from datetime import timedelta
from pathlib import Path
from shutil import copytree
from urllib.parse import quote

import pytest
from sqlmodel import col, select

from models.enums import MessageStatus, Template
from models.tables import AuditEvent, OutboxMessage
from notify.render import TEMPLATES
from portal.operations.keeping import letters
from portal.operations.keeping.letters import path_of
from portal.words import moment
from tests.portal.conftest import A_Visit
from tests.workflows.rig import Case, CohortRig, eventually


async def sent_invitation(cohort: CohortRig, name: str = "Nora Quill") -> tuple[Case, OutboxMessage]:
    """A nomination whose invitation has left."""
    case = await cohort.nominate(full_name=name)
    letters = await eventually(case.letters, lambda found: any(one.template is Template.INVITATION for one in found))
    return case, next(one for one in letters if one.template is Template.INVITATION)


async def stand(cohort: CohortRig, message: OutboxMessage, status: MessageStatus, failure: str | None = None) -> None:
    await cohort.rig.spoil(
        "UPDATE outboxmessage SET status = :status, failure = :failure WHERE id = :id",
        status=status.value,
        failure=failure,
        id=message.id,
    )


async def test_failed_letters_come_first_and_one_is_read_as_its_reader_gets_it(
    cohort: CohortRig, a_visit: A_Visit
) -> None:
    case, message = await sent_invitation(cohort)
    await sent_invitation(cohort, "Una Other")
    await stand(cohort, message, MessageStatus.FAILED, "smtp_550")
    visit = await a_visit(cohort.rig.operations)

    listed = await visit.get(f"/operations/messages?cohort={cohort.id}")
    letter = await visit.get(path_of(message.id))

    assert "Nora Quill" in listed.words
    assert "Una Other" not in listed.words
    assert "The mail server refused it, with code 550" in listed.words
    assert path_of(message.id) in listed.links
    assert "Dear Nora Quill" in letter.words
    assert case.id in letter.words
    assert "Failed. It was given up" in letter.words


async def test_failed_letter_is_sent_again_only_for_a_reason(cohort: CohortRig, a_visit: A_Visit) -> None:
    case, message = await sent_invitation(cohort)
    await stand(cohort, message, MessageStatus.FAILED, "smtp_550")
    visit = await a_visit(cohort.rig.operations)
    page = await visit.get(path_of(message.id))

    without = await page.submit()
    after = await page.submit(None, reason="technical_fault")
    again = await page.submit(None, reason="technical_fault")
    row = await cohort.rig.get(OutboxMessage, message.id)
    events = await cohort.rig.all(
        select(AuditEvent).where(col(AuditEvent.subject) == case.id, col(AuditEvent.what) == "message_resent")
    )

    assert without.status == 422
    assert "It will be sent again" in after.words
    assert again.path == after.path
    assert row.status is MessageStatus.WAITING
    assert [event.reason for event in events] == ["technical_fault"]


async def test_letter_that_has_left_cannot_be_sent_again(cohort: CohortRig, a_visit: A_Visit) -> None:
    _, message = await sent_invitation(cohort)
    await stand(cohort, message, MessageStatus.FAILED)
    visit = await a_visit(cohort.rig.operations)
    page = await visit.get(path_of(message.id))
    await stand(cohort, message, MessageStatus.SENT)

    late = await page.submit(None, reason="technical_fault")

    assert (late.status, "has been sent" in late.words) == (409, True)


async def test_letters_about_one_nomination_are_listed_however_they_stand(
    cohort: CohortRig, a_visit: A_Visit
) -> None:
    case, message = await sent_invitation(cohort)
    await sent_invitation(cohort, "Una Other")
    visit = await a_visit(cohort.rig.operations)

    page = await visit.get(f"/operations/messages?cohort={cohort.id}&nomination={case.id}")

    assert path_of(message.id) in page.links
    assert "Una Other" not in page.words
    assert (await visit.get("/operations/messages/letter?message=nothing")).status == 404


async def test_every_template_is_shown_with_made_up_people(cohort: CohortRig, a_visit: A_Visit) -> None:
    visit = await a_visit(cohort.rig.operations)

    listed = await visit.get("/operations/messages/templates")
    previews = [await visit.get(f"/operations/messages/templates/{template.value}") for template in Template]

    assert listed.words.count("Can be used") == len(Template)
    assert all("talent-pool@example.nhs.test" in page.words for page in previews)
    assert all(len(page.text) < 100_000 for page in (listed, *previews))
    assert (await visit.get("/operations/messages/templates/unheard_of")).status == 404


async def test_changed_template_says_what_is_wrong_in_which_line(
    cohort: CohortRig, a_visit: A_Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copytree(TEMPLATES, tmp_path / "templates")
    changed = folder / "offer.md"
    changed.write_text(changed.read_text(encoding="utf-8") + "\nDear {{ nominee }}\n", encoding="utf-8")
    monkeypatch.setattr(letters, "_FOLDER", folder)
    visit = await a_visit(cohort.rig.operations)

    listed = await visit.get("/operations/messages/templates")
    page = await visit.get("/operations/messages/templates/offer")

    assert listed.words.count("Has a problem") == 1
    assert "This template cannot be used" in page.words
    assert "'nominee' is not for this template" in page.words


async def test_letters_about_a_nomination_come_newest_first_and_say_when_each_left(
    cohort: CohortRig, a_visit: A_Visit
) -> None:
    newer = await cohort.rig.cohort(allocating=False)
    case, invitation = await sent_invitation(cohort)
    await cohort.rig.acts.nominations.consent(case.id, case.nominee)
    letters = await eventually(case.letters, lambda found: len(found) > 1)
    (opened,) = [one for one in letters if one.template is Template.APPLICATION_OPEN]
    sent_at = opened.queued_at + timedelta(minutes=3)
    await cohort.rig.spoil(
        "UPDATE outboxmessage SET status = 'sent', sent_at = :at WHERE id = :id", at=sent_at, id=opened.id
    )
    visit = await a_visit(cohort.rig.operations)
    assert newer.id > cohort.id

    page = await visit.get(f"/operations/messages?nomination={case.id}")
    after = await visit.get(f"/operations/messages?nomination={case.id}&after={quote(opened.id)}")

    assert f"Messages about {case.id}, the newest first" in page.words
    assert page.links.index(path_of(opened.id)) < page.links.index(path_of(invitation.id))
    assert f"Sent at {moment(sent_at)}" in page.words
    assert f"Queued at {moment(invitation.queued_at)}" in page.words
    assert f"/operations/nominations/{case.id}" in page.links
    assert path_of(opened.id) not in after.links
    assert path_of(invitation.id) in after.links


async def test_failed_letters_come_longest_waiting_first_and_their_pages_follow(
    cohort: CohortRig, a_visit: A_Visit
) -> None:
    both = [(await sent_invitation(cohort, name))[1] for name in ("Ann First", "Ben Second")]
    for message in both:
        await stand(cohort, message, MessageStatus.FAILED, "notify_permanent_failure")
    visit = await a_visit(cohort.rig.operations)
    base = f"/operations/messages?cohort={cohort.id}&status=failed"

    page = await visit.get(base)
    after = await visit.get(f"{base}&after={quote(both[0].id)}")

    assert "Failed messages, the longest waiting first" in page.words
    assert page.words.index("Ann First") < page.words.index("Ben Second")
    assert "The address does not exist, says GOV.UK Notify" in page.words
    assert ("Ann First" in after.words, "Ben Second" in after.words) == (False, True)

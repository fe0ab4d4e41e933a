"""Saying no to a nominee who asked for more time."""

from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from sqlmodel import col, select

from acts.errors import RefusedError
from acts.extensions import REFUSED, ExtensionActs
from models.enums import ExtensionRefusal, Role, Stage, SteerReason, Template
from models.messages import By
from models.policy import LONDON
from models.tables import AuditEvent, Nomination, OutboxMessage
from notify.compose import Sender
from notify.post import written
from portal.words import moment
from tests.portal.conftest import A_Visit
from tests.workflows.rig import Case, CohortRig, Rig

LIST = "/operations/nominations"
SENDER = Sender("Talent Pool", "talent-pool@example.nhs.test", "help@example.nhs.test")
LATER = timedelta(days=7)


async def one_who_asks(cohort: CohortRig, *, reason: SteerReason = SteerReason.WORKLOAD) -> Case:
    """A nomination whose nominee asks for a week more to apply."""
    case = await (await cohort.nominate()).reach(Stage.APPLYING)
    await ask(case, reason=reason)
    return case


async def ask(case: Case, *, reason: SteerReason = SteerReason.WORKLOAD) -> None:
    due_at = (await case.row()).due_at
    assert due_at is not None
    await ExtensionActs(case.rig.acts.desk).ask(case.id, case.nominee, reason, due_at + LATER)


async def letters(rig: Rig, case: Case) -> list[OutboxMessage]:
    return list(
        await rig.all(
            select(OutboxMessage)
            .where(
                col(OutboxMessage.nomination_id) == case.id,
                col(OutboxMessage.template) == Template.MORE_TIME_REFUSED,
            )
            .order_by(col(OutboxMessage.queued_at))
        )
    )


async def test_wish_says_what_was_asked_and_both_answers(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await one_who_asks(cohort)
    due_at = (await case.row()).due_at
    assert due_at is not None
    visit = await a_visit(cohort.rig.operations)

    page = await visit.get(f"{LIST}/{case.id}")
    listed = await visit.get(f"{LIST}?cohort={cohort.id}&asked=yes")

    assert f"asked for more time until {moment(due_at + LATER)}. Reason: Workload." in page.words
    assert "The deadline stays as it is until you answer." in page.words
    assert {f"{LIST}/{case.id}/extend", f"{LIST}/{case.id}/refuse-time"} <= set(page.links)
    assert "Asks for more time" in listed.words


async def test_no_is_an_event_a_letter_and_leaves_the_list_of_those_who_ask(
    cohort: CohortRig, a_visit: A_Visit
) -> None:
    rig, case = cohort.rig, await one_who_asks(cohort)
    before = await case.row()
    assert before.due_at is not None
    visit = await a_visit(rig.operations)

    form = await visit.get(f"{LIST}/{case.id}/refuse-time")
    nothing = await form.submit("/refuse-time")
    done = await form.submit("/refuse-time", reason=ExtensionRefusal.PANELS_WOULD_WAIT.value)
    page = await visit.get(f"{LIST}/{case.id}")
    board = await visit.get(f"/operations?cohort={cohort.id}")
    (event,) = await rig.all(
        select(AuditEvent).where(col(AuditEvent.subject) == case.id, col(AuditEvent.what) == REFUSED)
    )
    (letter,) = await letters(rig, case)
    async with rig.sessions() as session:
        mail = message_from_bytes(bytes(await written(session, letter, SENDER)), policy=policy.default)
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()

    assert (nothing.status, "Choose why the time is not given" in nothing.words) == (422, True)
    assert done.heading == "Done: say no to more time"
    assert "The nominee gets a letter within minutes" in done.words
    assert "More time asked for" not in page.words
    assert "More time refused" in page.words
    assert "Reason: panels have to begin, and cannot wait until then." in page.words
    assert "0 Asking for more time" in board.words
    assert (event.actor, event.role, event.reason) == (rig.operations.person, "operations", "panels_would_wait")
    assert letter.person_id == case.nominee.person
    assert "cannot give you the time" in text
    assert "Assessors have to begin soon, and cannot wait until the day you asked for." in text
    assert "Your deadline stays as it was" in text
    assert (await case.row()).due_at == before.due_at


async def test_what_was_asked_is_filled_in_where_it_is_given(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await one_who_asks(cohort)
    due_at = (await case.row()).due_at
    assert due_at is not None
    asked = (due_at + LATER).astimezone(LONDON)
    visit = await a_visit(cohort.rig.operations)

    form = await visit.get(f"{LIST}/{case.id}/extend")
    done = await form.submit("/extend", reason=SteerReason.WORKLOAD.value)

    assert form.form("/extend").fields["until_day"] == [str(asked.day)]
    assert done.heading == "Done: give the nominee longer"
    assert moment(asked) in done.words


async def test_who_was_told_no_may_ask_again_and_be_told_again(cohort: CohortRig, a_visit: A_Visit) -> None:
    rig, case = cohort.rig, await one_who_asks(cohort)
    acts = ExtensionActs(rig.acts.desk)
    await acts.refuse(case.id, rig.operations, ExtensionRefusal.TIME_IS_LEFT)

    with pytest.raises(RefusedError, match="Nobody waits for an answer"):
        await acts.refuse(case.id, rig.operations, ExtensionRefusal.TIME_IS_LEFT)
    await ask(case, reason=SteerReason.ILLNESS)
    await acts.refuse(case.id, rig.operations, ExtensionRefusal.GIVEN_BEFORE)
    none_left = await (await a_visit(rig.operations)).get(f"{LIST}/{case.id}/refuse-time")

    assert [one.facts["refusal"] for one in await letters(rig, case)] == ["time_is_left", "given_before"]
    assert none_left.status == 409
    assert "Nobody waits for an answer" in none_left.words


async def test_paused_nomination_is_resumed_before_it_is_answered(cohort: CohortRig, a_visit: A_Visit) -> None:
    rig, case = cohort.rig, await one_who_asks(cohort)
    await rig.acts.nominations.pause(case.id, rig.operations, SteerReason.LEAVE)
    visit = await a_visit(rig.operations)

    page = await visit.get(f"{LIST}/{case.id}")

    assert "The nomination is paused: resume it first, then answer." in page.words
    assert f"{LIST}/{case.id}/refuse-time" not in page.links
    with pytest.raises(RefusedError, match="paused: resume it first"):
        await ExtensionActs(rig.acts.desk).refuse(case.id, rig.operations, ExtensionRefusal.OTHER)


async def test_lapsed_nomination_is_told_that_it_stays_ended(cohort: CohortRig, a_visit: A_Visit) -> None:
    rig, case = cohort.rig, await one_who_asks(cohort)
    await rig.spoil("UPDATE nomination SET stage = 'lapsed', due_at = NULL WHERE id = :id", id=case.id)
    acts = ExtensionActs(rig.acts.desk)
    form = await (await a_visit(rig.operations)).get(f"{LIST}/{case.id}/refuse-time")

    with pytest.raises(RefusedError, match="Choose one of the reasons"):
        await acts.refuse(case.id, rig.operations, ExtensionRefusal.TIME_IS_LEFT)
    await acts.refuse(case.id, rig.operations, ExtensionRefusal.ROUND_GONE_TOO_FAR)
    (letter,) = await letters(rig, case)
    async with rig.sessions() as session:
        mail = await written(session, letter, SENDER)

    assert "The round has gone too far" in form.words
    assert "The time that is left is enough" not in form.words
    assert str(mail["Subject"]) == f"Your nomination stays ended ({case.id})"


async def test_only_operations_say_no(cohort: CohortRig, a_visit: A_Visit) -> None:
    rig, case = cohort.rig, await one_who_asks(cohort)
    path = f"{LIST}/{case.id}/refuse-time"
    others: list[By] = [rig.chair, rig.moderator, rig.nominator]

    answers = [(await (await a_visit(who)).post(path, {"reason": "other"})).status for who in others]
    for who in (*others, case.nominee, By(person=case.nominee.person, role=Role.OPERATIONS)):
        with pytest.raises(RefusedError):
            await ExtensionActs(rig.acts.desk).refuse(case.id, who, ExtensionRefusal.OTHER)

    assert answers == [403, 403, 403]
    assert await letters(rig, case) == []
    row = await rig.get(Nomination, case.id)
    assert row.stage is Stage.APPLYING

"""The figures of a cohort: right for a clean one, and each planted fault shows in its own figure."""

import shutil
from datetime import UTC, datetime

import pytest
from sqlmodel import col, select, text

from models.enums import AssessmentStage, AssessorDeclineReason, MessageStatus, Role, Template
from models.ids import PersonId
from models.tables import Assessment, DeclaredConflict, Nomination, OutboxMessage
from notify.channels import file_name
from proof import figures
from proof.summary import (
    Summary,
    delivered_again,
    nomination_sizes,
    summarise,
)
from storage import audit
from tests.proof.conftest import Proven


async def _summary(proven: Proven) -> Summary:
    return await summarise(
        proven.sessions, proven.client, "ended", seconds={"total": 1.23456}, mailbox=proven.stack.mailbox
    )


async def test_summary_of_a_clean_cohort_is_right(proven: Proven) -> None:
    summary = await _summary(proven)

    said = summary.model_dump()
    events, size = said.pop("history_events_per_nomination"), said.pop("history_bytes_per_nomination")
    assert 90 < events["median"] <= events["max"] < 200
    assert 10_000 < size["median"] <= size["max"] < 100_000
    assert 0 < said["messages"].pop("sent") <= 2 * 11
    assert said == {
        "nominations": 2,
        "organisations": 2,
        "outcomes": {"in_pool": 2},
        "moved_up": 0,
        "assessors": {"pool": 9, "used": 3, "load_min": 2, "load_max": 2, "load_mean": 2.0},
        "offers": {
            "made": 6,
            "accepted": 6,
            "declined": 0,
            "expired": 0,
            "replaced": 0,
            "kept": 6,
            "refused": 0,
            "given_back": 0,
            "unanswered": 0,
            "unscored": 0,
            "taken_back": 0,
            "waiting": 0,
        },
        "quality": {"flagged": 0, "moderated": 0, "rescored": 0, "audited": 0},
        "deadlines": {"missed": 0, "missed_by_nominees": 0, "missed_by_assessors": 0, "extended": 0},
        "messages": {"duplicates": 0},
        "hard_rules_violated": 0,
        "personal_values_in_histories": 0,
        "needs_attention": 0,
        "audit_chain": "verified",
        "projection": "verified",
        "seconds": {"total": 1.235},
    }


async def test_events_per_nomination_are_those_of_its_histories(proven: Proven) -> None:
    sizes = await nomination_sizes(proven.client, "ended")

    counted = dict.fromkeys(sizes, 0)
    async for execution in proven.client.list_workflows("Cohort = 'ended'"):
        kind, _, id_ = execution.id.partition("/")
        if kind in ("nomination", "assessment"):
            handle = proven.client.get_workflow_handle(execution.id, run_id=execution.run_id)
            counted[id_.partition(".")[0]] += len((await handle.fetch_history()).events)
    assert {nomination: size.events for nomination, size in sizes.items()} == counted
    assert len(counted) == 2


async def test_broken_hard_rule_shows(proven: Proven) -> None:
    async with proven.sessions.begin() as session:
        seat = (await session.exec(select(Assessment).where(col(Assessment.cohort_id) == "ended").limit(1))).one()
        key = (seat.nomination_id, seat.assessor_id)
        session.add(
            DeclaredConflict(
                nomination_id=key[0],
                assessor_id=key[1],
                kind="family",
                declared_by="p-000000000000",
                declared_at=datetime.now(UTC),
            )
        )

    summary = await _summary(proven)

    async with proven.sessions.begin() as session:
        await session.delete(await session.get_one(DeclaredConflict, key))
    assert summary.hard_rules_violated == 1


@pytest.mark.parametrize(
    ("stage", "taken_on", "end"),
    [
        (AssessmentStage.DECLINED, True, "given_back"),
        (AssessmentStage.DECLINED, False, "refused"),
        (AssessmentStage.EXPIRED, True, "unscored"),
        (AssessmentStage.EXPIRED, False, "unanswered"),
        (AssessmentStage.STOOD_DOWN, True, "taken_back"),
        (AssessmentStage.REPLACED, True, "taken_back"),
        (AssessmentStage.OFFERED, False, "waiting"),
    ],
)
async def test_each_offer_is_counted_in_one_part(
    proven: Proven, stage: AssessmentStage, taken_on: bool, end: str
) -> None:
    async with proven.sessions() as session:
        seat = (await session.exec(select(Assessment).where(col(Assessment.cohort_id) == "ended").limit(1))).one()
        seat.stage, seat.decline_reason = stage, AssessorDeclineReason.OTHER
        seat.accepted_at = seat.accepted_at if taken_on else None
        session.add(seat)
        await session.flush()

        ends = await figures.offers_by_end(session, "ended")

        await session.rollback()
    assert ends == dict.fromkeys(ends, 0) | {"kept": 5, end: 1}


async def test_missed_deadlines_are_counted_by_whose_they_were_and_moves_up_apart(proven: Proven) -> None:
    async with proven.sessions() as session:
        seat = (await session.exec(select(Assessment).where(col(Assessment.cohort_id) == "ended").limit(1))).one()
        planted = (
            ("ended-0001", "lapse", "applying"),
            ("ended-0002", "lapse", "reserved"),
            ("ended-0002", "promote", "reserved"),
            (seat.id, "overdue", "accepted"),
            (seat.id, "expired", "accepted"),
        )
        for subject, what, stage in planted:
            await audit.append(
                session,
                at=datetime.now(UTC),
                actor=PersonId("system"),
                role=Role.SYSTEM,
                what=what,
                subject=subject,
                before={"stage": stage},
            )

        missed, moved_up = await figures.missed_by_whom(session, "ended"), await figures.moved_up(session, "ended")

        await session.rollback()
    assert missed == {"missed_by_nominees": 1, "missed_by_assessors": 1}
    assert moved_up == 1


async def test_message_owed_twice_by_one_step_shows(proven: Proven) -> None:
    async with proven.sessions.begin() as session:
        query = select(OutboxMessage).where(col(OutboxMessage.template) == Template.INVITATION)
        first = (await session.exec(query.where(col(OutboxMessage.cohort_id) == "ended").limit(1))).one()
        again = OutboxMessage(
            **{**first.model_dump(), "id": f"{first.id}9", "status": MessageStatus.SENT, "sent_at": datetime.now(UTC)}
        )
        session.add(again)

    summary = await _summary(proven)

    async with proven.sessions.begin() as session:
        await session.delete(await session.get_one(OutboxMessage, again.id))
    assert summary.messages.duplicates == 1


async def test_message_delivered_twice_shows(proven: Proven) -> None:
    letter = next(proven.stack.mailbox.glob("*.eml"))
    copy = letter.with_name(file_name("nomination/ended-0001:1:9"))
    shutil.copy(letter, copy)

    counted = delivered_again(proven.stack.mailbox)

    copy.unlink()
    assert counted == 1
    assert delivered_again(proven.stack.mailbox) == 0


async def test_nomination_that_needs_attention_and_changed_stage_show(proven: Proven) -> None:
    async with proven.sessions.begin() as session:
        row = await session.get_one(Nomination, "ended-0001")
        row.attention_code = "Planted"
        session.add(row)

    summary = await _summary(proven)

    async with proven.sessions.begin() as session:
        row = await session.get_one(Nomination, "ended-0001")
        row.attention_code = None
        session.add(row)
    assert summary.needs_attention == 1
    assert summary.projection == "1 differences"


async def test_altered_audit_event_shows(proven: Proven) -> None:
    changed = "UPDATE auditevent SET actor = '{}' WHERE position = 5"
    async with proven.sessions.begin() as session:
        actor = (await session.exec(text("SELECT actor FROM auditevent WHERE position = 5"))).scalar_one()  # type: ignore[call-overload]
        await session.exec(text("ALTER TABLE auditevent DISABLE TRIGGER ALL"))  # type: ignore[call-overload]
        await session.exec(text(changed.format("p-somebody")))  # type: ignore[call-overload]

    summary = await _summary(proven)

    async with proven.sessions.begin() as session:
        await session.exec(text(changed.format(actor)))  # type: ignore[call-overload]
        await session.exec(text("ALTER TABLE auditevent ENABLE TRIGGER ALL"))  # type: ignore[call-overload]
    assert summary.audit_chain == "broken at 5"

"""Shifts of delivering: they deliver what is queued, end by themselves, and leave with their worker."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from types import NoneType
from uuid import uuid4

import pytest
from sqlmodel import select
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from acts.tellings import start_telling, update_telling
from models.enums import MessageStatus, Stage, TellingStatus, Template
from models.ids import CohortId, nomination_workflow
from models.messages import Consent, NominationStart, OutboxAsked
from models.tables import OutboxMessage, Telling
from rules.policies import nomination_terms
from tests.activities.cohort import (
    CLOSED_ON,
    NOMINATOR,
    PILOT,
    Activities,
    CohortInRows,
    Post,
    Sessions,
    activities_of,
    nominee,
)

ONE_SECOND = OutboxAsked(shift_seconds=1)


def message(cohort: CohortInRows, number: int) -> OutboxMessage:
    return OutboxMessage(
        id=f"nomination/{cohort.nomination()}:{number}:0",
        template=Template.APPLICATION_OPEN,
        person_id=nominee(1),
        cohort_id=cohort.id,
        nomination_id=cohort.nomination(),
        facts={"due_at": CLOSED_ON.isoformat()},
        queued_at=CLOSED_ON,
    )


async def test_shift_delivers_what_is_queued_before_and_during_it_and_then_ends(
    cohort: CohortInRows, activities: Activities, post: Post, sessions: Sessions
) -> None:
    await cohort.begin(stage=Stage.APPLYING)
    await cohort.add(message(cohort, 1), message(cohort, 2))

    shift = asyncio.ensure_future(activities.run("deliver_messages", ONE_SECOND, NoneType))
    await cohort.add(message(cohort, 3))
    await shift

    async with sessions() as session:
        kept = (await session.exec(select(OutboxMessage.status))).all()
    assert sorted(post.sent) == [f"nomination/{cohort.nomination()}:{number}:0" for number in (1, 2, 3)]
    assert kept == [MessageStatus.SENT] * 3
    assert activities.heartbeats


async def test_two_shifts_side_by_side_deliver_each_message_once(
    cohort: CohortInRows, activities: Activities, post: Post
) -> None:
    await cohort.begin(stage=Stage.APPLYING)
    await cohort.add(*(message(cohort, number) for number in range(1, 31)))

    await asyncio.gather(*(activities.run("deliver_messages", ONE_SECOND, NoneType) for _ in range(2)))

    assert len(post.sent) == len(set(post.sent)) == 30


async def test_shift_beats_while_one_message_takes_long_so_that_its_worker_is_not_taken_for_dead(
    cohort: CohortInRows, sessions: Sessions, temporal_env: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.beating.BEAT_SECONDS", 0.02)
    await cohort.begin(stage=Stage.APPLYING)
    await cohort.add(message(cohort, 1))
    beats_meanwhile: list[int] = []

    class SlowPost(Post):
        async def send(self, letter: EmailMessage, message_id: str) -> None:
            before = len(activities.heartbeats)
            await asyncio.sleep(0.5)
            beats_meanwhile.append(len(activities.heartbeats) - before)

    activities = activities_of(sessions, temporal_env.client, SlowPost())

    await activities.run("deliver_messages", ONE_SECOND, NoneType)

    assert len(beats_meanwhile) == 1
    assert beats_meanwhile[0] >= 3


@pytest.mark.parametrize("shift", ["deliver_messages", "relay_tellings"])
async def test_shift_ends_at_once_when_its_worker_leaves_so_that_another_takes_it_over(
    shift: str, activities: Activities
) -> None:
    environment, running = activities.start(shift, OutboxAsked(shift_seconds=3600))
    began = asyncio.get_running_loop().time()
    await activities.first_heartbeat.wait()

    environment.worker_shutdown()
    with pytest.raises(ApplicationError) as failure:
        await running

    assert (failure.value.type, failure.value.non_retryable) == ("WorkerLeaving", False)
    assert asyncio.get_running_loop().time() - began < 2


async def test_relay_starts_and_tells_what_has_been_owed_for_some_time_once(
    sessions: Sessions, temporal_env: WorkflowEnvironment
) -> None:
    cohort = CohortInRows(sessions, CohortId(f"c{uuid4().hex[:12]}"))
    await cohort.begin(stage=Stage.NOMINATED)
    workflow = nomination_workflow(cohort.nomination())
    start = NominationStart(
        nomination=cohort.nomination(),
        cohort=cohort.id,
        organisation="R1D",
        by=NOMINATOR,
        closes_at=CLOSED_ON,
        terms=nomination_terms(PILOT),
    )
    long_ago = datetime.now(UTC) - timedelta(minutes=1)
    owed = start_telling(workflow, "nomination", start, long_ago)
    fresh = update_telling(workflow, "consent", Consent(by=NOMINATOR), datetime.now(UTC) + timedelta(hours=1))
    await cohort.add(owed, fresh)
    activities = activities_of(sessions, temporal_env.client, Post())

    await asyncio.gather(*(activities.run("relay_tellings", ONE_SECOND, NoneType) for _ in range(2)))

    description = await temporal_env.client.get_workflow_handle(workflow).describe()
    async with sessions() as session:
        kept = await session.get_one(Telling, owed.id)
        waiting = await session.get_one(Telling, fresh.id)
    assert (description.workflow_type, description.task_queue) == ("nomination", "nobody")
    assert (kept.status, waiting.status) == (TellingStatus.DONE, TellingStatus.WAITING)
    assert waiting.attempts == 0, "whoever made it has time to tell it themselves"

"""What workflows ask of activities: each by its signature, with its time limits and retries, chosen once, here.

Writing a step is a local activity: one database transaction of a few milliseconds, recorded with the workflow task
that asked for it (one event; a remote activity would be six). Its retries never end by themselves, because a
database that is away comes back; what retrying cannot mend raises a typed error that is not retried, and the
workflow parks itself. After five seconds of backing off, the wait becomes a timer, so that an outage of an hour does
not fill the history with heartbeats.

Computing and telling many are remote activities: they may take long, so they heartbeat, and another worker takes
over when one dies. Letting a deadline pass is remote as well, though it is one transaction: a local activity may run
before its workflow task is recorded, and if the worker dies then, the task runs again with what has arrived
meanwhile. A person who was just in time must not find a letter that says they were late.
"""

from datetime import timedelta
from types import NoneType
from typing import TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from models.enums import AssessmentStage, StageChange
    from models.messages import (
        AssessmentStep,
        BatchAsked,
        BatchTold,
        CohortStep,
        Message,
        ModerationAsked,
        NominationStep,
        OutboxAsked,
        PanelsAsked,
        PanelsTakenBack,
        Quality,
        QualityAsked,
        RollCallAsked,
        RunAsked,
        RunMade,
        RunSettled,
        RunUndone,
        Screening,
        ScreeningAsked,
        StageCounts,
    )

PERSISTENT = RetryPolicy(
    initial_interval=timedelta(milliseconds=100), backoff_coefficient=2, maximum_interval=timedelta(seconds=15)
)
ONE_TRANSACTION = timedelta(seconds=10)
"""A transaction of a few rows takes milliseconds; ten seconds means that the database is in trouble."""
BEFORE_A_TIMER = timedelta(seconds=5)
HEARTBEAT = timedelta(seconds=10)
"""A worker that died is noticed after this long."""
ONE_BATCH = timedelta(minutes=5)
"""500 nominations are told in about 5 seconds; a slow server gets 60 times as long."""
ONE_SOLUTION = timedelta(minutes=15)
"""The pilot is solved in seconds, ten thousand nominations in minutes."""


Answer = TypeVar("Answer")


async def _stored(name: str, asked: Message, answer: type[Answer]) -> Answer:
    """One transaction, as a local activity."""
    result: Answer = await workflow.execute_local_activity(
        name,
        asked,
        result_type=answer,
        start_to_close_timeout=ONE_TRANSACTION,
        retry_policy=PERSISTENT,
        local_retry_threshold=BEFORE_A_TIMER,
    )
    return result


async def _laboured(name: str, asked: Message, answer: type[Answer], within: timedelta, summary: str) -> Answer:
    """Work that may take long, as a remote activity that heartbeats."""
    result: Answer = await workflow.execute_activity(
        name,
        asked,
        result_type=answer,
        start_to_close_timeout=within,
        heartbeat_timeout=HEARTBEAT,
        retry_policy=PERSISTENT,
        summary=summary,
    )
    return result


async def record_nomination(asked: NominationStep) -> None:
    """Writes a nomination's step, its audit event and its messages in one transaction."""
    if asked.change is StageChange.LAPSE:
        await _laboured("record_nomination", asked, NoneType, ONE_TRANSACTION, "lapse")
    else:
        await _stored("record_nomination", asked, NoneType)


async def record_assessment(asked: AssessmentStep) -> None:
    """Writes an assessment's step; when scores are submitted, checks that they are complete."""
    if asked.stage is AssessmentStage.EXPIRED:
        await _laboured("record_assessment", asked, NoneType, ONE_TRANSACTION, "expire")
    else:
        await _stored("record_assessment", asked, NoneType)


async def record_cohort(asked: CohortStep) -> None:
    """Writes a cohort's step and its audit event in one transaction."""
    await _stored("record_cohort", asked, NoneType)


async def screen(asked: ScreeningAsked) -> Screening:
    """Applies the policy's eligibility rules to the application as submitted, and keeps what it found."""
    return await _stored("screen", asked, Screening)


async def check_quality(asked: QualityAsked) -> Quality:
    """Applies the policy's quality rules to the panel's scores, and raises flags."""
    return await _stored("check_quality", asked, Quality)


async def settle_flags(asked: ModerationAsked) -> Quality:
    """Writes how a moderator settled flags, and applies the score changes they made."""
    return await _stored("settle_flags", asked, Quality)


async def count_stages(asked: RollCallAsked) -> StageCounts:
    """Counts the cohort's nominations in each stage."""
    return await _stored("count_stages", asked, StageCounts)


async def tell_nominations(asked: BatchAsked) -> BatchTold:
    """Tells one batch of a cohort's nominations what changed; resumes where it stopped."""
    return await _laboured("tell_nominations", asked, BatchTold, ONE_BATCH, type(asked.announcement).__name__)


async def solve_panels(asked: RunAsked) -> RunMade:
    """Solves the panels asked for and keeps the run as a proposal."""
    return await _laboured("solve_panels", asked, RunMade, ONE_SOLUTION, f"run {asked.run}: {asked.kind}")


async def release_run(asked: RunSettled) -> None:
    """Gives a proposed run's seats to their assessors, in one transaction."""
    await _laboured("release_run", asked, NoneType, ONE_BATCH, f"run {asked.run}")


async def discard_run(asked: RunSettled) -> None:
    """Marks a proposed run as discarded."""
    await _stored("discard_run", asked, NoneType)


async def tell_panels(asked: PanelsAsked) -> BatchTold:
    """Tells one batch of nominations which assessors a released run gave them, or that it found none."""
    return await _laboured("tell_panels", asked, BatchTold, ONE_BATCH, f"run {asked.run}")


async def undo_run(asked: RunSettled) -> RunUndone:
    """Takes the seats of a released run back, as far as nobody has answered, in one transaction."""
    return await _laboured("undo_run", asked, RunUndone, ONE_BATCH, f"run {asked.run}")


async def tell_taken_back(asked: PanelsTakenBack) -> BatchTold:
    """Tells one batch of nominations that their panels were taken back."""
    return await _laboured("tell_taken_back", asked, BatchTold, ONE_BATCH, f"run {asked.run}")


async def deliver_messages(asked: OutboxAsked) -> None:
    """Delivers messages to people as they are queued, for one shift."""
    await _laboured(
        "deliver_messages", asked, NoneType, timedelta(seconds=asked.shift_seconds) + ONE_BATCH, "one shift"
    )


async def relay_tellings(asked: OutboxAsked) -> None:
    """Tells workflows what the database owes them, for one shift."""
    await _laboured(
        "relay_tellings", asked, NoneType, timedelta(seconds=asked.shift_seconds) + ONE_BATCH, "one shift"
    )


async def send_webhooks(asked: OutboxAsked) -> None:
    """Sends organisations' programs the events that they are owed, for one shift."""
    await _laboured("send_webhooks", asked, NoneType, _one_shift(asked), "one shift")


def _one_shift(asked: OutboxAsked) -> timedelta:
    """A shift ends by itself; a batch's time is left for the last message."""
    return timedelta(seconds=asked.shift_seconds) + ONE_BATCH

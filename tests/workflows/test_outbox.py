"""The outbox: shift after shift, whatever becomes of the worker."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from sqlmodel import col, select
from temporalio.client import WorkflowExecutionStatus
from temporalio.testing import WorkflowEnvironment

from models.enums import MessageStatus
from models.messages import OutboxAsked
from models.tables import OutboxMessage
from stack.postgres import EmbeddedPostgres
from tests.workflows.conftest import a_rig
from tests.workflows.rig import Rig, eventually


@pytest.fixture
async def rig(
    temporal_env: WorkflowEnvironment, postgres_server: EmbeddedPostgres, template_database: str, tmp_path: Path
) -> AsyncIterator[Rig]:
    """A rig of this test alone: in the one of all tests, their letters would go first."""
    async with a_rig(temporal_env, postgres_server, template_database, tmp_path) as rig:
        yield rig


async def test_next_shift_begins_when_one_ends_also_on_another_worker(rig: Rig) -> None:
    case = await (await rig.cohort()).nominate()
    queue = f"outbox-{uuid4().hex}"
    query = select(OutboxMessage).where(col(OutboxMessage.nomination_id) == case.id)
    handle = await rig.client.start_workflow(
        "outbox", OutboxAsked(shift_seconds=1), id=f"outbox/{queue}", task_queue=queue
    )
    first = handle.first_execution_run_id

    async with rig.worker(task_queue=queue):
        await eventually(handle.describe, lambda found: found.run_id != first)
        (letter,) = await eventually(lambda: rig.all(query), lambda rows: rows[0].status is MessageStatus.SENT)
    # The worker left in the middle of a shift; what is queued now waits for the next one.
    await case.consent()
    waiting = await rig.all(query)
    async with rig.worker(task_queue=queue):
        sent = await eventually(
            lambda: rig.all(query), lambda rows: all(row.status is MessageStatus.SENT for row in rows)
        )
    status = (await handle.describe()).status
    await handle.terminate()

    assert letter.sent_at is not None
    assert letter.sent_at <= datetime.now(UTC)
    assert [row.status for row in waiting if row.id != letter.id] == [MessageStatus.WAITING]
    assert len(sent) == 2
    assert status is WorkflowExecutionStatus.RUNNING

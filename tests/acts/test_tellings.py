"""Telling a workflow that does not answer: what was asked is asked again under its id, and heard once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import workflow
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from acts.errors import NotReachedError
from acts.tellings import Teller, new_act_id
from models.enums import Role, TellingStatus
from models.ids import PersonId
from models.messages import By, Consent
from models.tables import Telling
from stack.temporal_server import EmbeddedTemporal
from storage.engine import sessions


class Heard(BaseModel):
    """How often a workflow has heard of something."""

    times: int


@workflow.defn
class Listener:
    """Hears Updates, and counts them."""

    def __init__(self) -> None:
        self._times = 0

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: False, timeout=timedelta(minutes=5))

    @workflow.update
    async def consent(self, _: Consent) -> Heard:
        self._times += 1
        return Heard(times=self._times)


async def test_update_that_was_not_answered_is_told_by_the_relay_although_the_server_forgot_it(
    engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("acts.tellings.PATIENCE", timedelta(seconds=1))
    server = EmbeddedTemporal(tmp_path / "temporal")
    await server.start()
    client = await Client.connect(server.address, data_converter=pydantic_data_converter)
    queue = f"test-{uuid4()}"
    await client.start_workflow(Listener.run, id=queue, task_queue=queue)
    teller = Teller(sessions(engine), client, queue)
    message = Consent(by=By(person=PersonId("p-00000000aaaa"), role=Role.NOMINEE))
    act = new_act_id()
    # Nobody works yet, so the server alone knows of the Update, and only in its memory.
    with pytest.raises(NotReachedError, match="asked again by itself"):
        await teller.update(queue, "consent", message, Heard, act)
    await server.kill()
    await server.start()

    monkeypatch.undo()
    async with Worker(client, task_queue=queue, workflows=[Listener], workflow_runner=UnsandboxedWorkflowRunner()):
        settled = await teller.tell_waiting(datetime.now(UTC), owed_for=timedelta(0))
        heard = await teller.update(queue, "consent", message, Heard, act)

    async with sessions(engine)() as session:
        owed = await session.get_one(Telling, act)
    assert settled == 1
    assert owed.status is TellingStatus.DONE
    assert heard == Heard(times=1)
    await server.kill()

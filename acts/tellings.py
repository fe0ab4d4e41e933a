"""Telling workflows what the database owes them: at once by whoever acts, else by the outbox's relay.

A telling is written in the transaction that saves what a person typed, so nothing is ever saved that a workflow will
not hear of. Its id is the Update's id, so that telling twice is telling once.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import uuid4

import structlog
from pydantic import BaseModel
from sqlalchemy import bindparam, update
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio.client import Client, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from acts.errors import NotReachedError, RefusedError
from models.enums import Stage, TellingStatus
from models.messages import Message, NominationStart
from models.tables import Nomination, Telling
from storage.steps import table_of
from workflows.attributes import COHORT, DUE_AT, NEEDS_ATTENTION, ORGANISATION, STAGE

_log = structlog.get_logger()
Answer = TypeVar("Answer", bound=BaseModel)

START, UPDATE = "start", "update"
PATIENCE = timedelta(seconds=20)
"""How long a person waits for a workflow's answer before they are told that it will come later."""
LONGEST_REST = timedelta(minutes=1)
_AGAIN_SECONDS = 0.1
OVER = "This is over already: what you wanted to do can no longer be done."


def start_telling(workflow: str, name: str, start: Message, at: datetime) -> Telling:
    """Owes a workflow its start; the workflow's id makes it one."""
    payload = start.model_dump(mode="json")
    return Telling(
        id=f"start:{uuid4().hex}", workflow_id=workflow, kind=START, name=name, payload=payload, made_at=at
    )


def update_telling(workflow: str, name: str, message: Message, at: datetime) -> Telling:
    """Owes a workflow an Update."""
    payload = message.model_dump(mode="json")
    return Telling(id=new_act_id(), workflow_id=workflow, kind=UPDATE, name=name, payload=payload, made_at=at)


def new_act_id() -> str:
    """An id for one act; an Update told twice under it is one Update."""
    return f"act:{uuid4().hex}"


_TELLING = table_of(Telling)
_TRIED = (
    update(_TELLING)
    .where(_TELLING.c.id == bindparam("telling"), _TELLING.c.status == TellingStatus.WAITING)
    .values(attempts=_TELLING.c.attempts + 1)
)
"""What has been settled meanwhile, by whoever told it as well, stays as it is."""


class Teller:
    """Tells workflows over one client, and marks in the database what has been told."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], client: Client, task_queue: str) -> None:
        self._sessions = sessions
        self._client = client
        self._task_queue = task_queue

    async def update(self, workflow: str, name: str, message: Message, answer: type[Answer], act: str) -> Answer:
        """Tells a workflow an Update that has nothing to save, and returns its answer.

        One that was told and not answered is owed from then on: its step may be written, while a server that is
        killed before the workflow has recorded it forgets it. The relay asks again under the same id.

        Raises:
            RefusedError: The workflow refuses it, or has ended.
            NotReachedError: It could not be told now, and nothing is owed: try again; or it has not been answered.
        """
        try:
            return await self._execute(workflow, name, message.model_dump(mode="json"), answer, act)
        except (WorkflowUpdateRPCTimeoutOrCancelledError, TimeoutError) as error:
            await self._owe(act, workflow, name, message)
            raise NotReachedError(
                "The workflow has not answered yet. It is asked again by itself: look in a minute what it said."
            ) from error
        except RPCError as error:
            raise NotReachedError(
                "The workflow could not be reached. Look whether it was done before you try again."
            ) from error

    async def _owe(self, act: str, workflow: str, name: str, message: Message) -> None:
        telling = update_telling(workflow, name, message, datetime.now(UTC))
        telling.id = act
        async with self._sessions.begin() as session:
            session.add(telling)

    async def tell(self, telling: Telling, answer: type[Answer]) -> Answer:
        """Tells a workflow what has just been saved, at once, and returns its answer.

        Raises:
            RefusedError: The workflow refuses it, or has ended; what was saved stays as a draft.
            NotReachedError: It could not be told now; the relay will tell it.
        """
        try:
            result = await self._execute(telling.workflow_id, telling.name, telling.payload, answer, telling.id)
        except RefusedError as error:
            await self._mark(telling.id, TellingStatus.REFUSED, str(error))
            raise
        except (RPCError, WorkflowUpdateRPCTimeoutOrCancelledError, TimeoutError) as error:
            raise NotReachedError("It is saved. The next step will follow by itself within minutes.") from error
        await self._mark(telling.id, TellingStatus.DONE)
        return result

    async def start(self, telling: Telling) -> None:
        """Starts a workflow that has just been owed, or leaves it to the relay if the server is away."""
        try:
            await self._start(telling)
        except (RPCError, TimeoutError):
            return
        await self._mark(telling.id, TellingStatus.DONE)

    async def tell_waiting(self, now: datetime, *, owed_for: timedelta, most: int = 50) -> int:
        """Tells what has been owed for some time, oldest first; how many tellings were settled.

        One that cannot be told now rests for twice as long each time, at most a minute. Safe beside itself.
        """
        settled = 0
        async with self._sessions() as session:
            due = or_(col(Telling.tried_at).is_(None), col(Telling.tried_at) < now)
            rows = await session.exec(
                select(Telling)
                .where(col(Telling.status) == TellingStatus.WAITING, col(Telling.made_at) < now - owed_for, due)
                .order_by(col(Telling.made_at), col(Telling.id))
                .limit(most)
            )
            waiting = rows.all()
        for telling in waiting:
            settled += await self._try(telling, now)
        return settled

    async def _try(self, telling: Telling, now: datetime) -> bool:
        try:
            if telling.kind == START:
                await self._start(telling)
            else:
                await self._execute(telling.workflow_id, telling.name, telling.payload, BaseModel, telling.id)
        except RefusedError as error:
            await self._mark(telling.id, TellingStatus.REFUSED, str(error))
            return True
        except (RPCError, WorkflowUpdateRPCTimeoutOrCancelledError, TimeoutError) as error:
            rest = min(LONGEST_REST, timedelta(seconds=2**telling.attempts))
            await self._rest(telling.id, now + rest)
            _log.warning("a workflow could not be told", workflow=telling.workflow_id, error=type(error).__name__)
            return False
        await self._mark(telling.id, TellingStatus.DONE)
        return True

    async def _execute(
        self, workflow: str, name: str, payload: Mapping[str, object], answer: type[Answer], update_id: str
    ) -> Answer:
        handle = self._client.get_workflow_handle(workflow)
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                while True:
                    try:
                        result: Answer = await handle.execute_update(name, payload, id=update_id, result_type=answer)
                    except RPCError as error:
                        if error.status is not RPCStatusCode.FAILED_PRECONDITION:
                            raise
                        # The workflow was about to end when it heard of something else: the server lets it look
                        # again, and drops the Update. Under its own id it is asked again without being done twice.
                        await asyncio.sleep(_AGAIN_SECONDS)
                    else:
                        return result
        except WorkflowUpdateFailedError as error:
            cause = error.cause
            raise RefusedError(cause.message if isinstance(cause, ApplicationError) else OVER) from error
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND and await self._has_ended(workflow):
                raise RefusedError(OVER) from error
            raise

    async def _has_ended(self, workflow: str) -> bool:
        """Whether a workflow has run and ended; one that was never started is still owed its start."""
        try:
            description = await self._client.get_workflow_handle(workflow).describe()
        except RPCError:
            return False
        return description.close_time is not None

    async def _start(self, telling: Telling) -> None:
        start = NominationStart.model_validate(telling.payload)
        again = start.steps > 0
        if again and not await self._still_lapsed(start):
            return
        reuse = WorkflowIDReusePolicy.ALLOW_DUPLICATE if again else WorkflowIDReusePolicy.REJECT_DUPLICATE
        try:
            await self._client.start_workflow(
                telling.name,
                start,
                id=telling.workflow_id,
                task_queue=self._task_queue,
                id_reuse_policy=reuse,
                search_attributes=_attributes(start),
                static_summary=f"Nomination {start.nomination} by {start.organisation}",
            )
        except WorkflowAlreadyStartedError:
            return

    async def _still_lapsed(self, start: NominationStart) -> bool:
        async with self._sessions() as session:
            row = await session.get(Nomination, start.nomination)
            return row is not None and row.stage is Stage.LAPSED and row.steps == start.steps

    async def _mark(self, telling_id: str, status: TellingStatus, answer: str | None = None) -> None:
        async with self._sessions.begin() as session:
            settled = {"telling": telling_id, "status": status, "answer": answer}
            await (await session.connection()).execute(_TRIED, settled)

    async def _rest(self, telling_id: str, until: datetime) -> None:
        async with self._sessions.begin() as session:
            await (await session.connection()).execute(_TRIED, {"telling": telling_id, "tried_at": until})


def _attributes(start: NominationStart) -> TypedSearchAttributes:
    due = [SearchAttributePair(DUE_AT, start.due_at)] if start.due_at else []
    return TypedSearchAttributes(
        [
            SearchAttributePair(STAGE, start.stage.value),
            SearchAttributePair(COHORT, str(start.cohort)),
            SearchAttributePair(ORGANISATION, str(start.organisation)),
            SearchAttributePair(NEEDS_ATTENTION, False),
            *due,
        ]
    )

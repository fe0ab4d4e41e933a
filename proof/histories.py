"""The workflows of a cohort as Temporal holds them: their runs, and the histories of these."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from temporalio.api.common.v1 import WorkflowExecution as Execution
from temporalio.api.history.v1 import History
from temporalio.api.workflow.v1 import WorkflowExecutionInfo
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryRequest
from temporalio.client import Client, WorkflowExecution
from temporalio.service import RPCError, RPCStatusCode

AT_ONCE = 16
"""Requests under way at once: enough to keep one server busy, few enough to leave it to others."""
_PAGE = 1000
_FOR_ALL = ["WorkflowType = 'outbox'", "WorkflowType = 'webhooks'"]


@dataclass(frozen=True)
class Run:
    """One run of a workflow, as it was listed."""

    workflow_id: str
    run_id: str
    execution: WorkflowExecution

    @property
    def closed(self) -> bool:
        """Whether this run has ended."""
        return self.execution.close_time is not None

    @property
    def listed(self) -> WorkflowExecutionInfo:
        """What Temporal keeps beside the history: memo, search attributes, sizes."""
        return self.execution.raw_info


@dataclass(frozen=True)
class Size:
    """How large the history of a run is, and how many transactions the server made for it."""

    events: int
    size_bytes: int
    transitions: int


async def runs_of(client: Client, cohort: str, *, outbox: bool = False) -> AsyncIterator[Run]:
    """Every run of every workflow of a cohort, as Temporal lists them, which may lag by a second.

    Args:
        client: The namespace's client.
        cohort: The cohort's id.
        outbox: Whether to add the runs that send letters and events, which serve all cohorts.
    """
    queries = [f"Cohort = '{cohort}'"] + (_FOR_ALL if outbox else [])
    for query in queries:
        async for execution in client.list_workflows(query, page_size=_PAGE):
            yield Run(execution.id, execution.run_id, execution)


async def history_of(client: Client, run: Run) -> History:
    """The whole history of one run; empty when Temporal keeps it no longer."""
    history = History()
    token = b""
    while True:
        request = GetWorkflowExecutionHistoryRequest(
            namespace=client.namespace,
            execution=Execution(workflow_id=run.workflow_id, run_id=run.run_id),
            maximum_page_size=_PAGE,
            next_page_token=token,
        )
        try:
            page = await client.workflow_service.get_workflow_execution_history(request, retry=True)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return history
            raise
        history.events.extend(page.history.events)
        token = page.next_page_token
        if not token:
            return history


async def sizes_of(client: Client, runs: Iterable[Run]) -> list[tuple[Run, Size]]:
    """The size of each run's history; the list knows it of those that have ended, the others are asked."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(run: Run) -> tuple[Run, Size]:
        listed = run.listed
        if not run.closed:
            async with gate:
                handle = client.get_workflow_handle(run.workflow_id, run_id=run.run_id)
                listed = (await handle.describe()).raw_info
        return run, Size(listed.history_length, listed.history_size_bytes, listed.state_transition_count)

    return await asyncio.gather(*(one(run) for run in runs))

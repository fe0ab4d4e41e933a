"""What a workflow knows of itself: its state while it runs, its result once it has ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
)
from temporalio.common import QueryRejectCondition
from temporalio.service import RPCError, RPCStatusCode

from models.messages import AssessmentState, CohortState, NominationState
from proof.histories import Run

State = NominationState | AssessmentState | CohortState

_ANSWER = timedelta(seconds=15)


class WorkflowsUnreachableError(Exception):
    """A workflow does not say what it knows: Temporal or every worker is away."""


@dataclass(frozen=True)
class Known:
    """What a workflow knows; ``state`` is None when it is not there, or ended in a way that leaves no state."""

    state: State | None
    status: WorkflowExecutionStatus | None

    @property
    def absent(self) -> bool:
        """Whether there is no such workflow."""
        return self.status is None

    @property
    def words(self) -> str:
        """The workflow's status in a word."""
        return "none" if self.status is None else self.status.name.lower()


class Knowledge:
    """Asks workflows; those that are listed as ended are asked for their result at once, which needs no worker."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._newest: dict[str, datetime] = {}
        self._ended: dict[str, str] = {}

    def note(self, run: Run) -> None:
        """Keeps whether the newest run of a workflow has completed."""
        started = run.execution.start_time
        if run.workflow_id in self._newest and self._newest[run.workflow_id] > started:
            return
        self._newest[run.workflow_id] = started
        if run.execution.status is WorkflowExecutionStatus.COMPLETED:
            self._ended[run.workflow_id] = run.run_id
        else:
            self._ended.pop(run.workflow_id, None)

    async def of(self, workflow: str, answer: type[State], *, trust_list: bool) -> Known:
        """What one workflow knows; ``trust_list`` takes the list's word that it has ended.

        Raises:
            WorkflowsUnreachableError: It does not answer.
        """
        try:
            if trust_list and workflow in self._ended:
                return await self._result(workflow, answer, self._ended[workflow])
            return await self._ask(workflow, answer)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return Known(None, None)
            raise _unreachable(workflow) from error
        except WorkflowQueryFailedError as error:
            raise _unreachable(workflow) from error

    async def status_of(self, workflow: str) -> WorkflowExecutionStatus | None:
        """Whether a workflow runs or how it ended; None when there is none. Needs no worker."""
        try:
            return (await self._client.get_workflow_handle(workflow).describe()).status
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise _unreachable(workflow) from error

    async def _ask(self, workflow: str, answer: type[State]) -> Known:
        handle = self._client.get_workflow_handle(workflow)
        try:
            state: State = await handle.query(
                "state",
                result_type=answer,
                reject_condition=QueryRejectCondition.NOT_OPEN,
                rpc_timeout=_ANSWER,
            )
        except WorkflowQueryRejectedError as rejected:
            if rejected.status is WorkflowExecutionStatus.COMPLETED:
                return await self._result(workflow, answer, None)
            return Known(None, rejected.status)
        return Known(state, WorkflowExecutionStatus.RUNNING)

    async def _result(self, workflow: str, answer: type[State], run: str | None) -> Known:
        handle = self._client.get_workflow_handle(workflow, run_id=run, result_type=answer)
        try:
            return Known(await handle.result(), WorkflowExecutionStatus.COMPLETED)
        except WorkflowFailureError:
            return Known(None, (await handle.describe()).status)


def _unreachable(workflow: str) -> WorkflowsUnreachableError:
    return WorkflowsUnreachableError(
        f"{workflow} does not answer: see that Temporal and at least one worker run, then check again."
    )

"""What a cohort's workflows say of themselves: only they know whether one of their steps waits for a person."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client, WorkflowQueryFailedError, WorkflowQueryRejectedError
from temporalio.service import RPCError, RPCStatusCode

from models.ids import CohortId, allocation_workflow, cohort_workflow
from models.messages import AllocationState, CohortState
from portal.words import restyled

_SOON = timedelta(seconds=3)
"""Within which a worker answers a query, or is taken to be away."""


@dataclass(frozen=True)
class Said:
    """One workflow's word; ``stuck`` when it needs attention."""

    name: str
    workflow: str
    words: str
    stuck: bool = False


async def said_by(client: Client, cohort: CohortId) -> list[Said]:
    """What the cohort and its allocation wait for, asked at the same time."""
    kinds: dict[str, tuple[str, type[CohortState | AllocationState]]] = {
        "cohort": (cohort_workflow(cohort), CohortState),
        "allocation": (allocation_workflow(cohort), AllocationState),
    }
    return await asyncio.gather(*(_asked(client, name, *one) for name, one in kinds.items()))


async def _asked(client: Client, name: str, workflow: str, kind: type[CohortState | AllocationState]) -> Said:
    handle = client.get_workflow_handle(workflow)
    try:
        state = await handle.query("state", result_type=kind, rpc_timeout=_SOON)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return Said(name, workflow, "It does not run.")
        return Said(name, workflow, "It could not be asked now: Temporal or every worker is away.")
    except (WorkflowQueryFailedError, WorkflowQueryRejectedError):
        return Said(name, workflow, "It could not be asked now.")
    words = restyled(state.waits_for)
    return Said(name, workflow, f"{words[:1].upper()}{words[1:]}", stuck=words.lower().startswith("needs attention"))

"""The outbox: whatever the database owes to people and to workflows is delivered, for ever."""

import asyncio

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.messages import OutboxAsked

from workflows.calls import deliver_messages, relay_tellings


@workflow.defn(name="outbox")
class OutboxWorkflow:
    """One shift after another: two long activities that wake when something is queued.

    A shift costs the server a dozen events, however much it delivers. When a worker dies, the activity's heartbeat
    stops and another worker takes the shift over.
    """

    @workflow.run
    async def run(self, asked: OutboxAsked) -> None:
        """Delivers for one shift and begins a fresh history for the next."""
        workflow.set_current_details("Delivers messages to people, and tells workflows what the database owes them")
        await asyncio.gather(deliver_messages(asked), relay_tellings(asked))
        workflow.continue_as_new(asked)

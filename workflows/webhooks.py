"""Webhooks: whatever happened to organisations' nominations is sent to their programs, for ever."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.messages import OutboxAsked

from workflows.calls import send_webhooks


@workflow.defn(name="webhooks")
class WebhooksWorkflow:
    """One shift after another, as the outbox has them; apart from it, since strangers' servers may be slow.

    When a worker dies, the activity's heartbeat stops and another worker takes the shift over.
    """

    @workflow.run
    async def run(self, asked: OutboxAsked) -> None:
        """Sends for one shift and begins a fresh history for the next."""
        workflow.set_current_details("Sends events of nominations to the programs of their organisations")
        await send_webhooks(asked)
        workflow.continue_as_new(asked)

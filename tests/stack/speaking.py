"""A workflow that writes log lines; in a module of its own, since the sandbox imports it anew."""

from datetime import timedelta

from temporalio import workflow


@workflow.defn(name="speaking")
class SpeakingWorkflow:
    """Says a line before each wait and at each Update."""

    def __init__(self) -> None:
        self.heard = 0

    @workflow.run
    async def run(self) -> None:
        """Waits for three Updates, then lets an activity speak."""
        for number in range(3):
            workflow.logger.info("waits %d", number)
            # With a timer: a task that leaves no command leaves no trace, and is run again with the next one.
            await workflow.wait_condition(lambda number=number: self.heard > number, timeout=timedelta(hours=1))
        await workflow.execute_activity("speak", start_to_close_timeout=timedelta(seconds=10))

    @workflow.update
    def hear(self) -> None:
        """Says that it was heard."""
        self.heard += 1
        workflow.logger.info("heard")

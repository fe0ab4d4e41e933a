"""The outbox and the nomination, changed without and with care, for the test that replay notices."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.messages import THE_SYSTEM, NominationStart, NominationState, OutboxAsked

from workflows.calls import deliver_messages, relay_tellings
from workflows.nomination import NominationWorkflow


@workflow.defn(name="outbox")
class OutboxChangedCarelessly:
    """Asks for one after the other what was asked for at once."""

    @workflow.run
    async def run(self, asked: OutboxAsked) -> None:
        await deliver_messages(asked)
        await relay_tellings(asked)
        workflow.continue_as_new(asked)


@workflow.defn(name="nomination")
class NominationChangedCarelessly(NominationWorkflow):
    """Records one more step before it hears consent."""

    @workflow.init
    def __init__(self, start: NominationStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: NominationStart) -> NominationState:
        return await super().run(start)

    async def _hear_consent(self) -> None:
        await self._note("one more", THE_SYSTEM)
        await super()._hear_consent()


@workflow.defn(name="nomination")
class NominationChangedWithCare(NominationWorkflow):
    """The same change, behind a patch: who began before goes on as before."""

    @workflow.init
    def __init__(self, start: NominationStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: NominationStart) -> NominationState:
        return await super().run(start)

    async def _hear_consent(self) -> None:
        if workflow.patched("one more step before consent"):
            await self._note("one more", THE_SYSTEM)
        await super()._hear_consent()

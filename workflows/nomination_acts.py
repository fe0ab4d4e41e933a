"""What people do to a nomination: each an Update, refused at once where the stage does not allow it."""

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from models.enums import (
        AssessmentStage,
        Outcome,
        Resolution,
        Stage,
        StageChange,
        Template,
        WayOut,
    )
    from models.messages import (
        Consent,
        Decide,
        DeclineNomination,
        Defer,
        Endorse,
        Extend,
        ModerationAsked,
        NominationState,
        Pause,
        Promote,
        Reassign,
        ReopenDecision,
        ResolveFlags,
        Resume,
        Screen,
        StandDown,
        SubmitApplication,
        Unblock,
        Withdraw,
    )
    from rules.permissions import Act
    from rules.stages import WORDS

from workflows.calls import settle_flags
from workflows.nomination_ledger import NominationLedger
from workflows.refusals import allow, cause_of, refuse


class NominationActs(NominationLedger):
    """The Updates of a nomination. Each is checked, written, and then taken; its answer is the new state."""

    @workflow.update
    async def consent(self, message: Consent) -> NominationState:
        """The nominee agrees to be nominated; the application opens."""
        return await self._move(StageChange.CONSENT, message.by, due_at=self._application_due, grace=True)

    @consent.validator
    def _may_consent(self, message: Consent) -> None:
        self._allow(message.by, Act.CONSENT, StageChange.CONSENT)

    @workflow.update
    async def decline(self, message: DeclineNomination) -> NominationState:
        """The nominee does not wish to be nominated."""
        return await self._move(StageChange.DECLINE, message.by)

    @decline.validator
    def _may_decline(self, message: DeclineNomination) -> None:
        self._allow(message.by, Act.DECLINE_NOMINATION, StageChange.DECLINE)

    @workflow.update
    async def submit(self, message: SubmitApplication) -> NominationState:
        """The application is fixed as it stands in the database, and screened."""
        return await self._move(StageChange.SUBMIT, message.by)

    @submit.validator
    def _may_submit(self, message: SubmitApplication) -> None:
        self._allow(message.by, Act.SUBMIT_APPLICATION, StageChange.SUBMIT)

    @workflow.update
    async def endorse(self, message: Endorse) -> NominationState:
        """An endorsement has been given; screening looks again if it was waiting for one."""
        async with self._one_at_a_time:
            await self._record_or_refuse("endorsed", message.by)
            self._endorsements += 1
        return self.state()

    @endorse.validator
    def _may_endorse(self, message: Endorse) -> None:
        allow(message.by, Act.ENDORSE)
        if self._stage not in (Stage.NOMINATED, Stage.APPLYING, Stage.SCREENING):
            raise refuse(f"An endorsement is no longer needed: the nomination is {WORDS[self._stage]}.")

    @workflow.update
    async def screen(self, message: Screen) -> NominationState:
        """A person settles screening where the rules did not pass the nomination."""
        change = StageChange.PASS_SCREENING if message.eligible else StageChange.FAIL_SCREENING
        return await self._move(change, message.by, reason=message.reason)

    @screen.validator
    def _may_screen(self, message: Screen) -> None:
        change = StageChange.PASS_SCREENING if message.eligible else StageChange.FAIL_SCREENING
        self._allow(message.by, Act.SCREEN, change)

    @workflow.update
    async def withdraw(self, message: Withdraw) -> NominationState:
        """The nomination is taken back; whoever is at work on it is stood down."""
        return await self._move(StageChange.WITHDRAW, message.by, reason=message.reason)

    @withdraw.validator
    def _may_withdraw(self, message: Withdraw) -> None:
        allow(message.by, Act.WITHDRAW)
        self._refuse_unless(StageChange.WITHDRAW)

    @workflow.update
    async def defer(self, message: Defer) -> NominationState:
        """The nominee would rather be assessed in a later cohort."""
        return await self._move(StageChange.DEFER, message.by, reason=message.reason)

    @defer.validator
    def _may_defer(self, message: Defer) -> None:
        allow(message.by, Act.DEFER)
        self._refuse_unless(StageChange.DEFER)

    @workflow.update
    async def pause(self, message: Pause) -> NominationState:
        """The clock stops, for the nominee and for every assessor at work."""
        async with self._one_at_a_time:
            self._refuse_pause()
            self._paused = True
            try:
                await self._record_or_refuse("paused", message.by, reason=message.reason, letter=Template.PAUSED)
            except FailureError:
                self._paused = False
                raise
            self._deadline.hold()
            await self._panel.hold_clocks(held=True)
        return self.state()

    @pause.validator
    def _may_pause(self, message: Pause) -> None:
        allow(message.by, Act.PAUSE)
        self._refuse_pause()

    @workflow.update
    async def resume(self, message: Resume) -> NominationState:
        """The clock runs again; every deadline has moved by the time it stood still."""
        async with self._one_at_a_time:
            if self._paused:
                due_at = self._deadline.due_if_resumed()
                self._paused = False
                try:
                    await self._record_or_refuse("resumed", message.by, letter=Template.RESUMED, due_at=due_at)
                except FailureError:
                    self._paused = True
                    raise
                self._deadline.go_on(due_at)
                await self._panel.hold_clocks(held=False)
                self._show()
        return self.state()

    @resume.validator
    def _may_resume(self, message: Resume) -> None:
        allow(message.by, Act.RESUME)
        if not self._paused:
            raise refuse(f"The nomination is not paused: it is {WORDS[self._stage]}.")

    @workflow.update
    async def extend(self, message: Extend) -> NominationState:
        """The nominee gets longer, to consent or to apply."""
        async with self._one_at_a_time:
            self._refuse_extension(message)
            await self._record_or_refuse(
                "extended", message.by, reason=message.reason, letter=Template.DEADLINE_MOVED, due_at=message.until
            )
            self._own_due = message.until
            self._deadline.set(message.until, self._start.terms.grace)
            self._show()
        return self.state()

    @extend.validator
    def _may_extend(self, message: Extend) -> None:
        allow(message.by, Act.EXTEND)
        self._refuse_extension(message)

    @workflow.update
    async def resolve_flags(self, message: ResolveFlags) -> NominationState:
        """A moderator confirms, changes scores, asks for more evidence, or for one more assessor."""
        async with self._one_at_a_time:
            self._refuse_resolution(message)
            step = self._steps.next("moderated", message.by, message.resolution)
            try:
                quality = await settle_flags(
                    ModerationAsked(
                        step=step,
                        nomination=self._start.nomination,
                        flags=message.flags,
                        resolution=message.resolution,
                        assessment=message.assessment,
                    )
                )
            except FailureError as error:
                raise cause_of(error) from error
            self._steps.took(step)
            self._open_flags = quality.open_flags
            if message.resolution in (Resolution.MORE_EVIDENCE, Resolution.ANOTHER_ASSESSOR):
                await self._record_or_refuse("asked for more", message.by, change=StageChange.ASK_FOR_MORE)
                await self._ask_the_panel_for_more(message)
                self._arrive(Stage.SCORING)
        return self.state()

    @resolve_flags.validator
    def _may_resolve_flags(self, message: ResolveFlags) -> None:
        allow(message.by, Act.RESOLVE_FLAGS)
        self._refuse_resolution(message)

    @workflow.update
    async def decide(self, message: Decide) -> NominationState:
        """The board's decision, drafted by one person and approved by another, held until release."""
        return await self._move(
            StageChange.DECIDE, message.by, outcome=message.outcome, approved_by=message.approved_by
        )

    @decide.validator
    def _may_decide(self, message: Decide) -> None:
        allow(message.approved_by, Act.APPROVE_DECISION)
        self._allow(message.by, Act.DRAFT_DECISION, StageChange.DECIDE)

    @workflow.update
    async def reopen_decision(self, message: ReopenDecision) -> NominationState:
        """The board takes its decision back before it is released."""
        return await self._move(StageChange.REOPEN_DECISION, message.by)

    @reopen_decision.validator
    def _may_reopen_decision(self, message: ReopenDecision) -> None:
        self._allow(message.by, Act.REOPEN_DECISION, StageChange.REOPEN_DECISION)
        if self._released:
            raise refuse("Decisions have been released: they can no longer be taken back.")

    @workflow.update
    async def promote(self, message: Promote) -> NominationState:
        """The board admits the nominee from the reserve list."""
        return await self._move(StageChange.PROMOTE, message.by, outcome=Outcome.ADMITTED)

    @promote.validator
    def _may_promote(self, message: Promote) -> None:
        self._allow(message.by, Act.PROMOTE, StageChange.PROMOTE)

    @workflow.update
    async def reassign(self, message: Reassign) -> NominationState:
        """Operations take an assessment from an assessor; another one will be asked."""
        async with self._one_at_a_time:
            self._refuse_reassignment(message)
            await self._record_or_refuse("reassigned", message.by, reason=message.reason)
            stood_down = StandDown(stage=AssessmentStage.REPLACED, by=message.by)
            await self._panel.stand_down(message.assessment, stood_down)
        return self.state()

    @reassign.validator
    def _may_reassign(self, message: Reassign) -> None:
        allow(message.by, Act.REASSIGN)
        self._refuse_reassignment(message)

    @workflow.update
    async def unblock(self, message: Unblock) -> NominationState:
        """A person gives what needs attention its way out: try again, skip, or hand over."""
        async with self._one_at_a_time:
            await self._record_or_refuse(f"unblocked: {message.way}", message.by, reason=message.reason)
        if self._stuck is not None and self._parking.attention is None:
            await self._unblock_assessment(self._stuck, message)
        else:
            await self._parking.unblock(message)
        return self.state()

    @unblock.validator
    def _may_unblock(self, message: Unblock) -> None:
        allow(message.by, Act.UNBLOCK)
        if self._attention is None:
            raise refuse(f"Nothing needs attention: the nomination is {WORDS[self._stage]}.")
        if message.way is WayOut.HAND_OVER and message.to is None:
            raise refuse("Say to whom the nomination is handed over.")

"""An assessment: one assessor's task on one nomination, from the offer to the scores."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from models.enums import AssessmentStage, AssessorDeclineReason, SteerReason, Template
    from models.ids import assessment_workflow, nomination_of, nomination_workflow
    from models.messages import (
        THE_SYSTEM,
        Accept,
        AssessmentStart,
        AssessmentState,
        AssessmentStep,
        AssessmentStuck,
        Attention,
        By,
        DeclineAssessment,
        Extend,
        GoOn,
        HoldClock,
        Notice,
        StandDown,
        SubmitScores,
        TakeBack,
        Unblock,
    )
    from rules import assessments as table
    from rules.calendar import after, in_words
    from rules.permissions import Act

from workflows.calls import record_assessment
from workflows.deadline import Deadline
from workflows.parking import Parking
from workflows.refusals import REFUSED, allow, cause_of, refuse
from workflows.steps import Steps

WAITING = table.SCORING | {AssessmentStage.OFFERED}
"""Stages in which something is still asked of the assessor."""


@workflow.defn(name="assessment")
class AssessmentWorkflow:
    """Offered, accepted or declined, scored and submitted; or returned for more evidence and submitted again."""

    @workflow.init
    def __init__(self, start: AssessmentStart) -> None:
        self._start = start
        self._stage = AssessmentStage.SEATED
        self._steps = Steps(assessment_workflow(start.assessment), start.steps)
        self._deadline = Deadline(start.calendar)
        self._one_at_a_time = asyncio.Lock()
        self._parking = Parking(self._tell_nomination)

    @workflow.run
    async def run(self, start: AssessmentStart) -> AssessmentState:
        """The assessment's life; the nomination that started it reads how it ended."""
        if start.stage is AssessmentStage.RETURNED:
            await self._ask_for_more_evidence()
        else:
            await self._offer()
            await self._hear_answer()
        await self._await_scores()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.state()

    # The steps, in order

    async def _offer(self) -> None:
        """The assessor is told what is asked, and by when to answer."""
        answer_by = after(workflow.now(), self._start.answer_within, self._start.calendar.bank_holidays)
        await self._surely(AssessmentStage.OFFERED, THE_SYSTEM, "offered", due_at=answer_by, tell=Template.OFFER)

    async def _hear_answer(self) -> None:
        """No answer by the deadline counts as a decline."""
        while self._stage is AssessmentStage.OFFERED:
            if not await self._until_left(AssessmentStage.OFFERED, Template.OFFER_REMINDER):
                await self._expire(Template.OFFER_EXPIRED)

    async def _ask_for_more_evidence(self) -> None:
        """The moderator has sent the assessment back; the scores can be changed again."""
        score_by = after(workflow.now(), self._start.score_within, self._start.calendar.bank_holidays)
        await self._surely(
            AssessmentStage.RETURNED, self._start.by, "returned", due_at=score_by, tell=Template.EVIDENCE_REQUEST
        )

    async def _await_scores(self) -> None:
        """Overdue scores are still taken for the policy's grace; then another assessor is asked."""
        overdue = False
        while self._stage in table.SCORING:
            if await self._until_left(self._stage, Template.SCORING_REMINDER):
                continue
            if overdue:
                await self._expire(Template.OFFER_EXPIRED)
            else:
                overdue = await self._say_overdue()

    # What people do

    @workflow.update
    async def accept(self, message: Accept) -> AssessmentState:
        """The assessor takes the task; the time to score begins."""
        score_by = after(workflow.now(), self._start.score_within, self._start.calendar.bank_holidays)
        await self._move(
            AssessmentStage.ACCEPTED, message.by, "accepted", due_at=score_by, tell=Template.SCORING_OPEN
        )
        return self.state()

    @accept.validator
    def _may_accept(self, message: Accept) -> None:
        allow(message.by, Act.ACCEPT)
        self._refuse_unless(AssessmentStage.ACCEPTED)

    @workflow.update
    async def decline(self, message: DeclineAssessment) -> AssessmentState:
        """The assessor does not take the task, or gives it back; another assessor will be asked."""
        await self._move(AssessmentStage.DECLINED, message.by, "declined", declined=message.reason)
        return self.state()

    @decline.validator
    def _may_decline(self, message: DeclineAssessment) -> None:
        allow(message.by, Act.DECLINE_ASSESSMENT)
        self._refuse_unless(AssessmentStage.DECLINED)

    @workflow.update
    async def submit(self, message: SubmitScores) -> AssessmentState:
        """The assessor's scores and evidence are fixed as they stand in the database."""
        await self._move(AssessmentStage.SUBMITTED, message.by, "submitted")
        return self.state()

    @submit.validator
    def _may_submit(self, message: SubmitScores) -> None:
        allow(message.by, Act.SUBMIT_SCORES)
        self._refuse_unless(AssessmentStage.SUBMITTED)

    @workflow.update
    async def extend(self, message: Extend) -> AssessmentState:
        """Operations give the assessor longer, to answer or to score."""
        async with self._one_at_a_time:
            self._refuse_extension(message)
            await self._record(
                self._stage,
                message.by,
                "extended",
                due_at=message.until,
                reason=message.reason,
                tell=Template.DEADLINE_MOVED,
            )
            self._deadline.set(message.until)
        return self.state()

    @extend.validator
    def _may_extend(self, message: Extend) -> None:
        allow(message.by, Act.EXTEND)
        self._refuse_extension(message)

    # What the nomination says

    @workflow.signal
    async def stand_down(self, message: StandDown | None = None) -> None:
        """The nomination no longer needs this assessment."""
        message = message or StandDown()
        await self._surely(message.stage, message.by, "stood down", tell=Template.STOOD_DOWN)

    @workflow.signal
    async def take_back(self, message: TakeBack | None = None) -> None:
        """The run that seated the assessor was undone before they answered; who was asked is told."""
        if message is not None:
            asked = self._stage is AssessmentStage.OFFERED
            await self._surely(
                AssessmentStage.TAKEN_BACK, message.by, "taken back", tell=Template.TAKEN_BACK if asked else None
            )

    @workflow.signal
    async def hold_clock(self, message: HoldClock | None = None) -> None:
        """The nomination is paused or goes on, and this clock with it."""
        held = message is not None and message.held
        if held and self._deadline.held_since is None:
            self._deadline.hold()
        elif not held and self._deadline.held_since is not None:
            self._deadline.go_on(self._deadline.due_if_resumed())
            await self._surely(self._stage, THE_SYSTEM, "resumed", due_at=self._deadline.due_at)

    @workflow.signal
    async def go_on(self, message: GoOn | None = None) -> None:
        """A person has said how a stuck step goes on."""
        if message is not None:
            way = Unblock(by=THE_SYSTEM, way=message.way, reason=SteerReason.OTHER)
            await self._parking.unblock(way)

    @workflow.query
    def state(self) -> AssessmentState:
        """The assessment as it stands."""
        return AssessmentState(
            assessment=self._start.assessment,
            stage=self._stage,
            due_at=self._deadline.due_at,
            steps=self._steps.taken,
        )

    # How a step is taken

    async def _until_left(self, stage: AssessmentStage, reminder: Template) -> bool:
        """Waits until the assessment leaves ``stage``; False when the deadline passed first."""

        async def remind() -> None:
            await self._surely(stage, THE_SYSTEM, "reminded", due_at=self._deadline.due_at, tell=reminder)

        return await self._deadline.wait(lambda: self._stage is not stage, remind, table.WAITS_FOR[stage])

    async def _expire(self, tell: Template) -> None:
        """Ends the task, unless the assessor was just in time."""
        await self._surely(
            AssessmentStage.EXPIRED, THE_SYSTEM, "expired", tell=tell, unless=lambda: not self._deadline.passed
        )

    async def _say_overdue(self) -> bool:
        """Tells the assessor, and goes on waiting for the grace; False if the scores were just in time."""
        due_at = self._deadline.due_at
        await self._surely(
            self._stage,
            THE_SYSTEM,
            "overdue",
            due_at=due_at,
            tell=Template.SCORING_OVERDUE,
            tell_due=after(due_at or workflow.now(), self._start.score_grace, self._start.calendar.bank_holidays),
            unless=lambda: not self._deadline.passed,
        )
        if self._stage not in table.SCORING or not self._deadline.passed:
            return False
        self._deadline.set(due_at, self._start.score_grace)
        return True

    async def _surely(
        self,
        to: AssessmentStage,
        by: By,
        what: str,
        *,
        due_at: datetime | None = None,
        tell: Template | None = None,
        tell_due: datetime | None = None,
        unless: Callable[[], bool] = lambda: False,
    ) -> None:
        """Takes a step nobody waits for the answer of, if it is still due when its turn comes.

        A step of the process is refused only where the seat has been taken back already: the nomination is about to
        say so, or to stand the assessor down.
        """

        async def act() -> None:
            stage = self._stage
            try:
                async with self._one_at_a_time:
                    stage = self._stage
                    stays = to is stage
                    if unless() or not (stays or to in table.TABLE[stage]):
                        return
                    await self._record(to, by, what, due_at=due_at, tell=tell, tell_due=tell_due)
                    if not stays:
                        self._arrive(to, due_at)
            except FailureError as error:
                if cause_of(error).type != REFUSED:
                    raise
                await workflow.wait_condition(lambda: self._stage is not stage)

        await self._parking.surely(what, act)

    async def _tell_nomination(self, attention: Attention | None) -> None:
        """The nomination shows that one of its assessments needs attention."""
        nomination = nomination_workflow(nomination_of(self._start.assessment))
        stuck = AssessmentStuck(assessment=self._start.assessment, attention=attention)
        try:
            await workflow.get_external_workflow_handle(nomination).signal("assessment_stuck", stuck)
        except FailureError:
            workflow.logger.warning("the nomination is over, and nobody is left to tell")

    async def _move(
        self,
        to: AssessmentStage,
        by: By,
        what: str,
        *,
        due_at: datetime | None = None,
        tell: Template | None = None,
        declined: AssessorDeclineReason | None = None,
    ) -> None:
        """Writes the step and then takes it; what changed while waiting for its turn is looked at again."""
        async with self._one_at_a_time:
            self._refuse_unless(to)
            try:
                await self._record(to, by, what, due_at=due_at, tell=tell, reason=declined, declined=declined)
            except FailureError as error:
                raise cause_of(error) from error
            self._arrive(to, due_at)

    async def _record(
        self,
        stage: AssessmentStage,
        by: By,
        what: str,
        *,
        due_at: datetime | None = None,
        tell: Template | None = None,
        tell_due: datetime | None = None,
        reason: str | None = None,
        declined: AssessorDeclineReason | None = None,
    ) -> None:
        notices = (Notice(template=tell, to="assessor", due_at=tell_due or due_at),) if tell else ()
        step = self._steps.next(what, by, reason)
        await record_assessment(
            AssessmentStep(
                step=step,
                assessment=self._start.assessment,
                stage=stage,
                due_at=due_at,
                decline_reason=declined,
                notices=notices,
            )
        )
        self._steps.took(step)

    def _arrive(self, stage: AssessmentStage, due_at: datetime | None = None) -> None:
        self._stage = stage
        if stage not in WAITING:
            # Whatever is parked, such as a reminder, is no longer needed, and must not keep the workflow from ending.
            self._parking.abandon()
        self._deadline.set(due_at)
        until = f" until {in_words(due_at)}" if due_at else ""
        workflow.set_current_details(f"{table.WAITS_FOR[stage]}{until}")

    def _refuse_unless(self, to: AssessmentStage) -> None:
        sentence = table.refusal(self._stage, to)
        if sentence:
            raise refuse(sentence)

    def _refuse_extension(self, message: Extend) -> None:
        due_at = self._deadline.due_at
        if due_at is None:
            raise refuse(f"There is no deadline to extend: the assessment is {table.WORDS[self._stage]}.")
        if message.until <= max(due_at, workflow.now()):
            raise refuse(f"The new deadline must be later than the present one, {in_words(due_at)}.")

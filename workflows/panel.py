"""The panel of one nomination: its assessments, followed from their offers to their ends."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from models.enums import HOLDING, AssessmentStage
    from models.ids import AssessmentId, AssessorId, assessment_id, assessment_workflow
    from models.messages import (
        THE_SYSTEM,
        AssessmentStart,
        AssessmentState,
        By,
        HoldClock,
        Message,
        NominationStart,
        StandDown,
        TakeBack,
    )
    from rules.assessments import GIVEN_UP

from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy

from workflows.attributes import COHORT, NEEDS_ATTENTION, ORGANISATION

Opening = Literal[AssessmentStage.OFFERED, AssessmentStage.RETURNED]


class Panel:
    """Who sits on the panel and how far each is. ``seats`` is how many submitted assessments are needed.

    ``gave_up`` is called when an assessor has declined, let the deadline pass, or was replaced.
    """

    def __init__(self, start: NominationStart, gave_up: Callable[[AssessmentId], Awaitable[None]]) -> None:
        self._start = start
        self._gave_up = gave_up
        self._states: dict[AssessmentId, AssessmentState] = {}
        self._following: dict[AssessmentId, asyncio.Task[None]] = {}
        self._running: dict[AssessmentId, workflow.ChildWorkflowHandle[object, AssessmentState]] = {}
        self._closed = False
        self._taken_back: TakeBack | None = None
        self.seats = start.terms.panel_size

    @property
    def assessments(self) -> tuple[AssessmentId, ...]:
        """All assessments there have been, in the order they were seated."""
        return tuple(self._states)

    @property
    def held(self) -> tuple[AssessmentId, ...]:
        """The assessments that take a seat: offered, accepted, submitted or returned."""
        return tuple(one for one, state in self._states.items() if state.stage in HOLDING)

    @property
    def submitted(self) -> int:
        """How many assessments are submitted."""
        return sum(state.stage is AssessmentStage.SUBMITTED for state in self._states.values())

    @property
    def complete(self) -> bool:
        """Whether every seat has submitted and nobody is still at work."""
        return self.submitted >= self.seats and not self._running

    def is_open(self, assessment: AssessmentId) -> bool:
        """Whether this assessor is still at work."""
        return assessment in self._running

    def has_submitted(self, assessment: AssessmentId) -> bool:
        """Whether this assessment is submitted, so that more evidence can be asked for."""
        state = self._states.get(assessment)
        return state is not None and state.stage is AssessmentStage.SUBMITTED

    def seat(self, assessors: tuple[AssessorId, ...]) -> None:
        """Offers the assessment to each assessor who has not been asked before, or from whom it was taken back."""
        for assessor in assessors:
            assessment = assessment_id(self._start.nomination, assessor)
            before = self._states.get(assessment)
            if before is None or before.stage is AssessmentStage.TAKEN_BACK:
                self._open(assessment, AssessmentStage.OFFERED, THE_SYSTEM)

    def ask_for_evidence(self, assessment: AssessmentId, by: By) -> None:
        """Sends a submitted assessment back to its assessor."""
        self._open(assessment, AssessmentStage.RETURNED, by)

    async def stand_down(self, assessment: AssessmentId, message: StandDown) -> None:
        """Tells an assessor who is still at work that the task is over."""
        child = self._running.get(assessment)
        if child is not None:
            await self._tell(child, "stand_down", message)

    async def take_back(self, message: TakeBack) -> None:
        """Takes the offer back from everybody, none of whom has answered, and waits until they have been told."""
        self._taken_back = message
        for child in list(self._running.values()):
            await self._tell(child, "take_back", message)
        for following in list(self._following.values()):
            await following
        self._taken_back = None

    async def hold_clocks(self, held: bool) -> None:
        """Stops, or lets run, the clocks of all who are still at work."""
        for child in list(self._running.values()):
            await self._tell(child, "hold_clock", HoldClock(held=held))

    async def close(self) -> None:
        """Stands down everybody who is still at work, and waits until they know."""
        self._closed = True
        for assessment in list(self._running):
            await self.stand_down(assessment, StandDown())
        for following in list(self._following.values()):
            await following

    async def _tell(
        self, child: workflow.ChildWorkflowHandle[object, AssessmentState], signal: str, message: Message
    ) -> None:
        try:
            await child.signal(signal, message)
        except FailureError:
            # It ended at this very moment, such as by its scores: nobody is left to tell, and how it ended follows.
            workflow.logger.info("an assessment had ended before it could be told")

    def _open(self, assessment: AssessmentId, stage: Opening, by: By) -> None:
        before = self._states.get(assessment)
        steps = before.steps if before else 0
        self._states[assessment] = AssessmentState(assessment=assessment, stage=stage, due_at=None, steps=steps)
        self._following[assessment] = asyncio.create_task(self._follow(assessment, stage, by, steps))

    async def _follow(self, assessment: AssessmentId, stage: Opening, by: By, steps: int) -> None:
        """Starts the assessment's workflow, waits for how it ends, and says so if the assessor gave up."""
        try:
            child = await self._start_child(assessment, stage, by, steps)
            self._running[assessment] = child
            if self._closed:
                await self.stand_down(assessment, StandDown())
            if self._taken_back is not None:
                await self._tell(child, "take_back", self._taken_back)
            self._states[assessment] = await child
        except FailureError:
            # Somebody ended the assessment's workflow by hand: its seat is free, and another assessor is asked.
            state = self._states[assessment]
            self._states[assessment] = state.model_copy(update={"stage": AssessmentStage.REPLACED})
        finally:
            self._running.pop(assessment, None)
        if self._states[assessment].stage in GIVEN_UP:
            await self._gave_up(assessment)

    async def _start_child(
        self, assessment: AssessmentId, stage: Opening, by: By, steps: int
    ) -> workflow.ChildWorkflowHandle[object, AssessmentState]:
        start, terms = self._start, self._start.terms
        return await workflow.start_child_workflow(
            "assessment",
            AssessmentStart(
                assessment=assessment,
                cohort=start.cohort,
                organisation=start.organisation,
                answer_within=terms.answer_within,
                score_within=terms.score_within,
                score_grace=terms.score_grace,
                calendar=terms.calendar,
                stage=stage,
                by=by,
                steps=steps,
            ),
            id=assessment_workflow(assessment),
            result_type=AssessmentState,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            search_attributes=TypedSearchAttributes(
                [
                    SearchAttributePair(COHORT, start.cohort),
                    SearchAttributePair(ORGANISATION, start.organisation),
                    SearchAttributePair(NEEDS_ATTENTION, False),
                ]
            ),
        )

"""The ledger of a nomination: its state, how steps are written, and what is refused."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from models.enums import (
        ENDS,
        Outcome,
        Resolution,
        Stage,
        StageChange,
        Template,
        WayOut,
    )
    from models.ids import (
        AssessmentId,
        allocation_workflow,
        assessment_workflow,
        nomination_workflow,
    )
    from models.messages import (
        THE_SYSTEM,
        AssessmentStuck,
        Attention,
        By,
        DecisionsReleased,
        Extend,
        GoOn,
        NominationStart,
        NominationState,
        NominationStep,
        Notice,
        PanelNotFound,
        PanelReleased,
        PanelTakenBack,
        Quality,
        QualityAsked,
        Reassign,
        ResolveFlags,
        Screening,
        ScreeningAsked,
        SeatRequest,
        Unblock,
    )
    from rules.calendar import in_words
    from rules.permissions import Act
    from rules.stages import TABLE, WITH_DEADLINE, WORDS, leads_to, may_pause, refusal

from workflows.attributes import DUE_AT, STAGE
from workflows.calls import check_quality, record_nomination, screen
from workflows.deadline import Deadline
from workflows.letters import REMINDERS, letters_of
from workflows.panel import Panel
from workflows.parking import Parking
from workflows.refusals import allow, cause_of, refuse
from workflows.steps import Steps


class NominationLedger:
    """What a nomination's workflow knows, how each step is written before it is taken, and what is refused."""

    def __init__(self, start: NominationStart) -> None:
        self._start = start
        self._stage = start.stage
        self._steps = Steps(nomination_workflow(start.nomination), start.steps)
        self._closes_at = start.closes_at
        self._deadline = Deadline(start.terms.calendar)
        self._panel = Panel(start, self._ask_for_another)
        self._parking = Parking(self._note_attention)
        self._one_at_a_time = asyncio.Lock()
        self._paused = False
        self._outcome: Outcome | None = None
        self._attention: Attention | None = None
        self._stuck: AssessmentStuck | None = None
        self._own_due = start.due_at
        self._consent_by: datetime | None = None
        self._open_flags: tuple[int, ...] = ()
        self._endorsements = 0
        self._panel_found: PanelReleased | None = None
        self._panel_missing: PanelNotFound | None = None
        self._panel_taken_back: PanelTakenBack | None = None
        self._released: DecisionsReleased | None = None
        self._cohort_ended = False

    @workflow.query
    def state(self) -> NominationState:
        """The nomination as it stands."""
        return NominationState(
            nomination=self._start.nomination,
            stage=self._stage,
            due_at=self._deadline.due_at,
            paused=self._paused,
            attention=self._attention,
            outcome=self._outcome,
            panel=self._panel.assessments,
            steps=self._steps.taken,
            waits_for=self._waits_for,
        )

    # How a step is taken

    async def _until(self, done: Callable[[], bool]) -> bool:
        """Waits until ``done()``, reminding the nominee on the way; False if the deadline passed first."""
        stage = self._stage

        async def remind() -> None:
            reminder = Notice(template=REMINDERS[stage], to="nominee", due_at=self._deadline.due_at)
            await self._note("reminded", THE_SYSTEM, notices=(reminder,), unless=lambda: self._stage is not stage)

        return await self._deadline.wait(done, remind, WORDS[stage])

    async def _until_left(self, stage: Stage) -> None:
        """Waits until the nomination leaves ``stage``, and lets it lapse when its deadline has passed."""
        while self._stage is stage:
            if not await self._until(lambda: self._stage is not stage):
                await self._go(StageChange.LAPSE, unless=lambda: not self._deadline.passed)

    async def _not_paused(self) -> None:
        await workflow.wait_condition(lambda: not self._paused)

    async def _move(
        self,
        change: StageChange,
        by: By,
        *,
        due_at: datetime | None = None,
        grace: bool = False,
        reason: str | None = None,
        outcome: Outcome | None = None,
        approved_by: By | None = None,
    ) -> NominationState:
        """A person's step: written and then taken; what changed while it waited its turn is looked at again."""
        async with self._one_at_a_time:
            self._refuse_unless(change)
            await self._record_or_refuse(
                change.value,
                by,
                change=change,
                due_at=due_at,
                reason=reason,
                outcome=outcome,
                approved_by=approved_by,
            )
            self._arrive(TABLE[self._stage][change], due_at, grace=grace, outcome=outcome)
        return self.state()

    async def _go(
        self,
        change: StageChange,
        *,
        by: By = THE_SYSTEM,
        due_at: datetime | None = None,
        reason: str | None = None,
        unless: Callable[[], bool] = lambda: False,
    ) -> None:
        """The process's own step, taken if it is still due when its turn comes; parked if it cannot be written."""

        async def act() -> None:
            async with self._one_at_a_time:
                to = leads_to(self._stage, change)
                if to is None or unless():
                    return
                await self._record(change.value, by, change=change, due_at=due_at, reason=reason)
                self._arrive(to, due_at, grace=to in WITH_DEADLINE)

        await self._parking.surely(change.value, act)

    async def _note(
        self,
        what: str,
        by: By,
        *,
        notices: tuple[Notice, ...] = (),
        reason: str | None = None,
        unless: Callable[[], bool] = lambda: False,
    ) -> None:
        """Records something that leaves the nomination where it is."""

        async def act() -> None:
            async with self._one_at_a_time:
                if not unless():
                    await self._record(what, by, notices=notices, reason=reason, due_at=self._deadline.due_at)

        await self._parking.surely(what, act)

    async def _record_or_refuse(
        self,
        what: str,
        by: By,
        *,
        change: StageChange | None = None,
        due_at: datetime | None = None,
        reason: str | None = None,
        letter: Template | None = None,
        outcome: Outcome | None = None,
        approved_by: By | None = None,
    ) -> None:
        """Writes a person's step; what cannot be written is their answer, and changes nothing."""
        due_at = due_at if change or due_at else self._deadline.due_at
        notices = (Notice(template=letter, to="nominee", due_at=due_at),) if letter else ()
        try:
            await self._record(
                what,
                by,
                change=change,
                due_at=due_at,
                reason=reason,
                notices=notices,
                outcome=outcome,
                approved_by=approved_by,
            )
        except FailureError as error:
            raise cause_of(error) from error

    async def _record(
        self,
        what: str,
        by: By,
        *,
        change: StageChange | None = None,
        due_at: datetime | None = None,
        reason: str | None = None,
        notices: tuple[Notice, ...] = (),
        outcome: Outcome | None = None,
        approved_by: By | None = None,
    ) -> None:
        """One transaction: the stage, the audit event and the letters."""
        stage = TABLE[self._stage][change] if change else self._stage
        letters = letters_of(change, self._stage, due_at) if change else ()
        step = self._steps.next(what, by, reason)
        await record_nomination(
            NominationStep(
                step=step,
                nomination=self._start.nomination,
                change=change,
                stage=stage,
                due_at=due_at,
                paused=self._paused and stage not in ENDS,
                attention=self._attention,
                outcome=None if stage is Stage.AWAITING_DECISION else outcome or self._outcome,
                approved_by=approved_by,
                notices=letters + notices,
            )
        )
        self._steps.took(step)

    def _arrive(
        self, stage: Stage, due_at: datetime | None = None, *, grace: bool = False, outcome: Outcome | None = None
    ) -> None:
        """Takes the step that has been written: from here on the nomination is in its new stage."""
        self._stage = stage
        self._outcome = outcome or (None if stage is Stage.AWAITING_DECISION else self._outcome)
        if stage in ENDS:
            self._paused = False
            self._parking.abandon()
        self._deadline.set(due_at, self._start.terms.grace if grace else None, remind=stage in REMINDERS)
        self._show()

    def _show(self) -> None:
        """What operations see: search attributes to filter by, and one line on what is waited for."""
        due_at = self._deadline.due_at
        due = DUE_AT.value_set(due_at) if due_at else DUE_AT.value_unset()
        workflow.upsert_search_attributes([STAGE.value_set(self._stage.value), due])
        workflow.set_current_details(self._waits_for)

    @property
    def _waits_for(self) -> str:
        if self._attention is not None:
            return f"Needs attention since {in_words(self._attention.since)}: {self._attention.step}"
        due_at = self._deadline.due_at
        paused = "Paused. " if self._paused else ""
        return f"{paused}The nomination is {WORDS[self._stage]}" + (f", until {in_words(due_at)}" if due_at else "")

    # Parts of steps

    async def _apply_eligibility_rules(self) -> Screening:
        async with self._one_at_a_time:
            step = self._steps.next("screened", THE_SYSTEM)
            found = await screen(ScreeningAsked(step=step, nomination=self._start.nomination))
            self._steps.took(step)
            return found

    async def _apply_quality_rules(self) -> Quality:
        async with self._one_at_a_time:
            step = self._steps.next("checked", THE_SYSTEM)
            quality = await check_quality(QualityAsked(step=step, nomination=self._start.nomination))
            self._steps.took(step)
            return quality

    async def _ask_the_panel_for_more(self, message: ResolveFlags) -> None:
        if message.resolution is Resolution.MORE_EVIDENCE and message.assessment is not None:
            self._panel.ask_for_evidence(message.assessment, message.by)
        else:
            self._panel.seats += 1
            await self._ask_for_seat(None)

    async def _ask_for_another(self, instead_of: AssessmentId) -> None:
        """An assessor gave up: the cohort's allocation finds another, if the nomination still needs one."""
        if self._stage is Stage.SCORING:
            await self._ask_for_seat(instead_of)

    async def _ask_for_seat(self, instead_of: AssessmentId | None) -> None:
        allocation = workflow.get_external_workflow_handle(allocation_workflow(self._start.cohort))
        request = SeatRequest(nomination=self._start.nomination, instead_of=instead_of)
        try:
            await allocation.signal("ask", request)
        except FailureError:
            self._note_missing(PanelNotFound(run=0, missing=1))

    def _note_missing(self, message: PanelNotFound) -> None:
        """Seats of a panel at work are asked for one by one, and add up; a whole panel is missing once."""
        before = self._panel_missing.missing if self._panel_missing and self._stage is Stage.SCORING else 0
        self._panel_missing = message.model_copy(update={"missing": before + message.missing})

    async def _ask_a_person_for_seats(self) -> None:
        """No assessor can be found: a person asks again once the register allows it, or goes on with fewer.

        Assessors who are found meanwhile for other seats of a panel at work do not fill the ones that are missing:
        these are asked for again.
        """
        missing = self._panel_missing.missing if self._panel_missing else 1
        self._panel_missing = None
        way = await self._parking.park("panel", "NoAssessorFound")
        if self._stage in ENDS or (self._stage is Stage.AWAITING_PANEL and self._panel_found):
            return
        if way is WayOut.SKIP and self._stage is Stage.SCORING:
            self._panel.seats -= missing
            return
        for _ in range(missing):
            await self._ask_for_seat(None)

    async def _note_attention(self, attention: Attention | None) -> None:
        """The stored state shows that a person is needed, and why."""
        self._attention = attention
        workflow.set_current_details(self._waits_for)
        what = "needs attention" if attention else "goes on"
        async with self._one_at_a_time:
            try:
                await self._record(what, THE_SYSTEM, due_at=self._deadline.due_at)
            except FailureError:
                # Not even this can be stored; the search attribute and the current details still say it.
                workflow.logger.error("needs attention, and the stored state cannot show it")

    async def _unblock_assessment(self, stuck: AssessmentStuck, message: Unblock) -> None:
        child = workflow.get_external_workflow_handle(assessment_workflow(stuck.assessment))
        try:
            await child.signal("go_on", GoOn(way=message.way))
        except FailureError:
            # It has ended meanwhile, and with it what it needed.
            self._stuck = None
            await self._note_attention(None)

    @property
    def _application_due(self) -> datetime:
        return max(self._closes_at, self._own_due or self._closes_at)

    @property
    def _nominees_deadline(self) -> datetime:
        """Until when the nominee may consent, while they have not, or apply: never beyond the window by itself."""
        if self._stage is not Stage.NOMINATED:
            return self._application_due
        due_at = min(self._consent_by or self._closes_at, self._closes_at)
        return max(due_at, self._own_due or due_at)

    @property
    def _may_release(self) -> bool:
        return self._stage is Stage.DECIDED and self._released is not None

    # What is refused

    def _allow(self, by: By, act: Act, change: StageChange) -> None:
        allow(by, act)
        self._refuse_unless(change)
        if self._paused:
            raise refuse("The nomination is paused. Operations can resume it; nothing is due until then.")

    def _refuse_unless(self, change: StageChange) -> None:
        sentence = refusal(self._stage, change)
        if sentence:
            raise refuse(sentence)

    def _refuse_pause(self) -> None:
        if self._paused:
            raise refuse("The nomination is paused already.")
        if not may_pause(self._stage):
            raise refuse(f"It cannot be paused: the nomination is {WORDS[self._stage]}.")

    def _refuse_extension(self, message: Extend) -> None:
        due_at = self._deadline.due_at
        if self._stage not in WITH_DEADLINE or due_at is None:
            raise refuse(
                f"There is no deadline of the nominee's to extend: the nomination is {WORDS[self._stage]}. "
                "An assessor's deadline is extended on the assessment."
            )
        if self._paused:
            raise refuse("The nomination is paused: its deadline moves by itself when it is resumed.")
        if message.until <= max(due_at, workflow.now()):
            raise refuse(f"The new deadline must be later than the present one, {in_words(due_at)}.")

    def _refuse_resolution(self, message: ResolveFlags) -> None:
        if self._stage is not Stage.QUALITY_ASSURANCE:
            raise refuse(f"There are no flags to settle: the nomination is {WORDS[self._stage]}.")
        if self._paused:
            raise refuse("The nomination is paused. Operations can resume it.")
        unknown = [str(flag) for flag in message.flags if flag not in self._open_flags]
        if unknown or not message.flags:
            open_flags = ", ".join(map(str, self._open_flags)) or "none"
            raise refuse(f"Name the open flags you settle; open are: {open_flags}.")
        if message.resolution is Resolution.MORE_EVIDENCE and (
            message.assessment is None or not self._panel.has_submitted(message.assessment)
        ):
            raise refuse("Say which submitted assessment is asked for more evidence.")

    def _refuse_reassignment(self, message: Reassign) -> None:
        if self._stage is not Stage.SCORING or not self._panel.is_open(message.assessment):
            raise refuse(
                "Only an assessment that is still at work, while its nomination is scored, can be reassigned."
            )

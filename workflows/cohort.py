"""A cohort: one round, from the day its window is scheduled to the day it ends."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NamedTuple

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from models.enums import CohortPhase, Stage
    from models.ids import allocation_workflow, cohort_workflow
    from models.messages import (
        THE_SYSTEM,
        Announcement,
        BatchAsked,
        By,
        CloseNow,
        CohortEnded,
        CohortStart,
        CohortState,
        CohortStep,
        DecisionsReleased,
        MoveWindow,
        Release,
        RollCall,
        RollCallAsked,
        SolveBatch,
        StageCounts,
        Unblock,
        WindowMoved,
    )
    from rules.calendar import after, in_words
    from rules.permissions import Act

from workflows.attributes import DUE_AT, STAGE
from workflows.calls import count_stages, record_cohort, tell_nominations
from workflows.deadline import Deadline
from workflows.parking import Parking
from workflows.refusals import allow, cause_of, refuse
from workflows.steps import Steps

STILL_APPLYING = frozenset({Stage.NOMINATED, Stage.APPLYING, Stage.SCREENING})
STILL_UNSEATED = STILL_APPLYING | {Stage.AWAITING_PANEL}
STILL_SCORING = STILL_UNSEATED | {Stage.SCORING}
STILL_CHECKED = STILL_SCORING | {Stage.QUALITY_ASSURANCE}
STILL_UNDECIDED = STILL_CHECKED | {Stage.AWAITING_DECISION}

WAITS_FOR = {
    CohortPhase.SCHEDULED: "waits for the window to open",
    CohortPhase.OPEN: "takes nominations and applications",
    CohortPhase.CLOSED: "waits for the last applications to be screened",
    CohortPhase.ALLOCATING: "waits for every nomination to have a panel",
    CohortPhase.SCORING: "waits for the panels' scores",
    CohortPhase.QUALITY_ASSURANCE: "waits for quality assurance",
    CohortPhase.DECIDING: "waits for the board's decisions and their release",
    CohortPhase.RELEASED: "keeps the places until the cohort ends",
    CohortPhase.ENDED: "has ended",
}


class Standing(NamedTuple):
    """Where a cohort stands: what a step writes, and what it then takes on."""

    phase: CohortPhase
    opens_at: datetime
    closes_at: datetime
    due_at: datetime | None
    released_at: datetime | None


@workflow.defn(name="cohort")
class CohortWorkflow:
    """Scheduled, open, closed, allocating, scoring, quality assurance, deciding, released, ended.

    The cohort waits for its nominations by counting them at the policy's interval, so that ten thousand of them
    need not each write to one history; what it tells them goes out in batches that resume where they stopped.
    """

    @workflow.init
    def __init__(self, start: CohortStart) -> None:
        self._start = start
        self._phase = start.phase
        self._steps = Steps(cohort_workflow(start.cohort), start.steps)
        self._opens_at = start.opens_at
        self._closes_at = start.closes_at
        self._released_at = start.released_at
        self._deadline = Deadline(start.calendar)
        self._parking = Parking(self._note_attention)
        self._one_at_a_time = asyncio.Lock()
        self._look_now = False
        self._looks_again_at: datetime | None = None
        self._to_announce: list[Announcement] = []

    @workflow.run
    async def run(self, start: CohortStart) -> CohortState:
        """The life of a cohort, told in order."""
        announcing = asyncio.create_task(self._announce_in_turn())
        await self._during(CohortPhase.SCHEDULED, self._await_opening)
        await self._during(CohortPhase.OPEN, self._await_closing)
        await self._during(CohortPhase.CLOSED, self._await_last_applications)
        await self._during(CohortPhase.ALLOCATING, self._await_panels)
        await self._during(CohortPhase.SCORING, self._await_scores)
        await self._during(CohortPhase.QUALITY_ASSURANCE, self._await_quality)
        await self._during(CohortPhase.DECIDING, self._await_release)
        await self._during(CohortPhase.RELEASED, self._await_end)
        await self._end()
        announcing.cancel()
        return self.state()

    # The phases, in order

    async def _await_opening(self) -> None:
        """The window opens at its date, which operations may move."""
        self._deadline.set(self._opens_at, remind=False)
        while self._phase is CohortPhase.SCHEDULED:
            await self._until(lambda: self._phase is not CohortPhase.SCHEDULED)
            await self._enter(CohortPhase.OPEN, leaving=CohortPhase.SCHEDULED)

    async def _await_closing(self) -> None:
        """The window closes at its date, which operations may move, or at once when they say so."""
        self._deadline.set(self._closes_at, remind=False)
        while self._phase is CohortPhase.OPEN:
            await self._until(lambda: self._phase is not CohortPhase.OPEN)
            await self._enter(CohortPhase.CLOSED, leaving=CohortPhase.OPEN)

    async def _await_last_applications(self) -> None:
        """Grace, individual extensions and screening run out; then panels can be solved together."""
        await self._until_none_stand_in(STILL_APPLYING)
        await self._enter(CohortPhase.ALLOCATING, leaving=CohortPhase.CLOSED)

    async def _await_panels(self) -> None:
        """The allocation solves the panels; operations look at the proposal and release it."""
        await self._until_none_stand_in(STILL_UNSEATED)
        await self._enter(CohortPhase.SCORING, leaving=CohortPhase.ALLOCATING)

    async def _await_scores(self) -> None:
        """Panels score."""
        await self._until_none_stand_in(STILL_SCORING)
        await self._enter(CohortPhase.QUALITY_ASSURANCE, leaving=CohortPhase.SCORING)

    async def _await_quality(self) -> None:
        """Moderators settle what the rules flagged."""
        await self._until_none_stand_in(STILL_CHECKED)
        await self._enter(CohortPhase.DECIDING, leaving=CohortPhase.QUALITY_ASSURANCE)

    async def _await_release(self) -> None:
        """The board decides each nomination, and then releases all decisions together."""
        await workflow.wait_condition(lambda: self._phase is not CohortPhase.DECIDING)

    async def _await_end(self) -> None:
        """Places that are given up go to the reserve list, until the cohort ends."""
        released_at = self._released_at or workflow.now()
        self._deadline.set(after(released_at, self._start.ends, self._start.calendar.bank_holidays), remind=False)
        while self._phase is CohortPhase.RELEASED:
            await self._until(lambda: self._phase is not CohortPhase.RELEASED)
            await self._enter(CohortPhase.ENDED, leaving=CohortPhase.RELEASED)

    async def _end(self) -> None:
        """The nominations and the allocation are told, and every message has been answered."""
        self._to_announce.append(CohortEnded(ended_at=workflow.now()))
        await workflow.wait_condition(lambda: not self._to_announce)
        await self._signal_allocation("cohort_ended")
        await workflow.wait_condition(workflow.all_handlers_finished)

    # What people do

    @workflow.update
    async def move_window(self, message: MoveWindow) -> CohortState:
        """Operations move the opening or the closing of the window; everybody who is applying is told."""
        async with self._one_at_a_time:
            self._refuse_window(message)
            opens_at, closes_at = message.opens_at or self._opens_at, message.closes_at or self._closes_at
            due_at = opens_at if self._phase is CohortPhase.SCHEDULED else closes_at
            moved = closes_at != self._closes_at
            to = self._standing._replace(opens_at=opens_at, closes_at=closes_at, due_at=due_at)
            await self._take_for("window moved", message.by, to, message.reason)
            if moved:
                self._to_announce.append(WindowMoved(closes_at=closes_at, grace=self._start.grace))
        return self.state()

    @move_window.validator
    def _may_move_window(self, message: MoveWindow) -> None:
        allow(message.by, Act.MOVE_WINDOW)
        self._refuse_window(message)

    @workflow.update
    async def close_now(self, message: CloseNow) -> CohortState:
        """Operations close the window at once; the policy's grace still holds."""
        async with self._one_at_a_time:
            self._refuse_unless(CohortPhase.OPEN, "close the window")
            now = workflow.now()
            to = self._standing._replace(phase=CohortPhase.CLOSED, closes_at=now, due_at=None)
            await self._take_for("closed early", message.by, to, message.reason)
            self._to_announce.append(WindowMoved(closes_at=now, grace=self._start.grace))
        return self.state()

    @close_now.validator
    def _may_close_now(self, message: CloseNow) -> None:
        allow(message.by, Act.CLOSE_NOW)
        self._refuse_unless(CohortPhase.OPEN, "close the window")

    @workflow.update
    async def release(self, message: Release) -> CohortState:
        """The board releases all decisions together; refused while any nomination is undecided."""
        async with self._one_at_a_time:
            self._refuse_unless(CohortPhase.DECIDING, "release decisions")
            try:
                undecided = (await self._count()).standing_in(STILL_UNDECIDED)
            except FailureError as error:
                raise cause_of(error) from error
            if undecided:
                raise refuse(
                    f"{undecided} nominations are not decided yet. Decide them, or take them out by withdrawing or "
                    "deferring; then release all together."
                )
            now = workflow.now()
            ends_at = after(now, self._start.ends, self._start.calendar.bank_holidays)
            to = self._standing._replace(phase=CohortPhase.RELEASED, due_at=ends_at, released_at=now)
            await self._take_for("released", message.by, to)
            self._to_announce.append(DecisionsReleased(released_at=now, by=message.by))
        return self.state()

    @release.validator
    def _may_release(self, message: Release) -> None:
        allow(message.by, Act.RELEASE)
        self._refuse_unless(CohortPhase.DECIDING, "release decisions")

    @workflow.update
    async def roll_call(self, message: RollCall) -> CohortState:
        """Operations ask the cohort to look at once whether its phase is over."""
        self._look_now = True
        return self.state()

    @roll_call.validator
    def _may_roll_call(self, message: RollCall) -> None:
        allow(message.by, Act.ROLL_CALL)

    @workflow.update
    async def unblock(self, message: Unblock) -> CohortState:
        """A person gives a step that could not be taken its way out."""
        await self._parking.unblock(message)
        return self.state()

    @unblock.validator
    def _may_unblock(self, message: Unblock) -> None:
        allow(message.by, Act.UNBLOCK)
        if self._parking.attention is None:
            raise refuse(f"The cohort does not need attention: it {WAITS_FOR[self._phase]}.")

    @workflow.query
    def state(self) -> CohortState:
        """The cohort as it stands."""
        return CohortState(
            cohort=self._start.cohort,
            phase=self._phase,
            opens_at=self._opens_at,
            closes_at=self._closes_at,
            due_at=self._deadline.due_at,
            steps=self._steps.taken,
            waits_for=self._waits_for,
        )

    # How a phase is passed

    async def _during(self, phase: CohortPhase, wait: Callable[[], Awaitable[None]]) -> None:
        """Waits through a phase; a continued run passes over those that are behind it."""
        if self._phase is phase:
            self._show()
            await wait()

    async def _until(self, done: Callable[[], bool]) -> None:
        await self._deadline.wait(done, self._no_reminder, WAITS_FOR[self._phase])

    async def _no_reminder(self) -> None:
        """Nobody is reminded of a cohort's own dates."""

    async def _until_none_stand_in(self, stages: frozenset[Stage]) -> None:
        """Counts at the policy's interval, until nobody stands in ``stages``; asks for panels on the way."""
        while True:
            counts = await self._parking.surely("roll call", self._count)
            if counts is not None and counts.standing_in(stages) == 0:
                return
            if counts is not None and counts.unplaced and self._phase is not CohortPhase.CLOSED:
                await self._signal_allocation("solve_batch", SolveBatch())
            await self._continue_as_new_if_long()
            self._look_now = False
            try:
                interval = self._start.roll_call_every
                self._looks_again_at = after(workflow.now(), interval, self._start.calendar.bank_holidays)
                await workflow.wait_condition(
                    lambda: self._look_now,
                    timeout=self._looks_again_at - workflow.now(),
                    timeout_summary=WAITS_FOR[self._phase],
                )
            except TimeoutError:
                continue
            finally:
                self._looks_again_at = None

    async def _count(self) -> StageCounts:
        return await count_stages(RollCallAsked(cohort=self._start.cohort))

    async def _continue_as_new_if_long(self) -> None:
        """Begins a fresh history, once nothing is half said."""
        if not workflow.info().is_continue_as_new_suggested():
            return
        await workflow.wait_condition(lambda: workflow.all_handlers_finished() and not self._to_announce)
        workflow.continue_as_new(
            self._start.model_copy(
                update={
                    "phase": self._phase,
                    "steps": self._steps.taken,
                    "opens_at": self._opens_at,
                    "closes_at": self._closes_at,
                    "released_at": self._released_at,
                }
            )
        )

    # What is told to others

    async def _announce_in_turn(self) -> None:
        """Tells all nominations each thing that changed, one after the other, batch by batch."""
        while True:
            await workflow.wait_condition(lambda: bool(self._to_announce))
            asked: BatchAsked | None = BatchAsked(cohort=self._start.cohort, announcement=self._to_announce[0])
            while asked is not None:
                asked = await self._tell_batch(asked)
            self._to_announce.pop(0)

    async def _tell_batch(self, asked: BatchAsked) -> BatchAsked | None:
        """Tells one batch; what comes after it, if anything does."""
        told = await self._parking.surely("announcement", lambda: tell_nominations(asked))
        if told is None or told.last is None:
            return None
        return asked.model_copy(update={"after": told.last})

    async def _signal_allocation(self, signal: str, message: SolveBatch | None = None) -> None:
        allocation = workflow.get_external_workflow_handle(allocation_workflow(self._start.cohort))
        try:
            await (allocation.signal(signal, message) if message else allocation.signal(signal))
        except FailureError:
            workflow.logger.error("the cohort's allocation is not there to be told")

    # How a step is taken

    async def _enter(self, phase: CohortPhase, *, leaving: CohortPhase) -> None:
        """Takes the cohort's own step into its next phase, if it is still due when its turn comes."""
        due_at = self._closes_at if phase is CohortPhase.OPEN else None

        async def act() -> None:
            async with self._one_at_a_time:
                if self._phase is leaving and (self._deadline.due_at is None or self._deadline.passed):
                    await self._take(phase.value, THE_SYSTEM, self._standing._replace(phase=phase, due_at=due_at))

        await self._parking.surely(phase.value, act)

    async def _take_for(self, what: str, by: By, to: Standing, reason: str | None = None) -> None:
        """Takes a person's step; what cannot be written is their answer, and changes nothing."""
        try:
            await self._take(what, by, to, reason)
        except FailureError as error:
            raise cause_of(error) from error

    async def _take(self, what: str, by: By, to: Standing, reason: str | None = None) -> None:
        """Writes a step, and then takes it."""
        step = self._steps.next(what, by, reason)
        await record_cohort(CohortStep(step=step, cohort=self._start.cohort, **to._asdict()))
        self._steps.took(step)
        self._phase, self._opens_at, self._closes_at, due_at, self._released_at = to
        self._deadline.set(due_at, remind=False)
        self._show()

    @property
    def _standing(self) -> Standing:
        return Standing(self._phase, self._opens_at, self._closes_at, self._deadline.due_at, self._released_at)

    def _show(self) -> None:
        due_at = self._deadline.due_at
        due = DUE_AT.value_set(due_at) if due_at else DUE_AT.value_unset()
        workflow.upsert_search_attributes([STAGE.value_set(self._phase.value), due])
        until = f", until {in_words(due_at)}" if due_at else ""
        workflow.set_current_details(f"The cohort {WAITS_FOR[self._phase]}{until}")

    @property
    def _waits_for(self) -> str:
        attention = self._parking.attention
        if attention:
            return f"needs attention: {attention.step} ({attention.code})"
        again = f", and looks again on {in_words(self._looks_again_at)}" if self._looks_again_at else ""
        return WAITS_FOR[self._phase] + again

    async def _note_attention(self, attention: object) -> None:
        workflow.set_current_details(f"The cohort {self._waits_for}")

    # What is refused

    def _refuse_unless(self, phase: CohortPhase, act: str) -> None:
        if self._phase is not phase:
            raise refuse(
                f"You cannot {act} now: the cohort {WAITS_FOR[self._phase]}. "
                f"This is possible while it {WAITS_FOR[phase]}."
            )

    def _refuse_window(self, message: MoveWindow) -> None:
        now = workflow.now()
        if self._phase not in (CohortPhase.SCHEDULED, CohortPhase.OPEN):
            raise refuse(
                f"The window can no longer be moved: the cohort {WAITS_FOR[self._phase]}. "
                "Operations can extend one nomination, or let one in late."
            )
        if message.opens_at is None and message.closes_at is None:
            raise refuse("Say when the window opens or closes.")
        if message.opens_at is not None and self._phase is CohortPhase.OPEN:
            raise refuse("The window is open already: only its closing can be moved.")
        if message.opens_at is not None and message.opens_at <= now:
            raise refuse("The new opening lies in the past: give a later moment.")
        if message.closes_at is not None and message.closes_at <= now:
            raise refuse("The new closing lies in the past: give a later moment, or close the window now.")
        if (message.closes_at or self._closes_at) <= (message.opens_at or self._opens_at):
            raise refuse("The window would close before it opens: move both.")

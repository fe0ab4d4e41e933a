"""A cohort's allocation: collects what is asked for, proposes panels, and tells the nominations."""

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from models.enums import RunKind, SteerReason
    from models.ids import allocation_workflow, nomination_workflow
    from models.messages import (
        THE_SYSTEM,
        AllocationStart,
        AllocationState,
        BatchTold,
        By,
        CohortEnded,
        DiscardRun,
        PanelNotFound,
        PanelsAsked,
        PanelsTakenBack,
        ReleaseRun,
        RunAsked,
        RunMade,
        RunSettled,
        RunUndone,
        SeatRequest,
        SolveBatch,
        SolveNow,
        Unblock,
        UndoRun,
    )
    from rules.calendar import after
    from rules.permissions import Act

from workflows.calls import discard_run, release_run, solve_panels, tell_panels, tell_taken_back, undo_run
from workflows.parking import Parking
from workflows.refusals import REFUSED, allow, cause_of, refuse
from workflows.steps import Steps

MOST_OUTDATED = 10
"""How many replacements in a row may be overtaken by others giving up, before a person has to look."""


AT_ONCE = timedelta(milliseconds=1)
"""The shortest timer: a wait without one would be another command, and a longer one would be late."""


@workflow.defn(name="allocation")
class AllocationWorkflow:
    """Lives as long as its cohort, and is the only one that gives out seats, one run after the other.

    A run for all waiting panels is a proposal: operations look at it, compare it, and release or discard it. A
    replacement is released at once, since it moves nobody else.
    """

    @workflow.init
    def __init__(self, start: AllocationStart) -> None:
        self._start = start
        self._steps = Steps(allocation_workflow(start.cohort), start.steps)
        self._runs = start.runs
        self._asked: list[SeatRequest] = list(start.asked)
        self._proposals: list[int] = list(start.proposals)
        self._batch_asked = start.batch_asked
        self._solve_asked_by = start.solve_asked_by
        self._next_look = self._after_an_interval()
        self._to_tell: list[PanelsAsked | PanelsTakenBack] = []
        self._cohort_ended = start.ended
        self._one_at_a_time = asyncio.Lock()
        self._parking = Parking(self._note_attention)
        self._outdated = 0

    @workflow.run
    async def run(self, start: AllocationStart) -> AllocationState:
        """Replacements first, since somebody is waiting for them; then proposals; then telling."""
        while True:
            await self._until_asked()
            if self._to_tell:
                await self._tell(self._to_tell.pop(0))
            elif self._asked:
                await self._replace()
            elif self._proposal_wanted:
                await self._propose()
            elif self._cohort_ended:
                break
            await self._continue_as_new_if_long()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.state()

    # The steps

    async def _until_asked(self) -> None:
        """Sleeps until something is asked for; in rolling mode, looks by itself at the policy's interval."""
        workflow.set_current_details(self._waits_for)
        try:
            await workflow.wait_condition(
                lambda: bool(self._to_tell or self._asked or self._proposal_wanted or self._cohort_ended),
                timeout=self._until_next_look,
                timeout_summary=self._waits_for,
            )
        except TimeoutError:
            self._batch_asked = True
            self._next_look = self._after_an_interval()

    async def _replace(self) -> None:
        """Finds assessors for all seats asked for by now, and gives them out at once.

        While a run is solved, another assessor of the same panel may give up, and the run no longer holds: it is
        discarded, and its seats are asked for again together with the new one. Nobody looks at a replacement, so
        nobody could discard it; parking the allocation would leave every other nomination waiting.
        """
        requests, self._asked = tuple(self._asked), []
        made = await self._solve(RunKind.REPLACEMENT, requests, THE_SYSTEM)
        if made is None:
            await self._say_not_found(requests)
            return
        if not made.kept:
            # Whoever asked has withdrawn, or has all its seats.
            return
        try:
            await self._release(made.run, THE_SYSTEM)
        except FailureError as error:
            self._outdated += 1
            if cause_of(error).type != REFUSED or self._outdated > MOST_OUTDATED:
                await self._parking.surely("release", lambda: self._release(made.run, THE_SYSTEM))
            else:
                await self._parking.surely("discard", lambda: self._discard(made.run, THE_SYSTEM, None))
                self._asked = [*requests, *self._asked]
                return
        self._outdated = 0

    async def _say_not_found(self, requests: tuple[SeatRequest, ...]) -> None:
        """A person has given up the run: each nomination that waits for it needs a person of its own."""
        for request in requests:
            nomination = workflow.get_external_workflow_handle(nomination_workflow(request.nomination))
            try:
                await nomination.signal("panel_not_found", PanelNotFound(run=self._runs, missing=1))
            except FailureError:
                workflow.logger.info("the nomination is over, and needs no seat")

    async def _propose(self) -> None:
        """Solves all waiting panels together and keeps the run as a proposal."""
        by = self._solve_asked_by or THE_SYSTEM
        self._batch_asked, self._solve_asked_by = False, None
        kind = RunKind.ROLLING if self._start.rolling else RunKind.BATCH
        made = await self._solve(kind, (), by)
        if made is None or not made.kept:
            return
        if not (made.seats or made.unstaffed):
            await self._parking.surely("discard", lambda: self._discard(made.run, THE_SYSTEM, None))
            return
        self._proposals.append(made.run)
        if not self._start.released_by_operations:
            await self._parking.surely("release", lambda: self._release(made.run, THE_SYSTEM))

    async def _solve(self, kind: RunKind, requests: tuple[SeatRequest, ...], by: By) -> RunMade | None:
        async def act() -> RunMade:
            async with self._one_at_a_time:
                run = self._runs + 1
                step = self._steps.next("solved", by)
                asked = RunAsked(step=step, cohort=self._start.cohort, run=run, kind=kind, requests=requests)
                made = await solve_panels(asked)
                if made.kept:
                    self._steps.took(step)
                    self._runs = run
                return made

        return await self._parking.surely("solve", act)

    async def _release(self, run: int, by: By, *, chosen: bool = False) -> None:
        """Gives the run's seats out; other proposals were made before this one and no longer hold.

        ``chosen``: a person has chosen it among the proposals, and it must still be one when its turn comes.
        """
        async with self._one_at_a_time:
            if chosen:
                self._refuse_unless_proposed(run)
            step = self._steps.next("released", by)
            await release_run(RunSettled(step=step, cohort=self._start.cohort, run=run))
            self._steps.took(step)
            if run in self._proposals:
                # Panels asked for since the run was made are not in it: that they were asked for stays noted.
                self._proposals.clear()
            self._to_tell.append(PanelsAsked(cohort=self._start.cohort, run=run))

    async def _discard(self, run: int, by: By, reason: SteerReason | None, *, chosen: bool = False) -> None:
        async with self._one_at_a_time:
            if chosen:
                self._refuse_unless_proposed(run)
            step = self._steps.next("discarded", by, reason)
            await discard_run(RunSettled(step=step, cohort=self._start.cohort, run=run, reason=reason))
            self._steps.took(step)
            if run in self._proposals:
                self._proposals.remove(run)

    async def _undo(self, message: UndoRun) -> RunUndone:
        """Takes a released run's seats back where nobody has answered; the database settles who was first."""
        async with self._one_at_a_time:
            step = self._steps.next("undone", message.by, message.reason)
            asked = RunSettled(step=step, cohort=self._start.cohort, run=message.run, reason=message.reason)
            undone = await undo_run(asked)
            self._steps.took(step)
            # After whatever is still to be told of the run, so that each nomination hears it in this order.
            self._to_tell.append(PanelsTakenBack(cohort=self._start.cohort, run=message.run, by=message.by))
            return undone

    async def _tell(self, asked: PanelsAsked | PanelsTakenBack) -> None:
        """Tells each nomination its panel, or that it is taken back, batch by batch."""
        remaining: PanelsAsked | PanelsTakenBack | None = asked
        while remaining is not None:
            remaining = await self._tell_batch(remaining)

    async def _tell_batch(self, asked: PanelsAsked | PanelsTakenBack) -> PanelsAsked | PanelsTakenBack | None:
        async def tell() -> BatchTold:
            return await (tell_panels(asked) if isinstance(asked, PanelsAsked) else tell_taken_back(asked))

        told = await self._parking.surely("telling", tell)
        if told is None or told.last is None:
            return None
        return asked.model_copy(update={"after": told.last})

    # What is asked for

    @workflow.signal
    def ask(self, message: SeatRequest | None = None) -> None:
        """A nomination needs one more assessor."""
        if message is not None:
            self._asked.append(message)

    @workflow.signal
    def solve_batch(self, message: SolveBatch | None = None) -> None:
        """The cohort asks for all waiting panels; a proposal that waits to be looked at answers it.

        A run that is being solved or released does not: whoever has come to wait since is not in it.
        """
        looked_at = bool(self._proposals) and self._start.released_by_operations
        self._batch_asked = self._batch_asked or (message is not None and not looked_at)

    @workflow.signal
    def cohort_ended(self, message: CohortEnded | None = None) -> None:
        """No more seats will be asked for."""
        self._cohort_ended = True

    @workflow.update
    async def solve(self, message: SolveNow) -> AllocationState:
        """Operations ask for another proposal, to compare."""
        self._solve_asked_by = message.by
        return self.state()

    @solve.validator
    def _may_solve(self, message: SolveNow) -> None:
        allow(message.by, Act.SOLVE)

    @workflow.update(name="release_run")
    async def release_proposal(self, message: ReleaseRun) -> AllocationState:
        """Operations release a proposal: its seats are given out and the nominations told."""
        self._refuse_unless_proposed(message.run)
        try:
            await self._release(message.run, message.by, chosen=True)
        except FailureError as error:
            raise cause_of(error) from error
        return self.state()

    @release_proposal.validator
    def _may_release_proposal(self, message: ReleaseRun) -> None:
        allow(message.by, Act.RELEASE_RUN)
        self._refuse_unless_proposed(message.run)

    @workflow.update(name="discard_run")
    async def discard_proposal(self, message: DiscardRun) -> AllocationState:
        """Operations discard a proposal."""
        self._refuse_unless_proposed(message.run)
        try:
            await self._discard(message.run, message.by, message.reason, chosen=True)
        except FailureError as error:
            raise cause_of(error) from error
        return self.state()

    @discard_proposal.validator
    def _may_discard_proposal(self, message: DiscardRun) -> None:
        allow(message.by, Act.DISCARD_RUN)
        self._refuse_unless_proposed(message.run)

    @workflow.update(name="undo_run")
    async def undo_released(self, message: UndoRun) -> RunUndone:
        """Operations undo a released run: panels on which nobody has answered are taken back, and wait again."""
        try:
            return await self._undo(message)
        except FailureError as error:
            raise cause_of(error) from error

    @undo_released.validator
    def _may_undo_released(self, message: UndoRun) -> None:
        allow(message.by, Act.UNDO_RUN)
        if message.run in self._proposals:
            raise refuse(f"Run {message.run} was not released, so nobody was asked: discard it instead.")
        if not 1 <= message.run <= self._runs:
            raise refuse(f"There is no run {message.run} yet.")

    @workflow.update
    async def unblock(self, message: Unblock) -> AllocationState:
        """A person gives a run that could not be made or told its way out."""
        await self._parking.unblock(message)
        return self.state()

    @unblock.validator
    def _may_unblock(self, message: Unblock) -> None:
        allow(message.by, Act.UNBLOCK)
        if self._parking.attention is None:
            raise refuse("The allocation does not need attention.")

    @workflow.query
    def state(self) -> AllocationState:
        """The allocation as it stands."""
        return AllocationState(
            cohort=self._start.cohort,
            runs=self._runs,
            proposals=tuple(self._proposals),
            asked=tuple(self._asked),
            waits_for=self._waits_for,
        )

    # Parts of steps

    @property
    def _proposal_wanted(self) -> bool:
        """Operations may always ask for another proposal; the cohort is answered by the one that stands."""
        return self._solve_asked_by is not None or (self._batch_asked and not self._proposals)

    def _after_an_interval(self) -> datetime | None:
        """When to look by itself, in rolling mode; what is asked for meanwhile does not put it off."""
        if not self._start.rolling:
            return None
        return after(workflow.now(), self._start.interval, self._start.calendar.bank_holidays)

    @property
    def _until_next_look(self) -> timedelta | None:
        return None if self._next_look is None else max(self._next_look - workflow.now(), AT_ONCE)

    @property
    def _waits_for(self) -> str:
        if self._parking.attention is not None:
            return f"Needs attention: {self._parking.attention.step}"
        if self._solve_asked_by is not None:
            return "Solves the run that was asked for"
        if self._proposals:
            runs = ", ".join(map(str, self._proposals))
            return f"Waits for operations to release or discard run {runs}"
        return "Waits for seats to be asked for"

    def _refuse_unless_proposed(self, run: int) -> None:
        if run not in self._proposals:
            proposals = ", ".join(map(str, self._proposals)) or "none"
            raise refuse(f"Run {run} is not a proposal. Proposals that can be released or discarded: {proposals}.")

    async def _note_attention(self, attention: object) -> None:
        workflow.set_current_details(self._waits_for)

    async def _continue_as_new_if_long(self) -> None:
        """Begins a fresh history, once nothing is half done."""
        if not workflow.info().is_continue_as_new_suggested() or self._to_tell:
            return
        await workflow.wait_condition(workflow.all_handlers_finished)
        if self._to_tell:
            return
        workflow.continue_as_new(
            self._start.model_copy(
                update={
                    "steps": self._steps.taken,
                    "runs": self._runs,
                    "asked": tuple(self._asked),
                    "proposals": tuple(self._proposals),
                    "batch_asked": self._batch_asked,
                    "solve_asked_by": self._solve_asked_by,
                    "ended": self._cohort_ended,
                }
            )
        )

"""Acts of operations on a cohort and its allocation."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from acts.desk import Desk, cohort_row, require
from acts.errors import NotReachedError, RefusedError
from models.enums import AllocationMode, CohortPhase, SteerReason, WayOut
from models.ids import CohortId, allocation_workflow, cohort_workflow
from models.messages import (
    AllocationStart,
    AllocationState,
    By,
    CloseNow,
    CohortStart,
    CohortState,
    DiscardRun,
    Message,
    MoveWindow,
    ReleaseRun,
    RollCall,
    SolveNow,
    Unblock,
)
from models.policy import Policy
from models.tables import Cohort, PolicyVersion
from rules.calendar import in_words
from rules.permissions import Act, Subject
from rules.policies import fingerprint, nomination_terms, resolve
from storage.runs import anybody_waits
from workflows.attributes import COHORT, NEEDS_ATTENTION, STAGE


class CohortActs:
    """Each act is checked, told to the workflow, and answered with its new state."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def open(self, policy: Policy, by: By) -> CohortId:
        """Schedules a cohort by its policy; running it again for the same policy only starts what is not running.

        Raises:
            RefusedError: Its window has closed already, or a cohort of this name runs by another policy.
            NotReachedError: It is saved, and its workflows could not be started: run it again.
        """
        cohort = CohortId(policy.cohort.id)
        async with self._desk.transaction() as session:
            await require(session, by, Act.OPEN_COHORT, Subject())
            row = await session.get(Cohort, cohort)
            if row is None:
                row = await _make(session, policy, self._desk.clock())
            else:
                version = await session.get(PolicyVersion, (cohort, row.policy_version))
                if version is None or version.sha256 != fingerprint(policy):
                    raise RefusedError(f"Cohort '{cohort}' is run by another policy: give the new cohort its own id.")
            opens_at, closes_at = row.opens_at, row.closes_at
        terms = nomination_terms(policy)
        await self._start(
            "allocation",
            allocation_workflow(cohort),
            AllocationStart(
                cohort=cohort,
                rolling=policy.allocation.mode is AllocationMode.ROLLING,
                interval=policy.allocation.interval,
                released_by_operations=policy.allocation.released_by_operations,
                calendar=terms.calendar,
            ),
            cohort,
        )
        await self._start(
            "cohort",
            cohort_workflow(cohort),
            CohortStart(
                cohort=cohort,
                opens_at=opens_at,
                closes_at=closes_at,
                grace=policy.window.grace,
                ends=policy.window.ends,
                roll_call_every=policy.timing.roll_call_every,
                calendar=terms.calendar,
            ),
            cohort,
        )
        return cohort

    async def move_window(
        self,
        cohort: CohortId,
        by: By,
        reason: SteerReason,
        *,
        opens_at: datetime | None = None,
        closes_at: datetime | None = None,
    ) -> CohortState:
        """Moves the opening or the closing of the window; whoever is applying is told."""
        message = MoveWindow(by=by, reason=reason, opens_at=opens_at, closes_at=closes_at)
        return await self._cohort(cohort, by, Act.MOVE_WINDOW, "move_window", message)

    async def close_now(self, cohort: CohortId, by: By, reason: SteerReason) -> CohortState:
        """Closes the window at once; the policy's grace still holds."""
        return await self._cohort(cohort, by, Act.CLOSE_NOW, "close_now", CloseNow(by=by, reason=reason))

    async def roll_call(self, cohort: CohortId, by: By) -> CohortState:
        """Asks the cohort to look at once whether its phase is over."""
        return await self._cohort(cohort, by, Act.ROLL_CALL, "roll_call", RollCall(by=by))

    async def solve(self, cohort: CohortId, by: By) -> AllocationState:
        """Asks for another allocation run, to compare.

        Raises:
            RefusedError: Nobody waits for a panel, so that there is nothing to solve.
        """
        async with self._desk.sessions() as session:
            await cohort_row(session, cohort)
            await require(session, by, Act.SOLVE, Subject())
            if not await anybody_waits(session, cohort):
                raise RefusedError(f"No nomination of {cohort} waits for a panel, so there is nothing to solve.")
        return await self._allocation(cohort, by, Act.SOLVE, "solve", SolveNow(by=by))

    async def release_run(self, cohort: CohortId, by: By, run: int) -> AllocationState:
        """Releases a proposed run: its seats are given out and the nominations told."""
        return await self._allocation(cohort, by, Act.RELEASE_RUN, "release_run", ReleaseRun(by=by, run=run))

    async def discard_run(self, cohort: CohortId, by: By, run: int, reason: SteerReason) -> AllocationState:
        """Discards a proposed run."""
        message = DiscardRun(by=by, run=run, reason=reason)
        return await self._allocation(cohort, by, Act.DISCARD_RUN, "discard_run", message)

    async def unblock(self, cohort: CohortId, by: By, way: WayOut, reason: SteerReason) -> CohortState:
        """Gives a step the cohort could not take its way out."""
        return await self._cohort(cohort, by, Act.UNBLOCK, "unblock", Unblock(by=by, way=way, reason=reason))

    async def unblock_allocation(self, cohort: CohortId, by: By, way: WayOut, reason: SteerReason) -> AllocationState:
        """Gives a run that could not be made or told its way out."""
        return await self._allocation(cohort, by, Act.UNBLOCK, "unblock", Unblock(by=by, way=way, reason=reason))

    async def _cohort(self, cohort: CohortId, by: By, act: Act, name: str, message: Message) -> CohortState:
        async with self._desk.sessions() as session:
            await cohort_row(session, cohort)
            await require(session, by, act, Subject())
        return await self._desk.update(cohort_workflow(cohort), name, message, CohortState)

    async def _allocation(self, cohort: CohortId, by: By, act: Act, name: str, message: Message) -> AllocationState:
        async with self._desk.sessions() as session:
            await cohort_row(session, cohort)
            await require(session, by, act, Subject())
        return await self._desk.update(allocation_workflow(cohort), name, message, AllocationState)

    async def _start(self, name: str, workflow: str, start: Message, cohort: CohortId) -> None:
        """Starts one of the cohort's workflows, unless it runs or has run."""
        try:
            await self._desk.client.start_workflow(
                name,
                start,
                id=workflow,
                task_queue=self._desk.task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                search_attributes=TypedSearchAttributes(
                    [
                        SearchAttributePair(COHORT, str(cohort)),
                        SearchAttributePair(STAGE, CohortPhase.SCHEDULED.value),
                        SearchAttributePair(NEEDS_ATTENTION, False),
                    ]
                ),
                static_summary=f"The {name} of cohort {cohort}",
            )
        except WorkflowAlreadyStartedError:
            return
        except (RPCError, TimeoutError) as error:
            raise NotReachedError(
                f"Cohort '{cohort}' is saved, but its {name} could not be started. Open it by the same policy again."
            ) from error


async def _make(session: AsyncSession, policy: Policy, now: datetime) -> Cohort:
    """A cohort and the first version of its policy."""
    window = resolve(policy, now)
    if window.closes_at <= now:
        raise RefusedError(f"The policy's window closed on {in_words(window.closes_at)}: mend window.closes first.")
    row = Cohort(
        id=policy.cohort.id,
        name=policy.cohort.name,
        region=policy.cohort.region,
        created_at=now,
        opens_at=window.opens_at,
        closes_at=window.closes_at,
    )
    session.add(row)
    await session.flush()
    session.add(
        PolicyVersion(
            cohort_id=row.id,
            version=1,
            document=policy.model_dump(mode="json"),
            sha256=fingerprint(policy),
            created_at=now,
        )
    )
    return row

"""A cohort with its own workflow, whose window opens at once, and whose clock a test moves on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlmodel import col, select
from temporalio.client import WorkflowHandle

from models.enums import CohortPhase
from models.ids import CohortId, allocation_workflow, cohort_workflow
from models.messages import AllocationState, CohortState
from models.tables import AllocationRun, AuditEvent, Cohort
from tests.workflows.rig import CohortRig, Rig, eventually


@dataclass
class OpenedCohort(CohortRig):
    """One cohort of one test, opened as operations open it."""

    offset: timedelta = field(default=timedelta(), kw_only=True)

    @property
    def handle(self) -> WorkflowHandle[object, object]:
        """The cohort's workflow."""
        return self.rig.client.get_workflow_handle(cohort_workflow(self.id))

    @property
    def allocation(self) -> WorkflowHandle[object, object]:
        """The workflow of the cohort's allocation."""
        return self.rig.client.get_workflow_handle(allocation_workflow(self.id))

    def now(self) -> datetime:
        """About the moment it is in the cohort's workflow."""
        return datetime.now(UTC) + self.offset

    async def skip_to(self, moment: datetime) -> None:
        """Moves the cohort's clock to a moment that lies ahead."""
        length = moment - self.now()
        await self.rig.env.fast_forward(self.handle, length)
        self.offset += length

    async def state(self) -> CohortState:
        """The workflow's own answer."""
        state: CohortState = await self.handle.query("state", result_type=CohortState)
        return state

    async def allocated(self) -> AllocationState:
        """The allocation's own answer."""
        state: AllocationState = await self.allocation.query("state", result_type=AllocationState)
        return state

    async def row(self) -> Cohort:
        """The stored cohort."""
        return await self.rig.get(Cohort, self.id)

    async def until(self, phase: CohortPhase) -> Cohort:
        """Waits until the stored phase is ``phase``."""
        return await eventually(self.row, lambda row: row.phase is phase)

    async def look(self, phase: CohortPhase) -> Cohort:
        """Calls the roll until the cohort has come to ``phase``."""

        async def called() -> Cohort:
            row = await self.row()
            if row.phase is not phase:
                await self.rig.acts.cohorts.roll_call(self.id, self.rig.operations)
            return row

        return await eventually(called, lambda row: row.phase is phase)

    async def events(self, workflow: str | None = None) -> list[AuditEvent]:
        """The audit events of the cohort's steps, or of another workflow's, in order."""
        query = select(AuditEvent).where(col(AuditEvent.workflow_id) == (workflow or cohort_workflow(self.id)))
        return await self.rig.all(query.order_by(col(AuditEvent.step)))

    async def runs(self) -> list[AllocationRun]:
        """The allocation's runs, in order."""
        query = select(AllocationRun).where(col(AllocationRun.cohort_id) == self.id)
        return await self.rig.all(query.order_by(col(AllocationRun.number)))


async def opened(
    rig: Rig,
    changes: Mapping[str, object] | None = None,
    *,
    opens: str = "0 seconds",
    closes: str = "30 days",
    assessors: int = 8,
    capacity: int = 50,
) -> OpenedCohort:
    """A cohort opened by operations, with a register; its window opens ``opens`` from now."""
    cohort = CohortId(f"o{rig.number():04d}")
    policy = rig.policy(cohort, {"window.opens": opens, "window.closes": closes, **(changes or {})})
    await rig.acts.cohorts.open(policy, rig.operations)
    row = await rig.get(Cohort, cohort)
    made = OpenedCohort(rig, cohort, policy, row.closes_at)
    await made.register(assessors, capacity)
    if opens == "0 seconds":
        await made.until(CohortPhase.OPEN)
    return made


async def kept_waiting(rig: Rig, table: str) -> bool:
    """Whether somebody waits to write to a table that is locked."""
    async with rig.engine.connect() as connection:
        found = await connection.execute(
            text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = CAST(:name AS regclass)"),
            {"name": table},
        )
        return bool(found.scalar())

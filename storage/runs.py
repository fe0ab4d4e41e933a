"""Allocation runs as people look at them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy
from sqlalchemy import func
from sqlmodel import and_, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import RunKind, RunStatus
from models.tables import AllocationRun, ProposedSeat, UnstaffedNomination


@dataclass(frozen=True)
class RunLine:
    """A run in a list: how many seats it fills, how many nominations it leaves without a panel."""

    number: int
    kind: RunKind
    status: RunStatus
    seats: int
    unstaffed: int
    made_at: datetime
    settled_at: datetime | None
    settled_by: str | None


async def runs_of(session: AsyncSession, cohort: str) -> list[RunLine]:
    """The runs of a cohort, newest first; their problems and results, which are large, are not read."""
    seats = (
        select(func.count())
        .select_from(ProposedSeat)
        .where(
            and_(
                col(ProposedSeat.cohort_id) == col(AllocationRun.cohort_id),
                col(ProposedSeat.run) == col(AllocationRun.number),
            )
        )
        .correlate(AllocationRun)
        .scalar_subquery()
    )
    unstaffed = (
        select(func.count())
        .select_from(UnstaffedNomination)
        .where(
            and_(
                col(UnstaffedNomination.cohort_id) == col(AllocationRun.cohort_id),
                col(UnstaffedNomination.run) == col(AllocationRun.number),
            )
        )
        .correlate(AllocationRun)
        .scalar_subquery()
    )
    listed = (
        sqlalchemy.select(
            col(AllocationRun.number),
            col(AllocationRun.kind),
            col(AllocationRun.status),
            seats.label("seats"),
            unstaffed.label("unstaffed"),
            col(AllocationRun.made_at),
            col(AllocationRun.settled_at),
            col(AllocationRun.settled_by),
        )
        .where(col(AllocationRun.cohort_id) == cohort)
        .order_by(col(AllocationRun.number).desc())
    )
    rows = await session.execute(listed)
    return [RunLine(**row) for row in rows.mappings()]


async def unstaffed_of(session: AsyncSession, cohort: str, run: int) -> Sequence[UnstaffedNomination]:
    """The nominations a run leaves without a whole panel, and why."""
    rows = await session.exec(
        select(UnstaffedNomination)
        .where(col(UnstaffedNomination.cohort_id) == cohort, col(UnstaffedNomination.run) == run)
        .order_by(col(UnstaffedNomination.nomination_id))
    )
    return rows.all()

"""Allocation runs as people look at them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlalchemy.orm import defer
from sqlmodel import col, select
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
    runs = await session.exec(
        select(AllocationRun)
        .where(col(AllocationRun.cohort_id) == cohort)
        # SQLModel types a column as what it holds, and no function turns it into what `defer` names.
        .options(defer(AllocationRun.problem), defer(AllocationRun.result))  # type: ignore[arg-type]
        .order_by(col(AllocationRun.number).desc())
    )
    seats = await session.exec(
        select(ProposedSeat.run, func.count())
        .where(col(ProposedSeat.cohort_id) == cohort)
        .group_by(col(ProposedSeat.run))
    )
    unstaffed = await session.exec(
        select(UnstaffedNomination.run, func.count())
        .where(col(UnstaffedNomination.cohort_id) == cohort)
        .group_by(col(UnstaffedNomination.run))
    )
    filled, left = dict(seats.all()), dict(unstaffed.all())
    return [
        RunLine(
            number=run.number,
            kind=run.kind,
            status=run.status,
            seats=filled.get(run.number, 0),
            unstaffed=left.get(run.number, 0),
            made_at=run.made_at,
            settled_at=run.settled_at,
            settled_by=run.settled_by,
        )
        for run in runs
    ]


async def unstaffed_of(session: AsyncSession, cohort: str, run: int) -> Sequence[UnstaffedNomination]:
    """The nominations a run leaves without a whole panel, and why."""
    rows = await session.exec(
        select(UnstaffedNomination)
        .where(col(UnstaffedNomination.cohort_id) == cohort, col(UnstaffedNomination.run) == run)
        .order_by(col(UnstaffedNomination.nomination_id))
    )
    return rows.all()

"""Allocation runs as people look at them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlalchemy import select as columns
from sqlalchemy.orm import defer
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import RunKind, RunStatus, Stage, SteerReason
from models.tables import AllocationRun, Nomination, Person, ProposedSeat, UnstaffedNomination


@dataclass(frozen=True)
class Undone:
    """Who undid a run, when and why; how many panels were taken back, and how many stay with their answers."""

    at: datetime
    by: str
    name: str
    reason: SteerReason
    panels: int
    kept: int


@dataclass(frozen=True)
class RunLine:
    """A run in a list: how many seats it fills, how many nominations it leaves without a panel.

    ``settled_by`` is who released or discarded it, ``settled_name`` their name, empty for the system.
    """

    number: int
    kind: RunKind
    status: RunStatus
    seats: int
    unstaffed: int
    made_at: datetime
    settled_at: datetime | None
    settled_by: str | None
    settled_name: str = ""
    undone: Undone | None = None


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
    found = runs.all()
    names = await _names(session, {run.settled_by for run in found if run.settled_by})
    undone = await _undone(session, cohort, [run.number for run in found])
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
            settled_name=names.get(run.settled_by or "", ""),
            undone=undone.get(run.number),
        )
        for run in found
    ]


async def undone_in(session: AsyncSession, cohort: str, run: int) -> Undone | None:
    """Who undid a run and why; None where nobody has."""
    return (await _undone(session, cohort, [run])).get(run)


async def _undone(session: AsyncSession, cohort: str, runs: Collection[int]) -> dict[int, Undone]:
    rows = await (await session.connection()).execute(
        columns(
            col(AllocationRun.number),
            col(AllocationRun.undone_at),
            col(AllocationRun.undone_by),
            col(Person.full_name),
            col(AllocationRun.undone_reason),
            col(AllocationRun.undone_panels),
            col(AllocationRun.kept_panels),
        )
        .outerjoin(Person, col(Person.id) == col(AllocationRun.undone_by))
        .where(
            col(AllocationRun.cohort_id) == cohort,
            col(AllocationRun.number).in_(runs),
            col(AllocationRun.undone_at).is_not(None),
        )
    )
    return {
        number: Undone(at, by or "", name or "", SteerReason(reason), panels or 0, kept or 0)
        for number, at, by, name, reason, panels, kept in rows
        if at is not None and reason is not None
    }


async def _names(session: AsyncSession, people: Collection[str]) -> dict[str, str]:
    rows = await session.exec(select(Person.id, Person.full_name).where(col(Person.id).in_(sorted(people))))
    return dict(rows.all())


async def anybody_waits(session: AsyncSession, cohort: str) -> bool:
    """Whether any nomination of a cohort waits for a panel, and is not paused."""
    waiting = select(Nomination.id).where(
        col(Nomination.cohort_id) == cohort,
        col(Nomination.stage) == Stage.AWAITING_PANEL,
        col(Nomination.paused).is_(False),
    )
    return (await session.exec(waiting.limit(1))).first() is not None


async def unstaffed_of(session: AsyncSession, cohort: str, run: int) -> Sequence[UnstaffedNomination]:
    """The nominations a run leaves without a whole panel, and why."""
    rows = await session.exec(
        select(UnstaffedNomination)
        .where(col(UnstaffedNomination.cohort_id) == cohort, col(UnstaffedNomination.run) == run)
        .order_by(col(UnstaffedNomination.nomination_id))
    )
    return rows.all()

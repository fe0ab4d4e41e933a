"""What a cohort's workflow writes, counts, and tells its nominations."""

from sqlalchemy import and_, func
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar
from temporalio import activity
from temporalio.client import Client

from activities.errors import missing
from activities.telling import Owed, signal_each
from models.enums import ENDS, RunStatus, Stage
from models.ids import NominationId
from models.messages import (
    Announcement,
    BatchAsked,
    BatchTold,
    CohortEnded,
    CohortStep,
    DecisionsReleased,
    RollCallAsked,
    StageCounts,
    WindowMoved,
)
from models.tables import AllocationRun, Cohort, Nomination, ProposedSeat, UnstaffedNomination
from storage.steps import Change, take_step

_SIGNALS = {
    WindowMoved: "window_moved",
    DecisionsReleased: "decisions_released",
    CohortEnded: "cohort_ended",
}


class CohortActivities:
    """Each may run more than once; what is told twice is heard once."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], client: Client) -> None:
        self._sessions = sessions
        self._client = client

    @activity.defn(name="record_cohort")
    async def record_cohort(self, asked: CohortStep) -> None:
        """Writes a cohort's phase and dates. The step's key makes a second run do nothing."""

        async def write(session: AsyncSession) -> Change:
            row = await session.get(Cohort, asked.cohort, with_for_update=True)
            if row is None:
                raise missing("Cohort", asked.cohort)
            before = _snapshot(row)
            _stand(row, asked)
            session.add(row)
            return Change(before, _snapshot(row))

        async def catch_up(session: AsyncSession) -> None:
            row = await session.get(Cohort, asked.cohort, with_for_update=True)
            if row is not None and asked.step.number >= row.steps:
                _stand(row, asked)
                session.add(row)

        await take_step(self._sessions, asked.step, asked.cohort, write, catch_up)

    @activity.defn(name="count_stages")
    async def count_stages(self, asked: RollCallAsked) -> StageCounts:
        """Counts the cohort's nominations in each stage; it only reads."""
        async with self._sessions() as session:
            rows = await session.exec(
                select(Nomination.stage, func.count())
                .where(col(Nomination.cohort_id) == asked.cohort)
                .group_by(col(Nomination.stage))
            )
            unplaced = await session.exec(
                select(func.count())
                .select_from(Nomination)
                .where(
                    col(Nomination.cohort_id) == asked.cohort,
                    col(Nomination.stage) == Stage.AWAITING_PANEL,
                    col(Nomination.attention_code).is_(None),
                    col(Nomination.paused).is_(False),
                    col(Nomination.id).not_in(_in_proposals(asked.cohort, ProposedSeat)),
                    col(Nomination.id).not_in(_in_proposals(asked.cohort, UnstaffedNomination)),
                )
            )
            return StageCounts(counts=dict(rows.all()), unplaced=unplaced.one())

    @activity.defn(name="tell_nominations")
    async def tell_nominations(self, asked: BatchAsked) -> BatchTold:
        """Tells one batch of nominations what changed, in the order of their ids, resuming where it stopped.

        A nomination that has been told twice has heard the same thing twice, which changes nothing.
        """
        signal = _SIGNALS[type(asked.announcement)]
        return await signal_each(self._client, signal, asked.most, self._next_nominations, asked)

    async def _next_nominations(self, asked: BatchAsked, after: str, most: int) -> list[Owed[Announcement]]:
        async with self._sessions() as session:
            rows = await session.exec(
                select(Nomination.id, Nomination.steps)
                .where(
                    col(Nomination.cohort_id) == asked.cohort,
                    col(Nomination.id) > after,
                    col(Nomination.stage).not_in(list(ENDS)),
                )
                .order_by(col(Nomination.id))
                .limit(most)
            )
            return [Owed(NominationId(id_), asked.announcement, started=steps > 0) for id_, steps in rows]


def _stand(row: Cohort, asked: CohortStep) -> None:
    """Makes the row say where the cohort stands after the step."""
    row.phase = asked.phase
    row.opens_at = asked.opens_at
    row.closes_at = asked.closes_at
    row.due_at = asked.due_at
    row.released_at = asked.released_at
    row.steps = asked.step.number


def _snapshot(row: Cohort) -> dict[str, object]:
    return {
        "phase": row.phase.value,
        "opens_at": row.opens_at.isoformat(),
        "closes_at": row.closes_at.isoformat(),
        "due_at": row.due_at.isoformat() if row.due_at else None,
    }


def _in_proposals(cohort: str, table: type[ProposedSeat] | type[UnstaffedNomination]) -> SelectOfScalar[str]:
    """The nominations that stand in a proposal nobody has settled yet."""
    return (
        select(col(table.nomination_id))
        .join(
            AllocationRun,
            and_(col(AllocationRun.cohort_id) == col(table.cohort_id), col(AllocationRun.number) == col(table.run)),
        )
        .where(col(AllocationRun.cohort_id) == cohort, col(AllocationRun.status) == RunStatus.PROPOSED)
    )

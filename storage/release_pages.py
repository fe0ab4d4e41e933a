"""What operations are warned of before a run is released: assessors who are not there on the days of its offers."""

from dataclasses import dataclass
from datetime import date

from sqlmodel import and_, col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.tables import Availability, ProposedSeat
from storage.lists import Asker
from storage.run_pages import may_read


@dataclass(frozen=True)
class Asked:
    """How many assessors a run asks, and how many of them are available on none of the days."""

    assessors: int
    away: int


async def asked_by_run(
    session: AsyncSession, asker: Asker, cohort: str, run: int, *, first: date, last: date
) -> Asked:
    """Whom a run asks, against the days they have given.

    Args:
        session: The database.
        asker: Who looks; nobody is counted for who may not read runs.
        cohort: Whose run.
        run: Its number.
        first: The day on which they are asked.
        last: The last day on which they may still score.
    """
    there = (
        select(Availability.assessor_id)
        .where(
            col(Availability.cohort_id) == col(ProposedSeat.cohort_id),
            col(Availability.assessor_id) == col(ProposedSeat.assessor_id),
            col(Availability.from_day) <= last,
            col(Availability.until_day) >= first,
        )
        .exists()
    )
    assessors = func.count(func.distinct(col(ProposedSeat.assessor_id)))
    rows = await session.exec(
        select(assessors, assessors.filter(~there)).where(
            and_(may_read(asker), col(ProposedSeat.cohort_id) == cohort, col(ProposedSeat.run) == run)
        )
    )
    total, away = rows.one()
    return Asked(total, away)

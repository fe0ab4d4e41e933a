"""What an inclusion adviser looks at: counts of nominations, none of them too small to hide people."""

from dataclasses import dataclass

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import Stage
from models.tables import Cohort, Nomination
from rules.permissions import Act, may
from storage.lists import Asker

SMALLEST = 10
"""The smallest count that is told. An assumption: no policy states one yet."""


@dataclass(frozen=True)
class StageCount:
    """Nominations of a cohort in one stage. ``count``: None where it is not told.

    ``withheld``: it is large enough, and would give a smaller one away.
    """

    stage: Stage
    count: int | None
    withheld: bool = False


@dataclass(frozen=True)
class CohortCounts:
    """A cohort's nominations in every stage."""

    cohort: str
    name: str
    stages: tuple[StageCount, ...]


async def counts_for_advisers(session: AsyncSession, asker: Asker, cohort: str) -> CohortCounts | None:
    """A cohort's counts; None for who may not see aggregates, or where there is no such cohort.

    Counts below `SMALLEST`, none included, do not leave this function.
    """
    row = await session.get(Cohort, cohort)
    if row is None or not may(asker.role, Act.SEE_EQUALITY_AGGREGATES):
        return None
    counted = await session.exec(
        select(Nomination.stage, func.count())
        .where(col(Nomination.cohort_id) == cohort)
        .group_by(col(Nomination.stage))
    )
    return CohortCounts(row.id, row.name, told({Stage(stage): count for stage, count in counted}))


def told(counts: dict[Stage, int]) -> tuple[StageCount, ...]:
    """Every stage's count, without those that are too small.

    Where a single one is too small, whoever knows how many nominations there are could work it out: the smallest of
    the others is then withheld as well, which statistical disclosure control calls secondary suppression.
    """
    every = {stage: counts.get(stage, 0) for stage in Stage}
    small = {stage for stage, count in every.items() if count < SMALLEST}
    withheld: Stage | None = None
    if len(small) == 1:
        withheld = min((stage for stage in every if stage not in small), key=lambda stage: (every[stage], stage))
    return tuple(
        StageCount(stage, None if stage in small or stage is withheld else count, stage is withheld)
        for stage, count in every.items()
    )

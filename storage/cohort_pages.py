"""Which cohorts a page offers to choose from: never all there have ever been."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import CohortPhase
from models.tables import Cohort

RUNNING, ENDED = 100, 30
"""How many that have not ended are offered at most, and how many others, the newest of each."""


async def cohorts_to_choose(session: AsyncSession, chosen: str = "") -> Sequence[Cohort]:
    """Those that have not ended, then the newest that have; each group by its opening, newest first.

    Args:
        session: Only reads, in three queries at most.
        chosen: A cohort that is always among them, if there is one of this id, however old it is.
    """
    newest = (col(Cohort.opens_at).desc(), col(Cohort.id).desc())
    ended = col(Cohort.phase) == CohortPhase.ENDED
    running = await session.exec(select(Cohort).where(~ended).order_by(*newest).limit(RUNNING))
    over = await session.exec(select(Cohort).where(ended).order_by(*newest).limit(ENDED))
    found = [*running, *over]
    if chosen and all(row.id != chosen for row in found):
        own = await session.get(Cohort, chosen)
        found += [own] if own else []
    return found


def newest_of(rows: Sequence[Cohort]) -> Cohort | None:
    """The one a page is about where nobody has chosen: the newest that has not ended, else the newest."""
    running = [one for one in rows if one.phase is not CohortPhase.ENDED] or list(rows)
    return max(running, key=lambda one: (one.opens_at, one.id), default=None)


def name_of(row: Cohort, among: Sequence[Cohort] = ()) -> str:
    """A cohort's name; with its id where another one ``among`` them has the same name."""
    twice = any(one.name == row.name and one.id != row.id for one in among)
    return f"{row.name} ({row.id})" if twice else row.name

"""Conflicts of interest with assessors whose scores stand: declared too late for the rules that seat panels.

An assessor who has not submitted is replaced; scores that were submitted stay until a person has looked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, tuple_
from sqlmodel import and_, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import SETTLED, AssessmentStage
from models.tables import Assessment, Assessor, DeclaredConflict, Nomination, Person


@dataclass(frozen=True)
class ScoredConflict:
    """A conflict of interest between a nominee and an assessor who has scored them; ``name`` is the assessor's."""

    nomination: Nomination
    assessor: str
    name: str
    kind: str
    declared_at: datetime
    submitted_at: datetime | None


async def conflicts_of(session: AsyncSession, nomination: str) -> tuple[ScoredConflict, ...]:
    """Those of one nomination, for who may see its panel; the order is that of the assessors' references."""
    return await _conflicts(session, col(DeclaredConflict.nomination_id) == nomination)


async def conflicts_before_release(
    session: AsyncSession, mine: ColumnElement[bool], *, after: tuple[str, str] = ("", ""), limit: int = 50
) -> tuple[ScoredConflict, ...]:
    """Those of nominations about which nobody has been told a decision yet, by nomination and assessor.

    Args:
        session: Only reads.
        mine: Which nominations the asker may look at the panels of.
        after: The nomination and the assessor of the last line of the page before.
        limit: How many at most.
    """
    place = tuple_(col(DeclaredConflict.nomination_id), col(DeclaredConflict.assessor_id))
    open_still = col(Nomination.stage).not_in(list(SETTLED))
    return await _conflicts(session, mine, open_still, place > tuple_(*after), limit=limit)


async def conflicted_among(session: AsyncSession, nominations: Sequence[str]) -> frozenset[str]:
    """Those of these nominations that have such a conflict."""
    found = await _conflicts(session, col(DeclaredConflict.nomination_id).in_(list(nominations)))
    return frozenset(one.nomination.id for one in found)


async def _conflicts(
    session: AsyncSession, *which: ColumnElement[bool], limit: int | None = None
) -> tuple[ScoredConflict, ...]:
    seat = and_(
        col(Assessment.nomination_id) == col(DeclaredConflict.nomination_id),
        col(Assessment.assessor_id) == col(DeclaredConflict.assessor_id),
        col(Assessment.stage) == AssessmentStage.SUBMITTED,
    )
    registered = and_(
        col(Assessor.id) == col(Assessment.assessor_id), col(Assessor.cohort_id) == col(Assessment.cohort_id)
    )
    rows = await session.exec(
        select(Nomination, DeclaredConflict, Person.full_name, Assessment.submitted_at)
        .join(DeclaredConflict, col(DeclaredConflict.nomination_id) == col(Nomination.id))
        .join(Assessment, seat)
        .join(Assessor, registered)
        .join(Person, col(Person.id) == col(Assessor.person_id))
        .where(*which)
        .order_by(col(DeclaredConflict.nomination_id), col(DeclaredConflict.assessor_id))
        .limit(limit)
    )
    return tuple(
        ScoredConflict(row, one.assessor_id, name, one.kind, one.declared_at, submitted)
        for row, one, name, submitted in rows
    )

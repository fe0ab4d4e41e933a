"""What assessors said of themselves and agreed to be used: the one module that reads and writes it.

The person reads their own; the allocation reads everybody's, to mix panels, and nobody else does. Nothing of it
stands in the audit trail, which those who decide read. Withdrawing deletes the rows, and what kept runs were asked
with.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from allocation.problem import AllocationProblem
from models.enums import AssessorProperty
from models.tables import AllocationRun, Assessor, OwnProperty
from storage.lists import Asker


@dataclass(frozen=True)
class Agreed:
    """One property that a person agreed to be used in one cohort, and when they did."""

    cohort: str
    property: AssessorProperty
    agreed_at: datetime


async def own_properties(session: AsyncSession, asker: Asker, cohort: str | None = None) -> tuple[Agreed, ...]:
    """What the person who asks agreed to, in one cohort or in all."""
    query = (
        select(OwnProperty)
        .join(
            Assessor,
            (col(Assessor.id) == col(OwnProperty.assessor_id))
            & (col(Assessor.cohort_id) == col(OwnProperty.cohort_id)),
        )
        .where(col(Assessor.person_id) == asker.person)
    )
    if cohort is not None:
        query = query.where(col(OwnProperty.cohort_id) == cohort)
    rows = await session.exec(query.order_by(col(OwnProperty.cohort_id), col(OwnProperty.property)))
    return tuple(Agreed(row.cohort_id, row.property, row.agreed_at) for row in rows)


async def properties_agreed(
    session: AsyncSession, cohort: str, used: Collection[AssessorProperty]
) -> dict[str, frozenset[str]]:
    """For the allocation: of each assessor who agreed, those of the ``used`` properties that they have."""
    rows = await session.exec(
        select(OwnProperty.assessor_id, OwnProperty.property).where(
            col(OwnProperty.cohort_id) == cohort, col(OwnProperty.property).in_(list(used))
        )
    )
    found: dict[str, set[str]] = defaultdict(set)
    for assessor, one in rows:
        found[assessor].add(AssessorProperty(one).value)
    return {assessor: frozenset(words) for assessor, words in found.items()}


async def as_agreed(session: AsyncSession, cohort: str, problem: AllocationProblem) -> AllocationProblem:
    """The problem as it may be kept: without properties, if somebody has withdrawn since it was read.

    Nobody withdraws before the transaction ends; whoever does so then finds what it kept.
    """
    rows = await session.exec(
        select(OwnProperty.assessor_id, OwnProperty.property)
        .where(col(OwnProperty.cohort_id) == cohort)
        .with_for_update(read=True)
    )
    there = {(assessor, AssessorProperty(one).value) for assessor, one in rows}
    if all((one.id, word) in there for one in problem.assessors for word in one.properties):
        return problem
    people = tuple(replace(one, properties=frozenset()) for one in problem.assessors)
    return replace(problem, assessors=people, withheld=True)


async def keep_properties(
    session: AsyncSession, row: Assessor, properties: Collection[AssessorProperty], now: datetime
) -> None:
    """Puts these properties in the place of those the assessor agreed to before.

    One that they no longer name is withdrawn, and kept runs then forget as `forget_properties` has them forget.
    """
    before = await session.exec(
        select(OwnProperty).where(col(OwnProperty.assessor_id) == row.id, col(OwnProperty.cohort_id) == row.cohort_id)
    )
    there = {one.property: one for one in before}
    if there.keys() - set(properties):
        await forget_properties(session, row)
        there = {}
    for one in sorted(set(properties) - there.keys()):
        session.add(
            OwnProperty(
                assessor_id=row.id, cohort_id=row.cohort_id, property=one, agreed_by=row.person_id, agreed_at=now
            )
        )


async def forget_properties(session: AsyncSession, row: Assessor) -> None:
    """Deletes what an assessor said of themselves, in the register and in the questions of kept runs.

    A question without it can no longer say which panels were mixed, so everybody's goes from it, and it says so.
    """
    await session.exec(
        delete(OwnProperty).where(col(OwnProperty.assessor_id) == row.id, col(OwnProperty.cohort_id) == row.cohort_id)
    )
    runs = await session.exec(
        select(AllocationRun)
        .where(col(AllocationRun.cohort_id) == row.cohort_id)
        .order_by(col(AllocationRun.number))
        .with_for_update()
    )
    for run in runs:
        people = run.problem.get("assessors")
        if isinstance(people, list) and any(one["id"] == row.id and one.get("properties") for one in people):
            without = [{**one, "properties": []} for one in people]
            run.problem = {**run.problem, "assessors": without, "withheld": True}
            session.add(run)

"""Allocation runs as they were kept, whole: what was asked and what was answered, read back as the engine has it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from pydantic import ValidationError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from allocation.answer import RunAnswer
from allocation.problem import AllocationProblem, MalformedProblemError
from models.tables import AllocationRun, ProposedSeat
from storage.allocations import PROBLEM, RESULT
from storage.lists import Asker
from storage.run_pages import may_read


class UnreadableRunError(ValueError):
    """What is kept of a run is not what the engine wrote."""


@dataclass(frozen=True)
class KeptRun:
    """A run's problem and answer, and its seats as they stand in rows of their own.

    ``problem`` and ``answer`` are None where what is kept can no longer be read as one.
    """

    number: int
    problem: AllocationProblem | None
    answer: RunAnswer | None
    seats: frozenset[tuple[str, str]]


async def kept_run(
    session: AsyncSession, asker: Asker, cohort: str, number: int
) -> tuple[AllocationProblem, RunAnswer] | None:
    """What a run was asked and what it answered; None if there is none or this person may not read it.

    Raises:
        UnreadableRunError: What is kept of it can no longer be read.
    """
    rows = await session.exec(
        select(AllocationRun.problem, AllocationRun.result).where(
            may_read(asker), col(AllocationRun.cohort_id) == cohort, col(AllocationRun.number) == number
        )
    )
    found = rows.one_or_none()
    if found is None:
        return None
    problem, answer = _problem(found[0]), _answer(found[1])
    if problem is None or answer is None:
        raise UnreadableRunError(
            f"Run {number} can no longer be read as it was kept: see 'python starter.py verify allocation'."
        )
    return problem, answer


async def kept_runs(session: AsyncSession, cohort: str) -> AsyncIterator[KeptRun]:
    """Every run of a cohort, one after another by number, so that only one is in memory at a time."""
    numbers = (
        await session.exec(
            select(AllocationRun.number)
            .where(col(AllocationRun.cohort_id) == cohort)
            .order_by(col(AllocationRun.number))
        )
    ).all()
    for number in numbers:
        of_run = (col(AllocationRun.cohort_id) == cohort, col(AllocationRun.number) == number)
        problem, result = (
            await session.exec(select(AllocationRun.problem, AllocationRun.result).where(*of_run))
        ).one()
        seats = await session.exec(
            select(ProposedSeat.nomination_id, ProposedSeat.assessor_id).where(
                col(ProposedSeat.cohort_id) == cohort, col(ProposedSeat.run) == number
            )
        )
        yield KeptRun(number, _problem(problem), _answer(result), frozenset(seats.all()))


def _problem(document: object) -> AllocationProblem | None:
    try:
        return PROBLEM.validate_python(document, strict=False)
    except (ValidationError, MalformedProblemError):
        return None


def _answer(document: object) -> RunAnswer | None:
    try:
        return RESULT.validate_python(document, strict=False)
    except ValidationError:
        return None

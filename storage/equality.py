"""Answers to equality monitoring: the one module that reads and writes their table.

Nobody but the person reads them one by one. Counting them for many people, with small numbers hidden, is to be done
here too; whatever decides about a person never imports this module.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.tables import EqualityAnswer
from storage.lists import Asker


@dataclass(frozen=True)
class OwnAnswer:
    """One question a person has answered in one cohort, with the codes they chose."""

    cohort: str
    question: str
    answers: tuple[str, ...]
    saved_at: datetime


async def own_answers(session: AsyncSession, asker: Asker, cohort: str | None = None) -> tuple[OwnAnswer, ...]:
    """What the person who asks has answered, in one cohort or in all, by cohort and question."""
    query = select(EqualityAnswer).where(col(EqualityAnswer.person_id) == asker.person)
    if cohort is not None:
        query = query.where(col(EqualityAnswer.cohort_id) == cohort)
    rows = await session.exec(query.order_by(col(EqualityAnswer.cohort_id), col(EqualityAnswer.question)))
    return tuple(OwnAnswer(row.cohort_id, row.question, tuple(row.answers), row.saved_at) for row in rows)


async def keep_answers(
    session: AsyncSession, person: str, cohort: str, answers: Mapping[str, Sequence[str]], now: datetime
) -> None:
    """Puts these answers (question to codes) in the place of all that the person gave before in this cohort."""
    await forget_answers(session, person, cohort)
    for question, codes in answers.items():
        session.add(
            EqualityAnswer(person_id=person, cohort_id=cohort, question=question, answers=list(codes), saved_at=now)
        )


async def forget_answers(session: AsyncSession, person: str, cohort: str) -> None:
    """Deletes what a person answered in a cohort; nothing is left of it."""
    await session.exec(
        delete(EqualityAnswer).where(col(EqualityAnswer.person_id) == person, col(EqualityAnswer.cohort_id) == cohort)
    )

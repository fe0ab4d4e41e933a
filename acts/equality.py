"""A nominee answers the questions of equality monitoring, or stops the use of their answers.

Neither leaves an event in the audit trail: those who decide read the trail, and must not learn even that somebody
answered. Deleting leaves nothing (Data Protection Act 2018, schedule 1, paragraph 8: a person can stop the use).
"""

from collections.abc import Mapping, Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from acts.desk import Desk, require
from acts.errors import NotKnownError, RefusedError
from models.equality import QUESTIONS, EqualityQuestion
from models.ids import CohortId
from models.messages import By
from models.tables import Nomination
from rules.permissions import Act, Subject
from storage.equality import forget_answers, keep_answers

_BY_CODE = {question.code: question for question in QUESTIONS}


class EqualityActs:
    """The nominee's own acts on their own answers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def record(self, cohort: CohortId, by: By, answers: Mapping[str, Sequence[str]]) -> None:
        """Keeps these answers, question to codes, in the place of those given before; a question may be left out.

        Raises:
            RefusedError: There is no such question or answer, or answers exclude each other.
            NotKnownError: The person has no nomination in this cohort.
        """
        given = {question: codes for question, codes in answers.items() if codes}
        for question, codes in given.items():
            _refuse_unknown(question, codes)
        async with self._desk.transaction() as session:
            await _require_own(session, cohort, by, Act.RECORD_EQUALITY)
            await keep_answers(session, by.person, cohort, given, self._desk.clock())

    async def stop_use(self, cohort: CohortId, by: By) -> None:
        """Deletes the person's answers in this cohort; deleting what is not there changes nothing.

        Raises:
            NotKnownError: The person has no nomination in this cohort.
        """
        async with self._desk.transaction() as session:
            await _require_own(session, cohort, by, Act.STOP_EQUALITY_USE)
            await forget_answers(session, by.person, cohort)


async def _require_own(session: AsyncSession, cohort: str, by: By, act: Act) -> None:
    """Answers belong to a person and a cohort: the person must have been nominated there, in whatever stage."""
    await require(session, by, act, Subject(nominee=by.person))
    own = await session.exec(
        select(Nomination.id).where(col(Nomination.person_id) == by.person, col(Nomination.cohort_id) == cohort)
    )
    if own.first() is None:
        raise NotKnownError("You have no nomination in this cohort.")


def _refuse_unknown(code: str, codes: Sequence[str]) -> None:
    question: EqualityQuestion | None = _BY_CODE.get(code)
    if question is None:
        raise RefusedError("There is no such question. Open the page again.")
    if not set(codes) <= {one.code for one in question.answers}:
        raise RefusedError(f"Choose one of the answers on the page: {question.text}")
    if len(codes) > 1 and not question.several:
        raise RefusedError(f"Choose one answer: {question.text}")
    if len(codes) > 1 and set(codes) & question.alone:
        only = " or ".join(f"“{question.words_of(one)}”" for one in sorted(set(codes) & question.alone))
        raise RefusedError(f"Choose {only} alone, or the others without it: {question.text}")

"""What every act needs: the database, a way to tell workflows, the time, and who is asking."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import BaseModel
from sqlalchemy import bindparam
from sqlalchemy import select as columns
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio.client import Client

from acts.errors import NotKnownError, RefusedError
from acts.tellings import Teller, new_act_id, update_telling
from models.enums import Role
from models.ids import AssessorId, OrganisationCode, PersonId
from models.messages import By, Message
from models.tables import Assessment, Assessor, Cohort, Nomination, RoleGrant, Telling
from rules.permissions import Act, Actor, Subject, may_on
from storage.steps import table_of

Answer = TypeVar("Answer", bound=BaseModel)
_NO_NOMINATION = "There is no nomination '{}'. Its number looks like pilot-0042."
_NO_ASSESSMENT = "There is no assessment '{}'. Its id looks like pilot-0042.A-017."

# What every act reads of who asks and what about, by statements made once.
_NOMINATION, _ASSESSMENT = table_of(Nomination), table_of(Assessment)
_ASSESSOR, _GRANT = table_of(Assessor), table_of(RoleGrant)
_OF_NOMINATION = columns(_NOMINATION.c.organisation_code, _NOMINATION.c.person_id).where(
    _NOMINATION.c.id == bindparam("nomination")
)
_OF_ASSESSMENT = (
    columns(
        _ASSESSMENT.c.cohort_id, _ASSESSMENT.c.assessor_id, _NOMINATION.c.organisation_code, _NOMINATION.c.person_id
    )
    .join(_NOMINATION, _NOMINATION.c.id == _ASSESSMENT.c.nomination_id)
    .where(_ASSESSMENT.c.id == bindparam("assessment"))
)
_REGISTERED = columns(_ASSESSOR.c.id).where(
    _ASSESSOR.c.person_id == bindparam("person"), _ASSESSOR.c.cohort_id == bindparam("cohort")
)
_GRANTED = columns(_GRANT.c.organisation_code).where(
    _GRANT.c.person_id == bindparam("person"), _GRANT.c.role == bindparam("role")
)

CHANGING = {"key_share": True}
"""How a row is locked that is about to change: rows that refer to it, such as letters, can still be added."""


@dataclass(frozen=True)
class Desk:
    """Where acts are done. ``clock`` gives the present moment, aware; tests give another."""

    sessions: async_sessionmaker[AsyncSession]
    client: Client
    task_queue: str
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def teller(self) -> Teller:
        """Tells workflows."""
        return Teller(self.sessions, self.client, self.task_queue)

    def transaction(self) -> AbstractAsyncContextManager[AsyncSession]:
        """A session that commits when it is left."""
        return self.sessions.begin()

    async def update(self, workflow: str, name: str, message: Message, answer: type[Answer]) -> Answer:
        """Tells a workflow something that leaves nothing to save."""
        return await self.teller.update(workflow, name, message, answer, new_act_id())

    def owe(self, session: AsyncSession, workflow: str, name: str, message: Message) -> Telling:
        """Owes a workflow an Update, in the transaction that saves what it is about."""
        telling = update_telling(workflow, name, message, self.clock())
        session.add(telling)
        return telling


async def cohort_row(session: AsyncSession, cohort: str, *, lock: bool = False) -> Cohort:
    """The cohort, locked if it is about to change.

    Raises:
        NotKnownError: There is none of this name.
    """
    row = await session.get(Cohort, cohort, with_for_update=CHANGING if lock else None)
    if row is None:
        known = (await session.exec(select(Cohort.id).order_by(col(Cohort.id)))).all()
        raise NotKnownError(f"There is no cohort '{cohort}'. There is: {', '.join(known) or 'none yet'}.")
    return row


async def nomination_row(session: AsyncSession, nomination: str, *, lock: bool = False) -> Nomination:
    """The nomination, locked if it is about to change.

    Raises:
        NotKnownError: There is none of this number.
    """
    row = await session.get(Nomination, nomination, with_for_update=CHANGING if lock else None)
    if row is None:
        raise NotKnownError(_NO_NOMINATION.format(nomination))
    return row


async def assessment_row(session: AsyncSession, assessment: str, *, lock: bool = False) -> Assessment:
    """The assessment, locked if it is about to change.

    Raises:
        NotKnownError: There is none of this id.
    """
    row = await session.get(Assessment, assessment, with_for_update=CHANGING if lock else None)
    if row is None:
        raise NotKnownError(_NO_ASSESSMENT.format(assessment))
    return row


async def nomination_subject(session: AsyncSession, nomination: str) -> Subject:
    """What permission needs to know of a nomination.

    Raises:
        NotKnownError: There is none of this number.
    """
    found = (await (await session.connection()).execute(_OF_NOMINATION, {"nomination": nomination})).one_or_none()
    if found is None:
        raise NotKnownError(_NO_NOMINATION.format(nomination))
    return Subject(organisation=OrganisationCode(found.organisation_code), nominee=PersonId(found.person_id))


async def assessment_subject(session: AsyncSession, assessment: str) -> tuple[Subject, str]:
    """What permission needs to know of an assessment, and the cohort it is in.

    Raises:
        NotKnownError: There is none of this id.
    """
    found = (await (await session.connection()).execute(_OF_ASSESSMENT, {"assessment": assessment})).one_or_none()
    if found is None:
        raise NotKnownError(_NO_ASSESSMENT.format(assessment))
    subject = Subject(
        organisation=OrganisationCode(found.organisation_code),
        nominee=PersonId(found.person_id),
        assessors=frozenset({AssessorId(found.assessor_id)}),
    )
    return subject, str(found.cohort_id)


async def require(session: AsyncSession, by: By, act: Act, subject: Subject, cohort: str | None = None) -> None:
    """Makes sure that this person holds the role they act in, and may do this to this nomination or assessment.

    Raises:
        RefusedError: They do not, or may not; the sentence says which.
    """
    actor = await _actor(session, by, subject, cohort)
    verdict = may_on(actor, act, subject)
    if not verdict:
        raise RefusedError(verdict.reason)


def subject_of(nomination: Nomination, assessor: str | None = None) -> Subject:
    """What permission needs to know of a nomination, or of one assessor's task on it."""
    return Subject(
        organisation=OrganisationCode(nomination.organisation_code),
        nominee=PersonId(nomination.person_id),
        assessors=frozenset({AssessorId(assessor)}) if assessor else frozenset(),
    )


async def _actor(session: AsyncSession, by: By, subject: Subject, cohort: str | None) -> Actor:
    if by.role is Role.SYSTEM:
        raise RefusedError("Nobody acts as the system. Act in a role you hold.")
    if by.role is Role.NOMINEE:
        return Actor(by.person, by.role)
    connection = await session.connection()
    if by.role is Role.ASSESSOR:
        registered = await connection.execute(_REGISTERED, {"person": by.person, "cohort": cohort})
        row = registered.scalars().first()
        return Actor(by.person, by.role, assessor=AssessorId(row) if row else None)
    granted = await connection.execute(_GRANTED, {"person": by.person, "role": by.role})
    grants = granted.scalars().all()
    if not grants:
        raise RefusedError(f"{by.person} does not hold the role '{by.role.value}'. Act in a role you hold.")
    own = subject.organisation if subject.organisation in grants else grants[0]
    return Actor(by.person, by.role, organisation=OrganisationCode(own) if own else None)

"""What every act needs: the database, a way to tell workflows, the time, and who is asking."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import BaseModel
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

Answer = TypeVar("Answer", bound=BaseModel)
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
        raise NotKnownError(f"There is no nomination '{nomination}'. Its number looks like pilot-0042.")
    return row


async def assessment_row(session: AsyncSession, assessment: str, *, lock: bool = False) -> Assessment:
    """The assessment, locked if it is about to change.

    Raises:
        NotKnownError: There is none of this id.
    """
    row = await session.get(Assessment, assessment, with_for_update=CHANGING if lock else None)
    if row is None:
        raise NotKnownError(f"There is no assessment '{assessment}'. Its id looks like pilot-0042.A-017.")
    return row


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
    if by.role is Role.ASSESSOR:
        row = (
            await session.exec(
                select(Assessor.id).where(col(Assessor.person_id) == by.person, col(Assessor.cohort_id) == cohort)
            )
        ).first()
        return Actor(by.person, by.role, assessor=AssessorId(row) if row else None)
    grants = (
        await session.exec(
            select(RoleGrant.organisation_code).where(
                col(RoleGrant.person_id) == by.person, col(RoleGrant.role) == by.role
            )
        )
    ).all()
    if not grants:
        raise RefusedError(f"{by.person} does not hold the role '{by.role.value}'. Act in a role you hold.")
    own = subject.organisation if subject.organisation in grants else grants[0]
    return Actor(by.person, by.role, organisation=OrganisationCode(own) if own else None)

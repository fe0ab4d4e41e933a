"""The pilot's files: the organisations, the register and the nominations that the simulated people start from."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from acts.nominating import Endorsing, Nominating
from intake.files import (
    read_applications,
    read_assessors,
    read_nominations,
    read_officers,
    read_organisations,
)
from intake.nominations import import_declared_conflicts
from intake.register import import_assessors, import_officers, import_organisations
from intake.rows import ApplicationRow, AssessorRow, NominationRow, OfficerRow, OrganisationRow
from models.enums import Role
from models.ids import CohortId, OrganisationCode, PersonId
from models.messages import By
from models.policy import Policy
from models.tables import Assessor, Person, RoleGrant
from rules.applications import NO
from simulation.chance import shuffled

PILOT = Path(__file__).resolve().parent.parent / "data" / "pilot"
_QUESTIONS = ("employed_in_region", "reports_to_board", "next_step_executive")


@dataclass(frozen=True)
class Cast:
    """What the files say."""

    organisations: tuple[OrganisationRow, ...]
    officers: tuple[OfficerRow, ...]
    assessors: tuple[AssessorRow, ...]
    nominations: dict[str, NominationRow]
    applications: dict[str, dict[str, str]]

    @property
    def likely(self) -> frozenset[str]:
        """References of nominations that are endorsed and whose application would pass screening."""
        return frozenset(
            reference
            for reference, row in self.nominations.items()
            if row.endorsed and NO not in (self.applications[reference].get(name) for name in _QUESTIONS)
        )

    @property
    def unendorsed(self) -> frozenset[str]:
        """References of nominations that come without an endorsement."""
        return frozenset(reference for reference, row in self.nominations.items() if not row.endorsed)

    @property
    def named(self) -> frozenset[str]:
        """References of nominations that assessors declare conflicts with beforehand."""
        return frozenset(one.nomination for row in self.assessors for one in row.declared_conflicts)

    def only(self, count: int, seed: str) -> "Cast":
        """A smaller cohort: so many of the nominations, chosen by ``seed``."""
        kept = set(shuffled(self.nominations, seed, "kept")[:count])
        assessors = tuple(
            row.model_copy(
                update={"declared_conflicts": tuple(one for one in row.declared_conflicts if one.nomination in kept)}
            )
            for row in self.assessors
        )
        nominations = {reference: row for reference, row in self.nominations.items() if reference in kept}
        return replace(self, nominations=nominations, assessors=assessors)


def read_cast(policy: Policy, folder: Path = PILOT) -> Cast:
    """Read the files of ``folder``.

    Raises:
        BadFile: A file cannot be used; it names every bad cell.
    """
    criteria = [criterion.code for criterion in policy.scoring.criteria]
    applications: Iterable[ApplicationRow] = read_applications(folder / "applications.csv", criteria)
    return Cast(
        organisations=read_organisations(folder / "organisations.csv"),
        officers=read_officers(folder / "officers.csv"),
        assessors=read_assessors(folder / "assessors.csv"),
        nominations={row.reference: row for row in read_nominations(folder / "nominations.csv")},
        applications={row.reference: dict(row.fields) for row in applications},
    )


async def bring_people_in(sessions: async_sessionmaker[AsyncSession], cast: Cast, at: datetime) -> None:
    """Import the organisations and the officers; twice is once."""
    async with sessions.begin() as session:
        await import_organisations(session, cast.organisations, at)
    async with sessions.begin() as session:
        await import_officers(session, cast.officers, at)


async def bring_assessors_in(
    sessions: async_sessionmaker[AsyncSession], cast: Cast, cohort: str, at: datetime
) -> None:
    """Import the register of assessors; twice is once."""
    async with sessions.begin() as session:
        await import_assessors(session, cohort, cast.assessors, at)


async def declare_conflicts(
    sessions: async_sessionmaker[AsyncSession], cast: Cast, cohort: str, at: datetime, by: By
) -> None:
    """Import the conflicts that the register declares, once all nominations are there; twice is once."""
    async with sessions.begin() as session:
        await import_declared_conflicts(session, cohort, cast.assessors, at, by=by)


@dataclass(frozen=True)
class Offices:
    """Who holds which office, in the files' order; nominators by organisation, assessors by reference."""

    holders: dict[Role, tuple[PersonId, ...]]
    nominators: dict[str, PersonId]
    assessors: dict[str, PersonId]

    def by(self, role: Role, number: int = 0) -> By:
        """An officer who acts in a role."""
        holders = self.holders[role]
        return By(person=holders[number % len(holders)], role=role)


async def read_offices(session: AsyncSession, cast: Cast, cohort: str) -> Offices:
    """Who holds which office, by the persons' identifiers in the database."""
    people = await session.exec(
        select(Person.email, Person.id).where(col(Person.email).in_([row.email for row in cast.officers]))
    )
    ids = {email.lower(): PersonId(person) for email, person in people}
    holders: dict[Role, list[PersonId]] = {}
    for row in cast.officers:
        holders.setdefault(row.role, []).append(ids[row.email.lower()])
    nominators = await session.exec(
        select(RoleGrant.organisation_code, RoleGrant.person_id).where(col(RoleGrant.role) == Role.NOMINATOR)
    )
    assessors = await session.exec(select(Assessor.id, Assessor.person_id).where(col(Assessor.cohort_id) == cohort))
    return Offices(
        holders={role: tuple(persons) for role, persons in holders.items()},
        nominators={code: PersonId(person) for code, person in nominators},
        assessors={reference: PersonId(person) for reference, person in assessors},
    )


def nominating(row: NominationRow, cohort: CohortId) -> Nominating:
    """What a line of nominations.csv says, as an act."""
    endorsement = None
    if row.endorser_post is not None:
        endorsement = Endorsing(
            full_name=row.endorser_name,
            email=row.endorser_email,
            post=row.endorser_post,
            organisation=OrganisationCode(row.endorser_organisation),
            statement=row.endorsement,
        )
    return Nominating(
        cohort=cohort,
        organisation=OrganisationCode(row.organisation),
        route=row.route,
        full_name=row.nominee_name,
        email=row.nominee_email,
        readiness=row.readiness,
        post=row.current_post,
        interests=row.interests,
        earlier_posts=tuple(
            (OrganisationCode(left.organisation), left.left_on) for left in row.previous_organisations
        ),
        endorsement=endorsement,
        reference=row.reference,
    )

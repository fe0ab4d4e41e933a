"""A small cohort made up for measuring: its policy, its register and the people who act in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel.ext.asyncio.session import AsyncSession

from acts.nominating import Endorsing, Nominating
from models.enums import AssessorRole, EndorserPost, NominationRoute, Readiness, Role
from models.ids import CohortId, OrganisationCode, PersonId
from models.messages import By
from models.policy import Policy
from models.tables import Assessor, Availability, Organisation, Person, RoleGrant
from rules.applications import YES, FieldKind, form
from rules.policies import read_policy

PILOT = Path(__file__).resolve().parent.parent / "data" / "pilot" / "policy.toml"
NOMINATORS = 20
_ROLES = (AssessorRole.CHIEF_EXECUTIVE, AssessorRole.NON_EXECUTIVE_DIRECTOR, AssessorRole.CHAIR)
_FIRST = ("Wyn", "Thel", "Orl", "Quen", "Brax", "Jor", "Mirr", "Fenn", "Zeph", "Ulv")
_LAST = ("atholme", "ibrooke", "ogarth", "underby", "eswick", "allowby", "istrand", "ockleigh", "umford", "enshaw")
_EVIDENCE = (
    "Spoke of the winter at {place} with {first} {last}, gave three figures for it, named who had disagreed and why, "
    "and said what would be done otherwise next time."
)


@dataclass(frozen=True)
class Cast:
    """Who acts: ids of people in their roles, and the assessors' people by assessor."""

    policy: Policy
    operations: By
    moderator: By
    drafter: By
    approver: By
    nominators: tuple[tuple[OrganisationCode, By], ...]
    assessors: dict[str, By]

    @property
    def cohort(self) -> CohortId:
        """The cohort they act in."""
        return CohortId(self.policy.cohort.id)

    def nominating(self, number: int) -> tuple[Nominating, By]:
        """The nomination of somebody new, with its endorsement, and who nominates."""
        organisation, nominator = self.nominators[number % len(self.nominators)]
        name, email = _person(f"nominee{number}", number)
        endorser, endorser_email = _person(f"chief{number % NOMINATORS}", number % NOMINATORS)
        endorsing = Endorsing(
            endorser,
            endorser_email,
            EndorserPost.CHIEF_EXECUTIVE,
            organisation,
            f"{name} has led the turnaround of the {_place(number)} service and carries everybody's trust.",
        )
        said = Nominating(
            cohort=self.cohort,
            organisation=organisation,
            route=NominationRoute.ORGANISATION,
            full_name=name,
            email=email,
            post=f"Deputy director at the {_place(number)} service",
            readiness=Readiness.READY_NOW,
            endorsement=endorsing,
        )
        return said, nominator

    def application(self, number: int) -> dict[str, str]:
        """A complete application."""
        answers = {FieldKind.YES_OR_NO: YES, FieldKind.CHOICE: Readiness.READY_NOW.value}
        return {
            field.name: answers.get(field.kind) or f"At {_place(number)} I set out to mend {field.name}, and did."
            for field in form(self.policy)
        }

    def evidence(self, nomination: str, assessor: str) -> str:
        """Evidence long enough for the quality rules."""
        number = sum(map(ord, nomination + assessor))
        first, last = _name(number).split()
        return _EVIDENCE.format(place=_place(number), first=first, last=last)


def policy_for(cohort: str, *, audit_share: float = 0.0) -> Policy:
    """The pilot's policy with a window that opens at once, no waiting, no reminders, and panels released at once."""
    pilot = read_policy(PILOT).model_dump(mode="json")
    changed: dict[str, dict[str, object]] = {
        "cohort": {"id": cohort, "name": f"Measured cohort {cohort}"},
        "window": {"opens": "0 seconds", "closes": "2 days", "grace": "0 seconds", "ends": "1 second"},
        "assessors": {"capacity": 1000},
        "allocation": {"released_by_operations": False},
        "quality": {"audit_share": audit_share},
        "admission": {"places": 100_000},
        "reminders": {"before": []},
        "timing": {"roll_call_every": "1 second"},
        "assumptions": {},
    }
    merged = {
        name: {**part, **changed.get(name, {})} if isinstance(part, dict) else part for name, part in pilot.items()
    }
    return Policy.model_validate({**merged, "assumptions": {}})


async def bring_people(sessions: async_sessionmaker[AsyncSession], policy: Policy) -> Cast:
    """Stores organisations and office holders; the assessors need the cohort and come with `bring_assessors`."""
    now = datetime.now(UTC)
    async with sessions.begin() as session:
        operations, moderator, drafter, approver = [
            await _office(session, role, number, now) for number, role in enumerate(_OFFICES)
        ]
        nominators = []
        for number in range(NOMINATORS):
            code = OrganisationCode(f"N{number:03d}")
            await _organisation(session, code)
            name, email = _person(f"nominator{number}", number + 40)
            person = await _person_row(session, f"p-000000a{number:05d}", name, email)
            await session.merge(
                RoleGrant(person_id=person, role=Role.NOMINATOR, organisation_code=code, granted_at=now)
            )
            nominators.append((code, By(person=PersonId(person), role=Role.NOMINATOR)))
    return Cast(policy, operations, moderator, drafter, approver, tuple(nominators), {})


async def bring_assessors(sessions: async_sessionmaker[AsyncSession], cast: Cast, count: int) -> None:
    """Stores the register of an open cohort: each assessor of an organisation of their own, free every day."""
    panel = cast.policy.panel
    async with sessions.begin() as session:
        for number in range(count):
            code, id_ = f"S{number:03d}", f"A-{number:03d}"
            await _organisation(session, code)
            name, email = _person(f"assessor{number}", number + 100)
            person = await _person_row(session, f"p-000000b{number:05d}", name, email)
            session.add(
                Assessor(
                    id=id_,
                    cohort_id=cast.cohort,
                    person_id=person,
                    role=_ROLES[number % len(_ROLES)],
                    organisation_code=code,
                    capacity=cast.policy.assessors.capacity,
                )
            )
            await session.flush()
            session.add(
                Availability(
                    assessor_id=id_,
                    cohort_id=cast.cohort,
                    from_day=panel.assessed_from,
                    until_day=panel.assessed_until,
                )
            )
            cast.assessors[id_] = By(person=PersonId(person), role=Role.ASSESSOR)


_OFFICES = (Role.OPERATIONS, Role.MODERATOR, Role.BOARD, Role.BOARD)


async def _office(session: AsyncSession, role: Role, number: int, now: datetime) -> By:
    name, email = _person(f"office{number}", number + 70)
    person = await _person_row(session, f"p-000000c{number:05d}", name, email)
    await session.merge(RoleGrant(person_id=person, role=role, organisation_code="", granted_at=now))
    return By(person=PersonId(person), role=role)


async def _organisation(session: AsyncSession, code: str) -> None:
    await session.merge(
        Organisation(
            code=code,
            name=f"Organisation {code}",
            type="trust",
            region="Midlands and East",
            local_office_code=f"L{code}",
            system_code=f"Q{code}",
            system_name=f"System {code}",
        )
    )
    await session.flush()


async def _person_row(session: AsyncSession, id_: str, name: str, email: str) -> str:
    await session.merge(Person(id=id_, full_name=name, email=email))
    await session.flush()
    return id_


def _person(mailbox: str, number: int) -> tuple[str, str]:
    return _name(number), f"{mailbox}@example.nhs.test"


def _name(number: int) -> str:
    names = [f"{first}o {other}{last}" for first, (other, last) in _pairs()]
    return names[number * 7919 % len(names)]


def _place(number: int) -> str:
    return f"{_FIRST[number % 10]}{_LAST[number // 10 % 10]}"


def _pairs() -> Iterator[tuple[str, tuple[str, str]]]:
    return ((first, (other, last)) for first, other, last in product(_FIRST, _FIRST, _LAST))

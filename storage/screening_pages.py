"""Nominations that wait for a person to screen them, for who may do that."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, false
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import EndorserPost, Stage
from models.policy import Policy
from models.tables import Application, Endorsement, Nomination, Organisation, Person, ScreeningFinding
from rules.permissions import Act, may
from storage.lists import Asker, visible_to
from storage.policies import policy_of

A_PAGE = 50


@dataclass(frozen=True)
class ToScreen:
    """A nomination the rules did not pass, with what they found unmet."""

    nomination: Nomination
    nominee: str
    unmet: tuple[ScreeningFinding, ...]


@dataclass(frozen=True)
class ScreeningCase:
    """What whoever screens a nomination may know of it.

    Attributes:
        nomination: Where it stands.
        nominee: Their name.
        organisation: Their organisation's name.
        policy: The cohort's.
        findings: What the rules found, met or not.
        answers: The newest application as submitted, by field.
        endorser: The name and post of who endorsed it, and what they wrote; None without an endorsement.
    """

    nomination: Nomination
    nominee: str
    organisation: str
    policy: Policy
    findings: tuple[ScreeningFinding, ...]
    answers: Mapping[str, str]
    endorser: tuple[str, EndorserPost, str] | None

    @property
    def waits(self) -> bool:
        """Whether a person must say what screening comes to."""
        return self.nomination.stage is Stage.SCREENING and any(not one.met for one in self.findings)


async def to_screen(session: AsyncSession, asker: Asker, *, after: str = "", limit: int = A_PAGE) -> list[ToScreen]:
    """The nominations that wait, after ``after`` in the order of their numbers, at most ``limit``."""
    rows = await session.exec(
        select(Nomination, Person.full_name)
        .join(Person, col(Person.id) == col(Nomination.person_id))
        .where(*_waiting(asker), col(Nomination.id) > after)
        .order_by(col(Nomination.id))
        .limit(limit)
    )
    found = rows.all()
    unmet: dict[str, list[ScreeningFinding]] = defaultdict(list)
    findings = await session.exec(
        select(ScreeningFinding)
        .where(
            col(ScreeningFinding.nomination_id).in_([row.id for row, _ in found]),
            col(ScreeningFinding.met).is_(False),
        )
        .order_by(col(ScreeningFinding.nomination_id), col(ScreeningFinding.rule))
    )
    for finding in findings:
        unmet[finding.nomination_id].append(finding)
    return [ToScreen(row, name, tuple(unmet[row.id])) for row, name in found]


async def count_to_screen(session: AsyncSession, asker: Asker) -> int:
    """How many nominations wait for a person to screen them."""
    found = await session.exec(select(func.count()).select_from(Nomination).where(*_waiting(asker)))
    return found.one()


async def screening_case_of(session: AsyncSession, asker: Asker, nomination: str) -> ScreeningCase | None:
    """The nomination with what screening found, or None if there is none or this person may not screen it."""
    found = await session.exec(
        select(Nomination, Person.full_name, Organisation.name)
        .join(Person, col(Person.id) == col(Nomination.person_id))
        .join(Organisation, col(Organisation.code) == col(Nomination.organisation_code))
        .where(*_screened_by(asker), col(Nomination.id) == nomination)
    )
    row = found.one_or_none()
    if row is None:
        return None
    stored, nominee, organisation = row
    findings = await session.exec(
        select(ScreeningFinding)
        .where(col(ScreeningFinding.nomination_id) == nomination)
        .order_by(col(ScreeningFinding.rule))
    )
    applications = await session.exec(
        select(Application)
        .where(col(Application.nomination_id) == nomination)
        .order_by(col(Application.version).desc())
        .limit(1)
    )
    newest = applications.one_or_none()
    endorsements = await session.exec(
        select(Person.full_name, Endorsement.post, Endorsement.statement)
        .join(Person, col(Person.id) == col(Endorsement.person_id))
        .where(col(Endorsement.nomination_id) == nomination)
    )
    endorsed = endorsements.one_or_none()
    return ScreeningCase(
        nomination=stored,
        nominee=nominee,
        organisation=organisation,
        policy=await policy_of(session, stored.cohort_id),
        findings=tuple(findings),
        answers=newest.content if newest else {},
        endorser=(endorsed[0], EndorserPost(endorsed[1]), endorsed[2]) if endorsed else None,
    )


def _waiting(asker: Asker) -> list[ColumnElement[bool]]:
    unmet = select(ScreeningFinding.nomination_id).where(col(ScreeningFinding.met).is_(False))
    return [*_screened_by(asker), col(Nomination.stage) == Stage.SCREENING, col(Nomination.id).in_(unmet)]


def _screened_by(asker: Asker) -> list[ColumnElement[bool]]:
    """Which nominations this person may screen: nobody their own."""
    if not may(asker.role, Act.SCREEN) or not may(asker.role, Act.READ_APPLICATION):
        return [false()]
    return [visible_to(asker), col(Nomination.person_id) != asker.person]

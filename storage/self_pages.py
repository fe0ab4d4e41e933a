"""What somebody sees who nominates themselves: the organisations that take part, and what they have begun or sent."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import ENDS, Role
from models.tables import Cohort, Nomination, NominationDraft, Organisation, Person, RoleGrant

BEGUN = "s-"
"""What the ids of drafts begin with that people make of themselves."""


@dataclass(frozen=True)
class OwnBegun:
    """A nomination somebody has begun of themselves, sent or not, with the words for its round and organisation."""

    draft: NominationDraft
    person: Person
    cohort: Cohort
    organisation: str


async def organisations_for(session: AsyncSession, person: str) -> Sequence[tuple[str, str]]:
    """Code and name of the organisations that take part, by name.

    Taking part means that somebody else than this person acts for it: a self-nomination is for others to endorse.
    """
    rows = await session.exec(
        select(Organisation.code, Organisation.name)
        .where(_somebody_acts_besides(person))
        .order_by(col(Organisation.name), col(Organisation.code))
    )
    return rows.all()


async def takes_part(session: AsyncSession, organisation: str, person: str) -> bool:
    """Whether this organisation is one of those that this person can choose."""
    rows = await session.exec(
        select(Organisation.code).where(col(Organisation.code) == organisation, _somebody_acts_besides(person))
    )
    return rows.first() is not None


async def self_begun(session: AsyncSession, person: str, draft: str | None = None) -> tuple[OwnBegun, ...]:
    """What this person has begun of themselves, newest first, or the one of this id; nobody else's."""
    query = (
        select(NominationDraft, Person, Cohort, Organisation.name)
        .join(Person, col(Person.id) == col(NominationDraft.person_id))
        .join(Cohort, col(Cohort.id) == col(NominationDraft.cohort_id))
        .join(Organisation, col(Organisation.code) == col(NominationDraft.organisation_code))
        .where(col(NominationDraft.person_id) == person, col(NominationDraft.id).startswith(BEGUN))
        .order_by(col(NominationDraft.saved_at).desc(), col(NominationDraft.id))
    )
    if draft is not None:
        query = query.where(col(NominationDraft.id) == draft)
    return tuple(OwnBegun(*row) for row in await session.exec(query))


async def live_nominations(session: AsyncSession, person: str) -> dict[str, str]:
    """By cohort, the nomination of this person that is not over, whoever made it."""
    rows = await session.exec(
        select(Nomination.cohort_id, Nomination.id).where(
            col(Nomination.person_id) == person, col(Nomination.stage).not_in(list(ENDS))
        )
    )
    return dict(rows.all())


def _somebody_acts_besides(person: str) -> ColumnElement[bool]:
    return exists().where(
        col(RoleGrant.organisation_code) == col(Organisation.code),
        col(RoleGrant.role) == Role.NOMINATOR,
        col(RoleGrant.person_id) != person,
    )

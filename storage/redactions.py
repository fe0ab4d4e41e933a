"""Who stands behind an application, so that a redacted form of it can be made when it is submitted."""

from collections.abc import Mapping

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.policy import Policy
from models.tables import EarlierPost, Endorsement, Nomination, Organisation, Person
from rules.redaction import Identity, redacted_application


async def redacted_form(
    session: AsyncSession, nomination: str, content: Mapping[str, str], policy: Policy
) -> dict[str, str] | None:
    """The application without what tells who wrote it; None where the cohort's policy lets the panel know."""
    if not policy.panel.anonymous:
        return None
    return redacted_application(content, await identity_of(session, nomination), policy)


async def identity_of(session: AsyncSession, nomination: str) -> Identity:
    """The names and organisations that lead to a nominee; for redaction alone."""
    named = or_(
        col(Person.id) == col(Nomination.person_id),
        col(Person.id) == col(Nomination.nominated_by),
        col(Person.id).in_(select(Endorsement.person_id).where(col(Endorsement.nomination_id) == nomination)),
    )
    names = await session.exec(
        select(Person.full_name).join(Nomination, named).where(col(Nomination.id) == nomination)
    )
    worked = or_(
        col(Organisation.code) == col(Nomination.organisation_code),
        col(Organisation.code).in_(
            select(EarlierPost.organisation_code).where(col(EarlierPost.person_id) == col(Nomination.person_id))
        ),
        col(Organisation.code).in_(
            select(Endorsement.organisation_code).where(col(Endorsement.nomination_id) == nomination)
        ),
    )
    organisations = await session.exec(
        select(Organisation.name, Organisation.code).join(Nomination, worked).where(col(Nomination.id) == nomination)
    )
    return Identity(frozenset(names), frozenset(word for both in organisations for word in both))

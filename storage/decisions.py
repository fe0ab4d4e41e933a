"""What the board looks at: who is up for decision, what is drafted, and who gets which letter on release."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import SETTLED, Outcome, Stage, Template
from models.tables import Decision, Nomination, Person

_SCORED = (Stage.AWAITING_DECISION, Stage.DECIDED, Stage.IN_POOL, Stage.RESERVED, Stage.NOT_ADMITTED)


@dataclass(frozen=True)
class LetterToCome:
    """A letter that the release of decisions will send, and to whom."""

    nomination: str
    template: Template
    name: str
    email: str


async def up_for_decision(session: AsyncSession, cohort: str) -> dict[str, str]:
    """The nominations whose scores are confirmed, with the nominees' names; for who may read the proposed order."""
    rows = await session.exec(
        select(Nomination.id, Person.full_name)
        .join(Person, col(Person.id) == col(Nomination.person_id))
        .where(col(Nomination.cohort_id) == cohort, col(Nomination.stage).in_(list(_SCORED)))
        .order_by(col(Nomination.id))
    )
    return dict(rows.all())


async def decisions_of(session: AsyncSession, cohort: str) -> dict[str, Decision]:
    """Every decision of a cohort, drafted or approved, by nomination."""
    rows = await session.exec(
        select(Decision)
        .join(Nomination, col(Nomination.id) == col(Decision.nomination_id))
        .where(col(Nomination.cohort_id) == cohort)
    )
    return {row.nomination_id: row for row in rows}


async def drafts_of(session: AsyncSession, cohort: str) -> list[str]:
    """The nominations with a drafted decision that nobody has approved."""
    rows = await session.exec(
        select(Decision.nomination_id)
        .join(Nomination, col(Nomination.id) == col(Decision.nomination_id))
        .where(
            col(Nomination.cohort_id) == cohort,
            col(Nomination.stage) == Stage.AWAITING_DECISION,
            col(Decision.approved_by).is_(None),
        )
        .order_by(col(Decision.nomination_id))
    )
    return list(rows)


async def undecided(session: AsyncSession, cohort: str) -> list[str]:
    """The nominations that a release would have to wait for."""
    rows = await session.exec(
        select(Nomination.id)
        .where(
            col(Nomination.cohort_id) == cohort,
            col(Nomination.stage).not_in([*SETTLED, Stage.DECIDED]),
        )
        .order_by(col(Nomination.id))
    )
    return list(rows)


async def letters_on_release(
    session: AsyncSession, cohort: str, letters: Mapping[Outcome, Sequence[Template]]
) -> list[LetterToCome]:
    """Which letter goes to whom when decisions are released; for who may preview the release.

    Args:
        session: Only reads.
        cohort: Whose decisions.
        letters: The letters that belong to each outcome.
    """
    rows = await session.exec(
        select(Nomination.id, Nomination.outcome, Person.full_name, Person.email)
        .join(Person, col(Person.id) == col(Nomination.person_id))
        .where(col(Nomination.cohort_id) == cohort, col(Nomination.stage) == Stage.DECIDED)
        .order_by(col(Nomination.id))
    )
    return [
        LetterToCome(nomination, template, name, email)
        for nomination, outcome, name, email in rows
        if outcome is not None
        for template in letters[Outcome(outcome)]
    ]

"""What a nominee sees of their own nominations: every query is filtered by who asks."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import Outcome, Stage
from models.tables import (
    Application,
    ApplicationDraft,
    Assessment,
    AuditEvent,
    Cohort,
    Decision,
    EarlierPost,
    Endorsement,
    Nomination,
    Organisation,
    OutboxMessage,
    Person,
    ScreeningFinding,
)
from storage.lists import Asker

_RELEASED = frozenset({Stage.IN_POOL, Stage.RESERVED, Stage.NOT_ADMITTED})


@dataclass(frozen=True)
class OwnNomination:
    """One of the asker's own nominations. ``outcome`` is None until the board's decision was released."""

    nomination: Nomination
    cohort: Cohort
    organisation: str
    outcome: Outcome | None


@dataclass(frozen=True)
class OwnEndorsement:
    """That somebody endorsed: in which post, from which organisation and with which words, without their name."""

    nomination: str
    endorsement: Endorsement
    organisation: str


async def own_nominations(session: AsyncSession, asker: Asker) -> tuple[OwnNomination, ...]:
    """Every nomination of the person who asks, newest first."""
    rows = await session.exec(
        select(Nomination, Cohort, Organisation.name, Decision.released_at)
        .join(Cohort, col(Cohort.id) == col(Nomination.cohort_id))
        .join(Organisation, col(Organisation.code) == col(Nomination.organisation_code))
        .join(Decision, col(Decision.nomination_id) == col(Nomination.id), isouter=True)
        .where(col(Nomination.person_id) == asker.person)
        .order_by(col(Nomination.created_at).desc(), col(Nomination.id).desc())
    )
    return tuple(
        OwnNomination(row, cohort, name, row.outcome if row.stage in _RELEASED or released_at is not None else None)
        for row, cohort, name, released_at in rows
    )


async def own_person(session: AsyncSession, asker: Asker) -> tuple[Person, tuple[EarlierPost, ...]]:
    """Who asks, and the posts they left that could be a conflict of interest."""
    person = await session.get_one(Person, asker.person)
    posts = await session.exec(
        select(EarlierPost)
        .where(col(EarlierPost.person_id) == asker.person)
        .order_by(col(EarlierPost.organisation_code))
    )
    return person, tuple(posts)


async def own_drafts(session: AsyncSession, asker: Asker) -> tuple[ApplicationDraft, ...]:
    """Every field that the person who asks has typed, by nomination and field."""
    rows = await session.exec(
        select(ApplicationDraft)
        .join(Nomination, col(Nomination.id) == col(ApplicationDraft.nomination_id))
        .where(col(Nomination.person_id) == asker.person)
        .order_by(col(ApplicationDraft.nomination_id), col(ApplicationDraft.field))
    )
    return tuple(rows)


async def own_draft(session: AsyncSession, asker: Asker, nomination: str) -> dict[str, ApplicationDraft]:
    """One nomination's application as last typed, by field."""
    rows = await session.exec(
        select(ApplicationDraft)
        .join(Nomination, col(Nomination.id) == col(ApplicationDraft.nomination_id))
        .where(col(Nomination.person_id) == asker.person, col(Nomination.id) == nomination)
    )
    return {row.field: row for row in rows}


async def own_versions(session: AsyncSession, asker: Asker, nomination: str | None = None) -> tuple[Application, ...]:
    """The applications as submitted, newest version first; of one nomination or of all."""
    query = (
        select(Application)
        .join(Nomination, col(Nomination.id) == col(Application.nomination_id))
        .where(col(Nomination.person_id) == asker.person)
        .order_by(col(Application.nomination_id), col(Application.version).desc())
    )
    if nomination is not None:
        query = query.where(col(Application.nomination_id) == nomination)
    return tuple(await session.exec(query))


async def own_endorsements(session: AsyncSession, asker: Asker) -> tuple[OwnEndorsement, ...]:
    """The endorsements of the asker's nominations."""
    rows = await session.exec(
        select(Endorsement, Organisation.name)
        .join(Nomination, col(Nomination.id) == col(Endorsement.nomination_id))
        .join(Organisation, col(Organisation.code) == col(Endorsement.organisation_code))
        .where(col(Nomination.person_id) == asker.person)
        .order_by(col(Endorsement.nomination_id))
    )
    return tuple(OwnEndorsement(row.nomination_id, row, name) for row, name in rows)


async def own_letters(
    session: AsyncSession, asker: Asker, nomination: str | None = None
) -> tuple[OutboxMessage, ...]:
    """Letters to the person who asks about their own nominations, oldest first; none they get in other roles."""
    query = (
        select(OutboxMessage)
        .join(Nomination, col(Nomination.id) == col(OutboxMessage.nomination_id))
        .where(
            col(OutboxMessage.person_id) == asker.person,
            col(Nomination.person_id) == asker.person,
            col(OutboxMessage.assessment_id).is_(None),
        )
        .order_by(col(OutboxMessage.queued_at), col(OutboxMessage.id))
    )
    if nomination is not None:
        query = query.where(col(OutboxMessage.nomination_id) == nomination)
    return tuple(await session.exec(query))


async def reasons_for(session: AsyncSession, asker: Asker) -> dict[str, tuple[str, ...]]:
    """Why nominations of the person who asks were found not eligible, by nomination; none of any other stage."""
    rows = await session.exec(
        select(ScreeningFinding.nomination_id, ScreeningFinding.reason)
        .join(Nomination, col(Nomination.id) == col(ScreeningFinding.nomination_id))
        .where(
            col(Nomination.person_id) == asker.person,
            col(Nomination.stage) == Stage.INELIGIBLE,
            col(ScreeningFinding.met).is_(False),
        )
        .order_by(col(ScreeningFinding.nomination_id), col(ScreeningFinding.rule))
    )
    found: dict[str, tuple[str, ...]] = {}
    for nomination, reason in rows:
        found[nomination] = (*found.get(nomination, ()), reason)
    return found


async def own_events(session: AsyncSession, asker: Asker, nomination: str | None = None) -> Sequence[AuditEvent]:
    """What happened to the asker's nominations, oldest first; nothing of the assessments on them."""
    own = select(Nomination.id).where(col(Nomination.person_id) == asker.person)
    if nomination is not None:
        own = own.where(col(Nomination.id) == nomination)
    numbers = list(await session.exec(own))
    rows = await session.exec(
        select(AuditEvent)
        .where(
            or_(
                col(AuditEvent.subject).in_(numbers),
                col(AuditEvent.subject).in_([f"nomination/{number}" for number in numbers]),
            )
        )
        .order_by(col(AuditEvent.position))
    )
    return rows.all()


async def own_seats(session: AsyncSession, asker: Asker, nomination: str) -> tuple[Assessment, ...]:
    """The tasks of those who assess one of the asker's nominations; pages show when, and never who."""
    rows = await session.exec(
        select(Assessment)
        .join(Nomination, col(Nomination.id) == col(Assessment.nomination_id))
        .where(col(Nomination.person_id) == asker.person, col(Nomination.id) == nomination)
        .order_by(col(Assessment.id))
    )
    return tuple(rows)

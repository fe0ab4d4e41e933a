"""What operations keep in order, as they look at it: letters, people with their roles, organisations."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, false, func, literal, or_, true, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import MessageStatus, Role
from models.tables import Assessor, Nomination, Organisation, OutboxMessage, Person, RoleGrant
from rules.permissions import Act, may
from storage.folding import holds
from storage.lists import Asker, is_not_kept_from

AT_ONCE = 50


@dataclass(frozen=True)
class Held:
    """A role that somebody was given; ``organisation`` is its name, empty for roles of the whole region."""

    role: Role
    code: str
    organisation: str
    granted_at: datetime


@dataclass(frozen=True)
class PersonFacts:
    """A person with everything they may act as.

    ``seats``: their references as an assessor, each with its cohort; ``nominee``: whether they were nominated.
    """

    person: Person
    held: tuple[Held, ...]
    seats: tuple[tuple[str, str], ...]
    nominee: bool


@dataclass(frozen=True)
class OrganisationLine:
    """An organisation in a list, with how many people nominate for it."""

    organisation: Organisation
    nominators: int


async def messages_by_status(session: AsyncSession, asker: Asker, cohort: str) -> dict[MessageStatus, int]:
    """How many letters of a cohort stand how; for who keeps letters in order."""
    rows = await session.exec(
        select(OutboxMessage.status, func.count())
        .where(_reads_letters(asker), col(OutboxMessage.cohort_id) == cohort)
        .group_by(col(OutboxMessage.status))
    )
    return {MessageStatus(status): count for status, count in rows}


async def letters_listed(
    session: AsyncSession,
    asker: Asker,
    *,
    cohort: str = "",
    status: MessageStatus | None = None,
    nomination: str = "",
    after: str = "",
    limit: int = AT_ONCE,
) -> Sequence[tuple[OutboxMessage, str]]:
    """Letters with their readers' names, for who keeps letters in order, by the moment they were queued.

    Those of a nomination and those that were sent come newest first; those that wait for something, oldest first.

    Args:
        session: Only reads.
        asker: Who asks.
        cohort: Of this cohort alone.
        status: That stand so alone.
        nomination: About this nomination alone.
        after: The id of the last letter of the page before.
        limit: How many at most.
    """
    place = tuple_(col(OutboxMessage.queued_at), col(OutboxMessage.id))
    query = (
        select(OutboxMessage, Person.full_name)
        .join(Person, col(Person.id) == col(OutboxMessage.person_id))
        .where(_reads_letters(asker))
        .limit(limit)
    )
    if nomination:
        query = query.where(col(OutboxMessage.nomination_id) == nomination)
    else:
        query = query.where(col(OutboxMessage.cohort_id) == cohort)
    if status is not None:
        query = query.where(col(OutboxMessage.status) == status)
    newest_first = bool(nomination) or status is MessageStatus.SENT
    if after:
        other = aliased(OutboxMessage)
        queued = select(other.queued_at).where(col(other.id) == after).scalar_subquery()
        last = tuple_(queued, literal(after))
        query = query.where(place < last if newest_first else place > last)
    order = (col(OutboxMessage.queued_at), col(OutboxMessage.id))
    rows = await session.exec(query.order_by(*((one.desc() for one in order) if newest_first else order)))
    return rows.all()


async def message_visible_to(
    session: AsyncSession, asker: Asker, message: str
) -> tuple[OutboxMessage, Person] | None:
    """A letter and its reader, or None if there is none or this person may not see it."""
    rows = await session.exec(
        select(OutboxMessage, Person)
        .join(Person, col(Person.id) == col(OutboxMessage.person_id))
        .where(_reads_letters(asker), col(OutboxMessage.id) == message)
    )
    return rows.one_or_none()


async def people_like(
    session: AsyncSession, asker: Asker, words: str, *, after: str = "", limit: int = AT_ONCE
) -> tuple[tuple[Person, tuple[Held, ...]], ...]:
    """People whose name or address holds these words, by id, with the roles they were given."""
    rows = await session.exec(
        select(Person)
        .where(
            _keeps(asker),
            or_(
                holds(col(Person.full_name), words),
                col(Person.email).icontains(words, autoescape=True),
            ),
            col(Person.id) > after,
        )
        .order_by(col(Person.id))
        .limit(limit)
    )
    people = rows.all()
    held = await _held_by(session, [person.id for person in people])
    return tuple((person, tuple(held[person.id])) for person in people)


async def holders_of(
    session: AsyncSession, asker: Asker, role: Role | None, *, after: tuple[str, str, str] | None = None
) -> tuple[tuple[RoleGrant, Person], ...]:
    """Who was given which role, by role, organisation and person; one more than a page, if more follow."""
    order = (col(RoleGrant.role), col(RoleGrant.organisation_code), col(RoleGrant.person_id))
    query = (
        select(RoleGrant, Person)
        .join(Person, col(Person.id) == col(RoleGrant.person_id))
        .where(_keeps(asker))
        .order_by(*order)
        .limit(AT_ONCE + 1)
    )
    if role is not None:
        query = query.where(col(RoleGrant.role) == role)
    if after is not None:
        query = query.where(tuple_(*order) > after)
    return tuple((await session.exec(query)).all())


async def person_visible_to(session: AsyncSession, asker: Asker, person: str) -> PersonFacts | None:
    """A person with everything they may act as, or None if there is nobody or the asker may not know."""
    rows = await session.exec(select(Person).where(_keeps(asker), col(Person.id) == person))
    row = rows.one_or_none()
    if row is None:
        return None
    held = await _held_by(session, [person])
    seats = await session.exec(
        select(Assessor.id, Assessor.cohort_id).where(col(Assessor.person_id) == person).order_by(col(Assessor.id))
    )
    own = await session.exec(select(Nomination.id).where(col(Nomination.person_id) == person).limit(1))
    return PersonFacts(row, tuple(held[person]), tuple(seats.all()), own.first() is not None)


async def organisations_visible_to(
    session: AsyncSession, asker: Asker, *, words: str = "", after: str = "", limit: int = AT_ONCE
) -> tuple[OrganisationLine, ...]:
    """Organisations by code, those whose name or code holds these words; with how many people nominate for each."""
    nominators = (
        select(func.count())
        .where(
            col(RoleGrant.organisation_code) == col(Organisation.code), col(RoleGrant.role) == Role.NOMINATOR.value
        )
        .scalar_subquery()
    )
    query = (
        select(Organisation, nominators)
        .where(_keeps(asker), col(Organisation.code) > after)
        .order_by(col(Organisation.code))
        .limit(limit)
    )
    if words:
        query = query.where(
            or_(
                col(Organisation.name).icontains(words, autoescape=True),
                func.lower(col(Organisation.code)) == words.lower(),
            )
        )
    return tuple(OrganisationLine(organisation, count) for organisation, count in await session.exec(query))


async def organisation_visible_to(
    session: AsyncSession, asker: Asker, code: str
) -> tuple[Organisation, tuple[Person, ...]] | None:
    """An organisation with the people who nominate for it, or None."""
    found = await session.exec(select(Organisation).where(_keeps(asker), col(Organisation.code) == code))
    organisation = found.one_or_none()
    if organisation is None:
        return None
    people = await session.exec(
        select(Person)
        .join(RoleGrant, col(RoleGrant.person_id) == col(Person.id))
        .where(col(RoleGrant.organisation_code) == code, col(RoleGrant.role) == Role.NOMINATOR)
        .order_by(col(Person.full_name), col(Person.id))
    )
    return organisation, tuple(people.all())


async def _held_by(session: AsyncSession, people: Sequence[str]) -> defaultdict[str, list[Held]]:
    rows = await session.exec(
        select(RoleGrant, Organisation.name)
        .outerjoin(Organisation, col(Organisation.code) == col(RoleGrant.organisation_code))
        .where(col(RoleGrant.person_id).in_(people))
        .order_by(col(RoleGrant.role), col(RoleGrant.organisation_code))
    )
    held: defaultdict[str, list[Held]] = defaultdict(list)
    for grant, name in rows:
        held[grant.person_id].append(Held(Role(grant.role), grant.organisation_code, name or "", grant.granted_at))
    return held


def _keeps(asker: Asker) -> ColumnElement[bool]:
    """Whether this person keeps the register of people and organisations."""
    return true() if may(asker.role, Act.IMPORT_REGISTER) else false()


def _reads_letters(asker: Asker) -> ColumnElement[bool]:
    """Whether this person sends letters again that are stuck, and the letter is of no nomination kept from them."""
    return is_not_kept_from(asker, col(OutboxMessage.nomination_id)) if may(asker.role, Act.UNBLOCK) else false()

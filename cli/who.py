"""Who acts or asks: from an address or an id to a person in a role."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from cli.failures import FailedError, WrongUseError
from models.enums import Role

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

    from models.ids import PersonId
    from models.messages import By
    from models.tables import Person
    from rules.permissions import Subject
    from storage.lists import Asker

# ruff: noqa: PLC0415 -- imported where needed, so that --help answers at once

_WHO = "Who acts? Give --as with an email address or a person's id"


async def acting(
    session: "AsyncSession", who: str | None, role: Role | None, act: str, *, subject: "Subject | None" = None
) -> "By":
    """The person who acts, in the role they named or in the only one they hold in which the act is done.

    Raises:
        WrongUseError: Nobody was named, or they hold several roles that fit and named none.
        FailedError: Nobody is known by this address or id, or they hold no role at all.
    """
    from models.ids import PersonId
    from models.messages import By

    person, held = await _known(session, who)
    fitting = [role] if role else _fitting(person, held, act, subject)
    return By(person=PersonId(person.id), role=_one(fitting, held))


async def asking(session: "AsyncSession", who: str | None, role: Role | None, act: str) -> "Asker | None":
    """The person who asks, as queries need them; None when nobody was named, who is shown no name.

    Raises:
        WrongUseError: They hold several roles in which they may see this, and named none.
        FailedError: Nobody is known by this address or id, or they may not see it.
    """
    from rules.permissions import Act, may
    from storage.lists import Asker

    if who is None:
        return None
    person, held = await _known(session, who)
    if role is not None and role not in {one for one, _ in held}:
        raise FailedError(f"{person.id} does not hold the role '{role.value}'. Ask in a role you hold.")
    fitting = [role] if role else _fitting(person, held, act, None)
    chosen = _one(fitting, held)
    verdict = may(chosen, Act(act))
    if not verdict:
        raise FailedError(verdict.reason)
    return Asker(person.id, chosen, frozenset(place for one, place in held if one is chosen and place))


async def required(session: "AsyncSession", who: str | None, role: Role | None, act: str) -> "Asker":
    """As `asking`, for what is shown to nobody who is not named.

    Raises:
        WrongUseError: Nobody was named.
    """
    asker = await asking(session, who, role, act)
    if asker is None:
        raise WrongUseError(f"{_WHO}: this is shown only to those who may see it.")
    return asker


async def anybody_is_operations(session: "AsyncSession") -> bool:
    """Whether somebody holds the role operations: before that, the register is filled by whoever set it up."""
    from sqlmodel import col, select

    from models.tables import RoleGrant

    found = await session.exec(select(RoleGrant.person_id).where(col(RoleGrant.role) == Role.OPERATIONS).limit(1))
    return found.first() is not None


async def _known(session: "AsyncSession", who: str | None) -> "tuple[Person, list[tuple[Role, str]]]":
    from storage.lists import person_at, roles_of

    if who is None:
        raise WrongUseError(f"{_WHO}, such as --as p-0123456789ab, or set TALENT_POOL_AS for operations.")
    person = await person_at(session, who)
    if person is None:
        raise FailedError("Nobody is known by this address or id: look at 'python starter.py user list'.")
    held = await roles_of(session, person.id)
    if not held:
        raise FailedError(f"{person.id} holds no role: give one with 'python starter.py user grant'.")
    return person, held


def _fitting(person: "Person", held: Collection[tuple[Role, str]], act: str, subject: "Subject | None") -> list[Role]:
    """The roles held in which the act is done; of several, those that fit this nomination."""
    from rules.permissions import Act, may

    able = sorted({one for one, _ in held if may(one, Act(act))})
    if len(able) < 2 or subject is None:
        return able
    apt = [one for one in able if _is_theirs(person, one, held, subject)]
    return apt or able


def _is_theirs(person: "Person", role: Role, held: Collection[tuple[Role, str]], subject: "Subject") -> bool:
    if role is Role.NOMINEE:
        return subject.nominee == person.id
    if role is Role.NOMINATOR:
        return (role, subject.organisation or "") in held
    if role is Role.ASSESSOR:
        return bool(subject.assessors & {place for one, place in held if one is role})
    return True


def _one(fitting: list[Role], held: Collection[tuple[Role, str]]) -> Role:
    if len(fitting) > 1:
        raise WrongUseError(f"In which role? Give --role {' or --role '.join(role.value for role in fitting)}.")
    # Where none fits, the act itself says in its own words why not.
    return fitting[0] if fitting else min(one for one, _ in held)


async def person_id(session: "AsyncSession", who: str) -> "PersonId":
    """The id of the person with this address or id.

    Raises:
        FailedError: Nobody is known by it.
    """
    from models.ids import PersonId
    from storage.lists import person_at

    person = await person_at(session, who)
    if person is None:
        raise FailedError("Nobody is known by this address or id: look at 'python starter.py user list'.")
    return PersonId(person.id)

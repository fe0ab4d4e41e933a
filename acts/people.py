"""Giving people roles and taking them away; who loses a role acts in it no longer, wherever they are signed in."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from acts.desk import Desk, require
from acts.errors import NotKnownError, RefusedError
from intake.known import one_at_a_time
from intake.register import import_officers
from intake.rows import OfficerRow
from models.enums import Role
from models.ids import PersonId
from models.messages import By
from models.tables import ApiToken, RoleGrant
from rules.permissions import Act, Subject
from storage import audit
from storage.lists import person_at

GIVEN = (Role.NOMINATOR, Role.MODERATOR, Role.BOARD, Role.INCLUSION_ADVISER, Role.OPERATIONS)
"""The roles that people are given; the others follow from a case or the register of assessors."""


@dataclass(frozen=True)
class Granted:
    """Who holds the role now, and whether that is new."""

    person: PersonId
    new: bool


class PeopleActs:
    """Each act asks first whether whoever acts keeps the register."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def grant(self, row: OfficerRow, by: By) -> Granted:
        """Gives somebody a role; who is not known yet is added.

        Raises:
            RefusedError: Whoever acts may not, or it is themselves.
            BadFile: The organisation is unknown.
        """
        async with self._desk.transaction() as session:
            await require(session, by, Act.IMPORT_REGISTER, Subject())
            person = await person_at(session, row.email)
            if person is not None and person.id == by.person:
                raise RefusedError("Nobody gives themselves a role: ask somebody else in operations.")
            return await grant_role(session, row, by, self._desk.clock())

    async def withdraw(self, person: PersonId, role: Role, organisation: str, by: By) -> None:
        """Takes a role away.

        Raises:
            RefusedError: Whoever acts may not, or nobody would be left in operations.
            NotKnownError: They were not given this role.
        """
        async with self._desk.transaction() as session:
            await one_at_a_time(session)
            await require(session, by, Act.IMPORT_REGISTER, Subject())
            await withdraw_role(session, person, role, organisation, by=by, at=self._desk.clock())


async def grant_role(session: AsyncSession, row: OfficerRow, by: By, at: datetime) -> Granted:
    """Gives somebody a role, in the caller's transaction; whether they may is asked by the caller.

    Raises:
        BadFile: The organisation is unknown.
    """
    result = await import_officers(session, [row], at, by=by)
    person = await person_at(session, row.email)
    if person is None:
        raise LookupError("whoever was given a role is not in the register")
    return Granted(PersonId(person.id), bool(result.new))


async def withdraw_role(
    session: AsyncSession, person: PersonId, role: Role, organisation: str, *, by: By, at: datetime
) -> None:
    """Takes a role away, in the caller's transaction; whether they may is asked by the caller.

    Tokens that a nominator made for the organisation end for good: they do not come back with the role.

    Raises:
        RefusedError: Nobody would be left in operations.
        NotKnownError: They were not given this role.
    """
    # Two who take each other's role at the same moment must not both find the other still there.
    await one_at_a_time(session)
    held = await session.get(RoleGrant, (person, role, organisation))
    if held is None:
        raise NotKnownError(f"{person} was not given this role: look at 'python starter.py user list'.")
    if role is Role.OPERATIONS and await _is_last(session, person):
        raise RefusedError(f"{person} is the last in operations: give the role to somebody else first.")
    await session.delete(held)
    # Rows are locked first and the trail last, as by everybody else who writes both.
    tokens = await _ended_tokens(session, person, organisation, at) if role is Role.NOMINATOR else []
    await session.flush()
    await audit.append(
        session,
        at=at,
        actor=by.person,
        role=by.role,
        what="officer_revoked",
        subject=f"person/{person}",
        before={"role": role.value, "organisation": organisation},
    )
    for token in tokens:
        await audit.append(
            session,
            at=at,
            actor=by.person,
            role=by.role,
            what="token_revoked",
            subject=f"token/{token}",
            after={"organisation": organisation},
        )


async def _ended_tokens(session: AsyncSession, person: PersonId, organisation: str, at: datetime) -> list[str]:
    """Revokes what a person made for an organisation's programs; the tokens' ids."""
    live = await session.exec(
        select(ApiToken)
        .where(
            col(ApiToken.made_by) == person,
            col(ApiToken.organisation_code) == organisation,
            col(ApiToken.revoked_at).is_(None),
        )
        .order_by(col(ApiToken.id))
        .with_for_update()
    )
    ended = live.all()
    for token in ended:
        token.revoked_at = at
        session.add(token)
    return [token.id for token in ended]


async def _is_last(session: AsyncSession, person: str) -> bool:
    others = select(RoleGrant.person_id).where(
        col(RoleGrant.role) == Role.OPERATIONS, col(RoleGrant.person_id) != person
    )
    return (await session.exec(others.limit(1))).first() is None

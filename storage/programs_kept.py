"""What people ask about the programs of an organisation: its tokens and endpoints, and what was sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, false, func
from sqlmodel import and_, col, or_, select, true
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import Select

from models.enums import Role
from models.tables import ApiToken, AuditEvent, Organisation, Person, RoleGrant, WebhookDelivery, WebhookEndpoint
from rules.permissions import Act, may
from storage.lists import Asker

AT_ONCE = 50
MOST_ENDED = 10
"""How many endpoints that were switched off are still listed, the latest first."""


@dataclass(frozen=True)
class TokenKept:
    """A token, who made it, and whether they may still act for the organisation."""

    token: ApiToken
    maker: str
    maker_acts: bool

    def ended(self, now: datetime) -> bool:
        """Whether it can no longer be used."""
        return self.token.revoked_at is not None or self.token.expires_at <= now or not self.maker_acts


@dataclass(frozen=True)
class ProgramsOf:
    """An organisation that has programs: how many tokens it can use, and where its events are sent."""

    organisation: Organisation
    tokens: int
    endpoints: int


def keeps(asker: Asker, organisation: str) -> ColumnElement[bool]:
    """Whether this person keeps an organisation's tokens and endpoints, as `acts.programs` lets them."""
    if asker.role is Role.NOMINATOR:
        return true() if may(asker.role, Act.NOMINATE) and organisation in asker.places else false()
    return true() if may(asker.role, Act.IMPORT_REGISTER) else false()


async def organisation_kept(session: AsyncSession, asker: Asker, organisation: str) -> Organisation | None:
    """The organisation, or None if there is none or this person does not keep its programs."""
    rows = await session.exec(
        select(Organisation).where(keeps(asker, organisation), col(Organisation.code) == organisation)
    )
    return rows.one_or_none()


async def tokens_kept(
    session: AsyncSession, asker: Asker, organisation: str, *, after: str = "", limit: int = AT_ONCE
) -> tuple[TokenKept, ...]:
    """An organisation's tokens, newest first, also those that have ended; ``after`` the token of this id."""
    query = _tokens(asker, organisation).order_by(col(ApiToken.made_at).desc(), col(ApiToken.id).desc()).limit(limit)
    if after:
        last = select(ApiToken.made_at).where(col(ApiToken.id) == after).scalar_subquery()
        at_once = and_(col(ApiToken.made_at) == last, col(ApiToken.id) < after)
        query = query.where(or_(col(ApiToken.made_at) < last, at_once))
    return tuple(TokenKept(token, maker, acts) for token, maker, acts in await session.exec(query))


async def token_kept(session: AsyncSession, asker: Asker, organisation: str, token: str) -> TokenKept | None:
    """One token of an organisation, or None."""
    rows = await session.exec(_tokens(asker, organisation).where(col(ApiToken.id) == token))
    row = rows.one_or_none()
    return None if row is None else TokenKept(*row)


async def endpoints_kept(session: AsyncSession, asker: Asker, organisation: str) -> Sequence[WebhookEndpoint]:
    """An organisation's endpoints: those in use, which are ten at most, then the latest that were switched off."""
    of_it = and_(keeps(asker, organisation), col(WebhookEndpoint.organisation_code) == organisation)
    used = await session.exec(
        select(WebhookEndpoint)
        .where(of_it, col(WebhookEndpoint.disabled_at).is_(None))
        .order_by(col(WebhookEndpoint.made_at), col(WebhookEndpoint.id))
        .limit(AT_ONCE)
    )
    ended = await session.exec(
        select(WebhookEndpoint)
        .where(of_it, col(WebhookEndpoint.disabled_at).is_not(None))
        .order_by(col(WebhookEndpoint.disabled_at).desc(), col(WebhookEndpoint.id))
        .limit(MOST_ENDED)
    )
    return [*used, *ended]


async def endpoints_in_use(
    session: AsyncSession, asker: Asker, organisation: str
) -> Sequence[tuple[WebhookEndpoint, str]]:
    """An organisation's endpoints that events are sent to, each with the name of who added it."""
    added = and_(
        col(AuditEvent.subject) == func.concat("webhook/", col(WebhookEndpoint.id)),
        col(AuditEvent.what) == "webhook_added",
    )
    rows = await session.exec(
        select(WebhookEndpoint, func.coalesce(Person.full_name, ""))
        .outerjoin(AuditEvent, added)
        .outerjoin(Person, col(Person.id) == col(AuditEvent.actor))
        .where(
            keeps(asker, organisation),
            col(WebhookEndpoint.organisation_code) == organisation,
            col(WebhookEndpoint.disabled_at).is_(None),
        )
        .order_by(col(WebhookEndpoint.made_at), col(WebhookEndpoint.id))
        .limit(AT_ONCE)
    )
    return rows.all()


async def endpoint_kept(
    session: AsyncSession, asker: Asker, organisation: str, endpoint: str
) -> WebhookEndpoint | None:
    """One endpoint of an organisation, also one that was switched off, or None."""
    rows = await session.exec(
        select(WebhookEndpoint).where(
            keeps(asker, organisation),
            col(WebhookEndpoint.organisation_code) == organisation,
            col(WebhookEndpoint.id) == endpoint,
        )
    )
    return rows.one_or_none()


async def deliveries_kept(
    session: AsyncSession, endpoint: WebhookEndpoint, *, status: str = "", before: str = "", limit: int = AT_ONCE
) -> Sequence[WebhookDelivery]:
    """What was sent to an endpoint or is owed to it, newest event first; ``before`` the delivery of this id."""
    query = select(WebhookDelivery).where(col(WebhookDelivery.endpoint_id) == endpoint.id)
    if status:
        query = query.where(col(WebhookDelivery.status) == status)
    if before:
        query = query.where(col(WebhookDelivery.id) < before)
    return (await session.exec(query.order_by(col(WebhookDelivery.id).desc()).limit(limit))).all()


async def delivery_kept(session: AsyncSession, endpoint: WebhookEndpoint, delivery: str) -> WebhookDelivery | None:
    """One event that was owed to an endpoint, or None."""
    rows = await session.exec(
        select(WebhookDelivery).where(
            col(WebhookDelivery.endpoint_id) == endpoint.id, col(WebhookDelivery.id) == delivery
        )
    )
    return rows.one_or_none()


async def organisations_with_programs(
    session: AsyncSession, asker: Asker, now: datetime, *, after: str = "", limit: int = AT_ONCE
) -> tuple[ProgramsOf, ...]:
    """The organisations that have ever had a token or an endpoint, by code; for who keeps those of all."""
    tokens = (
        select(func.count())
        .select_from(ApiToken)
        .join(RoleGrant, _maker_acts())
        .where(
            col(ApiToken.organisation_code) == col(Organisation.code),
            col(ApiToken.revoked_at).is_(None),
            col(ApiToken.expires_at) > now,
        )
        .scalar_subquery()
    )
    endpoints = (
        select(func.count())
        .select_from(WebhookEndpoint)
        .where(
            col(WebhookEndpoint.organisation_code) == col(Organisation.code),
            col(WebhookEndpoint.disabled_at).is_(None),
        )
        .scalar_subquery()
    )
    ever = or_(
        select(ApiToken.id).where(col(ApiToken.organisation_code) == col(Organisation.code)).exists(),
        select(WebhookEndpoint.id).where(col(WebhookEndpoint.organisation_code) == col(Organisation.code)).exists(),
    )
    everybodys = true() if may(asker.role, Act.IMPORT_REGISTER) else false()
    rows = await session.exec(
        select(Organisation, tokens, endpoints)
        .where(everybodys, ever, col(Organisation.code) > after)
        .order_by(col(Organisation.code))
        .limit(limit)
    )
    return tuple(ProgramsOf(organisation, of_tokens, sent) for organisation, of_tokens, sent in rows)


def _tokens(asker: Asker, organisation: str) -> Select[ApiToken, str, bool]:
    """An organisation's tokens, with their maker's name and whether they still act for it."""
    acts = select(RoleGrant.person_id).where(_maker_acts()).exists()
    return (
        select(ApiToken, Person.full_name, acts)
        .join(Person, col(Person.id) == col(ApiToken.made_by))
        .where(keeps(asker, organisation), col(ApiToken.organisation_code) == organisation)
    )


def _maker_acts() -> ColumnElement[bool]:
    """Whether who made a token still nominates for its organisation."""
    return and_(
        col(RoleGrant.person_id) == col(ApiToken.made_by),
        col(RoleGrant.role) == Role.NOMINATOR,
        col(RoleGrant.organisation_code) == col(ApiToken.organisation_code),
    )

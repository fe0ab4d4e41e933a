"""What programs of organisations ask: which token this is, and its organisation's nominations, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, func, or_, update
from sqlalchemy.orm import aliased
from sqlmodel import and_, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import NominationRoute, Role, Stage
from models.tables import (
    ApiToken,
    Application,
    Cohort,
    Decision,
    Endorsement,
    Nomination,
    Organisation,
    Person,
    RoleGrant,
    WebhookDelivery,
    WebhookEndpoint,
)
from storage.lists import Asker, visible_to

_USED_EVERY = timedelta(minutes=1)
_BEFORE_SCREENING_ENDS = (Stage.NOMINATED, Stage.APPLYING, Stage.SCREENING)
_RELEASED = (Stage.IN_POOL, Stage.RESERVED, Stage.NOT_ADMITTED)


class Need(StrEnum):
    """What a nomination cannot go on without."""

    CONSENT = "consent"
    APPLICATION = "application"
    ENDORSEMENT = "endorsement"


@dataclass(frozen=True)
class Narrowed:
    """What a program's list is narrowed to; None leaves it wide. ``since``: in its stage from then on."""

    cohort: str | None = None
    stage: Stage | None = None
    needs: Need | None = None
    since: datetime | None = None
    reference: str | None = None


@dataclass(frozen=True)
class OwnNomination:
    """A nomination of the program's organisation, as far as the organisation may know it."""

    nomination: Nomination
    nominee: str
    endorsed: bool

    @property
    def needs(self) -> tuple[Need, ...]:
        """What it cannot go on without now."""
        stage, needs = self.nomination.stage, []
        if stage is Stage.NOMINATED:
            needs.append(Need.CONSENT)
        if stage is Stage.APPLYING:
            needs.append(Need.APPLICATION)
        if stage in _BEFORE_SCREENING_ENDS and self.nomination.route is NominationRoute.SELF and not self.endorsed:
            needs.append(Need.ENDORSEMENT)
        return tuple(needs)


@dataclass(frozen=True)
class Released:
    """A decision that everybody concerned may know."""

    nomination: Nomination
    released_at: datetime | None


async def token_of(session: AsyncSession, token_sha256: str, now: datetime) -> ApiToken | None:
    """The token with this hash, if it can be used now.

    It cannot once it is revoked or has expired, or when who made it is no longer a nominator of the organisation.
    """
    held = and_(
        col(RoleGrant.person_id) == col(ApiToken.made_by),
        col(RoleGrant.role) == Role.NOMINATOR,
        col(RoleGrant.organisation_code) == col(ApiToken.organisation_code),
    )
    found = await session.exec(
        select(ApiToken)
        .join(RoleGrant, held)
        .where(
            col(ApiToken.token_sha256) == token_sha256,
            col(ApiToken.revoked_at).is_(None),
            col(ApiToken.expires_at) > now,
        )
    )
    return found.one_or_none()


async def note_use(session: AsyncSession, token: ApiToken, now: datetime) -> None:
    """Notes that a token was used, to the minute."""
    if token.used_at is None or now - token.used_at >= _USED_EVERY:
        await session.exec(update(ApiToken).where(col(ApiToken.id) == token.id).values(used_at=now))


async def tokens_of(session: AsyncSession, organisation: str) -> Sequence[ApiToken]:
    """An organisation's tokens, newest first, with those that can no longer be used."""
    rows = await session.exec(
        select(ApiToken)
        .where(col(ApiToken.organisation_code) == organisation)
        .order_by(col(ApiToken.made_at).desc(), col(ApiToken.id))
    )
    return rows.all()


async def own_nominations(
    session: AsyncSession, asker: Asker, narrowed: Narrowed, *, after: str = "", limit: int = 50
) -> tuple[OwnNomination, ...]:
    """The nominations after ``after`` in the order of their numbers, at most ``limit``."""
    rows = await session.exec(
        select(Nomination, Person.full_name, col(Endorsement.nomination_id).is_not(None))
        .join(Person, col(Person.id) == col(Nomination.person_id))
        .outerjoin(Endorsement, col(Endorsement.nomination_id) == col(Nomination.id))
        .where(visible_to(asker), *_conditions(narrowed), col(Nomination.id) > after)
        .order_by(col(Nomination.id))
        .limit(limit)
    )
    return tuple(OwnNomination(nomination, name, bool(endorsed)) for nomination, name, endorsed in rows)


async def own_nomination(session: AsyncSession, asker: Asker, nomination: str) -> OwnNomination | None:
    """One nomination, or None if there is none or this asker may not see it."""
    rows = await session.exec(
        select(Nomination, Person.full_name, col(Endorsement.nomination_id).is_not(None))
        .join(Person, col(Person.id) == col(Nomination.person_id))
        .outerjoin(Endorsement, col(Endorsement.nomination_id) == col(Nomination.id))
        .where(visible_to(asker), col(Nomination.id) == nomination)
    )
    row = rows.one_or_none()
    return None if row is None else OwnNomination(row[0], row[1], bool(row[2]))


async def own_counts(session: AsyncSession, asker: Asker, cohort: str | None) -> dict[Stage, int]:
    """How many nominations the asker may see stand in each stage."""
    rows = await session.exec(
        select(Nomination.stage, func.count())
        .where(visible_to(asker), *_conditions(Narrowed(cohort=cohort)))
        .group_by(col(Nomination.stage))
    )
    return {Stage(stage): count for stage, count in rows}


async def submissions_of(session: AsyncSession, nominations: Sequence[str]) -> dict[str, tuple[int, datetime]]:
    """By nomination, how many times its application was submitted and when last; none for one that was not."""
    rows = await session.exec(
        select(Application.nomination_id, func.max(Application.version), func.max(Application.submitted_at))
        .where(col(Application.nomination_id).in_(list(nominations)))
        .group_by(col(Application.nomination_id))
    )
    return {nomination: (int(version), at) for nomination, version, at in rows}


async def released_decisions(
    session: AsyncSession, asker: Asker, narrowed: Narrowed, *, after: str = "", limit: int = 50
) -> tuple[Released, ...]:
    """The decisions that have been released, after ``after`` in the order of the nominations' numbers."""
    known = or_(col(Nomination.stage).in_(_RELEASED), col(Decision.released_at).is_not(None))
    rows = await session.exec(
        select(Nomination, Decision.released_at)
        .outerjoin(Decision, col(Decision.nomination_id) == col(Nomination.id))
        .where(
            visible_to(asker),
            *_conditions(narrowed),
            col(Nomination.outcome).is_not(None),
            known,
            col(Nomination.id) > after,
        )
        .order_by(col(Nomination.id))
        .limit(limit)
    )
    return tuple(Released(nomination, released_at) for nomination, released_at in rows)


async def cohorts_by_name(session: AsyncSession, after: str, limit: int) -> Sequence[Cohort]:
    """The cohorts after ``after`` in the order of their short names."""
    rows = await session.exec(select(Cohort).where(col(Cohort.id) > after).order_by(col(Cohort.id)).limit(limit))
    return rows.all()


async def unknown_codes(session: AsyncSession, codes: Sequence[str]) -> frozenset[str]:
    """Those of these organisation codes that no organisation has."""
    known = await session.exec(select(Organisation.code).where(col(Organisation.code).in_(list(codes))))
    return frozenset(codes) - set(known.all())


async def endpoints_of(
    session: AsyncSession, organisation: str, *, after: str = "", limit: int = 50
) -> Sequence[WebhookEndpoint]:
    """An organisation's webhook endpoints that are in use, in the order of their ids."""
    rows = await session.exec(
        select(WebhookEndpoint)
        .where(
            col(WebhookEndpoint.organisation_code) == organisation,
            col(WebhookEndpoint.disabled_at).is_(None),
            col(WebhookEndpoint.id) > after,
        )
        .order_by(col(WebhookEndpoint.id))
        .limit(limit)
    )
    return rows.all()


async def endpoint_of(session: AsyncSession, organisation: str, endpoint: str) -> WebhookEndpoint | None:
    """An organisation's own endpoint, also one that is no longer in use."""
    rows = await session.exec(
        select(WebhookEndpoint).where(
            col(WebhookEndpoint.id) == endpoint, col(WebhookEndpoint.organisation_code) == organisation
        )
    )
    return rows.one_or_none()


async def deliveries_of(
    session: AsyncSession, endpoint: str, *, status: str | None = None, after: str = "", limit: int = 50
) -> Sequence[WebhookDelivery]:
    """What was sent to an endpoint, or is owed to it, in the order of the messages' ids, which is that of events."""
    query = select(WebhookDelivery).where(
        col(WebhookDelivery.endpoint_id) == endpoint, col(WebhookDelivery.id) > after
    )
    if status is not None:
        query = query.where(col(WebhookDelivery.status) == status)
    return (await session.exec(query.order_by(col(WebhookDelivery.id)).limit(limit))).all()


def _conditions(narrowed: Narrowed) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if narrowed.cohort is not None:
        found.append(col(Nomination.cohort_id) == narrowed.cohort)
    if narrowed.stage is not None:
        found.append(col(Nomination.stage) == narrowed.stage)
    if narrowed.reference is not None:
        found.append(col(Nomination.reference) == narrowed.reference)
    if narrowed.since is not None:
        found.append(col(Nomination.stage_since) >= narrowed.since)
    if narrowed.needs is not None:
        found.append(_needing(narrowed.needs))
    return found


def _needing(need: Need) -> ColumnElement[bool]:
    match need:
        case Need.CONSENT:
            return col(Nomination.stage) == Stage.NOMINATED
        case Need.APPLICATION:
            return col(Nomination.stage) == Stage.APPLYING
        case Need.ENDORSEMENT:
            # Under another name, since the lists themselves look at endorsements as well.
            given = aliased(Endorsement)
            endorsed = select(given.nomination_id).where(col(given.nomination_id) == col(Nomination.id))
            return and_(
                col(Nomination.stage).in_(_BEFORE_SCREENING_ENDS),
                col(Nomination.route) == NominationRoute.SELF,
                ~endorsed.exists(),
            )

"""What programs of organisations ask: which token this is, and its organisation's nominations, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, case, func, literal, or_, type_coerce, update
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import SQLCoreOperations
from sqlmodel import and_, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import NominationRoute, Role, Stage
from models.programs import EventKind
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
from models.tables.base import words
from storage.lists import Asker, visible_to

_USED_EVERY = timedelta(minutes=1)
_BEFORE_SCREENING_ENDS = (Stage.NOMINATED, Stage.APPLYING, Stage.SCREENING)
RELEASED = (Stage.IN_POOL, Stage.RESERVED, Stage.NOT_ADMITTED)
"""Stages that are a released decision: each says what the board decided."""


class Need(StrEnum):
    """What a nomination cannot go on without."""

    CONSENT = "consent"
    APPLICATION = "application"
    ENDORSEMENT = "endorsement"


@dataclass(frozen=True)
class Narrowed:
    """What a program's list is narrowed to; None leaves it wide. ``since``: in its stage from then on.

    With ``undecided``, a nomination whose decision was released stands where it stood before, in all that is asked
    and answered: the program may not know decisions.
    """

    undecided: bool = False
    cohort: str | None = None
    stage: Stage | None = None
    needs: Need | None = None
    since: datetime | None = None
    reference: str | None = None


@dataclass(frozen=True)
class OwnNomination:
    """A nomination of the program's organisation, as far as the program may know it.

    Attributes:
        decided_at: Given where a decision was released that the program may not know: when it was approved.
    """

    nomination: Nomination
    nominee: str
    endorsed: bool
    decided_at: datetime | None = None

    @property
    def stage(self) -> Stage:
        """Where it stands: decided, and no more, for who may not know the decision, whatever came after it."""
        return Stage.DECIDED if self.decided_at else self.nomination.stage

    @property
    def stage_since(self) -> datetime:
        """Since when it stands there; what a released decision led to has moments of its own."""
        return self.decided_at or self.nomination.stage_since

    @property
    def due_at(self) -> datetime | None:
        """When the stage ends; reserved people have such a moment, and others have not."""
        return None if self.decided_at else self.nomination.due_at

    @property
    def paused(self) -> bool:
        """Whether its time stands still."""
        return self.decided_at is None and self.nomination.paused

    @property
    def needs(self) -> tuple[Need, ...]:
        """What it cannot go on without now."""
        stage, needs = self.stage, []
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
    return await _own(
        session,
        narrowed.undecided,
        visible_to(asker),
        *_conditions(narrowed),
        col(Nomination.id) > after,
        limit=limit,
    )


async def own_nomination(
    session: AsyncSession, asker: Asker, nomination: str, *, undecided: bool = False
) -> OwnNomination | None:
    """One nomination, or None if there is none or this asker may not see it; ``undecided`` as for lists."""
    rows = await _own(session, undecided, visible_to(asker), col(Nomination.id) == nomination, limit=1)
    return rows[0] if rows else None


async def own_counts(
    session: AsyncSession, asker: Asker, cohort: str | None, *, undecided: bool = False
) -> dict[Stage, int]:
    """How many nominations the asker may see stand in each stage; ``undecided`` as for lists."""
    narrowed = Narrowed(undecided=undecided, cohort=cohort)
    stage = type_coerce(_stage(narrowed), words(Stage)).label("stage")
    standing = select(stage).where(visible_to(asker), *_conditions(narrowed)).subquery("standing")
    rows = await session.exec(select(standing.c.stage, func.count()).group_by(standing.c.stage))
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
    rows = await session.exec(
        select(Nomination, Decision.released_at)
        .outerjoin(Decision, col(Decision.nomination_id) == col(Nomination.id))
        .where(
            visible_to(asker),
            *_conditions(narrowed),
            col(Nomination.outcome).is_not(None),
            or_(col(Nomination.stage).in_(RELEASED), col(Decision.released_at).is_not(None)),
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
    session: AsyncSession,
    endpoint: str,
    *,
    status: str | None = None,
    undecided: bool = False,
    after: str = "",
    limit: int = 50,
) -> Sequence[WebhookDelivery]:
    """What was sent to an endpoint, or is owed to it, in the order of the messages' ids, which is that of events.

    With ``undecided``, without the events that tell of a released decision.
    """
    query = select(WebhookDelivery).where(
        col(WebhookDelivery.endpoint_id) == endpoint, col(WebhookDelivery.id) > after
    )
    if status is not None:
        query = query.where(col(WebhookDelivery.status) == status)
    if undecided:
        query = query.where(~_tells_decision())
    return (await session.exec(query.order_by(col(WebhookDelivery.id)).limit(limit))).all()


async def delivery_of(
    session: AsyncSession, endpoint: str, delivery: str, *, undecided: bool = False
) -> WebhookDelivery | None:
    """One delivery to an endpoint; with ``undecided``, none that tells of a released decision."""
    query = select(WebhookDelivery).where(
        col(WebhookDelivery.id) == delivery, col(WebhookDelivery.endpoint_id) == endpoint
    )
    if undecided:
        query = query.where(~_tells_decision())
    return (await session.exec(query)).one_or_none()


async def _own(
    session: AsyncSession, undecided: bool, *conditions: ColumnElement[bool], limit: int
) -> tuple[OwnNomination, ...]:
    rows = await session.exec(
        select(Nomination, Person.full_name, col(Endorsement.nomination_id).is_not(None), Decision)
        .join(Person, col(Person.id) == col(Nomination.person_id))
        .outerjoin(Endorsement, col(Endorsement.nomination_id) == col(Nomination.id))
        .outerjoin(Decision, col(Decision.nomination_id) == col(Nomination.id))
        .where(*conditions)
        .order_by(col(Nomination.id))
        .limit(limit)
    )
    return tuple(
        OwnNomination(nomination, name, bool(endorsed), _decided_at(nomination, decision) if undecided else None)
        for nomination, name, endorsed, decision in rows
    )


def _decided_at(nomination: Nomination, decision: Decision | None) -> datetime | None:
    """When a released decision was approved, None without one; as `_is_released` and `_stage_since` have it."""
    if nomination.stage not in RELEASED and (decision is None or decision.released_at is None):
        return None
    return decision.approved_at or nomination.created_at if decision else nomination.created_at


def _is_released() -> ColumnElement[bool]:
    """Whether a decision was released, also where the nomination went on to another stage since."""
    given = aliased(Decision)
    released = select(given.nomination_id).where(
        col(given.nomination_id) == col(Nomination.id), col(given.released_at).is_not(None)
    )
    return or_(col(Nomination.stage).in_(RELEASED), released.exists())


def _stage(narrowed: Narrowed) -> SQLCoreOperations[Stage]:
    """The stage as the program may know it, as `OwnNomination.stage` says it."""
    stage = col(Nomination.stage)
    if not narrowed.undecided:
        return stage
    return case((_is_released(), literal(Stage.DECIDED, words(Stage))), else_=stage)


def _stage_since(narrowed: Narrowed) -> SQLCoreOperations[datetime]:
    """Since when, as `OwnNomination.stage_since` says it."""
    if not narrowed.undecided:
        return col(Nomination.stage_since)
    given = aliased(Decision)
    approved = select(given.approved_at).where(col(given.nomination_id) == col(Nomination.id)).scalar_subquery()
    return case(
        (_is_released(), func.coalesce(approved, col(Nomination.created_at))), else_=col(Nomination.stage_since)
    )


def _tells_decision() -> ColumnElement[bool]:
    """Whether an event tells of a released decision: by its type, or by its stages if it is older than the type."""
    event = col(WebhookDelivery.event)
    stages = [stage.value for stage in RELEASED]
    return or_(
        *(
            func.coalesce(told, "").in_(words)
            for told, words in (
                (event["type"].as_string(), [EventKind.DECISION_RELEASED.value]),
                (event["data"]["from"].as_string(), stages),
                (event["data"]["to"].as_string(), stages),
            )
        )
    )


def _conditions(narrowed: Narrowed) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if narrowed.cohort is not None:
        found.append(col(Nomination.cohort_id) == narrowed.cohort)
    if narrowed.stage is not None:
        found.append(_stage(narrowed) == narrowed.stage)
    if narrowed.reference is not None:
        found.append(col(Nomination.reference) == narrowed.reference)
    if narrowed.since is not None:
        found.append(_stage_since(narrowed) >= narrowed.since)
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

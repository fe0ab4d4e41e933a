"""What programs are shown: identifiers, words and dates, and the nominee's name, since their organisation gave it."""

from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from models.enums import CohortPhase, NominationRoute, Outcome, Readiness, Stage
from models.programs import DeliveryStatus, EventKind
from models.tables import AuditEvent, Cohort, WebhookDelivery, WebhookEndpoint
from storage.programs import RELEASED, Need, OwnNomination, Released

T = TypeVar("T")


class Shown(BaseModel):
    """What a program is answered."""

    model_config = ConfigDict(frozen=True)


class Page(Shown, Generic[T]):
    """One page of a list."""

    items: tuple[T, ...]
    next: str | None = Field(
        default=None, description="The address of the next page, also in the header Link; null on the last one."
    )


class AssessmentsState(StrEnum):
    """How far a nomination's assessments have come; who gives them and what they score is not for organisations."""

    NOT_BEGUN = "not_begun"
    UNDER_WAY = "under_way"
    COMPLETE = "complete"
    NOT_NEEDED = "not_needed"


_UNDER_WAY = frozenset({Stage.AWAITING_PANEL, Stage.SCORING, Stage.QUALITY_ASSURANCE})
_COMPLETE = frozenset({Stage.AWAITING_DECISION, Stage.DECIDED, Stage.IN_POOL, Stage.RESERVED, Stage.NOT_ADMITTED})
_NOT_BEGUN = frozenset({Stage.NOMINATED, Stage.APPLYING, Stage.SCREENING})


class ApplicationState(StrEnum):
    """Where an application stands; what it says is the nominee's."""

    AWAITED = "awaited"
    SUBMITTED = "submitted"
    NONE = "none"


class StatusShown(Shown):
    """Where a nomination stands."""

    id: str
    stage: Stage = Field(
        description="Without the scope `decisions:read` it stays `decided`, since then, when a decision is released."
    )
    stage_since: datetime
    due_at: datetime | None = Field(description="When the present stage ends at the latest; null without a deadline.")
    paused: bool
    needs: tuple[Need, ...] = Field(description="What it cannot go on without now.")


class NominationShown(StatusShown):
    """A nomination of your organisation."""

    cohort: str
    organisation: str
    reference: str | None = Field(description="Your own reference.")
    nominee: str = Field(description="The nominee's full name.")
    route: NominationRoute
    readiness: Readiness
    interests: tuple[str, ...]
    created_at: datetime


class Milestone(Shown):
    """A stage that a nomination came to, and when."""

    stage: Stage
    at: datetime


class NominationWhole(NominationShown):
    """A nomination with what has happened to it."""

    history: tuple[Milestone, ...]


class NominationMade(Shown):
    """What a change of a nomination came to."""

    id: str
    stage: Stage


class Counts(Shown):
    """How many of your organisation's nominations stand where."""

    nominations: int
    stages: dict[Stage, int]
    assessments: dict[AssessmentsState, int]


class ApplicationShown(Shown):
    """Where a nomination's application stands."""

    nomination: str
    state: ApplicationState
    version: int | None = Field(description="How many times it was submitted; null before the first.")
    submitted_at: datetime | None
    due_at: datetime | None = Field(description="By when it is awaited.")


class AssessmentsShown(Shown):
    """How far a nomination's assessments have come."""

    nomination: str
    state: AssessmentsState


class DecisionShown(Shown):
    """The board's decision on a nomination, once it has been released."""

    nomination: str
    outcome: Outcome
    stage: Stage
    released_at: datetime | None


class CohortShown(Shown):
    """A cohort, with the window in which it takes nominations."""

    id: str
    name: str
    region: str
    phase: CohortPhase
    opens_at: datetime
    closes_at: datetime


class EndpointShown(Shown):
    """An address that your organisation's events are sent to."""

    id: str
    url: str
    kinds: tuple[EventKind, ...] = Field(description="Which events; none are all that there are.")
    made_at: datetime


class EndpointSecret(EndpointShown):
    """The same with its secret."""

    secret: str = Field(
        description="Signs what is sent (Standard Webhooks). It is not shown again: renew it instead."
    )


class DeliveryShown(Shown):
    """An event that was sent to an endpoint, or is owed to it."""

    id: str = Field(description="The header webhook-id, the same in every try and replay.")
    status: DeliveryStatus
    tries: int
    made_at: datetime
    next_at: datetime | None = Field(description="When it is tried next; null when it is not.")
    delivered_at: datetime | None
    answered: int | None = Field(description="The status of the last answer.")
    failure: str | None = Field(description="Why the last try failed, in a word.")
    event: dict[str, object] = Field(description="What is sent: a CloudEvent.")


def status_of(own: OwnNomination) -> StatusShown:
    """Where a nomination stands."""
    return StatusShown.model_validate(_standing(own))


def nomination_of(own: OwnNomination) -> NominationShown:
    """A nomination in a list."""
    return NominationShown.model_validate(_standing(own) | _nomination(own))


def whole_of(own: OwnNomination, events: tuple[AuditEvent, ...]) -> NominationWhole:
    """A nomination with the stages it came to; up to the decision, for who may not know what followed it."""
    stages = [Milestone(stage=Stage(str((event.after or {})["stage"])), at=event.at) for event in events]
    released = (place for place, one in enumerate(stages) if one.stage in RELEASED)
    history = stages[: next(released, None)] if own.decided_at else stages
    return NominationWhole.model_validate(_standing(own) | _nomination(own) | {"history": history})


def application_of(own: OwnNomination, submitted: tuple[int, datetime] | None) -> ApplicationShown:
    """Where an application stands."""
    awaited = own.stage in {Stage.NOMINATED, Stage.APPLYING}
    state = ApplicationState.SUBMITTED if submitted else ApplicationState.NONE
    return ApplicationShown(
        nomination=own.nomination.id,
        state=ApplicationState.AWAITED if awaited else state,
        version=submitted[0] if submitted else None,
        submitted_at=submitted[1] if submitted else None,
        due_at=own.due_at if awaited else None,
    )


def assessments_state(stage: Stage) -> AssessmentsState:
    """How far assessments have come, by the stage alone."""
    if stage in _NOT_BEGUN:
        return AssessmentsState.NOT_BEGUN
    if stage in _UNDER_WAY:
        return AssessmentsState.UNDER_WAY
    return AssessmentsState.COMPLETE if stage in _COMPLETE else AssessmentsState.NOT_NEEDED


def decision_of(released: Released) -> DecisionShown:
    """A decision that was released."""
    row = released.nomination
    if row.outcome is None:
        raise ValueError("a released decision has an outcome")
    return DecisionShown(nomination=row.id, outcome=row.outcome, stage=row.stage, released_at=released.released_at)


def cohort_of(row: Cohort) -> CohortShown:
    """A cohort."""
    return CohortShown(
        id=row.id,
        name=row.name,
        region=row.region,
        phase=row.phase,
        opens_at=row.opens_at,
        closes_at=row.closes_at,
    )


def endpoint_shown(row: WebhookEndpoint) -> EndpointShown:
    """An endpoint without its secret."""
    return EndpointShown.model_validate(_endpoint(row))


def endpoint_secret(row: WebhookEndpoint) -> EndpointSecret:
    """An endpoint with its secret."""
    return EndpointSecret.model_validate(_endpoint(row) | {"secret": row.secret})


def delivery_shown(row: WebhookDelivery) -> DeliveryShown:
    """What was sent, or is owed."""
    return DeliveryShown(
        id=row.id,
        status=DeliveryStatus(row.status),
        tries=row.tries,
        made_at=row.made_at,
        next_at=row.next_at if row.status == DeliveryStatus.WAITING else None,
        delivered_at=row.delivered_at,
        answered=row.answered,
        failure=row.failure,
        event=row.event,
    )


def _standing(own: OwnNomination) -> dict[str, object]:
    return {
        "id": own.nomination.id,
        "stage": own.stage,
        "stage_since": own.stage_since,
        "due_at": own.due_at,
        "paused": own.paused,
        "needs": own.needs,
    }


def _nomination(own: OwnNomination) -> dict[str, object]:
    row = own.nomination
    return {
        "cohort": row.cohort_id,
        "organisation": row.organisation_code,
        "reference": row.reference or None,
        "nominee": own.nominee,
        "route": row.route,
        "readiness": row.readiness,
        "interests": tuple(row.interests),
        "created_at": row.created_at,
    }


def _endpoint(row: WebhookEndpoint) -> dict[str, object]:
    return {"id": row.id, "url": row.url, "kinds": tuple(row.kinds), "made_at": row.made_at}

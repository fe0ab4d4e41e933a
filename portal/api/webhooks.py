"""Operations on the addresses that your organisation's events are sent to, and what was sent to them."""

from hashlib import sha256
from typing import Annotated

from fastapi import Path, Query, Request, Response
from pydantic import StringConstraints

from acts.programs import AddressRefusedError, ProgramActs
from models.programs import DeliveryStatus, Scope
from models.tables import WebhookDelivery, WebhookEndpoint
from portal.api.access import Program, token
from portal.api.knowing import kinds_for
from portal.api.operations import operations, problems
from portal.api.paging import AfterDelivery, AfterEndpoint, Limit, page_of
from portal.api.problems import Fault, Kind, ProblemError
from portal.api.repeats import Facts, IdempotencyKey, once
from portal.api.said import EndpointSaid
from portal.api.shown import (
    DeliveryShown,
    EndpointSecret,
    EndpointShown,
    Page,
    delivery_shown,
    endpoint_secret,
    endpoint_shown,
)
from portal.services import Services, Surroundings
from storage.programs import deliveries_of, delivery_of, endpoint_of, endpoints_of

# ruff: noqa: PLR0917 -- what an operation takes are its parameters

routes = operations("Webhooks")
Managing = Annotated[Program, token(Scope.WEBHOOKS_MANAGE)]
EndpointId = Annotated[
    Annotated[str, StringConstraints(pattern=r"^wh-[0-9a-f]{12}$")], Path(description="As wh-0123456789ab.")
]
DeliveryId = Annotated[
    Annotated[str, StringConstraints(pattern=r"^wh-[0-9a-f]{12}\.[0-9]{1,20}$")],
    Path(description="The header webhook-id."),
]


@routes.get(
    "/webhooks",
    responses=problems(),
    summary="List endpoints",
    response_description="A page of your endpoints that are in use, without their secrets.",
)
async def endpoints(
    request: Request,
    response: Response,
    services: Surroundings,
    program: Managing,
    after: AfterEndpoint = "",
    limit: Limit = 50,
) -> Page[EndpointShown]:
    """The addresses that your organisation's events are sent to."""
    async with services.acts.desk.sessions() as session:
        rows = await endpoints_of(session, program.organisation, after=after, limit=limit + 1)
    return page_of(request, response, rows, limit, key=lambda row: row.id, show=endpoint_shown)


@routes.post(
    "/webhooks",
    status_code=201,
    responses=problems(writes=True),
    summary="Add an endpoint",
    response_description="The endpoint was added; its secret is shown now and not again.",
)
async def add(
    request: Request, services: Surroundings, program: Managing, key: IdempotencyKey, said: EndpointSaid
) -> EndpointSecret:
    """Sends your organisation's events to an address from now on.

    An address that is certainly never reached is refused: of this machine or a private network, or without a full
    name. Where a name leads is looked at whenever something is sent.
    """
    kinds = kinds_for(program, said.kinds)

    async def act() -> Facts:
        try:
            row = await _acts(services).add_endpoint(
                program.organisation, program.by, said.url, kinds, poster=services.poster
            )
        except AddressRefusedError as error:
            raise ProblemError(Kind.WRONG, faults=[Fault(where="body/url", detail=str(error))]) from None
        return _made(row)

    facts = await once(request, program, key, said.model_dump(mode="json"), act)
    return await _given(services, program, facts)


@routes.delete(
    "/webhooks/{endpoint}",
    status_code=204,
    responses=problems(writes=True),
    summary="Remove an endpoint",
    response_description="Nothing is sent to it any more. There is no body.",
)
async def remove(
    request: Request, services: Surroundings, program: Managing, key: IdempotencyKey, endpoint: EndpointId
) -> None:
    """Sends nothing more to an address, not even what it was owed."""

    async def act() -> Facts:
        await _acts(services).remove_endpoint(program.organisation, program.by, endpoint)
        return {"id": endpoint}

    await once(request, program, key, None, act)


@routes.post(
    "/webhooks/{endpoint}/secret",
    responses=problems(writes=True),
    summary="Renew an endpoint's secret",
    response_description="The endpoint with its new secret, which is shown now and not again.",
)
async def renew(
    request: Request, services: Surroundings, program: Managing, key: IdempotencyKey, endpoint: EndpointId
) -> EndpointSecret:
    """Gives an endpoint a new secret, which signs everything from now on, tries of earlier events too."""

    async def act() -> Facts:
        row = await _acts(services).renew_secret(program.organisation, program.by, endpoint)
        return _made(row)

    facts = await once(request, program, key, None, act)
    return await _given(services, program, facts)


@routes.get(
    "/webhooks/{endpoint}/deliveries",
    responses=problems(one=True),
    summary="List deliveries",
    response_description="A page of what was sent to the endpoint, or is owed to it.",
)
async def deliveries(
    request: Request,
    response: Response,
    services: Surroundings,
    program: Managing,
    endpoint: EndpointId,
    status: Annotated[DeliveryStatus | None, Query(description="Only those of which this became.")] = None,
    after: AfterDelivery = "",
    limit: Limit = 50,
) -> Page[DeliveryShown]:
    """What was sent to an endpoint or is owed to it, oldest event first.

    Events that tell of released decisions are left out without the scope `decisions:read`.
    """
    await _endpoint(services, program, endpoint)
    async with services.acts.desk.sessions() as session:
        rows = await deliveries_of(
            session, endpoint, status=status, undecided=program.undecided, after=after, limit=limit + 1
        )
    return page_of(request, response, rows, limit, key=_id, show=delivery_shown)


@routes.post(
    "/webhooks/{endpoint}/deliveries/{delivery}/replay",
    status_code=202,
    responses=problems(writes=True),
    summary="Send an event again",
    response_description="The event waits to be sent again.",
)
async def replay(
    request: Request,
    services: Surroundings,
    program: Managing,
    key: IdempotencyKey,
    endpoint: EndpointId,
    delivery: DeliveryId,
) -> DeliveryShown:
    """Sends an event again under the same id, also one that was delivered or given up."""

    async def act() -> Facts:
        await _delivery(services, program, endpoint, delivery)
        row = await _acts(services).replay(program.organisation, program.by, endpoint, delivery)
        return {"id": row.id}

    facts = await once(request, program, key, None, act)
    return delivery_shown(await _delivery(services, program, endpoint, facts["id"]))


def _acts(services: Services) -> ProgramActs:
    return ProgramActs(services.acts.desk.sessions, services.clock)


def _made(row: WebhookEndpoint) -> Facts:
    """What is kept under a key of a secret that was given: enough to know it by, and not the secret."""
    return {"id": row.id, "secret_sha256": sha256(row.secret.encode()).hexdigest()}


async def _given(services: Services, program: Program, facts: Facts) -> EndpointSecret:
    """The endpoint with the secret that was given under a key.

    Raises:
        ProblemError: It was renewed since, and whoever repeats an old request is not given the new one.
    """
    row = await _endpoint(services, program, facts["id"])
    if facts.get("secret_sha256") != _made(row)["secret_sha256"]:
        raise ProblemError(
            Kind.REFUSED,
            "The secret that was given under this key was renewed since, and the new one is given to who renewed it. "
            "Renew it under another key to have one.",
        )
    return endpoint_secret(row)


async def _endpoint(services: Services, program: Program, endpoint: str) -> WebhookEndpoint:
    async with services.acts.desk.sessions() as session:
        row = await endpoint_of(session, program.organisation, endpoint)
    if row is None:
        raise ProblemError(Kind.NOT_FOUND)
    return row


async def _delivery(services: Services, program: Program, endpoint: str, delivery: str) -> WebhookDelivery:
    async with services.acts.desk.sessions() as session:
        row = await delivery_of(session, endpoint, delivery, undecided=program.undecided)
    if row is None:
        raise ProblemError(Kind.NOT_FOUND)
    return row


def _id(row: WebhookDelivery) -> str:
    return row.id

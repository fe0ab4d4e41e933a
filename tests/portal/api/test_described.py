"""The document says what the interface does: Schemathesis tries it out and finds nothing."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import pytest
import schemathesis
import uvicorn
from limits import RateLimitItem
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from sqlalchemy import update

from models.enums import Stage
from models.tables import WebhookEndpoint
from portal.api.document import document, every_operation
from portal.app import make_portal
from portal.rates import Rates
from portal.services import Services
from tests.portal.api.conftest import A_Program
from tests.workflows.rig import CohortRig, Rig

SEED = 20180930
TEXTS = ("/api/v1/nominations", "/api/v1/nominations/{number}/endorsement", "/api/v1/webhooks")
KEY = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


class Unlimited(MovingWindowRateLimiter):
    """Lets every request through: how many are too many is tested elsewhere."""

    async def hit(self, item: RateLimitItem, *identifiers: str, cost: int = 1) -> bool:
        return True


@pytest.fixture
async def address(services: Services) -> AsyncIterator[str]:
    """The portal behind a real server, on the loop of the test, which its database and its client belong to."""
    portal = make_portal(replace(services, rates=Rates(Unlimited(MemoryStorage()))))
    server = uvicorn.Server(uvicorn.Config(portal, port=0, log_config=None, access_log=False, lifespan="off"))
    serving = asyncio.create_task(server._serve())  # `serve` would take the test run's signals
    while not server.started:  # noqa: ASYNC110 -- the server has no event to wait for
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await serving


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, object]) -> None:
    """A program takes a new key for each request; one that is missing or wrong stays so."""
    if KEY.fullmatch(str((case.headers or {}).get("Idempotency-Key", ""))):
        case.headers["Idempotency-Key"] = uuid4().hex


def tried(address: str, token: str) -> tuple[Counter[str], list[str]]:
    """How many requests each operation got, and what was found."""
    config = SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            "continue-on-failure": True,
            "cache": {"enabled": False},
            "auth": {"openapi": {"token": {"bearer": token}}},
            "generation": {"max-examples": 5, "database": "none", "no-shrink": True},
            "phases": {"stateful": {"enabled": False}},
            "operations": [
                {
                    # A schema cannot say which organisations there are, that a name has a letter in it, or which
                    # addresses are public.
                    "include-path": list(TEXTS),
                    "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", 401, 404, 409, 422]}},
                }
            ],
        }
    )
    schema = schemathesis.openapi.from_url(f"{address}/api/v1/openapi.json", config=config)
    requests: Counter[str] = Counter()
    found: list[str] = []
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            requests[event.recorder.label] += len(event.recorder.interactions)
            for case, checks in event.recorder.checks.items():
                interaction = event.recorder.interactions[case]
                found += [
                    f"{interaction.request.method} {interaction.request.uri} "
                    f"{interaction.response.status_code if interaction.response else None}: "
                    f"{check.name}: {check.failure_info.failure if check.failure_info else ''}"
                    for check in checks
                    if check.status is Status.FAILURE
                ]
        elif isinstance(event, events.NonFatalError | events.FatalError):
            found.append(str(event))
    return requests, found


@pytest.mark.filterwarnings("default")
@pytest.mark.timeout(300)
async def test_schemathesis_finds_nothing(rig: Rig, cohort: CohortRig, a_program: A_Program, address: str) -> None:
    case = await cohort.nominate()
    await case.reach(Stage.APPLYING)
    program = await a_program()
    assert program.made

    requests, found = await asyncio.to_thread(tried, address, program.made.token)
    async with rig.sessions.begin() as session:
        # An organisation has ten endpoints at most, and the other tests need some.
        await session.exec(update(WebhookEndpoint).values(disabled_at=rig.acts.desk.clock()))

    assert found == [], "\n".join(found)
    assert {f"{one.method} {one.path}" for one in every_operation()} <= set(requests)
    assert requests.total() > 300


def test_document_is_openapi_3_1_with_a_scope_for_each_operation() -> None:
    described = document()

    paths = described["paths"]
    assert str(described["openapi"]).startswith("3.1")
    assert isinstance(paths, dict)
    for one in every_operation():
        operation = paths[one.path][one.method.lower()]
        assert operation["security"] == [{"token": [one.scope.value]}]
        assert {"401", "403", "422", "429", "503"} <= set(operation["responses"])
        problems = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        assert all("application/problem+json" in answer["content"] for answer in problems.values())
        answers = [answer["description"] for answer in operation["responses"].values()]
        assert [says for says in answers if says in {"", "Successful Response"}] == []

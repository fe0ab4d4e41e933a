"""Programs that speak to the interface: a client that shows a token, over the portal as it is served."""

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI

from acts.programs import Made, ProgramActs
from models.ids import OrganisationCode
from models.messages import By
from models.programs import Scope
from tests.portal.visiting import HOST
from tests.workflows.rig import HOME, Rig

EVERYTHING = tuple(Scope)
A_Program = Callable[..., Awaitable["Caller"]]


class Caller:
    """A program: it shows its token, and gives each write a new key unless it is told one."""

    def __init__(self, portal: FastAPI, made: Made | None) -> None:
        self.made = made
        shown = {"Authorization": f"Bearer {made.token}"} if made else {}
        self.client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(portal), base_url=HOST, headers=shown, timeout=60
        )

    async def get(self, path: str, **query: str) -> httpx2.Response:
        return await self.client.get(f"/api/v1{path}", params=query)

    async def post(
        self, path: str, said: object = None, *, key: str | None = None, **headers: str
    ) -> httpx2.Response:
        sent = {"Idempotency-Key": key or uuid4().hex, **headers}
        return await self.client.post(f"/api/v1{path}", json=said, headers=sent)

    async def ask(self, method: str, path: str, **options: object) -> httpx2.Response:
        return await self.client.request(method, path, **options)  # type: ignore[arg-type]


@pytest.fixture
async def a_program(portal: FastAPI, rig: Rig) -> AsyncIterator[A_Program]:
    """``await a_program()`` shows a token with every scope; ``a_program(None)`` shows none."""
    callers: list[Caller] = []

    async def a_program(
        *scopes: Scope | None, by: By | None = None, organisation: OrganisationCode = HOME, days: int = 90
    ) -> Caller:
        made = None
        if scopes != (None,):
            chosen = [scope for scope in scopes if scope] or EVERYTHING
            made = await ProgramActs(rig.sessions).make_token(
                organisation, by or rig.nominator, "The test's program", chosen, days=days
            )
        callers.append(Caller(portal, made))
        return callers[-1]

    yield a_program
    for caller in callers:
        await caller.client.aclose()


@pytest.fixture(scope="module")
async def elsewhere(rig: Rig) -> By:
    """A nominator of another organisation."""
    from datetime import UTC, datetime

    from models.enums import Role
    from models.ids import PersonId
    from models.tables import Person, RoleGrant
    from tests.workflows.rig import ELSEWHERE

    by = By(person=PersonId("p-0000000000b7"), role=Role.NOMINATOR)
    async with rig.sessions.begin() as session:
        session.add(Person(id=by.person, full_name="The other one", email="other@example.nhs.test"))
        await session.flush()
        session.add(
            RoleGrant(person_id=by.person, role=by.role, organisation_code=ELSEWHERE, granted_at=datetime.now(UTC))
        )
    return by


def problem(answer: httpx2.Response) -> tuple[int, str]:
    """The status and the kind of a problem, which is one in every way that RFC 9457 asks."""
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert said["status"] == answer.status_code
    assert said["title"]
    assert said["detail"]
    return answer.status_code, said["type"].removeprefix("/api/v1/docs#")

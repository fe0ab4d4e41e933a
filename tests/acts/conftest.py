"""Acts over a database of the test's own; on a server that cannot be reached, or on the real one with a worker."""

from datetime import datetime
from typing import cast

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from acts import Acts, acts_at
from acts.desk import Desk
from storage.engine import sessions as sessions_of
from tests.activities.cohort import CLOSED_ON, CohortInRows, Sessions
from tests.workflows.conftest import rig

__all__ = ["rig"]


class Unreachable:
    """A Temporal client whose server is away: what is saved is saved, and what is told is told to nobody."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def get_workflow_handle(self, workflow: str) -> "_Handle":
        return _Handle(self, workflow)

    async def start_workflow(self, name: str, start: object, *, id: str, **options: object) -> None:  # noqa: A002
        self.asked.append((id, name))
        raise RPCError("away", RPCStatusCode.UNAVAILABLE, b"")


class _Handle:
    def __init__(self, client: Unreachable, workflow: str) -> None:
        self._client = client
        self._workflow = workflow

    async def execute_update(self, name: str, payload: object, **options: object) -> None:
        self._client.asked.append((self._workflow, name))
        raise RPCError("away", RPCStatusCode.UNAVAILABLE, b"")


class Clock:
    """What time it is for the acts, as a test sets it."""

    def __init__(self) -> None:
        self.now = CLOSED_ON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def sessions(engine: AsyncEngine) -> Sessions:
    """Sessions on this test's database."""
    return sessions_of(engine)


@pytest.fixture
def rows(sessions: Sessions) -> CohortInRows:
    """A cohort that a test fills with `begin`."""
    return CohortInRows(sessions)


@pytest.fixture
def unreachable() -> Unreachable:
    """A server that is away."""
    return Unreachable()


@pytest.fixture
def clock() -> Clock:
    """The minute the window closes, unless a test says otherwise."""
    return Clock()


@pytest.fixture
def acts(sessions: Sessions, unreachable: Unreachable, clock: Clock) -> Acts:
    """Every act, while the server is away."""
    return acts_at(Desk(sessions, cast("Client", unreachable), "nobody", clock))

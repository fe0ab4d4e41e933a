"""Activities over a database of the test's own, and a real Temporal server on which no worker runs."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from storage.engine import sessions as sessions_of
from tests.activities.cohort import Activities, CohortInRows, Post, Sessions, activities_of


@pytest.fixture
def sessions(engine: AsyncEngine) -> Sessions:
    """Sessions on this test's database."""
    return sessions_of(engine)


@pytest.fixture
def cohort(sessions: Sessions) -> CohortInRows:
    """A cohort that a test fills with `begin`."""
    return CohortInRows(sessions)


@pytest.fixture
def post() -> Post:
    """Where messages to people end up."""
    return Post()


@pytest.fixture
def activities(sessions: Sessions, temporal_env: WorkflowEnvironment, post: Post) -> Activities:
    """Every activity, behind the interceptor that types errors."""
    return activities_of(sessions, temporal_env.client, post)

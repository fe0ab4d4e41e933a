"""The rig, once for a session, on the servers that all tests share."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.testing import WorkflowEnvironment

from stack.postgres import EmbeddedPostgres
from storage.engine import make_engine
from tests.workflows.rig import CohortRig, Rig

# Without a cache, each workflow task replays its workflow's history from the beginning: what depends on anything but
# the history then shows. See tests/workflows/forgetful.py.
NO_CACHE = os.environ.get("TALENT_POOL_TEST_NO_CACHE") == "1"


@asynccontextmanager
async def a_rig(
    env: WorkflowEnvironment, postgres: EmbeddedPostgres, template: str, mailbox: Path, *, forgetful: bool = NO_CACHE
) -> AsyncIterator[Rig]:
    """A rig with a database of its own, and its worker at work."""
    url = await postgres.create_database(f"rig_{uuid4().hex}", template=template)
    engine = make_engine(url, pool_size=20, overflow=20)
    rig = Rig(env, engine, mailbox, forgetful=forgetful)
    await rig.settle_in()
    await rig.start_worker()
    try:
        yield rig
    finally:
        await rig.close()
        await engine.dispose()


@pytest.fixture(scope="session")
async def rig(
    temporal_env: WorkflowEnvironment,
    postgres_server: EmbeddedPostgres,
    template_database: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Rig]:
    """Real servers, real activities, one worker with the sandbox on; see tests/workflows/rig.py for its use."""
    async with a_rig(temporal_env, postgres_server, template_database, tmp_path_factory.mktemp("mailbox")) as rig:
        yield rig


@pytest.fixture
async def cohort(rig: Rig) -> CohortRig:
    """A cohort of this test alone, by the pilot's policy, with its allocation running."""
    return await rig.cohort()

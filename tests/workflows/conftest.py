"""The rig, once for a session, on the servers that all tests share."""

import os
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from temporalio.testing import WorkflowEnvironment

from stack.postgres import EmbeddedPostgres
from storage.engine import make_engine
from tests.workflows.rig import CohortRig, Rig

# Without a cache, what workflows are told finds them replaying their history from the beginning: what depends on
# anything but the history then shows. CI runs these tests once in each way.
NO_CACHE = os.environ.get("TALENT_POOL_TEST_NO_CACHE") == "1"


@pytest.fixture(scope="session")
async def rig(
    temporal_env: WorkflowEnvironment,
    postgres_server: EmbeddedPostgres,
    template_database: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Rig]:
    """Real servers, real activities, one worker with the sandbox on; see tests/workflows/rig.py for its use."""
    url = await postgres_server.create_database(f"rig_{uuid4().hex}", template=template_database)
    engine = make_engine(url, pool_size=20, overflow=20)
    rig = Rig(temporal_env, engine, tmp_path_factory.mktemp("mailbox"), forgetful=NO_CACHE)
    await rig.settle_in()
    await rig.start_worker()
    try:
        yield rig
    finally:
        await rig.close()
        await engine.dispose()


@pytest.fixture
async def cohort(rig: Rig) -> CohortRig:
    """A cohort of this test alone, by the pilot's policy, with its allocation running."""
    return await rig.cohort()

"""The real servers that tests meet: PostgreSQL, one database for each test, and Temporal with skipped time."""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import hypothesis
import psutil
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio.common import SearchAttributeKey
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from stack.postgres import EmbeddedPostgres
from stack.programs import temporal_program
from stack.temporal_server import DYNAMIC_CONFIGURATION, dynamic_arguments
from storage.engine import make_engine, sessions

# The same examples each time: a test that fails for some people only tells nobody what they broke.
hypothesis.settings.register_profile("fixed", derandomize=True)
hypothesis.settings.load_profile("fixed")

# A developer's own settings must not steer the tests, nor the tests write to a developer's database.
for _name in list(os.environ):
    if _name.startswith("TALENT_POOL_TEST_"):
        continue  # says how to test, and steers nothing else
    if _name.startswith(("TALENT_POOL_", "TEMPORAL_")) or _name == "DATABASE_URL":
        del os.environ[_name]

# A shell that starts the tests in the background has them ignore SIGINT, and so would the programs that tests start
# and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Each workflow's start imports its modules into a sandbox of its own, and each command is a new process: where
# nothing keeps what was compiled, both compile it anew, which doubles what a start costs.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

SEARCH_ATTRIBUTES = (
    SearchAttributeKey.for_keyword("Stage"),
    SearchAttributeKey.for_keyword("Cohort"),
    SearchAttributeKey.for_keyword("Organisation"),
    SearchAttributeKey.for_datetime("DueAt"),
    SearchAttributeKey.for_bool("NeedsAttention"),
)

# Without the first, the server refuses to skip time. The others bring a timer from one second to some
# milliseconds, and make a long history's continue-as-new happen within a test.
SKIPPING_CONFIGURATION = {
    **DYNAMIC_CONFIGURATION,
    "frontend.WorkflowTimeSkippingEnabled": True,
    "history.timerProcessorMaxTimeShift": "5ms",
    "history.workflowIdReuseMinimalInterval": "0s",
    "limit.historyCount.suggestContinueAsNew": 60,
}

_ROOM = 2_000_000_000
"""Bytes of memory that the tests' databases leave alone."""


@pytest.fixture(scope="session")
async def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedPostgres]:
    """A PostgreSQL server for all tests; it may lose data in a power cut, which no test survives anyway."""
    with _quick_folder(tmp_path_factory) as folder:
        server = EmbeddedPostgres(folder, configuration={"fsync": "off", "full_page_writes": "off"})
        await server.start()
        try:
            yield server
        finally:
            await server.stop()


@contextmanager
def _quick_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in memory where there is room, else on the disk: many tests copy a database, a thousand files each.

    Of runs that were killed, what they left in memory goes.
    """
    memory = Path("/dev/shm")  # noqa: S108 -- the folder below it is our own
    if not os.access(memory, os.W_OK) or shutil.disk_usage(memory).free < _ROOM:
        yield tmp_path_factory.mktemp("postgres")
        return
    for left in memory.glob("talent-pool-tests-*"):
        if left.stat().st_uid == os.getuid() and not psutil.pid_exists(int(left.name.split("-")[3])):
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"talent-pool-tests-{os.getpid()}-", dir=memory))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
async def template_database(postgres_server: EmbeddedPostgres) -> str:
    """The name of a database with every table and no rows, made by the migrations."""
    import asyncio

    from storage.migrations import upgrade

    name = "template_of_tests"
    url = await postgres_server.create_database(name)
    # Alembic is synchronous, and may run an event loop of its own.
    await asyncio.to_thread(upgrade, url)
    return name


@pytest.fixture
async def database_url(postgres_server: EmbeddedPostgres, template_database: str) -> AsyncIterator[str]:
    """The address of a database of this test alone, with every table and no rows."""
    name = f"test_{uuid4().hex}"
    yield await postgres_server.create_database(name, template=template_database)
    await postgres_server.drop_database(name)


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine on this test's database."""
    engine = make_engine(database_url)
    yield engine
    await engine.dispose()


@pytest.fixture
async def session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """A session on this test's database; what it does not commit is rolled back."""
    async with sessions(engine)() as session:
        yield session


@pytest.fixture(scope="session")
async def temporal_env() -> AsyncIterator[WorkflowEnvironment]:
    """A Temporal server whose clocks stand with the wall's until a test moves one workflow's on.

    ``await temporal_env.fast_forward(workflow, timedelta(days=9))`` moves on by nine days, and without a
    duration to the workflow's end. Each workflow has its own clock: move on the one whose timer is meant,
    a child's too. Activities see the wall's clock, so workflows hand them ``workflow.now()``. After
    continue-as-new the clock over-counts. The time-skipping interface is experimental: nothing else in the
    tests names it.
    """
    environment = await WorkflowEnvironment.start_time_skipping_v2(
        ts_config=TimeSkippingConfig(enabled=False),
        dev_server_existing_path=str(temporal_program()),
        dev_server_log_level="never",
        dev_server_extra_args=dynamic_arguments(SKIPPING_CONFIGURATION),
        search_attributes=SEARCH_ATTRIBUTES,
        data_converter=pydantic_data_converter,
    )
    try:
        yield environment
    finally:
        await environment.shutdown()

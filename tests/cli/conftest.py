"""The command line against real servers and a real worker; weeks are skipped, as in the workflow tests."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from temporalio.testing import WorkflowEnvironment
from typer.testing import CliRunner

from cli.program import program
from stack.postgres import EmbeddedPostgres
from storage.engine import make_engine
from tests.workflows.rig import CohortRig, Rig


@dataclass(frozen=True)
class Answer:
    """What a command printed, and how it ended."""

    status: int
    said: str
    complained: str

    @property
    def document(self) -> Any:
        return json.loads(self.said)


Starter = Callable[..., Awaitable[Answer]]


@pytest.fixture(scope="session")
async def rig(
    temporal_env: WorkflowEnvironment,
    postgres_server: EmbeddedPostgres,
    template_database: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Rig]:
    """Real activities and one worker; see tests/workflows/rig.py."""
    url = await postgres_server.create_database(f"cli_{uuid4().hex}", template=template_database)
    engine = make_engine(url, pool_size=10, overflow=10)
    rig = Rig(temporal_env, engine, tmp_path_factory.mktemp("mailbox"))
    await rig.settle_in()
    await rig.start_worker()
    try:
        yield rig
    finally:
        await rig.close()
        await engine.dispose()


@pytest.fixture
async def cohort(rig: Rig) -> CohortRig:
    """A cohort of this test alone."""
    return await rig.cohort()


def addresses(rig: Rig) -> dict[str, str]:
    """Where the rig's servers are, as a command's environment says it."""
    return {
        "DATABASE_URL": rig.engine.url.render_as_string(hide_password=False),
        "TEMPORAL_ADDRESS": rig.env.client.service_client.config.target_host,
        "TALENT_POOL_TASK_QUEUE": rig.task_queue,
    }


def run(*arguments: str, environment: dict[str, str], typed: str = "") -> Answer:
    """Run a command in this process, as its own program would; ``typed`` is its standard input."""
    result = CliRunner().invoke(program, list(arguments), env=environment, input=typed)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Answer(result.exit_code, result.stdout, result.stderr)


@pytest.fixture
def starter(rig: Rig) -> Starter:
    """``await starter("list", "--json")`` runs a command against the rig's servers."""
    environment = addresses(rig)

    async def starter(*arguments: str, typed: str = "", **more: str) -> Answer:
        # A thread of its own: the worker goes on working in this loop.
        return await asyncio.to_thread(run, *arguments, environment={**environment, **more}, typed=typed)

    return starter

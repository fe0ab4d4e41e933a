"""Workflow modules run in the sandbox with its checks on: what is not the same in every replay is refused."""

import sys
from collections.abc import Iterator
from importlib import import_module, invalidate_caches
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxRestrictions

from worker import PASSED_THROUGH, sandboxed
from workflows.all import WORKFLOWS

MODULE = """
import random
import time
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from temporalio import workflow


@workflow.defn(name="{name}")
class Impure:
    @workflow.run
    async def run(self) -> str:
        return str({expression})
"""


@pytest.fixture
def package(tmp_path: Path) -> Iterator[Path]:
    """A package beside `workflows`, which is imported from its file as they are."""
    folder = tmp_path / "workflows_of_a_test"
    folder.mkdir()
    (folder / "__init__.py").touch()
    sys.path.insert(0, str(tmp_path))
    invalidate_caches()
    yield folder
    sys.path.remove(str(tmp_path))
    for name in [name for name in sys.modules if name.startswith("workflows_of_a_test")]:
        del sys.modules[name]


async def run(env: WorkflowEnvironment, package: Path, expression: str) -> str:
    """Runs a workflow that says what ``expression`` gives, in the worker's own sandbox."""
    name = f"impure_{uuid4().hex}"
    (package / f"{name}.py").write_text(MODULE.format(name=name, expression=expression), encoding="utf-8")
    impure = import_module(f"workflows_of_a_test.{name}").Impure
    async with Worker(
        env.client,
        task_queue=name,
        workflows=[impure],
        workflow_runner=sandboxed(),
        # A worker retries such a task until the code is mended; here it is the workflow that fails.
        workflow_failure_exception_types=[Exception],
    ):
        said: str = await env.client.execute_workflow(impure.run, id=name, task_queue=name)
        return said


@pytest.mark.parametrize(
    "expression",
    [
        "datetime.now()",
        "datetime.utcnow()",
        "time.time()",
        "random.random()",
        "uuid4()",
        "open('/etc/hostname').read()",
        "Path('/etc/hostname').read_text()",
    ],
)
async def test_what_differs_between_replays_is_refused_in_a_workflow(
    expression: str, package: Path, temporal_env: WorkflowEnvironment
) -> None:
    with pytest.raises(WorkflowFailureError) as failure:
        await run(temporal_env, package, expression)

    cause = failure.value.cause
    assert isinstance(cause, ApplicationError)
    assert cause.type == "RestrictedWorkflowAccessError"


async def test_what_is_the_same_in_every_replay_is_allowed(package: Path, temporal_env: WorkflowEnvironment) -> None:
    assert await run(temporal_env, package, "workflow.now().tzinfo") == "UTC"


def test_workflow_modules_are_never_passed_through_the_sandbox() -> None:
    passed = SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH).passthrough_modules

    assert "models" in passed
    for one in WORKFLOWS:
        parts = one.__module__.split(".")
        assert not {".".join(parts[: n + 1]) for n in range(len(parts))} & set(passed)

"""Records the histories that tests/workflows/test_replay.py replays: ``python -m tests.record_histories``.

Every workflow goes through every branch of tests/workflows/scenes.py on real servers, and its history is written to
tests/histories as compact JSON. Run it after a change to a workflow that no running workflow can meet: before the
first release, or once every workflow that began before the change has ended. Otherwise keep the old histories, guard
the change with `workflow.patched`, and add new ones beside them.
"""

import asyncio
import json
import logging
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from stack.postgres import EmbeddedPostgres
from stack.programs import temporal_program
from stack.temporal_server import dynamic_arguments
from storage.engine import make_engine
from storage.migrations import upgrade
from tests.conftest import SEARCH_ATTRIBUTES, SKIPPING_CONFIGURATION
from tests.workflows.rig import Rig
from tests.workflows.scenes import play

HISTORIES = Path(__file__).with_name("histories")
NOT_REPLAYED = frozenset(
    {"identity", "taskId", "workerVersion", "links", "requestId", "historySizeBytes", "eventLinks", "stackTrace"}
)
"""What a replay never looks at, and what would name the machine that recorded."""
STICKY_QUEUE = re.compile(r"^\d+@.*$")
"""The name of a worker's own queue holds its machine's."""


def slimmed(said: object) -> object:
    """A history without what a replay never looks at."""
    if isinstance(said, dict):
        return {name: slimmed(value) for name, value in said.items() if name not in NOT_REPLAYED}
    if isinstance(said, list):
        return [slimmed(value) for value in said]
    if isinstance(said, str):
        return STICKY_QUEUE.sub("recorded", said)
    return said


async def recorded(client: Client, branches: Mapping[str, str]) -> Mapping[str, str]:
    """The history of each branch's workflow, as compact JSON."""
    found = {}
    for branch, workflow in branches.items():
        name, _, run = branch.partition("@")
        history = await client.get_workflow_handle(workflow, run_id=run or None).fetch_history()
        events = slimmed(history.to_json_dict())
        found[name] = json.dumps(events, separators=(",", ":"), sort_keys=True, ensure_ascii=True)
    return found


@asynccontextmanager
async def _rig(folder: Path) -> AsyncIterator[Rig]:
    """A rig on servers of its own, as tests/conftest.py starts them."""
    postgres = EmbeddedPostgres(folder / "postgres", configuration={"fsync": "off", "full_page_writes": "off"})
    await postgres.start()
    try:
        url = await postgres.create_database("recording")
        await asyncio.to_thread(upgrade, url)
        async with await WorkflowEnvironment.start_time_skipping_v2(
            ts_config=TimeSkippingConfig(enabled=False),
            dev_server_existing_path=str(temporal_program()),
            dev_server_log_level="never",
            # A history of hundreds of events is worth more than many that continue one another.
            dev_server_extra_args=dynamic_arguments(
                {**SKIPPING_CONFIGURATION, "limit.historyCount.suggestContinueAsNew": 4096}
            ),
            search_attributes=SEARCH_ATTRIBUTES,
            data_converter=pydantic_data_converter,
        ) as env:
            engine = make_engine(url, pool_size=20, overflow=20)
            rig = Rig(env, engine, folder / "mailbox")
            await rig.settle_in()
            await rig.start_worker()
            try:
                yield rig
            finally:
                await rig.close()
                await engine.dispose()
    finally:
        await postgres.stop()


async def record() -> int:
    """Records everything anew; how many histories there are now."""
    with tempfile.TemporaryDirectory(prefix="histories-") as folder:
        async with _rig(Path(folder)) as rig:
            found = await recorded(rig.client, await play(rig))
    for old in HISTORIES.glob("*-*.json"):
        old.unlink()
    for name, history in found.items():
        (HISTORIES / f"{name}.json").write_text(history + "\n", encoding="utf-8")
    return len(found)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    count = asyncio.run(record())
    sys.stdout.write(f"{count} histories recorded in {HISTORIES}\n")

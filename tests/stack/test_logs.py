"""Log lines: once, with their place, without anybody's words."""

import asyncio
import io
import json
import logging
from collections.abc import Callable, Iterator

import pytest
import structlog
from temporalio import activity
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from stack.errors import StackError
from stack.logs import configure_logs
from stack.settings import Environment, Settings
from tests.stack.speaking import SpeakingWorkflow
from worker import sandboxed

NAME = "Ottoline Quillfeather"
Lines = Callable[[], list[dict[str, object]]]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """What was written, as a program reads it in production."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = list(root.handlers), root.level
    written = io.StringIO()
    monkeypatch.setattr("sys.stdout", written)
    configure_logs(
        Settings(environment=Environment.PRODUCTION, database_url="postgresql://h/d", temporal_address="h:1")
    )

    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]

    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)


@activity.defn
async def speak() -> None:
    structlog.get_logger("of.activity").info("spoke")


async def test_workflow_that_is_replayed_speaks_once(temporal_env: WorkflowEnvironment, lines: Lines) -> None:
    names = {"id": "speaking/1", "task_queue": "speaking"}
    async with Worker(
        temporal_env.client,
        task_queue="speaking",
        workflows=[SpeakingWorkflow],
        activities=[speak],
        workflow_runner=sandboxed(),
        max_cached_workflows=0,
    ):
        handle = await temporal_env.client.start_workflow("speaking", **names)  # type: ignore[call-overload]
        # A task that an Update overtakes is run again, which is no replay.
        while (await handle.describe()).history_length < 4:  # noqa: ASYNC110 -- the server writes it
            await asyncio.sleep(0.02)
        for number in range(3):
            await handle.execute_update("hear", id=f"update-{number}")
        await handle.result()

    written = lines()
    said = [line for line in written if line["logger"] in {"temporalio.workflow", "of.activity"}]
    assert [str(line["event"]).partition(" ({")[0] for line in said].count("heard") == 3
    assert len(said) == 7
    assert {line["workflow_id"] for line in said} == {"speaking/1"}
    assert [line["update_id"] for line in said if "update_id" in line] == ["update-0", "update-1", "update-2"]
    assert [line["activity"] for line in said if line["logger"] == "of.activity"] == ["speak"]


@pytest.mark.parametrize("logger", [structlog.get_logger("a"), logging.getLogger("a")], ids=["structlog", "logging"])
def test_exception_is_written_without_its_words(lines: Lines, logger: logging.Logger) -> None:
    try:
        try:
            raise KeyError(NAME)  # noqa: TRY301
        except KeyError as inner:
            raise ValueError(f"{NAME} is twice in the row") from inner
    except ValueError:
        logger.exception("a row was refused")

    (line,) = lines()

    assert NAME not in json.dumps(line)
    assert line["event"] == "a row was refused"
    assert str(line["exception"]).startswith("ValueError at test_logs.py:")
    assert ", caused by KeyError at test_logs.py:" in str(line["exception"])


def test_own_error_keeps_its_sentence(lines: Lines) -> None:
    logging.getLogger("a").error("ended", exc_info=StackError("The port is taken."))

    (line,) = lines()

    assert line["exception"] == "stack.errors.StackError: The port is taken."


def test_line_says_when_who_and_how_severe(lines: Lines) -> None:
    structlog.get_logger("a.b").warning("late", stage="scoring")
    structlog.get_logger("a.b").debug("unheard")

    (line,) = lines()

    assert (line["event"], line["logger"], line["level"], line["stage"]) == ("late", "a.b", "warning", "scoring")
    assert str(line["timestamp"]).endswith("Z")


def test_database_library_is_not_heard_below_a_warning(lines: Lines) -> None:
    logging.getLogger("sqlalchemy.engine").info("INSERT %s", NAME)

    assert lines() == []

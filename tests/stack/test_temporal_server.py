from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import psutil
import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker

from stack.errors import ServerFailedError, StackError
from stack.temporal_server import EmbeddedTemporal


@workflow.defn
class Asked:
    def __init__(self) -> None:
        self._answer: str | None = None

    @workflow.run
    async def run(self) -> str:
        await workflow.wait_condition(lambda: self._answer is not None, timeout=timedelta(minutes=1))
        return self._answer or ""

    @workflow.signal
    def answer(self, word: str = "") -> None:
        self._answer = word


async def test_workflow_goes_on_when_the_server_is_killed_and_started(tmp_path: Path) -> None:
    server = EmbeddedTemporal(tmp_path / "temporal")
    await server.start()
    address = server.address
    client = await Client.connect(address)
    queue = f"test-{uuid4()}"
    handle = await client.start_workflow(Asked.run, id=queue, task_queue=queue)
    await handle.signal(Asked.answer, "kept")

    await server.kill()
    await server.start()

    assert server.address == address
    async with Worker(client, task_queue=queue, workflows=[Asked]):
        assert await handle.result() == "kept"
    await server.kill()


async def test_server_listens_on_this_machine_only_with_and_without_pages(tmp_path: Path) -> None:
    server = EmbeddedTemporal(tmp_path / "temporal", ui=True, namespace="board")
    await server.start()
    assert server.pid is not None

    listening = [
        connection.laddr
        for connection in psutil.Process(server.pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]

    assert {place.ip for place in listening} == {"127.0.0.1"}
    assert {server.address, (server.ui_address or "").removeprefix("http://")} <= {
        f"{place.ip}:{place.port}" for place in listening
    }
    await Client.connect(server.address, namespace="board")
    await server.kill()


async def test_temporal_has_no_address_before_its_first_start(tmp_path: Path) -> None:
    server = EmbeddedTemporal(tmp_path / "temporal")

    with pytest.raises(StackError, match="before its first start"):
        _ = server.address


async def test_server_that_cannot_use_its_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "temporal" / "temporal.db").mkdir(parents=True)

    with pytest.raises(ServerFailedError, match=r"Its last words:\n.*unable to open database file"):
        await EmbeddedTemporal(tmp_path / "temporal").start()

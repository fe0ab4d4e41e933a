import asyncio
from pathlib import Path

import pytest

from stack.errors import StackError
from stack.local import LocalStack
from stack.settings import Settings
from stack.supervision import supervise
from tests.stack.test_local import WORKER


def _write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


async def _until(said: list[str], words: str) -> None:
    async with asyncio.timeout(30):
        while not any(words in sentence for sentence in said):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_what_is_killed_comes_back(tmp_path: Path) -> None:
    script = _write(tmp_path / "worker.py", WORKER)
    said: list[str] = []

    async with LocalStack("demo", settings=Settings(folder=tmp_path), worker=script) as stack:
        (worker,) = await stack.start_workers()
        watching = asyncio.ensure_future(supervise(stack, said.append, pause_seconds=0.01))
        first, server = worker.pid, stack.postgres
        assert server is not None
        assert first is not None
        await worker.kill()
        await _until(said, "Worker 1 runs again.")
        second = worker.pid
        await server.kill()
        await _until(said, "PostgreSQL runs again.")
        watching.cancel()

        assert second not in {None, first}
        assert server.running
        assert await worker.is_healthy()
    assert said[0] == (
        f"Worker 1 ended by itself; it is started again (1 of 5). See {tmp_path / 'demo' / 'logs' / 'worker-1.log'}."
    )


async def test_what_ends_again_and_again_is_given_up(tmp_path: Path) -> None:
    settings = Settings(folder=tmp_path, database_url="postgresql://h/d", temporal_address="h:1")
    script = _write(tmp_path / "worker.py", WORKER)
    said: list[str] = []

    async with LocalStack("demo", settings=settings, worker=script) as stack:
        (worker,) = await stack.start_workers()
        _write(script, "raise SystemExit('broken meanwhile')")
        await worker.kill()
        with pytest.raises(StackError, match=r"Worker 1 ended 3 times.*'make down', then 'make up'"):
            await supervise(stack, said.append, tries=2, pause_seconds=0.01)

    assert sum("broken meanwhile" in sentence for sentence in said) == 2

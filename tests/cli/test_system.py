"""The whole system on one machine: started, reached by other commands, and stopped."""

# ruff: noqa: S603 -- the program started is the project's own

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.failures import sentence_of
from stack.client import TemporalUnreachableError
from stack.folder import Addresses, StackFolder
from stack.postgres import EmbeddedPostgres
from tests.cli.conftest import Answer, run

ROOT = Path(__file__).resolve().parents[2]


def test_system_runs_until_it_is_told_to_stop(tmp_path: Path) -> None:
    environment = {**os.environ, "TALENT_POOL_FOLDER": str(tmp_path)}

    def starter(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "starter.py", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    up = subprocess.Popen(
        [sys.executable, "-u", "starter.py", "up", "--workers", "0", "--no-ui", "--name", "one"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert up.stdout is not None
        said: list[str] = []
        while "cohort open" not in "".join(said):
            said.append(up.stdout.readline())
            assert said[-1], "it ended before it was ready"

        reached = starter("--stack", "one", "database", "current")
        found_alone = starter("list", "--json")
        second = starter("up", "--name", "one")
        down = starter("down", "--name", "one")
        _, complained = up.communicate(timeout=30)
    finally:
        up.kill()
        up.wait()

    assert (reached.returncode, found_alone.returncode) == (0, 0)
    assert '"total": 0' in found_alone.stdout
    assert (second.returncode, "Another run" in second.stderr) == (1, True)
    assert (down.returncode, down.stdout.strip()) == (0, "Stopped.")
    assert (up.returncode, complained.strip()) == (0, "Stopped.")
    assert starter("down", "--name", "one").stdout.startswith("Nothing runs")


def test_embedded_servers_that_are_away_are_started_again_by_make(tmp_path: Path) -> None:
    environment = {
        name: text for name, text in os.environ.items() if name not in {"DATABASE_URL", "TEMPORAL_ADDRESS"}
    }
    environment["TALENT_POOL_FOLDER"] = str(tmp_path)
    folder = StackFolder(tmp_path / "local")
    folder.hold()
    folder.tell_addresses(Addresses(f"postgresql+psycopg://postgres@/pool?host={tmp_path}", "127.0.0.1:1"))

    try:
        done = subprocess.run(
            [sys.executable, "starter.py", "list"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        folder.release()

    assert done.returncode == 1
    assert done.stderr.strip() == (
        "The database of the system on this machine does not answer: run 'make down', then 'make up'; its data stays."
    )


def test_temporal_that_is_away_is_told_by_whoever_named_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    away = TemporalUnreachableError("Temporal does not answer at t.example:7233.")
    monkeypatch.chdir(tmp_path)

    monkeypatch.delenv("TEMPORAL_ADDRESS", raising=False)
    embedded = sentence_of(away)
    monkeypatch.setenv("TEMPORAL_ADDRESS", "t.example:7233")
    named = sentence_of(away)

    assert embedded is not None
    assert "'make down', then 'make up'" in embedded
    assert named == str(away)


async def test_role_is_taken_away_but_the_last_of_operations_stays(
    postgres_server: EmbeddedPostgres, template_database: str
) -> None:
    url = await postgres_server.create_database("revoked_roles", template=template_database)

    async def user(*arguments: str) -> Answer:
        return await asyncio.to_thread(run, "user", *arguments, environment={"DATABASE_URL": url})

    jo, kim = "jo@example.nhs.test", "kim@example.nhs.test"
    await user("grant", "operations", "--email", jo, "--name", "Jo Field")
    last = await user("revoke", "operations", "--email", jo, "--as", jo)
    await user("grant", "operations", "--email", kim, "--name", "Kim Hill", "--as", jo)
    taken = await user("revoke", "operations", "--email", jo, "--as", kim)
    again = await user("revoke", "operations", "--email", jo, "--as", kim)
    stranger = await user("revoke", "operations", "--email", kim, "--as", jo)
    listed = await user("list", "--json", "--as", kim)
    unasked = await user("list", "--json")
    events = await asyncio.to_thread(run, "verify", "audit", "--json", environment={"DATABASE_URL": url})

    assert (last.status, "the last in operations" in last.complained) == (1, True)
    assert (taken.status, again.status, stranger.status) == (0, 1, 1)
    assert (unasked.status, unasked.said, "--as" in unasked.complained) == (2, "", True)
    assert [one["email"] for one in json.loads(listed.said)] == [kim]
    assert events.status == 0
    assert events.document["events"] == 3

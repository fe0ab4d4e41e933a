"""The whole system on one machine: started, reached by other commands, and stopped."""

# ruff: noqa: S603 -- the program started is the project's own

import asyncio
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.failures import sentence_of
from cli.first_steps import PILOT_OFFICER, first_steps
from rules.policies import read_policy
from stack.client import TemporalUnreachableError
from stack.folder import Addresses, StackFolder
from stack.local import LocalStack
from stack.postgres import EmbeddedPostgres
from stack.settings import Settings
from tests.cli.conftest import Answer, run
from tests.workflows.rig import Rig

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
        while "made-up person" not in "".join(said):
            said.append(up.stdout.readline())
            assert said[-1], "it ended before it was ready"
        steps = [line.strip() for line in said if line.startswith("  ") and (" import " in line or "sed " in line)]
        assessors, to_run = (
            steps[-1],
            [step for step in steps if "import nom" not in step and "import ass" not in step],
        )

        reached = starter("--stack", "one", "database", "current")
        found_alone = starter("list", "--json")
        second = starter("up", "--name", "one")
        stepped = subprocess.run(
            ["/bin/sh", "-ec", "\n".join(to_run)],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        listed = starter("--stack", "one", "user", "list", "--only", "operations", "--as", PILOT_OFFICER)
        down = starter("--stack", "one", "down")
        _, complained = up.communicate(timeout=30)
    finally:
        up.kill()
        up.wait()

    assert (reached.returncode, found_alone.returncode) == (0, 0)
    assert '"total": 0' in found_alone.stdout
    assert (second.returncode, "Another run" in second.stderr) == (1, True)
    assert (stepped.returncode, stepped.stdout.count("0 changed")) == (0, 2), stepped.stderr
    assert f"export TALENT_POOL_AS={PILOT_OFFICER}\n" in "".join(said)
    assert f"such as {PILOT_OFFICER}; the code is at http://localhost:" in "".join(said)
    assert (listed.returncode, "Usha Davies" in listed.stdout) == (0, True)
    policy = read_policy(tmp_path / "one" / "policy.toml", created_at=datetime.now(UTC))
    assert isinstance(policy.window.opens, datetime)
    assert isinstance(policy.window.closes, datetime)
    assert policy.window.opens < datetime.now(UTC) < policy.window.closes
    assert policy.cohort.name.endswith(f"{datetime.now(UTC):%B %Y}")
    moved = (tmp_path / "one" / "assessors.csv").read_text("utf-8")
    assert not [day for day in ("2018-1", "2019-", "2020-", "2021-") if day in moved]
    assert assessors.endswith("one/assessors.csv")
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


async def test_system_with_a_cohort_says_how_to_sign_in_and_imports_nothing(rig: Rig, tmp_path: Path) -> None:
    await rig.cohort()
    url = rig.engine.url.render_as_string(hide_password=False)
    stack = LocalStack("one", settings=Settings(folder=tmp_path, database_url=url, portal_port=8123))
    before = stack.portal_address
    stack.expect_portal()

    said = await first_steps(stack, "one", personas=True)

    assert "import" not in said
    assert "sign in, open http://localhost:8123/sign-in\n" in said
    assert said.endswith("choose a made-up person at http://localhost:8123/sign-in/personas")
    assert before is None

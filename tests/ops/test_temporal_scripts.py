"""The one-shot scripts: the namespace script against a real Temporal server, both against wrong use."""

# ruff: noqa: S603 - the programs started are the project's own scripts and Temporal's

import json
import os
import subprocess
from pathlib import Path

import pytest

from stack.programs import temporal_program

from .conftest import ROOT

SCRIPTS = ROOT / "ops" / "temporal"


def run(script: str, *, programs: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{temporal_program().parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["/bin/sh", str(SCRIPTS / script)],
        env={"PATH": f"{programs}:{path}" if programs else path, "HOME": "/nonexistent", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def retention_of(address: str, namespace: str) -> str:
    temporal = temporal_program()
    command = [str(temporal), "operator", "namespace", "describe", "--address", address, "--namespace", namespace]
    described = subprocess.run([*command, "--output", "json"], capture_output=True, text=True, check=True)
    return json.loads(described.stdout)["config"]["workflowExecutionRetentionTtl"]


def test_namespace_is_created_with_its_retention(watched_server):
    result = run(
        "create-namespace.sh",
        TEMPORAL_ADDRESS=watched_server.address,
        TEMPORAL_NAMESPACE="created-once",
        HISTORY_RETENTION="30d",
    )

    assert result.returncode == 0, result.stderr
    assert retention_of(watched_server.address, "created-once") == "2592000s"


def test_namespace_script_run_twice_leaves_the_namespace_as_it_is(watched_server):
    settings = {"TEMPORAL_ADDRESS": watched_server.address, "TEMPORAL_NAMESPACE": "created-twice"}
    run("create-namespace.sh", HISTORY_RETENTION="30d", **settings)

    again = run("create-namespace.sh", HISTORY_RETENTION="7d", **settings)

    assert again.returncode == 0
    assert again.stdout == "Namespace created-twice exists.\n"
    assert retention_of(watched_server.address, "created-twice") == "2592000s"


def test_namespace_script_gives_up_with_a_sentence_when_nothing_answers():
    result = run(
        "create-namespace.sh",
        TEMPORAL_ADDRESS="127.0.0.1:1",
        TEMPORAL_NAMESPACE="never",
        ATTEMPTS="2",
        PAUSE_SECONDS="0",
    )

    assert result.returncode == 1
    assert "did not answer after 2 attempts" in result.stderr


@pytest.mark.parametrize(
    ("script", "missing"),
    [("create-namespace.sh", "TEMPORAL_ADDRESS"), ("set-up-schema.sh", "POSTGRES_SEEDS")],
)
def test_script_without_its_settings_says_which(script, missing):
    result = run(script)

    assert result.returncode == 2
    assert f"Set {missing} to" in result.stderr


def test_schema_script_stops_at_the_first_failing_step():
    """Without temporal-sql-tool on the path the first step fails, and no later one may be tried."""
    result = run("set-up-schema.sh", POSTGRES_SEEDS="nowhere", POSTGRES_USER="temporal", SQL_PASSWORD="unused")

    assert result.returncode != 0
    assert "temporal_visibility" not in result.stdout
    assert "up to date" not in result.stdout


def test_schema_script_creates_sets_up_and_updates_both_databases(tmp_path):
    """temporal-sql-tool comes only in an image, so a recorder stands in: the calls are checked, not their effect."""
    recorder = tmp_path / "temporal-sql-tool"
    recorder.write_text('#!/bin/sh\necho "$SQL_PASSWORD|$*" >> "$CALLS"\n', encoding="utf-8")
    recorder.chmod(0o755)
    calls = tmp_path / "calls"

    result = run(
        "set-up-schema.sh",
        programs=tmp_path,
        CALLS=str(calls),
        POSTGRES_SEEDS="temporal-postgres",
        POSTGRES_USER="temporal",
        SQL_PASSWORD="first-of-three",
    )

    common = "first-of-three|--plugin postgres12 --ep temporal-postgres -p 5432 -u temporal --db"
    schema = "/etc/temporal/schema/postgresql/v12"
    assert result.returncode == 0, result.stderr
    assert calls.read_text(encoding="utf-8").splitlines() == [
        f"{common} temporal create",
        f"{common} temporal setup-schema -v 0.0",
        f"{common} temporal update-schema -d {schema}/temporal/versioned",
        f"{common} temporal_visibility create",
        f"{common} temporal_visibility setup-schema -v 0.0",
        f"{common} temporal_visibility update-schema -d {schema}/visibility/versioned",
    ]
    assert "first-of-three" not in result.stdout + result.stderr

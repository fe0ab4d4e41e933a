"""The Compose file, as its author wrote it and as Docker Compose would see it; a Temporal server to watch."""

# ruff: noqa: S603 - the only program started is Temporal's own, with arguments made here

import contextlib
import re
import socket
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from stack.programs import temporal_program

ROOT = Path(__file__).resolve().parents[2]
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?:(?P<operator>:-|:\?)(?P<word>[^}]*))?\}")


class MissingVariableError(Exception):
    """A required variable has no value; the message is the sentence the Compose file gives."""


def variables_of(path: Path) -> dict[str, str]:
    """Read an environment file: NAME=value lines, comments and empty lines left out."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def interpolated(text: str, variables: Mapping[str, str]) -> str:
    """Put variables in as Compose does: ${A}, ${A:-default}, ${A:?sentence}."""

    def value(match: re.Match[str]) -> str:
        found = variables.get(match["name"], "")
        if found:
            return found
        if match["operator"] == ":?":
            raise MissingVariableError(match["word"])
        return match["word"] or ""

    return VARIABLE.sub(value, text)


@pytest.fixture(scope="session")
def compose_text() -> str:
    """docker-compose.yml without its comments, so that ${…} in a comment is not taken for a variable."""
    lines = (ROOT / "docker-compose.yml").read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


@pytest.fixture(scope="session")
def services(compose_text: str) -> dict[str, dict]:
    """The services, with the development variables put in."""
    variables = variables_of(ROOT / "ops" / "development.env")
    return yaml.safe_load(interpolated(compose_text, variables))["services"]


@dataclass(frozen=True)
class TemporalServer:
    """A running embedded Temporal server: gRPC address and the address of its own metrics."""

    address: str
    metrics: str


def free_ports(count: int) -> list[int]:
    """Ports of the loopback address nobody listens on at this moment."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@pytest.fixture(scope="session")
def watched_server() -> Iterator[TemporalServer]:
    """An embedded server of our own, since these tests read the metrics of the server itself."""
    temporal = temporal_program()
    grpc, http, metrics = free_ports(3)
    options = ["--headless", "--port", str(grpc), "--http-port", str(http), "--metrics-port", str(metrics)]
    server = subprocess.Popen(
        [str(temporal), "server", "start-dev", *options, "--log-level", "never"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"127.0.0.1:{grpc}"
    try:
        for _ in range(100):
            health = [str(temporal), "operator", "cluster", "health", "--address", address]
            if subprocess.run(health, capture_output=True, check=False).returncode == 0:
                break
        else:
            pytest.fail("The embedded Temporal server did not start.")
        yield TemporalServer(address=address, metrics=f"http://127.0.0.1:{metrics}/metrics")
    finally:
        server.terminate()
        server.wait(timeout=20)

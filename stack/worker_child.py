"""The programs of an embedded stack: workers, and the portal."""

import sys
from collections.abc import Mapping
from pathlib import Path

from stack.children import free_port
from stack.healthy_child import HealthyChild

_PROJECT = Path(__file__).resolve().parent.parent
WORKER = _PROJECT / "worker.py"
STARTER = _PROJECT / "starter.py"


class WorkerChild(HealthyChild):
    """A worker.

    Args:
        number: Which of the stack's workers this is, from 1.
        log: File for its output.
        environment: Its whole environment; the health port is added.
        program: The script to run.
    """

    def __init__(
        self, number: int, *, log: Path, environment: Mapping[str, str], program: Path | None = None
    ) -> None:
        self.number = number
        port = free_port()
        super().__init__(
            f"Worker {number}",
            [sys.executable, str(program or WORKER)],
            log=log,
            health_port=port,
            environment={**environment, "TALENT_POOL_HEALTH_PORT": str(port)},
            folder=(program or WORKER).parent,
            stop_seconds=40.0,  # longer than the worker's own limit for activities in flight
        )


class PortalChild(HealthyChild):
    """The portal, which serves /health beside its pages.

    Args:
        port: Where it serves.
        log: File for its output.
        environment: Its whole environment; the port is added.
    """

    def __init__(self, port: int, *, log: Path, environment: Mapping[str, str]) -> None:
        super().__init__(
            "The portal",
            [sys.executable, str(STARTER), "portal"],
            log=log,
            health_port=port,
            environment={**environment, "TALENT_POOL_PORTAL_PORT": str(port)},
            folder=STARTER.parent,
            stop_seconds=15.0,
        )

    @property
    def address(self) -> str:
        """Where a browser on this machine opens it."""
        return f"http://127.0.0.1:{self.health_port}"

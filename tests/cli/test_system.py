"""The whole system on one machine: started, reached by other commands, and stopped."""

# ruff: noqa: S603 -- the program started is the project's own

import os
import subprocess
import sys
from pathlib import Path

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
        said = []
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

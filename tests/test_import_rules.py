"""Who may know whom: the contracts hold, and a breach of each is found."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


def _check(root: Path) -> "subprocess.CompletedProcess[str]":
    program = (
        "import sys, pathlib; root = pathlib.Path(sys.argv[1]); sys.path.insert(0, sys.argv[2]); "
        "from import_rules import check; sys.exit(check(root, pathlib.Path(sys.argv[3])))"
    )
    # -P and a folder elsewhere, or the real rooms would be found first.
    return subprocess.run(  # noqa: S603
        [sys.executable, "-P", "-c", program, str(root), str(ROOT / "scripts"), str(ROOT / "pyproject.toml")],
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
        timeout=100,
    )


def test_every_room_keeps_the_rules() -> None:
    answer = _check(ROOT)

    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract["id"])
def test_breach_is_found(tmp_path: Path, contract: dict[str, list[str]]) -> None:
    room, other = contract["source_modules"][0], contract["forbidden_modules"][-1]
    for name in {room, other} - {"worker", "starter"}:
        folder = tmp_path / name.partition(".")[0]
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").touch()
    if (tmp_path / "models").exists():
        (tmp_path / "models" / "tables.py").touch()
    (tmp_path / room / "breach.py").write_text(f"import {other}\n")

    answer = _check(tmp_path)

    assert answer.returncode == 1
    assert f"{room}.breach -> {other}" in answer.stdout
    assert f"{contract['name'][:40]}" in answer.stdout


def test_absent_rooms_break_nothing(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "__init__.py").touch()

    answer = _check(tmp_path)

    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_every_room_is_listed() -> None:
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"])

    assert rooms <= listed

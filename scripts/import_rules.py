"""Checks who imports whom by the contracts of pyproject.toml; rooms that do not exist yet are left out."""

import sys
import tempfile
import tomllib
from collections.abc import Iterable
from configparser import ConfigParser
from pathlib import Path

from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parent.parent
_LISTS = frozenset({"source_modules", "forbidden_modules", "ignore_imports"})

Contract = dict[str, str | bool | list[str]]


def written(root: Path, pyproject: Path) -> ConfigParser:
    """The contracts as import-linter's own file states them, without rooms that ``root`` does not have.

    A room is absent when it is named as a root package and has no folder; a contract without sources, or without
    anything to forbid, is left out with it.
    """
    rules = tomllib.loads(pyproject.read_text(encoding="utf-8"))["tool"]["importlinter"]
    rooms: list[str] = rules["root_packages"]
    absent = {room for room in rooms if not (root / room / "__init__.py").is_file()}
    config = ConfigParser()
    config["importlinter"] = {
        "root_packages": _lines(room for room in rooms if room not in absent),
        "include_external_packages": str(rules["include_external_packages"]),
        "exclude_type_checking_imports": str(rules["exclude_type_checking_imports"]),
    }
    contracts: list[Contract] = rules["contracts"]
    for contract in contracts:
        kept = {name: _without(value, absent) for name, value in contract.items() if name != "id"}
        if kept["source_modules"] and kept["forbidden_modules"]:
            config[f"importlinter:contract:{contract['id']}"] = kept
    return config


def _without(value: str | bool | list[str], absent: set[str]) -> str:
    if not isinstance(value, list):
        return str(value)
    return _lines(module for module in value if module.partition(".")[0] not in absent)


def _lines(modules: Iterable[str]) -> str:
    return "".join(f"\n{module}" for module in modules)


def check(root: Path, pyproject: Path) -> int:
    """Check the rooms of ``root`` and give 0 when all contracts are kept, 1 when one is broken."""
    sys.path.insert(0, str(root))
    with tempfile.NamedTemporaryFile("w", suffix=".ini", encoding="utf-8") as file:
        written(root, pyproject).write(file)
        file.flush()
        return lint_imports(config_filename=file.name, no_cache=True)


if __name__ == "__main__":
    sys.exit(check(ROOT, ROOT / "pyproject.toml"))

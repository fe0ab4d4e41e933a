import importlib
import importlib.util
import re
import shlex
from pathlib import Path

import click
import pytest

from tests.docs.pages import ROOT, code, every_page

TARGET = re.compile(r"^([a-z]+):.*## ", re.MULTILINE)
MAKE = re.compile(r"(?:^|&& |; )make ([a-z ]+)$")
STARTER = re.compile(r"(?:starter\.py|(?:run|exec)(?: \S+)* starter|^starter)((?: (?! )[^|#;&`]*)?)")


def targets() -> set[str]:
    return set(TARGET.findall((ROOT / "Makefile").read_text("utf-8")))


def command_line() -> click.Command | None:
    """The commands of starter.py, or None while there is no starter.py."""
    if importlib.util.find_spec("starter") is None:
        return None
    return importlib.import_module("typer.main").get_command(importlib.import_module("cli.program").program)


def unknown(root: click.Command, words: list[str]) -> str | None:
    """What is wrong with the words of a command line, or None."""
    command = root
    said = "starter.py"
    for word in words:
        if word.startswith("-"):
            option = word.partition("=")[0]
            known = {name for param in command.params for name in (*param.opts, *param.secondary_opts)} | {"--help"}
            if option not in known:
                return f"{said} has no option {option}"
        elif commands := getattr(command, "commands", None):
            step = commands.get(word)
            if step is None:
                return f"{said} has no command {word}"
            command, said = step, f"{said} {word}"
    return None


def commands(page: Path) -> list[list[str]]:
    """The command lines a page names, as words; what stands for something else, such as <reference>, is left out."""
    lines = [match[1] for line in code(page.read_text("utf-8")) for match in STARTER.finditer(line)]
    return [[word for word in shlex.split(line) if word != "…" and word[0] not in "<[$"] for line in lines]


PAGES = [page for page in every_page() if page.name == "README.md" or page.is_relative_to(ROOT / "docs")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_make_targets_that_a_page_names_exist(page: Path) -> None:
    named = {
        target for line in code(page.read_text("utf-8")) for match in MAKE.findall(line) for target in match.split()
    }

    assert named - targets() == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_that_a_page_names_exist(page: Path) -> None:
    root = command_line()
    if root is None:
        pytest.skip("there is no starter.py yet")

    faults = {fault for words in commands(page) if (fault := unknown(root, words))}

    assert faults == set()


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["nominate", "--cohort", "pilot"], None),
        (["nominate", "--nobody"], "starter.py nominate has no option --nobody"),
        (["cohort", "close", "pilot"], None),
        (["cohort", "burn"], "starter.py cohort has no command burn"),
        (["cohort", "--help"], None),
    ],
)
def test_a_command_line_is_judged(words: list[str], fault: str | None) -> None:
    close = click.Command("close", params=[click.Argument(["cohort"])])
    nominate = click.Command("nominate", params=[click.Option(["--cohort"])])
    root = click.Group("starter.py", {"nominate": nominate, "cohort": click.Group("cohort", {"close": close})})

    assert unknown(root, words) == fault

"""Help: an example for every command, that fits it, and an answer without loading what a command would need."""

# ruff: noqa: S603 -- the program started is Python itself

import ast
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from cli.program import program
from models.enums import Role
from rules.permissions import GRANTS, Act
from tests.cli.conftest import run

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"temporalio", "sqlalchemy", "sqlmodel", "pydantic", "alembic", "psycopg", "numpy", "highspy", "jinja2"}
ACT_AT = {
    "on_nomination": 3, "on_assessment": 3, "on_cohort": 3, "actor_on": 4, "assessor_on": 4, "acting": 3,
    "asking": 3, "required": 3, "importer": 3, "nomination_act": 3, "assessment_act": 3, "cohort_act": 3,
}  # fmt: skip


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = list(commands(typer.main.get_command(program)))


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[" ".join(path) for path, _ in COMMANDS])
def test_help_ends_with_an_example_that_fits_the_command(path: tuple[str, ...], command: Any) -> None:
    answer = run(*path, "--help", environment={})

    example = " ".join(answer.said.split("Example: python starter.py ")[1].split())
    written = shlex.split(command.epilog.removeprefix("Example: python starter.py "))
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert answer.status == 0
    assert example.startswith(" ".join(path))
    assert {word for word in written if word.startswith("--")} <= known


def test_examples_of_commands_that_take_names_or_words_give_them_in_a_file() -> None:
    personal = {"--name", "--note", "--endorser-name", "--endorsement", "--evidence", "--field"}
    # The name of a stack, and the asking for evidence, are nobody's personal text.
    impersonal = {"up", "down", "demo", "status"}
    taking = {
        " ".join(path): command.epilog
        for path, command in COMMANDS
        if personal & {option for parameter in command.params for option in parameter.opts}
    }

    assert taking.keys() - impersonal == {
        "nominate", "endorse", "apply", "assess score", "decide", "moderate", "user grant",
    }  # fmt: skip
    assert [path for path in taking.keys() - impersonal if " --from " not in taking[path]] == []
    assert [path for path, example in taking.items() if personal & set(shlex.split(example))] == []


def test_every_command_of_the_plan_is_there() -> None:
    there = {" ".join(path) for path, _ in COMMANDS}

    assert there >= {
        "up", "down", "demo", "bench", "chaos", "database upgrade", "database current",
        "cohort open", "cohort extend", "cohort close", "cohort status", "cohort unblock",
        "cohort roll-call", "import organisations", "import assessors", "import nominations",
        "import applications", "import officers", "nominate", "endorse", "apply", "submit", "consent", "status",
        "application",
        "list", "withdraw", "pause", "resume", "extend", "defer", "readmit", "reassign", "unblock", "screen", "flags",
        "moderate", "assess accept", "assess decline", "assess score", "assess submit", "run list", "run show",
        "run compare", "run release", "run discard", "run undo", "run solve",
        "order", "decide", "reopen", "release", "promote",
        "messages list", "messages resend", "messages check-templates", "user grant", "user list", "user revoke",
        "verify audit",
        "verify projection", "verify privacy", "verify allocation", "policy show", "policy check",
    }  # fmt: skip


def test_every_command_that_make_runs_is_there() -> None:
    recipes = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"starter\.py (\w+)", recipes))

    assert named == {"demo", "up", "down", "bench", "chaos"}
    assert named <= {" ".join(path) for path, _ in COMMANDS}


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import runpy, sys\n"
        "sys.argv = ['starter.py', '--help']\n"
        "try:\n    runpy.run_path('starter.py', run_name='__main__')\n"
        "except SystemExit:\n    pass\n"
        "sys.stderr.write(' '.join(sorted({name.split('.')[0] for name in sys.modules})))\n"
    )

    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    loaded = set(done.stderr.split())
    assert "Commands:" in done.stdout
    assert "typer" in loaded
    assert not loaded & HEAVY


def test_every_act_a_command_names_exists_and_somebody_may_do_it() -> None:
    named = {
        constant.value
        for module in (ROOT / "cli").glob("*.py")
        for call in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ACT_AT
        for argument in (
            *call.args[ACT_AT[call.func.id] : ACT_AT[call.func.id] + 1],
            *(given.value for given in call.keywords if given.arg == "act"),
        )
        for constant in ast.walk(argument)
        if isinstance(constant, ast.Constant)
    }

    assert len(named) > 30
    assert named <= {act.value for act in Act}
    assert all(any(Act(act) in GRANTS[role] for role in Role) for act in named)

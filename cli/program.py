"""The program: all commands in one tree, and how a run of it ends."""

import logging
import os
import sys
from typing import Annotated, NoReturn

import typer

from cli import (
    applications,
    assessments,
    cohorts,
    decisions,
    imports,
    looking,
    messages,
    nominating,
    nominations,
    pairs,
    people,
    policies,
    programs,
    quality,
    run_undoing,
    simulating,
    system,
    trials,
    verification,
)
from cli.reach import chosen_stack

_SEVERAL = (
    ("database", system.database),
    ("cohort", cohorts.app),
    ("import", imports.app),
    ("assess", assessments.app),
    ("run", run_undoing.runs),
    ("pair", pairs.app),
    ("messages", messages.app),
    ("user", people.app),
    ("verify", verification.app),
    ("policy", policies.app),
    ("simulate", simulating.app),
    ("token", programs.tokens),
    ("webhook", programs.webhooks),
)

program = typer.Typer(
    help="Carries nominations to the talent pool. Begin with 'up', then look at 'list' and 'status'.",
    no_args_is_help=True,
    add_completion=False,
    # A traceback with local variables would show names and addresses.
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    # Wide enough that the list of commands cuts few sentences, where the terminal is.
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
    epilog="Example: python starter.py list --stage scoring --overdue",
)
for _app in (
    system.app,
    trials.app,
    nominating.app,
    nominations.app,
    applications.app,
    looking.app,
    quality.app,
    decisions.app,
):
    program.add_typer(_app)
for _name, _app in _SEVERAL:
    program.add_typer(_app, name=_name)


@program.callback()
def choose(
    stack: Annotated[
        str | None,
        typer.Option(
            "--stack",
            metavar="NAME",
            envvar="TALENT_POOL_STACK",
            help="Which embedded stack to speak to, by its folder's name; by default the one that runs.",
        ),
    ] = None,
) -> None:
    """Carries nominations to the talent pool. Begin with 'up', then look at 'list' and 'status'."""
    chosen_stack.set(stack)


def end(status: int) -> NoReturn:
    """End this process; at once where Temporal's client ran.

    Temporal's own threads sometimes abort an interpreter that takes itself apart in order.
    """
    if "temporalio.bridge" not in sys.modules:
        sys.exit(status)
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            status = status or 1
    os._exit(status)

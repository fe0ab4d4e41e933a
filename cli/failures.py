"""How a command fails: a sentence on standard error, and status 2 for wrong use or 1 for anything else."""

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    from sqlalchemy.exc import DBAPIError
    from temporalio.service import RPCError

    from stack.client import TemporalUnreachableError

# ruff: noqa: PLC0415 -- imported where needed, so that --help answers at once

Result = TypeVar("Result")


class WrongUseError(Exception):
    """The command cannot be understood as given; the sentence says what to write instead."""


class FailedError(Exception):
    """The command could not do what was asked; the sentence says why and what to do."""


def run(work: Coroutine[None, None, Result], *, interruptible: bool = False) -> Result:
    """Run a command's work; an expected failure becomes a sentence and an exit status.

    Args:
        work: What to do.
        interruptible: Whether Ctrl-C is an orderly end, which the caller sees as `KeyboardInterrupt`.

    Raises:
        typer.Exit: The work failed in an expected way: status 2 for wrong use, 1 for the rest.
    """
    try:
        return asyncio.run(work)
    except WrongUseError as error:
        stop(str(error), 2)
    except (KeyboardInterrupt, asyncio.CancelledError):
        if interruptible:
            raise KeyboardInterrupt from None
        stop("Interrupted.", 130)
    except Exception as error:
        sentence = sentence_of(error)
        if sentence is None:
            raise
        # What the sentence leaves out may quote what people typed, so the cause is not chained.
        stop(sentence, 1)


def stop(sentence: str, status: int) -> NoReturn:
    """Say why on standard error, and end with this status."""
    typer.echo(sentence, err=True)
    raise typer.Exit(status) from None


def sentence_of(error: Exception) -> str | None:
    """What to tell a person about an expected failure; None if it is not an expected one."""
    from sqlalchemy.exc import DBAPIError
    from temporalio.service import RPCError

    from acts.errors import ActError
    from intake.problems import BadFile
    from notify.outbox import OutboxError
    from rules.policies import PolicyError
    from scoring.aggregate import IncompleteScoresError
    from stack.client import TemporalUnreachableError
    from stack.errors import StackError
    from stack.settings import SettingsError
    from storage.policies import CohortMissingError

    speaking = (
        FailedError, ActError, BadFile, OutboxError, PolicyError, IncompleteScoresError, StackError, SettingsError,
        CohortMissingError,
    )  # fmt: skip
    if isinstance(error, TemporalUnreachableError | RPCError):
        return _of_temporal(error)
    if isinstance(error, speaking):
        return str(error)
    if isinstance(error, DBAPIError):
        return _of_database(error)
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}."
    return None


def _of_temporal(error: "TemporalUnreachableError | RPCError") -> str:
    from temporalio.service import RPCStatusCode

    from stack.client import TemporalUnreachableError

    if isinstance(error, TemporalUnreachableError):
        return (None if error.namespace_missing else _restart("Temporal")) or str(error)
    return (_restart("Temporal") if error.status is RPCStatusCode.UNAVAILABLE else None) or (
        f"Temporal does not answer as it should ({error.status.name}): look whether it runs, and try again."
    )


def _of_database(error: "DBAPIError") -> str:
    from sqlalchemy.exc import OperationalError, ProgrammingError

    if isinstance(error, ProgrammingError):
        return "The database lacks a table or a column: run 'python starter.py database upgrade'."
    if isinstance(error, OperationalError):
        return _restart("The database") or (
            "The database does not answer: look whether it runs, and whether DATABASE_URL is right."
        )
    return f"The database refuses this ({type(error.orig).__name__}); nothing was changed."


def _restart(what: str) -> str | None:
    """What to do about an embedded server that is away; None for one whose address somebody set."""
    from cli.reach import chosen_stack
    from stack.settings import load_settings

    settings = load_settings()
    if (settings.temporal_address if what == "Temporal" else settings.database_url) is not None:
        return None
    name = chosen_stack.get()
    stop = f"python starter.py down --name {name}" if name else "make down"
    start = f"python starter.py up --name {name}" if name else "make up"
    return f"{what} of the system on this machine does not answer: run '{stop}', then '{start}'; its data stays."

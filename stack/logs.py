"""Log lines: JSON in production, for people in development; never twice, never with personal data.

A workflow runs its code again whenever it is replayed, and would write its lines again: those are dropped (but not
those of a task that left no command behind, which the SDK runs again as if for the first time). An
exception is written by its type and place alone. Its message is not: a database's error quotes the row, a
validator's the value, and either may be somebody's name.
"""

import logging
import sys
import traceback
from types import TracebackType

import structlog
from structlog.typing import EventDict, ExcInfo, WrappedLogger

from stack.errors import StackError
from stack.settings import Environment, Settings, SettingsError

_FRAMES = 12
# Written for the person who reads them, by code that has no person's words at hand.
_SPEAKING = (StackError, SettingsError)


def configure_logs(settings: Settings) -> None:
    """Send every line of this process, structlog's and the standard library's, to stdout in one shape."""
    shared: list[structlog.typing.Processor] = [
        _drop_replayed,
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_place,
        _exception_without_words,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    lines = logging.StreamHandler(sys.stdout)
    lines.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(settings)],
        )
    )
    lines.addFilter(_replayed_lines_out)
    root = logging.getLogger()
    root.handlers[:] = [lines]
    root.setLevel(settings.log_level.upper())
    # What these say at "info" is said better by our own lines, and at "debug" it quotes rows.
    for name in ("sqlalchemy", "psycopg", "aiosmtplib", "asyncio"):
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def _renderer(settings: Settings) -> structlog.typing.Processor:
    if settings.environment is Environment.PRODUCTION:
        return structlog.processors.JSONRenderer(ensure_ascii=False, sort_keys=True)
    return structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty(), pad_event_to=0)


def _replaying() -> bool:
    """Whether this runs inside a workflow that only repeats what it has done."""
    workflow = sys.modules.get("temporalio.workflow")
    return bool(workflow and workflow.in_workflow() and workflow.unsafe.is_replaying_history_events())


def _drop_replayed(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    # A line of the standard library is dropped by the filter: this exception would leave its handler as an error.
    if "_record" not in line and _replaying():
        raise structlog.DropEvent
    return line


def _replayed_lines_out(record: logging.LogRecord) -> bool:
    return not _replaying()


def _add_place(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """Which workflow or activity speaks: ids alone, which hold no personal data."""
    workflow, activity = sys.modules.get("temporalio.workflow"), sys.modules.get("temporalio.activity")
    if workflow and workflow.in_workflow():
        there = workflow.info()
        line.setdefault("workflow_id", there.workflow_id)
        line.setdefault("workflow_type", there.workflow_type)
        update = workflow.current_update_info()
        if update is not None:
            line.setdefault("update_id", update.id)
    elif activity and activity.in_activity():
        doing = activity.info()
        line.setdefault("workflow_id", doing.workflow_id)
        line.setdefault("activity", doing.activity_type)
        line.setdefault("activity_id", doing.activity_id)
        line.setdefault("attempt", doing.attempt)
    return line


def _exception_without_words(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    given = line.pop("exc_info", None)
    record = line.get("_record")
    if record is not None:
        given = given or record.exc_info
        # The formatter of the standard library would append the traceback with its messages.
        record.exc_info = record.exc_text = None
    error = _error_of(given)
    if error is not None:
        line["exception"] = describe(error)
    return line


def _error_of(given: bool | BaseException | ExcInfo | None) -> BaseException | None:
    if isinstance(given, BaseException):
        return given
    if isinstance(given, tuple):
        return given[1]
    return sys.exc_info()[1] if given else None


def describe(error: BaseException) -> str:
    """An exception and its causes by type and place; our own errors with their sentences.

    Example:
        ``sqlalchemy.exc.IntegrityError at record.py:41 in write, caused by psycopg.errors.UniqueViolation``
    """
    told, seen = [], set[int]()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        words = f": {current}" if isinstance(current, _SPEAKING) else ""
        told.append(f"{_name(current)}{words}{_places(current.__traceback__)}")
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return ", caused by ".join(told)


def _name(error: BaseException) -> str:
    kind = type(error)
    code = getattr(error, "type", None)  # an ApplicationError's, which is a word and names no one
    if isinstance(code, str):
        return f"{kind.__qualname__} ({code})"
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _places(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)[-_FRAMES:]
    steps = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} in {frame.name}" for frame in frames]
    return " at " + " > ".join(steps) if steps else ""

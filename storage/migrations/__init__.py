"""The database's shape, step by step: upgrade, downgrade, and which step a database stands at.

Each step is a numbered module in ``versions``, in one line without branches. A step never imports the tables,
so an old step keeps making what it made when it was written.
"""

from collections.abc import Callable
from pathlib import Path
from threading import Lock

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, NullPool, create_engine

_HERE = Path(__file__).parent
_CONNECT_SECONDS = 10

# Alembic keeps what it works on in module globals, so two threads would get into each other's way. Two
# processes wait for each other in the database.
_ONE_ORDER = Lock()


def upgrade(url: str, revision: str = "head") -> None:
    """Bring a database up to ``revision``; harmless when it stands there, and when several do it at once.

    Synchronous: from async code call it in a thread.

    Args:
        url: Such as ``postgresql+psycopg://user@host/talent_pool``.
        revision: A step's number, such as ``0001``, or ``head`` for the newest.
    """
    _run(url, lambda config: command.upgrade(config, revision))


def downgrade(url: str, revision: str) -> None:
    """Take a database back down to ``revision``, or to nothing with ``base``: what it drops is lost.

    Args:
        url: Such as ``postgresql+psycopg://user@host/talent_pool``.
        revision: A step's number, such as ``0001``, or ``base``.
    """
    _run(url, lambda config: command.downgrade(config, revision))


def draft(url: str, sentence: str) -> None:
    """Write the next step's module from what the tables have and the database at ``url`` lacks, to be edited.

    Triggers and functions are not seen: they are written by hand.

    Args:
        url: A database that stands at the newest step.
        sentence: What the step does, in a few words; it becomes the module's name.
    """
    number = f"{len(steps()) + 1:04d}"
    _run(url, lambda config: command.revision(config, sentence, autogenerate=True, rev_id=number))


def current(url: str) -> str | None:
    """The number of the step a database stands at, or None when it has none of ours."""
    engine = _engine(url)
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def steps() -> tuple[str, ...]:
    """The numbers of all steps, oldest first."""
    scripts = ScriptDirectory.from_config(_config())
    return tuple(script.revision for script in reversed(list(scripts.walk_revisions())))


def _run(url: str, order: Callable[[Config], object]) -> None:
    engine = _engine(url)
    with _ONE_ORDER, engine.connect() as connection:
        order(_config(connection))


def _engine(url: str) -> Engine:
    return create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": _CONNECT_SECONDS})


def _config(connection: Connection | None = None) -> Config:
    config = Config(attributes={"connection": connection})
    # The path may hold a percent sign, which a configuration file would read as a reference.
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config

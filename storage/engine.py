"""How the system speaks to PostgreSQL: one engine for each process, one session for each step."""

from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

_CONNECT_SECONDS = 10
_RECYCLE_SECONDS = 1800


def make_engine(url: str, *, pool_size: int = 10, overflow: int = 10, try_first: bool = True) -> AsyncEngine:
    """Make an engine over psycopg 3; dispose of it in the event loop that used it.

    A connection is tried before each use, so a session begun after the server was restarted gets a live one.
    A session that was open when the server died raises `sqlalchemy.exc.OperationalError`; its step is run
    again as a whole, which its key makes harmless.

    Args:
        url: Such as ``postgresql+psycopg://user@host/talent_pool``.
        pool_size: Connections kept open.
        overflow: Connections opened beyond those while they are needed.
        try_first: Whether a connection is tried before each use. A worker need not: what fails on a connection that
            a restart has cut is run again by Temporal, and one query less for each step is worth more.
    """
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=overflow,
        pool_pre_ping=try_first,
        pool_recycle=_RECYCLE_SECONDS,
        # An error's text must not quote the values of the row it was about.
        hide_parameters=True,
        connect_args={"connect_timeout": _CONNECT_SECONDS, "application_name": "talent-pool"},
    )


def sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """Make sessions whose objects stay readable after commit, since nothing can load lazily in async code."""
    return async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)


def address_of(sessions: async_sessionmaker[AsyncSession]) -> str:
    """The address of the database that these sessions are of, to be opened by another process. It is a secret."""
    engine: AsyncEngine = sessions.kw["bind"]
    return engine.url.render_as_string(hide_password=False)

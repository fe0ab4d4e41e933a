"""The least a durable system must write for each step: one plain transaction, of one row added and one changed."""

from datetime import UTC, datetime

from sqlalchemy import Column, DateTime, Integer, MetaData, String, Table
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

_TABLES = MetaData()
_THING = Table(
    "bench_thing",
    _TABLES,
    Column("workflow", String(120), primary_key=True),
    Column("step", Integer, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
)
_EVENT = Table(
    "bench_event",
    _TABLES,
    Column("workflow", String(120), primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
)
_ADD = insert(_EVENT)
_NEW = insert(_THING)
_CHANGE = _NEW.on_conflict_do_update(
    index_elements=[_THING.c.workflow], set_={"step": _NEW.excluded.step, "changed_at": _NEW.excluded.changed_at}
)


async def make_tables(engine: AsyncEngine) -> None:
    """Adds the two tables to the bench's own database, where they are not there yet."""
    async with engine.begin() as connection:
        await connection.run_sync(_TABLES.create_all)


class PlainActivities:
    """Over the product's own engine and driver, with nothing of the product between."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @activity.defn(name="one_transaction")
    async def one_transaction(self, step: int) -> None:
        """Adds an event, and makes the thing's row say how far it is (which its first step adds)."""
        workflow, now = activity.info().workflow_id, datetime.now(UTC)
        async with self._engine.begin() as connection:
            await connection.execute(_CHANGE, {"workflow": workflow, "step": step, "changed_at": now})
            await connection.execute(_ADD, {"workflow": workflow, "step": step, "at": now})

"""What Alembic runs for each order: one transaction, alone on the database, on the connection it was given."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON, CheckConstraint, Connection, Enum, text
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

import models.tables

# Any number nobody else locks by: two processes that upgrade at once wait for each other.
_LOCK = 5_117_204_018


def render_item(kind: str, item: object, _autogenerate: AutogenContext) -> str | Literal[False]:
    """How a drafted step writes what SQLModel and our enums add, so that it needs neither."""
    if kind == "check" and isinstance(item, CheckConstraint):
        return _listed_words(item)
    if isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, JSON):
        return "postgresql.JSONB()"
    if isinstance(item, AutoString | Enum):
        length = getattr(item if isinstance(item, Enum) else item.impl_instance, "length", None)
        return f"sa.String(length={length})" if length else "sa.String()"
    return False


def _listed_words(check: CheckConstraint) -> str | Literal[False]:
    """The check constraint that comes from a column's enum, written out; False for any other."""
    column = next(iter(check.columns), None)
    if not getattr(check, "_type_bound", False) or column is None or not isinstance(column.type, Enum):
        return False
    listed = ", ".join(f"'{word}'" for word in column.type.enums)
    name = f"ck_{column.table.name}_{column.type.name}"
    return f'sa.CheckConstraint("{column.name} IN ({listed})", name=op.f("{name}"))'


def migrate(connection: Connection) -> None:
    """Carry out the order in one transaction: either all steps are done or none."""
    metadata = models.tables.AuditEvent.metadata
    context.configure(connection=connection, target_metadata=metadata, render_item=render_item)
    with context.begin_transaction():
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        context.run_migrations()


migrate(context.config.attributes["connection"])

"""Names for every constraint and index, set on SQLModel's metadata before the first table exists.

Import this module first wherever tables are declared: SQLAlchemy names a constraint when its table is made, so
a table declared earlier would keep names that no migration can refer to.
"""

from sqlmodel import SQLModel

NAMING_CONVENTION = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

if SQLModel.metadata.tables:
    raise ImportError(
        "storage.naming must be imported before the first table: " + ", ".join(SQLModel.metadata.tables)
    )
SQLModel.metadata.naming_convention = NAMING_CONVENTION

"""What all tables share: names of constraints, columns that hold words, and moments.

The naming convention must stand before the first table is made, so every table module imports from here.
"""

from enum import StrEnum

from pydantic import ConfigDict
from sqlalchemy import JSON, Enum
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# Without none_as_null, None would be stored as the JSON word null, which IS NOT NULL.
JSON_DOCUMENT = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class Stored(SQLModel):
    """The base of every table: what is assigned is validated, which SQLModel's own tables do not do."""

    model_config = ConfigDict(validate_assignment=True)  # type: ignore[assignment]


def words(enum: type[StrEnum]) -> Enum:
    """A column type that holds the words of ``enum``, with a check constraint that lists them."""
    name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in enum.__name__).lstrip("_")
    return Enum(
        enum,
        native_enum=False,
        create_constraint=True,
        values_callable=lambda members: [member.value for member in members],
        length=32,
        name=name,
    )

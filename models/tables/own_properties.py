"""What assessors say of themselves so that panels are mixed, apart from all that anybody who decides can read."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint
from sqlmodel import Field

from models.enums import AssessorProperty
from models.tables.base import Stored, words


class OwnProperty(Stored, table=True):
    """A property that an assessor has, and agreed to be used for mixing panels. Withdrawing deletes the row."""

    __table_args__ = (ForeignKeyConstraint(["assessor_id", "cohort_id"], ["assessor.id", "assessor.cohort_id"]),)

    assessor_id: str = Field(primary_key=True, max_length=20)
    cohort_id: str = Field(primary_key=True, max_length=32)
    property: AssessorProperty = Field(primary_key=True, sa_type=words(AssessorProperty))
    agreed_by: str = Field(foreign_key="person.id", max_length=20)
    agreed_at: datetime

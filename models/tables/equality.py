"""Answers to equality monitoring, apart from everything that anybody who decides can read."""

from datetime import datetime

from sqlmodel import Field

from models.tables.base import JSON_DOCUMENT, Stored


class EqualityAnswer(Stored, table=True):
    """A nominee's answer to one question; it belongs to the person and the cohort, not to the nomination.

    ``answers`` are codes of the question's list, several where the question allows it. Deleting it leaves nothing.
    """

    person_id: str = Field(primary_key=True, foreign_key="person.id", max_length=20)
    cohort_id: str = Field(primary_key=True, foreign_key="cohort.id", max_length=32)
    question: str = Field(primary_key=True, max_length=40)
    answers: list[str] = Field(default_factory=list, sa_type=JSON_DOCUMENT)
    saved_at: datetime

"""Lengths of time as a policy states them: ``"3 working days"``, ``"20 seconds"``, ``"24 months"``."""

import re
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer


class Unit(StrEnum):
    """The units a span may be stated in; working days skip week-ends and English bank holidays."""

    SECONDS = "seconds"
    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    WORKING_DAYS = "working days"
    MONTHS = "months"
    YEARS = "years"


_ELAPSED = {
    Unit.SECONDS: timedelta(seconds=1),
    Unit.MINUTES: timedelta(minutes=1),
    Unit.HOURS: timedelta(hours=1),
}
_WRITTEN = re.compile(r"^\s*(\d+(?:\.\d+)?)\s+(working day|second|minute|hour|day|month|year)s?\s*$")


class SpanParts(BaseModel):
    """A length of time as a number and a unit."""

    model_config = ConfigDict(frozen=True)

    amount: float = Field(ge=0)
    unit: Unit

    def __str__(self) -> str:
        """The span as one would write it: ``3 working days``, ``1 day``."""
        amount = int(self.amount) if self.amount == int(self.amount) else self.amount
        unit = self.unit.value[:-1] if amount == 1 else self.unit.value
        return f"{amount} {unit}"

    @property
    def elapsed(self) -> timedelta | None:
        """The span as clock time, or None for days, months and years, whose length the calendar knows."""
        length = _ELAPSED.get(self.unit)
        return None if length is None else length * self.amount


def parse_span(written: object) -> object:
    """Reads ``"3 working days"`` into a span; anything that is not text goes on to Pydantic.

    Raises:
        ValueError: the text is not a number and a unit, or parts of a day, month or year.
    """
    if not isinstance(written, str):
        return written
    match = _WRITTEN.match(written)
    if match is None:
        raise ValueError(f"'{written}' is not a length of time: write a number and a unit, such as '3 working days'")
    span = SpanParts(amount=float(match[1]), unit=Unit(match[2] + "s"))
    if span.elapsed is None and span.amount != int(span.amount):
        raise ValueError(f"'{written}' is not a whole number of {span.unit}")
    return span


Span = Annotated[SpanParts, BeforeValidator(parse_span), PlainSerializer(str, return_type=str)]
"""A span in a policy or a message: written and stored as text."""

"""A day and a time as people write them, as a moment in Europe/London."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time

from rules.calendar import END_OF_DAY, LONDON

_CLOCK = re.compile(r"^(\d{1,2})(?:[:.](\d{2}))?\s*(am|pm)?$")
_NAMED = {"midday": time(12), "noon": time(12)}


class WrongMomentError(ValueError):
    """What was written is no moment; ``field`` says where, the text says what to write."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def day_in(typed: Mapping[str, str], name: str) -> date | None:
    """The day in the fields ``<name>_day``, ``_month`` and ``_year``; None where all are empty.

    Raises:
        WrongMomentError: They are no day.
    """
    parts = [typed[f"{name}_{part}"].strip() for part in ("day", "month", "year")]
    if not any(parts):
        return None
    try:
        day, month, year = (int(part) for part in parts)
        return date(year, month, day)
    except (ValueError, OverflowError):
        raise WrongMomentError(name, "Enter a real day, such as 23 11 2026") from None


def moment_in(typed: Mapping[str, str], name: str) -> datetime:
    """The moment in a day's fields and ``<name>_time``, in UTC; without a time, 11:59pm as deadlines are.

    Raises:
        WrongMomentError: There is no day, or no such time.
    """
    day = day_in(typed, name)
    if day is None:
        raise WrongMomentError(name, "Enter the day")
    clock = _clock_in(typed[f"{name}_time"].strip().lower(), f"{name}_time")
    local = datetime.combine(day, clock, LONDON)
    try:
        moment = local.astimezone(UTC)
        back = moment.astimezone(LONDON)
    except OverflowError:
        raise WrongMomentError(name, "Enter a real day, such as 23 11 2026") from None
    if back.replace(tzinfo=None) != local.replace(tzinfo=None):
        raise WrongMomentError(f"{name}_time", "The clocks go forward over this time: enter another")
    return moment


def typed_moment(when: datetime, name: str) -> dict[str, str]:
    """A moment as the fields that `moment_in` reads."""
    local = when.astimezone(LONDON)
    return {
        f"{name}_day": str(local.day),
        f"{name}_month": str(local.month),
        f"{name}_year": str(local.year),
        f"{name}_time": f"{local:%H:%M}",
    }


def start_of(day: date) -> datetime:
    """When a day begins in London, in UTC."""
    return datetime.combine(day, time(), LONDON).astimezone(UTC)


def _clock_in(written: str, field: str) -> time:
    if not written:
        return END_OF_DAY
    if written in _NAMED:
        return _NAMED[written]
    match = _CLOCK.match(written)
    if match is None or not (match[2] or match[3]):
        raise WrongMomentError(field, "Enter a time, such as 5:30pm")
    hour, minute = int(match[1]), int(match[2] or 0)
    if match[3]:
        if not 1 <= hour <= 12:
            raise WrongMomentError(field, "Enter a time, such as 5:30pm")
        hour = hour % 12 + (12 if match[3] == "pm" else 0)
    try:
        return time(hour, minute)
    except ValueError:
        raise WrongMomentError(field, "Enter a time, such as 5:30pm") from None

"""Deadlines and reminders: what a span means in Europe/London, over clock changes, week-ends and bank holidays.

Workflows reckon with this module, so it is deterministic: no clock, no locale, standard library and spans only.

- Seconds, minutes and hours are elapsed time, exact over a change of the clocks.
- Days, working days, months and years end a deadline at 23:59 in London on the day they reach. "By Friday" means
  all of Friday: nobody loses a day to the hour at which a workflow happened to start the clock, and 23:59, unlike
  00:00, is on the day people have in mind. Clocks never change at 23:59, so the moment exists once on every day.
- A span of zero is no time at all, in every unit: the deadline is the start itself.
- Reminders in days are sent at 09:00 in London, when people read them, not at the minute of the deadline.
"""

from calendar import monthrange
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from models.spans import SpanParts, Unit

LONDON = ZoneInfo("Europe/London")
END_OF_DAY = time(23, 59)
"""When a deadline stated in days, working days, months or years falls, in London."""
REMINDER_HOUR = time(9, 0)
"""When a reminder stated in days, working days, months or years is sent, in London."""

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def after(start: datetime, span: SpanParts, bank_holidays: Collection[date]) -> datetime:
    """The deadline that lies ``span`` after ``start``, in UTC.

    A span in days, working days, months or years ends at 23:59 in London on the day it reaches; the day of
    ``start`` itself is not counted. A day that a month does not have becomes its last (31 January and one month
    is 28 or 29 February). Working days skip Saturdays, Sundays and ``bank_holidays``.

    Raises:
        ValueError: ``start`` has no time zone, or the span is parts of a day or reaches past the year 9999.
    """
    moment = _aware(start, "start")
    if span.amount == 0:
        return moment
    if span.elapsed is not None:
        return moment + span.elapsed
    day = _shifted(moment.astimezone(LONDON).date(), span, 1, bank_holidays)
    return _in_london(day, END_OF_DAY)


def before(due: datetime, span: SpanParts, bank_holidays: Collection[date]) -> datetime:
    """When a reminder ``span`` before ``due`` is sent, in UTC.

    Seconds, minutes and hours are exact. Days, working days, months and years lead to 09:00 in London on the day
    that lies so many before the day of ``due``: the reminder one day before Friday 23:59 is sent on Thursday at
    09:00, and one working day before Monday 23:59 on the Friday before.

    Raises:
        ValueError: ``due`` has no time zone, or the span is parts of a day or reaches before the year 1.
    """
    moment = _aware(due, "due")
    if span.amount == 0:
        return moment
    if span.elapsed is not None:
        return moment - span.elapsed
    day = _shifted(moment.astimezone(LONDON).date(), span, -1, bank_holidays)
    return _in_london(day, REMINDER_HOUR)


def reminders(
    start: datetime, due: datetime, spans: Iterable[SpanParts], bank_holidays: Collection[date]
) -> tuple[datetime, ...]:
    """When people are reminded between ``start`` and ``due``: in time order, each moment once, in UTC.

    A reminder that would fall at or before ``start``, or at or after ``due``, is left out.

    Raises:
        ValueError: ``start`` or ``due`` has no time zone.
    """
    first, last = _aware(start, "start"), _aware(due, "due")
    moments = {before(last, span, bank_holidays) for span in spans}
    return tuple(sorted(moment for moment in moments if first < moment < last))


def is_working_day(day: date, bank_holidays: Collection[date]) -> bool:
    """Whether ``day`` is neither a Saturday, a Sunday nor one of ``bank_holidays``."""
    return day.weekday() < 5 and day not in bank_holidays


def in_words(moment: datetime) -> str:
    """A moment as messages state it: ``Friday 28 September 2018, 23:59 UK time``.

    In the hour that happens twice when the clocks go back, the words say which of the two is meant.

    Raises:
        ValueError: ``moment`` has no time zone.
    """
    local = _aware(moment, "moment").astimezone(LONDON)
    words = (
        f"{_WEEKDAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]} {local.year}, "
        f"{local.hour:02}:{local.minute:02} UK time"
    )
    if local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
        words += " (before the clocks go back)" if local.fold == 0 else " (after the clocks went back)"
    return words


def span_in_words(span: SpanParts) -> str:
    """A span as messages state it: ``3 working days``, ``1 hour`` for 60 minutes, ``no time`` for zero."""
    if span.amount == 0:
        return "no time"
    if span.elapsed is not None:
        for unit, length in ((Unit.HOURS, timedelta(hours=1)), (Unit.MINUTES, timedelta(minutes=1))):
            if span.elapsed % length == timedelta(0):
                return str(SpanParts(amount=span.elapsed // length, unit=unit))
        return str(SpanParts(amount=span.elapsed / timedelta(seconds=1), unit=Unit.SECONDS))
    return str(span)


def _aware(moment: datetime, name: str) -> datetime:
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError(
            f"{name} ({moment.isoformat()}) has no time zone: give an aware datetime, such as one in UTC"
        )
    return moment.astimezone(UTC)


def _in_london(day: date, at: time) -> datetime:
    return datetime.combine(day, at, tzinfo=LONDON).astimezone(UTC)


def _shifted(day: date, span: SpanParts, direction: int, bank_holidays: Collection[date]) -> date:
    if span.amount != int(span.amount):
        raise ValueError(f"{span} cannot be reckoned: days, months and years are counted whole")
    count = int(span.amount) * direction
    try:
        if span.unit is Unit.DAYS:
            return day + timedelta(days=count)
        if span.unit is Unit.WORKING_DAYS:
            return _working_days(day, count, bank_holidays)
        return _months(day, count * (12 if span.unit is Unit.YEARS else 1))
    except (OverflowError, ValueError) as error:
        raise ValueError(f"{span} from {day.isoformat()} leaves the calendar: state a shorter span") from error


def _working_days(day: date, count: int, bank_holidays: Collection[date]) -> date:
    closed = frozenset(bank_holidays)
    step = timedelta(days=1 if count > 0 else -1)
    left = abs(count)
    while left:
        day += step
        if is_working_day(day, closed):
            left -= 1
    return day


def _months(day: date, count: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))

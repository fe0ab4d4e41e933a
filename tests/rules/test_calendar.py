from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.spans import SpanParts, Unit
from rules.calendar import after, before, in_words, is_working_day, reminders, span_in_words

LONDON = ZoneInfo("Europe/London")
BANK_HOLIDAYS = (
    date(2018, 8, 27),  # the August bank holiday
    date(2018, 12, 25),
    date(2018, 12, 26),
    date(2019, 1, 1),
    date(2019, 4, 19),  # Good Friday
    date(2019, 4, 22),
)
DAY_LIKE = (Unit.DAYS, Unit.WORKING_DAYS, Unit.MONTHS, Unit.YEARS)

FIRST, LAST = datetime(2018, 1, 1, tzinfo=UTC), datetime(2021, 12, 31, tzinfo=UTC)

moments = st.integers(0, int((LAST - FIRST).total_seconds())).map(lambda seconds: FIRST + timedelta(seconds=seconds))
units = st.sampled_from(list(Unit))
amounts = st.integers(0, 60)


def span(written: str) -> SpanParts:
    amount, unit = written.split(" ", 1)
    return SpanParts(amount=float(amount), unit=Unit(unit if unit.endswith("s") else f"{unit}s"))


def london(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=LONDON)


@pytest.mark.parametrize(
    ("start", "written", "due"),
    [
        (london(2018, 9, 3, 10, 15), "3 working days", london(2018, 9, 6, 23, 59)),
        (london(2018, 9, 7, 10, 15), "1 working day", london(2018, 9, 10, 23, 59)),
        (london(2018, 9, 8, 10, 15), "1 working day", london(2018, 9, 10, 23, 59)),
        (london(2018, 8, 24, 16, 0), "1 working day", london(2018, 8, 28, 23, 59)),
        (london(2018, 8, 26, 16, 0), "2 working days", london(2018, 8, 29, 23, 59)),
        (london(2018, 12, 21, 9, 0), "3 working days", london(2018, 12, 28, 23, 59)),
        (london(2018, 12, 24, 9, 0), "4 working days", london(2019, 1, 2, 23, 59)),
        (london(2019, 4, 18, 9, 0), "1 working day", london(2019, 4, 23, 23, 59)),
        (london(2018, 9, 28, 23, 59), "2 days", london(2018, 9, 30, 23, 59)),
        (london(2018, 1, 31, 12, 0), "1 month", london(2018, 2, 28, 23, 59)),
        (london(2020, 1, 31, 12, 0), "1 month", london(2020, 2, 29, 23, 59)),
        (london(2018, 12, 31, 12, 0), "2 months", london(2019, 2, 28, 23, 59)),
        (london(2018, 11, 15, 12, 0), "24 months", london(2020, 11, 15, 23, 59)),
        (london(2020, 2, 29, 12, 0), "1 year", london(2021, 2, 28, 23, 59)),
        # Five past midnight in London is still the day before in UTC; London's day counts.
        (datetime(2018, 9, 3, 23, 5, tzinfo=UTC), "1 day", london(2018, 9, 5, 23, 59)),
    ],
)
def test_deadline_falls_at_the_end_of_the_day_in_london(start, written, due):
    assert after(start, span(written), BANK_HOLIDAYS) == due


def test_deadline_over_change_to_winter_time_is_one_hour_later_in_utc():
    start = london(2018, 10, 26, 9, 0)

    due = after(start, span("3 days"), BANK_HOLIDAYS)

    assert due == datetime(2018, 10, 29, 23, 59, tzinfo=UTC)
    assert after(start, span("1 day"), BANK_HOLIDAYS) == datetime(2018, 10, 27, 22, 59, tzinfo=UTC)


def test_deadline_over_change_to_summer_time_is_one_hour_earlier_in_utc():
    start = london(2019, 3, 29, 9, 0)

    due = after(start, span("2 days"), BANK_HOLIDAYS)

    assert due == datetime(2019, 3, 31, 22, 59, tzinfo=UTC)
    assert after(start, span("1 day"), BANK_HOLIDAYS) == datetime(2019, 3, 30, 23, 59, tzinfo=UTC)


def test_deadline_in_hours_is_elapsed_time_over_a_clock_change():
    start = london(2018, 10, 27, 12, 0)

    due = after(start, span("24 hours"), BANK_HOLIDAYS)

    assert due - start.astimezone(UTC) == timedelta(hours=24)
    assert due.astimezone(LONDON).hour == 11


@given(start=moments, amount=st.integers(1, 40))
def test_deadline_in_working_days_is_never_on_a_week_end_or_bank_holiday(start, amount):
    due = after(start, SpanParts(amount=amount, unit=Unit.WORKING_DAYS), BANK_HOLIDAYS)

    day = due.astimezone(LONDON).date()
    assert day.weekday() < 5
    assert day not in BANK_HOLIDAYS


@given(start=moments, amount=st.integers(1, 30))
def test_deadline_in_working_days_has_so_many_working_days_behind_it(start, amount):
    due = after(start, SpanParts(amount=amount, unit=Unit.WORKING_DAYS), BANK_HOLIDAYS)

    first, last = start.astimezone(LONDON).date(), due.astimezone(LONDON).date()
    days = [first + timedelta(days=step) for step in range(1, (last - first).days + 1)]
    assert sum(is_working_day(day, BANK_HOLIDAYS) for day in days) == amount


@given(start=moments, amount=amounts, unit=units)
def test_deadline_is_utc_and_never_before_its_start(start, amount, unit):
    due = after(start, SpanParts(amount=amount, unit=unit), BANK_HOLIDAYS)

    assert due.tzinfo is UTC
    assert due >= start
    assert (due == start) == (amount == 0)


@given(start=moments, later=st.integers(0, 10**7), amount=amounts, unit=units)
def test_deadline_of_a_later_start_is_not_earlier(start, later, amount, unit):
    length = SpanParts(amount=amount, unit=unit)

    assert after(start, length, BANK_HOLIDAYS) <= after(start + timedelta(seconds=later), length, BANK_HOLIDAYS)


@given(start=moments, amount=amounts, more=st.integers(1, 20), unit=units)
def test_deadline_of_a_longer_span_is_later(start, amount, more, unit):
    shorter = after(start, SpanParts(amount=amount, unit=unit), BANK_HOLIDAYS)
    longer = after(start, SpanParts(amount=amount + more, unit=unit), BANK_HOLIDAYS)

    assert shorter < longer


@given(start=moments, amount=st.integers(1, 60), unit=st.sampled_from(DAY_LIKE))
def test_deadline_in_days_reads_23_59_in_london(start, amount, unit):
    due = after(start, SpanParts(amount=amount, unit=unit), BANK_HOLIDAYS).astimezone(LONDON)

    assert (due.hour, due.minute, due.second) == (23, 59, 0)


@given(due=moments, amount=st.integers(1, 60), unit=st.sampled_from(DAY_LIKE))
def test_reminder_in_days_reads_09_00_in_london_on_an_earlier_day(due, amount, unit):
    moment = before(due, SpanParts(amount=amount, unit=unit), BANK_HOLIDAYS).astimezone(LONDON)

    assert (moment.hour, moment.minute, moment.second) == (9, 0, 0)
    assert moment.date() < due.astimezone(LONDON).date()


def test_reminders_of_the_pilots_window_are_in_order_and_within_it():
    start, due = london(2018, 9, 10, 12, 0), london(2018, 9, 30, 23, 59)

    moments = reminders(start, due, [span("1 day"), span("7 days"), span("3 days"), span("30 days")], BANK_HOLIDAYS)

    assert moments == (london(2018, 9, 23, 9, 0), london(2018, 9, 27, 9, 0), london(2018, 9, 29, 9, 0))


def test_reminder_before_a_deadline_after_the_clocks_went_back_is_at_nine_before_and_after():
    due = london(2018, 10, 29, 23, 59)

    moments = reminders(london(2018, 10, 20, 0, 0), due, [span("1 day"), span("2 days")], BANK_HOLIDAYS)

    assert moments == (
        datetime(2018, 10, 27, 8, 0, tzinfo=UTC),
        datetime(2018, 10, 28, 9, 0, tzinfo=UTC),
    )


def test_reminder_in_working_days_skips_the_august_bank_holiday():
    assert before(london(2018, 8, 28, 23, 59), span("1 working day"), BANK_HOLIDAYS) == london(2018, 8, 24, 9, 0)


def test_reminder_in_seconds_is_exact_and_one_at_the_deadline_is_left_out():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    due = start + timedelta(seconds=20)

    moments = reminders(start, due, [span("4 seconds"), span("0 seconds"), span("20 seconds")], ())

    assert moments == (start + timedelta(seconds=16),)


@given(start=moments, length=st.integers(0, 10**8), parts=st.lists(st.tuples(amounts, units), max_size=6))
def test_reminders_are_ordered_once_each_and_strictly_between(start, length, parts):
    due = start + timedelta(seconds=length)

    found = reminders(start, due, [SpanParts(amount=amount, unit=unit) for amount, unit in parts], BANK_HOLIDAYS)

    assert list(found) == sorted(set(found))
    assert all(start < moment < due for moment in found)


def test_naive_moments_are_refused_with_a_sentence():
    naive = datetime(2018, 9, 1, 12, 0)  # noqa: DTZ001 -- the point of the test
    aware = london(2018, 9, 1, 12, 0)

    for act in (
        lambda: after(naive, span("1 day"), ()),
        lambda: before(naive, span("1 day"), ()),
        lambda: reminders(aware, naive, [], ()),
        lambda: in_words(naive),
    ):
        with pytest.raises(ValueError, match="has no time zone: give an aware datetime"):
            act()


def test_span_of_parts_of_a_day_or_past_the_calendar_is_refused_with_a_sentence():
    start = london(2018, 9, 1, 12, 0)

    with pytest.raises(ValueError, match="counted whole"):
        after(start, SpanParts(amount=1.5, unit=Unit.DAYS), ())
    with pytest.raises(ValueError, match="leaves the calendar"):
        after(start, SpanParts(amount=9000, unit=Unit.YEARS), ())


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (london(2018, 9, 28, 23, 59), "Friday 28 September 2018, 23:59 UK time"),
        (datetime(2018, 9, 30, 22, 59, tzinfo=UTC), "Sunday 30 September 2018, 23:59 UK time"),
        (datetime(2019, 1, 1, 9, 5, tzinfo=UTC), "Tuesday 1 January 2019, 09:05 UK time"),
        (
            datetime(2018, 10, 28, 0, 30, tzinfo=UTC),
            "Sunday 28 October 2018, 01:30 UK time (before the clocks go back)",
        ),
        (
            datetime(2018, 10, 28, 1, 30, tzinfo=UTC),
            "Sunday 28 October 2018, 01:30 UK time (after the clocks went back)",
        ),
        (datetime(2019, 3, 31, 1, 0, tzinfo=UTC), "Sunday 31 March 2019, 02:00 UK time"),
    ],
)
def test_moment_in_words_is_london_time(moment, words):
    assert in_words(moment) == words


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (SpanParts(amount=3, unit=Unit.WORKING_DAYS), "3 working days"),
        (SpanParts(amount=1, unit=Unit.WORKING_DAYS), "1 working day"),
        (SpanParts(amount=60, unit=Unit.MINUTES), "1 hour"),
        (SpanParts(amount=0.5, unit=Unit.HOURS), "30 minutes"),
        (SpanParts(amount=90, unit=Unit.SECONDS), "90 seconds"),
        (SpanParts(amount=24, unit=Unit.MONTHS), "24 months"),
        (SpanParts(amount=0, unit=Unit.DAYS), "no time"),
    ],
)
def test_span_in_words_is_as_one_would_say_it(length, words):
    assert span_in_words(length) == words

"""Reading a moment as people write it."""

import re
from datetime import UTC, datetime

from cli.failures import WrongUseError

# ruff: noqa: PLC0415 -- imported where needed, so that --help answers at once

_LOCAL = re.compile(r"^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(?::\d{2})?)$")


def moment(written: str, now: datetime) -> datetime:
    """The moment that is written, in UTC: ``2018-10-05 17:00`` (Europe/London), ISO 8601, or ``+3 working days``.

    Days and working days end at 23:59 in London, as deadlines do, and skip England's bank holidays.

    Raises:
        WrongUseError: It is none of these.
    """
    text = written.strip()
    if text.startswith("+"):
        return _later(text[1:], now, written)
    from rules.calendar import LONDON

    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise WrongUseError(_sentence(written)) from None
    if found.tzinfo is not None:
        return found.astimezone(UTC)
    if not _LOCAL.match(text):
        raise WrongUseError(_sentence(written))
    local = found.replace(tzinfo=LONDON)
    if local.astimezone(UTC).astimezone(LONDON).replace(tzinfo=None) != found:
        raise WrongUseError(f"There is no {written} in the UK: the clocks go forward over it.")
    return local.astimezone(UTC)


def _later(text: str, now: datetime, written: str) -> datetime:
    from holidays import country_holidays

    from models.spans import SpanParts, parse_span
    from rules.calendar import after

    try:
        span = parse_span(text)
        if not isinstance(span, SpanParts):
            raise WrongUseError(_sentence(written))
        closed = frozenset(country_holidays("GB", subdiv="ENG", years=range(now.year, now.year + 3)))
        return after(now, span, closed)
    except (ValueError, OverflowError):
        raise WrongUseError(_sentence(written)) from None


def _sentence(written: str) -> str:
    return (
        f"'{written}' is not a moment: write '2018-10-05 17:00' for UK time, '2018-10-05T16:00:00Z', "
        "or '+3 working days'."
    )

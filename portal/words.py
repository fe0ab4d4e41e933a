"""How pages write moments, days and codes: in words, in Europe/London (NHS content style)."""

import re
from datetime import date, datetime

from models.policy import LONDON

_AS_LETTERS_SAY_IT = re.compile(r"\b(on )?[A-Z][a-z]+day (\d{1,2} [A-Z][a-z]+ \d{4}), (\d{2}:\d{2}) UK time\b")
_INITIALS = re.compile(r"\b(?:ccg|nhs|ods)(?=s?\b)")
"""Short forms that stored words write small."""


def day(when: date | datetime) -> str:
    """A day as ``23 November 2026``."""
    local = when.astimezone(LONDON) if isinstance(when, datetime) else when
    return f"{local.day} {local:%B %Y}"


def clock(when: datetime) -> str:
    """A time of day as ``5:30pm``; noon and midnight by name."""
    local = when.astimezone(LONDON)
    if (local.hour, local.minute) in {(12, 0), (0, 0)}:
        return "midday" if local.hour else "midnight"
    minutes = f":{local.minute:02d}" if local.minute else ""
    return f"{local.hour % 12 or 12}{minutes}{'am' if local.hour < 12 else 'pm'}"


def moment(when: datetime) -> str:
    """A moment as ``5:30pm on 23 November 2026``."""
    return f"{clock(when)} on {day(when)}"


def span(begins: datetime, ends: datetime) -> str:
    """From one moment to another; a day that is the same is said once: ``from 9am to 5:30pm on 23 November 2026``."""
    same = begins.astimezone(LONDON).date() == ends.astimezone(LONDON).date()
    return f"from {clock(begins) if same else moment(begins)} to {moment(ends)}"


def restyled(sentence: str) -> str:
    """A sentence of an act, its moments (``rules.calendar.in_words``) written as `moment` writes them."""
    return _AS_LETTERS_SAY_IT.sub(_restyled_moment, sentence)


def _restyled_moment(found: re.Match[str]) -> str:
    when = datetime.strptime(f"{found[2]} {found[3]}", "%d %B %Y %H:%M").replace(tzinfo=LONDON)
    return f"at {moment(when)}" if found[1] else moment(when)


def plain(code: str) -> str:
    """A stored word as people write it: ``quality_assurance`` as ``Quality assurance``, ``ccg`` as ``CCG``."""
    words = code.replace("non_executive", "non-executive").replace("_", " ")
    words = _INITIALS.sub(lambda found: found[0].upper(), words)
    return words[:1].upper() + words[1:]

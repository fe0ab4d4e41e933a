"""What a nominee asked for in time and what came of it, in words: asked, given, or refused with the reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from models.enums import ExtensionRefusal, SteerReason
from models.tables import AuditEvent
from portal.nominees.stages import STEER_REASONS
from portal.words import day, moment
from storage.watching_pages import ASKED_FOR_TIME, REFUSED_TIME

EXTENDED, READMITTED = "extended", "readmit"
WHY_NOT: Mapping[str, str] = MappingProxyType(
    {
        ExtensionRefusal.PANELS_WOULD_WAIT: (
            "Assessors have to begin soon, and cannot wait until the day you asked for."
        ),
        ExtensionRefusal.GIVEN_BEFORE: "You have been given more time before, and we cannot move the deadline again.",
        ExtensionRefusal.TIME_IS_LEFT: "We think that the time you still have is enough for what is left to do.",
        ExtensionRefusal.SAME_FOR_EVERYONE: (
            "Everyone in this round has the same deadline, and we could not find a reason to treat your nomination "
            "differently."
        ),
        ExtensionRefusal.ROUND_GONE_TOO_FAR: "The round has gone too far to let a nomination back in.",
        ExtensionRefusal.OTHER: (
            "The reason does not fit the ones we usually give. Contact us and we will tell you more."
        ),
    }
)
"""Why time was refused, in the letter's own sentences."""


@dataclass(frozen=True)
class Wish:
    """More time that was asked for, and the answer; ``answer`` is empty while there is none.

    Attributes:
        asked: That and when it was asked for, until when and why.
        answer: What came of it, and when.
        why: Why it was refused; else empty.
    """

    asked: str
    answer: str = ""
    why: str = ""


@dataclass(frozen=True)
class TimeTold:
    """A line of the timeline that tells of time: asked for, given or refused."""

    title: str
    text: str = ""


def wishes(events: Sequence[AuditEvent]) -> tuple[Wish, ...]:
    """Every wish of a nomination, oldest first, each with its answer. The newest answer is to the newest wish.

    Args:
        events: The nomination's, oldest first. A wish that was followed by another before anybody answered has none
            of its own.
    """
    found: list[Wish] = []
    for event in events:
        if event.what == ASKED_FOR_TIME:
            found.append(Wish(_asked(event)))
        elif found and not found[-1].answer and (told := told_of(event)) is not None:
            said = told.title[0].lower() + told.title[1:]
            found[-1] = replace(found[-1], answer=f"On {day(event.at)} {said}.", why=told.text)
    return tuple(found)


def told_of(event: AuditEvent) -> TimeTold | None:
    """What an event says about time, for the timeline; None where it says nothing."""
    after = event.after or {}
    match event.what:
        case what if what == ASKED_FOR_TIME:
            return TimeTold(f"You asked for more time, until {_day(after['until'])}", _why_asked(event))
        case what if what == REFUSED_TIME:
            return TimeTold("We could not give you more time", WHY_NOT.get(event.reason or "", ""))
        case what if what == EXTENDED and after.get("due_at"):
            return TimeTold(f"We gave you more time, until {_moment(after['due_at'])}")
        case what if what == READMITTED:
            until = f", with time until {_moment(after['due_at'])}" if after.get("due_at") else ""
            return TimeTold(f"We let you back in{until}")
    return None


def _asked(event: AuditEvent) -> str:
    until = _day((event.after or {})["until"])
    return f"On {day(event.at)} you asked for time until {until}. {_why_asked(event)}".strip()


def _why_asked(event: AuditEvent) -> str:
    words = STEER_REASONS.get(SteerReason(event.reason), "") if event.reason else ""
    if not words.startswith("I "):
        words = words[:1].lower() + words[1:]
    return f"Your reason: {words}." if words else ""


def _day(written: object) -> str:
    return day(datetime.fromisoformat(str(written)))


def _moment(written: object) -> str:
    return moment(datetime.fromisoformat(str(written)))

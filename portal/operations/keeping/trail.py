"""What the page on the audit trail shows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from models.enums import Role
from portal.operations.events import event_words, reason_words
from portal.visitors import ROLE_WORDS
from portal.words import day, moment, plain
from storage.audit import ChainVerdict
from storage.audit_pages import TrailLine

_LONGEST = 200
_DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_FIELDS = {
    "due_at": "Deadline",
    "opens_at": "Window opens",
    "closes_at": "Window closes",
    "released_at": "Released",
    "asked_until": "Asked for, until",
    "until": "Until",
    "attention": "Needs attention",
    "outcome": "Decision",
    "run": "Run",
    "unstaffed": "Nominations left without a whole panel",
    "act": "Step",
    "expires_at": "Ends",
    "training_expires": "Training ends",
}
"""Stored names of what changed, where they say it less well than people do."""
_VALUES = {
    "true": "yes",
    "false": "no",
    "NoAssessorFound": "no assessor could be found",
    "StoredStateRefused": "the database refused the step",
    "ApplicationMissing": "no application was found",
}


@dataclass(frozen=True)
class LineShown:
    """An event in words."""

    position: int
    what: str
    when: str
    who: str
    subject: str
    href: str
    changes: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class VerdictShown:
    """Whether the chain is whole; ``anchor`` is to be kept elsewhere."""

    whole: bool
    sentence: str
    when: str
    anchor: str


def shown_line(line: TrailLine, names: Mapping[str, str]) -> LineShown:
    """An event in words; ``names`` by person id."""
    role = ROLE_WORDS.get(Role(line.role), "The system") if line.role in set(Role) else ""
    actor = names.get(line.actor, "")
    return LineShown(
        line.position,
        event_words(line.what, line.after),
        moment(line.at),
        ", ".join(part for part in (actor, role) if part) or "Not shown before the decisions are released",
        line.subject,
        _page_of(line.subject),
        _changes(line),
        reason_words(line.reason) if line.reason else "",
    )


def verdict_shown(verdict: ChainVerdict, now: datetime) -> VerdictShown:
    """The outcome of a verification in words."""
    if verdict.whole:
        sentence = f"All {verdict.events:,} events are as they were written."
    else:
        sentence = (
            f"It breaks at event {verdict.broken_at:,}. {verdict.reason} {verdict.events:,} before it are whole."
        )
    return VerdictShown(verdict.whole, sentence, moment(now), f"{verdict.events}:{verdict.last_hash}")


def change_words(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[str, ...]:
    """What differs, one sentence each: ``Stage: applying, then screening``."""
    names = [*after, *(name for name in before if name not in after)]
    return tuple(
        f"{_name(name)}: {_value(before.get(name))}, then {_value(after.get(name))}"
        if name in before
        else f"{_name(name)}: {_value(after.get(name))}"
        for name in names
        if before.get(name) != after.get(name)
    )


def _changes(line: TrailLine) -> tuple[str, ...]:
    return change_words(line.before, line.after)


def _value(value: object) -> str:
    match value:
        case None | "":
            return "none"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(_value(one) for one in value) or "none"
        case dict():
            return ", ".join(f"{_name(str(name)).lower()}: {_value(one)}" for name, one in value.items()) or "none"
        case str():
            return _moment(value)
    return _short(str(value))


def _name(field: str) -> str:
    return _FIELDS.get(field, plain(field))


def _moment(written: str) -> str:
    """A stored word, day or moment as people write it."""
    if len(written) >= 19 and written[4:5] == "-" and "T" in written:
        try:
            return moment(datetime.fromisoformat(written))
        except ValueError:
            return _short(written)
    known = _VALUES.get(written) or _VALUES.get(written.lower())
    if known:
        return known
    return _short(_DAY.sub(_day_in_words, written).replace("_", " "))


def _day_in_words(found: re.Match[str]) -> str:
    try:
        return day(date.fromisoformat(found[0]))
    except ValueError:
        return found[0]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _page_of(subject: str) -> str:
    """The page of what an event is about, where there is one."""
    kind, slash, name = subject.partition("/")
    if slash:
        pages = {"person": "people", "nomination": "nominations"}
        return f"/operations/{pages[kind]}/{name}" if kind in pages and "/" not in name else ""
    nomination = subject.split(".", maxsplit=1)[0]
    _, dash, number = nomination.rpartition("-")
    return f"/operations/nominations/{nomination}" if dash and number.isdecimal() else ""

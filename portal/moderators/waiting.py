"""What the lists of moderators show, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from models.enums import FlagRule
from models.tables import Flag
from portal.moderators.codes import RULES, waited
from portal.words import clock, day
from storage.moderator_pages import Holder
from storage.queue_pages import QueueCounts, QueueLine

_SEVERAL: Mapping[FlagRule, str] = {
    FlagRule.INCOMPLETE: "{} things are missing",
    FlagRule.EVIDENCE_THIN: "Little evidence for {} scores",
    FlagRule.CRITERION_SPREAD: "Scores far apart on {} criteria",
    FlagRule.MEAN_SPREAD: "Means far apart, {} times",
    FlagRule.AUDIT_SAMPLE: "In the audit sample, {} times",
}
_CONFLICT = "A conflict of interest was declared with an assessor who has scored it."


@dataclass(frozen=True)
class RowShown:
    """A nomination in the queue, with a reason for each rule that flagged it."""

    number: str
    href: str
    nominee: str
    reasons: tuple[str, ...]
    waits: str
    since: str
    holder: str


@dataclass(frozen=True)
class CountShown:
    """A count over the queue."""

    count: int
    words: str


def row_shown(line: QueueLine, me: str, now: datetime) -> RowShown:
    """A line of the queue."""
    return RowShown(
        number=line.nomination.id,
        href=f"/quality/{line.nomination.id}",
        nominee=line.nominee,
        reasons=(*_reasons(line.flags), *((_CONFLICT,) if line.conflicted else ())),
        waits=waited(line.oldest, now),
        since=day(line.oldest),
        holder=holder_words(line.holder, me) + (", paused" if line.nomination.paused else ""),
    )


def _reasons(flags: Sequence[Flag]) -> tuple[str, ...]:
    """One line for each rule: its reason, or how often it was broken."""
    by_rule: dict[FlagRule, list[str]] = {}
    for flag in flags:
        by_rule.setdefault(FlagRule(flag.rule), []).append(flag.reason)
    return tuple(
        reasons[0] if len(set(reasons)) == 1 else f"{_SEVERAL[rule].format(len(reasons))}."
        for rule, reasons in by_rule.items()
    )


def holder_words(holder: Holder | None, me: str) -> str:
    """Who has a nomination: ``You, until 2:30pm``, ``Nobody``."""
    if holder is None:
        return "Nobody"
    return f"{'You' if holder.person == me else holder.name}, until {clock(holder.until)}"


def counts_shown(counts: QueueCounts) -> tuple[CountShown, ...]:
    """The counts above the queue."""
    rules = tuple(CountShown(counts.by_rule.get(rule, 0), words) for rule, words in RULES.items())
    return (
        CountShown(counts.waiting, "waiting in all"),
        CountShown(counts.held, "with a moderator now"),
        *(one for one in rules if one.count),
    )

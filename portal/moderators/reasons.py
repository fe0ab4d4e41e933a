"""Why a nomination is with a moderator: its flags, those of one kind and one assessor together."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from models.enums import FlagRule
from models.tables import Flag
from portal.moderators.codes import RULES, waited

_ONE_BY_ONE: Mapping[FlagRule, tuple[re.Pattern[str], str]] = MappingProxyType(
    {
        FlagRule.EVIDENCE_THIN: (
            re.compile(r"The evidence on '(.+)' has (.+); the policy asks for (.+)\."),
            "The policy asks for {} words of evidence on each criterion. There are fewer on",
        ),
        FlagRule.CRITERION_SPREAD: (
            re.compile(r"The scores on '(.+)' lie (.+) apart; from (.+) on a moderator looks\."),
            "A moderator looks at scores that lie {} or more points apart. They do on",
        ),
    }
)
"""How the sentences of a kind of flag are taken apart (a criterion, a measure and a bound), and said together."""


@dataclass(frozen=True)
class Why:
    """Flags of one kind about one assessor or about the panel: what they say together, and for how long they wait.

    ``each``: a line for each criterion, where there are several.
    """

    title: str
    sentence: str
    each: tuple[str, ...]
    waits: str


def why_here(flags: Sequence[Flag], assessors: Mapping[str, str], now: datetime) -> tuple[Why, ...]:
    """The flags by kind and assessor, in the order in which they were raised.

    Args:
        flags: Those that are open.
        assessors: Names by assessment.
        now: The present moment.
    """
    groups: dict[tuple[FlagRule, str], list[Flag]] = {}
    for flag in flags:
        groups.setdefault((FlagRule(flag.rule), assessors.get(flag.subject.split("/", 1)[0], "")), []).append(flag)
    return tuple(_why(rule, about, found, now) for (rule, about), found in groups.items())


def _why(rule: FlagRule, about: str, flags: Sequence[Flag], now: datetime) -> Why:
    title = RULES[rule] + (f": {about}" if about else "")
    waits = waited(min(flag.raised_at for flag in flags), now)
    if len(flags) == 1:
        return Why(title, flags[0].reason, (), waits)
    together = _together(rule, flags)
    if together is None:
        return Why(title, "", tuple(flag.reason for flag in flags), waits)
    sentence, each = together
    return Why(title, f"{sentence} {len(flags)} criteria:", each, waits)


def _together(rule: FlagRule, flags: Sequence[Flag]) -> tuple[str, tuple[str, ...]] | None:
    """One sentence and a line for each, if all say the same but for the criterion and the measure."""
    if rule not in _ONE_BY_ONE:
        return None
    pattern, sentence = _ONE_BY_ONE[rule]
    found = [part for flag in flags if (part := pattern.fullmatch(flag.reason))]
    bounds = {part[3] for part in found}
    if len(found) != len(flags) or len(bounds) != 1:
        return None
    return sentence.format(bounds.pop()), tuple(f"{part[1]}: {part[2]}" for part in found)

"""Why a proposal can no longer be released, in words: which rule has come to stand against whom."""

from collections import defaultdict
from collections.abc import Sequence

from allocation.check import Violation

MOST = 10
"""So many panels or assessors are named; the rest is counted."""

_OF_MEMBER = {
    "organisation": "{} shares an organisation with the nominee, now or too recently",
    "endorser": "{} is of the endorser's organisation",
    "declared": "{} has a declared relationship with the nominee",
    "barred": "{} was asked before",
    "availability": "{} is free on too few days of the window",
    "training": "{}'s training ends before the window does",
    "forbidden": "{} is kept from this panel by operations",
    "pairs": "{} would meet another member on too many panels",
    "pinned": "{} is pinned to it and not among its members",
    "duplicate": "{} would sit on it twice",
    "unknown": "{} or the nomination is no longer in the cohort's register",
    "unstaffed_with_seats": "{} would sit on a panel that is left out",
    "capacity": "{} would have more assessments than they can hold",
    "week": "{} would have too many assessments in one week",
}
_OF_PANEL = {"seat_count": "it would not have as many members as it needs"}


def outdated_words(broken: Sequence[Violation]) -> str:
    """What stands against a proposal's seats, panel by panel: ``pilot-0004: A-017 is kept from this panel …``."""
    found: dict[str, list[str]] = defaultdict(list)
    for one in broken:
        found[one.nomination or ""].append(_words(one))
    said = [
        f"{nomination}: {', '.join(dict.fromkeys(words))}" if nomination else ", ".join(dict.fromkeys(words))
        for nomination, words in sorted(found.items())
    ]
    more = f"; and {len(said) - MOST} more panels" if len(said) > MOST else ""
    return "; ".join(said[:MOST]) + more


def _words(one: Violation) -> str:
    if one.rule.startswith("composition:"):
        return f"it would not keep the rule “{one.rule.split(':', 1)[1]}”"
    if one.assessor is None:
        return _OF_PANEL.get(one.rule, one.rule)
    return _OF_MEMBER.get(one.rule, f"{{}}: {one.rule}").format(one.assessor)

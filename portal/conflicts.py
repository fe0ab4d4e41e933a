"""Conflicts of interest in words, for those who see whose scores stand."""

from collections.abc import Mapping
from types import MappingProxyType

from models.enums import ConflictKind
from portal.words import moment
from storage.conflict_pages import ScoredConflict

_KINDS: Mapping[str, str] = MappingProxyType(
    {
        ConflictKind.LINE_MANAGEMENT.value: "one manages, or managed, the other",
        ConflictKind.FAMILY.value: "family",
        ConflictKind.CLOSE_FRIENDSHIP.value: "a close friendship",
        ConflictKind.MENTORING.value: "one mentors, or coaches, the other",
        ConflictKind.BUSINESS.value: "a business interest",
    }
)


def kind_words(kind: str) -> str:
    """What lies between an assessor and a nominee; an unknown word is another relationship."""
    return _KINDS.get(kind, "another relationship")


def conflict_words(conflict: ScoredConflict) -> str:
    """A conflict with somebody whose scores stand: whose, since when, and whether the scores came first."""
    submitted = conflict.submitted_at
    order = ", after the scores were submitted" if submitted and conflict.declared_at > submitted else ""
    return (
        f"{conflict.name} and the nominee: {kind_words(conflict.kind)}. "
        f"Declared at {moment(conflict.declared_at)}{order}."
    )
